-- The end of the channel event log, and who may still add to what lies before it.
-- $1 bigint: list the ids from this one on; NULL: none.
-- Columns: kind, value. One "server" (when it started, in seconds and fractions of them), one
-- "standby" (true or false), one "highest" (NULL without rows), up to
-- 1000 "id" in their order, and a "writer" for each transaction that holds the lock that INSERT
-- takes. pg_locks knows no snapshot: it is read when its turn comes, after the ids were seen. The ids
-- are ordered as numbers: a bare "id" would be the text, and 10000 come before 9999.
-- Index: the primary key.
SELECT 'server' AS kind, extract(epoch FROM pg_postmaster_start_time())::text AS value
UNION ALL
SELECT 'standby', pg_is_in_recovery()::text
UNION ALL
SELECT 'highest', (SELECT max(id) FROM cel)::text
UNION ALL
(SELECT 'id', id::text FROM cel WHERE id >= $1::bigint ORDER BY cel.id LIMIT 1000)
UNION ALL
SELECT 'writer', virtualtransaction
FROM pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
	AND relation = 'cel'::regclass
	AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
