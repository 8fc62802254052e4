-- GET /recording/last_agent: the agent of the latest answer to a call from a number.
-- $1 text: the caller's number.  $2 integer: days before today's midnight.
-- Columns: agent.
-- Index: call_data (src_num, start_time), call_on_queue (callid).
WITH call AS (
	SELECT id, uniqueid, start_time, answer_time, dst_agent
	FROM call_data
	WHERE src_num = $1::text AND start_time >= current_date - $2::integer
)
SELECT answer.agent
FROM (
	SELECT call.answer_time AS time, call.dst_agent AS agent, call.start_time, call.id AS call_id,
		1 AS rank
	FROM call
	WHERE call.answer_time IS NOT NULL AND call.dst_agent <> ''
	UNION ALL
	SELECT passage.answer_time, passage.agent_num, call.start_time, call.id, 0
	FROM call
	JOIN call_on_queue AS passage ON passage.callid = call.uniqueid
	WHERE passage.answer_time IS NOT NULL AND passage.agent_num <> ''
) AS answer
ORDER BY answer.time DESC, answer.start_time DESC, answer.call_id DESC, answer.rank DESC
LIMIT 1
