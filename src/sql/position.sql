-- Asked behind a write that is committed, and of every server now and then: how far its log is. A
-- standby that has replayed the log of a timeline up to a position of its primary on that timeline
-- shows what was committed there before.
-- Columns: is this a standby, or a primary that was told to take no writes; position, timeline.
-- A standby that is on a timeline may say an earlier one, never a later one: without the rights of
-- pg_read_all_stats it sees not what it receives, only what its restart points have left in
-- pg_control.
SELECT current_setting('transaction_read_only')::boolean,
	CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END,
	CASE WHEN pg_is_in_recovery() THEN greatest(
		(SELECT received_tli FROM pg_stat_wal_receiver),
		(SELECT min_recovery_end_timeline FROM pg_control_recovery()),
		(SELECT timeline_id FROM pg_control_checkpoint()))
	ELSE ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer END
