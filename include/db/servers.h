/*
 * The servers of a pool, as its connection strings name them: inside src/db only.
 *
 * Order of calls: db_servers_open(), db_servers_start(); db_servers_set() for other connection
 * strings, and then db_servers_renew() whenever a connection has become free, until is_renewing is
 * false. At the end db_servers_close(), db_servers_shut_down() and db_servers_free().
 */
#ifndef RECORDINGD_DB_SERVERS_H
#define RECORDINGD_DB_SERVERS_H

#include "db/server.h"

/* All zero before db_servers_open(); changed by servers.c only. */
struct db_servers {
	struct db_server **all; /* owned; the first is the primary, the others are readers */
	unsigned count;		/* stays */
	bool is_renewing; /* some connections are still those of an earlier connection string */
	struct db_hosts *hosts;		    /* owned; of the primary */
	struct db_hosts *read_hosts;	    /* owned; of the readers; NULL: none */
	const struct db_settings *settings; /* borrowed */
};

/*
 * settings: borrowed until db_servers_free(), but for the connection strings, which are copied; has
 * has_readers filled in.
 */
void db_servers_open(struct db_servers *servers, struct db_pool *pool, struct event_base *base,
	struct db_settings *settings, const struct db_server_events *events);

void db_servers_start(struct db_servers *servers);

/*
 * Other connection strings, or the same; has connections to a server whose string has changed made
 * anew. False: read_conninfo asks for more or fewer servers, and was left out.
 */
bool db_servers_set(
	struct db_servers *servers, const char *conninfo, const char *read_conninfo) MUST_CHECK;

/* Has the servers go on with their new connection strings. */
void db_servers_renew(struct db_servers *servers);

/* Nothing new is sent. */
void db_servers_close(struct db_servers *servers);

/* Ends the queries that were sent. */
void db_servers_shut_down(struct db_servers *servers);

void db_servers_free(struct db_servers *servers);

struct db_server *db_servers_primary(const struct db_servers *servers);

#endif
