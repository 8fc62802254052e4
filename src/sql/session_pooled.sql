-- First in the transaction of every query behind a pooler: the settings that session.sql makes, for
-- this transaction, and a mark to cancel it by.
-- $1 text: statement timeout in milliseconds.
-- $2 integer: number of the lock that marks it, NULL for none; the lock's first number is
-- recordingd's own ('reca' as bytes).
-- jit and plan_cache_mode are not touched where the server version does not know them.
SELECT set_config('statement_timeout', $1::text, true),
	set_config('DateStyle', 'ISO, YMD', true),
	set_config('client_min_messages', 'warning', true),
	set_config('standard_conforming_strings', 'on', true),
	set_config('max_parallel_workers_per_gather', '0', true),
	set_config('enable_bitmapscan', 'off', true),
	CASE WHEN current_setting('jit', true) IS NOT NULL THEN set_config('jit', 'off', true) END,
	CASE WHEN current_setting('plan_cache_mode', true) IS NOT NULL
		THEN set_config('plan_cache_mode', 'force_generic_plan', true) END,
	CASE WHEN $2::integer IS NOT NULL
		THEN pg_catalog.pg_try_advisory_xact_lock_shared(1919247201, $2::integer) END
