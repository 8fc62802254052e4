-- Some 20,000 calls of 90 days up to today's noon, for answers that need long lists: many are longer than the
-- 200 rows up to which a list is read whole. The same seed makes the same calls; only their dates
-- follow the day.
--
-- In it: equal starts; calls of 30 seconds to three days, and some without an end; passages from half
-- an hour before their call to many hours after its start; several calls with one uniqueid; numbers
-- that customers, users and queues share; keys that a call has twice; values that are frequent, rare,
-- only old or only new; NULLs everywhere.
TRUNCATE call_data, attached_data, call_on_queue, call_element, agentfeatures, queuefeatures,
	user_line, userfeatures, linefeatures RESTART IDENTITY CASCADE;
SELECT setseed(0.17);

INSERT INTO agentfeatures (firstname, lastname, number)
SELECT (ARRAY['Joe', 'Jack', 'William', 'Averell', 'Émile', 'Zoé', 'Ada', 'Åsa'])[1 + i % 8],
	(ARRAY['Dalton', 'Luke', 'Lefèvre', 'Ångström', 'Hopper'])[1 + i % 5],
	(1500 + i)::text
FROM generate_series(0, 29) AS i;

INSERT INTO queuefeatures (name, displayname, number) VALUES
	('sales', 'Sales', '3001'), ('support', 'Support', '3002'), ('billing', 'Été', '3003'),
	('vip', 'VIP support', '3004'), ('spring', 'Spring', '3005'), ('quiet', 'Quiet', '3006');

INSERT INTO userfeatures (firstname, lastname)
SELECT 'First' || i, 'Last' || i FROM generate_series(1, 30) AS i;
INSERT INTO linefeatures (name, number)
SELECT 'line' || i, (1000 + i)::text FROM generate_series(1, 30) AS i;
INSERT INTO user_line (user_id, line_id) SELECT i, i FROM generate_series(1, 30) AS i;

CREATE TEMPORARY TABLE chance AS
SELECT i, random() AS moment, random() AS length, random() AS late, random() AS answer,
	random() AS caller, random() AS callee, random() AS direction, random() AS agent,
	random() AS other_agent, random() AS twin, random() AS recorded, random() AS phone,
	random() AS queue, random() AS status, random() AS offset_, random() AS color,
	random() AS ticket, random() AS null_
FROM generate_series(1, 20000) AS i;

CREATE TEMPORARY TABLE draft AS
SELECT chance.*, start_time, long.seconds * interval '1 second' AS duration,
	-- XiVO writes a call between its start and two hours after its end.
	start_time + late * (long.seconds + 7000) * interval '1 second' AS written
FROM chance
CROSS JOIN LATERAL (
	-- To the hour or minute, so that many start at once; some to the microsecond.
	SELECT date_trunc(CASE WHEN twin < 0.2 THEN 'hour' WHEN twin < 0.8 THEN 'minute' ELSE 'microseconds' END,
		current_date + interval '12 hours' - interval '5 days' * (i % 2) - moment * interval '85 days'
		- interval '2 minutes') AS start_time
) AS at
CROSS JOIN LATERAL (
	SELECT CASE
		WHEN length < 0.85 THEN 30 + (length * 2000)::integer
		WHEN length < 0.96 THEN 1800 + ((length - 0.85) * 80000)::integer
		WHEN length < 0.993 THEN 11000 + ((length - 0.96) * 2200000)::integer
		ELSE 86400 + ((length - 0.993) * 24000000)::integer
	END AS seconds
) AS long;

CREATE TEMPORARY TABLE called AS
SELECT row_number() OVER (ORDER BY written, i)::integer AS id, draft.*,
	-- A uniqueid is shared with the call before, when that one is near and neither goes on for days.
	CASE
		WHEN twin < 0.04 AND lag(twin) OVER by_start >= 0.04
			AND start_time - lag(start_time) OVER by_start < interval '20 minutes'
			AND duration < interval '22 hours'
			AND lag(duration) OVER by_start < interval '22 hours'
			THEN lag(i) OVER by_start
		ELSE i
	END AS unique_i
FROM draft
WINDOW by_start AS (ORDER BY start_time, i);

INSERT INTO call_data (id, uniqueid, dst_num, start_time, answer_time, end_time, status,
	call_direction, src_num, src_agent, dst_agent, src_interface)
SELECT id, 'u' || unique_i,
	CASE
		WHEN null_ < 0.02 THEN NULL
		WHEN callee < 0.5 THEN (3001 + (callee * 12)::integer)::text
		WHEN callee < 0.8 THEN (1001 + (callee * 37)::integer)::text
		ELSE '04' || (power(callee, 9) * 40000)::integer
	END,
	start_time,
	CASE WHEN answer < 0.85 THEN start_time + least(answer * 30 * interval '1 second', duration) END,
	CASE WHEN null_ < 0.99 THEN start_time + duration END,
	CASE WHEN answer < 0.85 THEN 'answered' END,
	CASE
		WHEN direction < 0.6 THEN 'incoming'
		WHEN direction < 0.9 THEN 'outgoing'
		WHEN direction < 0.97 THEN 'internal'
	END::call_direction_type,
	CASE
		WHEN null_ BETWEEN 0.02 AND 0.04 THEN NULL
		WHEN caller < 0.2 THEN (1001 + (caller * 200)::integer)::text
		-- A few customers call often, most of them rarely.
		ELSE '0142' || lpad((power(caller, 5) * 900)::integer::text, 6, '0')
	END,
	CASE WHEN direction > 0.6 AND agent < 0.7 THEN (1500 + (power(agent, 2) * 60)::integer)::text END,
	CASE
		WHEN i % 1000 = 7 THEN '1999' -- rare, and has no row
		WHEN moment > 0.9 AND other_agent < 0.2 THEN '1888' -- long gone
		WHEN direction < 0.6 AND answer < 0.8 THEN (1500 + (other_agent * 29)::integer)::text
		WHEN other_agent < 0.05 THEN ''
	END,
	CASE WHEN caller < 0.2 THEN 'SIP/line' || 1 + (caller * 200)::integer END
FROM called;
SELECT setval('call_data_id_seq', 20000);

-- Up to three passages for each of most calls: the first about when it starts, later ones as late as
-- 50 minutes after its end, or days for calls that last days.
INSERT INTO call_on_queue (callid, queue_time, answer_time, hangup_time, status, queue_ref, agent_num)
SELECT 'u' || unique_i, at.queue_time, CASE WHEN dice.status < 0.7 THEN at.queue_time + dice.wait END,
	at.queue_time + dice.wait + interval '1 minute',
	CASE
		WHEN i % 700 = 3 THEN 'joinempty' -- rare
		WHEN moment < 0.2 AND dice.status < 0.3 THEN 'timeout' -- only lately
		WHEN dice.status < 0.65 THEN 'answered'
		WHEN dice.status < 0.8 THEN 'abandoned'
		WHEN dice.status < 0.9 THEN 'closed'
		WHEN dice.status < 0.97 THEN 'full'
	END::call_exit_type,
	CASE
		WHEN i % 900 = 11 THEN 'quiet' -- rare
		WHEN moment > 0.85 AND dice.queue < 0.4 THEN 'spring' -- only long ago
		WHEN moment > 0.95 THEN 'closed_in_march' -- has no row
		WHEN dice.queue < 0.97 THEN (ARRAY['sales', 'support', 'billing', 'vip'])
			[1 + (power(dice.queue, 2) * 3.3)::integer]
	END,
	CASE
		WHEN dice.status < 0.7 AND dice.queue < 0.9
			THEN (1500 + (power(dice.queue, 2) * 33)::integer)::text
	END
FROM called
CROSS JOIN LATERAL (
	SELECT n, random() AS queue, random() AS status, random() AS offset_,
		random() * interval '40 seconds' AS wait
	FROM generate_series(1, (called.queue * 4)::integer) AS n
	WHERE called.id > 0
) AS dice
CROSS JOIN LATERAL (
	SELECT start_time + CASE
		WHEN dice.n = 1 THEN (dice.offset_ - 0.3) * interval '100 minutes'
		WHEN dice.offset_ < 0.9 THEN dice.offset_ * least(duration, interval '20 hours')
		WHEN duration > interval '1 day' THEN dice.offset_ * duration
		ELSE dice.offset_ * (least(duration, interval '20 hours') + interval '50 minutes')
	END AS queue_time
) AS at
ORDER BY at.queue_time;

-- Each kind of pair; where there are two of one key, the later row is the one that counts.
INSERT INTO attached_data (id_call_data, key, value)
SELECT id, key, value
FROM (
	SELECT id, 'recording' AS key, 'old' || id AS value, 1 AS turn FROM called WHERE recorded < 0.05
	UNION ALL
	SELECT id, 'recording', 'r' || id, 2 FROM called WHERE recorded < 0.7
	UNION ALL
	SELECT id, 'color', (ARRAY['green', 'red', 'blue'])[1 + (color * 4)::integer % 3], 1
	FROM called WHERE color < 0.5
	UNION ALL
	SELECT id, 'color', CASE WHEN late < 0.5 THEN 'green' ELSE 'grey' END, 2
	FROM called WHERE color BETWEEN 0.3 AND 0.55
	UNION ALL
	SELECT id, 'ticket', 'T' || (ticket * 3000)::integer, 1 FROM called WHERE ticket < 0.3
	UNION ALL
	SELECT id, 'note', CASE WHEN i % 4 = 0 THEN '' ELSE 'see "' || i % 7 || '"' END, 1
	FROM called WHERE i % 150 = 9
	UNION ALL
	SELECT id, 'campaign', 'spring', 1 FROM called WHERE moment > 0.9
	UNION ALL
	SELECT id, 'campaign', 'autumn', 1 FROM called WHERE moment < 0.1
) AS pair
ORDER BY turn, id, key;

-- Legs: of agents and of interfaces, some without an end.
INSERT INTO call_element (call_data_id, start_time, answer_time, end_time, interface, agent)
SELECT id, at.leg_time, CASE WHEN dice.answer < 0.4 THEN at.leg_time + interval '5 seconds' END,
	CASE WHEN dice.answer < 0.97 THEN at.leg_time + interval '20 seconds' END,
	'SIP/line' || 1 + (power(dice.phone, 2) * 45)::integer,
	CASE WHEN dice.agent < 0.8 THEN (1500 + (power(dice.agent, 2) * 50)::integer)::text END
FROM called
CROSS JOIN LATERAL (
	SELECT random() AS answer, random() AS phone, random() AS agent, random() AS offset_
	FROM generate_series(1, (called.phone * 4)::integer)
) AS dice
CROSS JOIN LATERAL (
	SELECT start_time + CASE
		WHEN dice.offset_ < 0.3 THEN (dice.offset_ - 0.15) * interval '2 hours'
		ELSE dice.offset_ * duration
	END AS leg_time
) AS at;
