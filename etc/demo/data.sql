-- Demo data for ./dev run: three months of a call centre of 25 agents, 6 queues and 40 users, up to
-- now. The same seed makes the same calls; only their dates follow the day.
SELECT setseed(0.42);

INSERT INTO agentfeatures (numgroup, firstname, lastname, number)
SELECT 1 + i % 3,
	(ARRAY['William', 'Jack', 'Joe', 'Averell', 'Ma', 'Lucky', 'Jolly', 'Émile', 'Zoé', 'François',
		'Noël', 'Chloé', 'Inès', 'Hélène', 'Anaïs', 'Jürgen', 'Søren', 'Iñaki', 'Łukasz', 'Åsa',
		'Grace', 'Ada', 'Alan', 'Edsger', 'Barbara'])[i],
	(ARRAY['Dalton', 'Dalton', 'Dalton', 'Dalton', 'Dalton', 'Luke', 'Jumper', 'Durand', 'Lefèvre',
		'Müller', 'Garçon', 'Petit', 'Moreau', 'Girard', 'Bonnet', 'Schröder', 'Ørsted', 'Etxeberria',
		'Kowalski', 'Ångström', 'Hopper', 'Young', 'Mills', 'Dyke', 'Stone'])[i],
	(1570 + i)::text
FROM generate_series(1, 25) AS i;

INSERT INTO queuefeatures (name, displayname, number) VALUES
	('oneforone', 'oneforone', '3555'),
	('sales', 'Sales ', '3001'),
	('support', 'Support', '3002'),
	('billing', 'Facturation été', '3003'),
	('vip', 'VIP', '3004'),
	('overflow', 'Overflow', '');

INSERT INTO userfeatures (firstname, lastname)
SELECT (ARRAY['Camille', 'Léa', 'Hugo', 'Louis', 'Manon', 'Jules', 'Élodie', 'Théo'])[1 + i % 8],
	(ARRAY['Martin', 'Bernard', 'Thomas', 'Robert', 'Richard'])[1 + i % 5]
FROM generate_series(1, 40) AS i;

INSERT INTO linefeatures (protocol, name, number)
SELECT 'sip', 'az' || substr(md5(i::text), 1, 4), (1000 + i)::text
FROM generate_series(1, 40) AS i;

-- The phone of README.md's examples.
UPDATE userfeatures SET firstname = 'Ada', lastname = 'Young' WHERE id = 2;
UPDATE linefeatures SET name = 'az9kf7' WHERE number = '1002';

INSERT INTO user_line (user_id, line_id, main_user)
SELECT i, i, true FROM generate_series(1, 40) AS i
UNION ALL
SELECT 2, 1, false; -- a shared line: its first user is the main one

-- A call each with everything that is decided by chance. Weekdays and working hours first, then
-- whatever is left until now.
CREATE TEMPORARY TABLE demo AS
SELECT row_number() OVER (ORDER BY moment) AS n, *
FROM (
	SELECT current_date - (random() * 90)::integer + time '08:00' + random() * interval '11 hours'
			+ (random() * 1000)::integer * interval '1 millisecond' AS moment,
		random() AS r_direction, random() AS r_answer, random() AS r_caller, random() AS r_queue,
		random() AS r_agent, random() AS r_length, random() AS r_recorded, random() AS r_exit,
		random() AS r_pairs, random() AS r_second
	FROM generate_series(1, 8500)
) AS chance
WHERE moment < localtimestamp - interval '10 minutes'
	AND extract(isodow FROM moment) < 6;

CREATE TEMPORARY TABLE demo_call AS
SELECT n::integer + 5 AS id, moment AS start_time,
	1420717200 + n || '.' || 10 + n % 89 AS uniqueid,
	CASE WHEN r_direction < 0.65 THEN 'incoming' WHEN r_direction < 0.9 THEN 'outgoing' ELSE 'internal' END
		AS direction,
	-- A few customers call often, most of them rarely.
	'0' || 142000000 + (power(r_caller, 3) * 900)::integer * 7 AS customer,
	1000 + 1 + (r_agent * 39)::integer AS extension,
	(ARRAY['oneforone', 'sales', 'support', 'billing', 'vip', 'overflow', 'closed_in_march'])
		[1 + least(6, (r_queue * 6.3)::integer)] AS queue,
	CASE WHEN r_agent < 0.02 THEN '1999' ELSE (1571 + (r_agent * 24)::integer)::text END AS agent,
	r_answer < 0.82 AS is_answered,
	3 + (r_answer * 40)::integer AS wait_s,
	20 + (power(r_length, 2) * 1500)::integer AS talk_s,
	r_recorded, r_exit, r_pairs, r_second
FROM demo;

-- The call of README.md's examples: yesterday, so that it is recent whenever the data is loaded.
INSERT INTO demo_call VALUES (5, current_date - 1 + time '11:24:41', '1420717200.10', 'incoming',
	'1002', 1005, 'oneforone', '1573', true, 6, 60, 0, 0.5, 1, 0.5);

INSERT INTO call_data (id, uniqueid, dst_num, start_time, answer_time, end_time, status,
	ring_duration_on_answer, transfered, call_direction, src_num, transfer_direction, src_agent,
	dst_agent, src_interface)
SELECT id, uniqueid,
	CASE direction
		WHEN 'incoming' THEN coalesce(nullif((SELECT q.number FROM queuefeatures q WHERE q.name = queue), ''), extension::text)
		WHEN 'outgoing' THEN customer
		ELSE (1000 + 1 + (extension + 7) % 40)::text
	END,
	start_time,
	CASE WHEN is_answered THEN start_time + wait_s * interval '1 second' END,
	start_time + (wait_s + CASE WHEN is_answered THEN talk_s ELSE 0 END) * interval '1 second',
	CASE WHEN is_answered THEN 'answered' END,
	CASE WHEN is_answered THEN wait_s END,
	is_answered AND r_second < 0.08,
	direction::call_direction_type,
	CASE WHEN direction = 'incoming' THEN customer ELSE extension::text END,
	CASE WHEN is_answered AND r_second < 0.08 THEN 'internal'::call_direction_type END,
	CASE WHEN direction = 'outgoing' AND r_exit < 0.5 THEN agent END,
	CASE WHEN direction = 'incoming' AND is_answered THEN agent END,
	coalesce((SELECT 'SIP/' || l.name FROM linefeatures l
		WHERE l.number = CASE direction WHEN 'incoming' THEN customer ELSE extension::text END),
		'SIP/trunk')
FROM demo_call;

-- Some that are still going on.
INSERT INTO call_data (id, uniqueid, dst_num, start_time, answer_time, call_direction, src_num,
	dst_agent, src_interface)
SELECT 100000 + i, '1430000000.' || i, '3002', localtimestamp - i * interval '90 seconds',
	CASE WHEN i > 2 THEN localtimestamp - i * interval '80 seconds' END, 'incoming',
	'0' || 142000000 + i * 7, CASE WHEN i > 2 THEN (1570 + i)::text END, 'SIP/trunk'
FROM generate_series(1, 6) AS i;

INSERT INTO call_element (call_data_id, start_time, answer_time, end_time, interface, agent)
SELECT call.id, call.start_time, call.answer_time, call.end_time,
	(SELECT 'SIP/' || l.name FROM linefeatures l WHERE l.id = 1 + call.id % 40), call.dst_agent
FROM call_data AS call
WHERE call.call_direction <> 'outgoing'
UNION ALL
-- A colleague's phone rang as well.
SELECT call.id, call.start_time, NULL, coalesce(call.answer_time, call.end_time),
	(SELECT 'SIP/' || l.name FROM linefeatures l WHERE l.id = 1 + (call.id + 3) % 40),
	(1571 + call.id % 25)::text
FROM call_data AS call
WHERE call.call_direction = 'incoming' AND call.id % 4 = 0;

-- Passages: the first of some calls ends in an overflow to a second one.
INSERT INTO call_on_queue (callid, queue_time, total_ring_seconds, answer_time, hangup_time, status,
	queue_ref, agent_num)
SELECT uniqueid, start_time + interval '1 second', wait_s / 2, NULL,
	start_time + wait_s / 2 * interval '1 second',
	(ARRAY['full', 'closed', 'joinempty', 'leaveempty', 'divert_ca_ratio', 'divert_waittime', 'timeout',
		'exit_with_key'])[1 + least(7, (r_exit * 8)::integer)]::call_exit_type, 'overflow', NULL
FROM demo_call
WHERE direction = 'incoming' AND r_second > 0.85
UNION ALL
SELECT uniqueid, start_time + (wait_s / 2) * interval '1 second', wait_s / 2,
	CASE WHEN is_answered THEN start_time + wait_s * interval '1 second' END,
	start_time + (wait_s + CASE WHEN is_answered THEN talk_s ELSE 0 END) * interval '1 second',
	(CASE WHEN is_answered THEN 'answered' WHEN r_exit < 0.7 THEN 'abandoned' ELSE 'timeout' END)::call_exit_type,
	queue, CASE WHEN is_answered THEN agent END
FROM demo_call
WHERE direction = 'incoming';

INSERT INTO attached_data (id_call_data, key, value)
SELECT id, 'recording', 'xivocc_gateway-' || uniqueid FROM demo_call WHERE is_answered AND r_recorded < 0.6
UNION ALL
SELECT id, 'customer', 'C' || 10000 + (r_pairs * 900)::integer FROM demo_call WHERE r_pairs < 0.9
UNION ALL
SELECT id, 'color', (ARRAY['green', 'red', 'bleu', 'doré'])[1 + least(3, (r_exit * 4)::integer)]
FROM demo_call WHERE r_pairs < 0.7
UNION ALL
SELECT id, 'reason', (ARRAY['réclamation', 'commande', 'facture', 'autre'])[1 + least(3, (r_second * 4)::integer)]
FROM demo_call WHERE r_pairs < 0.5
UNION ALL
-- Repeated keys: the latest counts.
SELECT id, 'color', 'gris' FROM demo_call WHERE r_pairs < 0.03;

-- The channel events of the calls, eight or so each, filled up to 100,000.
INSERT INTO cel (eventtype, eventtime, userdeftype, cid_name, cid_num, cid_ani, cid_rdnis, cid_dnid,
	exten, context, channame, appname, appdata, amaflags, accountcode, peeraccount, uniqueid, linkedid,
	userfield, peer, call_log_id, extra)
SELECT event.name, call.start_time + event.step * interval '1.25 seconds', '',
	'Customer ' || call.id % 977, call.src_num, call.src_num, '', call.dst_num,
	CASE WHEN event.step = 1 THEN 's' ELSE call.dst_num END, 'default',
	'SIP/trunk-' || lpad(to_hex(call.id), 8, '0'),
	CASE WHEN event.name = 'APP_START' THEN 'Queue' ELSE '' END,
	CASE WHEN event.name = 'APP_START' THEN 'support,tTwWxX,,,30' ELSE '' END, 3, '', '',
	call.uniqueid, call.uniqueid, '',
	CASE WHEN event.name LIKE 'BRIDGE%' THEN 'SIP/agent-' || call.id ELSE '' END,
	CASE WHEN event.step = 1 THEN call.id END,
	CASE WHEN event.name = 'HANGUP' THEN '{"hangupcause":16,"hangupsource":"dialplan"}' END
FROM (SELECT *, row_number() OVER (ORDER BY start_time) AS n FROM call_data) AS call
CROSS JOIN generate_series(1, 25) AS round
CROSS JOIN (VALUES (1, 'CHAN_START'), (2, 'APP_START'), (3, 'ANSWER'), (4, 'BRIDGE_ENTER'),
	(5, 'BRIDGE_EXIT'), (6, 'HANGUP'), (7, 'CHAN_END'), (8, 'LINKEDID_END')) AS event (step, name)
ORDER BY round, call.start_time, event.step
LIMIT 100000;

SELECT setval('call_data_id_seq', (SELECT max(id) FROM call_data));
ANALYZE;
