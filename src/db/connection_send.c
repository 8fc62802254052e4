/* Sending: each query a pipeline of its own, its statements prepared where the session is ours. */
#include "db/connection_internal.h"

#include <event2/util.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "statements.h"

/*
 * PostgreSQL ends a statement at statement_timeout by itself; this much later the connection counts
 * as dead.
 */
#define STATEMENT_SLACK_MS 500

static const struct db_statement session_statement = {
	.name = NULL,
	.text = sql_session,
	.lane = DB_LANE_SHORT,
};

static bool
send_step(struct db_connection *connection, struct db_query_step *step)
{
	const struct db_statement *statement = &step->statement;
	const char *const *values = (const char *const *)step->values;

	if (statement->name == NULL || connection->is_pooled) {
		return PQsendQueryParams(connection->pg, statement->text, step->count, NULL, values,
			       NULL, NULL, 0) == 1;
	}
	if (!db_prepared_use(&connection->prepared, statement)) {
		if (PQsendPrepare(connection->pg, statement->name, statement->text, 0, NULL) != 1 ||
			!db_prepared_add(&connection->prepared, statement))
			return false;
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

static bool
send_deallocate(struct db_connection *connection, uint64_t shape)
{
	char name[DB_SHAPE_NAME_SIZE];
	char text[sizeof "DEALLOCATE " + DB_SHAPE_NAME_SIZE];

	db_shape_name(shape, name);
	snprintf(text, sizeof text, "DEALLOCATE %s", name);
	return PQsendQueryParams(connection->pg, text, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

/* What the query will prepare needs room, which others leave in front of it. */
static bool
send_room(struct db_connection *connection, struct db_query *query)
{
	unsigned wanted = 0;
	uint64_t shape;

	if (connection->is_pooled)
		return true;
	for (size_t i = 0; i < query->step_count; i++) {
		const struct db_statement *statement = &query->steps[i].statement;

		wanted += statement->name != NULL &&
			  !db_prepared_use(&connection->prepared, statement);
	}
	while (db_prepared_make_room(&connection->prepared, wanted, &shape)) {
		if (!send_deallocate(connection, shape))
			return false;
		query->preamble++;
	}
	return true;
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

/*
 * Sends what libpq holds back. False when the connection is lost.
 *
 * Where the socket has no room for all at once, libpq reads what has come. Nothing else tells of it
 * then: the results of earlier queries would wait until those of this one come.
 */
static bool
flush(struct db_connection *connection)
{
	int more = PQflush(connection->pg);

	if (more < 0)
		return false;
	if (more == 1 && event_add(connection->write_event, NULL) != 0)
		memory_exhausted();
	if (PQisBusy(connection->pg) == 0)
		event_active(connection->read_event, EV_READ, 0);
	/* What it makes nothing of closes the socket. */
	return PQstatus(connection->pg) != CONNECTION_BAD;
}

void
db_connection_write_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_connection *connection = context;

	(void)socket;
	(void)what;
	if (!flush(connection))
		db_connection_close(connection, PQerrorMessage(connection->pg));
}

/*
 * Not closed from here, as it may be on the stack; but watched no more. libpq has closed the socket
 * where it met the error, and the next client to connect gets its number: to libevent that would be
 * watched already, so epoll would never hear of the client.
 */
static void
lose(struct db_connection *connection)
{
	connection->broken = true;
	db_connection_free_events(connection);
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
		connection->heard_ms = query->sent_us / 1000;
	TAILQ_INSERT_TAIL(&connection->sent, query, link);
	connection->load++;
	/* The connection may just have been lost, when the timeout was sent in front of it. */
	sent = !connection->broken && send_preamble(connection, query) &&
	       send_room(connection, query);
	for (size_t i = 0; i < query->step_count && sent; i++)
		sent = send_step(connection, &query->steps[i]);
	if (!sent || PQpipelineSync(connection->pg) != 1 || !send_position(connection, query) ||
		!flush(connection))
		lose(connection);
	db_connection_arm_query_timer(connection);
}

void
db_connection_send_session(
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
		db_connection_send_session(connection, &timeout_hooks, query->lane);
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
