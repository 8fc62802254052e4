#include "http/connection_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/*
 * A client that has closed its sending side may have gone, or may still read (RFC 9112, 9.6). An
 * answer that takes longer than this is not worth its database work.
 */
#define HALF_CLOSED_MS 500

/* How often it is seen whether a client is still there that is not read from meanwhile. */
#define PEER_CHECK_MS 1000

/* Bytes kept behind the request at hand; the rest stays in the socket. */
#define PENDING_MAX SERVER_READ_BYTES

/* Pipelined requests answered in one go before other connections get their turn. */
#define REQUESTS_PER_TURN 32

static void
keep_pending(struct connection *connection, const char *data, size_t length)
{
	if (length == 0)
		return;
	connection->pending = memory_resized(
		connection->pending, connection->pending_length + length, 1);
	memcpy(connection->pending + connection->pending_length, data, length);
	connection->pending_length += length;
	if (connection->pending_length < PENDING_MAX)
		return;
	(void)event_del(&connection->read_event);
	/* Nothing tells now that the client has left. */
	if (connection->state == CONNECTION_HANDLING && connection->deadline_ms == 0)
		connection_set_deadline(connection, PEER_CHECK_MS);
}

static void
refuse(struct connection *connection, const struct error *error)
{
	connection->keeps_alive = false;
	connection_drop_pending(connection);
	connection_abandon_context(connection);
	connection_respond_error(connection, error);
}

void
connection_refuse(struct connection *connection, const struct error *error)
{
	/* A refused request keeps its answer, whatever its body turned out to be. */
	if (connection->error != NULL) {
		struct error first = *connection->error;

		refuse(connection, &first);
		return;
	}
	refuse(connection, error);
}

/* Keeps the error until the rest of the message has been read and dropped. */
static void
postpone_error(struct connection *connection, const struct error *error)
{
	connection->error = memory_zeroed(1, sizeof *error);
	*connection->error = *error;
	request_discard_body(connection->request);
}

/* The head is complete. False: the answer is already on its way. */
static bool
accept_head(struct connection *connection)
{
	struct http_server *server = connection->server;
	struct request *request = connection->request;
	struct error error;
	bool accepted;

	connection->keeps_alive = request_keeps_alive(request);
	accepted = connection_enter_request(connection, &error) &&
		   server->handler->on_head(connection, server->handler_context, &error);
	if (accepted && request_body_is_too_large(request)) {
		accepted = error_set(&error, ERROR_BODY_TOO_LARGE, "a body may have %zu bytes",
			server->settings.limits.max_body_bytes);
	}
	if (!accepted) {
		/* A body that will not come, or is too long to be dropped: close instead. */
		if (request_body_is_too_large(request) || request_expects_continue(request)) {
			refuse(connection, &error);
			return false;
		}
		postpone_error(connection, &error);
	} else if (request_expects_continue(request)) {
		connection_send_continue(connection);
	}
	connection_set_state(connection, CONNECTION_BODY);
	return true;
}

static void
handle_request(struct connection *connection)
{
	struct http_server *server = connection->server;

	if (connection->error != NULL) {
		connection_respond_error(connection, connection->error);
		return;
	}
	connection_set_state(connection, CONNECTION_HANDLING);
	if (connection->client_ended)
		connection_set_deadline(connection, HALF_CLOSED_MS);
	server->handler->on_request(connection, server->handler_context);
}

static bool
is_receiving(const struct connection *connection)
{
	return connection->state == CONNECTION_IDLE || connection->state == CONNECTION_HEAD ||
	       connection->state == CONNECTION_BODY;
}

/* RFC 9112, 2.2: what may stand before a request, and is none. */
static bool
is_empty_line(const char *data, size_t length)
{
	size_t position = 0;

	while (position < length && (data[position] == '\r' || data[position] == '\n'))
		position++;
	return position == length;
}

static void
begin_request(struct connection *connection)
{
	connection_set_state(connection, CONNECTION_HEAD);
	connection->started_us = connection->now_us;
}

/* Feeds bytes to the request at hand; returns how many were used. */
static size_t
feed(struct connection *connection, const char *data, size_t length)
{
	struct error error;
	enum request_progress result;
	size_t used;

	if (connection->request == NULL)
		connection->request = request_new(&connection->server->settings.limits);
	if (connection->state == CONNECTION_IDLE && !is_empty_line(data, length))
		begin_request(connection);
	result = request_feed(connection->request, data, length, &used, &error);
	connection->unfed = length - used;
	switch (result) {
	case REQUEST_INCOMPLETE:
		break;
	case REQUEST_HEAD_COMPLETE:
		if (accept_head(connection) && !request_expects_body(connection->request))
			handle_request(connection);
		break;
	case REQUEST_COMPLETE:
		handle_request(connection);
		break;
	case REQUEST_INVALID:
		/* Line ends that are too many, or none: they are what is answered. */
		if (connection->state == CONNECTION_IDLE)
			begin_request(connection);
		connection_refuse(connection, &error);
		break;
	}
	return used;
}

/* Feeds as long as requests can be received; returns how many bytes were used. */
static size_t
feed_all(struct connection *connection, const char *data, size_t length)
{
	size_t total = 0;
	unsigned turns = 0;

	connection->is_processing = true;
	while (total < length && is_receiving(connection)) {
		bool was_idle = connection->state == CONNECTION_IDLE;

		if (was_idle && turns++ == REQUESTS_PER_TURN) {
			/* The rest waits for the next turn of the loop: what event_active()
			 * puts behind this event would still run in this one. */
			if (event_add(&connection->write_event, NULL) != 0)
				memory_exhausted();
			break;
		}
		total += feed(connection, data + total, length - total);
	}
	connection->is_processing = false;
	connection->unfed = 0;
	return total;
}

void
connection_process(struct connection *connection)
{
	char *pending = connection->pending;
	size_t length = connection->pending_length;
	size_t used;

	if (!is_receiving(connection))
		return;
	if (pending != NULL) {
		connection->pending = NULL;
		connection->pending_length = 0;
		used = feed_all(connection, pending, length);
		if (connection->state != CONNECTION_CLOSED &&
			connection->state != CONNECTION_LINGERING && connection->keeps_alive)
			keep_pending(connection, pending + used, length - used);
		free(pending);
	}
	if (connection->state == CONNECTION_CLOSED)
		return;
	if (connection->pending_length < PENDING_MAX)
		connection_start_reading(connection);
	/* Nothing more will come: what is there was the last. */
	if (connection->client_ended && is_receiving(connection) && connection->pending == NULL)
		connection_close(connection, "the client has ended");
}

/* The client sends no more. An answer under way is still wanted for a while. */
static void
on_client_end(struct connection *connection)
{
	connection->client_ended = true;
	(void)event_del(&connection->read_event);
	switch (connection->state) {
	case CONNECTION_HANDLING:
		connection_set_deadline(connection, HALF_CLOSED_MS);
		break;
	case CONNECTION_WRITING:
		break;
	case CONNECTION_STREAMING:
		/* It has no end of its own: nobody would notice that the reader has gone. */
		connection_close(connection, "the client has ended");
		break;
	case CONNECTION_IDLE:
	case CONNECTION_HEAD:
	case CONNECTION_BODY:
	case CONNECTION_LINGERING:
	case CONNECTION_CLOSED:
		if (connection->pending == NULL)
			connection_close(connection, "the client has ended");
		break;
	}
}

static void
on_bytes(struct connection *connection, const char *data, size_t length)
{
	size_t used;

	if (connection->state == CONNECTION_LINGERING)
		return;
	/* Bytes that came before these go first. */
	if (!is_receiving(connection) || connection->pending != NULL) {
		keep_pending(connection, data, length);
		return;
	}
	used = feed_all(connection, data, length);
	if (connection->state == CONNECTION_CLOSED || connection->state == CONNECTION_LINGERING)
		return;
	if (connection->keeps_alive || is_receiving(connection))
		keep_pending(connection, data + used, length - used);
}

void
connection_read_cb(evutil_socket_t socket, short what, void *context)
{
	struct connection *connection = context;
	char *buffer = connection->server->read_buffer;
	ssize_t length = recv(socket, buffer, SERVER_READ_BYTES, 0);

	(void)what;
	if (length > 0)
		on_bytes(connection, buffer, (size_t)length);
	else if (length == 0)
		on_client_end(connection);
	else if (errno != EAGAIN && errno != EINTR)
		connection_close(connection, "the client has gone");
}

/* A look at a client that is not read from. */
static void
look_at_peer(struct connection *connection)
{
	struct pollfd peer = { .fd = connection->socket, .events = POLLRDHUP };

	if (poll(&peer, 1, 0) == 0)
		connection_set_deadline(connection, PEER_CHECK_MS);
	else
		connection_close(connection, "the client has gone");
}

void
connection_check_peer(struct connection *connection)
{
	if (connection->client_ended)
		connection_close(connection, "too long for a client that has ended");
	else
		look_at_peer(connection);
}
