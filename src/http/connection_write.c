#include "http/connection_internal.h"

#include <errno.h>
#include <event2/buffer.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "http/http_date.h"

/* Writes in one go before other connections get their turn. */
#define WRITES_PER_TURN 8

/* From this body size on the packets of an answer are worth two more system calls. */
#define CORK_BYTES 16384

/*
 * A head and the file segments behind it are system calls of their own; corked, the kernel makes
 * full packets of them. Uncorking sends the rest at once (tcp(7)).
 */
static void
set_cork(struct connection *connection, bool is_corked)
{
	int value = is_corked ? 1 : 0;

	if (connection->is_corked == is_corked || connection->peer.any.sa_family == AF_UNIX)
		return;
	connection->is_corked = is_corked;
	(void)setsockopt(connection->socket, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

static void
open_output(struct connection *connection)
{
	if (connection->output != NULL)
		return;
	connection->output = evbuffer_new();
	if (connection->output == NULL ||
		evbuffer_set_flags(connection->output, EVBUFFER_FLAG_DRAINS_TO_FD) != 0)
		memory_exhausted();
}

static void
close_output(struct connection *connection)
{
	evbuffer_free(connection->output);
	connection->output = NULL;
	connection_meter(connection);
}

/* The answer has left: on to the next request, which process() takes up, or to the end. */
static void
finish_answer(struct connection *connection)
{
	set_cork(connection, false);
	close_output(connection);
	connection_drop_request(connection);
	connection->has_answered = true;
	if (!connection->keeps_alive) {
		connection_linger(connection);
		return;
	}
	connection_set_state(connection, CONNECTION_IDLE);
	/* From the loop, not from here: a long pipeline must not become a deep stack. */
	if (!connection->is_processing && (connection->pending != NULL || connection->client_ended))
		event_active(&connection->write_event, EV_WRITE, 0);
}

/*
 * One write. Returns false when the connection was closed. A file that became shorter than its
 * announced length sends nothing without an error, and would be tried forever.
 */
static bool
write_once(struct connection *connection, bool *is_full)
{
	int written;

	errno = 0;
	written = evbuffer_write(connection->output, connection->socket);
	*is_full = false;
	if (written > 0) {
		connection->server->sent_bytes += (uint64_t)written;
		return true;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
		*is_full = true;
		return true;
	}
	connection_close(connection,
		written == 0 ? "the file is shorter than it was" : "the client has gone");
	return false;
}

/* Writes as much as the socket takes in one turn. False when the connection was closed. */
static bool
write_turn(struct connection *connection)
{
	bool is_full = false;

	for (int i = 0; i < WRITES_PER_TURN && !is_full; i++) {
		if (evbuffer_get_length(connection->output) == 0)
			return true;
		if (!write_once(connection, &is_full))
			return false;
	}
	return true;
}

/* Something is left for when the socket takes more. */
static void
await_room(struct connection *connection)
{
	connection_meter(connection);
	connection_set_deadline(connection, connection_timeout_ms(connection, CONNECTION_WRITING));
	if (event_add(&connection->write_event, NULL) != 0)
		memory_exhausted();
}

static void
write_output(struct connection *connection)
{
	if (!write_turn(connection))
		return;
	if (evbuffer_get_length(connection->output) == 0)
		finish_answer(connection);
	else
		await_room(connection);
}

/* What waits of a stream; without anything it holds no buffer and has no deadline. */
static void
stream_write(struct connection *connection)
{
	if (!write_turn(connection))
		return;
	if (evbuffer_get_length(connection->output) > 0) {
		await_room(connection);
		return;
	}
	close_output(connection);
	connection_set_deadline(connection, 0);
}

static void
on_stream_room(struct connection *connection)
{
	struct http_server *server = connection->server;

	if (connection->output == NULL)
		return;
	stream_write(connection);
	if (connection->state == CONNECTION_STREAMING && connection->output == NULL)
		server->handler->on_drained(connection, server->handler_context);
}

/* The rest of "100 Continue"; once the body is there, it goes out with the answer. */
static void
on_body_room(struct connection *connection)
{
	if (connection->output == NULL || !write_turn(connection))
		return;
	if (evbuffer_get_length(connection->output) > 0 &&
		event_add(&connection->write_event, NULL) != 0)
		memory_exhausted();
}

void
connection_on_room(struct connection *connection)
{
	if (connection->state == CONNECTION_WRITING)
		write_output(connection);
	else if (connection->state == CONNECTION_STREAMING)
		on_stream_room(connection);
	else
		on_body_room(connection);
}

/* RFC 9110, 6.6.1: one second is the resolution, so once a second is enough. */
static const char *
date_now(void)
{
	static time_t formatted_for;
	static char date[HTTP_DATE_SIZE];
	time_t now = time(NULL);

	if (now != formatted_for) {
		http_date_format(now, date);
		formatted_for = now;
	}
	return date;
}

/* How the body's end is told. */
enum body_framing { BODY_LENGTH, BODY_CHUNKS, BODY_UNTIL_CLOSE };

static void
write_head(
	struct connection *connection, const struct response *response, enum body_framing framing)
{
	char head[512];
	const char *persistence = "";
	int length;

	if (!connection->keeps_alive)
		persistence = "Connection: close\r\n";
	else if (request_is_http_1_0(connection->request))
		persistence = "Connection: keep-alive\r\n";
	length = snprintf(head, sizeof head, "HTTP/1.1 %u %s\r\nDate: %s\r\nX-Request-Id: %s\r\n%s",
		response->status, response_reason(response->status), date_now(),
		connection_request_id(connection), persistence);
	if (response->content_type != NULL) {
		length += snprintf(head + length, sizeof head - (size_t)length,
			"Content-Type: %s\r\n", response->content_type);
	}
	/* RFC 9110, 8.6: a 304 has no content; its length would be that of the 200. */
	if (framing == BODY_LENGTH && response->status != 304) {
		length += snprintf(head + length, sizeof head - (size_t)length,
			"Content-Length: %zu\r\n", evbuffer_get_length(response->body));
	} else if (framing == BODY_CHUNKS) {
		length += snprintf(head + length, sizeof head - (size_t)length,
			"Transfer-Encoding: chunked\r\n");
	}
	buffer_add(connection->output, head, (size_t)length);
	buffer_add(connection->output, response->fields, response->fields_length);
	buffer_add(connection->output, "\r\n", 2);
}

void
connection_respond(struct connection *connection, struct response *response)
{
	bool is_head = request_method(connection->request) == REQUEST_HEAD;
	unsigned status = response->status;
	uint64_t bytes = is_head ? 0 : evbuffer_get_length(response->body);

	if (connection->client_ended && connection->pending_length + connection->unfed == 0)
		connection->keeps_alive = false;
	if (connection->server->is_draining)
		connection->keeps_alive = false;
	open_output(connection);
	connection->is_metered = !response->is_on_disk;
	write_head(connection, response, BODY_LENGTH);
	if (!is_head && evbuffer_get_length(response->body) >= CORK_BYTES) {
		set_cork(connection, true);
		server_trim_later(connection->server);
	}
	if (!is_head && evbuffer_add_buffer(connection->output, response->body) != 0)
		memory_exhausted();
	response_discard(response);
	connection_set_state(connection, CONNECTION_WRITING);
	connection_report(connection, status, bytes);
	write_output(connection);
}

void
connection_respond_error(struct connection *connection, const struct error *error)
{
	struct response response;

	response_error(&response, error);
	connection_respond(connection, &response);
}

void
connection_send_continue(struct connection *connection)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";

	open_output(connection);
	buffer_add(connection->output, line, sizeof line - 1);
	(void)evbuffer_write(connection->output, connection->socket);
	/* The answer before it may still fill the socket. */
	if (evbuffer_get_length(connection->output) > 0 &&
		event_add(&connection->write_event, NULL) != 0)
		memory_exhausted();
}

void
connection_end_stream(struct connection *connection)
{
	static const char last_chunk[] = "0\r\n\r\n";

	connection->keeps_alive = false;
	open_output(connection);
	if (!request_is_http_1_0(connection->request))
		buffer_add(connection->output, last_chunk, sizeof last_chunk - 1);
	connection_set_state(connection, CONNECTION_WRITING);
	write_output(connection);
}

bool
connection_stream_open(struct connection *connection, struct response *response)
{
	bool is_chunked = !request_is_http_1_0(connection->request);

	/* A stream has no end of its own: nobody would notice that a reader who sends no more has
	 * gone. */
	if (connection->server->is_draining || connection->client_ended) {
		connection_abandon_context(connection);
		connection_respond(connection, response);
		return false;
	}
	if (!is_chunked)
		connection->keeps_alive = false;
	open_output(connection);
	connection->is_metered = true;
	write_head(connection, response, is_chunked ? BODY_CHUNKS : BODY_UNTIL_CLOSE);
	connection->now_us = clock_now_us();
	connection_report(connection, response->status, 0);
	response_discard(response);
	if (request_method(connection->request) == REQUEST_HEAD) {
		/* It would be in the way of the next request. */
		connection_abandon_context(connection);
		connection_set_state(connection, CONNECTION_WRITING);
		write_output(connection);
		return false;
	}
	connection_set_state(connection, CONNECTION_STREAMING);
	stream_write(connection);
	return connection->state == CONNECTION_STREAMING;
}

void
connection_stream_send(struct connection *connection, struct evbuffer *piece)
{
	size_t length = evbuffer_get_length(piece);
	bool is_chunked = !request_is_http_1_0(connection->request);

	if (length == 0 || connection->state != CONNECTION_STREAMING)
		return;
	open_output(connection);
	if (is_chunked && evbuffer_add_printf(connection->output, "%zx\r\n", length) < 0)
		memory_exhausted();
	if (evbuffer_add_buffer(connection->output, piece) != 0)
		memory_exhausted();
	if (is_chunked)
		buffer_add(connection->output, "\r\n", 2);
	stream_write(connection);
}

size_t
connection_stream_backlog(const struct connection *connection)
{
	return connection->output == NULL ? 0 : evbuffer_get_length(connection->output);
}
