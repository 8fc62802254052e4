-- The rows ./dev bench reads: channel events as Asterisk writes them, and calls of the last weeks.
-- :cel_rows: how many channel events.
INSERT INTO cel (eventtype, eventtime, userdeftype, cid_name, cid_num, cid_ani, cid_rdnis, cid_dnid,
	exten, context, channame, appname, appdata, amaflags, accountcode, peeraccount, uniqueid,
	linkedid, userfield, peer, call_log_id, extra)
SELECT (ARRAY['CHAN_START', 'APP_START', 'ANSWER', 'BRIDGE_ENTER', 'BRIDGE_EXIT', 'HANGUP', 'CHAN_END',
		'LINKEDID_END'])[1 + i % 8],
	localtimestamp - (:cel_rows - i) * interval '0.731 seconds', '', 'Customer ' || i % 977,
	'0' || 100000000 + i % 7919, '0' || 100000000 + i % 7919, '', '3' || i % 600, '3' || i % 600,
	'default', 'SIP/trunk-' || lpad(to_hex(i), 8, '0'), CASE WHEN i % 8 = 1 THEN 'Queue' ELSE '' END,
	CASE WHEN i % 8 = 1 THEN 'support,tTwWxX,,,30' ELSE '' END, 3, '', '',
	'1700000' || i / 8 || '.' || i % 97, '1700000' || i / 8 || '.' || i / 8 % 97, '', '',
	CASE WHEN i % 3 = 0 THEN i / 8 END, CASE WHEN i % 8 = 5 THEN '{"hangupcause":16}' END
FROM generate_series(1, :cel_rows) AS i;

INSERT INTO call_data (uniqueid, src_num, dst_num, start_time, answer_time, end_time, status,
	call_direction, dst_agent, src_interface)
SELECT '1600000' || i || '.' || i % 97, '0' || 100000000 + i % 2003, '3' || i % 600,
	localtimestamp - i * interval '1 minute', localtimestamp - i * interval '1 minute' + interval '8 seconds',
	localtimestamp - i * interval '1 minute' + interval '3 minutes', 'answered', 'incoming',
	(1500 + i % 40)::text, 'SIP/trunk'
FROM generate_series(1, 50000) AS i;

INSERT INTO call_on_queue (callid, queue_time, answer_time, hangup_time, status, queue_ref, agent_num)
SELECT uniqueid, start_time, answer_time, end_time, 'answered', 'support', dst_agent
FROM call_data;

ANALYZE;
