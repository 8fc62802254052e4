-- POST /recording/history/customer: calls that pass every filter: how many, and the newest of them.
-- Two statements, filled by src/calls/customer.c: total_of_calls or total_of_pairs; and, when there are
-- some, walked_calls, walked_pairs, found_calls or found_pairs, each with entries behind it.
--
-- "Of calls" looks at calls, of one number or all, and asks each for what else is wanted. "Of pairs"
-- looks at the pairs that one condition is about, which /*keys*/, /*value*/ and /*shown*/ stand for, and
-- asks their calls for the rest, /*filters*/. Walked is newest first, until there are enough, which is
-- right when many calls pass; found has all that pass and sorts them, which is right for few.
-- Of a repeated key only the call's latest pair counts, the one that it shows.
--
--   $1 text: the key of the pairs     $2 text: their value     $3 bigint: how many calls at most
-- Parameters of the filters have their numbers behind these; each fragment begins with $1 of its own.
-- Text is compared in the C collation, byte by byte, whatever the database's own.

-- part: total_of_calls
-- Columns: total.
-- Index: call_data (src_num, …): read alone, without the table, where it is vacuumed.
-- "Asked" names the types of all parameters, as PostgreSQL wants for those that are not used.
WITH asked AS (SELECT $1::text, $2::text, $3::bigint)
SELECT count(*) AS total
FROM call_data AS call
WHERE true
	/*filters*/

-- part: total_of_pairs
-- Columns: total.
WITH asked AS (SELECT $1::text, $2::text, $3::bigint)
SELECT count(*) AS total
FROM (
	SELECT /*distinct*/ shown.call_id
	FROM (
		/*shown*/
	) AS shown
) AS listed
/*beside*/

-- part: beside
CROSS JOIN LATERAL (
	SELECT
	FROM call_data AS call
	WHERE call.id = listed.call_id
		/*filters*/
	OFFSET 0
) AS call

-- part: walked_calls
-- Index: call_data (src_num, start_time DESC, id DESC) or (start_time DESC, id DESC).
WITH asked AS (SELECT $1::text, $2::text, $3::bigint), matching_call AS MATERIALIZED (
	SELECT newest.id
	FROM (
		SELECT call.id
		FROM call_data AS call
		WHERE true
			/*filters*/
		ORDER BY call.start_time DESC, call.id DESC
		LIMIT $3
	) AS newest
	-- The planner does not know $3, and a tenth of all calls would ask for other joins.
	LIMIT /*most*/
)

-- part: found_calls
WITH asked AS (SELECT $1::text, $2::text, $3::bigint), matching_call AS MATERIALIZED (
	SELECT newest.id
	FROM (
		SELECT found.id
		FROM (
			SELECT call.id, call.start_time
			FROM call_data AS call
			WHERE true
				/*filters*/
			OFFSET 0
		) AS found
		ORDER BY found.start_time DESC, found.id DESC
		LIMIT $3
	) AS newest
	LIMIT /*most*/
)

-- part: found_pairs
WITH asked AS (SELECT $1::text, $2::text, $3::bigint), matching_call AS MATERIALIZED (
	SELECT newest.id
	FROM (
		SELECT call.id
		FROM (
			SELECT DISTINCT shown.call_id
			FROM (
				/*shown*/
			) AS shown
		) AS listed
		CROSS JOIN LATERAL (
			SELECT call.id, call.start_time
			FROM call_data AS call
			WHERE call.id = listed.call_id
				/*filters*/
			OFFSET 0
		) AS call
		ORDER BY call.start_time DESC, call.id DESC
		LIMIT $3
	) AS newest
	LIMIT /*most*/
)

-- part: walked_pairs
-- Pairs are in the order of their calls' ids: the walk stops at the last call of the depth, and goes on
-- as far as a later start may still hide, as in records_search.sql, and on the same grounds: a call
-- gets its id between its start and two hours after its end. In short lists, which are read whole,
-- nothing rests on that. /*depth*/ is $3, or a literal that is at least as much.
-- Index: attached_data (key, value, id_call_data) or (key, id_call_data, id), both without 'recording'.
-- ANY and the order by key leave the planner no other index.
WITH asked AS (SELECT $1::text, $2::text, $3::bigint), matching_call AS MATERIALIZED (
	SELECT newest.id
	FROM (
		SELECT listed.id
		FROM (
			SELECT walked.id, walked.start_time
			FROM /*keys*/
			CROSS JOIN LATERAL (
				WITH short AS MATERIALIZED (
					SELECT count(*) < 200 AS is_short
					FROM (
						SELECT
						FROM attached_data AS pair
						WHERE pair.key = ANY (ARRAY[wanted.key])
							AND pair.key <> 'recording'
							/*value*/
						ORDER BY pair.key DESC, pair.id_call_data DESC
						LIMIT 200
					) AS head
				), first AS MATERIALIZED (
					SELECT call.id, call.start_time
					FROM attached_data AS pair
					CROSS JOIN LATERAL (SELECT pair.id_call_data, pair.id) AS seen
					CROSS JOIN LATERAL (
						/*call*/
					) AS call
					WHERE pair.key = ANY (ARRAY[wanted.key])
						AND pair.key <> 'recording'
						/*value*/
					ORDER BY pair.key DESC, pair.id_call_data DESC
					LIMIT /*depth*/
				)
				SELECT first.id, first.start_time
				FROM first
				UNION ALL
				SELECT call.id, call.start_time
				FROM (
					SELECT pair.id_call_data, pair.id
					FROM attached_data AS pair
					WHERE pair.key = ANY (ARRAY[wanted.key])
						AND pair.key <> 'recording'
						/*value*/
						AND pair.id_call_data <= (SELECT min(first.id) FROM first)
						AND pair.id_call_data >= CASE
							WHEN (SELECT is_short FROM short) THEN 0
							-- Was there before the earliest start found so far.
							ELSE coalesce((
								SELECT before.id
								FROM call_data AS before
								WHERE before.start_time < (SELECT min(first.start_time) FROM first)
										- interval '3 hours'
									AND before.end_time - before.start_time <= interval '1 hour'
								ORDER BY before.start_time DESC, before.id DESC
								LIMIT 1
							), 0)
						END
					OFFSET 0
				) AS seen
				CROSS JOIN LATERAL (
					/*call*/
				) AS call
				WHERE (SELECT count(*) FROM first) = /*depth*/
			) AS walked
			/*recordings*/
		) AS listed
		GROUP BY listed.id, listed.start_time
		ORDER BY listed.start_time DESC, listed.id DESC
		LIMIT $3
	) AS newest
	LIMIT /*most*/
)

-- part: call_of_pair
-- Counted with the pair that the call shows, its latest of this key.
					SELECT call.id, call.start_time
					FROM call_data AS call
					WHERE call.id = seen.id_call_data
						/*filters*/
						AND NOT EXISTS (
							SELECT
							FROM attached_data AS later
							WHERE later.id_call_data = call.id
								AND later.key = wanted.key
								AND later.key <> 'recording'
								AND later.id > seen.id
							OFFSET 0
						)
					OFFSET 0

-- part: walked_recordings
			UNION ALL
			SELECT call.id, call.start_time
			FROM (
				/*recordings_shown*/
			) AS shown
			CROSS JOIN LATERAL (
				SELECT call.id, call.start_time
				FROM call_data AS call
				WHERE call.id = shown.call_id
					/*filters*/
				OFFSET 0
			) AS call

-- Pairs that calls show. -------------------------------------------------------------------------

-- part: shown_of_keys
		SELECT pair.id_call_data AS call_id
		FROM /*keys*/
		CROSS JOIN LATERAL (
			/*shown_of_key*/
		) AS pair

-- part: shown_of_key_equals
-- Few pairs of the value are asked one by one whether a later one took their place; when it is more than
-- a hundredth of all pairs, it takes less to read those of the key, each call's latest first.
-- Index: attached_data (key, value, …), (key, id_call_data, id DESC, value).
			WITH list AS MATERIALIZED (
				SELECT EXISTS (
					SELECT
					FROM attached_data AS pair
					WHERE pair.key = wanted.key AND pair.value = $2 AND pair.key <> 'recording'
					OFFSET (
						SELECT greatest(1000, statistics.reltuples / 100)::bigint
						FROM pg_catalog.pg_class AS statistics
						WHERE statistics.oid = 'attached_data'::regclass
					)
					LIMIT 1
				) AS is_long
			)
			SELECT pair.id_call_data
			FROM attached_data AS pair
			WHERE NOT (SELECT is_long FROM list)
				AND pair.key = wanted.key
				AND pair.key <> 'recording'
				AND pair.value = $2
				AND NOT EXISTS (
					SELECT
					FROM attached_data AS later
					WHERE later.key = wanted.key
						AND later.key <> 'recording'
						AND later.id_call_data = pair.id_call_data
						AND later.id > pair.id
				)
			UNION ALL
			SELECT pair.id_call_data
			FROM (
				SELECT DISTINCT ON (pair.id_call_data) pair.id_call_data, pair.value
				FROM attached_data AS pair
				WHERE (SELECT is_long FROM list)
					AND pair.key = wanted.key
					AND pair.key <> 'recording'
				ORDER BY pair.id_call_data, pair.id DESC
			) AS pair
			WHERE pair.value = $2

-- part: shown_of_key
-- Index: attached_data (key, id_call_data, id DESC, value).
			SELECT pair.id_call_data
			FROM (
				SELECT DISTINCT ON (pair.id_call_data) pair.id_call_data, pair.value
				FROM attached_data AS pair
				WHERE pair.key = wanted.key AND pair.key <> 'recording'
				ORDER BY pair.id_call_data, pair.id DESC
			) AS pair
			WHERE true
				/*value*/

-- part: shown_recordings_equals
-- Of the key that every recorded call has. Index: attached_data (value) where it is this key.
				SELECT pair.id_call_data AS call_id
				FROM attached_data AS pair
				WHERE pair.key = 'recording'
					AND pair.value = $2
					AND NOT EXISTS (
						SELECT
						FROM attached_data AS later
						WHERE later.id_call_data = pair.id_call_data
							AND later.key = 'recording'
							AND later.id > pair.id
						OFFSET 0
					)

-- part: shown_recordings
				SELECT pair.id_call_data AS call_id
				FROM (
					SELECT DISTINCT ON (pair.id_call_data) pair.id_call_data, pair.value
					FROM attached_data AS pair
					WHERE pair.key = 'recording'
					ORDER BY pair.id_call_data, pair.id DESC
				) AS pair
				WHERE true
					/*value*/

-- part: and_shown
		UNION ALL

-- Which keys. ------------------------------------------------------------------------------------

-- part: key_given
			(SELECT $1 AS key) AS wanted

-- part: keys_known
-- Every key there is, from one to the next along the index: there are few.
-- Index: attached_data (key, …) without 'recording'.
			(
				WITH RECURSIVE known AS (
					(
						SELECT pair.key
						FROM attached_data AS pair
						WHERE pair.key <> 'recording'
						ORDER BY pair.key
						LIMIT 1
					)
					UNION ALL
					SELECT following.key
					FROM known
					CROSS JOIN LATERAL (
						SELECT pair.key
						FROM attached_data AS pair
						WHERE pair.key > known.key AND pair.key <> 'recording'
						ORDER BY pair.key
						LIMIT 1
					) AS following
				)
				SELECT known.key::text AS key
				FROM known
				WHERE true
					/*key*/
			) AS wanted

-- part: known_below
					AND known.key COLLATE "C" < $1

-- part: known_above
					AND known.key COLLATE "C" > $1

-- part: pair_value_equals
						AND pair.value = $2

-- part: pair_value_below
						AND pair.value COLLATE "C" < $2

-- part: pair_value_above
						AND pair.value COLLATE "C" > $2

-- Filters. ---------------------------------------------------------------------------------------

-- part: src_num_equals
-- $1 text
-- Index: call_data (src_num, start_time).
		AND call.src_num = $1::text

-- part: src_num_is
-- The same of a call that has been found, and keeps the planner from looking for it by its number.
		AND call.src_num IS NOT DISTINCT FROM $1::text

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
