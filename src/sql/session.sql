-- Asked by every database connection before it serves: the settings a statement may rely on.
-- $1 text: statement timeout in milliseconds.
-- Only settings this server version knows are touched. jit costs more than these statements take.
SELECT set_config(wanted.name, wanted.setting, false)
FROM (VALUES
	('statement_timeout', $1::text),
	('DateStyle', 'ISO, YMD'),
	('jit', 'off'),
	('client_min_messages', 'warning'),
	('standard_conforming_strings', 'on')
) AS wanted (name, setting)
JOIN pg_catalog.pg_settings AS known ON known.name = wanted.name
