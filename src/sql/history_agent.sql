-- POST /recording/history/agent: calls of an agent (caller, callee or rung), newest first.
-- The statement is calls; of history_entry.sql since and limit; side; of history_entry.sql
-- rows.
-- Parameters are numbered within each part; they are renumbered when parts are joined.

-- part: calls
-- $1 text: the agent's number.
-- Index: call_data (src_agent, start_time), call_data (dst_agent, start_time),
--   call_element (agent, call_data_id).
WITH own_call AS (
	SELECT call.id, call.src_agent
	FROM call_data AS call
	WHERE (
			call.src_agent = $1::text
			OR call.dst_agent = $1::text
			OR call.id IN (
				SELECT leg.call_data_id
				FROM call_element AS leg
				WHERE leg.agent = $1::text
			)
		)

-- part: side
-- $1 text: the agent's number.
-- One row for each call, seen from the agent: whether the agent called, and what became of the
-- agent's own legs (NULL without one).
), side AS (
	SELECT own_call.id AS call_id,
		coalesce(own_call.src_agent = $1::text, false) AS is_caller,
		legs.ongoing AS leg_ongoing,
		legs.answered AS leg_answered
	FROM own_call
	CROSS JOIN LATERAL (
		SELECT bool_or(leg.end_time IS NULL) AS ongoing,
			bool_or(leg.answer_time IS NOT NULL) AS answered
		FROM call_element AS leg
		WHERE leg.call_data_id = own_call.id AND leg.agent = $1::text
	) AS legs
)
