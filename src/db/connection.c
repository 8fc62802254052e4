#include "db/connection_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

static const char *
state_name(enum db_connection_state state)
{
	switch (state) {
	case DB_CONNECTION_CLOSED:
		return "closed";
	case DB_CONNECTION_CONNECTING:
		return "connecting";
	case DB_CONNECTION_SETTING_UP:
		return "setting up";
	case DB_CONNECTION_READY:
		return "ready";
	case DB_CONNECTION_HELD:
		return "held";
	}
	return "unknown";
}

/* The only writer of the state. */
void
db_connection_set_state(struct db_connection *connection, enum db_connection_state state)
{
	log_write(LOG_LEVEL_DEBUG, "database connection %u: %s -> %s", connection->number,
		state_name(connection->state), state_name(state));
	connection->state = state;
}

void
db_connection_arm_timer(struct db_connection *connection, int64_t duration_ms)
{
	struct timeval delay = clock_timeval(duration_ms);

	if (evtimer_add(connection->timer, &delay) != 0)
		memory_exhausted();
}

static int64_t
earlier(int64_t one_ms, int64_t other_ms)
{
	return one_ms < other_ms ? one_ms : other_ms;
}

void
db_connection_arm_query_timer(struct db_connection *connection)
{
	const struct db_query *oldest = TAILQ_FIRST(&connection->sent);

	if (connection->broken)
		db_connection_arm_timer(connection, 0);
	else if (oldest == NULL)
		(void)evtimer_del(connection->timer);
	else if (connection->state == DB_CONNECTION_HELD)
		db_connection_arm_timer(connection, CANCEL_AGAIN_MS);
	else
		db_connection_arm_timer(connection,
			earlier(oldest->deadline_ms, db_connection_silence_due_ms(connection)) -
				clock_now_ms());
}

void
db_connection_free_events(struct db_connection *connection)
{
	if (connection->read_event != NULL)
		event_free(connection->read_event);
	if (connection->write_event != NULL)
		event_free(connection->write_event);
	connection->read_event = NULL;
	connection->write_event = NULL;
}

/* Ends or moves what was under way; the list is detached first, as hooks may send new queries. */
static void
give_back_queries(struct db_connection *connection)
{
	struct db_query_list lost = TAILQ_HEAD_INITIALIZER(lost);
	struct db_query *query;

	TAILQ_CONCAT(&lost, &connection->sent, link);
	connection->load = 0;
	while ((query = TAILQ_LAST(&lost, db_query_list)) != NULL) {
		/* From the last to the first: the pool puts each in front. */
		TAILQ_REMOVE(&lost, query, link);
		if (query->outcome == DB_OUTCOME_DONE && db_query_can_move(query)) {
			query->moved = true;
			db_query_reset(query);
			connection->events->on_moved(connection->server, query);
			continue;
		}
		if (query->outcome == DB_OUTCOME_DONE)
			query->outcome = DB_OUTCOME_UNAVAILABLE;
		db_query_finish(query);
	}
}

bool
db_connection_is_up(const struct db_connection *connection)
{
	return connection->state == DB_CONNECTION_READY || connection->state == DB_CONNECTION_HELD;
}

void
db_connection_close(struct db_connection *connection, const char *reason)
{
	bool was_up = db_connection_is_up(connection);

	/* First, as the reason may live inside the PGconn. */
	db_connection_pause(connection, reason);
	db_connection_free_events(connection);
	PQfinish(connection->pg);
	connection->pg = NULL;
	free(connection->conninfo);
	connection->conninfo = NULL;
	connection->broken = false;
	connection->stale = false;
	connection->is_standby = false;
	connection->is_pooled = false;
	connection->asked_about_ms = connection->idle_ms = 0;
	connection->prepared.count = 0;
	db_connection_set_state(connection, DB_CONNECTION_CLOSED);
	if (was_up && reason != NULL)
		connection->events->on_lost(connection->server, connection);
	give_back_queries(connection);
}

void
db_connection_give_up(struct db_connection *connection, const char *reason)
{
	if (db_connection_is_up(connection))
		db_connection_close(connection, reason);
}

void
db_connection_on_deadline(struct db_connection *connection)
{
	int64_t now_ms = clock_now_ms();
	struct db_query *query = TAILQ_FIRST(&connection->sent);
	bool is_silent = now_ms - connection->heard_ms >=
			 connection->settings->statement_timeout_ms;

	for (; query != NULL && query->deadline_ms <= now_ms; query = TAILQ_NEXT(query, link)) {
		const struct db_query_hooks *hooks = query->hooks;

		query->outcome = DB_OUTCOME_TIMEOUT;
		query->deadline_ms = now_ms + connection->settings->statement_timeout_ms;
		query->hooks = NULL;
		if (hooks != NULL && !is_silent)
			hooks->on_done(DB_OUTCOME_TIMEOUT, query->context);
		else
			query->hooks = hooks; /* db_connection_close() ends it */
	}
	if (is_silent) {
		db_connection_close(connection, "no answer from PostgreSQL");
		return;
	}
	db_connection_arm_query_timer(connection);
}

/* The oldest query is due, or only silent for a while. */
static void
on_query_timer(struct db_connection *connection)
{
	const struct db_query *oldest = TAILQ_FIRST(&connection->sent);

	if (oldest == NULL || oldest->deadline_ms <= clock_now_ms()) {
		db_connection_on_deadline(connection);
		return;
	}
	db_connection_tell_silence(connection);
	/* That may have closed it. */
	if (connection->state != DB_CONNECTION_CLOSED)
		db_connection_arm_query_timer(connection);
}

static void
timer_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_connection *connection = context;

	(void)socket;
	(void)what;
	if (connection->broken) {
		db_connection_close(connection, PQerrorMessage(connection->pg));
		return;
	}
	if (connection->stale && TAILQ_EMPTY(&connection->sent)) {
		db_connection_close(connection, NULL);
		return;
	}
	switch (connection->state) {
	case DB_CONNECTION_CLOSED:
		db_connection_open(connection);
		break;
	case DB_CONNECTION_CONNECTING:
		db_connection_close(connection, "connecting took too long");
		break;
	case DB_CONNECTION_HELD:
		db_connection_on_held(connection);
		break;
	case DB_CONNECTION_SETTING_UP:
	case DB_CONNECTION_READY:
		on_query_timer(connection);
		break;
	}
}

enum db_connection_state
db_connection_state(const struct db_connection *connection)
{
	/* A connection that is about to be closed or rebuilt takes nothing new; one that is watched
	 * no more is lost, and only gives what has come. */
	if (connection->state == DB_CONNECTION_READY &&
		(connection->broken || connection->stale || connection->read_event == NULL))
		return DB_CONNECTION_CLOSED;
	return connection->state;
}

struct db_server *
db_connection_server(const struct db_connection *connection)
{
	return connection->server;
}

bool
db_connection_shares_host(const struct db_connection *connection, const struct db_connection *other)
{
	return connection->conninfo != NULL && other->conninfo != NULL &&
	       connection->host == other->host &&
	       strcmp(connection->conninfo, other->conninfo) == 0;
}

size_t
db_connection_host(const struct db_connection *connection)
{
	return connection->host;
}

bool
db_connection_is_standby(const struct db_connection *connection)
{
	return connection->is_standby;
}

unsigned
db_connection_load(const struct db_connection *connection)
{
	return connection->load;
}

bool
db_connection_runs_long(const struct db_connection *connection)
{
	const struct db_query *query = TAILQ_FIRST(&connection->sent);

	return query != NULL && query->lane == DB_LANE_LONG;
}

void
db_connection_count(const struct db_connection *connection, struct db_counters *counters)
{
	counters->lost += connection->lost;
	for (enum db_lane lane = DB_LANE_SHORT; lane < DB_LANE_COUNT; lane++)
		histogram_add(&counters->statements[lane], &connection->durations[lane]);
}

const char *
db_connection_last_failure(const struct db_connection *connection)
{
	return connection->last_failure;
}

struct db_connection *
db_connection_new(struct db_server *server, struct db_pool *pool, struct event_base *base,
	const struct db_settings *settings, struct db_target *target,
	const struct db_connection_events *events, unsigned number)
{
	struct db_connection *connection = memory_zeroed(1, sizeof *connection);

	connection->server = server;
	connection->pool = pool;
	connection->base = base;
	connection->target = target;
	connection->settings = settings;
	connection->events = events;
	connection->number = number;
	TAILQ_INIT(&connection->sent);
	connection->timer = evtimer_new(base, timer_cb, connection);
	if (connection->timer == NULL)
		memory_exhausted();
	return connection;
}

void
db_connection_shut_down(struct db_connection *connection)
{
	struct db_query *query;

	while ((query = TAILQ_FIRST(&connection->sent)) != NULL) {
		TAILQ_REMOVE(&connection->sent, query, link);
		query->outcome = DB_OUTCOME_UNAVAILABLE;
		db_query_finish(query);
	}
}

void
db_connection_free(struct db_connection *connection)
{
	if (connection == NULL)
		return;
	db_connection_free_events(connection);
	event_free(connection->timer);
	PQfinish(connection->pg);
	free(connection->conninfo);
	free(connection);
}
