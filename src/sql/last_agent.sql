-- GET /recording/last_agent: the agent of the latest answer to a call from a number.
-- $1 text: the caller's number.  $2 integer: days before today's midnight.
-- Columns: agent.
-- The latest answer of a call is found by its index; of passages, only later ones matter then, and
-- those belong to calls that began at most a day before, or last longer than that, or have no end.
-- Index: call_data (src_num, answer_time DESC) where dst_agent <> '', (src_num, start_time DESC, id DESC), call_on_queue
-- (callid).
WITH by_call AS MATERIALIZED (
	SELECT call.answer_time AS time, call.dst_agent AS agent, call.start_time, call.id AS call_id,
		1 AS rank
	FROM call_data AS call
	WHERE call.src_num = $1::text
		AND call.start_time >= current_date - $2::integer
		AND call.answer_time IS NOT NULL
		AND call.dst_agent <> ''
	ORDER BY call.answer_time DESC, call.start_time DESC, call.id DESC
	LIMIT 1
), possible AS MATERIALIZED (
	SELECT call.id, call.uniqueid, call.start_time
	FROM call_data AS call
	WHERE call.src_num = $1::text
		AND call.start_time >= greatest(
			current_date - $2::integer,
			(SELECT by_call.time FROM by_call) - interval '1 day'
		)
	UNION
	SELECT call.id, call.uniqueid, call.start_time
	FROM call_data AS call
	-- Not "=", which would let the planner walk all calls from this number.
	WHERE call.src_num IS NOT DISTINCT FROM $1::text
		AND call.start_time >= current_date - $2::integer
		AND (call.end_time - call.start_time <= interval '1 day') IS NOT TRUE
)
SELECT answer.agent
FROM (
	SELECT by_call.time, by_call.agent, by_call.start_time, by_call.call_id, by_call.rank
	FROM by_call
	UNION ALL
	SELECT passage.answer_time, passage.agent_num, possible.start_time, possible.id, 0
	FROM possible
	CROSS JOIN LATERAL (
		SELECT passage.answer_time, passage.agent_num
		FROM call_on_queue AS passage
		WHERE passage.callid = possible.uniqueid
			AND passage.answer_time IS NOT NULL
			AND passage.agent_num <> ''
		OFFSET 0
	) AS passage
) AS answer
ORDER BY answer.time DESC, answer.start_time DESC, answer.call_id DESC, answer.rank DESC
LIMIT 1
