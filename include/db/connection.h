/*
 * One PostgreSQL connection, driven by the loop: inside src/db only.
 *
 * It connects by PQconnectPoll, applies the session's settings, and then carries queries in the
 * order in which they were sent; the answers come back in that order. It belongs to the pool, lives
 * as long as the pool, and is rebuilt by itself when it is lost.
 */
#ifndef RECORDINGD_DB_CONNECTION_H
#define RECORDINGD_DB_CONNECTION_H

#include "db/query.h"

enum db_connection_state {
	DB_CONNECTION_CLOSED,	  /* until the retry timer; then CONNECTING */
	DB_CONNECTION_CONNECTING, /* PQconnectPoll; then SETTING_UP, or CLOSED after its time */
	DB_CONNECTION_SETTING_UP, /* session.sql is under way; then READY */
	DB_CONNECTION_READY,	  /* takes queries */
	DB_CONNECTION_HELD,	  /* what nobody wants is being cancelled: nothing new may run here,
				   * or the cancellation could hit it; then READY */
};

/* What a connection tells the pool. */
struct db_connection_events {
	/* It may take (more) queries now. */
	void (*on_free)(struct db_pool *pool);
	/* This query must run on another connection; the pool takes it over. */
	void (*on_moved)(struct db_pool *pool, struct db_query *query);
	/* It still runs what nobody wants: one more cancellation is due. */
	void (*on_unwanted)(struct db_pool *pool, struct db_connection *connection);
};

struct db_connection *db_connection_new(struct db_pool *pool, struct event_base *base,
	const struct db_settings *settings, const struct db_connection_events *events,
	unsigned number);

/* Ends its queries as unavailable; their hooks may still reach any connection of the pool. */
void db_connection_shut_down(struct db_connection *connection);

/* After db_connection_shut_down() of all connections. */
void db_connection_free(struct db_connection *connection);

/* Starts connecting. */
void db_connection_open(struct db_connection *connection);

/*
 * Whether it was opened, or is going to be, with the conninfo of the settings as they are now; and
 * has it opened anew with that once it is idle. It takes no queries until then.
 */
bool db_connection_is_current(const struct db_connection *connection);
void db_connection_renew(struct db_connection *connection);

enum db_connection_state db_connection_state(const struct db_connection *connection);

/* How many queries are under way, and whether one of them is of the long lane. */
unsigned db_connection_load(const struct db_connection *connection);
bool db_connection_runs_long(const struct db_connection *connection);

/* Adds its own: lost, and the durations of statements. */
void db_connection_count(const struct db_connection *connection, struct db_counters *counters);

const char *db_connection_last_failure(const struct db_connection *connection);

/* Sends a query, which the connection owns from now on; no hook is called from within. */
void db_connection_send(struct db_connection *connection, struct db_query *query);

/*
 * Holds a connection whose queries nobody wants any more, for a cancellation of the one that runs;
 * its process id is returned, or 0 when there is nothing to cancel. db_connection_release() must
 * follow when the cancellation is over.
 */
int db_connection_hold(struct db_connection *connection);
void db_connection_release(struct db_connection *connection);

#endif
