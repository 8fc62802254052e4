/*
 * One query on its way: inside src/db only.
 *
 * A query is in exactly one list: a waiting list (db/waiting.h; connection is NULL) or its
 * connection's list of sent queries. Whoever takes it out of the list ends it with
 * db_query_finish().
 */
#ifndef RECORDINGD_DB_QUERY_H
#define RECORDINGD_DB_QUERY_H

#include <sys/queue.h>

#include "db/pool.h"

struct db_connection;

/* A step with everything it needs copied. */
struct db_query_step {
	struct db_statement
		statement; /* its text is owned when it has no name; a shape is in use */
	char **values;	   /* owned */
	int count;
	bool preparing; /* sent together with its PREPARE on this connection */
};

/* Where a query may run. */
enum db_route {
	DB_ROUTE_WRITE,	  /* on a primary only */
	DB_ROUTE_PRIMARY, /* where the connection string of the writes leads */
	DB_ROUTE_READ,	  /* on a standby that may answer, else as above */
	DB_ROUTE_COUNT,
};

struct db_query {
	TAILQ_ENTRY(db_query) link;

	/* Owned: released by db_query_free(). */
	struct db_query_step steps[DB_STEPS_MAX];
	size_t step_count;

	/* Borrowed. */
	struct db_pool *pool;
	struct db_connection *connection;   /* NULL while waiting */
	const struct db_query_hooks *hooks; /* NULL once abandoned */
	void *context;

	enum db_lane lane;
	enum db_route route;
	enum db_outcome outcome;
	int64_t sent_us;       /* clock_now_us() */
	int64_t deadline_ms;   /* of waiting, then of running; clock_now_ms() */
	unsigned results_seen; /* of the server, in this attempt */
	unsigned preamble;     /* as many of them belong to the connection: see send_preamble() */
	int32_t tag;	       /* of the lock by which a cancellation finds it; 0: none */
	bool is_bound;	       /* of the server it was sent to: never moves */
	bool delivered;	       /* on_result has been called */
	bool has_rows;	       /* … with rows */
	bool moved;	       /* this is the second attempt */
	bool wants_second_try; /* its prepared statement is stale: see connection_results.c */
	bool was_refused;      /* nothing of it was done: by a standby, or with a stale plan */
	bool asks_position;    /* behind its sync comes the question up to where it has written */
	bool is_at_position;   /* its sync has come: what follows is the answer */
};

TAILQ_HEAD(db_query_list, db_query);

struct db_query *db_query_new(struct db_pool *pool, const struct db_step *steps, size_t count,
	const struct db_query_hooks *hooks, void *context);
void db_query_free(struct db_query *query);

/* Calls on_done unless abandoned, and frees the query, which is in no list any more. */
void db_query_finish(struct db_query *query);

/* Whether the query may run again on another connection without anyone noticing. */
bool db_query_can_move(const struct db_query *query);

/* Whether a step of it writes. */
bool db_query_writes(const struct db_query *query);

/* Back to the state before it was sent. */
void db_query_reset(struct db_query *query);

#endif
