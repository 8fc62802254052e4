#include "db/pool.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "db/connection.h"
#include "db/shapes.h"
#include "statements.h"

/*
 * How many short statements may be under way on one connection. Enough to hide the round trip of
 * the network; more would only wait inside PostgreSQL, where the queue's deadline cannot see them.
 */
#define PIPELINE_DEPTH 16

/* Beyond this a request gets its 503 at once: by queue_timeout it would not be served anyway. */
#define WAITING_MAX 10000

/*
 * Of the connections, one in so many serves the short lane. Half: while one backend waits for its
 * socket to be read, others go on, and a search at the same time needs no more than the rest.
 */
#define SHORT_SHARE 2

struct waiting_list {
	struct db_query_list queries; /* oldest first; taken out by dispatch, deadline or abandon */
	unsigned count;
	struct event *timer; /* pending while the list is not empty */
};

struct db_pool {
	struct event_base *base;
	struct db_settings settings;
	char *conninfo;			    /* owned: that of the settings */
	struct db_connection **connections; /* the first short_count are the short lane's */
	unsigned short_count;
	struct db_connection *canceller;
	struct waiting_list waiting[DB_LANE_COUNT];
	struct db_shapes *shapes; /* owned */
	bool renewing;		  /* some connections are still those of an earlier conninfo */
	bool closing;		  /* db_pool_free() has begun: nothing new is taken */
};

static const struct db_statement cancel_statement = {
	.name = "cancel",
	.text = sql_cancel,
	.lane = DB_LANE_SHORT,
};

/* Connections of a lane, as a range; a single connection is both lanes'. */
static void
lane_range(const struct db_pool *pool, enum db_lane lane, unsigned *first, unsigned *end)
{
	bool is_shared = pool->settings.connections == 1;

	*first = lane == DB_LANE_SHORT || is_shared ? 0 : pool->short_count;
	*end = lane == DB_LANE_SHORT || is_shared ? pool->short_count : pool->settings.connections;
}

static bool
can_take(const struct db_connection *connection, enum db_lane lane)
{
	unsigned load = db_connection_load(connection);

	if (db_connection_state(connection) != DB_CONNECTION_READY)
		return false;
	if (lane == DB_LANE_LONG)
		return load == 0;
	return load < PIPELINE_DEPTH && !db_connection_runs_long(connection);
}

/* The connection of the lane with the least under way; NULL when all are down or full. */
static struct db_connection *
pick_connection(const struct db_pool *pool, enum db_lane lane)
{
	struct db_connection *best = NULL;
	unsigned first;
	unsigned end;

	lane_range(pool, lane, &first, &end);
	for (unsigned i = first; i < end; i++) {
		struct db_connection *candidate = pool->connections[i];

		if (can_take(candidate, lane) &&
			(best == NULL || db_connection_load(candidate) < db_connection_load(best)))
			best = candidate;
	}
	return best;
}

static void
arm_waiting_timer(struct db_pool *pool, enum db_lane lane)
{
	struct waiting_list *waiting = &pool->waiting[lane];
	const struct db_query *oldest = TAILQ_FIRST(&waiting->queries);
	struct timeval delay;

	if (oldest == NULL) {
		(void)evtimer_del(waiting->timer);
		return;
	}
	delay = clock_timeval(oldest->deadline_ms - clock_now_ms());
	if (evtimer_add(waiting->timer, &delay) != 0)
		memory_exhausted();
}

static void
stop_waiting(struct db_pool *pool, struct db_query *query)
{
	struct waiting_list *waiting = &pool->waiting[query->lane];

	TAILQ_REMOVE(&waiting->queries, query, link);
	waiting->count--;
}

/* Sends what waits, as far as there are connections for it. Calls no hooks. */
static void
dispatch(struct db_pool *pool)
{
	for (enum db_lane lane = DB_LANE_SHORT; lane < DB_LANE_COUNT; lane++) {
		struct waiting_list *waiting = &pool->waiting[lane];
		struct db_connection *connection;
		bool changed = false;

		while (!TAILQ_EMPTY(&waiting->queries) &&
			(connection = pick_connection(pool, lane)) != NULL) {
			struct db_query *query = TAILQ_FIRST(&waiting->queries);

			stop_waiting(pool, query);
			db_connection_send(connection, query);
			changed = true;
		}
		if (changed)
			arm_waiting_timer(pool, lane);
	}
}

static void
on_free(struct db_pool *pool)
{
	dispatch(pool);
	/* From waiting_cb(), as the connection to be closed may be on the stack. */
	if (pool->renewing)
		event_active(pool->waiting[DB_LANE_SHORT].timer, EV_TIMEOUT, 0);
}

/* Not dispatched from here: the connection that gives it back is still on the stack. */
static void
on_moved(struct db_pool *pool, struct db_query *query)
{
	struct waiting_list *waiting = &pool->waiting[query->lane];

	query->deadline_ms = clock_now_ms() + pool->settings.queue_timeout_ms;
	TAILQ_INSERT_HEAD(&waiting->queries, query, link);
	waiting->count++;
	/* A zero timeout brings the loop to waiting_cb(), which dispatches. */
	event_active(waiting->timer, EV_TIMEOUT, 0);
}

static void
on_cancelled(enum db_outcome outcome, void *context)
{
	(void)outcome; /* too late or done: either way the connection may go on */
	db_connection_release(context);
}

static const struct db_query_hooks cancel_hooks = { .on_done = on_cancelled };

/*
 * Cancels what a connection runs when nobody wants it. The connection takes nothing new until both
 * its queries and the cancellation have ended, as pg_cancel_backend() hits whatever runs when its
 * signal arrives. While the canceller is down the query is left to its statement_timeout.
 */
static void
cancel_on(struct db_pool *pool, struct db_connection *connection)
{
	char process[24];
	struct db_step step = {
		.statement = &cancel_statement,
		.parameters = { .count = 1, .values = { process } },
	};
	int process_id;

	if (pool->closing || !can_take(pool->canceller, DB_LANE_SHORT))
		return;
	process_id = db_connection_hold(connection);
	if (process_id == 0)
		return;
	snprintf(process, sizeof process, "%d", process_id);
	db_connection_send(
		pool->canceller, db_query_new(pool, &step, 1, &cancel_hooks, connection));
}

static const struct db_connection_events connection_events = {
	.on_free = on_free,
	.on_moved = on_moved,
	.on_unwanted = cancel_on,
};

/* Has the next connection made anew, once those before it are up again. */
static void
renew_connections(struct db_pool *pool)
{
	for (unsigned i = 0; i <= pool->settings.connections; i++) {
		struct db_connection *connection = i < pool->settings.connections
							   ? pool->connections[i]
							   : pool->canceller;
		enum db_connection_state state = db_connection_state(connection);

		if (!db_connection_is_current(connection)) {
			db_connection_renew(connection);
			return;
		}
		if (state != DB_CONNECTION_READY && state != DB_CONNECTION_HELD)
			return;
	}
	pool->renewing = false;
	log_write(LOG_LEVEL_NOTICE, "all database connections are those of the new conninfo");
}

/* Ends what has waited too long. The list is in order but for queries that moved to the front. */
static void
waiting_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_pool *pool = context;
	struct db_query_list expired = TAILQ_HEAD_INITIALIZER(expired);
	int64_t now_ms = clock_now_ms();
	struct db_query *query;

	(void)socket;
	(void)what;
	dispatch(pool);
	if (pool->renewing)
		renew_connections(pool);
	for (enum db_lane lane = DB_LANE_SHORT; lane < DB_LANE_COUNT; lane++) {
		struct db_query *next;

		for (query = TAILQ_FIRST(&pool->waiting[lane].queries); query != NULL;
			query = next) {
			next = TAILQ_NEXT(query, link);
			if (query->deadline_ms > now_ms)
				continue;
			stop_waiting(pool, query);
			TAILQ_INSERT_TAIL(&expired, query, link);
		}
		arm_waiting_timer(pool, lane);
	}
	/* Hooks come last: they may start queries and so change the lists. */
	while ((query = TAILQ_FIRST(&expired)) != NULL) {
		TAILQ_REMOVE(&expired, query, link);
		query->outcome = DB_OUTCOME_UNAVAILABLE;
		db_query_finish(query);
	}
}

struct db_query *
db_query_start(struct db_pool *pool, const struct db_step *steps, size_t count,
	const struct db_query_hooks *hooks, void *context)
{
	struct db_connection *connection;
	struct db_query *query;

	if (pool->closing || count == 0 || count > DB_STEPS_MAX)
		return NULL;
	query = db_query_new(pool, steps, count, hooks, context);
	connection = TAILQ_EMPTY(&pool->waiting[query->lane].queries)
			     ? pick_connection(pool, query->lane)
			     : NULL;
	if (connection != NULL) {
		db_connection_send(connection, query);
		return query;
	}
	if (pool->waiting[query->lane].count >= WAITING_MAX) {
		db_query_free(query);
		return NULL;
	}
	query->deadline_ms = clock_now_ms() + pool->settings.queue_timeout_ms;
	TAILQ_INSERT_TAIL(&pool->waiting[query->lane].queries, query, link);
	pool->waiting[query->lane].count++;
	if (pool->waiting[query->lane].count == 1)
		arm_waiting_timer(pool, query->lane);
	return query;
}

void
db_query_abandon(struct db_query *query)
{
	struct db_pool *pool = query->pool;

	query->hooks = NULL;
	if (query->connection != NULL) {
		cancel_on(pool, query->connection);
		return;
	}
	stop_waiting(pool, query);
	arm_waiting_timer(pool, query->lane);
	db_query_free(query);
}

const struct db_statement *
db_pool_statement(struct db_pool *pool, const char *text, enum db_lane lane)
{
	return db_shapes_find(pool->shapes, text, lane);
}

static bool
is_open(const struct db_connection *connection)
{
	enum db_connection_state state = db_connection_state(connection);

	return state == DB_CONNECTION_READY || state == DB_CONNECTION_HELD;
}

bool
db_pool_is_up(const struct db_pool *pool)
{
	for (unsigned i = 0; i < pool->settings.connections; i++) {
		if (is_open(pool->connections[i]))
			return true;
	}
	return false;
}

void
db_pool_counters(const struct db_pool *pool, struct db_counters *counters)
{
	*counters = (struct db_counters){ .connections = pool->settings.connections };
	for (enum db_lane lane = DB_LANE_SHORT; lane < DB_LANE_COUNT; lane++)
		counters->waiting[lane] = pool->waiting[lane].count;
	for (unsigned i = 0; i < pool->settings.connections; i++) {
		const struct db_connection *connection = pool->connections[i];

		counters->open += is_open(connection);
		counters->busy += db_connection_load(connection) > 0;
		db_connection_count(connection, counters);
	}
}

const char *
db_pool_last_failure(const struct db_pool *pool)
{
	return db_connection_last_failure(pool->connections[0]);
}

void
db_pool_start(struct db_pool *pool)
{
	for (unsigned i = 0; i < pool->settings.connections; i++)
		db_connection_open(pool->connections[i]);
	db_connection_open(pool->canceller);
}

static void
copy_settings(struct db_pool *pool, const struct db_settings *settings)
{
	pool->conninfo = memory_text(settings->conninfo, strlen(settings->conninfo));
	pool->settings = *settings;
	pool->settings.conninfo = pool->conninfo;
}

struct db_pool *
db_pool_new(struct event_base *base, const struct db_settings *settings)
{
	struct db_pool *pool = memory_zeroed(1, sizeof *pool);

	pool->base = base;
	copy_settings(pool, settings);
	pool->shapes = db_shapes_new();
	pool->short_count = settings->connections / SHORT_SHARE;
	if (pool->short_count == 0)
		pool->short_count = 1;
	for (enum db_lane lane = DB_LANE_SHORT; lane < DB_LANE_COUNT; lane++) {
		TAILQ_INIT(&pool->waiting[lane].queries);
		pool->waiting[lane].timer = evtimer_new(base, waiting_cb, pool);
		if (pool->waiting[lane].timer == NULL)
			memory_exhausted();
	}
	pool->connections = memory_zeroed(settings->connections, sizeof(struct db_connection *));
	for (unsigned i = 0; i < settings->connections; i++) {
		pool->connections[i] = db_connection_new(
			pool, base, &pool->settings, &connection_events, i + 1);
	}
	pool->canceller = db_connection_new(
		pool, base, &pool->settings, &connection_events, settings->connections + 1);
	return pool;
}

void
db_pool_set_settings(struct db_pool *pool, const struct db_settings *settings)
{
	char *old_conninfo = pool->conninfo;
	unsigned connections = pool->settings.connections;

	copy_settings(pool, settings);
	pool->settings.connections = connections;
	if (strcmp(old_conninfo, settings->conninfo) != 0) {
		pool->renewing = true;
		renew_connections(pool);
	}
	free(old_conninfo);
}

void
db_pool_free(struct db_pool *pool)
{
	if (pool == NULL)
		return;
	pool->closing = true;
	for (enum db_lane lane = DB_LANE_SHORT; lane < DB_LANE_COUNT; lane++) {
		struct db_query *query;

		while ((query = TAILQ_FIRST(&pool->waiting[lane].queries)) != NULL) {
			stop_waiting(pool, query);
			query->outcome = DB_OUTCOME_UNAVAILABLE;
			db_query_finish(query);
		}
		event_free(pool->waiting[lane].timer);
	}
	for (unsigned i = 0; i < pool->settings.connections; i++)
		db_connection_shut_down(pool->connections[i]);
	db_connection_shut_down(pool->canceller);
	for (unsigned i = 0; i < pool->settings.connections; i++)
		db_connection_free(pool->connections[i]);
	db_connection_free(pool->canceller);
	free(pool->connections);
	free(pool->conninfo);
	db_shapes_free(pool->shapes);
	free(pool);
}

void
db_outcome_error(enum db_outcome outcome, struct error *error)
{
	switch (outcome) {
	case DB_OUTCOME_UNAVAILABLE:
		(void)error_set(
			error, ERROR_UNAVAILABLE, "the database is not available at the moment");
		break;
	case DB_OUTCOME_TIMEOUT:
		(void)error_set(error, ERROR_TIMEOUT, "the database took too long to answer");
		break;
	case DB_OUTCOME_DONE:
	case DB_OUTCOME_FAILED:
		(void)error_set(
			error, ERROR_INTERNAL, "the database could not answer this request");
		break;
	}
}
