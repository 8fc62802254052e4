/* Cancelling: a connection that runs what nobody wants is held until that has ended. */
#include "db/connection_internal.h"

#include <stdio.h>

#include "base/clock.h"
#include "statements.h"

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

void
db_connection_go_on_cancelling(struct db_connection *connection)
{
	const struct db_query *running = TAILQ_FIRST(&connection->sent);

	if (running == NULL)
		db_connection_set_state(connection, DB_CONNECTION_READY);
	else if (running != connection->cancelled)
		connection->events->on_unwanted(connection->server, connection);
}

void
db_connection_on_held(struct db_connection *connection)
{
	const struct db_query *running = TAILQ_FIRST(&connection->sent);

	if (running != NULL && running->deadline_ms <= clock_now_ms()) {
		db_connection_on_deadline(connection);
		return;
	}
	if (!connection->cancelling)
		connection->events->on_unwanted(connection->server, connection);
	db_connection_tell_silence(connection);
	db_connection_arm_query_timer(connection);
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

	if (!db_connection_is_up(connection) || connection->cancelling || running == NULL)
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
		db_connection_set_state(connection, DB_CONNECTION_HELD);
	db_connection_arm_query_timer(connection);
	return true;
}

void
db_connection_release(struct db_connection *connection)
{
	connection->cancelling = false;
	if (connection->state != DB_CONNECTION_HELD)
		return;
	db_connection_go_on_cancelling(connection);
	if (connection->state == DB_CONNECTION_READY)
		connection->events->on_free(connection->server);
}
