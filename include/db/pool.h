/*
 * A pool of non-blocking PostgreSQL connections on one event loop.
 *
 * Order of calls: db_pool_new(), db_pool_start(), then any number of db_query_start(); each ends
 * exactly once, either with its done hook or with db_query_abandon(). db_pool_free() last, when no
 * query is left.
 *
 * Connections are divided between two lanes (enum db_lane). A short statement is sent at once on
 * the least loaded short connection, behind others that are under way there (pipeline mode, one
 * sync each, so an error stays with the statement it belongs to). A long one waits for a connection
 * of its own. With a single connection both lanes share it. One more connection, besides those of
 * the settings, carries nothing but cancellations, which are needed most when all others are busy,
 * and questions to the server.
 *
 * conninfo leads to the primary; of several hosts to the one that takes writes, which is looked for
 * again when it is lost or has become a standby. With read_conninfo each of its hosts has
 * connections of its own, and statements that only read go there, unless they say on_primary; to
 * those hosts that answer, follow the primary and have replayed whatever was written through this
 * pool. Without one they go to the primary. So what was written before a read began is in its
 * answer.
 *
 * Whole results, not single rows: libpq copies the column descriptions for each single row, which
 * for the 23 columns of cel costs more than rendering them. Results arrive complete, are rendered
 * at once and freed, so a slow client never holds a connection. Limits on rows keep that bounded.
 *
 * A connection that is lost is rebuilt after a capped, jittered pause. Its reading statements that
 * have not answered yet move to another connection, once; the rest ends as unavailable.
 */
#ifndef RECORDINGD_DB_POOL_H
#define RECORDINGD_DB_POOL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/histogram.h"
#include "db/statement.h"

struct event_base;
struct db_pool;
struct db_query;

struct db_settings {
	const char *conninfo;
	const char *read_conninfo;   /* NULL or "": none */
	unsigned connections;	     /* to the primary, and to each host that only reads */
	unsigned search_connections; /* of these for long statements; 0: half */
	int64_t statement_timeout_ms;
	int64_t queue_timeout_ms;
	int64_t read_max_lag_ms;
	bool has_readers; /* filled in by the pool */
};

struct db_counters {
	uint64_t connections;		 /* configured */
	uint64_t open;			 /* now: they can take statements */
	uint64_t busy;			 /* now: with statements under way */
	uint64_t waiting[DB_LANE_COUNT]; /* queries without a connection now */
	uint64_t lost;			 /* connections that broke or could not be made */
	struct histogram statements[DB_LANE_COUNT]; /* from sending to the last result */
};

/* How a query ended; what it means to a client is one table, in db_outcome_error(). */
enum db_outcome {
	DB_OUTCOME_DONE,
	DB_OUTCOME_UNAVAILABLE,	  /* no connection in time, or the connection was lost */
	DB_OUTCOME_TIMEOUT,	  /* statement_timeout passed */
	DB_OUTCOME_FAILED,	  /* PostgreSQL refused the statement; the log says why */
	DB_OUTCOME_NO_SUCH_VALUE, /* a parameter is no value of its type: of an enum without it; or
				   * names a row that is not there any more */
};

/*
 * The hooks of one query, called from the loop, never from within db_query_start().
 * on_result: once for each statement of the query that has columns, in order; the result belongs
 *   to the pool. False means that the rows are not what was asked for: the query then ends as
 *   DB_OUTCOME_FAILED, and on_result is not called again.
 * on_done: once; with a writing query only after its commit. The query is gone when it returns.
 */
struct db_query_hooks {
	bool (*on_result)(const PGresult *result, void *context);
	void (*on_done)(enum db_outcome outcome, void *context);
};

/* One statement of a query and its parameters. */
struct db_step {
	const struct db_statement *statement;
	struct db_parameters parameters;
};

/* How many statements a query may have. */
#define DB_STEPS_MAX 10

/* Copies the settings. */
struct db_pool *db_pool_new(struct event_base *base, const struct db_settings *settings);

/*
 * New settings for what comes next; the number of connections stays, and so does that of the hosts
 * that only read: a read_conninfo that changes it is left for the next start, and false is
 * returned. With another connection string the connections to a server are made anew, each when it
 * is idle, one after the other: while the new one cannot be reached, all but one go on with the
 * old.
 */
bool db_pool_set_settings(struct db_pool *pool, const struct db_settings *settings) MUST_CHECK;

void db_pool_start(struct db_pool *pool);

/* Closes all connections; queries still there end as DB_OUTCOME_UNAVAILABLE. NULL is allowed. */
void db_pool_free(struct db_pool *pool);

/*
 * The statement of a text that was joined for a request, to be prepared once on each connection;
 * NULL: too many are under way. Lives until the next call, and as long as a query has it.
 */
const struct db_statement *db_pool_statement(
	struct db_pool *pool, const char *text, enum db_lane lane);

/* Whether at least one connection can take statements that need the primary. */
bool db_pool_is_up(const struct db_pool *pool);

/* Of all servers together. */
void db_pool_counters(const struct db_pool *pool, struct db_counters *counters);

/* How many hosts of read_conninfo there are, and how many of them may answer now. */
unsigned db_pool_readers(const struct db_pool *pool);
unsigned db_pool_readers_up(const struct db_pool *pool);

/* One server of the pool, for the operator: the first is the primary, then the readers. */
struct db_pool_server {
	const char *name; /* of its host; borrowed */
	bool is_connected;
	bool is_standby;
	const char *last_failure; /* "" if none; borrowed */
};

unsigned db_pool_servers(const struct db_pool *pool);
struct db_pool_server db_pool_server(const struct db_pool *pool, unsigned index);

/* Why the last connection attempt failed, for the operator; "" if none did. */
const char *db_pool_last_failure(const struct db_pool *pool);

/*
 * Runs the steps in order as one transaction on one connection; texts and values are copied, the
 * statement structures themselves must be constants unless their name is NULL. NULL: too many
 * queries are waiting already, and no hook will be called.
 */
struct db_query *db_query_start(struct db_pool *pool, const struct db_step *steps, size_t count,
	const struct db_query_hooks *hooks, void *context) MUST_CHECK;

/*
 * Forgets the hooks of a query whose client has gone, and cancels its statement unless others that
 * are wanted run on the same connection. The pointer is dead after the call.
 */
void db_query_abandon(struct db_query *query);

/* Fills error for an outcome other than DB_OUTCOME_DONE. */
void db_outcome_error(enum db_outcome outcome, struct error *error);

#endif
