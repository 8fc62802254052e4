-- The calls of the search benchmark, as views: everything about call n follows from n and the seed
-- alone, so that the big tables can be filled side by side and come out the same each time.
-- :calls, :seed: as asked for. :until: when the data ends, a constant of the generator.
-- Parameters are kept in subqueries with OFFSET 0, so that each is computed once for a call.
CREATE SCHEMA bench;

-- A number from 0 up to 1 for row n; another one for each salt.
SELECT format('CREATE FUNCTION bench.chance(n bigint, salt integer) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (hashint8extended(n, (salt + %s * 1000)::bigint) & 4294967295)::float8 / 4294967296::float8',
	:seed::bigint) \gexec

CREATE TABLE bench.size AS
SELECT :calls::bigint AS calls, least(:calls::bigint, 20 + :calls::bigint / 50000) AS ongoing;

-- How many calls end in each hour of 36 months: working hours, weekdays, holidays, growth.
CREATE TABLE bench.slot AS
SELECT hour, coalesce(lag(last) OVER (ORDER BY hour), 0) + 1 AS first, last
FROM (
	SELECT hour, floor((size.calls - size.ongoing)
			* least(1, sum(weight) OVER (ORDER BY hour) / sum(weight) OVER ()))::bigint AS last
	FROM bench.size, (
		SELECT hour,
			(ARRAY[1.20, 1.05, 1.00, 1.00, 0.90, 0.22, 0.03])[extract(isodow FROM hour)::integer]::float8
			* (ARRAY[0.01, 0.005, 0.005, 0.005, 0.005, 0.01, 0.03, 0.15, 0.70, 1.10, 1.25, 1.15, 0.75,
				0.80, 1.10, 1.05, 1.00, 0.80, 0.35, 0.14, 0.08, 0.05, 0.03, 0.02]
				)[1 + extract(hour FROM hour)::integer]::float8
			* CASE WHEN to_char(hour, 'MM-DD') IN ('01-01', '05-01', '05-08', '07-14', '08-15', '11-01',
				'11-11', '12-25') THEN 0.05 ELSE 1 END
			* (0.8 + 0.4 * bench.chance(hour::date - date '2000-01-01', 900))
			* (1 + 0.3 * extract(epoch FROM hour - (:'until'::timestamp - interval '36 months'))::float8
				/ 94608000) AS weight
		FROM generate_series(:'until'::timestamp - interval '36 months',
			:'until'::timestamp - interval '1 hour', interval '1 hour') AS hour
	) AS weighted
) AS cumulated;
DELETE FROM bench.slot WHERE first > last;
ANALYZE bench.slot;

-- moment is the end of a call, in the order of the ids; of an ongoing call the start.
-- age runs from 0 (oldest) to 1 (newest).
CREATE VIEW bench.moment AS
SELECT n, hour + (n - first + bench.chance(n, 1)) / (last - first + 1) * interval '1 hour' AS moment,
	n / (SELECT calls FROM bench.size)::float8 AS age, false AS is_ongoing
FROM bench.slot CROSS JOIN LATERAL generate_series(first, last) AS n
UNION ALL
SELECT n, timestamp :'until' - (10 + 900 * bench.chance(n, 1)) * interval '1 second', 1, true
FROM bench.size CROSS JOIN LATERAL generate_series(calls - ongoing + 1, calls) AS n;

-- What happens in a call. customer: 0 is the one with 2 % of all calls, then 24 big ones, 3000
-- regular ones, and a long tail. queue: 0 to 39, 40 is the deleted one. agent: 0 to 199, of whom
-- ten worked only in the oldest quarter and ten only lately; from 200 on without a row.
CREATE VIEW bench.event AS
SELECT chosen.*,
	CASE
		WHEN queue IS NULL THEN 0
		WHEN u_hops < 0.85 THEN 1
		WHEN u_hops < 0.97 THEN 2
		ELSE 3
	END AS hops,
	ring_s + CASE
		WHEN queue IS NULL THEN 0
		WHEN u_hops < 0.85 THEN 0
		WHEN u_hops < 0.97 THEN 45
		ELSE 90
	END AS wait_s
FROM (
	SELECT drawn.*,
		CASE
			WHEN u_customer < 0.0314 AND direction = 'incoming' THEN 0
			WHEN u_customer < 0.1 THEN 1 + floor(24 * u_which)
			WHEN u_customer < 0.25 THEN 100 + floor(3000 * power(u_which, 2))
			ELSE 10000 + floor(u_which * 0.3 * (SELECT calls FROM bench.size))
		END::bigint AS customer,
		CASE
			WHEN direction <> 'incoming' OR u_queue > 0.92 THEN NULL
			WHEN u_queue < 0.01 AND age < 0.5 THEN 40
			ELSE floor(40 * power(u_queue / 0.93, 2.2))
		END::integer AS queue,
		CASE
			WHEN u_other < 0.004 THEN 200 + floor(u_other * 750)
			WHEN u_other < 0.03 AND age < 0.25 THEN 180 + floor(10 * u_agent)
			WHEN u_other < 0.1 AND age > 0.97 THEN 190 + floor(10 * u_agent)
			ELSE floor(180 * power(u_agent, 1.6))
		END::integer AS agent,
		-- Most talk for minutes, some for hours, a few hung for more than a day.
		CASE
			WHEN u_talk < 0.999 THEN 5 + floor(-190 * ln(1 - u_talk))
			WHEN u_talk < 0.99999 THEN 9000
			ELSE 100000
		END::integer AS talk_s,
		-- The end of a few was never noticed.
		u_talk BETWEEN 0.99997 AND 0.99998 AS is_endless
	FROM (
		SELECT n, moment, age, is_ongoing,
			CASE
				WHEN bench.chance(n, 2) < 0.65 THEN 'incoming'
				WHEN bench.chance(n, 2) < 0.87 THEN 'outgoing'
				ELSE 'internal'
			END::call_direction_type AS direction,
			bench.chance(n, 3) < 0.83 AS is_answered,
			bench.chance(n, 4) AS u_customer,
			bench.chance(n, 5) AS u_which,
			bench.chance(n, 6) AS u_queue,
			bench.chance(n, 7) AS u_agent,
			bench.chance(n, 8) AS u_other,
			bench.chance(n, 9) AS u_talk,
			bench.chance(n, 10) AS u_hops,
			(9 + 50 * power(bench.chance(n, 11), 2))::integer AS ring_s,
			bench.chance(n, 12) AS u_side,
			-- Answered calls transferred to a queue, most of them outgoing.
			bench.chance(n, 13) AS u_transfer
		FROM bench.moment
		OFFSET 0
	) AS drawn
	OFFSET 0
) AS chosen;

-- The call itself. desk: the line of the agent, 0 to 199, seldom another one than the own; 200 to
-- 249 are lines of people who are no agents.
CREATE VIEW bench.call AS
SELECT timed.*,
	extract(epoch FROM start_time)::bigint || '.' || n AS uniqueid,
	start_time + wait_s * interval '1 second' AS picked_up
FROM (
	SELECT event.n, age, direction, is_ongoing OR is_endless AS is_ongoing, is_answered, customer, queue, agent, hops, ring_s, wait_s,
		talk_s, u_side, u_other, u_which,
		CASE WHEN is_ongoing THEN moment
			ELSE moment - (wait_s + CASE WHEN is_answered THEN talk_s ELSE 0 END) * interval '1 second'
		END AS start_time,
		CASE WHEN NOT is_ongoing AND NOT is_endless THEN moment END AS end_time,
		CASE
			WHEN agent >= 200 OR u_other > 0.9 THEN floor(u_other * 1e6)::bigint % 200
			ELSE agent
		END AS desk,
		200 + floor(u_which * 50)::bigint AS office,
		is_answered AND NOT is_ongoing
			AND u_transfer < CASE direction WHEN 'outgoing' THEN 0.083 WHEN 'incoming' THEN 0.0065 ELSE 0 END
			AS is_transferred
	FROM bench.event
	OFFSET 0
) AS timed;

CREATE FUNCTION bench.agent_number(agent bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN agent < 200 THEN 2001 + agent ELSE 2701 + agent END::text;

CREATE FUNCTION bench.extension(desk bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (1001 + desk)::text;

CREATE FUNCTION bench.interface(desk bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'SIP/' || (ARRAY['az', 'bk', 'cm', 'dp', 'fx'])[1 + desk % 5] || to_hex(40961 + desk * 97 % 4001);

-- Two queues have no number, the last one is deleted: their calls came in on numbers of their own.
CREATE FUNCTION bench.queue_number(queue integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN queue < 38 THEN 3001 + queue ELSE 3700 + queue END::text;

CREATE FUNCTION bench.queue_name(queue integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY['support', 'sales', 'orders', 'billing', 'delivery', 'returns', 'vip', 'press', 'booking',
	'repairs'])[1 + queue % 10] || (ARRAY['', '_north', '_south', '_night', '_closed'])[1 + queue / 10];

-- Ten digits with area codes of unequal size, some from abroad. Different customers have different
-- numbers, as the factor has no divisor in common with 10^8.
CREATE FUNCTION bench.customer_number(customer bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN customer = 0 THEN '0180200200'
	WHEN customer % 100 < 97 THEN
		(ARRAY['01', '01', '01', '02', '03', '04', '04', '05', '06', '06', '06', '06', '06', '07', '07', '09'])
			[1 + customer * 31 % 16] || lpad((customer * 102947 % 100000000)::text, 8, '0')
	WHEN customer % 100 < 99 THEN
		(ARRAY['0049', '0049', '0032', '0041', '0044', '001'])[1 + customer * 7 % 6]
			|| lpad((customer * 102947 % 100000000)::text, 9, '3')
	ELSE '+336' || lpad((customer * 102947 % 100000000)::text, 8, '0')
END;

-- The big tables get their keys when they are filled.
CREATE TABLE bench.later AS
SELECT conrelid::regclass::text AS relation, conname AS name, pg_get_constraintdef(oid) AS definition,
	contype = 'f' AS is_foreign
FROM pg_constraint
WHERE conrelid IN ('call_data'::regclass, 'attached_data'::regclass, 'call_on_queue'::regclass,
		'call_element'::regclass)
	AND contype IN ('p', 'f');
SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', relation, name)
FROM bench.later
ORDER BY is_foreign DESC \gexec
