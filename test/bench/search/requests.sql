-- The requests of each case, drawn from the data: a line "case, method, target, body", separated by
-- tabs. The same data give the same lines. Values are drawn by number of call, so that frequent ones
-- come often, and from the configuration, so that rare ones come too; some match nothing.
-- :many: how many requests a case has.
SET client_min_messages = warning;
SET work_mem = '64MB';

CREATE FUNCTION pg_temp.draw(n bigint, salt integer, below bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(n, salt) & 4611686018427387903) % below;

CREATE TEMPORARY TABLE edge AS
SELECT max(id)::bigint AS calls, min(start_time) AS oldest, max(start_time) AS newest,
	-- "Days ago" counts from today, the data end before.
	greatest(0, current_date - max(start_time)::date) AS age
FROM call_data;

-- Calls by chance: every case draws on them.
CREATE TEMPORARY TABLE drawn AS
SELECT i, call.*, customer.number AS customer
FROM edge CROSS JOIN generate_series(1, 20 * :many) AS i
JOIN call_data AS call ON call.id = 1 + pg_temp.draw(i, 1, calls)
CROSS JOIN LATERAL (
	SELECT CASE call.call_direction WHEN 'incoming' THEN call.src_num WHEN 'outgoing' THEN call.dst_num END AS number
) AS customer;

-- Each customer's number of the drawn calls, frequent ones often, but for the one with 2 % of all.
CREATE TEMPORARY TABLE customer AS
SELECT row_number() OVER (ORDER BY i) AS i, customer AS number
FROM drawn
WHERE customer ~ '^[+0-9]+$' AND customer <> '0180200200'
ORDER BY i
LIMIT :many;

CREATE TEMPORARY TABLE numbers AS SELECT i FROM generate_series(1, :many) AS i;

-- What a search may ask for, alone or beside another: a fragment of the body.
CREATE TEMPORARY TABLE filter AS
SELECT kind, row_number() OVER (PARTITION BY kind ORDER BY pg_temp.draw(i, 2, 1000000000), i, body::text) AS i, body
FROM (
	-- A third as often as they occur, a third evenly, some that no table knows.
	SELECT 'agent number' AS kind, i, jsonb_build_object('agent', CASE
			WHEN i % 3 = 0 THEN (SELECT coalesce(dst_agent, src_agent, '2001') FROM drawn WHERE drawn.i = numbers.i)
			WHEN i % 50 = 1 THEN '2999'
			WHEN i % 50 = 2 THEN '2902'
			ELSE (2001 + pg_temp.draw(i, 3, 200))::text
		END) AS body FROM numbers
	UNION ALL
	SELECT 'agent name', i, jsonb_build_object('agent', CASE
			WHEN i % 25 = 1 THEN 'nobody'
			WHEN i % 2 = 0 THEN lower(substr(btrim(lastname), 1 + (i / 200) % 2, 3 + i % 3))
			ELSE lower(btrim(firstname)) || CASE WHEN i % 3 = 0 THEN ' ' || left(btrim(lastname), 1) ELSE '' END
		END) FROM numbers JOIN agentfeatures ON id = 1 + pg_temp.draw(i, 4, 200)
	UNION ALL
	SELECT 'queue number', i, jsonb_build_object('queue', CASE
			WHEN i % 20 = 1 THEN 'support_closed'
			WHEN i % 20 = 2 THEN '3998'
			ELSE coalesce(nullif(number, ''), name)
		END) FROM numbers JOIN queuefeatures ON id = 1 + pg_temp.draw(i, 5, 40)
	UNION ALL
	SELECT 'queue name', i, jsonb_build_object('queue', CASE
			WHEN i % 25 = 1 THEN 'nothing'
			WHEN i % 2 = 0 THEN lower(btrim(displayname))
			ELSE lower(substr(btrim(displayname), 1 + i % 4, 3 + i % 4))
		END) FROM numbers JOIN queuefeatures ON id = 1 + pg_temp.draw(i, 6, 40)
	UNION ALL
	-- All of the time evenly, everything, nothing.
	SELECT kind, i, jsonb_build_object(kind, to_char(CASE
			WHEN i % 25 = 1 THEN newest + interval '1 year'
			WHEN i % 25 = 2 THEN oldest - interval '1 year'
			WHEN i % 5 = 0 THEN newest - pg_temp.draw(i, 7, 86400 * 30) * interval '1 second'
			ELSE oldest + pg_temp.draw(i, 8, 1000000) / 1e6 * (newest - oldest)
		END, 'YYYY-MM-DD HH24:MI:SS')) FROM edge, numbers, unnest(ARRAY['start', 'end']) AS kind
	UNION ALL
	SELECT 'callee', i, jsonb_build_object('callee', CASE
			WHEN i % 25 = 1 THEN '0809999999'
			WHEN i % 3 = 0 THEN number
			ELSE (SELECT dst_num FROM drawn WHERE drawn.i = :many + customer.i)
		END) FROM customer
	UNION ALL
	SELECT 'caller', i, jsonb_build_object('caller', CASE
			WHEN i % 25 = 1 THEN '0809999999'
			WHEN i % 50 = 2 THEN '0180200200'
			WHEN i % 3 = 0 THEN (1001 + pg_temp.draw(i, 9, 250))::text
			ELSE number
		END) FROM customer
	UNION ALL
	SELECT 'direction', i, jsonb_build_object('direction',
		(ARRAY['incoming', 'outgoing', 'all'])[1 + pg_temp.draw(i, 10, 3)]) FROM numbers
	UNION ALL
	SELECT 'queueCallStatus', i, jsonb_build_object('queueCallStatus', (ARRAY['abandoned', 'answered',
		'divert_ca_ratio', 'divert_waittime', 'closed', 'full', 'joinempty', 'leaveempty', 'timeout'])
		[1 + pg_temp.draw(i, 11, 9)]) FROM numbers
	UNION ALL
	SELECT 'key', i, jsonb_build_object('key', (ARRAY['recording', 'ticket', 'color', 'campaign', 'customer',
		'reason', 'language', 'legacy_id', 'fraud', 'unknown'])[1 + pg_temp.draw(i, 12, 10)]) FROM numbers
	UNION ALL
	-- Pairs of drawn calls; the rare old ones, the new one, and values that no call has.
	SELECT 'key and value', i, CASE
			WHEN i % 12 = 1 THEN '{"key":"color","value":"mauve"}'
			WHEN i % 12 = 2 THEN '{"key":"fraud","value":"suspected"}'
			WHEN i % 12 = 3 THEN '{"key":"campaign","value":"relance_novembre"}'
			WHEN i % 12 = 4 THEN '{"key":"color","value":"violet"}'
			WHEN i % 12 = 5 THEN '{"key":"legacy_id","value":"L-13"}'
			ELSE jsonb_build_object('key', key, 'value', value)
		END
	FROM (
		SELECT row_number() OVER (ORDER BY pair.i) AS i, pair.key, pair.value
		FROM (
			SELECT DISTINCT ON (drawn.i) drawn.i, attached.key, attached.value
			FROM drawn JOIN attached_data AS attached ON attached.id_call_data = drawn.id
			ORDER BY drawn.i, pg_temp.draw(attached.id, 13, 1000000)
		) AS pair
		ORDER BY pair.i
		LIMIT :many
	) AS pair
) AS filters;

CREATE TEMPORARY TABLE request (name text, method text, target text, body text);

INSERT INTO request
SELECT 'search: ' || kind, 'POST', '/recording/records/search', body FROM filter;

-- Each pair of two that can stand beside each other.
INSERT INTO request
SELECT 'search: ' || one.kind || ' + ' || other.kind, 'POST', '/recording/records/search', one.body || other.body
FROM filter AS one
JOIN filter AS other ON one.kind < other.kind AND other.i = 1 + (one.i * 7 + 3) % :many
WHERE split_part(one.kind, ' ', 1) <> split_part(other.kind, ' ', 1);

-- Parts of numbers: of many calls, of few, of none.
INSERT INTO request
SELECT 'pattern: ' || field || ' ' || place || ', ' || how, 'POST', '/recording/records/search',
	jsonb_build_object(field, CASE
		WHEN place = '% in front' THEN '%' || CASE how WHEN 'frequent' THEN right(number, 2)
			WHEN 'rare' THEN right(number, 7) ELSE '8080' || 1000 + i END
		WHEN place = '% behind' THEN CASE how WHEN 'frequent' THEN left(number, 2)
			WHEN 'rare' THEN left(number, 8) ELSE '08' || i END || '%'
		WHEN place = '% in the middle' THEN CASE how WHEN 'frequent' THEN left(number, 2) || '%' || right(number, 1)
			WHEN 'rare' THEN left(number, 4) || '%' || right(number, 4) ELSE '08' || i % 10 || '%' || i END
		ELSE '%' || CASE how WHEN 'frequent' THEN substr(number, 4, 2)
			WHEN 'rare' THEN substr(number, 3, 6) ELSE '8080' || 1000 + i END || '%'
	END)
FROM customer, unnest(ARRAY['caller', 'callee']) AS field,
	unnest(ARRAY['% in front', '% behind', '% in the middle', '% around']) AS place,
	unnest(ARRAY['frequent', 'rare', 'absent']) AS how;

-- As today's phones ask: each line as often as the others, then the busy ones.
INSERT INTO request
SELECT 'history: interface', 'POST', '/recording/history?size=10', jsonb_build_object('interface', 'SIP/' || name)::text
FROM numbers JOIN linefeatures ON id = CASE WHEN i % 4 = 0 THEN 1 + pg_temp.draw(i, 14, 20) ELSE 1 + pg_temp.draw(i, 15, 250) END
UNION ALL
SELECT 'history: agent', 'POST', '/recording/history/agent?size=10&days=' || age + 7, jsonb_build_object('agentNum',
	CASE WHEN i % 4 = 0 THEN 2001 + pg_temp.draw(i, 16, 20) ELSE 2001 + pg_temp.draw(i, 17, 200) END::text)::text
FROM edge, numbers
UNION ALL
SELECT 'history: agent, all days', 'POST', '/recording/history/agent?size=10&days=36500', jsonb_build_object('agentNum',
	CASE WHEN i % 4 = 0 THEN 2001 + pg_temp.draw(i, 16, 20) ELSE 2001 + pg_temp.draw(i, 17, 200) END::text)::text
FROM numbers
UNION ALL
SELECT 'customer: by number', 'POST', '/recording/history/customer',
	jsonb_build_object('size', 10, 'filters', jsonb_build_array(jsonb_build_object('field', 'src_num', 'operator', '=', 'value', number)))::text
FROM customer
UNION ALL
SELECT 'customer: 2 % of all calls', 'POST', '/recording/history/customer',
	'{"size":10,"filters":[{"field":"src_num","operator":"=","value":"0180200200"}]}'
UNION ALL
SELECT 'customer: key and value', 'POST', '/recording/history/customer',
	jsonb_build_object('size', 10, 'filters', jsonb_build_array(
		jsonb_build_object('field', 'key', 'operator', '=', 'value', body -> 'key'),
		jsonb_build_object('field', 'value', 'operator', '=', 'value', body -> 'value')))::text
FROM filter WHERE kind = 'key and value'
UNION ALL
SELECT 'customer: value', 'POST', '/recording/history/customer',
	jsonb_build_object('size', 10, 'filters', jsonb_build_array(
		jsonb_build_object('field', 'value', 'operator', '=', 'value', body -> 'value')))::text
FROM filter WHERE kind = 'key and value'
UNION ALL
SELECT 'customer: key', 'POST', '/recording/history/customer',
	jsonb_build_object('size', 10, 'filters', jsonb_build_array(
		jsonb_build_object('field', 'key', 'operator', '=', 'value', body -> 'key')))::text
FROM filter WHERE kind = 'key' AND body ->> 'key' <> 'recording'
UNION ALL
SELECT 'customer: number, key and value', 'POST', '/recording/history/customer',
	jsonb_build_object('size', 10, 'filters', jsonb_build_array(
		jsonb_build_object('field', 'src_num', 'operator', '=', 'value', CASE WHEN i % 10 = 0 THEN '0180200200' ELSE number END),
		jsonb_build_object('field', 'key', 'operator', '=', 'value', body -> 'key'),
		jsonb_build_object('field', 'value', 'operator', '=', 'value', body -> 'value')))::text
FROM filter JOIN customer USING (i) WHERE kind = 'key and value'
UNION ALL
SELECT 'last_agent', 'GET', '/recording/last_agent?callerNo=' || replace(number, '+', '%2B') || '&since='
	|| age + CASE WHEN i % 2 = 0 THEN 7 ELSE 100 END, ''
FROM edge, customer
UNION ALL
SELECT 'last_agent: 2 % of all calls', 'GET', '/recording/last_agent?callerNo=0180200200&since=' || age + 100, ''
FROM edge
UNION ALL
SELECT 'callid_search', 'POST', '/recording/records/callid_search?callid=' || uniqueid, ''
FROM drawn WHERE i <= :many
UNION ALL
SELECT 'cel', 'GET', '/recording/cel?limit=100&from=' || 1 + pg_temp.draw(i, 18, (SELECT max(id) FROM cel)), ''
FROM numbers
UNION ALL
SELECT 'heavy', 'POST', '/recording/history/customer',
	jsonb_build_object('size', 10, 'filters', jsonb_build_array(
		jsonb_build_object('field', 'src_num', 'operator', '>', 'value', left(number, 1)),
		jsonb_build_object('field', 'value', 'operator', '>', 'value', chr(65 + i::integer % 20))))::text
FROM customer WHERE i <= 40;

-- Searches that pages are turned through.
INSERT INTO request
SELECT 'next: everything', 'POST', '/recording/records/search', '{}'
UNION ALL
SELECT 'next: incoming', 'POST', '/recording/records/search', '{"direction":"incoming"}'
UNION ALL
SELECT 'next: queue answered', 'POST', '/recording/records/search', '{"queueCallStatus":"answered"}';

SELECT concat_ws(E'\t', name, method, target, nullif(body, '')) FROM request ORDER BY name, body, target;
