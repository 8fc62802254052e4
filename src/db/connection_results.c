/* Reading: results in the order of the queries, what an error means, and what is done next. */
#include "db/connection_internal.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* read_only_sql_transaction: a standby, or a primary that was told to be like one. */
#define READ_ONLY "25006"

/* After this many empty results in a row libpq and we disagree about what is under way. */
#define EMPTY_RESULTS_MAX 4

static enum db_outcome
outcome_of_error(const char *sqlstate)
{
	if (strcmp(sqlstate, "57014") == 0) /* query_canceled, by statement_timeout */
		return DB_OUTCOME_TIMEOUT;
	if (strcmp(sqlstate, "22P02") == 0	   /* invalid_text_representation */
		|| strcmp(sqlstate, "23503") == 0) /* foreign_key_violation */
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

/* A table that changed under what was prepared, on all connections; each prepares it anew. */
static bool
is_stale_plan(const char *sqlstate)
{
	return strcmp(sqlstate, "0A000") == 0	  /* its columns */
	       || strcmp(sqlstate, "42883") == 0; /* their types, for which it found operators */
}

/* A prepared statement that this session has not: it is another one than it was. */
static bool
is_lost_plan(const char *sqlstate)
{
	return strcmp(sqlstate, "26000") == 0;
}

/* What was prepared before is out of date: the query runs once more, where it is prepared anew. */
static void
note_stale_plan(struct db_connection *connection, struct db_query *query, const char *sqlstate)
{
	if (is_stale_plan(sqlstate))
		connection->events->on_stale(connection->server);
	else if (is_lost_plan(sqlstate))
		connection->stale = true;
	else
		return;
	query->was_refused = true;
	query->wants_second_try = true;
}

/*
 * Room for what the query prepares was not to be had. What the session has prepared is not known
 * any more, so it is not gone on with; nothing of the query was run.
 */
static void
note_refused_room(struct db_connection *connection, struct db_query *query)
{
	/* Behind a pooler no room is made: there the settings were refused. */
	if (connection->is_pooled)
		return;
	connection->stale = true;
	query->was_refused = true;
	query->wants_second_try = true;
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
	if (strcmp(sqlstate, READ_ONLY) == 0 && connection->target->wants_primary) {
		query->was_refused = true;
		query->wants_second_try = true;
		connection->events->on_refused(connection->server, connection);
	}
	/* serialization_failure: the replay removed what the query was reading. */
	if (connection->is_standby && strcmp(sqlstate, "40001") == 0)
		query->wants_second_try = true;
}

/* Of a PREPARE that was not run, because a statement before it in its query has failed. */
static void
on_aborted(struct db_connection *connection, struct db_query *query)
{
	bool is_prepare;
	const struct db_query_step *step = failed_step(query, &is_prepare);

	if (is_prepare)
		db_prepared_forget(&connection->prepared, &step->statement);
}

/*
 * Whether the error is one of a plan that the session has kept. Behind a pooler there is none, and
 * the question for the position is no step of the query: what those did is committed.
 */
static bool
is_prepared(const struct db_connection *connection, const struct db_query *query,
	const struct db_query_step *step)
{
	return step->statement.name != NULL && !step->preparing && !connection->is_pooled &&
	       !query->is_at_position;
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
	if (query->results_seen < query->preamble)
		note_refused_room(connection, query);
	else if (is_prepare)
		db_prepared_forget(&connection->prepared, &step->statement);
	else if (is_prepared(connection, query, step))
		note_stale_plan(connection, query, sqlstate);
	if (query->hooks != NULL || query->outcome == DB_OUTCOME_FAILED) {
		log_write(level_of_error(query->outcome), "statement %s: %s %s",
			step->statement.name == NULL ? "(shaped)" : step->statement.name, sqlstate,
			PQresultErrorMessage(result));
	}
}

struct db_position
db_connection_position(const PGresult *result)
{
	return db_position_read(PQgetvalue(result, 0, DB_POSITION_TIMELINE),
		PQgetvalue(result, 0, DB_POSITION_PLACE));
}

static void
on_rows(struct db_connection *connection, struct db_query *query, const PGresult *result)
{
	if (query->is_at_position) {
		if (query->outcome == DB_OUTCOME_DONE && PQntuples(result) == 1)
			connection->events->on_written(
				connection->server, db_connection_position(result));
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
		break;
	case PGRES_PIPELINE_ABORTED: /* the error came before */
		on_aborted(connection, query);
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

/* After results: what the connection does next. */
static void
after_results(struct db_connection *connection)
{
	if (connection->broken || PQstatus(connection->pg) == CONNECTION_BAD) {
		db_connection_close(connection, PQerrorMessage(connection->pg));
		return;
	}
	if (connection->stale && TAILQ_EMPTY(&connection->sent)) {
		db_connection_close(connection, NULL);
		return;
	}
	if (connection->state == DB_CONNECTION_HELD && !connection->cancelling)
		db_connection_go_on_cancelling(connection);
	db_connection_arm_query_timer(connection);
	if (connection->state == DB_CONNECTION_READY)
		connection->events->on_free(connection->server);
}

void
db_connection_read_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_connection *connection = context;
	bool alive = PQconsumeInput(connection->pg) == 1;

	(void)socket;
	(void)what;
	connection->heard_ms = clock_now_ms();
	/* The socket is closed, and its number is whoever's opens the next. */
	if (!alive)
		db_connection_free_events(connection);
	/* Before the end PostgreSQL may have said why, or answered: take that first. */
	read_results(connection);
	if (!alive) {
		db_connection_close(connection, PQerrorMessage(connection->pg));
		return;
	}
	after_results(connection);
}
