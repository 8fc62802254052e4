#include "db/pool.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "db/server.h"
#include "db/shapes.h"

/* Beyond this a request gets its 503 at once: by queue_timeout it would not be served anyway. */
#define WAITING_MAX 10000

/*
 * A reader that says nothing for so long is given up, and so is a primary where another host may
 * have taken its place: later, as all writes depend on it, and it may only be busy.
 */
#define READER_SILENCE_MS  1500
#define PRIMARY_SILENCE_MS 5000

/* After that standbys of a later timeline are believed that it was replaced. */
#define PRIMARY_DOUBT_MS 1000

/* One for each lane and route. */
#define WAITING_LISTS (DB_LANE_COUNT * DB_ROUTE_COUNT)

struct waiting_list {
	struct db_query_list queries; /* oldest first; taken out by dispatch, deadline or abandon */
	unsigned count;
	struct event *timer; /* pending while the list is not empty */
};

struct db_pool {
	struct event_base *base;
	struct db_settings settings;
	struct db_hosts *hosts;
	struct db_hosts *read_hosts; /* NULL: none */
	struct db_server **servers;  /* the first is the primary, the others are readers */
	unsigned server_count;
	unsigned next_reader; /* where the search for one begins */
	struct db_position primary_position;
	struct db_position written; /* a reader must have got there */
	struct waiting_list waiting[WAITING_LISTS];
	struct db_shapes *shapes; /* owned */
	bool is_renewing; /* some connections are still those of an earlier connection string */
	bool closing;	  /* db_pool_free() has begun: nothing new is taken */
};

static struct db_server *
primary(const struct db_pool *pool)
{
	return pool->servers[0];
}

static bool
primary_answers(const struct db_pool *pool)
{
	return db_server_answers(primary(pool), PRIMARY_DOUBT_MS);
}

/* Of the readers that may answer, the one with a free connection whose turn it is. */
static struct db_connection *
pick_reader(struct db_pool *pool, enum db_lane lane, bool *has_readers)
{
	unsigned readers = pool->server_count - 1;
	bool is_there = primary_answers(pool);

	*has_readers = false;
	for (unsigned i = 0; i < readers; i++) {
		struct db_server *server = pool->servers[1 + (pool->next_reader + i) % readers];
		struct db_connection *connection;

		if (!db_replica_may_answer(&server->replica, pool->written, is_there))
			continue;
		connection = db_server_pick(server, lane, false);
		if (connection != NULL) {
			pool->next_reader = (pool->next_reader + i + 1) % readers;
			return connection;
		}
		/* Busy, not down: the primary is spared. */
		*has_readers |= db_server_is_up(server);
	}
	return NULL;
}

/* NULL when all connections that the query may have are down or full. */
static struct db_connection *
pick_connection(struct db_pool *pool, enum db_lane lane, enum db_route route)
{
	bool has_readers = false;

	if (route == DB_ROUTE_READ) {
		struct db_connection *connection = pick_reader(pool, lane, &has_readers);

		if (connection != NULL || has_readers)
			return connection;
	}
	return db_server_pick(primary(pool), lane, route == DB_ROUTE_WRITE);
}

/* The next one to have waited too long: the first, or behind those that moved to the front. */
static struct db_query *
next_to_expire(const struct waiting_list *waiting)
{
	struct db_query *next = TAILQ_FIRST(&waiting->queries);
	struct db_query *query;

	for (query = next; query != NULL; query = TAILQ_NEXT(query, link)) {
		if (query->deadline_ms < next->deadline_ms)
			next = query;
		if (!query->moved)
			break;
	}
	return next;
}

static void
arm_waiting_timer(struct waiting_list *waiting)
{
	const struct db_query *oldest = next_to_expire(waiting);
	struct timeval delay;

	if (oldest == NULL) {
		(void)evtimer_del(waiting->timer);
		return;
	}
	delay = clock_timeval(oldest->deadline_ms - clock_now_ms());
	if (evtimer_add(waiting->timer, &delay) != 0)
		memory_exhausted();
}

static struct waiting_list *
waiting_list(struct db_pool *pool, enum db_lane lane, enum db_route route)
{
	return &pool->waiting[lane * DB_ROUTE_COUNT + route];
}

static struct waiting_list *
list_of(struct db_pool *pool, const struct db_query *query)
{
	return waiting_list(pool, query->lane, query->route);
}

static void
stop_waiting(struct db_pool *pool, struct db_query *query)
{
	struct waiting_list *waiting = list_of(pool, query);

	TAILQ_REMOVE(&waiting->queries, query, link);
	waiting->count--;
	if (TAILQ_EMPTY(&waiting->queries))
		(void)evtimer_del(waiting->timer);
}

/* Of the queries that could be sent now the one that waits longest. */
static struct db_query *
next_query(struct db_pool *pool, enum db_lane lane, struct db_connection **connection)
{
	struct db_query *next = NULL;

	for (enum db_route route = DB_ROUTE_WRITE; route < DB_ROUTE_COUNT; route++) {
		struct db_query *query = TAILQ_FIRST(&waiting_list(pool, lane, route)->queries);
		struct db_connection *candidate;

		if (query == NULL || (next != NULL && next->deadline_ms <= query->deadline_ms))
			continue;
		candidate = pick_connection(pool, lane, route);
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
			stop_waiting(pool, query);
			db_connection_send(connection, query);
		}
	}
}

/* Has the servers go on with their new connection strings. */
static void
renew_servers(struct db_pool *pool)
{
	pool->is_renewing = false;
	for (unsigned i = 0; i < pool->server_count; i++) {
		struct db_server *server = pool->servers[i];

		if (!server->is_renewing)
			continue;
		db_server_renew(server);
		pool->is_renewing |= server->is_renewing;
		if (server->is_renewing)
			continue;
		if (server == primary(pool))
			log_write(LOG_LEVEL_NOTICE,
				"all database connections are those of the new conninfo");
		else
			log_write(LOG_LEVEL_NOTICE,
				"all connections to %s are those of the new read_conninfo",
				db_target_name(&server->target, 0));
	}
}

static void
on_free(struct db_pool *pool)
{
	dispatch(pool);
	if (pool->is_renewing)
		renew_servers(pool);
}

/* Not dispatched from here: the connection that gives it back is still on the stack. */
static void
on_moved(struct db_pool *pool, struct db_query *query)
{
	struct waiting_list *waiting = list_of(pool, query);

	query->deadline_ms = clock_now_ms() + pool->settings.queue_timeout_ms;
	TAILQ_INSERT_HEAD(&waiting->queries, query, link);
	waiting->count++;
	/* A zero timeout brings the loop to waiting_cb(), which dispatches. */
	event_active(waiting->timer, EV_TIMEOUT, 0);
}

/* A reader that has not got there is asked until it has: reads are the primary's meanwhile. */
static void
hurry_readers(struct db_pool *pool)
{
	for (unsigned i = 1; i < pool->server_count; i++)
		db_server_hurry(pool->servers[i]);
}

/*
 * Another connection to the primary, or another primary, which may have places below those of the
 * old one: whatever is committed there lies before its own. On the same timeline something may have
 * been written meanwhile, and told before this.
 */
static void
on_new_primary(struct db_pool *pool, struct db_position position)
{
	bool is_other = position.timeline != pool->written.timeline;

	if (is_other && pool->written.timeline != 0)
		log_write(LOG_LEVEL_NOTICE,
			"the primary is on timeline %" PRIu32 " now, and was on %" PRIu32,
			position.timeline, pool->written.timeline);
	if (is_other || position.place > pool->written.place)
		pool->written = position;
	pool->primary_position = position;
	for (unsigned i = 1; i < pool->server_count; i++)
		db_replica_reset(&pool->servers[i]->replica, position, clock_now_ms());
	hurry_readers(pool);
}

static void
on_written(struct db_pool *pool, struct db_position position)
{
	if (position.timeline != pool->written.timeline) {
		on_new_primary(pool, position);
		return;
	}
	if (position.place > pool->written.place)
		pool->written = position;
	hurry_readers(pool);
}

static void
log_timeline(const struct db_pool *pool, const struct db_server *server)
{
	const struct db_replica *replica = &server->replica;

	log_write(replica->is_apart ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE,
		"reads: %s says timeline %" PRIu32 ", the primary %" PRIu32,
		db_target_name(&server->target, 0), replica->position.timeline,
		pool->primary_position.timeline);
}

static void
on_answer(struct db_pool *pool, struct db_server *server, struct db_position position, bool is_new)
{
	bool was_apart = server->replica.is_apart;

	if (server == primary(pool)) {
		pool->primary_position = position;
		if (is_new || position.timeline != pool->written.timeline)
			on_new_primary(pool, position);
		return;
	}
	db_replica_saw(&server->replica, position, pool->primary_position, clock_now_ms(),
		pool->settings.read_max_lag_ms);
	if (server->replica.is_apart != was_apart)
		log_timeline(pool, server);
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

/*
 * Ends what has waited too long: one after the other, as a hook may start queries, and abandon
 * those that still wait here.
 */
static void
end_expired(struct db_pool *pool, struct waiting_list *waiting, int64_t now_ms)
{
	struct db_query *query;

	while ((query = next_to_expire(waiting)) != NULL && query->deadline_ms <= now_ms) {
		stop_waiting(pool, query);
		query->outcome = DB_OUTCOME_UNAVAILABLE;
		db_query_finish(query);
	}
}

static void
waiting_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_pool *pool = context;
	int64_t now_ms = clock_now_ms();

	(void)socket;
	(void)what;
	dispatch(pool);
	for (unsigned i = 0; i < WAITING_LISTS; i++)
		end_expired(pool, &pool->waiting[i], now_ms);
	for (unsigned i = 0; i < WAITING_LISTS; i++)
		arm_waiting_timer(&pool->waiting[i]);
}

struct db_query *
db_query_start(struct db_pool *pool, const struct db_step *steps, size_t count,
	const struct db_query_hooks *hooks, void *context)
{
	struct db_connection *connection;
	struct waiting_list *waiting;
	struct db_query *query;

	if (pool->closing || count == 0 || count > DB_STEPS_MAX)
		return NULL;
	query = db_query_new(pool, steps, count, hooks, context);
	waiting = list_of(pool, query);
	connection = TAILQ_EMPTY(&waiting->queries)
			     ? pick_connection(pool, query->lane, query->route)
			     : NULL;
	if (connection != NULL) {
		db_connection_send(connection, query);
		return query;
	}
	if (waiting->count >= WAITING_MAX) {
		db_query_free(query);
		return NULL;
	}
	query->deadline_ms = clock_now_ms() + pool->settings.queue_timeout_ms;
	TAILQ_INSERT_TAIL(&waiting->queries, query, link);
	waiting->count++;
	if (waiting->count == 1)
		arm_waiting_timer(waiting);
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
	stop_waiting(pool, query);
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
	return db_server_is_up(primary(pool));
}

unsigned
db_pool_readers(const struct db_pool *pool)
{
	return pool->server_count - 1;
}

unsigned
db_pool_readers_up(const struct db_pool *pool)
{
	bool is_there = primary_answers(pool);
	unsigned up = 0;

	for (unsigned i = 1; i < pool->server_count; i++)
		up += db_server_is_up(pool->servers[i]) &&
		      db_replica_follows(&pool->servers[i]->replica, pool->written, is_there);
	return up;
}

unsigned
db_pool_servers(const struct db_pool *pool)
{
	return pool->server_count;
}

struct db_pool_server
db_pool_server(const struct db_pool *pool, unsigned index)
{
	const struct db_server *server = pool->servers[index];
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
	for (enum db_lane lane = DB_LANE_SHORT; lane < DB_LANE_COUNT; lane++) {
		for (enum db_route route = DB_ROUTE_WRITE; route < DB_ROUTE_COUNT; route++)
			counters->waiting[lane] +=
				pool->waiting[lane * DB_ROUTE_COUNT + route].count;
	}
	for (unsigned i = 0; i < pool->server_count; i++)
		db_server_count(pool->servers[i], counters);
}

const char *
db_pool_last_failure(const struct db_pool *pool)
{
	return db_pool_server(pool, 0).last_failure;
}

void
db_pool_start(struct db_pool *pool)
{
	for (unsigned i = 0; i < pool->server_count; i++)
		db_server_start(pool->servers[i]);
}

/* Where they lead, and whether there is anything to ask there. */
static void
watch(struct db_pool *pool, struct db_server *server)
{
	bool is_primary = server == primary(pool);
	int64_t silence_ms = is_primary ? PRIMARY_SILENCE_MS : READER_SILENCE_MS;

	/* Where none can take its place, it is waited for. */
	if (is_primary && !server->target.wants_primary)
		silence_ms = INT64_MAX;
	db_server_watch(
		server, pool->settings.has_readers || server->target.wants_primary, silence_ms);
}

/* The first is the primary, the others are the hosts that read. */
static struct db_target
target_of(const struct db_pool *pool, unsigned index)
{
	return index == 0 ? db_target_primary(pool->hosts, !pool->settings.has_readers)
			  : db_target_one(pool->read_hosts, index - 1);
}

static void
add_servers(struct db_pool *pool)
{
	size_t readers = pool->read_hosts == NULL ? 0 : db_hosts_count(pool->read_hosts);

	pool->settings.has_readers = readers > 0;
	pool->servers = memory_zeroed(1 + readers, sizeof(struct db_server *));
	for (unsigned i = 0; i <= readers; i++) {
		/* Each has one connection more than the settings say. */
		unsigned number = i * (pool->settings.connections + 1) + 1;
		struct db_target target = target_of(pool, i);

		pool->servers[i] = db_server_new(
			pool, pool->base, &pool->settings, &target, &server_events, number);
		watch(pool, pool->servers[i]);
		pool->server_count++;
	}
}

/* NULL for a string that names none. */
static struct db_hosts *
new_hosts(const char *conninfo)
{
	return conninfo == NULL || *conninfo == '\0' ? NULL : db_hosts_new(conninfo);
}

struct db_pool *
db_pool_new(struct event_base *base, const struct db_settings *settings)
{
	struct db_pool *pool = memory_zeroed(1, sizeof *pool);

	pool->base = base;
	pool->settings = *settings;
	/* Theirs is the copy. */
	pool->settings.conninfo = NULL;
	pool->settings.read_conninfo = NULL;
	pool->shapes = db_shapes_new();
	for (unsigned i = 0; i < WAITING_LISTS; i++) {
		struct waiting_list *waiting = &pool->waiting[i];

		TAILQ_INIT(&waiting->queries);
		waiting->timer = evtimer_new(base, waiting_cb, pool);
		if (waiting->timer == NULL)
			memory_exhausted();
	}
	pool->hosts = db_hosts_new(settings->conninfo);
	pool->read_hosts = new_hosts(settings->read_conninfo);
	add_servers(pool);
	return pool;
}

static void
end_waiting(struct db_pool *pool, struct waiting_list *waiting)
{
	struct db_query *query;

	while ((query = TAILQ_FIRST(&waiting->queries)) != NULL) {
		stop_waiting(pool, query);
		query->outcome = DB_OUTCOME_UNAVAILABLE;
		db_query_finish(query);
	}
}

/* Has the servers from first to before end go to these hosts; those they had are freed. */
static void
use_hosts(struct db_pool *pool, struct db_hosts **hosts, struct db_hosts *new_hosts, unsigned first,
	unsigned end)
{
	struct db_hosts *old_hosts = *hosts;

	*hosts = new_hosts;
	for (unsigned i = first; i < end; i++) {
		struct db_target target = target_of(pool, i);

		db_server_set_target(pool->servers[i], &target);
		watch(pool, pool->servers[i]);
	}
	db_hosts_free(old_hosts);
	pool->is_renewing = true;
}

static bool
is_same(const struct db_hosts *hosts, const struct db_hosts *others)
{
	return hosts == NULL || others == NULL
		       ? hosts == others
		       : strcmp(db_hosts_conninfo(hosts), db_hosts_conninfo(others)) == 0;
}

/* False: it asks for more or fewer servers. */
static bool
set_read_conninfo(struct db_pool *pool, const char *conninfo)
{
	struct db_hosts *hosts = new_hosts(conninfo);
	size_t readers = hosts == NULL ? 0 : db_hosts_count(hosts);

	if (readers == pool->server_count - 1 && !is_same(pool->read_hosts, hosts))
		use_hosts(pool, &pool->read_hosts, hosts, 1, pool->server_count);
	else
		db_hosts_free(hosts);
	return readers == pool->server_count - 1;
}

static void
set_conninfo(struct db_pool *pool, const char *conninfo)
{
	struct db_hosts *hosts = db_hosts_new(conninfo);

	if (is_same(pool->hosts, hosts))
		db_hosts_free(hosts);
	else
		use_hosts(pool, &pool->hosts, hosts, 0, 1);
}

bool
db_pool_set_settings(struct db_pool *pool, const struct db_settings *settings)
{
	pool->settings.statement_timeout_ms = settings->statement_timeout_ms;
	pool->settings.queue_timeout_ms = settings->queue_timeout_ms;
	pool->settings.read_max_lag_ms = settings->read_max_lag_ms;
	set_conninfo(pool, settings->conninfo);
	return set_read_conninfo(pool, settings->read_conninfo);
}

void
db_pool_free(struct db_pool *pool)
{
	if (pool == NULL)
		return;
	pool->closing = true;
	for (unsigned i = 0; i < pool->server_count; i++)
		pool->servers[i]->is_closing = true;
	for (unsigned i = 0; i < WAITING_LISTS; i++)
		end_waiting(pool, &pool->waiting[i]);
	for (unsigned i = 0; i < pool->server_count; i++)
		db_server_shut_down(pool->servers[i]);
	for (unsigned i = 0; i < pool->server_count; i++)
		db_server_free(pool->servers[i]);
	for (unsigned i = 0; i < WAITING_LISTS; i++)
		event_free(pool->waiting[i].timer);
	db_hosts_free(pool->hosts);
	db_hosts_free(pool->read_hosts);
	free(pool->servers);
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
