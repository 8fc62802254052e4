-- What the histories of an interface and of an agent show of each call in side, which is a call with
-- is_caller, leg_ongoing and leg_answered.

-- Columns: start, duration (whole seconds, NULL while not both ends are known), src_num, dst_num,
--   status, src_firstname, src_lastname, dst_firstname, dst_lastname; what is not known is NULL.
-- Order: newest start first, then highest id.
-- A number belongs to the first user of its line, and to a queue only when no user has it. A call
-- without a leg of the asked-for side is in the list because that side is its dst_agent, so its own
-- times speak for that side.
-- The caller is looked up by the interface it called from before its number. Lines and queues are read
-- once for all calls, as their tables have no index that helps.
, wanted AS MATERIALIZED (
	SELECT side.src_num AS number FROM side WHERE side.src_num <> ''
	UNION ALL
	SELECT side.dst_num FROM side WHERE side.dst_num <> ''
), caller_line AS MATERIALIZED (
	SELECT side.id AS call_id, lower(split_part(side.src_interface, '/', 1)) AS protocol,
		substr(side.src_interface, strpos(side.src_interface, '/') + 1) AS name
	FROM side
	WHERE side.src_interface IS NOT NULL
), owner AS MATERIALIZED (
	SELECT line.number, lower(line.protocol::text) AS protocol, line.name, person.firstname,
		person.lastname, owned.main_user, owned.main_line, line.id AS line_id,
		person.id AS person_id
	FROM linefeatures AS line
	JOIN user_line AS owned ON owned.line_id = line.id
	JOIN userfeatures AS person ON person.id = owned.user_id
	WHERE line.number IN (SELECT wanted.number FROM wanted)
		OR line.name IN (SELECT caller_line.name FROM caller_line)
), named_line AS MATERIALIZED (
	SELECT DISTINCT ON (owner.protocol, owner.name) owner.protocol, owner.name, owner.firstname,
		owner.lastname
	FROM owner
	ORDER BY owner.protocol, owner.name, owner.main_user DESC, owner.main_line DESC,
		owner.line_id, owner.person_id
), named_number AS MATERIALIZED (
	SELECT DISTINCT ON (source.number) source.number, source.firstname, source.lastname
	FROM (
		SELECT owner.number, owner.firstname, owner.lastname, 1 AS rank, owner.main_user,
			owner.main_line, owner.line_id, owner.person_id
		FROM owner
		UNION ALL
		SELECT queue.number, NULL, queue.displayname, 2, true, true, queue.id, 0
		FROM queuefeatures AS queue
		WHERE queue.number IN (SELECT wanted.number FROM wanted)
	) AS source
	ORDER BY source.number, source.rank, source.main_user DESC, source.main_line DESC,
		source.line_id, source.person_id
)
SELECT to_char(side.start_time, 'YYYY-MM-DD HH24:MI:SS') AS start,
	floor(extract(epoch FROM side.end_time - side.answer_time))::bigint AS duration,
	side.src_num,
	side.dst_num,
	CASE
		WHEN side.is_caller THEN 'emitted'
		WHEN side.leg_ongoing THEN 'ongoing'
		WHEN side.leg_answered THEN 'answered'
		WHEN side.leg_ongoing IS NOT NULL THEN 'missed'
		WHEN side.end_time IS NULL THEN 'ongoing'
		WHEN side.answer_time IS NOT NULL THEN 'answered'
		ELSE 'missed'
	END AS status,
	nullif(btrim(CASE WHEN line.name IS NULL THEN caller.firstname ELSE line.firstname END), '')
		AS src_firstname,
	nullif(btrim(CASE WHEN line.name IS NULL THEN caller.lastname ELSE line.lastname END), '')
		AS src_lastname,
	nullif(btrim(callee.firstname), '') AS dst_firstname,
	nullif(btrim(callee.lastname), '') AS dst_lastname
FROM side
LEFT JOIN caller_line ON caller_line.call_id = side.id
LEFT JOIN named_line AS line
	ON line.protocol = caller_line.protocol AND line.name = caller_line.name
LEFT JOIN named_number AS caller ON caller.number = side.src_num AND side.src_num <> ''
LEFT JOIN named_number AS callee ON callee.number = side.dst_num AND side.dst_num <> ''
ORDER BY side.start_time DESC, side.id DESC
