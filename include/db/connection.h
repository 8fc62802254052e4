/*
 * One PostgreSQL connection, driven by the loop: inside src/db only.
 *
 * It connects by PQconnectPoll, applies the session's settings, and then carries queries in the
 * order in which they were sent; the answers come back in that order. It belongs to a server of the
 * pool (db/server.h), lives as long as that, and is rebuilt by itself when it is lost: it tries the
 * hosts of its target one after the other, beginning with the one that was right last, then pauses.
 *
 * Behind a pooler such as PgBouncer in transaction mode each query may run in another session, and
 * the process id of the connection is not that of a session; so that is how it is recognised. Then
 * nothing is prepared, and every query brings its settings along.
 */
#ifndef RECORDINGD_DB_CONNECTION_H
#define RECORDINGD_DB_CONNECTION_H

#include "db/hosts.h"
#include "db/query.h"
#include "db/replica.h"

enum db_connection_state {
	DB_CONNECTION_CLOSED,	  /* until the retry timer; then CONNECTING */
	DB_CONNECTION_CONNECTING, /* PQconnectPoll; then SETTING_UP, or CLOSED after its time */
	DB_CONNECTION_SETTING_UP, /* session.sql is under way; then READY */
	DB_CONNECTION_READY,	  /* takes queries */
	DB_CONNECTION_HELD,	  /* what nobody wants is being cancelled: nothing new may run here,
				   * or the cancellation could hit it; then READY */
};

struct db_server;

/* The columns of position.sql. */
enum { DB_POSITION_STANDBY, DB_POSITION_PLACE, DB_POSITION_TIMELINE, DB_POSITION_COLUMNS };

/* What a connection tells its server. */
struct db_connection_events {
	/* It may take (more) queries now. */
	void (*on_free)(struct db_server *server);
	/* This query must run on another connection; the pool takes it over. */
	void (*on_moved)(struct db_server *server, struct db_query *query);
	/* It still runs what nobody wants: one more cancellation is due. */
	void (*on_unwanted)(struct db_server *server, struct db_connection *connection);
	/* It has connected, or was lost after it had. */
	void (*on_ready)(struct db_server *server, struct db_connection *connection);
	void (*on_lost)(struct db_server *server, struct db_connection *connection);
	/* What it had prepared no longer fits the tables: all connections must be made anew. */
	void (*on_stale)(struct db_server *server);
	/* Queries are under way, and nothing comes; called again and again until it does. */
	void (*on_silent)(struct db_server *server, struct db_connection *connection);
	/* It was taken for a primary, and takes no writes: there is another host to look for. */
	void (*on_refused)(struct db_server *server, struct db_connection *connection);
	/* A write is committed, up to this position of the log; before its done hook. */
	void (*on_written)(struct db_server *server, struct db_position position);
};

/* pool: for its own queries. */
struct db_connection *db_connection_new(struct db_server *server, struct db_pool *pool,
	struct event_base *base, const struct db_settings *settings, struct db_target *target,
	const struct db_connection_events *events, unsigned number);

/* Ends its queries as unavailable; their hooks may still reach any connection of the pool. */
void db_connection_shut_down(struct db_connection *connection);

/* After db_connection_shut_down() of all connections. */
void db_connection_free(struct db_connection *connection);

/* Starts connecting. */
void db_connection_open(struct db_connection *connection);

/* While it pauses: connects at once. */
void db_connection_hurry(struct db_connection *connection);

/*
 * Whether it was opened, or is going to be, with the connection string of the target as it is now;
 * and has it opened anew with that once it is idle. It takes no queries until then.
 */
bool db_connection_is_current(const struct db_connection *connection);
void db_connection_renew(struct db_connection *connection);

/* … has it opened anew whatever is under way; that ends, or moves, as when it is lost. */
void db_connection_renew_now(struct db_connection *connection);

/*
 * Silence (db/silence.h): for how long nothing has come, 0 when nothing is under way; whether that
 * is long enough to ask about it; and when something came last.
 */
int64_t db_connection_silence_ms(const struct db_connection *connection);
bool db_connection_is_silent(const struct db_connection *connection);
int64_t db_connection_heard_ms(const struct db_connection *connection);

/* The process of its session; 0: not known. */
int db_connection_process(const struct db_connection *connection);

/*
 * The same, and that PostgreSQL is now asked about it; what it says; and what follows when its
 * session does nothing, the first time and after another one.
 */
int db_connection_ask_about(struct db_connection *connection);
void db_connection_note_work(struct db_connection *connection, bool is_at_work);
bool db_connection_is_suspect(const struct db_connection *connection);
bool db_connection_is_lost(const struct db_connection *connection);

/* Counts as lost, for this reason, if it is connected. */
void db_connection_give_up(struct db_connection *connection, const char *reason);

/* The answer to position.sql. */
struct db_position db_connection_position(const PGresult *result);

struct db_server *db_connection_server(const struct db_connection *connection);

/* Whether both were opened to the same host of the same connection string. */
bool db_connection_shares_host(
	const struct db_connection *connection, const struct db_connection *other);

/* Of a connected one that is current: which host of the target it is on. */
size_t db_connection_host(const struct db_connection *connection);

/* Of a connected one; a primary that takes no writes counts, too. */
bool db_connection_is_standby(const struct db_connection *connection);

enum db_connection_state db_connection_state(const struct db_connection *connection);

/* How many queries are under way, and whether one of them is of the long lane. */
unsigned db_connection_load(const struct db_connection *connection);
bool db_connection_runs_long(const struct db_connection *connection);

/* Adds its own: lost, and the durations of statements. */
void db_connection_count(const struct db_connection *connection, struct db_counters *counters);

const char *db_connection_last_failure(const struct db_connection *connection);

/* Sends a query, which the connection owns from now on; no hook is called from within. */
void db_connection_send(struct db_connection *connection, struct db_query *query);

/* Sends a query that belongs to this connection alone, and ends when that is lost. Owned as above.
 */
struct db_query *db_connection_ask(struct db_connection *connection, const struct db_step *step,
	const struct db_query_hooks *hooks, void *context);

/* The statement that cancels, and its parameter. */
struct db_cancellation {
	const struct db_statement *statement;
	char value[24];
};

/*
 * Holds a connection whose queries nobody wants any more, for a cancellation of the one that runs,
 * to be sent to the same host; false when there is nothing to cancel. db_connection_release() must
 * follow when the cancellation is over.
 */
bool db_connection_hold(
	struct db_connection *connection, struct db_cancellation *cancellation) MUST_CHECK;
void db_connection_release(struct db_connection *connection);

#endif
