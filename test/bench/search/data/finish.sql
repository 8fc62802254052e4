-- Keys and sequences of the filled tables, and the channel events of the newest calls.
SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', relation, name, definition)
FROM bench.later
ORDER BY is_foreign, relation \gexec

INSERT INTO cel (eventtype, eventtime, userdeftype, cid_name, cid_num, cid_ani, cid_rdnis, cid_dnid,
	exten, context, channame, appname, appdata, amaflags, accountcode, peeraccount, uniqueid, linkedid,
	userfield, peer, call_log_id, extra)
SELECT event.name, call.start_time + event.step * interval '1.25 seconds', '', 'Customer ' || call.id % 977,
	coalesce(call.src_num, ''), coalesce(call.src_num, ''), '', call.dst_num, call.dst_num, 'default',
	'SIP/trunk-' || lpad(to_hex(call.id), 8, '0'), CASE WHEN event.step = 2 THEN 'Queue' ELSE '' END,
	CASE WHEN event.step = 2 THEN 'support,tTwWxX,,,30' ELSE '' END, 3, '', '', call.uniqueid, call.uniqueid,
	'', '', call.id, CASE WHEN event.step = 6 THEN '{"hangupcause":16}' END
FROM (SELECT * FROM call_data ORDER BY id DESC LIMIT 25000) AS call
CROSS JOIN (VALUES (1, 'CHAN_START'), (2, 'APP_START'), (3, 'ANSWER'), (4, 'BRIDGE_ENTER'),
	(5, 'BRIDGE_EXIT'), (6, 'HANGUP'), (7, 'CHAN_END'), (8, 'LINKEDID_END')) AS event (step, name)
ORDER BY call.id, event.step;

SELECT setval(pg_get_serial_sequence(name, 'id'), highest)
FROM (
	VALUES ('call_data', (SELECT max(id) FROM call_data)),
		('attached_data', (SELECT max(id) FROM attached_data)),
		('call_on_queue', (SELECT max(id) FROM call_on_queue)),
		('call_element', (SELECT max(id) FROM call_element)),
		('agentfeatures', (SELECT max(id) FROM agentfeatures)),
		('queuefeatures', (SELECT max(id) FROM queuefeatures)),
		('userfeatures', (SELECT max(id) FROM userfeatures)),
		('linefeatures', (SELECT max(id) FROM linefeatures))
) AS filled (name, highest);

SET client_min_messages = warning;
DROP SCHEMA bench CASCADE;
