-- The second half of every statement that answers with records: what a record shows of the calls
-- that the first half put into matching_call(id).
-- Columns: id, uniqueid is not shown; one row for each attached pair, rows of a call together:
--   id, agent, queue, dst_num, duration (whole seconds, NULL while not both ends are known),
--   src_num, start, status, key, value, moment (start to the microsecond, for a cursor).
-- Order: newest start first, then highest id, then key.
-- Index: attached_data (id_call_data), call_on_queue (callid).
SELECT call.id,
	CASE
		WHEN agent.name <> '' THEN agent.name || ' (' || who.number || ')'
		ELSE coalesce(who.number, '')
	END AS agent,
	CASE
		WHEN queue.id IS NULL THEN coalesce(passage.queue_ref, '')
		WHEN btrim(queue.displayname) = '' THEN coalesce(nullif(queue.number, ''), queue.name)
		WHEN queue.number = '' THEN btrim(queue.displayname)
		ELSE btrim(queue.displayname) || ' (' || queue.number || ')'
	END AS queue,
	call.dst_num,
	floor(extract(epoch FROM call.end_time - call.answer_time))::bigint AS duration,
	call.src_num,
	to_char(call.start_time, 'YYYY-MM-DD HH24:MI:SS') AS start,
	call.status::text AS status,
	pair.key,
	pair.value,
	call.start_time::text AS moment
FROM matching_call
JOIN call_data AS call ON call.id = matching_call.id
LEFT JOIN LATERAL (
	SELECT last.queue_ref, last.agent_num
	FROM call_on_queue AS last
	WHERE last.callid = call.uniqueid
	ORDER BY last.queue_time DESC, last.id DESC
	LIMIT 1
) AS passage ON true
CROSS JOIN LATERAL (
	SELECT coalesce(nullif(call.dst_agent, ''), nullif(passage.agent_num, '')) AS number
) AS who
LEFT JOIN LATERAL (
	SELECT btrim(btrim(known.firstname) || ' ' || btrim(known.lastname)) AS name
	FROM agentfeatures AS known
	WHERE known.number = who.number
) AS agent ON true
LEFT JOIN queuefeatures AS queue ON queue.name = passage.queue_ref
LEFT JOIN LATERAL (
	SELECT DISTINCT ON (attached.key) attached.key, attached.value
	FROM attached_data AS attached
	WHERE attached.id_call_data = call.id
	ORDER BY attached.key, attached.id DESC
) AS pair ON true
ORDER BY call.start_time DESC, call.id DESC, pair.key
