/*
 * Which server of a pool a query goes to: inside src/db only.
 *
 * What only reads goes to the readers that may answer (db/replica.h), in turn; while none of these
 * is up to the primary, as everything else. Whatever servers say about where they are must be told
 * here, as it decides which readers these are.
 */
#ifndef RECORDINGD_DB_ROUTING_H
#define RECORDINGD_DB_ROUTING_H

#include "db/servers.h"

/* All zero at first, but for servers. */
struct db_routing {
	const struct db_servers *servers; /* borrowed */
	unsigned next_reader;		  /* where the search for one begins */
	struct db_position primary_position;
	struct db_position written; /* a reader must have got there */
};

/* NULL when all connections that the query may have are down or full. */
struct db_connection *db_routing_pick(
	struct db_routing *routing, enum db_lane lane, enum db_route route);

/* How many readers may answer now. */
unsigned db_routing_readers_up(const struct db_routing *routing);

/* A write is committed, up to this position. */
void db_routing_written(struct db_routing *routing, struct db_position position);

/* A server has said where it is; is_new: for the first time since it was connected. */
void db_routing_answered(struct db_routing *routing, struct db_server *server,
	struct db_position position, bool is_new, int64_t max_lag_ms);

#endif
