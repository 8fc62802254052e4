#include "db/connection.h"

#include <event2/event.h>
#include <event2/util.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "db/shapes.h"
#include "statements.h"

/* Longest time for one attempt to connect, DNS aside; libpq has no limit of its own here. */
#define CONNECT_TIMEOUT_MS 5000

/* The same for one of several hosts: one that is switched off must not hide the next for long. */
#define CONNECT_ONE_TIMEOUT_MS 1500

/* Pauses between attempts: doubled from the first to the last, and jittered. */
#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS  1000

/*
 * PostgreSQL ends a statement at statement_timeout by itself; this much later the connection counts
 * as dead.
 */
#define STATEMENT_SLACK_MS 500

/* More statements than src/sql has, and those that were joined. */
#define PREPARED_MAX (48 + DB_SHAPES_MAX)

/*
 * A cancellation that comes before PostgreSQL has read the statement, or between two, is lost
 * without a word; so it is repeated while the statement goes on.
 */
#define CANCEL_AGAIN_MS 100

/* read_only_sql_transaction: a standby, or a primary that was told to be like one. */
#define READ_ONLY "25006"

/* After this many empty results in a row libpq and we disagree about what is under way. */
#define EMPTY_RESULTS_MAX 4

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
	struct event *read_event;  /* NULL while CLOSED; persistent once SETTING_UP */
	struct event *write_event; /* as above; pending while PQflush has more to send */
	struct event *timer;	   /* retry, connect, or the oldest query's deadline */
	struct db_query_list sent; /* in the order of sending */

	enum db_connection_state state;
	unsigned number; /* for the log */
	unsigned load;	 /* queries in sent */
	unsigned failures;
	int64_t last_progress_ms;
	size_t search_from; /* the first host of the search */
	size_t tries;	    /* hosts that were tried before, in this search */
	size_t host;	    /* which is tried, or was found; of the target */
	bool is_standby;
	bool is_pooled; /* the session belongs to a query, not to the connection */
	bool broken;	/* a send failed: the timer will close it */
	bool stale;	/* a prepared statement or the conninfo is out of date: rebuild when idle */
	bool cancelling;		  /* between hold and release */
	const struct db_query *cancelled; /* only compared: the query that was last cancelled */
	unsigned prepared_count;
	const char *prepared[PREPARED_MAX];
	char *conninfo;		      /* owned; it was opened with; NULL while CLOSED */
	int64_t statement_timeout_ms; /* of the session, behind what is under way */
	char reasons[512];	      /* why hosts of this search failed */
	char last_failure[512];
	uint64_t lost;
	struct histogram durations[DB_LANE_COUNT];
};

static const struct db_statement session_statement = {
	.name = NULL,
	.text = sql_session,
	.lane = DB_LANE_SHORT,
};

enum { SESSION_STANDBY, SESSION_PROCESS, SESSION_COLUMNS = 3 };

static const struct db_statement cancel_statement = {
	.name = "cancel",
	.text = sql_cancel,
	.lane = DB_LANE_SHORT,
};

static const struct db_statement cancel_pooled_statement = {
	.name = "cancel_pooled",
	.text = sql_cancel_pooled,
	.lane = DB_LANE_SHORT,
};

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
static void
set_state(struct db_connection *connection, enum db_connection_state state)
{
	log_write(LOG_LEVEL_DEBUG, "database connection %u: %s -> %s", connection->number,
		state_name(connection->state), state_name(state));
	connection->state = state;
}

static void
arm_timer(struct db_connection *connection, int64_t duration_ms)
{
	struct timeval delay = clock_timeval(duration_ms);

	if (evtimer_add(connection->timer, &delay) != 0)
		memory_exhausted();
}

/* The timer follows the oldest query; an idle connection has none. */
static void
arm_query_timer(struct db_connection *connection)
{
	const struct db_query *oldest = TAILQ_FIRST(&connection->sent);

	if (connection->broken)
		arm_timer(connection, 0);
	else if (oldest == NULL)
		(void)evtimer_del(connection->timer);
	else if (connection->state == DB_CONNECTION_HELD)
		arm_timer(connection, CANCEL_AGAIN_MS);
	else
		arm_timer(connection, oldest->deadline_ms - clock_now_ms());
}

static void
free_events(struct db_connection *connection)
{
	if (connection->read_event != NULL)
		event_free(connection->read_event);
	if (connection->write_event != NULL)
		event_free(connection->write_event);
	connection->read_event = NULL;
	connection->write_event = NULL;
}

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

static bool
is_up(const struct db_connection *connection)
{
	return connection->state == DB_CONNECTION_READY || connection->state == DB_CONNECTION_HELD;
}

/* What closes a connection that is not up yet ends its try; the next host follows at once. */
static bool
has_more_tries(struct db_connection *connection)
{
	if (!is_up(connection) &&
		++connection->tries < connection->target->count * connection->target->rounds)
		return true;
	connection->tries = 0;
	return false;
}

static void
pause_before_retry(struct db_connection *connection, const char *reason)
{
	if (reason == NULL) {
		connection->tries = 0;
		arm_timer(connection, 0);
		return;
	}
	add_reason(connection, reason);
	if (has_more_tries(connection)) {
		arm_timer(connection, 0);
		return;
	}
	note_failure(connection);
	arm_timer(connection, retry_pause_ms(connection->failures));
	connection->failures++;
	connection->lost++;
}

/* The one way to close. A reason of NULL is a planned rebuild. */
static void
close_connection(struct db_connection *connection, const char *reason)
{
	bool was_up = is_up(connection);

	/* First, as the reason may live inside the PGconn. */
	pause_before_retry(connection, reason);
	free_events(connection);
	PQfinish(connection->pg);
	connection->pg = NULL;
	free(connection->conninfo);
	connection->conninfo = NULL;
	connection->broken = false;
	connection->stale = false;
	connection->is_standby = false;
	connection->is_pooled = false;
	connection->prepared_count = 0;
	set_state(connection, DB_CONNECTION_CLOSED);
	if (was_up && reason != NULL)
		connection->events->on_lost(connection->server, connection);
	give_back_queries(connection);
}

static bool
is_prepared(const struct db_connection *connection, const char *name)
{
	for (unsigned i = 0; i < connection->prepared_count; i++) {
		if (connection->prepared[i] == name)
			return true;
	}
	return false;
}

static void
forget_prepared(struct db_connection *connection, const char *name)
{
	for (unsigned i = 0; i < connection->prepared_count; i++) {
		if (connection->prepared[i] == name) {
			connection->prepared[i] =
				connection->prepared[--connection->prepared_count];
			return;
		}
	}
}

static bool
send_step(struct db_connection *connection, struct db_query_step *step)
{
	const struct db_statement *statement = &step->statement;
	const char *const *values = (const char *const *)step->values;

	if (statement->name == NULL || connection->is_pooled) {
		return PQsendQueryParams(connection->pg, statement->text, step->count, NULL, values,
			       NULL, NULL, 0) == 1;
	}
	if (!is_prepared(connection, statement->name)) {
		if (connection->prepared_count == PREPARED_MAX)
			return false;
		if (PQsendPrepare(connection->pg, statement->name, statement->text, 0, NULL) != 1)
			return false;
		connection->prepared[connection->prepared_count++] = statement->name;
		step->preparing = true;
	}
	return PQsendQueryPrepared(
		       connection->pg, statement->name, step->count, values, NULL, NULL, 0) == 1;
}

/*
 * Behind a pooler a query brings along, inside its transaction, what else session.sql would have
 * set; a long one also takes a lock of a number of its own, by which a cancellation finds the
 * session that it has come to.
 */
static bool
send_preamble(struct db_connection *connection, struct db_query *query)
{
	char timeout[24];
	char tag[24];
	const char *const values[] = { timeout, query->lane == DB_LANE_LONG ? tag : NULL };

	if (!connection->is_pooled)
		return true;
	query->preamble = 1;
	if (query->lane == DB_LANE_LONG) {
		evutil_secure_rng_get_bytes(&query->tag, sizeof query->tag);
		query->tag |= 1;
	}
	snprintf(timeout, sizeof timeout, "%" PRId64, connection->settings->statement_timeout_ms);
	snprintf(tag, sizeof tag, "%" PRId32, query->tag);
	return PQsendQueryParams(
		       connection->pg, sql_session_pooled, 2, NULL, values, NULL, NULL, 0) == 1;
}

/* Where standbys read, they must know up to where to wait for what was written here. */
static bool
send_position(struct db_connection *connection, struct db_query *query)
{
	if (!connection->settings->has_readers || !db_query_writes(query))
		return true;
	query->asks_position = true;
	return PQsendQueryParams(connection->pg, sql_position, 0, NULL, NULL, NULL, NULL, 0) == 1 &&
	       PQpipelineSync(connection->pg) == 1;
}

/* Sends what libpq holds back. False when the connection is lost. */
static bool
flush(struct db_connection *connection)
{
	int more = PQflush(connection->pg);

	if (more == 1 && event_add(connection->write_event, NULL) != 0)
		memory_exhausted();
	return more >= 0;
}

static void
send_query(struct db_connection *connection, struct db_query *query)
{
	bool sent;

	query->connection = connection;
	query->sent_us = clock_now_us();
	query->deadline_ms = query->sent_us / 1000 + connection->settings->statement_timeout_ms +
			     STATEMENT_SLACK_MS;
	if (TAILQ_EMPTY(&connection->sent))
		connection->last_progress_ms = query->sent_us / 1000;
	TAILQ_INSERT_TAIL(&connection->sent, query, link);
	connection->load++;
	sent = send_preamble(connection, query);
	for (size_t i = 0; i < query->step_count && sent; i++)
		sent = send_step(connection, &query->steps[i]);
	if (!sent || PQpipelineSync(connection->pg) != 1 || !send_position(connection, query) ||
		!flush(connection))
		connection->broken = true;
	arm_query_timer(connection);
}

/* Behind what is under way, so that the timeout holds for what is sent from now on. */
static void
send_session(
	struct db_connection *connection, const struct db_query_hooks *hooks, enum db_lane lane)
{
	char timeout[24];
	char process[24];
	struct db_step step = {
		.statement = &session_statement,
		.parameters = { .count = 2, .values = { timeout, process } },
	};
	struct db_query *query;

	connection->statement_timeout_ms = connection->settings->statement_timeout_ms;
	snprintf(timeout, sizeof timeout, "%" PRId64, connection->statement_timeout_ms);
	snprintf(process, sizeof process, "%d", PQbackendPID(connection->pg));
	query = db_query_new(connection->pool, &step, 1, hooks, connection);
	query->is_bound = true;
	query->lane = lane;
	send_query(connection, query);
}

static void
on_timeout_set(enum db_outcome outcome, void *context)
{
	struct db_connection *connection = context;

	/* Lost together with its connection, it is not the next one's failure. */
	if (outcome != DB_OUTCOME_DONE)
		connection->broken = connection->pg != NULL;
}

static const struct db_query_hooks timeout_hooks = { .on_done = on_timeout_set };

/* Behind a pooler each query brings the timeout along. */
static bool
has_old_timeout(const struct db_connection *connection)
{
	return !connection->is_pooled &&
	       connection->statement_timeout_ms != connection->settings->statement_timeout_ms;
}

void
db_connection_send(struct db_connection *connection, struct db_query *query)
{
	/* A reload has changed it. */
	if (has_old_timeout(connection))
		send_session(connection, &timeout_hooks, query->lane);
	send_query(connection, query);
}

struct db_query *
db_connection_ask(struct db_connection *connection, const struct db_step *step,
	const struct db_query_hooks *hooks, void *context)
{
	struct db_query *query = db_query_new(connection->pool, step, 1, hooks, context);

	query->is_bound = true;
	db_connection_send(connection, query);
	return query;
}

static enum db_outcome
outcome_of_error(const char *sqlstate)
{
	if (strcmp(sqlstate, "57014") == 0) /* query_canceled, by statement_timeout */
		return DB_OUTCOME_TIMEOUT;
	if (strcmp(sqlstate, "22P02") == 0) /* invalid_text_representation */
		return DB_OUTCOME_NO_SUCH_VALUE;
	if (strcmp(sqlstate, READ_ONLY) == 0 ||
		strncmp(sqlstate, "53", 2) == 0	    /* insufficient resources */
		|| strncmp(sqlstate, "40", 2) == 0  /* deadlock, serialization */
		|| strncmp(sqlstate, "08", 2) == 0) /* connection */
		return DB_OUTCOME_UNAVAILABLE;
	return DB_OUTCOME_FAILED;
}

static enum log_level
level_of_error(enum db_outcome outcome)
{
	switch (outcome) {
	case DB_OUTCOME_FAILED:
		return LOG_LEVEL_ERROR;
	case DB_OUTCOME_NO_SUCH_VALUE: /* an answer like any other to those who expect it */
		return LOG_LEVEL_INFO;
	case DB_OUTCOME_DONE:
	case DB_OUTCOME_UNAVAILABLE:
	case DB_OUTCOME_TIMEOUT:
		break;
	}
	return LOG_LEVEL_WARNING;
}

/* A table that changed under a prepared statement; a new connection prepares it anew. */
static bool
is_stale_plan(const char *sqlstate)
{
	return strcmp(sqlstate, "0A000") == 0	 /* its columns */
	       || strcmp(sqlstate, "42883") == 0 /* their types, for which it found operators */
	       || strcmp(sqlstate, "26000") == 0;
}

/* The step an error belongs to, counted in results: a PREPARE has one of its own. */
static struct db_query_step *
failed_step(struct db_query *query, bool *is_prepare)
{
	unsigned result = query->preamble;

	for (size_t i = 0; i < query->step_count; i++) {
		struct db_query_step *step = &query->steps[i];

		*is_prepare = step->preparing && result == query->results_seen;
		result += step->preparing ? 2 : 1;
		if (query->results_seen < result)
			return step;
	}
	*is_prepare = false;
	return &query->steps[query->step_count - 1];
}

/* On another host the same query may succeed. */
static void
note_standby_error(struct db_connection *connection, struct db_query *query, const char *sqlstate)
{
	if (strcmp(sqlstate, READ_ONLY) == 0) {
		connection->is_standby = true;
		/* There is another host to look for. */
		connection->stale = connection->target->wants_primary;
		query->was_refused = connection->stale;
		query->wants_second_try = connection->stale;
	}
	/* serialization_failure: the replay removed what the query was reading. */
	if (connection->is_standby && strcmp(sqlstate, "40001") == 0)
		query->wants_second_try = true;
}

static void
on_error(struct db_connection *connection, struct db_query *query, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	bool is_prepare;
	const struct db_query_step *step = failed_step(query, &is_prepare);

	/* Without a code it is libpq's own word that the connection is gone; 57P is PostgreSQL's.
	 */
	if (sqlstate == NULL || strncmp(sqlstate, "57P", 3) == 0) {
		connection->broken = true;
		return;
	}
	/* Where its position is not known, it cannot count as done. */
	if (query->is_at_position && query->outcome != DB_OUTCOME_DONE)
		return;
	query->outcome = query->is_at_position ? DB_OUTCOME_UNAVAILABLE
					       : outcome_of_error(sqlstate);
	note_standby_error(connection, query, sqlstate);
	if (is_prepare)
		forget_prepared(connection, step->statement.name);
	else if (step->statement.name != NULL && is_stale_plan(sqlstate)) {
		connection->stale = true;
		query->wants_second_try = true;
	}
	if (query->hooks != NULL || query->outcome == DB_OUTCOME_FAILED) {
		log_write(level_of_error(query->outcome), "statement %s: %s %s",
			step->statement.name == NULL ? "(shaped)" : step->statement.name, sqlstate,
			PQresultErrorMessage(result));
	}
}

static void
on_rows(struct db_connection *connection, struct db_query *query, const PGresult *result)
{
	if (query->is_at_position) {
		if (query->outcome == DB_OUTCOME_DONE && PQntuples(result) == 1)
			connection->events->on_written(
				connection->server, PQgetvalue(result, 0, DB_POSITION_VALUE));
		return;
	}
	/* What only sets something has no columns, and is no answer: the query may still move. */
	if (query->results_seen < query->preamble || PQnfields(result) == 0)
		return;
	if (query->hooks == NULL || query->hooks->on_result == NULL ||
		query->outcome != DB_OUTCOME_DONE)
		return;
	query->delivered = true;
	query->has_rows |= PQntuples(result) > 0;
	if (!query->hooks->on_result(result, query->context)) {
		log_write(LOG_LEVEL_ERROR, "a statement answered with rows of another shape");
		query->outcome = DB_OUTCOME_FAILED;
	}
}

/* The sync behind a query: whatever it was, it is over and committed or rolled back. */
static void
on_sync(struct db_connection *connection)
{
	struct db_query *query = TAILQ_FIRST(&connection->sent);

	if (query->asks_position && !query->is_at_position) {
		query->is_at_position = true;
		return;
	}
	TAILQ_REMOVE(&connection->sent, query, link);
	connection->load--;
	if (connection->state != DB_CONNECTION_SETTING_UP)
		histogram_observe(
			&connection->durations[query->lane], clock_now_us() - query->sent_us);
	if (query->wants_second_try && db_query_can_move(query)) {
		query->moved = true;
		db_query_reset(query);
		connection->events->on_moved(connection->server, query);
		return;
	}
	db_query_finish(query);
}

static void
on_result(struct db_connection *connection, const PGresult *result)
{
	struct db_query *query = TAILQ_FIRST(&connection->sent);

	connection->last_progress_ms = clock_now_ms();
	if (query == NULL)
		return;
	switch (PQresultStatus(result)) {
	case PGRES_PIPELINE_SYNC:
		on_sync(connection);
		return;
	case PGRES_TUPLES_OK:
		on_rows(connection, query, result);
		break;
	case PGRES_COMMAND_OK:
	case PGRES_PIPELINE_ABORTED: /* the error came before */
		break;
	default:
		on_error(connection, query, result);
		break;
	}
	query->results_seen++;
}

/* Takes every result that is complete. */
static void
read_results(struct db_connection *connection)
{
	unsigned empty = 0;

	while (!connection->broken && !TAILQ_EMPTY(&connection->sent) &&
		PQisBusy(connection->pg) == 0) {
		PGresult *result = PQgetResult(connection->pg);

		/* NULL only separates the results of one statement from those of the next. */
		if (result == NULL) {
			if (++empty == EMPTY_RESULTS_MAX) {
				connection->broken = true;
				break;
			}
			continue;
		}
		empty = 0;
		on_result(connection, result);
		PQclear(result);
	}
}

/* Held, and no cancellation under way: the next statement, or back to work. */
static void
go_on_cancelling(struct db_connection *connection)
{
	const struct db_query *running = TAILQ_FIRST(&connection->sent);

	if (running == NULL)
		set_state(connection, DB_CONNECTION_READY);
	else if (running != connection->cancelled)
		connection->events->on_unwanted(connection->server, connection);
}

/* After results: what the connection does next. */
static void
after_results(struct db_connection *connection)
{
	if (connection->broken || PQstatus(connection->pg) == CONNECTION_BAD) {
		close_connection(connection, PQerrorMessage(connection->pg));
		return;
	}
	if (connection->stale && TAILQ_EMPTY(&connection->sent)) {
		close_connection(connection, NULL);
		return;
	}
	if (connection->state == DB_CONNECTION_HELD && !connection->cancelling)
		go_on_cancelling(connection);
	arm_query_timer(connection);
	if (connection->state == DB_CONNECTION_READY)
		connection->events->on_free(connection->server);
}

static void
read_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_connection *connection = context;
	bool alive = PQconsumeInput(connection->pg) == 1;

	(void)socket;
	(void)what;
	/* Before the end PostgreSQL may have said why, or answered: take that first. */
	read_results(connection);
	if (!alive) {
		close_connection(connection, PQerrorMessage(connection->pg));
		return;
	}
	after_results(connection);
}

static void
write_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_connection *connection = context;

	(void)socket;
	(void)what;
	if (!flush(connection))
		close_connection(connection, PQerrorMessage(connection->pg));
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
	connection->reasons[0] = '\0';
	if (db_connection_is_current(connection) && connection->tries < connection->target->count)
		connection->target->current = connection->host;
	connection->tries = 0;
	set_state(connection, connection->cancelling ? DB_CONNECTION_HELD : DB_CONNECTION_READY);
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
	free_events(connection);
	if (PQsetnonblocking(connection->pg, 1) != 0 || PQenterPipelineMode(connection->pg) != 1) {
		close_connection(connection, PQerrorMessage(connection->pg));
		return;
	}
	(void)PQsetNoticeProcessor(connection->pg, notice_cb, NULL);
	connection->read_event = new_event(connection, EV_READ | EV_PERSIST, read_cb);
	connection->write_event = new_event(connection, EV_WRITE, write_cb);
	if (event_add(connection->read_event, NULL) != 0)
		memory_exhausted();
	set_state(connection, DB_CONNECTION_SETTING_UP);
	send_session(connection, &session_hooks, DB_LANE_SHORT);
}

static void connect_cb(evutil_socket_t socket, short what, void *context);

/* One step of PQconnectPoll; the socket may be another one each time (libpq, 34.2). */
static void
poll_connection(struct db_connection *connection, PostgresPollingStatusType status)
{
	free_events(connection);
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
		close_connection(connection, PQerrorMessage(connection->pg));
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

	if (connection->tries == 0)
		connection->search_from = target->current;
	connection->host = (connection->search_from + connection->tries) % target->count;
	connection->conninfo = memory_text(conninfo, strlen(conninfo));
	connection->pg = db_target_connect(
		target, connection->host, (unsigned)(connection->tries / target->count));
	if (connection->pg == NULL)
		memory_exhausted();
	set_state(connection, DB_CONNECTION_CONNECTING);
	if (connection->broken || PQstatus(connection->pg) == CONNECTION_BAD) {
		close_connection(connection, PQerrorMessage(connection->pg));
		return;
	}
	arm_timer(connection, target->count == 1 ? CONNECT_TIMEOUT_MS : CONNECT_ONE_TIMEOUT_MS);
	/* Before the first PQconnectPoll a socket counts as if it had said WRITING. */
	poll_connection(connection, PGRES_POLLING_WRITING);
}

void
db_connection_hurry(struct db_connection *connection)
{
	if (connection->state == DB_CONNECTION_CLOSED)
		arm_timer(connection, 0);
}

bool
db_connection_is_current(const struct db_connection *connection)
{
	return connection->conninfo == NULL ||
	       strcmp(connection->conninfo, db_hosts_conninfo(connection->target->hosts)) == 0;
}

/* Not closed from here, as it may be on the stack. */
void
db_connection_renew(struct db_connection *connection)
{
	if (connection->state == DB_CONNECTION_CLOSED)
		return;
	connection->stale = true;
	if (TAILQ_EMPTY(&connection->sent))
		arm_timer(connection, 0);
}

void
db_connection_give_up(struct db_connection *connection, const char *reason)
{
	if (is_up(connection))
		close_connection(connection, reason);
}

/*
 * The oldest query is past its time. Its client gets its answer now; if nothing at all has come
 * from PostgreSQL meanwhile the connection counts as dead, else it goes on with the others.
 */
static void
on_deadline(struct db_connection *connection)
{
	int64_t now_ms = clock_now_ms();
	struct db_query *query = TAILQ_FIRST(&connection->sent);
	bool is_silent = now_ms - connection->last_progress_ms >=
			 connection->settings->statement_timeout_ms;

	for (; query != NULL && query->deadline_ms <= now_ms; query = TAILQ_NEXT(query, link)) {
		const struct db_query_hooks *hooks = query->hooks;

		query->outcome = DB_OUTCOME_TIMEOUT;
		query->deadline_ms = now_ms + connection->settings->statement_timeout_ms;
		query->hooks = NULL;
		if (hooks != NULL && !is_silent)
			hooks->on_done(DB_OUTCOME_TIMEOUT, query->context);
		else
			query->hooks = hooks; /* close_connection() ends it */
	}
	if (is_silent) {
		close_connection(connection, "no answer from PostgreSQL");
		return;
	}
	arm_query_timer(connection);
}

/* The cancellation may have been lost. */
static void
on_held(struct db_connection *connection)
{
	const struct db_query *running = TAILQ_FIRST(&connection->sent);

	if (running != NULL && running->deadline_ms <= clock_now_ms()) {
		on_deadline(connection);
		return;
	}
	if (!connection->cancelling)
		connection->events->on_unwanted(connection->server, connection);
	arm_query_timer(connection);
}

static void
timer_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_connection *connection = context;

	(void)socket;
	(void)what;
	if (connection->broken) {
		close_connection(connection, PQerrorMessage(connection->pg));
		return;
	}
	if (connection->stale && TAILQ_EMPTY(&connection->sent)) {
		close_connection(connection, NULL);
		return;
	}
	switch (connection->state) {
	case DB_CONNECTION_CLOSED:
		db_connection_open(connection);
		break;
	case DB_CONNECTION_CONNECTING:
		close_connection(connection, "connecting took too long");
		break;
	case DB_CONNECTION_HELD:
		on_held(connection);
		break;
	case DB_CONNECTION_SETTING_UP:
	case DB_CONNECTION_READY:
		on_deadline(connection);
		break;
	}
}

static bool
fill_cancellation(const struct db_connection *connection, const struct db_query *query,
	struct db_cancellation *cancellation)
{
	if (connection->is_pooled && query->tag == 0)
		return false;
	cancellation->statement = connection->is_pooled ? &cancel_pooled_statement
							: &cancel_statement;
	snprintf(cancellation->value, sizeof cancellation->value, "%d",
		connection->is_pooled ? query->tag : PQbackendPID(connection->pg));
	return true;
}

bool
db_connection_hold(struct db_connection *connection, struct db_cancellation *cancellation)
{
	const struct db_query *running = TAILQ_FIRST(&connection->sent);

	if (!is_up(connection) || connection->cancelling || running == NULL)
		return false;
	connection->cancelled = running;
	for (const struct db_query *query = running; query != NULL;
		query = TAILQ_NEXT(query, link)) {
		if (query->hooks != NULL)
			return false;
	}
	if (!fill_cancellation(connection, running, cancellation))
		return false;
	connection->cancelling = true;
	if (connection->state == DB_CONNECTION_READY)
		set_state(connection, DB_CONNECTION_HELD);
	arm_query_timer(connection);
	return true;
}

void
db_connection_release(struct db_connection *connection)
{
	connection->cancelling = false;
	if (connection->state != DB_CONNECTION_HELD)
		return;
	go_on_cancelling(connection);
	if (connection->state == DB_CONNECTION_READY)
		connection->events->on_free(connection->server);
}

enum db_connection_state
db_connection_state(const struct db_connection *connection)
{
	/* A connection that is about to be closed or rebuilt takes nothing new. */
	if (connection->state == DB_CONNECTION_READY && (connection->broken || connection->stale))
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
	free_events(connection);
	event_free(connection->timer);
	PQfinish(connection->pg);
	free(connection->conninfo);
	free(connection);
}
