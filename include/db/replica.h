/*
 * What is known about a hot standby, and whether it may answer reads: inside src/db only. The
 * reckoning alone, without clock or connection.
 *
 * Positions are those of the write-ahead log. A standby may answer when it has replayed whatever
 * was written through this pool, and follows: it must have reached, within the longest lag that is
 * allowed, where the primary was.
 *
 * Every promotion begins a timeline, and places of two timelines do not compare: a standby that has
 * not followed the promotion may be at a higher place, with other data. So as long as the primary
 * answers, only standbys on its timeline do. While it is away, those on a later one have what was
 * not lost with it.
 */
#ifndef RECORDINGD_DB_REPLICA_H
#define RECORDINGD_DB_REPLICA_H

#include <stdbool.h>
#include <stdint.h>

struct db_position {
	uint32_t timeline; /* 0: not known */
	uint64_t place;
};

struct db_replica {
	bool is_known; /* it has answered, and nothing went wrong since */
	bool keeps_up;
	bool is_apart; /* on another timeline than the primary when that was last seen */
	struct db_position position;
	uint64_t goal;	       /* where the primary was … */
	int64_t goal_since_ms; /* … at this time */
};

/* A timeline's number and a place such as "16/B374D848"; 0 for anything else. */
struct db_position db_position_read(const char *timeline, const char *place);

/* It answers that it is at position, while the primary was last seen at that of the primary. */
void db_replica_saw(struct db_replica *replica, struct db_position position,
	struct db_position primary, int64_t now_ms, int64_t max_lag_ms);

/* A connection to it was lost, or it is silent. */
void db_replica_lost(struct db_replica *replica);

/* Another primary, with places of its own. */
void db_replica_reset(struct db_replica *replica, struct db_position primary, int64_t now_ms);

/* Whether it follows the primary, on whose timeline written is. */
bool db_replica_follows(
	const struct db_replica *replica, struct db_position written, bool primary_answers);

/* … and has replayed what was written. */
bool db_replica_may_answer(
	const struct db_replica *replica, struct db_position written, bool primary_answers);

#endif
