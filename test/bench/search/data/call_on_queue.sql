-- Passages through queues: one, sometimes two or three of an incoming call; of answered calls that
-- were transferred a last one: outgoing calls get an agent there, incoming ones hang up waiting.
BEGIN;
TRUNCATE call_on_queue;
INSERT INTO call_on_queue (id, callid, queue_time, total_ring_seconds, answer_time, hangup_time, status,
	queue_ref, agent_num)
SELECT n * 4 + hop - 1, uniqueid, queue_time, ring,
	CASE WHEN status = 'answered' THEN answered END,
	CASE
		WHEN hop < hops THEN start_time + hop * interval '45 seconds'
		WHEN hop = hops AND is_answered AND is_transferred THEN left_at
		ELSE end_time
	END,
	status, bench.queue_name(passed), CASE WHEN status = 'answered' THEN bench.agent_number(agent) END
FROM (
	SELECT call.*,
		CASE WHEN hop = 1 THEN queue ELSE floor(40 * power(u_hop, 1.5))::integer END AS passed,
		CASE
			WHEN hop = 4 THEN left_at
			-- At the call's start, or after some seconds of announcements.
			WHEN hop = 1 THEN start_time + CASE WHEN u_hop < 0.1 THEN 0 ELSE floor(8 * u_hop) END * interval '1 second'
			ELSE start_time + (hop - 1) * interval '45 seconds'
		END AS queue_time,
		CASE WHEN hop = 4 THEN left_at + interval '12 seconds' ELSE picked_up END AS answered,
		floor(ring_s * u_hop)::integer AS ring,
		CASE
			WHEN hop = 4 AND direction = 'outgoing' THEN
				('{answered,timeout,abandoned}'::call_exit_type[])[1 + width_bucket(u_exit, ARRAY[0.9, 0.98])]
			WHEN hop = 4 THEN 'abandoned'
			WHEN hop < hops THEN
				('{timeout,divert_waittime,leaveempty,divert_ca_ratio,full,exit_with_key}'::call_exit_type[])
					[1 + width_bucket(u_exit, ARRAY[0.45, 0.65, 0.8, 0.9, 0.95])]
			WHEN is_ongoing AND NOT is_answered THEN NULL
			WHEN is_answered THEN 'answered'
			ELSE ('{abandoned,timeout,closed,leaveempty,joinempty,full,divert_ca_ratio,divert_waittime,exit_with_key}'
					::call_exit_type[])
				[1 + width_bucket(u_exit, ARRAY[0.7, 0.82, 0.87, 0.9, 0.93, 0.95, 0.97, 0.99])]
		END AS status
	FROM (
		SELECT call.*, hop, bench.chance(n * 8 + hop, 41) AS u_hop, bench.chance(n * 8 + hop, 42) AS u_exit
		FROM (
			SELECT *, picked_up + talk_s * 0.6 * interval '1 second' AS left_at
			FROM bench.call
			WHERE queue IS NOT NULL OR is_transferred
			OFFSET 0
		) AS call
		CROSS JOIN LATERAL (
			SELECT hop FROM generate_series(1, hops) AS hop
			UNION ALL
			SELECT 4 WHERE is_transferred
		) AS hop
		OFFSET 0
	) AS call
	OFFSET 0
) AS passage;
COMMIT;
