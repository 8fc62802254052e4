/*
 * Connecting: host after host by PQconnectPoll, then the session's settings, then ready; and the
 * pause behind a failure.
 */
#include "db/connection_internal.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

/* Longest time for one attempt to connect, DNS aside; libpq has no limit of its own here. */
#define CONNECT_TIMEOUT_MS 5000

/* The same for one of several hosts: one that is switched off must not hide the next for long. */
#define CONNECT_ONE_TIMEOUT_MS 1500

/* Pauses between attempts: doubled from the first to the last, and jittered. */
#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS  1000

/* Planned rebuilds that follow each other sooner than this are in a row. */
#define REBUILD_REST_MS 2000

/* The columns of session.sql. */
enum { SESSION_STANDBY, SESSION_PROCESS, SESSION_COLUMNS = 3 };

/* Full jitter on the upper half: clients of a restarted server do not come back in step. */
static int64_t
retry_pause_ms(unsigned failures)
{
	int64_t pause_ms = RETRY_LAST_MS;
	uint16_t random = 0;

	if (failures < 8 && (RETRY_FIRST_MS << failures) < RETRY_LAST_MS)
		pause_ms = RETRY_FIRST_MS << failures;
	evutil_secure_rng_get_bytes(&random, sizeof random);
	return pause_ms / 2 + random % (pause_ms / 2 + 1);
}

static void
add_reason(struct db_connection *connection, const char *reason)
{
	size_t length = strlen(connection->reasons);
	int reason_length = (int)strlen(reason);

	/* libpq ends its sentences with a line feed. */
	while (reason_length > 0 && reason[reason_length - 1] == '\n')
		reason_length--;
	snprintf(connection->reasons + length, sizeof connection->reasons - length, "%s%.*s",
		length == 0 ? "" : "; ", reason_length, reason);
}

/* Logged when it is news: the same failure once a second would bury everything else. */
static void
note_failure(struct db_connection *connection)
{
	bool is_news = connection->failures == 0 ||
		       strcmp(connection->last_failure, connection->reasons) != 0;

	memcpy(connection->last_failure, connection->reasons, sizeof connection->last_failure);
	connection->reasons[0] = '\0';
	log_write(is_news ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "database connection %u: %s",
		connection->number, connection->last_failure);
}

/* What closes a connection that is not up yet ends its try; the next host follows at once. */
static bool
has_more_tries(struct db_connection *connection)
{
	if (!db_connection_is_up(connection) &&
		++connection->tries < connection->target->count * connection->target->rounds)
		return true;
	connection->tries = 0;
	return false;
}

/*
 * A planned rebuild is made at once. What it does not cure, such as a session that loses what was
 * prepared each time, must not make one after the other without a pause.
 */
static int64_t
rebuild_pause_ms(struct db_connection *connection)
{
	int64_t now_ms = clock_now_ms();
	unsigned before;

	if (now_ms - connection->rebuilt_ms > REBUILD_REST_MS)
		connection->rebuilds = 0;
	connection->rebuilt_ms = now_ms;
	before = connection->rebuilds++;
	return before == 0 ? 0 : retry_pause_ms(before - 1);
}

void
db_connection_pause(struct db_connection *connection, const char *reason)
{
	if (reason == NULL) {
		connection->tries = 0;
		db_connection_arm_timer(connection, rebuild_pause_ms(connection));
		return;
	}
	add_reason(connection, reason);
	if (has_more_tries(connection)) {
		db_connection_arm_timer(connection, 0);
		return;
	}
	note_failure(connection);
	db_connection_arm_timer(
		connection, connection->is_hurried ? 0 : retry_pause_ms(connection->failures));
	connection->is_hurried = false;
	connection->failures++;
	connection->lost++;
}

static struct event *
new_event(struct db_connection *connection, short what, event_callback_fn callback)
{
	struct event *event = event_new(
		connection->base, PQsocket(connection->pg), what, callback, connection);

	if (event == NULL)
		memory_exhausted();
	return event;
}

static bool
on_session(const PGresult *result, void *context)
{
	struct db_connection *connection = context;

	if (PQnfields(result) != SESSION_COLUMNS || PQntuples(result) == 0)
		return false;
	connection->is_standby = strcmp(PQgetvalue(result, 0, SESSION_STANDBY), "t") == 0;
	connection->is_pooled = strtol(PQgetvalue(result, 0, SESSION_PROCESS), NULL, 10) !=
				PQbackendPID(connection->pg);
	return true;
}

static void
on_session_done(enum db_outcome outcome, void *context)
{
	struct db_connection *connection = context;

	if (outcome != DB_OUTCOME_DONE) {
		connection->broken = connection->pg != NULL;
		return;
	}
	if (connection->failures > 0)
		log_write(LOG_LEVEL_NOTICE, "database connection %u: up again", connection->number);
	connection->failures = 0;
	connection->is_hurried = false;
	connection->reasons[0] = '\0';
	if (db_connection_is_current(connection) && connection->tries < connection->target->count)
		connection->target->current = connection->host;
	connection->tries = 0;
	db_connection_set_state(
		connection, connection->cancelling ? DB_CONNECTION_HELD : DB_CONNECTION_READY);
	connection->events->on_ready(connection->server, connection);
}

static const struct db_query_hooks session_hooks = {
	.on_result = on_session,
	.on_done = on_session_done,
};

static void
notice_cb(void *context, const char *message)
{
	(void)context;
	log_write(LOG_LEVEL_DEBUG, "PostgreSQL: %s", message);
}

/* Connected: pipeline mode, then the session's settings before anything else. */
static void
set_up(struct db_connection *connection)
{
	db_connection_free_events(connection);
	if (PQsetnonblocking(connection->pg, 1) != 0 || PQenterPipelineMode(connection->pg) != 1) {
		db_connection_close(connection, PQerrorMessage(connection->pg));
		return;
	}
	(void)PQsetNoticeProcessor(connection->pg, notice_cb, NULL);
	connection->read_event = new_event(connection, EV_READ | EV_PERSIST, db_connection_read_cb);
	connection->write_event = new_event(connection, EV_WRITE, db_connection_write_cb);
	if (event_add(connection->read_event, NULL) != 0)
		memory_exhausted();
	db_connection_set_state(connection, DB_CONNECTION_SETTING_UP);
	db_connection_send_session(connection, &session_hooks, DB_LANE_SHORT);
}

static void connect_cb(evutil_socket_t socket, short what, void *context);

/* One step of PQconnectPoll; the socket may be another one each time (libpq, 34.2). */
static void
poll_connection(struct db_connection *connection, PostgresPollingStatusType status)
{
	db_connection_free_events(connection);
	switch (status) {
	case PGRES_POLLING_READING:
		connection->read_event = new_event(connection, EV_READ, connect_cb);
		if (event_add(connection->read_event, NULL) != 0)
			memory_exhausted();
		break;
	case PGRES_POLLING_WRITING:
		connection->write_event = new_event(connection, EV_WRITE, connect_cb);
		if (event_add(connection->write_event, NULL) != 0)
			memory_exhausted();
		break;
	case PGRES_POLLING_OK:
		set_up(connection);
		break;
	default:
		db_connection_close(connection, PQerrorMessage(connection->pg));
		break;
	}
}

static void
connect_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_connection *connection = context;

	(void)socket;
	(void)what;
	poll_connection(connection, PQconnectPoll(connection->pg));
}

void
db_connection_open(struct db_connection *connection)
{
	const struct db_target *target = connection->target;
	const char *conninfo = db_hosts_conninfo(target->hosts);

	/* A reload may have left fewer hosts than were tried. */
	if (connection->tries >= target->count * target->rounds)
		connection->tries = 0;
	if (connection->tries == 0)
		connection->search_from = target->current;
	connection->host = (connection->search_from + connection->tries) % target->count;
	connection->conninfo = memory_text(conninfo, strlen(conninfo));
	connection->pg = db_target_connect(
		target, connection->host, (unsigned)(connection->tries / target->count));
	if (connection->pg == NULL)
		memory_exhausted();
	db_connection_set_state(connection, DB_CONNECTION_CONNECTING);
	if (connection->broken || PQstatus(connection->pg) == CONNECTION_BAD) {
		db_connection_close(connection, PQerrorMessage(connection->pg));
		return;
	}
	db_connection_arm_timer(
		connection, target->count == 1 ? CONNECT_TIMEOUT_MS : CONNECT_ONE_TIMEOUT_MS);
	/* Before the first PQconnectPoll a socket counts as if it had said WRITING. */
	poll_connection(connection, PGRES_POLLING_WRITING);
}

void
db_connection_hurry(struct db_connection *connection)
{
	if (connection->state == DB_CONNECTION_CLOSED)
		db_connection_arm_timer(connection, 0);
	else
		/* It may have come to a server that was not ready yet. */
		connection->is_hurried = !db_connection_is_up(connection);
}

bool
db_connection_is_current(const struct db_connection *connection)
{
	return connection->conninfo == NULL ||
	       strcmp(connection->conninfo, db_hosts_conninfo(connection->target->hosts)) == 0;
}

void
db_connection_renew_now(struct db_connection *connection)
{
	if (connection->state != DB_CONNECTION_CLOSED)
		db_connection_close(connection, NULL);
}

/* Not closed from here, as it may be on the stack. */
void
db_connection_renew(struct db_connection *connection)
{
	if (connection->state == DB_CONNECTION_CLOSED)
		return;
	connection->stale = true;
	if (TAILQ_EMPTY(&connection->sent))
		db_connection_arm_timer(connection, 0);
}
