-- POST /recording/records/search: recorded and answered calls, newest first.
-- The statement is base, then one fragment for each condition of the request, then page, then
-- record.sql. Parameters are numbered within each part; they are renumbered when parts are joined.

-- part: base
-- Index: call_data (start_time DESC, id DESC), attached_data (id_call_data).
WITH matching_call AS (
	SELECT call.id
	FROM call_data AS call
	WHERE call.answer_time IS NOT NULL
		AND EXISTS (
			SELECT 1
			FROM attached_data AS recording
			WHERE recording.id_call_data = call.id AND recording.key = 'recording'
		)

-- part: agent
-- $1 text[]: agent numbers.
		AND (
			call.src_agent = ANY ($1::text[])
			OR call.dst_agent = ANY ($1::text[])
			OR EXISTS (
				SELECT 1
				FROM call_on_queue AS passage
				WHERE passage.callid = call.uniqueid AND passage.agent_num = ANY ($1::text[])
			)
		)

-- part: queue
-- $1 text[]: queue references.
		AND EXISTS (
			SELECT 1
			FROM call_on_queue AS passage
			WHERE passage.callid = call.uniqueid AND passage.queue_ref = ANY ($1::text[])
		)

-- part: queue_status
-- $1 text: exit status of a passage.
		AND EXISTS (
			SELECT 1
			FROM call_on_queue AS passage
			WHERE passage.callid = call.uniqueid AND passage.status::text = $1::text
		)

-- part: queue_and_status
-- $1 text[]: queue references.  $2 text: exit status of the same passage.
		AND EXISTS (
			SELECT 1
			FROM call_on_queue AS passage
			WHERE passage.callid = call.uniqueid
				AND passage.queue_ref = ANY ($1::text[])
				AND passage.status::text = $2::text
		)

-- part: start
-- $1 timestamp: calls that start or end at or after it.
		AND (call.start_time >= $1::timestamp OR call.end_time >= $1::timestamp)

-- part: end
-- $1 timestamp: calls that start before it.
		AND call.start_time < $1::timestamp

-- part: callee
-- $1 text: the number.
		AND call.dst_num = $1::text

-- part: callee_pattern
-- $1 text: a LIKE pattern, escaped with backslashes.
		AND call.dst_num LIKE $1::text

-- part: caller
-- $1 text: the number.
		AND call.src_num = $1::text

-- part: caller_pattern
-- $1 text: a LIKE pattern, escaped with backslashes.
		AND call.src_num LIKE $1::text

-- part: direction
-- $1 text: incoming or outgoing.
		AND call.call_direction::text = $1::text

-- part: key
-- $1 text: the call has this key.
		AND EXISTS (
			SELECT 1
			FROM attached_data AS pair
			WHERE pair.id_call_data = call.id AND pair.key = $1::text
		)

-- part: key_and_value
-- $1 text: key.  $2 text: the value that the call shows for it, its latest.
		AND EXISTS (
			SELECT 1
			FROM attached_data AS pair
			WHERE pair.id_call_data = call.id
				AND pair.key = $1::text
				AND pair.value = $2::text
				AND NOT EXISTS (
					SELECT 1
					FROM attached_data AS later
					WHERE later.id_call_data = pair.id_call_data
						AND later.key = pair.key
						AND later.id > pair.id
				)
		)

-- part: page
-- $1 bigint: one more than the page size, to see whether there is a next page.
-- $2 bigint: how many calls to pass over.
	ORDER BY call.start_time DESC, call.id DESC
	LIMIT $1::bigint OFFSET $2::bigint
)
