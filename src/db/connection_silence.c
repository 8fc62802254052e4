/* Silence: nothing comes, though queries are under way. Whose fault it is, PostgreSQL can say. */
#include "db/connection_internal.h"

#include "base/clock.h"

/* So long without a word, and the server is told; again after as long. */
#define SILENCE_MS 250

/*
 * What is on its way when PostgreSQL is asked may be overtaken by its answer, but hardly by so
 * much: a packet that was lost is sent again within 200 ms.
 */
#define LOST_AFTER_MS 200

/* What is still being sent is no silence of the other side's. */
static bool
is_waiting(const struct db_connection *connection)
{
	return db_connection_is_up(connection) && !connection->broken && !connection->is_pooled &&
	       !TAILQ_EMPTY(&connection->sent) && connection->write_event != NULL &&
	       event_pending(connection->write_event, EV_WRITE, NULL) == 0;
}

int64_t
db_connection_silence_due_ms(const struct db_connection *connection)
{
	int64_t since_ms = connection->heard_ms > connection->told_ms ? connection->heard_ms
								      : connection->told_ms;

	return connection->is_pooled ? INT64_MAX : since_ms + SILENCE_MS;
}

void
db_connection_tell_silence(struct db_connection *connection)
{
	int64_t now_ms = clock_now_ms();

	if (now_ms < db_connection_silence_due_ms(connection))
		return;
	connection->told_ms = now_ms;
	if (is_waiting(connection))
		connection->events->on_silent(connection->server, connection);
}

int64_t
db_connection_silence_ms(const struct db_connection *connection)
{
	return is_waiting(connection) ? clock_now_ms() - connection->heard_ms : 0;
}

bool
db_connection_is_silent(const struct db_connection *connection)
{
	return db_connection_silence_ms(connection) >= SILENCE_MS;
}

int64_t
db_connection_heard_ms(const struct db_connection *connection)
{
	return connection->heard_ms;
}

int
db_connection_process(const struct db_connection *connection)
{
	return db_connection_is_up(connection) && !connection->is_pooled
		       ? PQbackendPID(connection->pg)
		       : 0;
}

int
db_connection_ask_about(struct db_connection *connection)
{
	connection->asked_about_ms = clock_now_ms();
	return db_connection_process(connection);
}

void
db_connection_note_work(struct db_connection *connection, bool is_at_work)
{
	if (connection->asked_about_ms == 0)
		return;
	if (is_at_work) {
		connection->idle_ms = 0;
	} else {
		/* What was seen before something came says nothing any more. */
		if (connection->idle_ms <= connection->heard_ms)
			connection->idle_ms = connection->asked_about_ms;
		connection->still_idle_ms = connection->asked_about_ms;
	}
	connection->asked_about_ms = 0;
}

bool
db_connection_is_suspect(const struct db_connection *connection)
{
	return is_waiting(connection) && connection->idle_ms > connection->heard_ms;
}

bool
db_connection_is_lost(const struct db_connection *connection)
{
	return db_connection_is_suspect(connection) &&
	       connection->still_idle_ms - connection->idle_ms >= LOST_AFTER_MS;
}
