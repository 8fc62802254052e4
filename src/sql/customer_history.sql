-- POST /recording/history/customer: calls that pass every filter: how many, and the newest of them.
-- Two statements: total_calls, one fragment for each filter, total_end; and, when there are some,
-- walked_calls, the same fragments, walked_end, or found_calls, the same, found_end; then entries.
-- Walked is newest first, until there are enough, which is right when many calls pass, or those of
-- one number are looked at; found has all that pass and sorts them, which is right for few.
-- Parameters are numbered within each part; they are renumbered when parts are joined.
-- Text is compared in the C collation, byte by byte, whatever the database's own.

-- part: total_calls
-- Columns: total.
-- Index: call_data (src_num, …): read alone, without the table, where it is vacuumed.
SELECT count(*) AS total
FROM call_data AS call
WHERE true

-- part: walked_calls
-- Index: call_data (src_num, start_time DESC, id DESC) or (start_time DESC, id DESC).
WITH matching_call AS MATERIALIZED (
	SELECT newest.id
	FROM (
		SELECT call.id
		FROM call_data AS call
		WHERE true

-- part: walked_end
-- $1 bigint: how many calls at most.
		ORDER BY call.start_time DESC, call.id DESC
		LIMIT $1::bigint
	) AS newest
	-- The planner does not know $1, and a tenth of all calls would ask for other joins.
	LIMIT /*most*/
)

-- part: found_calls
WITH matching_call AS MATERIALIZED (
	SELECT newest.id
	FROM (
		SELECT found.id
		FROM (
			SELECT call.id, call.start_time
			FROM call_data AS call
			WHERE true

-- part: found_end
-- $1 bigint: how many calls at most.
			OFFSET 0
		) AS found
		ORDER BY found.start_time DESC, found.id DESC
		LIMIT $1::bigint
	) AS newest
	LIMIT /*most*/
)

-- part: src_num_equals
-- $1 text
-- Index: call_data (src_num, start_time).
		AND call.src_num = $1::text

-- part: src_num_below
		AND call.src_num COLLATE "C" < $1::text

-- part: src_num_above
		AND call.src_num COLLATE "C" > $1::text

-- part: pair
-- Opens a condition on one of the pairs that the call shows, the latest of each key. One or two of
-- the fragments below follow, then pair_end.
		AND EXISTS (
			SELECT 1
			FROM attached_data AS pair
			WHERE pair.id_call_data = call.id
				AND NOT EXISTS (
					SELECT 1
					FROM attached_data AS later
					WHERE later.id_call_data = pair.id_call_data
						AND later.key = pair.key
						AND later.id > pair.id
				)

-- part: key_equals
				AND pair.key = $1::text

-- part: key_below
				AND pair.key COLLATE "C" < $1::text

-- part: key_above
				AND pair.key COLLATE "C" > $1::text

-- part: value_equals
				AND pair.value = $1::text

-- part: value_below
				AND pair.value COLLATE "C" < $1::text

-- part: value_above
				AND pair.value COLLATE "C" > $1::text

-- part: pair_end
		)

-- part: pair_walked_end
-- Looked at for each call on the way, and not joined.
			OFFSET 0
		)

-- part: entries
-- Columns: start, duration, wait_time (whole seconds or NULL), agent_name, agent_num, queue_name,
--   queue_num, status, of the call's last passage; what is not known is NULL.
SELECT to_char(call.start_time, 'YYYY-MM-DD HH24:MI:SS') AS start,
	floor(extract(epoch FROM call.end_time - call.answer_time))::bigint AS duration,
	floor(extract(epoch FROM coalesce(passage.answer_time, passage.hangup_time)
		- passage.queue_time))::bigint AS wait_time,
	nullif(btrim(btrim(agent.firstname) || ' ' || btrim(agent.lastname)), '') AS agent_name,
	nullif(passage.agent_num, '') AS agent_num,
	coalesce(nullif(btrim(queue.displayname), ''), nullif(passage.queue_ref, '')) AS queue_name,
	nullif(queue.number, '') AS queue_num,
	passage.status::text AS status
FROM matching_call
JOIN call_data AS call ON call.id = matching_call.id
LEFT JOIN LATERAL (
	SELECT last.queue_time, last.answer_time, last.hangup_time, last.queue_ref, last.agent_num,
		last.status
	FROM call_on_queue AS last
	WHERE last.callid = call.uniqueid
	ORDER BY last.queue_time DESC, last.id DESC
	LIMIT 1
) AS passage ON true
LEFT JOIN agentfeatures AS agent ON agent.number = passage.agent_num
LEFT JOIN queuefeatures AS queue ON queue.name = passage.queue_ref
ORDER BY call.start_time DESC, call.id DESC
