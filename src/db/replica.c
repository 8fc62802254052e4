#include "db/replica.h"

#include <stdlib.h>

uint64_t
db_position_read(const char *text)
{
	char *end;
	uint64_t high = strtoull(text, &end, 16);

	return *end == '/' ? high << 32 | strtoull(end + 1, NULL, 16) : 0;
}

static void
set_goal(struct db_replica *replica, uint64_t goal, int64_t now_ms)
{
	replica->goal = goal;
	replica->goal_since_ms = now_ms;
}

void
db_replica_saw(struct db_replica *replica, uint64_t position, uint64_t primary_position,
	int64_t now_ms, int64_t max_lag_ms)
{
	replica->is_known = true;
	replica->position = position;
	if (position >= replica->goal) {
		/* From nothing it must first get to where the primary is now. */
		replica->follows = replica->goal != 0 || position >= primary_position;
		set_goal(replica, primary_position, now_ms);
	} else if (now_ms - replica->goal_since_ms >= max_lag_ms) {
		replica->follows = false;
	}
}

void
db_replica_lost(struct db_replica *replica)
{
	replica->is_known = false;
}

void
db_replica_reset(struct db_replica *replica, uint64_t primary_position, int64_t now_ms)
{
	set_goal(replica, primary_position, now_ms);
}

bool
db_replica_may_answer(const struct db_replica *replica, uint64_t written)
{
	return replica->is_known && replica->follows && replica->position >= written;
}
