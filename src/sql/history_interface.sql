-- POST /recording/history: calls that an interface made or was rung for, newest first.
-- The statement is calls; of history_entry.sql since (when days are asked for) and limit;
-- side; of history_entry.sql rows.
-- Parameters are numbered within each part; they are renumbered when parts are joined.

-- part: calls
-- $1 text: the interface.
-- Index: call_data (src_interface, start_time), call_element (interface, call_data_id).
WITH own_call AS (
	SELECT call.id, call.src_interface
	FROM call_data AS call
	WHERE (
			call.src_interface = $1::text
			OR call.id IN (
				SELECT leg.call_data_id
				FROM call_element AS leg
				WHERE leg.interface = $1::text
			)
		)

-- part: side
-- $1 text: the interface.
-- One row for each call, seen from the interface: whether it called, and what became of its own
-- legs (NULL without one).
), side AS (
	SELECT own_call.id AS call_id,
		coalesce(own_call.src_interface = $1::text, false) AS is_caller,
		legs.ongoing AS leg_ongoing,
		legs.answered AS leg_answered
	FROM own_call
	CROSS JOIN LATERAL (
		SELECT bool_or(leg.end_time IS NULL) AS ongoing,
			bool_or(leg.answer_time IS NOT NULL) AS answered
		FROM call_element AS leg
		WHERE leg.call_data_id = own_call.id AND leg.interface = $1::text
	) AS legs
)
