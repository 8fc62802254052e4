-- POST /recording/records/search: recorded and answered calls, newest first.
--
-- The statement is joined from the parts below by src/calls/search_statement.c: open, the lists of one
-- condition, close, record.sql. The condition that few calls meet is walked, newest first, until the
-- page is full; every other one is a filter on the calls met on the way. What is walked is decided
-- there and not left to the planner, which does not know which values go together: so filters are
-- sub-selects with OFFSET 0, which it cannot turn into joins.
--
-- In a list, /*condition*/ stands for what is walked, /*bounds*/ for the times between which it is
-- walked, and /*filters*/ for the rest; /*depth*/ is $1, or a literal that is at least as much: the
-- planner would take an unknown limit for a tenth of all, and sort instead of walking. Unlike
-- elsewhere, parameters have the same number in every part, as most are needed several times:
--   $1 bigint: how many calls a list must yield: those passed over, the page, and one more
--   $2 bigint: one more than the page size, to see whether there is a next page
--   $3 bigint: how many calls to pass over
--   $4 text[]: agent numbers          $5 text[]: queue references
--   $6 text: status of a passage      $7 timestamp: start      $8 timestamp: end
--   $9 text: callee, or a pattern     $10 text: caller, or a pattern
--   $11 text: direction               $12 text: key            $13 text: value
--   $14 timestamp, $15 integer: start and id of the call after which the page begins
--   $16: a status that is walked, or an array of one direction, in the column's own type, which may
--   be an enum
--
-- Lists of passages and pairs are not in the order of the calls' starts. There the walk stops at the
-- last call of the depth, and goes on as far as a later start may still hide, which rests on this: a
-- passage begins between an hour before its call and an hour after its end (clocks differ), and at most a
-- day after its start unless the call lasts longer than a day or has no end; a call gets its id between
-- its start and two hours after its end. In short lists, which are read whole, nothing rests on it.

-- part: open
-- The first names the types of all parameters, as PostgreSQL wants for those that are not used.
WITH asked AS (
	SELECT $1::bigint, $2::bigint, $3::bigint, $4::text[], $5::text[], $6::text, $7::timestamp,
		$8::timestamp, $9::text, $10::text, $11::text, $12::text, $13::text, $14::timestamp,
		$15::integer
)

-- part: pair_times
-- Between which starts the calls with a key, or a key and value, lie: a campaign lasts some weeks, and
-- a key may be one of old times. What is walked instead of them, because it is shorter, begins and
-- ends there. Their ids tell which were written first and last. Those of more than an hour may have
-- begun before the first, and passages of those of more than a day, or without an end, come whenever
-- they come, and may be those of a call that has their uniqueid, too. Where there are many of those,
-- nothing is bounded, nor is it beside few pairs, which need no help and rest on nothing.
, pair_end AS MATERIALIZED (
	SELECT (
			SELECT pair.id_call_data
			FROM attached_data AS pair
			WHERE pair.key = ANY (ARRAY[$12])
				/*condition*/
			ORDER BY pair.key, pair.id_call_data
			LIMIT 1
		) AS first_id,
		(
			SELECT pair.id_call_data
			FROM attached_data AS pair
			WHERE pair.key = ANY (ARRAY[$12])
				/*condition*/
			ORDER BY pair.key DESC, pair.id_call_data DESC
			LIMIT 1
		) AS last_id
), pair_endless AS MATERIALIZED (
	SELECT endless.id, endless.uniqueid, endless.start_time
	FROM call_data AS endless
	WHERE (endless.end_time - endless.start_time <= interval '1 day') IS NOT TRUE
	ORDER BY endless.start_time DESC, endless.id DESC
	LIMIT 1000
), pair_span AS MATERIALIZED (
	SELECT pair_end.first_id, pair_end.last_id,
		coalesce(first_call.start_time, '-infinity') - interval '3 hours' AS since,
		coalesce(last_call.end_time, 'infinity') + interval '2 hours' AS until,
		(
			SELECT count(*) < 200
			FROM (
				SELECT
				FROM attached_data AS pair
				WHERE pair.key = ANY (ARRAY[$12])
					/*condition*/
				ORDER BY pair.key DESC, pair.id_call_data DESC
				LIMIT 200
			) AS head
		) OR (SELECT count(*) = 1000 FROM pair_endless) AS is_unbounded
	FROM pair_end
	LEFT JOIN call_data AS first_call ON first_call.id = pair_end.first_id
	LEFT JOIN call_data AS last_call ON last_call.id = pair_end.last_id
), pair_times AS MATERIALIZED (
	SELECT CASE WHEN pair_span.is_unbounded THEN 'infinity' ELSE pair_span.until END AS until,
		CASE
			WHEN pair_span.is_unbounded THEN '-infinity'
			ELSE least(
				pair_span.since,
				(
					SELECT min(long.start_time)
					FROM (
						SELECT *
						FROM call_data AS long
						WHERE long.end_time - long.start_time > interval '1 hour'
							AND long.start_time < pair_span.since
							AND long.start_time >= pair_span.since - interval '1 day'
						OFFSET 0
					) AS long
					WHERE long.id >= pair_span.first_id
				),
				(
					SELECT min(endless.start_time)
					FROM pair_endless AS endless
					WHERE endless.id >= pair_span.first_id
				)
			)
		END AS since,
		CASE
			WHEN pair_span.is_unbounded THEN 'infinity'
			ELSE greatest(
				pair_span.until + interval '26 hours',
				(
					SELECT max(last_passage.queue_time)
					FROM pair_endless AS endless
					CROSS JOIN LATERAL (
						SELECT passage.queue_time
						FROM call_on_queue AS passage
						WHERE passage.callid = endless.uniqueid
						ORDER BY passage.queue_time DESC
						LIMIT 1
					) AS last_passage
					WHERE endless.start_time <= pair_span.until + interval '1 hour'
				)
			)
		END AS passages_until
	FROM pair_span
	WHERE pair_span.first_id IS NOT NULL
)

-- part: newest
, newest AS MATERIALIZED (
	SELECT DISTINCT listed.id, listed.start_time
	FROM (

-- part: next_list
		UNION ALL

-- part: close
	) AS listed
)

-- part: and_long_calls
-- What ends after $7 and lasts longer than an hour is not in the lists that begin an hour before. Some
-- are, in lists of passages, and do not tell that all of them are.
	) AS listed
), long_call AS (
	SELECT call.id, call.start_time
	FROM call_data AS call
	WHERE (
			SELECT count(*)
			FROM newest
			WHERE newest.start_time >= $7 - interval '1 hour'
		) < /*depth*/
		AND call.answer_time IS NOT NULL
		AND call.end_time - call.start_time > interval '1 hour'
		AND call.end_time >= $7
		AND call.start_time < $7 - interval '1 hour'
		/*filters*/
	ORDER BY call.start_time DESC, call.id DESC
	LIMIT /*depth*/
)

-- part: page
, matching_call AS (
	SELECT found.id
	FROM (
		SELECT one_page.id, one_page.start_time
		FROM (
			SELECT newest.id, newest.start_time FROM newest
			/*long_calls*/
		) AS one_page
		ORDER BY one_page.start_time DESC, one_page.id DESC
		LIMIT $2 OFFSET $3
	) AS found
	-- The planner does not know the page size, and a tenth of all calls would ask for other joins.
	LIMIT /*most*/
)

-- part: long_calls
			UNION
			SELECT long_call.id, long_call.start_time FROM long_call

-- Lists. ---------------------------------------------------------------------------------------

-- part: calls
-- Index: call_data, the condition's column first, then (start_time DESC, id DESC).
		(
			SELECT call.id, call.start_time
			FROM call_data AS call
			WHERE call.answer_time IS NOT NULL
				/*condition*/
				/*bounds*/
				/*filters*/
			ORDER BY /*order*/ call.start_time DESC, call.id DESC
			LIMIT /*depth*/
		)

-- part: order_direction
-- With ANY, it leaves the planner no other index: that of all starts would be read from end to end for
-- a direction that no call has.
			call.call_direction DESC,

-- part: no_calls
				SELECT 0, '{}'::integer[], '{}'::timestamp[]

-- part: calls_of_values
-- The best calls of a list for each of the wanted values, one value after the other: what is found
-- already says since when the next one can bring anything. So a value that hardly any call meets
-- with the rest is not read to its end as long as others fill the page; the same holds for one list
-- behind another, as each begins with the best calls of those before it.
				SELECT 0, best.ids, best.starts
				FROM (
					WITH RECURSIVE best (number, ids, starts) AS (
						/*before*/
						UNION ALL
						SELECT best.number + 1, better.ids, better.starts
						FROM best
						CROSS JOIN LATERAL (
							SELECT (/*wanted*/)[best.number + 1] AS value,
								coalesce(
									best.starts[least(/*depth*/, 2147483647)::integer],
									'-infinity'
								) AS since
						) AS wanted
						CROSS JOIN LATERAL (
							SELECT array_agg(call.id ORDER BY call.start_time DESC, call.id DESC) AS ids,
								array_agg(call.start_time ORDER BY call.start_time DESC, call.id DESC) AS starts
							FROM (
								SELECT found.id, found.start_time
								FROM unnest(best.ids, best.starts) AS found (id, start_time)
								UNION
								SELECT call.id, call.start_time
								FROM (
									/*list*/
								) AS call
								ORDER BY 2 DESC, 1 DESC
								LIMIT /*depth*/
							) AS call
						) AS better
						WHERE best.number < cardinality(/*wanted*/)
					)
					SELECT best.ids, best.starts
					FROM best
					ORDER BY best.number DESC
					LIMIT 1
				) AS best

-- part: best_calls
		SELECT call.id, call.start_time
		FROM (
				/*before*/
		) AS best (number, ids, starts)
		CROSS JOIN LATERAL unnest(best.ids, best.starts) AS call (id, start_time)

-- part: calls_of_agent
-- Index: call_data (src_agent, …) or (dst_agent, …).
			SELECT call.id, call.start_time
			FROM call_data AS call
			WHERE call.answer_time IS NOT NULL
				AND call.start_time >= wanted.since
				/*condition*/
				/*bounds*/
				/*filters*/
			ORDER BY call.start_time DESC, call.id DESC
			LIMIT /*depth*/

-- part: recent_calls
-- Of the newest calls, /*newest*/ of them, those that match.
			WITH recent AS MATERIALIZED (
				SELECT call.id, call.start_time
				FROM (
					SELECT *
					FROM call_data AS call
					WHERE call.answer_time IS NOT NULL
						/*bounds*/
					ORDER BY call.start_time DESC, call.id DESC
					LIMIT /*newest*/
				) AS call
				WHERE true
					/*condition*/
					/*filters*/
				LIMIT /*depth*/
			)

-- part: calls_by_pattern
-- What is frequent is among the newest calls. What fills more than a tenth of the page there, /*least*/, is
-- looked for among ten times as many; so is, in any case, what no index leads to few numbers for. What is
-- rarer is found in no order: by the begin of the number, where the pattern has one that few calls share,
-- else by trigrams.
-- Index: call_data (start_time DESC, id DESC), call_data (src_num or dst_num text_pattern_ops, start_time
-- DESC, id DESC), call_data (src_num or dst_num gin_trgm_ops).
		SELECT call.id, call.start_time
		FROM (
			/*recent*/, behind AS MATERIALIZED (
				-- There may be more calls than the newest: answered or not, which the index alone tells.
				SELECT call.id, call.start_time
				FROM call_data AS call
				WHERE true
					/*bounds*/
				ORDER BY call.start_time DESC, call.id DESC
				OFFSET 2000 LIMIT 1
			), further AS MATERIALIZED (
				SELECT call.id, call.start_time
				FROM (
					SELECT *
					FROM call_data AS call
					WHERE call.answer_time IS NOT NULL
						AND (call.start_time, call.id) <= (SELECT behind.start_time, behind.id FROM behind)
						/*bounds*/
					ORDER BY call.start_time DESC, call.id DESC
					LIMIT 20000
				) AS call
				WHERE (SELECT count(*) BETWEEN /*least*/ AND /*depth*/ - 1 FROM recent)
					/*condition*/
					/*filters*/
				LIMIT /*depth*/
			)
			SELECT recent.id, recent.start_time
			FROM recent
			UNION ALL
			SELECT further.id, further.start_time
			FROM further
			UNION ALL
			(
				SELECT call.id, call.start_time
				FROM (
					SELECT numbered.id
					FROM (
						SELECT call.id, call.start_time
						FROM call_data AS call
						WHERE true
							/*prefix*/
							/*condition*/
						OFFSET 0
					) AS numbered
					WHERE (SELECT count(*) FROM recent) < /*depth*/
						AND (SELECT count(*) FROM further) < /*depth*/
						AND EXISTS (SELECT FROM behind)
					ORDER BY numbered.start_time DESC, numbered.id DESC
					OFFSET 0
				) AS numbered
				CROSS JOIN LATERAL (
					SELECT call.id, call.start_time
					FROM call_data AS call
					WHERE call.id = numbered.id
						AND call.answer_time IS NOT NULL
						/*bounds*/
						/*filters*/
					OFFSET 0
				) AS call
				LIMIT /*depth*/
			)
		) AS call

-- part: newest_before_lists
-- What many calls meet is among the newest, which are all that is looked at when they fill the page.
		SELECT call.id, call.start_time
		FROM (
			/*recent*/
			SELECT recent.id, recent.start_time
			FROM recent
			UNION ALL
			SELECT listed.id, listed.start_time
			FROM (
				/*lists*/
			) AS listed
			WHERE (SELECT count(*) FROM recent) < /*depth*/
		) AS call

-- part: passages
-- Index: call_on_queue, the condition's column first, then (queue_time DESC); call_data (uniqueid).
			WITH short AS MATERIALIZED (
				SELECT count(*) < 200 AS is_short
				FROM (
					SELECT
					FROM call_on_queue AS passage
					WHERE true
						/*condition*/
					ORDER BY passage.queue_time DESC
					LIMIT 200
				) AS head
			), first AS MATERIALIZED (
				SELECT call.id, call.start_time, seen.queue_time
				FROM call_on_queue AS passage
				CROSS JOIN LATERAL (
					SELECT passage.callid, passage.queue_time, passage.id
				) AS seen
				CROSS JOIN LATERAL (
					/*call*/
				) AS call
				WHERE passage.queue_time >= CASE
						WHEN (SELECT is_short FROM short) THEN '-infinity'
						ELSE wanted.since - interval '1 hour'
					END
					/*condition*/
					/*bounds*/
					/*passage_filters*/
				ORDER BY passage.queue_time DESC
				LIMIT /*depth*/
			)
			SELECT first.id, first.start_time
			FROM first
			UNION ALL
			SELECT call.id, call.start_time
			FROM (
				SELECT passage.callid, passage.queue_time, passage.id
				FROM call_on_queue AS passage
				WHERE passage.queue_time <= (SELECT min(first.queue_time) FROM first)
					AND passage.queue_time >= CASE
						WHEN (SELECT is_short FROM short) THEN '-infinity'
						ELSE (SELECT min(first.start_time) FROM first) - interval '1 hour'
					END
					/*condition*/
					/*bounds*/
					/*passage_filters*/
				OFFSET 0
			) AS seen
			CROSS JOIN LATERAL (
				/*call*/
			) AS call
			WHERE (SELECT count(*) FROM first) = /*depth*/

-- part: call_of_passage
-- Counted with the last of its passages in the list, so that no call comes twice: within the bounds,
-- as a uniqueid that is used again days later has passages beyond them.
					SELECT call.id, call.start_time
					FROM call_data AS call
					WHERE call.uniqueid = seen.callid
						AND call.answer_time IS NOT NULL
						AND CASE
							WHEN true
								/*other_lists*/
								/*filters*/
							THEN NOT EXISTS (
								SELECT
								FROM call_on_queue AS passage
								WHERE passage.callid = call.uniqueid
									/*condition*/
									/*bounds*/
									AND (passage.queue_time, passage.id) > (seen.queue_time, seen.id)
								OFFSET 0
							)
							ELSE false
						END
					OFFSET 0

-- part: pairs
-- Index: attached_data (key, value, id_call_data) or (key, id_call_data), both without key 'recording'.
-- ANY and the order by key leave the planner no other index, as that of a call's pairs would be read
-- from end to end for a key that few calls have.
		SELECT call.id, call.start_time
		FROM (
			WITH short AS MATERIALIZED (
				SELECT count(*) < 200 AS is_short
				FROM (
					SELECT
					FROM attached_data AS pair
					WHERE pair.key = ANY (ARRAY[$12])
						/*condition*/
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
				WHERE pair.key = ANY (ARRAY[$12])
					/*condition*/
					/*bounds*/
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
				WHERE pair.key = ANY (ARRAY[$12])
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
					/*condition*/
					/*bounds*/
				OFFSET 0
			) AS seen
			CROSS JOIN LATERAL (
				/*call*/
			) AS call
			WHERE (SELECT count(*) FROM first) = /*depth*/
		) AS call

-- part: call_of_pair
-- Counted with the pair that the call shows, its latest of this key.
					SELECT call.id, call.start_time
					FROM call_data AS call
					WHERE call.id = seen.id_call_data
						AND call.answer_time IS NOT NULL
						AND CASE
							WHEN true
								/*filters*/
							THEN NOT EXISTS (
								SELECT
								FROM attached_data AS pair
								WHERE pair.id_call_data = call.id
									AND pair.key = $12
									AND pair.id > seen.id
								OFFSET 0
							)
							ELSE false
						END
					OFFSET 0

-- part: long_calls_around
-- Calls longer than an hour may lie beyond the bounds of lists of passages and pairs, and with them
-- those that share their uniqueid: by up to a day those up to a day, anywhere those beyond, or without
-- an end. There are few.
-- Index: call_data (start_time DESC, id DESC) of each of the two alone; call_data (uniqueid).
		(
			SELECT call.id, call.start_time
			FROM (
				SELECT long.uniqueid
				FROM call_data AS long
				WHERE long.end_time - long.start_time > interval '1 hour'
					AND long.start_time >= least($8, $14) - interval '1 day'
					AND long.start_time < least($8, $14) + interval '1 hour'
				OFFSET 0
			) AS long
			JOIN call_data AS call ON call.uniqueid = long.uniqueid
			WHERE call.answer_time IS NOT NULL
				/*filters*/
			ORDER BY call.start_time DESC, call.id DESC
			LIMIT /*depth*/
		)
		UNION ALL
		(
			SELECT call.id, call.start_time
			FROM call_data AS call
			WHERE call.answer_time IS NOT NULL
				AND (call.end_time - call.start_time <= interval '1 day') IS NOT TRUE
				/*filters*/
			ORDER BY call.start_time DESC, call.id DESC
			LIMIT /*depth*/
		)

-- part: twins_around
-- Those that share their uniqueid with one beyond a day, or without an end; for lists of passages.
-- Where there are many of those, the last before the page, as each is asked.
		UNION ALL
		(
			SELECT call.id, call.start_time
			FROM (
				SELECT endless.id, endless.uniqueid
				FROM call_data AS endless
				WHERE (endless.end_time - endless.start_time <= interval '1 day') IS NOT TRUE
					AND endless.start_time < least($8, $14) + interval '1 hour'
				ORDER BY endless.start_time DESC, endless.id DESC
				LIMIT 150
			) AS endless
			CROSS JOIN LATERAL (
				SELECT call.id, call.start_time
				FROM call_data AS call
				WHERE call.uniqueid = endless.uniqueid
					AND call.id <> endless.id
					AND call.answer_time IS NOT NULL
					/*filters*/
				OFFSET 0
			) AS call
			ORDER BY call.start_time DESC, call.id DESC
			LIMIT /*depth*/
		)

-- What is walked. --------------------------------------------------------------------------------

-- part: by_caller
				AND call.src_num = $10

-- part: by_callee
				AND call.dst_num = $9

-- part: by_caller_pattern
				AND call.src_num LIKE $10

-- part: by_callee_pattern
				AND call.dst_num LIKE $9

-- part: least_found
/*depth*/ / 10 + 1

-- part: in_caller_prefix
-- From the pattern's begin to the text that is next behind all that begin so, byte by byte.
							AND call.src_num ~>=~ (SELECT substring($10 FROM '^[0-9+]+'))
							AND call.src_num ~<~ (
								SELECT left(prefix, -1) || chr(ascii(right(prefix, 1)) + 1)
								FROM substring($10 FROM '^[0-9+]+') AS prefix
							)

-- part: in_callee_prefix
							AND call.dst_num ~>=~ (SELECT substring($9 FROM '^[0-9+]+'))
							AND call.dst_num ~<~ (
								SELECT left(prefix, -1) || chr(ascii(right(prefix, 1)) + 1)
								FROM substring($9 FROM '^[0-9+]+') AS prefix
							)

-- part: by_direction
				AND call.call_direction = ANY ($16)

-- part: by_src_agent
				AND call.src_agent = wanted.value

-- part: by_dst_agent
				AND call.dst_agent = wanted.value

-- part: by_queue
						AND passage.queue_ref = wanted.value

-- part: by_queue_and_status
						AND passage.queue_ref = wanted.value
						AND passage.status = $16

-- part: by_passage_agent
						AND passage.agent_num = wanted.value

-- part: not_by_call_agent
-- Those that the agent took or made are in the other lists of agents.
								AND (call.dst_agent = ANY ($4)) IS NOT TRUE
								AND (call.src_agent = ANY ($4)) IS NOT TRUE

-- part: by_status
						AND passage.status = $16

-- part: by_key
						AND pair.key <> 'recording'

-- part: by_key_and_value
						AND pair.key <> 'recording'
						AND pair.value = $13

-- part: by_recording
						AND pair.key = 'recording'
						AND pair.value = $13

-- Between which times. ---------------------------------------------------------------------------

-- part: calls_since
				AND call.start_time >= $7 - interval '1 hour'

-- part: calls_of_pair
				AND call.start_time >= (SELECT pair_times.since FROM pair_times)
				AND call.start_time <= (SELECT pair_times.until FROM pair_times)

-- part: passages_of_pair
						AND passage.queue_time >= CASE
							WHEN (SELECT is_short FROM short) THEN '-infinity'
							ELSE (SELECT pair_times.since FROM pair_times) - interval '2 hours'
						END
						AND passage.queue_time <= CASE
							WHEN (SELECT is_short FROM short) THEN 'infinity'
							ELSE (SELECT pair_times.passages_until FROM pair_times)
						END

-- part: passages_since
						AND passage.queue_time >= CASE
							WHEN (SELECT is_short FROM short) THEN '-infinity'
							ELSE $7 - interval '2 hours'
						END

-- part: passages_until_end
						AND passage.queue_time < CASE
							WHEN (SELECT is_short FROM short) THEN 'infinity'
							ELSE $8 + interval '3 hours'
						END

-- part: passages_until_after
						AND passage.queue_time < CASE
							WHEN (SELECT is_short FROM short) THEN 'infinity'
							ELSE $14 + interval '3 hours'
						END

-- part: pairs_since
						AND pair.id_call_data >= CASE
							WHEN (SELECT is_short FROM short) THEN 0
							ELSE coalesce((
								SELECT before.id
								FROM call_data AS before
								WHERE before.start_time < $7 - interval '4 hours'
									AND before.end_time - before.start_time <= interval '1 hour'
								ORDER BY before.start_time DESC, before.id DESC
								LIMIT 1
							), 0)
						END

-- part: pairs_until_end
						AND pair.id_call_data < CASE
							WHEN (SELECT is_short FROM short) THEN 2147483648
							ELSE coalesce((
								SELECT after.id
								FROM call_data AS after
								WHERE after.start_time >= $8 + interval '3 hours'
								ORDER BY after.start_time, after.id
								LIMIT 1
							), 2147483648)
						END

-- part: pairs_until_after
						AND pair.id_call_data < CASE
							WHEN (SELECT is_short FROM short) THEN 2147483648
							ELSE coalesce((
								SELECT after.id
								FROM call_data AS after
								WHERE after.start_time >= $14 + interval '3 hours'
								ORDER BY after.start_time, after.id
								LIMIT 1
							), 2147483648)
						END

-- Filters. ---------------------------------------------------------------------------------------
-- Those of a call's passages need but its uniqueid, /*callid*/: in a list of passages they are
-- /*passage_filters*/ as well, which spares looking for the call.

-- part: filter_recorded
				AND EXISTS (
					SELECT
					FROM attached_data AS other
					WHERE other.id_call_data = call.id AND other.key = 'recording'
					OFFSET 0
				)

-- part: filter_in_order
-- What looks into other tables is looked at in the order in which it stands here: what was asked for
-- first, as most calls are recorded. The planner would take what it believes to be cheapest.
				AND CASE
					WHEN true

-- part: filter_in_order_recorded
					THEN EXISTS (
						SELECT
						FROM attached_data AS other
						WHERE other.id_call_data = call.id AND other.key = 'recording'
						OFFSET 0
					)
					ELSE false
				END

-- part: filter_agent
				AND (
					call.src_agent = ANY ($4)
					OR call.dst_agent = ANY ($4)
					OR EXISTS (
						SELECT
						FROM call_on_queue AS other
						WHERE other.callid = call.uniqueid AND other.agent_num = ANY ($4)
						OFFSET 0
					)
				)

-- part: filter_queue
				AND EXISTS (
					SELECT
					FROM call_on_queue AS other
					WHERE other.callid = /*callid*/ AND other.queue_ref = ANY ($5)
					OFFSET 0
				)

-- part: filter_status
				AND EXISTS (
					SELECT
					FROM call_on_queue AS other
					WHERE other.callid = /*callid*/ AND other.status::text = $6
					OFFSET 0
				)

-- part: filter_queue_and_status
				AND EXISTS (
					SELECT
					FROM call_on_queue AS other
					WHERE other.callid = /*callid*/
						AND other.queue_ref = ANY ($5)
						AND other.status::text = $6
					OFFSET 0
				)

-- part: filter_start
				AND (call.start_time >= $7 OR call.end_time >= $7)

-- part: filter_end
				AND call.start_time < $8

-- part: filter_after
				AND (call.start_time, call.id) < ($14, $15)

-- part: filter_callee
-- Means the same as =, but keeps the planner from walking this one; so does IS TRUE below.
				AND call.dst_num IS NOT DISTINCT FROM $9

-- part: filter_callee_pattern
				AND (call.dst_num LIKE $9) IS TRUE

-- part: filter_caller
				AND call.src_num IS NOT DISTINCT FROM $10

-- part: filter_caller_pattern
				AND (call.src_num LIKE $10) IS TRUE

-- part: filter_direction
				AND call.call_direction::text = $11

-- part: filter_key
				AND EXISTS (
					SELECT
					FROM attached_data AS other
					WHERE other.id_call_data = call.id AND other.key = $12
					OFFSET 0
				)

-- part: filter_key_and_value
-- The value that the call shows for the key: its latest.
				AND (
					SELECT other.value
					FROM attached_data AS other
					WHERE other.id_call_data = call.id AND other.key = $12
					ORDER BY other.id DESC
					LIMIT 1
				) = $13
