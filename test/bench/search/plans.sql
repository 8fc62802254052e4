-- How many buffers the statements of each request touched, by auto_explain's plans in the log.
-- :limit_rows, :limit_all: buffers allowed for each row of the answer, and besides.
CREATE TEMPORARY TABLE plan AS
SELECT max(request) OVER (ORDER BY number) AS request, number, query, plan, is_mark
FROM (
	SELECT number, query, plan,
		query LIKE 'SELECT ''bench request %' AS is_mark,
		substring(query FROM '^SELECT ''bench request (\d+)''')::bigint AS request
	FROM (
		SELECT number, plan, plan ->> 'Query Text' AS query
		FROM (
			SELECT number, substring(message FROM 'plan:\n(.*)$')::json AS plan
			FROM entry
			WHERE message LIKE 'duration: %plan:%' AND database_name = 'xivo_stats'
		) AS logged
	) AS named
) AS marked;

CREATE TEMPORARY TABLE cost AS
SELECT request.number AS request, request.name, concat_ws(' ', request.target, request.body) AS text, answer.status,
	answer.rows, count(plan.number) AS statements,
	coalesce(sum((plan.plan -> 'Plan' ->> 'Shared Hit Blocks')::bigint
		+ (plan.plan -> 'Plan' ->> 'Shared Read Blocks')::bigint), 0) AS buffers,
	:limit_all + :limit_rows * answer.rows AS allowed
FROM request
JOIN answer ON answer.request = request.number
-- recordingd looks after its channel events and its sessions at any time.
LEFT JOIN plan ON plan.request = request.number AND NOT plan.is_mark
	AND plan.query !~ '(FROM cel\M.*pg_locks|pg_settings|pg_cancel_backend)'
GROUP BY request.number, answer.status, answer.rows, request.name, request.target, request.body;

-- 5xx: the statement failed or was ended, so there is no plan.
SELECT name AS "case", count(*) AS requests,
	round(percentile_cont(0.5) WITHIN GROUP (ORDER BY buffers)) AS "median buffers",
	max(buffers) AS "most",
	count(*) FILTER (WHERE buffers > allowed) AS "above",
	count(*) FILTER (WHERE status >= 500) AS "no answer",
	CASE WHEN bool_or(buffers > allowed OR status >= 500) THEN 'NO' ELSE 'yes' END AS "passes"
FROM cost
GROUP BY name
ORDER BY bool_or(buffers > allowed OR status >= 500) DESC, max(buffers::float8 / allowed) DESC, name;

CREATE TEMPORARY TABLE worst AS
SELECT DISTINCT ON (name) cost.*, buffers::float8 / allowed AS share
FROM cost
ORDER BY name, status >= 500 DESC, buffers::float8 / allowed DESC, request;

\echo The worst request of each of the worst cases:
SELECT buffers, allowed, rows, statements, status, text
FROM worst
ORDER BY status >= 500 DESC, share DESC, request
LIMIT 25;

\pset tuples_only on
\pset format unaligned
SELECT format('%s of %s requests touch at most %s buffers for each row and %s besides; %s cases of %s pass.',
	count(*) FILTER (WHERE buffers <= allowed AND status < 500), count(*), :limit_rows, :limit_all,
	(SELECT count(*) FROM (SELECT name FROM cost GROUP BY name HAVING bool_and(buffers <= allowed AND status < 500)) AS good),
	count(DISTINCT name))
FROM cost;

\o :worst_file
SELECT format(E'== %s\n== buffers %s, allowed %s, rows %s\n%s\n', cost.text, cost.buffers, cost.allowed, cost.rows,
	json_strip_nulls(plan.plan)::text)
FROM worst AS cost
JOIN plan ON plan.request = cost.request AND NOT plan.is_mark
ORDER BY cost.share DESC, cost.request, plan.number;
\o
