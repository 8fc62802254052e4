#include "db/routing.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"

/* After that standbys of a later timeline are believed that it was replaced. */
#define PRIMARY_DOUBT_MS 1000

static bool
primary_answers(const struct db_routing *routing)
{
	return db_server_answers(db_servers_primary(routing->servers), PRIMARY_DOUBT_MS);
}

/* Of the readers that may answer, the one with a free connection whose turn it is. */
static struct db_connection *
pick_reader(struct db_routing *routing, enum db_lane lane, bool *has_readers)
{
	unsigned readers = routing->servers->count - 1;
	bool is_there = primary_answers(routing);

	*has_readers = false;
	for (unsigned i = 0; i < readers; i++) {
		struct db_server *server =
			routing->servers->all[1 + (routing->next_reader + i) % readers];
		struct db_connection *connection;

		if (!db_replica_may_answer(&server->replica, routing->written, is_there))
			continue;
		connection = db_server_pick(server, lane, false);
		if (connection != NULL) {
			routing->next_reader = (routing->next_reader + i + 1) % readers;
			return connection;
		}
		/* Busy, not down: the primary is spared. */
		*has_readers |= db_server_is_up(server);
	}
	return NULL;
}

struct db_connection *
db_routing_pick(struct db_routing *routing, enum db_lane lane, enum db_route route)
{
	bool has_readers = false;

	if (route == DB_ROUTE_READ) {
		struct db_connection *connection = pick_reader(routing, lane, &has_readers);

		if (connection != NULL || has_readers)
			return connection;
	}
	return db_server_pick(db_servers_primary(routing->servers), lane, route == DB_ROUTE_WRITE);
}

unsigned
db_routing_readers_up(const struct db_routing *routing)
{
	bool is_there = primary_answers(routing);
	unsigned up = 0;

	for (unsigned i = 1; i < routing->servers->count; i++)
		up += db_server_is_up(routing->servers->all[i]) &&
		      db_replica_follows(
			      &routing->servers->all[i]->replica, routing->written, is_there);
	return up;
}

/* A reader that has not got there is asked until it has: reads are the primary's meanwhile. */
static void
hurry_readers(struct db_routing *routing)
{
	for (unsigned i = 1; i < routing->servers->count; i++)
		db_server_hurry(routing->servers->all[i]);
}

/*
 * Another connection to the primary, or another primary, which may have places below those of the
 * old one: whatever is committed there lies before its own. On the same timeline something may have
 * been written meanwhile, and told before this.
 */
static void
on_new_primary(struct db_routing *routing, struct db_position position)
{
	bool is_other = position.timeline != routing->written.timeline;

	if (is_other && routing->written.timeline != 0)
		log_write(LOG_LEVEL_NOTICE,
			"the primary is on timeline %" PRIu32 " now, and was on %" PRIu32,
			position.timeline, routing->written.timeline);
	if (is_other || position.place > routing->written.place)
		routing->written = position;
	routing->primary_position = position;
	for (unsigned i = 1; i < routing->servers->count; i++)
		db_replica_reset(&routing->servers->all[i]->replica, position, clock_now_ms());
	hurry_readers(routing);
}

void
db_routing_written(struct db_routing *routing, struct db_position position)
{
	if (position.timeline != routing->written.timeline) {
		on_new_primary(routing, position);
		return;
	}
	if (position.place > routing->written.place)
		routing->written = position;
	hurry_readers(routing);
}

static void
log_timeline(const struct db_routing *routing, const struct db_server *server)
{
	const struct db_replica *replica = &server->replica;

	log_write(replica->is_apart ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE,
		"reads: %s says timeline %" PRIu32 ", the primary %" PRIu32,
		db_target_name(&server->target, 0), replica->position.timeline,
		routing->primary_position.timeline);
}

void
db_routing_answered(struct db_routing *routing, struct db_server *server,
	struct db_position position, bool is_new, int64_t max_lag_ms)
{
	bool was_apart = server->replica.is_apart;

	if (server == db_servers_primary(routing->servers)) {
		routing->primary_position = position;
		if (is_new || position.timeline != routing->written.timeline)
			on_new_primary(routing, position);
		return;
	}
	db_replica_saw(
		&server->replica, position, routing->primary_position, clock_now_ms(), max_lag_ms);
	if (server->replica.is_apart != was_apart)
		log_timeline(routing, server);
}
