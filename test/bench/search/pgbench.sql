-- pgbench scripts from PostgreSQL's log: for each request a script with the statements recordingd ran
-- for it, and the parameters it gave.
-- Columns: kind, script, line. Kind "mode": for pgbench's -M; "script": a line of that request's script;
-- "value": a variable for pgbench's -D.
-- What recordingd prepares is prepared here too, by SQL, once for each client and all scripts, and
-- executed with the parameters. (Under -M prepared each script would have a statement of its own,
-- with a plan for its own parameters.) What recordingd has parsed each time is so here: -M extended.
CREATE TEMPORARY TABLE statement AS
SELECT request, number, name,
	-- A colon and a letter would be a variable of pgbench.
	replace(text, '''YYYY-MM-DD HH24:MI:SS''', 'U&''YYYY-MM-DD HH24\003AMI\003ASS''') AS text,
	row_number() OVER (PARTITION BY request ORDER BY number) AS position, parameters
FROM (
	SELECT max(request) OVER (ORDER BY number) AS request, number, name, text, parameters
	FROM (
		SELECT number, substring(message FROM 'SELECT ''bench request (\d+)''')::bigint AS request,
			substring(message FROM '^duration: [0-9.]+ ms  execute ([^:]+): ') AS name,
			substring(message FROM '^duration: [0-9.]+ ms  execute [^:]+: (.*)$') AS text,
			detail AS parameters
		FROM entry
		WHERE message LIKE 'duration: %' AND database_name = 'xivo_stats'
	) AS logged
) AS marked
WHERE text IS NOT NULL AND request IS NOT NULL
	AND text !~ '(FROM cel\M.*pg_locks|pg_settings|pg_cancel_backend)';

CREATE TEMPORARY TABLE parameter AS
SELECT statement.request, statement.position, found.pair[1]::integer AS index, found.pair[2] AS literal
FROM statement
CROSS JOIN LATERAL regexp_matches(statement.parameters, '\$(\d+) = (NULL|''(?:[^'']|'''')*'')', 'g') AS found (pair);

CREATE FUNCTION pg_temp.with_variables(request bigint, place bigint, text text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	one record;
BEGIN
	FOR one IN SELECT index, literal FROM parameter
		WHERE parameter.request = $1 AND parameter.position = place ORDER BY index DESC
	LOOP
		text := replace(text, '$' || one.index,
			CASE WHEN one.literal = 'NULL' THEN 'NULL' ELSE format(':v%s_%s_%s', $1, place, one.index) END);
	END LOOP;
	RETURN text;
END
$$;

CREATE TEMPORARY TABLE mode AS
SELECT CASE WHEN bool_or(name = '<unnamed>') THEN 'extended' ELSE 'simple' END AS mode FROM statement;

CREATE TEMPORARY TABLE named AS
SELECT DISTINCT name, text FROM statement WHERE name <> '<unnamed>';

SELECT 'mode' AS kind, 0 AS script, mode AS line FROM mode
UNION ALL
SELECT 'script', request, line
FROM (
	SELECT request, -1 AS position, format(E'\\if :ready\n\\else\n%s\n\\set ready 1\n\\endif',
		string_agg(format('PREPARE %s AS %s;', replace(named.name, '-', '_'), named.text), E'\n')) AS line
	FROM (SELECT DISTINCT request FROM statement) AS script, named
	GROUP BY request
	UNION ALL
	SELECT request, position, CASE
			WHEN name <> '<unnamed>' THEN format('EXECUTE %s%s;', replace(name, '-', '_'),
				(SELECT '(' || string_agg(literal, ', ' ORDER BY index) || ')' FROM parameter
					WHERE parameter.request = statement.request AND parameter.position = statement.position))
			ELSE pg_temp.with_variables(request, position, text) || ';'
		END
	FROM statement
	ORDER BY request, position
) AS script
UNION ALL
SELECT 'value', request, format('v%s_%s_%s=%s', request, position, index,
	replace(substr(literal, 2, length(literal) - 2), '''''', ''''))
FROM parameter
JOIN statement USING (request, position)
WHERE name = '<unnamed>' AND literal <> 'NULL';
