#include "db/replica.h"

#include <stdlib.h>

/* PostgreSQL's pages of the log, and the longest head of one. */
#define PAGE_BYTES	8192
#define PAGE_HEAD_BYTES 40

/*
 * A primary says where the next record will begin, a standby where the last one has ended. These
 * are two places when a page is full: the head of the next one lies between them. No record is
 * short enough to end there if it begins on that page.
 */
static uint64_t
end_of_last(uint64_t next)
{
	uint64_t bytes = next % PAGE_BYTES;

	return bytes <= PAGE_HEAD_BYTES ? next - bytes : next;
}

struct db_position
db_position_read(const char *timeline, const char *place)
{
	char *end;
	uint64_t high = strtoull(place, &end, 16);
	uint64_t whole = *end == '/' ? high << 32 | strtoull(end + 1, NULL, 16) : 0;

	return (struct db_position){
		.timeline = (uint32_t)strtoul(timeline, NULL, 10),
		.place = end_of_last(whole),
	};
}

static void
set_goal(struct db_replica *replica, uint64_t goal, int64_t now_ms)
{
	replica->goal = goal;
	replica->goal_since_ms = now_ms;
}

void
db_replica_saw(struct db_replica *replica, struct db_position position, struct db_position primary,
	int64_t now_ms, int64_t max_lag_ms)
{
	replica->is_known = true;
	replica->position = position;
	replica->is_apart = primary.timeline != 0 && position.timeline != primary.timeline;
	if (replica->is_apart) {
		/* When it comes to this timeline it must first get to where the primary is now. */
		set_goal(replica, primary.place, now_ms);
	} else if (position.place >= replica->goal) {
		/* From nothing it must first get to where the primary is now. */
		replica->keeps_up = replica->goal != 0 || position.place >= primary.place;
		set_goal(replica, primary.place, now_ms);
	} else if (now_ms - replica->goal_since_ms >= max_lag_ms) {
		replica->keeps_up = false;
	}
}

void
db_replica_lost(struct db_replica *replica)
{
	replica->is_known = false;
}

void
db_replica_reset(struct db_replica *replica, struct db_position primary, int64_t now_ms)
{
	set_goal(replica, primary.place, now_ms);
}

static bool
is_on_timeline(const struct db_replica *replica, struct db_position written)
{
	return written.timeline == 0 || replica->position.timeline == written.timeline;
}

bool
db_replica_follows(
	const struct db_replica *replica, struct db_position written, bool primary_answers)
{
	if (!replica->is_known)
		return false;
	if (is_on_timeline(replica, written))
		return replica->keeps_up;
	return replica->position.timeline > written.timeline && !primary_answers;
}

bool
db_replica_may_answer(
	const struct db_replica *replica, struct db_position written, bool primary_answers)
{
	return db_replica_follows(replica, written, primary_answers) &&
	       (!is_on_timeline(replica, written) || replica->position.place >= written.place);
}
