#include "http/connection_internal.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/request_id.h"

/* How long a closing connection drops what still arrives, so that the answer is not reset. */
#define LINGER_MS 2000

/*
 * While the server stops: how long a client that is connected may take to finish the head of its
 * request. It was accepted, so nobody else will answer it.
 */
#define LAST_HEAD_MS 1000

/*
 * While the server stops: how long a connection between two requests stays. Its client, a proxy
 * that keeps connections, may be sending the next request just now, and would get no answer to it;
 * one that does is answered with "Connection: close".
 */
#define LAST_IDLE_MS 100

static const char *
state_name(enum connection_state state)
{
	static const char *const names[] = { "idle", "head", "body", "handling", "writing",
		"streaming", "lingering", "closed" };

	return names[state];
}

int64_t
connection_timeout_ms(const struct connection *connection, enum connection_state state)
{
	const struct http_settings *settings = &connection->server->settings;

	if (connection->server->is_draining && state == CONNECTION_IDLE)
		return connection->has_answered ? LAST_IDLE_MS : LAST_HEAD_MS;
	if (connection->server->is_draining && state == CONNECTION_HEAD)
		return LAST_HEAD_MS;
	switch (state) {
	case CONNECTION_IDLE:
	case CONNECTION_WRITING:
		return settings->idle_timeout_ms;
	case CONNECTION_HEAD:
		return settings->header_timeout_ms;
	case CONNECTION_BODY:
		return settings->body_timeout_ms;
	case CONNECTION_LINGERING:
		return LINGER_MS;
	case CONNECTION_HANDLING:
	case CONNECTION_STREAMING:
	case CONNECTION_CLOSED:
		break;
	}
	return 0;
}

/*
 * A deadline moves with almost every request, a timer in libevent's heap costs: it is only moved
 * when it would fire too late, and looks at the deadline when it fires.
 */
void
connection_set_deadline(struct connection *connection, int64_t duration_ms)
{
	int64_t now_ms;
	struct timeval delay;

	if (duration_ms == 0) {
		connection->deadline_ms = 0;
		return;
	}
	connection->now_us = clock_now_us();
	now_ms = connection->now_us / 1000;
	connection->deadline_ms = now_ms + duration_ms;
	if (connection->timer_ms != 0 && connection->timer_ms <= connection->deadline_ms)
		return;
	delay = clock_timeval(duration_ms);
	connection->timer_ms = connection->deadline_ms;
	if (evtimer_add(&connection->timer, &delay) != 0)
		memory_exhausted();
}

/* The only writer of the state. */
void
connection_set_state(struct connection *connection, enum connection_state state)
{
	log_write(LOG_LEVEL_DEBUG, "connection %d: %s -> %s", connection->socket,
		state_name(connection->state), state_name(state));
	connection->state = state;
	connection_set_deadline(connection, connection_timeout_ms(connection, state));
}

void
connection_start_reading(struct connection *connection)
{
	if (!connection->client_ended && event_add(&connection->read_event, NULL) != 0)
		memory_exhausted();
}

void
connection_drop_pending(struct connection *connection)
{
	free(connection->pending);
	connection->pending = NULL;
	connection->pending_length = 0;
}

void
connection_drop_request(struct connection *connection)
{
	if (connection->is_lent)
		connection_leave_client(connection);
	request_free(connection->request);
	connection->request = NULL;
	connection->context = NULL;
	free(connection->error);
	connection->error = NULL;
}

void
connection_abandon_context(struct connection *connection)
{
	struct http_server *server = connection->server;

	if (connection->context != NULL)
		server->handler->on_gone(connection, server->handler_context);
	connection->context = NULL;
}

void
connection_meter(struct connection *connection)
{
	struct http_server *server = connection->server;
	uint64_t waiting = 0;

	if (connection->is_metered && connection->output != NULL &&
		connection->state != CONNECTION_CLOSED)
		waiting = evbuffer_get_length(connection->output);
	server->output_bytes += waiting - connection->metered_bytes;
	if (server->output_bytes > server->output_peak)
		server->output_peak = server->output_bytes;
	connection->metered_bytes = waiting;
}

void
connection_report(struct connection *connection, unsigned status, uint64_t bytes)
{
	const struct http_server *server = connection->server;
	const struct http_answer answer = {
		.status = status,
		.bytes = bytes,
		.duration_us = connection->now_us - connection->started_us,
	};

	server->handler->on_answered(connection, &answer, server->handler_context);
}

void
connection_close(struct connection *connection, const char *reason)
{
	struct http_server *server = connection->server;

	if (connection->state == CONNECTION_CLOSED)
		return;
	/* The only states in which an answer is owed. */
	if (connection->state == CONNECTION_BODY || connection->state == CONNECTION_HANDLING) {
		connection->now_us = clock_now_us();
		connection_report(connection, 0, 0);
	}
	log_write(LOG_LEVEL_DEBUG, "connection %d: closing: %s", connection->socket, reason);
	connection_set_state(connection, CONNECTION_CLOSED);
	connection_meter(connection);
	(void)event_del(&connection->read_event);
	(void)event_del(&connection->write_event);
	(void)event_del(&connection->timer);
	(void)close(connection->socket);
	connection->socket = -1;
	TAILQ_REMOVE(&server->connections, connection, link);
	server->connection_count--;
	connection_leave_client(connection);
	TAILQ_INSERT_TAIL(&server->closed, connection, link);
	event_active(server->reaper, EV_TIMEOUT, 0);
	listeners_update(server);
	connection_abandon_context(connection);
}

void
connection_linger(struct connection *connection)
{
	if (connection->client_ended || connection->is_refused ||
		shutdown(connection->socket, SHUT_WR) != 0) {
		connection_close(connection, "answered");
		return;
	}
	connection_drop_pending(connection);
	connection_start_reading(connection);
	connection_set_state(connection, CONNECTION_LINGERING);
}

void
connections_reap(struct http_server *server)
{
	struct connection *connection;

	while ((connection = TAILQ_FIRST(&server->closed)) != NULL) {
		TAILQ_REMOVE(&server->closed, connection, link);
		connection_drop_request(connection);
		connection_drop_pending(connection);
		if (connection->output != NULL)
			evbuffer_free(connection->output);
		free(connection);
	}
}

const struct http_server *
connection_server(const struct connection *connection)
{
	return connection->server;
}

struct request *
connection_request(struct connection *connection)
{
	return connection->request;
}

const char *
connection_request_id(struct connection *connection)
{
	struct request_note *note = request_note(connection->request);

	if (note->id[0] == '\0')
		request_id_make(note->id);
	return note->id;
}

const struct sockaddr *
connection_peer(const struct connection *connection)
{
	return &connection->peer.any;
}

void
connection_set_context(struct connection *connection, void *context)
{
	connection->context = context;
}

void *
connection_context(const struct connection *connection)
{
	return connection->context;
}
