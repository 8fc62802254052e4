-- POST /recording/records/search, before it: how long the list of a condition is, counted up to
-- 20000 rows of each value (SEARCH_SIZE_MAX of calls/search.h). Each part is a statement of its own.
-- Columns: size.
--
-- In the order of the index, which is no use but to the planner: where values are few, it takes each
-- for frequent, and would read the table from end to end for one that is not. For the same reason a
-- list of values is counted one by one.

-- part: caller
-- $1 text: the number.
-- Index: call_data (src_num, …).
SELECT count(*) AS size
FROM (
	SELECT
	FROM call_data AS call
	WHERE call.src_num = $1::text
	ORDER BY call.start_time DESC, call.id DESC
	LIMIT 20000
) AS head

-- part: callee
-- $1 text: the number.
-- Index: call_data (dst_num, …).
SELECT count(*) AS size
FROM (
	SELECT
	FROM call_data AS call
	WHERE call.dst_num = $1::text
	ORDER BY call.start_time DESC, call.id DESC
	LIMIT 20000
) AS head

-- part: pair
-- $1 text: key.  $2 text: value.
-- Index: attached_data (key, value, …).
SELECT count(*) AS size
FROM (
	SELECT
	FROM attached_data AS pair
	WHERE pair.key = $1::text AND pair.value = $2::text AND pair.key <> 'recording'
	ORDER BY pair.id_call_data DESC
	LIMIT 20000
) AS head

-- part: key
-- $1 text: key.
-- Index: attached_data (key, id_call_data).
SELECT count(*) AS size
FROM (
	SELECT
	FROM attached_data AS pair
	WHERE pair.key = $1::text AND pair.key <> 'recording'
	ORDER BY pair.id_call_data DESC
	LIMIT 20000
) AS head

-- part: agent
-- $1 text[]: numbers.
-- Index: call_data (src_agent, …), (dst_agent, …), call_on_queue (agent_num, …).
SELECT coalesce(sum(made.size + took.size + passed.size), 0)::bigint AS size
FROM unnest($1::text[]) AS wanted (value)
CROSS JOIN LATERAL (
	SELECT count(*) AS size
	FROM (
		SELECT
		FROM call_data AS call
		WHERE call.src_agent = wanted.value
		ORDER BY call.start_time DESC, call.id DESC
		LIMIT 20000
	) AS head
) AS made
CROSS JOIN LATERAL (
	SELECT count(*) AS size
	FROM (
		SELECT
		FROM call_data AS call
		WHERE call.dst_agent = wanted.value
		ORDER BY call.start_time DESC, call.id DESC
		LIMIT 20000
	) AS head
) AS took
CROSS JOIN LATERAL (
	SELECT count(*) AS size
	FROM (
		SELECT
		FROM call_on_queue AS passage
		WHERE passage.agent_num = wanted.value
		ORDER BY passage.queue_time DESC
		LIMIT 20000
	) AS head
) AS passed

-- part: queue
-- $1 text[]: references.
-- Index: call_on_queue (queue_ref, …).
SELECT coalesce(sum(passed.size), 0)::bigint AS size
FROM unnest($1::text[]) AS wanted (value)
CROSS JOIN LATERAL (
	SELECT count(*) AS size
	FROM (
		SELECT
		FROM call_on_queue AS passage
		WHERE passage.queue_ref = wanted.value
		ORDER BY passage.queue_time DESC
		LIMIT 20000
	) AS head
) AS passed

-- part: queue_and_status
-- $1 text[]: references.  $2, in the column's own type: the status.
-- Index: call_on_queue (queue_ref, status, …).
SELECT coalesce(sum(passed.size), 0)::bigint AS size
FROM unnest($1::text[]) AS wanted (value)
CROSS JOIN LATERAL (
	SELECT count(*) AS size
	FROM (
		SELECT
		FROM call_on_queue AS passage
		WHERE passage.queue_ref = wanted.value AND passage.status = $2
		ORDER BY passage.queue_time DESC
		LIMIT 20000
	) AS head
) AS passed

-- part: status
-- $1, in the column's own type: the status.
-- Index: call_on_queue (status, …).
SELECT count(*) AS size
FROM (
	SELECT
	FROM call_on_queue AS passage
	WHERE passage.status = $1
	ORDER BY passage.queue_time DESC
	LIMIT 20000
) AS head

-- part: callee_pattern
-- $1 text: a LIKE pattern that has trigrams. What is frequent among the newest calls is long.
-- Index: call_data (start_time DESC, id DESC), call_data (dst_num gin_trgm_ops).
SELECT CASE
	WHEN (
		SELECT count(*)
		FROM (
			SELECT
			FROM (
				SELECT call.dst_num
				FROM call_data AS call
				ORDER BY call.start_time DESC, call.id DESC
				LIMIT 2000
			) AS recent
			WHERE recent.dst_num LIKE $1::text
			LIMIT 4
		) AS head
	) = 4 THEN 20000
	ELSE (
		SELECT count(*)
		FROM (SELECT FROM call_data AS call WHERE call.dst_num LIKE $1::text LIMIT 20000) AS head
	)
END AS size

-- part: caller_pattern
-- $1 text: a LIKE pattern that has trigrams.
-- Index: call_data (start_time DESC, id DESC), call_data (src_num gin_trgm_ops).
SELECT CASE
	WHEN (
		SELECT count(*)
		FROM (
			SELECT
			FROM (
				SELECT call.src_num
				FROM call_data AS call
				ORDER BY call.start_time DESC, call.id DESC
				LIMIT 2000
			) AS recent
			WHERE recent.src_num LIKE $1::text
			LIMIT 4
		) AS head
	) = 4 THEN 20000
	ELSE (
		SELECT count(*)
		FROM (SELECT FROM call_data AS call WHERE call.src_num LIKE $1::text LIMIT 20000) AS head
	)
END AS size
