-- What the histories of an interface and of an agent show of each call in side(call_id, is_caller,
-- leg_ongoing, leg_answered).

-- Columns: start, duration (whole seconds, NULL while not both ends are known), src_num, dst_num,
--   status, src_firstname, src_lastname, dst_firstname, dst_lastname; what is not known is NULL.
-- Order: newest start first, then highest id.
-- A number belongs to the first user of its line, and to a queue only when no user has it. A call
-- without a leg of the asked-for side is in the list because that side is its dst_agent, so its own
-- times speak for that side.
-- The caller is looked up by the interface it called from before its number. "CROSS JOIN LATERAL
-- (… UNION ALL … ORDER BY … LIMIT 1)" is the first of several sources that has an answer.
SELECT to_char(call.start_time, 'YYYY-MM-DD HH24:MI:SS') AS start,
	floor(extract(epoch FROM call.end_time - call.answer_time))::bigint AS duration,
	call.src_num,
	call.dst_num,
	CASE
		WHEN side.is_caller THEN 'emitted'
		WHEN side.leg_ongoing THEN 'ongoing'
		WHEN side.leg_answered THEN 'answered'
		WHEN side.leg_ongoing IS NOT NULL THEN 'missed'
		WHEN call.end_time IS NULL THEN 'ongoing'
		WHEN call.answer_time IS NOT NULL THEN 'answered'
		ELSE 'missed'
	END AS status,
	nullif(btrim(caller.firstname), '') AS src_firstname,
	nullif(btrim(caller.lastname), '') AS src_lastname,
	nullif(btrim(callee.firstname), '') AS dst_firstname,
	nullif(btrim(callee.lastname), '') AS dst_lastname
FROM side
JOIN call_data AS call ON call.id = side.call_id
LEFT JOIN LATERAL (
	SELECT source.firstname, source.lastname
	FROM (
		SELECT 1 AS rank, person.firstname, person.lastname, owner.main_user, owner.main_line,
			line.id AS line_id, person.id AS person_id
		FROM linefeatures AS line
		JOIN user_line AS owner ON owner.line_id = line.id
		JOIN userfeatures AS person ON person.id = owner.user_id
		WHERE lower(line.protocol::text) = lower(split_part(call.src_interface, '/', 1))
			AND line.name = substr(call.src_interface, strpos(call.src_interface, '/') + 1)
		UNION ALL
		SELECT 2, person.firstname, person.lastname, owner.main_user, owner.main_line, line.id,
			person.id
		FROM linefeatures AS line
		JOIN user_line AS owner ON owner.line_id = line.id
		JOIN userfeatures AS person ON person.id = owner.user_id
		WHERE line.number = call.src_num AND call.src_num <> ''
		UNION ALL
		SELECT 3, NULL, queue.displayname, true, true, queue.id, 0
		FROM queuefeatures AS queue
		WHERE queue.number = call.src_num AND call.src_num <> ''
	) AS source
	ORDER BY source.rank, source.main_user DESC, source.main_line DESC, source.line_id,
		source.person_id
	LIMIT 1
) AS caller ON true
LEFT JOIN LATERAL (
	SELECT source.firstname, source.lastname
	FROM (
		SELECT 1 AS rank, person.firstname, person.lastname, owner.main_user, owner.main_line,
			line.id AS line_id, person.id AS person_id
		FROM linefeatures AS line
		JOIN user_line AS owner ON owner.line_id = line.id
		JOIN userfeatures AS person ON person.id = owner.user_id
		WHERE line.number = call.dst_num AND call.dst_num <> ''
		UNION ALL
		SELECT 2, NULL, queue.displayname, true, true, queue.id, 0
		FROM queuefeatures AS queue
		WHERE queue.number = call.dst_num AND call.dst_num <> ''
	) AS source
	ORDER BY source.rank, source.main_user DESC, source.main_line DESC, source.line_id,
		source.person_id
	LIMIT 1
) AS callee ON true
ORDER BY call.start_time DESC, call.id DESC
