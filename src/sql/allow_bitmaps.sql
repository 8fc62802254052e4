-- Before a statement that looks for trigrams, in the same transaction: their index is read by bitmaps,
-- which session.sql has turned off.
-- Columns: none, and no row.
SELECT
FROM (SELECT pg_catalog.set_config('enable_bitmapscan', 'on', true) OFFSET 0) AS setting (value)
WHERE setting.value IS NULL
