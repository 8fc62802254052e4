/* What the files of src/db/connection*.c share; nobody else includes this. */
#ifndef RECORDINGD_DB_CONNECTION_INTERNAL_H
#define RECORDINGD_DB_CONNECTION_INTERNAL_H

#include <event2/event.h>

#include "db/connection.h"
#include "db/prepared.h"

/*
 * A cancellation that comes before PostgreSQL has read the statement, or between two, is lost
 * without a word; so it is repeated while the statement goes on.
 */
#define CANCEL_AGAIN_MS 100

struct db_connection {
	/* Borrowed: all outlive the connection. */
	struct db_server *server;
	struct db_pool *pool;
	struct event_base *base;
	const struct db_settings *settings;
	struct db_target *target;
	const struct db_connection_events *events;

	/* Owned. */
	PGconn *pg;		   /* NULL while CLOSED */
	struct event *read_event;  /* NULL while CLOSED or lost; persistent once SETTING_UP */
	struct event *write_event; /* as above; pending while PQflush has more to send */
	struct event *timer;	   /* retry, connect, or the oldest query's deadline */
	struct db_query_list sent; /* in the order of sending */

	enum db_connection_state state;
	unsigned number; /* for the log */
	unsigned load;	 /* queries in sent */
	unsigned failures;
	bool is_hurried;   /* the server was there while a try was under way that may still fail */
	unsigned rebuilds; /* planned ones in a row */
	int64_t rebuilt_ms;
	int64_t heard_ms;	/* when something came, or, where nothing was under way, was sent */
	int64_t told_ms;	/* on_silent was last called */
	int64_t asked_about_ms; /* PostgreSQL is being asked about its session; 0: it is not */
	int64_t idle_ms;	/* its session was found to do nothing; old if before heard_ms */
	int64_t still_idle_ms;	/* … and was found so last */
	size_t search_from;	/* the first host of the search */
	size_t tries;		/* hosts that were tried before, in this search */
	size_t host;		/* which is tried, or was found; of the target */
	bool is_standby;
	bool is_pooled; /* the session belongs to a query, not to the connection */
	bool broken;	/* a send failed: the timer will close it */
	bool stale;	/* a prepared statement or the conninfo is out of date: rebuild when idle */
	bool cancelling;		  /* between hold and release */
	const struct db_query *cancelled; /* only compared: the query that was last cancelled */
	struct db_prepared prepared;
	char *conninfo;		      /* owned; it was opened with; NULL while CLOSED */
	int64_t statement_timeout_ms; /* of the session, behind what is under way */
	char reasons[512];	      /* why hosts of this search failed */
	char last_failure[512];
	uint64_t lost;
	struct histogram durations[DB_LANE_COUNT];
};

/* connection.c: the only writer of the state; whether it is READY or HELD. */
void db_connection_set_state(struct db_connection *connection, enum db_connection_state state);
bool db_connection_is_up(const struct db_connection *connection);

void db_connection_arm_timer(struct db_connection *connection, int64_t duration_ms);

/* The timer follows the oldest query; an idle connection has none. */
void db_connection_arm_query_timer(struct db_connection *connection);

void db_connection_free_events(struct db_connection *connection);

/* The one way to close. A reason of NULL is a planned rebuild. */
void db_connection_close(struct db_connection *connection, const char *reason);

/*
 * The oldest query is past its time. Its client gets its answer now; if nothing at all has come
 * from PostgreSQL meanwhile the connection counts as dead, else it goes on with the others.
 */
void db_connection_on_deadline(struct db_connection *connection);

/* connection_open.c: the time of the next attempt, behind a close for this reason. */
void db_connection_pause(struct db_connection *connection, const char *reason);

/*
 * connection_send.c. The settings go behind what is under way, so that they hold for what is sent
 * from now on.
 */
void db_connection_send_session(
	struct db_connection *connection, const struct db_query_hooks *hooks, enum db_lane lane);
void db_connection_write_cb(evutil_socket_t socket, short what, void *context);

/* connection_results.c. */
void db_connection_read_cb(evutil_socket_t socket, short what, void *context);

/* connection_silence.c: when on_silent is due next, and its call when it is. */
int64_t db_connection_silence_due_ms(const struct db_connection *connection);
void db_connection_tell_silence(struct db_connection *connection);

/* connection_cancel.c: held, and no cancellation under way: the next statement, or back to work. */
void db_connection_go_on_cancelling(struct db_connection *connection);

/* Held for CANCEL_AGAIN_MS: the cancellation may have been lost. */
void db_connection_on_held(struct db_connection *connection);

#endif
