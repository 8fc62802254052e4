-- The calls that the integration tests ask for, each here for one rule of the API; fixed dates, so
-- that the expected answers can be computed by hand. What must lie close to today is inserted by
-- the test that needs it. Numbers: 1.. calls with recordings (January and February 2024), 31..
-- one per queue status, 101.. history (March), 131.. customer history (April).

SELECT setval('call_on_queue_id_seq', 500);

INSERT INTO agentfeatures (number, firstname, lastname) VALUES
	('1573', 'Joe', 'Dalton'),
	('1004', 'Averell', 'Dalton'),
	('2000', 'Lucky', 'Luke'),
	('3001', '  Ma', 'Dalton  '),       -- blanks around the name
	('3002', '', 'Solo'),
	('3004', '100%', 'Mc_Fly');         -- wildcards of LIKE

INSERT INTO queuefeatures (name, displayname, number) VALUES
	('oneforone_q', 'oneforone', '3555'),
	('support_q', '  Support Desk  ', '3666'),
	('nonum_q', 'No Number', ''),
	('pct_q', '50% off_sale', '3777'),
	('shared_q', 'Shared Queue', '1002'), -- the number of a user, too
	('noname_q', '', '3888');

INSERT INTO userfeatures (id, firstname, lastname) VALUES
	(1, 'Alice', 'Martin'), (2, 'Bob', 'Noir'), (3, 'Carol', ''), (4, 'Dave', 'One'),
	(5, 'Eve', 'Two'), (6, 'Frank', 'Six'), (7, 'Grace', 'Seven'), (8, 'Henry', 'Null'),
	(9, '', '');
INSERT INTO linefeatures (id, protocol, name, number) VALUES
	(1, 'sip', 'az9kf7', '1001'), (2, 'sip', 'bz1', '1002'), (3, 'sip', 'cz1', '1003'),
	(4, 'sip', 'sh1', '1005'), (5, 'sip', 'dx1', '1006'), (6, 'sip', 'dx2', '1006'),
	(7, 'sip', 'nz1', NULL), (8, 'sip', 'ez1', '1009');
INSERT INTO user_line (user_id, line_id, main_user) VALUES
	(1, 1, true), (2, 2, true), (3, 3, true), (4, 4, false), (5, 4, true), (6, 5, true),
	(7, 6, true), (8, 7, true), (9, 8, true);

INSERT INTO call_data (id, uniqueid, src_num, dst_num, start_time, answer_time, end_time, status,
	call_direction, src_agent, dst_agent, src_interface) VALUES
	-- the plain case
	(1, '1700000001.1', '0612345678', '3555', '2024-01-01 10:00:00', '2024-01-01 10:00:05',
		'2024-01-01 10:01:10', 'answered', 'incoming', NULL, '1573', 'SIP/trunk-1'),
	-- two passages; the later one has the lower id
	(2, '1700000002.2', '+33612', '3666', '2024-01-02 10:00:00', '2024-01-02 10:00:30',
		'2024-01-02 10:10:30', 'answered', 'incoming', NULL, NULL, NULL),
	-- everything NULL that can be; still going on
	(3, '1700000003.3', NULL, NULL, '2024-01-03 10:00:00', '2024-01-03 10:00:01', NULL, NULL,
		NULL, NULL, NULL, NULL),
	-- agent and queue without rows
	(4, '1700000004.4', '0613', '3999', '2024-01-04 10:00:00', '2024-01-04 10:00:01',
		'2024-01-04 10:00:02', 'answered', 'incoming', NULL, '9999', NULL),
	-- dst_agent before the passage's agent; a queue without number
	(5, '1700000005.5', '1004', '0614', '2024-01-05 10:00:00', '2024-01-05 10:00:01',
		'2024-01-05 11:00:01', 'answered', 'outgoing', '1004', '1573', 'SIP/bz1'),
	-- recorded, never answered
	(6, '1700000006.6', '0615', '3555', '2024-01-05 12:00:00', NULL, '2024-01-05 12:00:30',
		NULL, 'incoming', NULL, NULL, NULL),
	-- answered, never recorded
	(7, '1700000007.7', '0615', '3555', '2024-01-05 13:00:00', '2024-01-05 13:00:01',
		'2024-01-05 13:00:30', 'answered', 'incoming', NULL, '1573', NULL),
	-- repeated keys
	(8, '1700000008.8', '0616', '0617', '2024-01-06 08:00:00', '2024-01-06 08:00:01',
		'2024-01-06 08:00:02', 'answered', 'outgoing', NULL, NULL, NULL),
	-- longer than 99 hours
	(9, '1700000009.9', '0618', '0619', '2024-01-04 23:59:59', '2024-01-05 00:00:00',
		'2024-01-09 04:05:06', 'answered', 'incoming', NULL, NULL, NULL),
	-- fractions of a second: 2.2 s between 0.9 and 3.1
	(10, '1700000010.10', '0620', '0621', '2024-01-06 10:00:00.999',
		'2024-01-06 10:00:00.900', '2024-01-06 10:00:03.100', 'answered', 'incoming', NULL,
		NULL, NULL),
	-- the end before the answer
	(11, '1700000011.11', '0622', '0623', '2024-01-07 10:00:00', '2024-01-07 10:00:10',
		'2024-01-07 10:00:05', 'answered', 'incoming', NULL, NULL, NULL),
	-- equal start times
	(12, '1700000012.12', '0624', '0625', '2024-01-08 12:00:00', '2024-01-08 12:00:01',
		'2024-01-08 12:00:02', 'answered', 'incoming', NULL, NULL, NULL),
	(13, '1700000013.13', '0624', '0625', '2024-01-08 12:00:00', '2024-01-08 12:00:01',
		'2024-01-08 12:00:02', 'answered', 'incoming', NULL, NULL, NULL),
	-- wildcards of LIKE in numbers
	(14, '1700000014.14', '06%12', '1_2', '2024-01-09 10:00:00', '2024-01-09 10:00:01',
		'2024-01-09 10:00:02', 'answered', 'incoming', NULL, NULL, NULL),
	(15, '1700000015.15', '06x12', '1x2', '2024-01-09 10:00:01', '2024-01-09 10:00:01',
		'2024-01-09 10:00:02', 'answered', 'incoming', NULL, NULL, NULL),
	(16, '1700000016.16', '06\12', '1\2', '2024-01-09 10:00:02', '2024-01-09 10:00:02',
		'2024-01-09 10:00:03', 'answered', 'incoming', NULL, NULL, NULL),
	-- blanks around the agent's name
	(17, '1700000017.17', '0626', '0627', '2024-01-10 10:00:00', '2024-01-10 10:00:01',
		'2024-01-10 10:00:02', 'answered', 'outgoing', NULL, '3001', NULL),
	-- an agent with one name; a direction that no filter asks for
	(18, '1700000018.18', '1001', '1003', '2024-01-11 10:00:00', '2024-01-11 10:00:01',
		'2024-01-11 10:00:02', 'answered', 'internal', NULL, '3002', 'SIP/az9kf7'),
	-- agents of caller and first passage, none in the last passage
	(19, '1700000019.19', '0628', '3666', '2024-01-12 10:00:00', '2024-01-12 10:00:01',
		'2024-01-12 10:00:02', 'answered', 'incoming', '2000', NULL, NULL),
	-- wildcards of LIKE in names
	(20, '1700000020.20', '0629', '3777', '2024-01-13 10:00:00', '2024-01-13 10:00:01',
		'2024-01-13 10:00:02', 'answered', 'incoming', NULL, '3004', NULL),
	-- two calls of one uniqueid; text that JSON must escape
	(21, '1700000021.21', 'anonymous', '0630', '2024-01-20 10:00:00', '2024-01-20 10:00:01',
		'2024-01-20 10:00:02', 'answered', 'incoming', NULL, NULL, NULL),
	(22, '1700000021.21', '0631', '0632', '2024-01-21 10:00:00', '2024-01-21 10:00:01',
		'2024-01-21 10:00:02', 'answered', 'incoming', NULL, NULL, NULL),
	-- bounds of the search by time
	(24, '1700000024.24', '0633', '0634', '2024-02-01 00:00:00', '2024-02-01 00:00:01',
		'2024-02-01 00:10:00', 'answered', 'incoming', NULL, NULL, NULL),
	(25, '1700000025.25', '0635', '0636', '2024-02-01 00:05:00', '2024-02-01 00:05:01', NULL,
		'answered', 'incoming', NULL, NULL, NULL);

INSERT INTO attached_data (id_call_data, key, value)
	SELECT id, 'recording', 'rec-' || id FROM call_data WHERE id NOT IN (7, 8) ORDER BY id;
INSERT INTO attached_data (id, id_call_data, key, value) VALUES
	(101, 1, 'color', 'green'),
	(102, 8, 'recording', 'rec-8-old'), (103, 8, 'color', 'red'),
	(104, 8, 'recording', 'rec-8'), (105, 8, 'color', 'blue'),
	(106, 7, 'color', 'green'),
	(107, 21, 'note', E'Zo\u00eb "q" \\ / \b\t\n\r\x01\x7f \u2028 \u260e \U0001F600 </script>'),
	(108, 21, E'k"e\\y', '');

INSERT INTO call_on_queue (id, callid, queue_time, total_ring_seconds, answer_time, hangup_time,
	status, queue_ref, agent_num) VALUES
	(1, '1700000001.1', '2024-01-01 10:00:01', 4, '2024-01-01 10:00:05', '2024-01-01 10:01:10',
		'answered', 'oneforone_q', '1573'),
	(2, '1700000002.2', '2024-01-02 10:00:20', 5, '2024-01-02 10:00:30', '2024-01-02 10:10:30',
		'answered', 'support_q', '2000'),
	(3, '1700000002.2', '2024-01-02 10:00:05', 5, NULL, '2024-01-02 10:00:20', 'timeout',
		'pct_q', NULL),
	(4, '1700000004.4', '2024-01-04 10:00:00', 1, '2024-01-04 10:00:01', '2024-01-04 10:00:02',
		'answered', 'ghost_queue', '9998'),
	(5, '1700000005.5', '2024-01-05 10:00:00', 1, '2024-01-05 10:00:01', '2024-01-05 11:00:01',
		'answered', 'nonum_q', '2000'),
	(6, '1700000006.6', '2024-01-05 12:00:00', 30, NULL, '2024-01-05 12:00:30', 'abandoned',
		'oneforone_q', NULL),
	(7, '1700000019.19', '2024-01-12 10:00:00', 1, NULL, '2024-01-12 10:00:01', 'timeout',
		'support_q', '1004'),
	(8, '1700000019.19', '2024-01-12 10:00:01', 1, NULL, '2024-01-12 10:00:02', 'abandoned',
		'oneforone_q', NULL),
	(9, '1700000020.20', '2024-01-13 10:00:00', 1, '2024-01-13 10:00:01', '2024-01-13 10:00:02',
		'answered', NULL, NULL);

-- One call per status that a passage can end with.
INSERT INTO call_data (id, uniqueid, src_num, start_time, answer_time, end_time, call_direction)
	SELECT 30 + n, 'status-' || status, '0640', timestamp '2023-12-01' + n * interval '1 minute',
		timestamp '2023-12-01' + n * interval '1 minute',
		timestamp '2023-12-01' + n * interval '1 minute', 'incoming'
	FROM unnest(enum_range(NULL::call_exit_type)) WITH ORDINALITY AS all_of (status, n);
INSERT INTO call_on_queue (callid, queue_time, status, queue_ref)
	SELECT 'status-' || status, '2023-12-01', status, 'status_q'
	FROM unnest(enum_range(NULL::call_exit_type)) AS status;
INSERT INTO attached_data (id_call_data, key, value)
	SELECT id, 'recording', uniqueid FROM call_data WHERE id BETWEEN 31 AND 50;

-- History, seen from SIP/az9kf7 (Alice) unless it says something else.
INSERT INTO call_data (id, uniqueid, src_num, dst_num, start_time, answer_time, end_time,
	src_agent, dst_agent, src_interface) VALUES
	-- called; a number that user and queue share
	(101, 'h101', '1001', '1002', '2024-03-01 09:00:00', '2024-03-01 09:00:10',
		'2024-03-01 09:02:00', NULL, NULL, 'SIP/az9kf7'),
	-- rang here, answered by another; a queue's number
	(102, 'h102', '0700000001', '3555', '2024-03-02 09:00:00', '2024-03-02 09:00:10',
		'2024-03-02 09:02:00', NULL, NULL, 'SIP/trunk-1'),
	-- going on
	(103, 'h103', '0700000002', '1001', '2024-03-03 09:00:00', '2024-03-03 09:00:10', NULL,
		NULL, NULL, 'SIP/trunk-1'),
	-- rang twice, answered once
	(104, 'h104', '0700000003', '1001', '2024-03-04 09:00:00', '2024-03-04 09:00:20',
		'2024-03-04 09:00:25', NULL, NULL, NULL),
	-- answered once, rings again
	(105, 'h105', '0700000004', '1001', '2024-03-05 09:00:00', '2024-03-05 09:00:05', NULL,
		NULL, NULL, NULL),
	-- called itself
	(106, 'h106', '1001', '1001', '2024-03-06 09:00:00', NULL, '2024-03-06 09:00:05', NULL,
		NULL, 'SIP/az9kf7'),
	-- an empty last name calls a shared line
	(107, 'h107', '1003', '1005', '2024-03-07 09:00:00', NULL, '2024-03-07 09:00:05', NULL,
		NULL, 'SIP/cz1'),
	-- another number than the line's; no callee
	(108, 'h108', '0611111111', NULL, '2024-03-08 09:00:00', NULL, '2024-03-08 09:00:05',
		NULL, NULL, 'SIP/az9kf7'),
	-- a number of two lines; a queue with an empty name
	(109, 'h109', '1006', '3888', '2024-03-09 09:00:00', NULL, '2024-03-09 09:00:05', NULL,
		NULL, 'SIP/dx2'),
	-- a user without names; an unknown callee
	(110, 'h110', '1009', '0799', '2024-03-10 09:00:00', NULL, '2024-03-10 09:00:05', NULL,
		NULL, 'SIP/ez1'),
	-- equal start times; numbers NULL
	(111, 'h111', NULL, '1001', '2024-03-11 09:00:00', NULL, '2024-03-11 09:00:05', NULL, NULL,
		NULL),
	(112, 'h112', NULL, '1001', '2024-03-11 09:00:00', NULL, '2024-03-11 09:00:05', NULL, NULL,
		NULL),
	-- history of agent 1004: its own times decide without a leg
	(121, 'h121', '0700000021', '1004', '2024-03-21 09:00:00', '2024-03-21 09:00:01',
		'2024-03-21 09:00:02', NULL, '1004', NULL),
	(122, 'h122', '0700000022', '1004', '2024-03-22 09:00:00', NULL, '2024-03-22 09:00:02',
		NULL, '1004', NULL),
	(123, 'h123', '0700000023', '1004', '2024-03-23 09:00:00', NULL, NULL, NULL, '1004', NULL),
	(124, 'h124', '1001', '0700000024', '2024-03-24 09:00:00', '2024-03-24 09:00:01',
		'2024-03-24 09:00:02', '1004', NULL, 'SIP/az9kf7'),
	-- rung by a leg, answered by another agent
	(125, 'h125', '0700000025', '3555', '2024-03-25 09:00:00', '2024-03-25 09:00:05',
		'2024-03-25 09:00:09', NULL, '2000', NULL),
	-- the leg decides, not the call
	(126, 'h126', '0700000026', '3555', '2024-03-26 09:00:00', '2024-03-26 09:00:05',
		'2024-03-26 09:00:09', NULL, '1004', NULL),
	(127, 'h127', '1004', '1004', '2024-03-27 09:00:00', '2024-03-27 09:00:05',
		'2024-03-27 09:00:09', '1004', '1004', NULL);
INSERT INTO call_element (call_data_id, start_time, answer_time, end_time, interface, agent) VALUES
	(101, '2024-03-01 09:00:01', '2024-03-01 09:00:10', '2024-03-01 09:02:00', 'SIP/bz1', NULL),
	(102, '2024-03-02 09:00:01', NULL, '2024-03-02 09:00:10', 'SIP/az9kf7', NULL),
	(102, '2024-03-02 09:00:01', '2024-03-02 09:00:10', '2024-03-02 09:02:00', 'SIP/bz1', NULL),
	(103, '2024-03-03 09:00:01', '2024-03-03 09:00:10', NULL, 'SIP/az9kf7', NULL),
	(104, '2024-03-04 09:00:01', NULL, '2024-03-04 09:00:10', 'SIP/az9kf7', NULL),
	(104, '2024-03-04 09:00:11', '2024-03-04 09:00:20', '2024-03-04 09:00:25', 'SIP/az9kf7',
		NULL),
	(105, '2024-03-05 09:00:01', '2024-03-05 09:00:05', '2024-03-05 09:00:10', 'SIP/az9kf7',
		NULL),
	(105, '2024-03-05 09:00:11', NULL, NULL, 'SIP/az9kf7', NULL),
	(106, '2024-03-06 09:00:01', NULL, '2024-03-06 09:00:05', 'SIP/az9kf7', NULL),
	(107, '2024-03-07 09:00:01', NULL, '2024-03-07 09:00:05', 'SIP/sh1', NULL),
	(111, '2024-03-11 09:00:01', NULL, '2024-03-11 09:00:05', 'SIP/az9kf7', NULL),
	(112, '2024-03-11 09:00:01', NULL, '2024-03-11 09:00:05', 'SIP/az9kf7', NULL),
	(125, '2024-03-25 09:00:01', NULL, '2024-03-25 09:00:04', 'SIP/bz1', '1004'),
	(125, '2024-03-25 09:00:01', '2024-03-25 09:00:05', '2024-03-25 09:00:09', 'SIP/cz1',
		'2000'),
	(126, '2024-03-26 09:00:01', NULL, '2024-03-26 09:00:04', 'SIP/bz1', '1004');

-- History of customers.
INSERT INTO call_data (id, uniqueid, src_num, dst_num, start_time, answer_time, end_time, status,
	dst_agent) VALUES
	(131, 'c131', '0655000001', '3555', '2024-04-01 10:00:00', '2024-04-01 10:00:30',
		'2024-04-01 10:02:00', 'answered', '1573'),
	(132, 'c132', '0655000001', '3666', '2024-04-02 10:00:00', NULL, '2024-04-02 10:00:25',
		NULL, NULL),
	(133, 'c133', '0655000001', '1001', '2024-04-03 10:00:00', '2024-04-03 10:00:05',
		'2024-04-03 10:00:06', 'answered', NULL),
	(134, 'c134', '0655000001', '3999', '2024-04-04 10:00:00', '2024-04-04 10:00:05',
		'2024-04-04 10:00:06', 'answered', '9999'),
	(135, 'c135', '0655000001', '3555', '2024-04-05 10:00:00', '2024-04-05 10:00:50',
		'2024-04-05 10:01:00', 'answered', '2000'),
	(136, 'c136', '0655000002', '3555', '2024-04-06 10:00:00', NULL, '2024-04-06 10:00:01',
		NULL, NULL),
	(137, 'c137', '0655000003', '3555', '2024-04-07 10:00:00', NULL, '2024-04-07 10:00:01',
		NULL, NULL),
	-- in the order of the C collation, upper case before lower case
	(138, 'c138', 'Zed', '3555', '2024-04-08 10:00:00', NULL, '2024-04-08 10:00:01', NULL, NULL),
	(139, 'c139', 'abc', '3555', '2024-04-09 10:00:00', NULL, '2024-04-09 10:00:01', NULL, NULL);
INSERT INTO call_on_queue (callid, queue_time, answer_time, hangup_time, status, queue_ref,
	agent_num) VALUES
	('c131', '2024-04-01 10:00:10', '2024-04-01 10:00:30', '2024-04-01 10:02:00', 'answered',
		'oneforone_q', '1573'),
	('c132', '2024-04-02 10:00:05', NULL, '2024-04-02 10:00:25', 'abandoned', 'support_q', NULL),
	('c134', '2024-04-04 10:00:02', '2024-04-04 10:00:05', '2024-04-04 10:00:06', 'answered',
		'ghost_queue', '9999'),
	('c135', '2024-04-05 10:00:40', '2024-04-05 10:00:50', '2024-04-05 10:01:00', 'answered',
		'nonum_q', '2000'),
	('c135', '2024-04-05 10:00:10', NULL, '2024-04-05 10:00:40', 'timeout', 'oneforone_q', NULL);
INSERT INTO attached_data (id, id_call_data, key, value) VALUES
	(131, 136, 'vip', 'gold'), (132, 137, 'vip', 'silver'), (133, 137, 'tier', 'gold'),
	-- only the latest of a key is seen
	(134, 136, 'tier', 'lead'), (135, 136, 'tier', 'tin');

-- Channel events, with gaps between the ids.
INSERT INTO cel (id, eventtype, eventtime, userdeftype, cid_name, cid_num, cid_ani, cid_rdnis,
	cid_dnid, exten, context, channame, appname, appdata, amaflags, accountcode, peeraccount,
	uniqueid, linkedid, userfield, peer, call_log_id, extra) VALUES
	(10, 'CHAN_START', '2024-05-01 10:00:00', 'udt', 'Alice', '1001', 'ani', 'rdnis', 'dnid', 's',
		'default', 'SIP/az9kf7-00000001', 'Dial', 'SIP/bz1,30', 3, 'acc', 'pacc',
		'1714557600.1', '1714557600.1', 'uf', 'SIP/bz1-00000002', 77, '{"a":1}'),
	(11, 'HANGUP', '2024-05-01 10:00:01.5', '', E'"Zo\u00eb" \\ \t\n\x01', '', '', '', '', '', '',
		'', '', '', -1, '', '', '', '', '', '', NULL, NULL),
	(15, 'LINKEDID_END', '1999-12-31 23:59:59.999999', '', '', '', '', '', '', '', '', '', '',
		'', 0, '', '', '', '', '', '', 0, ''),
	(2147483647, 'LAST', '2024-05-02', '', '', '', '', '', '', '', '', '', '', '', 2147483647, '',
		'', '', '', '', '', -5, 'x');

SELECT setval('call_data_id_seq', 1000), setval('attached_data_id_seq', 1000),
	setval('call_on_queue_id_seq', 1000), setval('call_element_id_seq', 1000),
	setval('cel_id_seq', 1000), setval('userfeatures_id_seq', 1000),
	setval('linefeatures_id_seq', 1000);
