-- As cancel.sql, behind a pooler, where the session that runs the statement is not known.
-- $1 integer: number of the lock by which it is marked (session_pooled.sql).
-- The columns of pg_locks are oids, whose range is that of an unsigned integer.
SELECT pg_catalog.pg_cancel_backend(pid)
FROM pg_catalog.pg_locks
WHERE locktype = 'advisory' AND classid = 1919247201 AND granted AND pid <> pg_backend_pid()
	AND objid::bigint = $1::bigint & 4294967295
	AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
