-- POST /recording/history and /recording/history/agent: the calls of one side, an interface or an
-- agent, newest first: those it made or took, and those it was rung for.
--
-- The statement is joined by src/calls/history.c: calls, history_entry.sql. In calls, /*leg*/ says
-- which legs are the side's own, /*lists*/ stands for the lists of calls that name it, and
-- /*since_leg*/ and /*since_call*/ for how far back it goes, when days are asked for. /*depth*/ is $2,
-- or a literal that is at least as much: the planner would take an unknown limit for a tenth of all
-- calls, and sort instead of walking.
--   $1 text: the interface, or the agent's number
--   $2 bigint: how many calls at most
--   $3 integer: days before today's midnight
--
-- Legs are not in the order of their calls' starts: the walk stops at the last call
-- of the depth and goes on as
-- far as a later start may still hide, as a leg begins at most an hour before its call (clocks
-- differ). In short lists, which are read whole, nothing rests on that.

-- part: calls
-- Index: call_element (interface, start_time DESC) or (agent, start_time DESC), (call_data_id).
WITH short AS MATERIALIZED (
	SELECT count(*) < 200 AS is_short
	FROM (
		SELECT
		FROM call_element AS leg
		WHERE /*leg*/
		ORDER BY leg.start_time DESC
		LIMIT 200
	) AS head
), first AS MATERIALIZED (
	SELECT call.id, call.start_time, seen.leg_time
	FROM call_element AS leg
	CROSS JOIN LATERAL (
		SELECT leg.call_data_id, leg.start_time AS leg_time, leg.id
	) AS seen
	CROSS JOIN LATERAL (
		/*call*/
	) AS call
	WHERE /*leg*/
		/*since_leg*/
	ORDER BY leg.start_time DESC
	LIMIT /*depth*/
), own_call AS MATERIALIZED (
	SELECT newest.id
	FROM (
		SELECT listed.id, listed.start_time
		FROM (
			SELECT first.id, first.start_time
			FROM first
			UNION
			SELECT call.id, call.start_time
			FROM (
				SELECT leg.call_data_id, leg.start_time AS leg_time, leg.id
				FROM call_element AS leg
				WHERE /*leg*/
					AND leg.start_time <= (SELECT min(first.leg_time) FROM first)
					AND leg.start_time >= CASE
						WHEN (SELECT is_short FROM short) THEN '-infinity'
						ELSE (SELECT min(first.start_time) FROM first) - interval '1 hour'
					END
				OFFSET 0
			) AS seen
			CROSS JOIN LATERAL (
				/*call*/
			) AS call
			WHERE (SELECT count(*) FROM first) = /*depth*/
			/*lists*/
		) AS listed
		ORDER BY listed.start_time DESC, listed.id DESC
		LIMIT $2::bigint
	) AS newest
	LIMIT /*depth*/
)

-- part: call_of_leg
-- Counted with the last of its legs in the list, so that no call comes twice.
		SELECT call.id, call.start_time
		FROM call_data AS call
		WHERE call.id = seen.call_data_id
			/*since_call*/
			AND NOT EXISTS (
				SELECT
				FROM call_element AS leg
				WHERE leg.call_data_id = call.id
					AND /*leg*/
					AND (leg.start_time, leg.id) > (seen.leg_time, seen.id)
				OFFSET 0
			)
		OFFSET 0

-- part: list
-- Index: call_data, the side's column first, then (start_time DESC, id DESC).
			UNION
			(
				SELECT call.id, call.start_time
				FROM call_data AS call
				WHERE /*named*/
					/*since_call*/
				ORDER BY call.start_time DESC, call.id DESC
				LIMIT /*depth*/
			)

-- part: side
-- One row for each call, seen from the side: whether it called, and what became of its own legs
-- (NULL without one).
, side AS MATERIALIZED (
	SELECT call.id, call.start_time, call.answer_time, call.end_time, call.src_num, call.dst_num,
		call.src_interface,
		coalesce(/*caller*/, false) AS is_caller,
		legs.ongoing AS leg_ongoing,
		legs.answered AS leg_answered
	FROM own_call
	JOIN call_data AS call ON call.id = own_call.id
	CROSS JOIN LATERAL (
		SELECT bool_or(leg.end_time IS NULL) AS ongoing,
			bool_or(leg.answer_time IS NOT NULL) AS answered
		FROM call_element AS leg
		WHERE leg.call_data_id = own_call.id AND /*leg*/
	) AS legs
)

-- part: since_leg
			AND leg.start_time >= CASE
				WHEN (SELECT is_short FROM short) THEN '-infinity'
				ELSE current_date - $3::integer - interval '1 hour'
			END

-- part: since_call
			AND call.start_time >= current_date - $3::integer

-- The two sides. ---------------------------------------------------------------------------------

-- part: interface_leg
leg.interface = $1::text

-- part: interface_calls
call.src_interface = $1::text

-- part: agent_leg
leg.agent = $1::text

-- part: agent_calls
call.src_agent = $1::text

-- part: agent_takes
call.dst_agent = $1::text
