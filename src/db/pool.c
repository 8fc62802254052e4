#include "db/pool.h"

#include <stdlib.h>

#include "base/memory.h"
#include "db/routing.h"
#include "db/shapes.h"
#include "db/waiting.h"

struct db_pool {
	struct db_settings settings;
	struct db_servers servers;
	struct db_routing routing;
	struct db_waiting *waiting; /* owned */
	struct db_shapes *shapes;   /* owned */
	bool closing;		    /* db_pool_free() has begun: nothing new is taken */
};

/* Of the queries that could be sent now the one that waits longest. */
static struct db_query *
next_query(struct db_pool *pool, enum db_lane lane, struct db_connection **connection)
{
	struct db_query *next = NULL;

	for (enum db_route route = DB_ROUTE_WRITE; route < DB_ROUTE_COUNT; route++) {
		struct db_query *query = db_waiting_first(pool->waiting, lane, route);
		struct db_connection *candidate;

		if (query == NULL || (next != NULL && next->deadline_ms <= query->deadline_ms))
			continue;
		candidate = db_routing_pick(&pool->routing, lane, route);
		if (candidate != NULL) {
			next = query;
			*connection = candidate;
		}
	}
	return next;
}

/* Sends what waits, as far as there are connections for it. Calls no hooks. */
static void
dispatch(struct db_pool *pool)
{
	for (enum db_lane lane = DB_LANE_SHORT; lane < DB_LANE_COUNT; lane++) {
		struct db_connection *connection;
		struct db_query *query;

		while ((query = next_query(pool, lane, &connection)) != NULL) {
			db_waiting_take(pool->waiting, query);
			db_connection_send(connection, query);
		}
	}
}

static void
on_free(struct db_pool *pool)
{
	dispatch(pool);
	if (pool->servers.is_renewing)
		db_servers_renew(&pool->servers);
}

/* Not dispatched from here: the connection that gives it back is still on the stack. */
static void
on_moved(struct db_pool *pool, struct db_query *query)
{
	db_waiting_add_first(pool->waiting, query, pool->settings.queue_timeout_ms);
}

static void
on_written(struct db_pool *pool, struct db_position position)
{
	db_routing_written(&pool->routing, position);
}

static void
on_answer(struct db_pool *pool, struct db_server *server, struct db_position position, bool is_new)
{
	db_routing_answered(
		&pool->routing, server, position, is_new, pool->settings.read_max_lag_ms);
	if (server != db_servers_primary(&pool->servers))
		dispatch(pool);
}

/* It must answer once more before it serves: what was lost must not be sent into the same end. */
static void
on_lost(struct db_pool *pool, struct db_server *server)
{
	(void)pool;
	db_replica_lost(&server->replica);
}

static const struct db_server_events server_events = {
	.on_free = on_free,
	.on_moved = on_moved,
	.on_written = on_written,
	.on_answer = on_answer,
	.on_lost = on_lost,
};

struct db_query *
db_query_start(struct db_pool *pool, const struct db_step *steps, size_t count,
	const struct db_query_hooks *hooks, void *context)
{
	struct db_connection *connection = NULL;
	struct db_query *query;

	if (pool->closing || count == 0 || count > DB_STEPS_MAX)
		return NULL;
	query = db_query_new(pool, steps, count, hooks, context);
	if (db_waiting_first(pool->waiting, query->lane, query->route) == NULL)
		connection = db_routing_pick(&pool->routing, query->lane, query->route);
	if (connection != NULL) {
		db_connection_send(connection, query);
		return query;
	}
	if (!db_waiting_add(pool->waiting, query, pool->settings.queue_timeout_ms)) {
		db_query_free(query);
		return NULL;
	}
	return query;
}

void
db_query_abandon(struct db_query *query)
{
	struct db_pool *pool = query->pool;

	query->hooks = NULL;
	if (query->connection != NULL) {
		db_server_cancel(db_connection_server(query->connection), query->connection);
		return;
	}
	db_waiting_take(pool->waiting, query);
	db_query_free(query);
}

const struct db_statement *
db_pool_statement(struct db_pool *pool, const char *text, enum db_lane lane)
{
	return db_shapes_find(pool->shapes, text, lane);
}

bool
db_pool_is_up(const struct db_pool *pool)
{
	return db_server_is_up(db_servers_primary(&pool->servers));
}

unsigned
db_pool_readers(const struct db_pool *pool)
{
	return pool->servers.count - 1;
}

unsigned
db_pool_readers_up(const struct db_pool *pool)
{
	return db_routing_readers_up(&pool->routing);
}

unsigned
db_pool_servers(const struct db_pool *pool)
{
	return pool->servers.count;
}

struct db_pool_server
db_pool_server(const struct db_pool *pool, unsigned index)
{
	const struct db_server *server = pool->servers.all[index];
	const struct db_connection *connection = server->connections[0];
	bool is_connected = db_connection_state(connection) == DB_CONNECTION_READY;

	return (struct db_pool_server){
		.name = db_target_name(
			&server->target, is_connected ? db_connection_host(connection) : 0),
		.is_connected = is_connected,
		.is_standby = is_connected && db_connection_is_standby(connection),
		.last_failure = db_connection_last_failure(connection),
	};
}

void
db_pool_counters(const struct db_pool *pool, struct db_counters *counters)
{
	*counters = (struct db_counters){ 0 };
	for (enum db_lane lane = DB_LANE_SHORT; lane < DB_LANE_COUNT; lane++)
		counters->waiting[lane] = db_waiting_count(pool->waiting, lane);
	for (unsigned i = 0; i < pool->servers.count; i++)
		db_server_count(pool->servers.all[i], counters);
}

const char *
db_pool_last_failure(const struct db_pool *pool)
{
	return db_pool_server(pool, 0).last_failure;
}

void
db_pool_start(struct db_pool *pool)
{
	db_servers_start(&pool->servers);
}

struct db_pool *
db_pool_new(struct event_base *base, const struct db_settings *settings)
{
	struct db_pool *pool = memory_zeroed(1, sizeof *pool);

	pool->settings = *settings;
	pool->shapes = db_shapes_new();
	pool->waiting = db_waiting_new(base, dispatch, pool);
	db_servers_open(&pool->servers, pool, base, &pool->settings, &server_events);
	pool->routing.servers = &pool->servers;
	/* The servers have copies. */
	pool->settings.conninfo = NULL;
	pool->settings.read_conninfo = NULL;
	return pool;
}

bool
db_pool_set_settings(struct db_pool *pool, const struct db_settings *settings)
{
	pool->settings.statement_timeout_ms = settings->statement_timeout_ms;
	pool->settings.queue_timeout_ms = settings->queue_timeout_ms;
	pool->settings.read_max_lag_ms = settings->read_max_lag_ms;
	return db_servers_set(&pool->servers, settings->conninfo, settings->read_conninfo);
}

void
db_pool_free(struct db_pool *pool)
{
	if (pool == NULL)
		return;
	pool->closing = true;
	db_servers_close(&pool->servers);
	db_waiting_end(pool->waiting);
	db_servers_shut_down(&pool->servers);
	db_servers_free(&pool->servers);
	db_waiting_free(pool->waiting);
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
	case DB_OUTCOME_NO_SUCH_VALUE:
		(void)error_set(
			error, ERROR_INTERNAL, "the database could not answer this request");
		break;
	}
}
