#include "db/server.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "db/silence.h"
#include "statements.h"

/*
 * How many short statements may be under way on one connection. Enough to hide the round trip of
 * the network; more would only wait inside PostgreSQL, where the queue's deadline cannot see them.
 */
#define PIPELINE_DEPTH 16

/*
 * Of the connections, one in so many serves the short lane unless the settings say otherwise. Half:
 * while one backend waits for its socket to be read, others go on, and a search at the same time
 * needs no more than the rest.
 */
#define SHORT_SHARE 2

/* How often a server is asked where it is, as a rule and while it is expected to get further. */
#define ASK_INTERVAL_MS	   250
#define ASK_HURRIED_MS	   10
#define ASK_HURRIED_FOR_MS 1000

static const struct db_statement position_statement = {
	.name = "position",
	.text = sql_position,
	.lane = DB_LANE_SHORT,
};

/* Connections of a lane, as a range; a single connection is both lanes'. */
static void
lane_range(const struct db_server *server, enum db_lane lane, unsigned *first, unsigned *end)
{
	bool is_shared = server->settings->connections == 1;

	*first = lane == DB_LANE_SHORT || is_shared ? 0 : server->short_count;
	*end = lane == DB_LANE_SHORT || is_shared ? server->short_count
						  : server->settings->connections;
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

static bool
is_open(const struct db_connection *connection)
{
	enum db_connection_state state = db_connection_state(connection);

	return state == DB_CONNECTION_READY || state == DB_CONNECTION_HELD;
}

/* With a choice of hosts, a write waits for one that takes it. */
static bool
is_wrong_host(const struct db_server *server, const struct db_connection *connection)
{
	return server->target.wants_primary && db_connection_is_standby(connection);
}

/* While a target is changed: how far the log is there is not known, only where control is. */
static bool
is_unknown_host(const struct db_server *server, const struct db_connection *connection)
{
	return server->is_reader &&
	       (!is_open(server->control) ||
		       !db_connection_shares_host(connection, server->control));
}

struct db_connection *
db_server_pick(const struct db_server *server, enum db_lane lane, bool writes)
{
	struct db_connection *best = NULL;
	unsigned first;
	unsigned end;

	lane_range(server, lane, &first, &end);
	for (unsigned i = first; i < end; i++) {
		struct db_connection *candidate = server->connections[i];

		if (!can_take(candidate, lane) || db_connection_is_silent(candidate) ||
			is_unknown_host(server, candidate) ||
			(writes && is_wrong_host(server, candidate)))
			continue;
		if (best == NULL || db_connection_load(candidate) < db_connection_load(best))
			best = candidate;
	}
	return best;
}

static void
on_cancelled(enum db_outcome outcome, void *context)
{
	(void)outcome; /* too late or done: either way the connection may go on */
	db_connection_release(context);
}

static const struct db_query_hooks cancel_hooks = { .on_done = on_cancelled };

/*
 * The connection takes nothing new until both its queries and the cancellation have ended, as
 * pg_cancel_backend() hits whatever runs when its signal arrives. While the control connection is
 * down, or on another host, where the process id is somebody else's, the query is left to its
 * statement_timeout.
 */
void
db_server_cancel(struct db_server *server, struct db_connection *connection)
{
	struct db_cancellation cancellation;
	struct db_step step = { .parameters = { .count = 1, .values = { cancellation.value } } };

	if (server->is_closing || !can_take(server->control, DB_LANE_SHORT) ||
		!db_connection_shares_host(server->control, connection) ||
		!db_connection_hold(connection, &cancellation))
		return;
	step.statement = cancellation.statement;
	(void)db_connection_ask(server->control, &step, &cancel_hooks, connection);
}

/* What its connections tell ------------------------------------------------------------------- */

static void
on_free(struct db_server *server)
{
	server->events->on_free(server->pool);
}

static void
on_moved(struct db_server *server, struct db_query *query)
{
	server->events->on_moved(server->pool, query);
}

static void
on_written(struct db_server *server, struct db_position position)
{
	server->events->on_written(server->pool, position);
}

static void
arm_timer(struct db_server *server, int64_t delay_ms)
{
	struct timeval delay = clock_timeval(delay_ms);

	if (server->is_watched && evtimer_add(server->timer, &delay) != 0)
		memory_exhausted();
}

/* Where there is but one host, it is there for all when it is there for one. */
static void
hurry_all(const struct db_server *server)
{
	for (unsigned i = 0; i < server->settings->connections; i++)
		db_connection_hurry(server->connections[i]);
	db_connection_hurry(server->control);
}

/* The control connection looks for the primary; the others follow it when it has found it. */
static void
on_ready(struct db_server *server, struct db_connection *connection)
{
	if (connection != server->control) {
		if (server->target.count == 1)
			hurry_all(server);
		return;
	}
	/* Maybe it is another host than before: what was said there says nothing about this one. */
	server->events->on_lost(server->pool, server);
	server->has_answered = false;
	server->target.current = server->control_target.current;
	arm_timer(server, 0);
	for (unsigned i = 0; i < server->settings->connections; i++) {
		if (is_wrong_host(server, server->connections[i]))
			db_connection_renew(server->connections[i]);
		else
			db_connection_hurry(server->connections[i]);
	}
	db_silence_look(server);
}

/* So do the others that are there: the second try of a write must not come to one of them. */
static void
on_refused(struct db_server *server, struct db_connection *connection)
{
	for (unsigned i = 0; i < server->settings->connections; i++) {
		if (db_connection_shares_host(server->connections[i], connection))
			db_connection_renew(server->connections[i]);
	}
	if (db_connection_shares_host(server->control, connection))
		db_connection_renew(server->control);
}

static void
on_lost(struct db_server *server, struct db_connection *connection)
{
	(void)connection;
	server->is_answer_old = server->asked != NULL;
	server->events->on_lost(server->pool, server);
	arm_timer(server, 0);
}

/* But for control, whose one statement shows no table. */
static void
on_stale(struct db_server *server)
{
	for (unsigned i = 0; i < server->settings->connections; i++)
		db_connection_renew(server->connections[i]);
}

static const struct db_connection_events connection_events = {
	.on_free = on_free,
	.on_moved = on_moved,
	.on_unwanted = db_server_cancel,
	.on_ready = on_ready,
	.on_lost = on_lost,
	.on_stale = on_stale,
	.on_refused = on_refused,
	.on_silent = db_silence_on_silent,
	.on_written = on_written,
};

/* Where it is ---------------------------------------------------------------------------------- */

static bool
on_position(const PGresult *result, void *context)
{
	struct db_server *server = context;
	bool is_standby;

	if (PQnfields(result) != DB_POSITION_COLUMNS || PQntuples(result) != 1)
		return false;
	is_standby = strcmp(PQgetvalue(result, 0, DB_POSITION_STANDBY), "t") == 0;
	/* A primary that has become a standby without a restart: nobody does, but it is easy. */
	if (is_standby && server->target.wants_primary) {
		db_connection_renew(server->control);
		return true;
	}
	/* From before a connection was lost it does not tell whether the server is there still. */
	if (server->is_answer_old)
		return true;
	server->events->on_answer(
		server->pool, server, db_connection_position(result), !server->has_answered);
	server->has_answered = true;
	return true;
}

static void
on_asked(enum db_outcome outcome, void *context)
{
	struct db_server *server = context;
	bool is_hurried = clock_now_ms() < server->hurried_until_ms;

	(void)outcome;
	server->asked = NULL;
	if (server->is_answer_old)
		arm_timer(server, 0);
	else
		arm_timer(server, is_hurried ? ASK_HURRIED_MS : ASK_INTERVAL_MS);
}

static const struct db_query_hooks position_hooks = {
	.on_result = on_position,
	.on_done = on_asked,
};

static void
give_up(struct db_server *server)
{
	static const char reason[] = "no answer from PostgreSQL";

	db_connection_give_up(server->control, reason);
	for (unsigned i = 0; i < server->settings->connections; i++)
		db_connection_give_up(server->connections[i], reason);
}

static void
timer_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_server *server = context;
	struct db_step step = { .statement = &position_statement };

	(void)socket;
	(void)what;
	arm_timer(server, ASK_INTERVAL_MS);
	if (server->asked != NULL) {
		if (clock_now_ms() - server->asked_ms >= server->silence_ms)
			give_up(server);
		return;
	}
	if (server->is_closing || !can_take(server->control, DB_LANE_SHORT))
		return;
	server->asked_ms = clock_now_ms();
	server->is_answer_old = false;
	server->asked = db_connection_ask(server->control, &step, &position_hooks, server);
}

void
db_server_hurry(struct db_server *server)
{
	server->hurried_until_ms = clock_now_ms() + ASK_HURRIED_FOR_MS;
	if (server->asked == NULL)
		arm_timer(server, 0);
}

/* Life ----------------------------------------------------------------------------------------- */

bool
db_server_is_up(const struct db_server *server)
{
	for (unsigned i = 0; i < server->settings->connections; i++) {
		if (is_open(server->connections[i]) &&
			!is_wrong_host(server, server->connections[i]) &&
			!is_unknown_host(server, server->connections[i]))
			return true;
	}
	return false;
}

bool
db_server_answers(const struct db_server *server, int64_t silence_ms)
{
	return db_server_is_up(server) &&
	       (server->asked == NULL || clock_now_ms() - server->asked_ms < silence_ms);
}

void
db_server_count(const struct db_server *server, struct db_counters *counters)
{
	counters->connections += server->settings->connections;
	for (unsigned i = 0; i < server->settings->connections; i++) {
		const struct db_connection *connection = server->connections[i];

		counters->open += is_open(connection);
		counters->busy += db_connection_load(connection) > 0;
		db_connection_count(connection, counters);
	}
}

void
db_server_watch(struct db_server *server, bool is_watched, int64_t silence_ms)
{
	server->is_watched = is_watched;
	server->silence_ms = silence_ms;
	if (!is_watched)
		(void)evtimer_del(server->timer);
	else if (!evtimer_pending(server->timer, NULL))
		arm_timer(server, ASK_INTERVAL_MS);
}

void
db_server_start(struct db_server *server)
{
	for (unsigned i = 0; i < server->settings->connections; i++)
		db_connection_open(server->connections[i]);
	db_connection_open(server->control);
}

static void
aim(struct db_server *server, const struct db_target *target)
{
	server->target = *target;
	server->control_target = *target;
	if (target->wants_primary)
		server->control_target.rounds = 1;
}

void
db_server_set_target(struct db_server *server, const struct db_target *target)
{
	aim(server, target);
	server->is_renewing = true;
	db_server_renew(server);
}

void
db_server_renew(struct db_server *server)
{
	unsigned count = server->settings->connections;

	for (unsigned i = 0; i <= count; i++) {
		struct db_connection *connection = i < count ? server->connections[i]
							     : server->control;

		if (!db_connection_is_current(connection)) {
			db_connection_renew(connection);
			return;
		}
		if (!is_open(connection))
			return;
	}
	server->is_renewing = false;
}

/* At least one. */
static unsigned
short_connections(const struct db_settings *settings)
{
	unsigned count = settings->connections;

	if (count == 1 || settings->search_connections >= count)
		return 1;
	return settings->search_connections == 0 ? count / SHORT_SHARE
						 : count - settings->search_connections;
}

struct db_server *
db_server_new(struct db_pool *pool, struct event_base *base, const struct db_settings *settings,
	const struct db_target *target, const struct db_server_events *events, unsigned number)
{
	struct db_server *server = memory_zeroed(1, sizeof *server);
	unsigned count = settings->connections;

	server->pool = pool;
	server->settings = settings;
	server->events = events;
	aim(server, target);
	server->short_count = short_connections(settings);
	server->timer = evtimer_new(base, timer_cb, server);
	if (server->timer == NULL)
		memory_exhausted();
	server->connections = memory_zeroed(count, sizeof(struct db_connection *));
	for (unsigned i = 0; i < count; i++) {
		server->connections[i] = db_connection_new(server, pool, base, settings,
			&server->target, &connection_events, number + i);
	}
	server->control = db_connection_new(server, pool, base, settings, &server->control_target,
		&connection_events, number + count);
	return server;
}

void
db_server_shut_down(struct db_server *server)
{
	for (unsigned i = 0; i < server->settings->connections; i++)
		db_connection_shut_down(server->connections[i]);
	db_connection_shut_down(server->control);
}

void
db_server_free(struct db_server *server)
{
	for (unsigned i = 0; i < server->settings->connections; i++)
		db_connection_free(server->connections[i]);
	db_connection_free(server->control);
	event_free(server->timer);
	free(server->connections);
	free(server);
}
