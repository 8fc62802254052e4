-- The requests of ./dev soak --requests, drawn from the demo data: a line "status, method, target,
-- header fields, body", separated by tabs. How often a kind comes is its number of lines: most are
-- polls of collectors, one in seven asks PostgreSQL for calls.
SET client_min_messages = warning;
DO $$ BEGIN PERFORM setseed(0.7); END $$;

CREATE TEMPORARY TABLE mix (status integer, method text, target text, fields text, body text);

-- Something of the data by chance, a row for each line.
CREATE TEMPORARY TABLE drawn AS
SELECT row_number() OVER () AS i, call.*
FROM (
	SELECT call.id, call.uniqueid, call.start_time, call.src_num, call.dst_num,
		coalesce(call.dst_agent, call.src_agent, '1573') AS agent, leg.interface,
		recording.value AS file, queue.number AS queue, pair.key, pair.value,
		(SELECT max(id) FROM cel) AS last_event
	FROM call_data AS call
	JOIN call_element AS leg ON leg.call_data_id = call.id
	JOIN call_on_queue AS passage ON passage.callid = call.uniqueid
	JOIN queuefeatures AS queue ON queue.name = passage.queue_ref
	JOIN attached_data AS recording ON recording.id_call_data = call.id AND recording.key = 'recording'
	JOIN attached_data AS pair ON pair.id_call_data = call.id AND pair.key <> 'recording'
	WHERE call.src_num <> '' AND call.dst_agent <> ''
	ORDER BY random()
	LIMIT 2600
) AS call;

-- The recordings that test/soak/run has made sound of.
CREATE TEMPORARY TABLE sound AS
SELECT row_number() OVER () AS i, attached.value AS file
FROM attached_data AS attached
JOIN call_data AS call ON call.id = attached.id_call_data
WHERE attached.key = 'recording'
ORDER BY call.start_time DESC
LIMIT 200;

-- Channel events: the end of the log, pages near it, and small pages anywhere, which push others out of
-- the cache. A large one takes a MiB for as long as it is made: more than what is looked for.
INSERT INTO mix
SELECT 200, 'GET', '/recording/cel?from=2000000000', 'X-Auth-Token: bench', ''
FROM drawn WHERE i <= 2600
UNION ALL
SELECT 200, 'GET', '/recording/cel?limit=' || 1 + i % 20 || '&from=' || last_event - (random() * 1000)::integer,
	'X-Auth-Token: bench', ''
FROM drawn WHERE i <= 1500
UNION ALL
SELECT 200, 'GET', '/recording/cel?limit=1000&from=' || last_event - 500 - (random() * 500)::integer,
	'X-Auth-Token: bench', ''
FROM drawn WHERE i <= 60
UNION ALL
SELECT 200, 'GET', '/recording/cel?limit=100&from=' || (random() * last_event)::integer, 'X-Auth-Token: bench', ''
FROM drawn WHERE i <= 40
UNION ALL
SELECT 200, 'GET', '/recording/cel?limit=50&from=' || last_event - (random() * 1000)::integer,
	'Authorization: Bearer bench | Accept: ' || CASE i % 2 WHEN 0 THEN 'text/csv' ELSE 'application/x-ndjson' END, ''
FROM drawn WHERE i <= 60;

-- Calls.
INSERT INTO mix
SELECT 200, 'GET', '/recording/last_agent?since=100&callerNo=' || src_num, 'X-Auth-Token: bench', ''
FROM drawn WHERE i <= 700
UNION ALL
SELECT 200, 'POST', '/recording/records/callid_search?callid=' || uniqueid, 'X-Auth-Token: bench', ''
FROM drawn WHERE i <= 300
UNION ALL
SELECT 200, 'POST', '/recording/records/search?pageSize=' || 1 + i % 20,
	'X-Auth-Token: bench | Content-Type: application/json' || CASE WHEN i % 10 = 0 THEN ' | Accept: text/csv' ELSE '' END,
	((CASE WHEN i % 2 = 0 THEN jsonb_build_object('agent', agent) ELSE '{}' END)
	|| (CASE WHEN i % 3 = 0 THEN jsonb_build_object('queue', queue) ELSE '{}' END)
	|| (CASE WHEN i % 5 = 0 THEN jsonb_build_object('caller', src_num) ELSE '{}' END)
	|| (CASE WHEN i % 7 = 0 THEN jsonb_build_object('callee', left(dst_num, 2) || '%') ELSE '{}' END)
	|| (CASE WHEN i % 11 = 0 THEN jsonb_build_object('key', key, 'value', value) ELSE '{}' END)
	|| (CASE WHEN i % 13 = 0 THEN jsonb_build_object('direction', 'incoming', 'queueCallStatus', 'answered') ELSE '{}' END)
	|| jsonb_build_object('start', to_char(start_time, 'YYYY-MM-DD')))::text
FROM drawn WHERE i <= 90
UNION ALL
SELECT 200, 'POST', '/recording/history?' || CASE i % 2 WHEN 0 THEN 'size=10' ELSE 'days=7' END,
	'X-Auth-Token: bench | Content-Type: application/json', json_build_object('interface', interface)::text
FROM drawn WHERE i <= 60
UNION ALL
SELECT 200, 'POST', '/recording/history/agent?size=10&days=30',
	'X-Auth-Token: bench | Content-Type: application/json', json_build_object('agentNum', agent)::text
FROM drawn WHERE i <= 60
UNION ALL
SELECT 200, 'POST', '/recording/history/customer', 'X-Auth-Token: bench | Content-Type: application/json',
	json_build_object('size', 10, 'filters', CASE WHEN i % 3 = 0
		THEN json_build_array(json_build_object('field', 'key', 'operator', '=', 'value', key),
			json_build_object('field', 'value', 'operator', '=', 'value', value))
		ELSE json_build_array(json_build_object('field', 'src_num', 'operator', '=', 'value', src_num)) END)::text
FROM drawn WHERE i <= 90
UNION ALL
SELECT 201, 'POST', '/recording/call_data/' || id || '/attached_data',
	'X-Auth-Token: bench | Content-Type: application/json',
	json_build_array(json_build_object('key', 'soak', 'value', i::text))::text
FROM drawn WHERE i <= 40;

-- Sound.
INSERT INTO mix
SELECT 206, 'GET', '/recording/records/' || file || '/audio/listen',
	'X-Auth-Token: bench | Range: bytes=' || 100 * round || '-' || 100 * round + (random() * 20000)::integer, ''
FROM sound, generate_series(1, 3) AS round
UNION ALL
SELECT 200, 'GET', '/recording/records/' || file || '/audio/download', 'X-Auth-Token: bench', ''
FROM sound WHERE i <= 20
UNION ALL
SELECT 200, 'GET', '/recording/records/' || file || '/audio/result', 'X-Auth-Token: bench', ''
FROM sound WHERE i <= 100;

-- What is wrong, and what needs nothing.
INSERT INTO mix
SELECT bad.*
FROM generate_series(1, 200) AS i
CROSS JOIN LATERAL (VALUES
	(200, 'GET', '/recording/health', '', ''),
	(200, 'GET', '/recording/health', '', ''),
	(200, 'GET', '/recording/health', '', ''),
	(401, 'GET', '/recording/cel', 'X-Auth-Token: wrong' || i, ''),
	(401, 'POST', '/recording/records/search', '', '{"agent":"' || i || '"}'),
	(404, 'GET', '/recording/nothing' || i, 'X-Auth-Token: bench', ''),
	(404, 'GET', '/recording/records/nobody' || i || '/audio/listen', 'X-Auth-Token: bench', ''),
	(400, 'GET', '/recording/cel?from=x' || i, 'X-Auth-Token: bench', ''),
	(400, 'POST', '/recording/records/search', 'X-Auth-Token: bench', '{"agent":"' || i),
	(400, 'POST', '/recording/history', 'X-Auth-Token: bench', '{"interface":[[[[' || i || ']]]]}'),
	(405, 'PUT', '/recording/cel?from=' || i, 'X-Auth-Token: bench', '')
) AS bad;
INSERT INTO mix
SELECT 415, 'POST', '/recording/records/search', 'X-Auth-Token: bench | Content-Type: text/plain', '{}'
FROM generate_series(1, 20)
UNION ALL
SELECT 406, 'GET', '/recording/last_agent?callerNo=1', 'X-Auth-Token: bench | Accept: text/html', ''
FROM generate_series(1, 20)
UNION ALL
SELECT 200, 'GET', '/recording/metrics', 'X-Auth-Token: bench', ''
FROM generate_series(1, 5);

SELECT concat_ws(E'\t', status, method, target, fields, body) FROM mix;
