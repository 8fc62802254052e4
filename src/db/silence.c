#include "db/silence.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "db/server.h"
#include "statements.h"

/*
 * The control connection is only asked what takes PostgreSQL no time. Twice as long as others may
 * be silent until they are asked about, as a slow network or a busy machine is no reason to connect
 * anew.
 */
#define CONTROL_SILENCE_MS 500

/* A process id and a comma. */
#define PROCESS_SIZE 12

static const struct db_statement lost_sessions_statement = {
	.name = "lost_sessions",
	.text = sql_lost_sessions,
	.lane = DB_LANE_SHORT,
};

/* The silent ones as an array; owned by the caller. NULL: there are none. */
static char *
list_silent(const struct db_server *server)
{
	unsigned count = server->settings->connections;
	size_t size = (size_t)count * PROCESS_SIZE + sizeof "{}";
	char *list = memory_zeroed(1, size);
	size_t length = 0;

	for (unsigned i = 0; i < count; i++) {
		struct db_connection *connection = server->connections[i];

		if (!db_connection_shares_host(connection, server->control) ||
			!db_connection_is_silent(connection))
			continue;
		length += (size_t)snprintf(list + length, size - length, "%c%d",
			length == 0 ? '{' : ',', db_connection_ask_about(connection));
	}
	if (length == 0) {
		free(list);
		return NULL;
	}
	list[length] = '}';
	return list;
}

static bool
holds(const PGresult *result, int process)
{
	for (int row = 0; row < PQntuples(result); row++) {
		if (strtol(PQgetvalue(result, row, 0), NULL, 10) == process)
			return true;
	}
	return false;
}

static bool
on_lost_sessions(const PGresult *result, void *context)
{
	struct db_server *server = context;

	if (PQnfields(result) != 1)
		return false;
	for (unsigned i = 0; i < server->settings->connections; i++) {
		struct db_connection *connection = server->connections[i];

		db_connection_note_work(
			connection, !holds(result, db_connection_process(connection)));
	}
	return true;
}

/* What has been idle since before the last word on another one may be just as lost. */
static void
renew_idle(const struct db_server *server, int64_t heard_ms)
{
	for (unsigned i = 0; i < server->settings->connections; i++) {
		struct db_connection *connection = server->connections[i];

		if (db_connection_state(connection) == DB_CONNECTION_READY &&
			db_connection_load(connection) == 0 &&
			db_connection_heard_ms(connection) <= heard_ms)
			db_connection_renew(connection);
	}
}

static void
on_looked(enum db_outcome outcome, void *context)
{
	struct db_server *server = context;

	server->look = NULL;
	if (outcome != DB_OUTCOME_DONE || server->is_closing)
		return;
	/* On the first suspicion, as it costs little; and first, so that nothing moves to them. */
	for (unsigned i = 0; i < server->settings->connections; i++) {
		if (db_connection_is_suspect(server->connections[i]))
			renew_idle(server, db_connection_heard_ms(server->connections[i]));
	}
	for (unsigned i = 0; i < server->settings->connections; i++) {
		struct db_connection *connection = server->connections[i];

		if (!db_connection_is_lost(connection))
			continue;
		db_connection_give_up(
			connection, "lost on the way: its session in PostgreSQL waits for it");
		/* PostgreSQL is there: this very answer came from it. */
		db_connection_hurry(connection);
	}
}

static const struct db_query_hooks look_hooks = {
	.on_result = on_lost_sessions,
	.on_done = on_looked,
};

void
db_silence_look(struct db_server *server)
{
	struct db_step step = { .statement = &lost_sessions_statement };
	char *list;

	if (server->is_closing || server->look != NULL ||
		db_connection_state(server->control) != DB_CONNECTION_READY)
		return;
	list = list_silent(server);
	if (list == NULL)
		return;
	step.parameters.count = 1;
	step.parameters.values[0] = list;
	server->look = db_connection_ask(server->control, &step, &look_hooks, server);
	free(list);
}

void
db_silence_on_silent(struct db_server *server, struct db_connection *connection)
{
	if (connection != server->control)
		db_silence_look(server);
	else if (!server->is_watched && db_connection_silence_ms(connection) >= CONTROL_SILENCE_MS)
		db_connection_renew_now(connection);
}
