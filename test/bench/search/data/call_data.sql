-- Calls. The table is emptied and filled in one transaction, so that nothing of it goes through the
-- write-ahead log; the other big tables too.
BEGIN;
TRUNCATE call_data;
INSERT INTO call_data (id, uniqueid, dst_num, start_time, answer_time, end_time, status,
	ring_duration_on_answer, transfered, call_direction, src_num, transfer_direction, src_agent, dst_agent,
	src_interface)
SELECT n, uniqueid,
	CASE
		WHEN direction = 'outgoing' THEN bench.customer_number(customer)
		WHEN queue IS NOT NULL THEN bench.queue_number(queue)
		ELSE bench.extension(CASE WHEN u_side < 0.5 THEN desk ELSE office END)
	END,
	start_time,
	CASE WHEN is_answered THEN picked_up END,
	end_time,
	CASE WHEN is_answered THEN 'answered' END,
	CASE WHEN is_answered THEN ring_s END,
	is_transferred, direction,
	CASE
		WHEN direction = 'incoming' AND u_side > 0.99 THEN NULL
		WHEN direction = 'incoming' AND u_side > 0.985 THEN 'anonymous'
		WHEN direction = 'incoming' THEN bench.customer_number(customer)
		WHEN direction = 'outgoing' AND u_side < 0.7 THEN bench.extension(desk)
		WHEN direction = 'outgoing' THEN bench.extension(office)
		ELSE bench.extension((CASE WHEN u_side < 0.5 THEN office ELSE desk END + 3) % 250)
	END,
	CASE WHEN is_transferred THEN 'internal'::call_direction_type END,
	CASE WHEN direction = 'outgoing' AND u_side < 0.7 THEN bench.agent_number(agent) END,
	CASE WHEN is_answered AND (queue IS NOT NULL OR direction <> 'outgoing' AND u_side < 0.5)
		THEN bench.agent_number(agent) END,
	CASE
		WHEN direction = 'incoming' THEN NULL
		WHEN direction = 'outgoing' AND u_side < 0.7 THEN bench.interface(desk)
		WHEN direction = 'outgoing' THEN bench.interface(office)
		ELSE bench.interface((CASE WHEN u_side < 0.5 THEN office ELSE desk END + 3) % 250)
	END
FROM bench.call;
COMMIT;
