-- Legs: up to three phones ring in vain before one answers. The leg of an outgoing call is the
-- operator's trunk.
BEGIN;
TRUNCATE call_element;
INSERT INTO call_element (id, call_data_id, start_time, answer_time, end_time, interface, agent)
SELECT n * 4 + leg - 1, n,
	start_time + (leg - 1) * step,
	CASE WHEN is_answered AND leg = legs THEN picked_up END,
	CASE WHEN leg < legs THEN start_time + leg * step ELSE end_time END,
	CASE
		WHEN direction = 'outgoing' THEN 'SIP/operator' || n % 2
		ELSE bench.interface(rung_desk)
	END,
	CASE
		WHEN direction = 'outgoing' OR rung_desk >= 200 THEN NULL
		WHEN is_answered AND leg = legs THEN bench.agent_number(agent)
		ELSE bench.agent_number(rung_desk)
	END
FROM (
	SELECT call.*, leg, wait_s * interval '1 second' / legs AS step,
		CASE
			WHEN leg = legs AND queue IS NULL AND u_side >= 0.5 THEN office
			WHEN leg = legs AND is_answered THEN desk
			ELSE floor(180 * power(bench.chance(n * 4 + leg, 52), 1.6))::bigint
		END AS rung_desk
	FROM (
		SELECT call.*, CASE
				WHEN queue IS NULL THEN 1
				WHEN NOT is_answered AND u_legs < 0.2 THEN 0
				ELSE 1 + width_bucket(u_legs, ARRAY[0.55, 0.8, 0.93])
			END AS legs
		FROM (
			SELECT *, bench.chance(n, 51) AS u_legs
			FROM bench.call
			OFFSET 0
		) AS call
		OFFSET 0
	) AS call
	CROSS JOIN LATERAL generate_series(1, legs) AS leg
	OFFSET 0
) AS element;
COMMIT;
