/*
 * What is known about a hot standby, and whether it may answer reads: inside src/db only. The
 * reckoning alone, without clock or connection.
 *
 * Positions are those of the write-ahead log. A standby may answer when it has replayed whatever
 * was written through this pool, and follows: it must have reached, within the longest lag that is
 * allowed, where the primary was.
 */
#ifndef RECORDINGD_DB_REPLICA_H
#define RECORDINGD_DB_REPLICA_H

#include <stdbool.h>
#include <stdint.h>

struct db_replica {
	bool is_known; /* it has answered, and nothing went wrong since */
	bool follows;
	uint64_t position;
	uint64_t goal;	       /* where the primary was … */
	int64_t goal_since_ms; /* … at this time */
};

/* "16/B374D848" as a number; 0 for anything else. */
uint64_t db_position_read(const char *text);

/* It answers that it is at position, while the primary was last seen at primary_position. */
void db_replica_saw(struct db_replica *replica, uint64_t position, uint64_t primary_position,
	int64_t now_ms, int64_t max_lag_ms);

/* A connection to it was lost, or it is silent. */
void db_replica_lost(struct db_replica *replica);

/* Another primary, with positions of its own. */
void db_replica_reset(struct db_replica *replica, uint64_t primary_position, int64_t now_ms);

bool db_replica_may_answer(const struct db_replica *replica, uint64_t written);

#endif
