-- Asked behind a write that is committed, and of every server now and then: how far its log is. A
-- standby that has replayed the log up to a position of its primary shows what was committed there
-- before.
-- Columns: is this a standby, position.
SELECT pg_is_in_recovery(),
	CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END
