-- Pairs: 60 % of the answered calls are recorded (and a few others), with two to five pairs. Some
-- keys are rare and old, one value is rare and old, one is frequent and new, some keys are repeated.
BEGIN;
TRUNCATE attached_data;
INSERT INTO attached_data (id, id_call_data, key, value)
SELECT n * 6 + pair, n, key,
	CASE key
		WHEN 'recording' THEN 'xivocc_gateway-' || uniqueid
		WHEN 'ticket' THEN 'T' || 1000000 + n * 7
		WHEN 'color' THEN
			CASE WHEN age < 0.25 AND u_value > 0.9998 THEN 'mauve'
				ELSE (ARRAY['green', 'red', 'bleu', 'doré', 'gris', 'orange'])[1 + floor(6 * u_value * u_value)::integer]
			END
		WHEN 'campaign' THEN
			CASE WHEN age > 0.97 AND u_value < 0.7 THEN 'relance_novembre'
				ELSE (ARRAY['hiver', 'printemps', 'été', 'automne'])[1 + floor(4 * u_value)::integer]
					|| floor(2023.9 + 3 * age)
			END
		WHEN 'customer' THEN 'C' || 100000 + customer % 1000000
		WHEN 'reason' THEN (ARRAY['commande', 'facture', 'réclamation', 'livraison', 'retour', 'panne', 'autre',
			'=2+3'])[1 + floor(8 * power(u_value, 3))::integer]
		WHEN 'language' THEN (ARRAY['fr', 'fr', 'fr', 'fr', 'de', 'nl', 'en', 'es'])[1 + floor(8 * u_value)::integer]
		WHEN 'legacy_id' THEN 'L-' || n % 1000
		WHEN 'fraud' THEN 'suspected'
	END
FROM (
	SELECT n, age, uniqueid, customer, pair, bench.chance(n * 8 + pair, 31) AS u_value,
		CASE
			WHEN pair = 0 THEN 'recording'
			WHEN pair = pairs AND u_special < 0.0002 AND age < 0.25 THEN 'fraud'
			WHEN pair = pairs AND u_special < 0.02 AND age < 0.25 THEN 'legacy_id'
			WHEN pair = pairs AND u_special > 0.97 THEN 'color'
			WHEN pair = 1 AND u_special > 0.97 THEN 'color'
			ELSE (ARRAY['ticket', 'color', 'campaign', 'customer', 'reason', 'language'])[1 + (n % 6 + pair) % 6]
		END AS key
	FROM (
		SELECT call.*, (is_answered AND u_recorded < 0.6 OR u_recorded < 0.01) AS is_recorded,
			CASE
				WHEN is_answered AND u_recorded < 0.6 OR u_recorded < 0.01 THEN 1 + floor(4 * u_pairs)
				WHEN u_pairs < 0.15 THEN 1 + floor(2 * u_pairs / 0.15)
				ELSE 0
			END::integer AS pairs
		FROM (
			SELECT n, age, uniqueid, customer, is_answered, bench.chance(n, 21) AS u_recorded,
				bench.chance(n, 22) AS u_pairs, bench.chance(n, 23) AS u_special
			FROM bench.call
			OFFSET 0
		) AS call
		OFFSET 0
	) AS call
	CROSS JOIN LATERAL generate_series(CASE WHEN is_recorded THEN 0 ELSE 1 END, pairs) AS pair
	OFFSET 0
) AS attached;
COMMIT;
