-- Asked by every database connection before it serves: the settings a statement may rely on, and
-- what it is connected to.
-- $1 text: statement timeout in milliseconds.
-- $2 integer: process id that the connection was told. Behind a pooler it is not that of the
-- session, which others use, too: there nothing is left behind.
-- Columns: is this a standby, or a primary that was told to take no writes; process id, the setting.
-- Only settings this server version knows are touched. A writer that has waited for another one must
-- see what that has written, whatever is the database's isolation level. jit costs more than these
-- statements take, and so does planning anew for each value: statements are made so that one plan is
-- right for all. Workers would be taken from XiVO's own statements, and be too late for most of these.
-- Lists are walked in their order until there is enough, which a bitmap has not.
SELECT current_setting('transaction_read_only')::boolean, pg_backend_pid(),
	set_config(wanted.name, wanted.setting, pg_backend_pid() <> $2::integer)
FROM (VALUES
	('statement_timeout', $1::text),
	('DateStyle', 'ISO, YMD'),
	('default_transaction_isolation', 'read committed'),
	('jit', 'off'),
	('plan_cache_mode', 'force_generic_plan'),
	('max_parallel_workers_per_gather', '0'),
	('enable_bitmapscan', 'off'),
	('client_min_messages', 'warning'),
	('standard_conforming_strings', 'on')
) AS wanted (name, setting)
JOIN pg_catalog.pg_settings AS known ON known.name = wanted.name
