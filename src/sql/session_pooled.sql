-- First in the transaction of every query behind a pooler: the settings that session.sql makes, for
-- this transaction, and a mark to cancel it by.
-- $1 text: statement timeout in milliseconds.
-- $2 integer: number of the lock that marks it, NULL for none; the lock's first number is
-- recordingd's own ('reca' as bytes).
-- jit is not touched where the server version does not know it.
SELECT set_config('statement_timeout', $1::text, true),
	set_config('DateStyle', 'ISO, YMD', true),
	set_config('client_min_messages', 'warning', true),
	set_config('standard_conforming_strings', 'on', true),
	CASE WHEN current_setting('jit', true) IS NOT NULL THEN set_config('jit', 'off', true) END,
	CASE WHEN $2::integer IS NOT NULL
		THEN pg_catalog.pg_try_advisory_xact_lock_shared(1919247201, $2::integer) END
