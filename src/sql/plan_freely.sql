-- Before a statement whose best plan depends on its values, in the same transaction: it is planned for
-- them, and by all means.
-- Columns: none, and no row.
SELECT
FROM (
	SELECT pg_catalog.set_config('plan_cache_mode', 'force_custom_plan', true),
		pg_catalog.set_config('enable_bitmapscan', 'on', true)
	OFFSET 0
) AS setting (cache_mode, bitmapscan)
WHERE setting.cache_mode IS NULL OR setting.bitmapscan IS NULL
