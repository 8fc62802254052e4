-- The contract once more, in plain SQL and in as many words: what the statements of src/sql must
-- answer, with nothing of how they go about it. Each function reads everything there is.
CREATE SCHEMA contract;

-- The pairs that a call shows: of a repeated key the latest.
CREATE TABLE contract.pair AS
SELECT DISTINCT ON (id_call_data, key) id_call_data AS call_id, key, value
FROM attached_data
ORDER BY id_call_data, key, id DESC;

-- What a search is about, in its order.
CREATE TABLE contract.record AS
SELECT row_number() OVER (ORDER BY start_time DESC, id DESC) AS place, call_data.*, value AS file
FROM call_data JOIN contract.pair ON call_id = id
WHERE answer_time IS NOT NULL AND key = 'recording';

-- Conditions of a search: the ids of the calls that meet one. -----------------------------------

CREATE FUNCTION contract.agents(given text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
	SELECT number FROM agentfeatures
	WHERE number = given OR strpos(lower(firstname || ' ' || lastname), lower(given)) > 0
	UNION
	SELECT given WHERE given NOT IN (SELECT number FROM agentfeatures)
$$;

CREATE FUNCTION contract.queues(given text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
	SELECT name FROM queuefeatures
	WHERE number = given OR strpos(lower(displayname), lower(given)) > 0
	UNION
	SELECT given WHERE given NOT IN (SELECT name FROM queuefeatures)
$$;

CREATE FUNCTION contract.agent(given text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	WITH wanted AS MATERIALIZED (SELECT contract.agents(given) AS number)
	SELECT id FROM call_data WHERE src_agent IN (SELECT number FROM wanted)
	UNION
	SELECT id FROM call_data WHERE dst_agent IN (SELECT number FROM wanted)
	UNION
	SELECT call_data.id FROM call_data JOIN call_on_queue ON callid = uniqueid
	WHERE agent_num IN (SELECT number FROM wanted)
$$;

CREATE FUNCTION contract.queue(given text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT call_data.id FROM call_data JOIN call_on_queue ON callid = uniqueid
	WHERE queue_ref IN (SELECT contract.queues(given))
$$;

CREATE FUNCTION contract."queueCallStatus"(given text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT call_data.id FROM call_data JOIN call_on_queue ON callid = uniqueid
	WHERE call_on_queue.status::text = given
$$;

CREATE FUNCTION contract.queue_with_status(given text, wanted text)
RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT call_data.id FROM call_data JOIN call_on_queue ON callid = uniqueid
	WHERE queue_ref IN (SELECT contract.queues(given)) AND call_on_queue.status::text = wanted
$$;

CREATE FUNCTION contract.start(given text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT id FROM call_data
	WHERE start_time >= given::timestamp OR end_time >= given::timestamp
$$;

CREATE FUNCTION contract."end"(given text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT id FROM call_data WHERE start_time < given::timestamp
$$;

-- % stands for anything; the test's numbers have nothing else that means something to a pattern.
CREATE FUNCTION contract.callee(given text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT id FROM call_data WHERE dst_num ~ ('^' || replace(given, '%', '.*') || '$')
$$;

CREATE FUNCTION contract.caller(given text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT id FROM call_data WHERE src_num ~ ('^' || replace(given, '%', '.*') || '$')
$$;

CREATE FUNCTION contract.direction(given text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT id FROM call_data WHERE given = 'all' OR call_direction::text = given
$$;

CREATE FUNCTION contract.key(given text) RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT call_id FROM contract.pair WHERE key = given
$$;

CREATE FUNCTION contract.key_with_value(given text, wanted text)
RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT call_id FROM contract.pair WHERE key = given AND value = wanted
$$;

-- Histories. -------------------------------------------------------------------------------------

-- Entries in their order, each start|src_num|dst_num|status.
CREATE FUNCTION contract.history(caller text, callee text, leg text, name text, since timestamp)
RETURNS TABLE (entry text) LANGUAGE plpgsql STABLE AS $body$
BEGIN
	RETURN QUERY EXECUTE format($$
		WITH leg AS (
			SELECT call_data_id, bool_or(end_time IS NULL) AS ongoing,
				bool_or(answer_time IS NOT NULL) AS answered
			FROM call_element WHERE %3$I = %4$L GROUP BY call_data_id
		)
		SELECT concat_ws('|', to_char(start_time, 'YYYY-MM-DD HH24:MI:SS'),
			coalesce(src_num, '-'), coalesce(dst_num, '-'),
			CASE
				WHEN %1$I = %4$L THEN 'emitted'
				WHEN call_data_id IS NOT NULL THEN
					CASE WHEN ongoing THEN 'ongoing' WHEN answered THEN 'answered'
						ELSE 'missed' END
				WHEN end_time IS NULL THEN 'ongoing'
				WHEN answer_time IS NOT NULL THEN 'answered'
				ELSE 'missed'
			END)
		FROM call_data LEFT JOIN leg ON call_data_id = id
		WHERE (%1$I = %4$L OR %2$I = %4$L OR call_data_id IS NOT NULL) AND start_time >= %5$L
		ORDER BY start_time DESC, id DESC
	$$, caller, callee, leg, name, since);
END
$body$;

-- Filters of a customer's history, by text order of the C collation.
CREATE FUNCTION contract.compare(operator text, has text, wanted text)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE operator
		WHEN '=' THEN has = wanted
		WHEN '<' THEN has COLLATE "C" < wanted COLLATE "C"
		ELSE has COLLATE "C" > wanted COLLATE "C"
	END
$$;

CREATE FUNCTION contract.src_num_filter(operator text, wanted text)
RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT id FROM call_data WHERE contract.compare(operator, src_num, wanted)
$$;

CREATE FUNCTION contract.key_filter(operator text, wanted text)
RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT call_id FROM contract.pair WHERE contract.compare(operator, key, wanted)
$$;

CREATE FUNCTION contract.value_filter(operator text, wanted text)
RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT call_id FROM contract.pair WHERE contract.compare(operator, value, wanted)
$$;

CREATE FUNCTION contract.pair_filter(operator text, wanted text, value_operator text, value_wanted text)
RETURNS SETOF integer LANGUAGE sql STABLE AS $$
	SELECT call_id FROM contract.pair
	WHERE contract.compare(operator, key, wanted)
		AND contract.compare(value_operator, value, value_wanted)
$$;

CREATE FUNCTION contract.last_agent(number text, days integer) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT agent
	FROM (
		SELECT answer_time, dst_agent AS agent, start_time, id, 1 AS of_call
		FROM call_data
		WHERE src_num = number AND start_time >= current_date - days
		UNION ALL
		SELECT call_on_queue.answer_time, agent_num, start_time, call_data.id, 0
		FROM call_data JOIN call_on_queue ON callid = uniqueid
		WHERE src_num = number AND start_time >= current_date - days
	) AS answer
	WHERE answer_time IS NOT NULL AND agent <> ''
	ORDER BY answer_time DESC, start_time DESC, id DESC, of_call DESC
	LIMIT 1
$$;
