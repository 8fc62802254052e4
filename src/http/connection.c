#include "http/connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/clients.h"
#include "http/forwarded.h"
#include "http/http_date.h"
#include "http/request_id.h"
#include "http/server_internal.h"

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

/* Writes in one go before other connections get their turn. */
#define WRITES_PER_TURN 8

/*
 * Bytes that the kernel takes before it can send them. What is on its way to a client that reads
 * does not count, so nobody is slower for it.
 */
#define UNSENT_BYTES (128 << 10)

/* Clients beyond their limit are in the log so often at most. */
#define REFUSAL_LOG_MS 1000

/* From this body size on the packets of an answer are worth two more system calls. */
#define CORK_BYTES 16384

struct connection {
	TAILQ_ENTRY(connection) link; /* in the server's connections, then in closed */

	/* Borrowed. */
	struct http_server *server;
	void *context;	       /* of the layer above, for the request at hand */
	struct client *client; /* where it is counted; NULL: nowhere */

	/* Owned. */
	int socket;		 /* -1 once closed */
	struct request *request; /* NULL while IDLE, but behind an empty line */
	struct evbuffer *output; /* NULL while nothing waits to be written */
	char *pending;		 /* bytes behind the request at hand; NULL without any */
	size_t pending_length;
	size_t unfed; /* bytes behind the request at hand that are being fed, and not pending yet */
	struct event read_event;  /* persistent; not pending once the client has ended */
	struct event write_event; /* pending while the socket is full */
	struct event timer;	  /* may fire early: deadline_ms decides */

	enum connection_state state;
	int64_t now_us;	     /* when a deadline was set last: one look at the clock serves both */
	int64_t started_us;  /* the first byte of the request at hand */
	int64_t deadline_ms; /* 0: none */
	int64_t timer_ms;    /* when timer fires; 0: not pending */
	bool is_processing;  /* connection_process() is on the stack */
	bool keeps_alive;    /* after the answer at hand */
	bool is_corked;	     /* TCP_CORK is set */
	bool is_metered;     /* what waits counts against the output budget */
	bool client_ended;   /* it sends no more */
	bool has_answered;   /* at least one request */
	bool is_lent;	     /* it is counted for the client of the request at hand alone */
	bool is_refused;     /* its client has too many: closed without lingering */
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	} peer;
	uint64_t metered_bytes; /* counted in the server's output_bytes now */
	struct error *error;	/* owned; what a refused head is answered with */
};

static const char *
state_name(enum connection_state state)
{
	static const char *const names[] = { "idle", "head", "body", "handling", "writing",
		"streaming", "lingering", "closed" };

	return names[state];
}

static int64_t
state_timeout_ms(const struct connection *connection, enum connection_state state)
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
static void
set_deadline(struct connection *connection, int64_t duration_ms)
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
static void
connection_set_state(struct connection *connection, enum connection_state state)
{
	log_write(LOG_LEVEL_DEBUG, "connection %d: %s -> %s", connection->socket,
		state_name(connection->state), state_name(state));
	connection->state = state;
	set_deadline(connection, state_timeout_ms(connection, state));
}

static void
start_reading(struct connection *connection)
{
	if (!connection->client_ended && event_add(&connection->read_event, NULL) != 0)
		memory_exhausted();
}

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
		set_deadline(connection, PEER_CHECK_MS);
}

static void
drop_pending(struct connection *connection)
{
	free(connection->pending);
	connection->pending = NULL;
	connection->pending_length = 0;
}

/*
 * Counts the connection for its client, or that of the request at hand. False: the client has as
 * many as it may have.
 */
static bool
enter_client(struct connection *connection, const char *forwarded_for)
{
	struct http_server *server = connection->server;
	const struct http_settings *settings = &server->settings;
	char name[FORWARDED_CLIENT_SIZE];
	struct in6_addr address;

	if (settings->max_connections_per_client == 0 || connection->client != NULL ||
		!forwarded_address(
			settings->trusted_proxies, &connection->peer.any, forwarded_for, &address))
		return true;
	connection->client = client_set_enter(
		server->clients, &address, settings->max_connections_per_client);
	if (connection->client != NULL)
		return true;
	server->refused++;
	connection->now_us = clock_now_us();
	if (connection->now_us / 1000 - server->refusal_logged_ms >= REFUSAL_LOG_MS) {
		server->refusal_logged_ms = connection->now_us / 1000;
		forwarded_client(settings->trusted_proxies, &connection->peer.any, forwarded_for,
			name, sizeof name);
		log_write(LOG_LEVEL_WARNING,
			"%s has server.max_connections_per_client: further ones are refused", name);
	}
	return false;
}

static void
leave_client(struct connection *connection)
{
	client_set_leave(connection->server->clients, connection->client);
	connection->client = NULL;
	connection->is_lent = false;
}

static bool
refuse_client(struct error *error)
{
	return error_set(error, ERROR_TOO_MANY_REQUESTS,
		"this client has as many connections as it may have");
}

/*
 * Behind a proxy, which keeps connections and sends requests of all clients over them, a client has
 * a connection for as long as one answers its request.
 */
static bool
enter_request(struct connection *connection, struct error *error)
{
	char *forwarded_for;
	bool is_let_in;

	if (connection->server->settings.max_connections_per_client == 0 ||
		connection->client != NULL)
		return true;
	forwarded_for = request_field_joined(connection->request, "X-Forwarded-For");
	is_let_in = enter_client(connection, forwarded_for);
	connection->is_lent = connection->client != NULL;
	free(forwarded_for);
	return is_let_in || refuse_client(error);
}

static void
drop_request(struct connection *connection)
{
	if (connection->is_lent)
		leave_client(connection);
	request_free(connection->request);
	connection->request = NULL;
	connection->context = NULL;
	free(connection->error);
	connection->error = NULL;
}

/* What the layer above keeps for the request is of no use any more. */
static void
abandon_context(struct connection *connection)
{
	struct http_server *server = connection->server;

	if (connection->context != NULL)
		server->handler->on_gone(connection, server->handler_context);
	connection->context = NULL;
}

/* Counts what waits for the client now. */
static void
meter(struct connection *connection)
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

/* Tells the layer above what became of the request at hand; status 0: the client has gone. */
static void
report(struct connection *connection, unsigned status, uint64_t bytes)
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
		report(connection, 0, 0);
	}
	log_write(LOG_LEVEL_DEBUG, "connection %d: closing: %s", connection->socket, reason);
	connection_set_state(connection, CONNECTION_CLOSED);
	meter(connection);
	(void)event_del(&connection->read_event);
	(void)event_del(&connection->write_event);
	(void)event_del(&connection->timer);
	(void)close(connection->socket);
	connection->socket = -1;
	TAILQ_REMOVE(&server->connections, connection, link);
	server->connection_count--;
	leave_client(connection);
	TAILQ_INSERT_TAIL(&server->closed, connection, link);
	event_active(server->reaper, EV_TIMEOUT, 0);
	listeners_update(server);
	abandon_context(connection);
}

void
connections_reap(struct http_server *server)
{
	struct connection *connection;

	while ((connection = TAILQ_FIRST(&server->closed)) != NULL) {
		TAILQ_REMOVE(&server->closed, connection, link);
		drop_request(connection);
		drop_pending(connection);
		if (connection->output != NULL)
			evbuffer_free(connection->output);
		free(connection);
	}
}

/* After the last answer: stop sending, and drop what the client still has on the way. */
static void
linger(struct connection *connection)
{
	if (connection->client_ended || connection->is_refused ||
		shutdown(connection->socket, SHUT_WR) != 0) {
		connection_close(connection, "answered");
		return;
	}
	drop_pending(connection);
	start_reading(connection);
	connection_set_state(connection, CONNECTION_LINGERING);
}

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
close_output(struct connection *connection)
{
	evbuffer_free(connection->output);
	connection->output = NULL;
	meter(connection);
}

/* The answer has left: on to the next request, which process() takes up, or to the end. */
static void
finish_answer(struct connection *connection)
{
	set_cork(connection, false);
	close_output(connection);
	drop_request(connection);
	connection->has_answered = true;
	if (!connection->keeps_alive) {
		linger(connection);
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
	meter(connection);
	set_deadline(connection, state_timeout_ms(connection, CONNECTION_WRITING));
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
	set_deadline(connection, 0);
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
	if (evbuffer_add(connection->output, head, (size_t)length) != 0 ||
		evbuffer_add(connection->output, response->fields, response->fields_length) != 0 ||
		evbuffer_add(connection->output, "\r\n", 2) != 0)
		memory_exhausted();
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
	if (!is_head && evbuffer_get_length(response->body) >= CORK_BYTES)
		set_cork(connection, true);
	if (!is_head && evbuffer_add_buffer(connection->output, response->body) != 0)
		memory_exhausted();
	response_discard(response);
	connection_set_state(connection, CONNECTION_WRITING);
	report(connection, status, bytes);
	write_output(connection);
}

/* The end of a stream that is complete. */
static void
end_stream(struct connection *connection)
{
	static const char last_chunk[] = "0\r\n\r\n";

	connection->keeps_alive = false;
	open_output(connection);
	if (!request_is_http_1_0(connection->request) &&
		evbuffer_add(connection->output, last_chunk, sizeof last_chunk - 1) != 0)
		memory_exhausted();
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
		abandon_context(connection);
		connection_respond(connection, response);
		return false;
	}
	if (!is_chunked)
		connection->keeps_alive = false;
	open_output(connection);
	connection->is_metered = true;
	write_head(connection, response, is_chunked ? BODY_CHUNKS : BODY_UNTIL_CLOSE);
	connection->now_us = clock_now_us();
	report(connection, response->status, 0);
	response_discard(response);
	if (request_method(connection->request) == REQUEST_HEAD) {
		/* It would be in the way of the next request. */
		abandon_context(connection);
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
	if (is_chunked && evbuffer_add(connection->output, "\r\n", 2) != 0)
		memory_exhausted();
	stream_write(connection);
}

size_t
connection_stream_backlog(const struct connection *connection)
{
	return connection->output == NULL ? 0 : evbuffer_get_length(connection->output);
}

/* Answers with an error; for those of the connection itself, the connection ends with it. */
static void
respond_error(struct connection *connection, const struct error *error)
{
	struct response response;

	response_error(&response, error);
	connection_respond(connection, &response);
}

static void
refuse(struct connection *connection, const struct error *error)
{
	connection->keeps_alive = false;
	drop_pending(connection);
	abandon_context(connection);
	respond_error(connection, error);
}

/* RFC 9110, 10.1.1: the client waits for this before it sends the body. */
static void
send_continue(struct connection *connection)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";

	/* Nothing else is on the way, so 25 bytes fit; if not, they go out with the answer. */
	open_output(connection);
	if (evbuffer_add(connection->output, line, sizeof line - 1) != 0)
		memory_exhausted();
	(void)evbuffer_write(connection->output, connection->socket);
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
	accepted = enter_request(connection, &error) &&
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
		send_continue(connection);
	}
	connection_set_state(connection, CONNECTION_BODY);
	return true;
}

static void
handle_request(struct connection *connection)
{
	struct http_server *server = connection->server;

	if (connection->error != NULL) {
		respond_error(connection, connection->error);
		return;
	}
	connection_set_state(connection, CONNECTION_HANDLING);
	if (connection->client_ended)
		set_deadline(connection, HALF_CLOSED_MS);
	server->handler->on_request(connection, server->handler_context);
}

/* The message could not be read to its end: the answer is the last one. */
static void
refuse_message(struct connection *connection, const struct error *error)
{
	/* A refused request keeps its answer, whatever its body turned out to be. */
	if (connection->error != NULL) {
		struct error first = *connection->error;

		refuse(connection, &first);
		return;
	}
	refuse(connection, error);
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

/* Feeds bytes to the request at hand; returns how many were used. */
static size_t
feed(struct connection *connection, const char *data, size_t length)
{
	struct error error;
	enum request_progress result;
	size_t used;

	if (connection->request == NULL)
		connection->request = request_new(&connection->server->settings.limits);
	if (connection->state == CONNECTION_IDLE && !is_empty_line(data, length)) {
		connection_set_state(connection, CONNECTION_HEAD);
		connection->started_us = connection->now_us;
	}
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
		refuse_message(connection, &error);
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

/* Takes up the bytes that waited behind the last request. */
static void
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
		start_reading(connection);
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
		set_deadline(connection, HALF_CLOSED_MS);
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

static void
read_cb(evutil_socket_t socket, short what, void *context)
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

static void
write_cb(evutil_socket_t socket, short what, void *context)
{
	struct connection *connection = context;

	(void)socket;
	(void)what;
	switch (connection->state) {
	case CONNECTION_WRITING:
		write_output(connection);
		break;
	case CONNECTION_STREAMING:
		on_stream_room(connection);
		break;
	default:
		connection_process(connection);
		break;
	}
}

/* A look at a client that is not read from. */
static void
check_peer(struct connection *connection)
{
	struct pollfd peer = { .fd = connection->socket, .events = POLLRDHUP };

	if (poll(&peer, 1, 0) == 0)
		set_deadline(connection, PEER_CHECK_MS);
	else
		connection_close(connection, "the client has gone");
}

static void
on_timeout(struct connection *connection)
{
	struct error error;

	switch (connection->state) {
	case CONNECTION_HEAD:
		(void)error_set(&error, ERROR_REQUEST_TIMEOUT,
			"the request's head took longer than %lld ms",
			(long long)state_timeout_ms(connection, CONNECTION_HEAD));
		refuse(connection, &error);
		break;
	case CONNECTION_BODY:
		(void)error_set(&error, ERROR_REQUEST_TIMEOUT,
			"the request's body took longer than %lld ms",
			(long long)connection->server->settings.body_timeout_ms);
		refuse_message(connection, &error);
		break;
	case CONNECTION_HANDLING:
		if (connection->client_ended)
			connection_close(connection, "too long for a client that has ended");
		else
			check_peer(connection);
		break;
	case CONNECTION_IDLE:
	case CONNECTION_WRITING:
	case CONNECTION_STREAMING:
	case CONNECTION_LINGERING:
	case CONNECTION_CLOSED:
		connection_close(connection, "too long without progress");
		break;
	}
}

static void
timer_cb(evutil_socket_t socket, short what, void *context)
{
	struct connection *connection = context;
	int64_t left_ms = connection->deadline_ms - clock_now_ms();

	(void)socket;
	(void)what;
	connection->timer_ms = 0;
	if (connection->deadline_ms == 0)
		return;
	if (left_ms > 0)
		set_deadline(connection, left_ms);
	else
		on_timeout(connection);
}

/*
 * Small answers leave at once; and of an answer that the client does not read the kernel takes
 * UNSENT_BYTES instead of up to tcp_wmem, 4 MiB for each. A socket that is no TCP has neither
 * option.
 */
static void
set_options(int socket)
{
	int one = 1;
	int unsent = UNSENT_BYTES;

	(void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

/*
 * A client that has too many connections gets an answer to whatever it is about to ask, but no
 * time: what it has sent already is read, as closing over unread bytes would reset the answer.
 */
static void
turn_away(struct connection *connection)
{
	struct error error;

	(void)recv(connection->socket, connection->server->read_buffer, SERVER_READ_BYTES, 0);
	connection->is_refused = true;
	connection->keeps_alive = false;
	connection->started_us = connection->now_us;
	connection->request = request_new(&connection->server->settings.limits);
	(void)refuse_client(&error);
	respond_error(connection, &error);
}

void
connection_open(
	struct http_server *server, int socket, const struct sockaddr *peer, socklen_t peer_length)
{
	struct connection *connection = memory_zeroed(1, sizeof *connection);

	connection->server = server;
	connection->socket = socket;
	connection->keeps_alive = true;
	if (peer_length <= sizeof connection->peer)
		memcpy(&connection->peer, peer, peer_length);
	else
		connection->peer.any.sa_family = peer->sa_family;
	if (event_assign(&connection->read_event, server->base, socket, EV_READ | EV_PERSIST,
		    read_cb, connection) != 0 ||
		event_assign(&connection->write_event, server->base, socket, EV_WRITE, write_cb,
			connection) != 0 ||
		evtimer_assign(&connection->timer, server->base, timer_cb, connection) != 0)
		memory_exhausted();
	if (peer->sa_family != AF_UNIX)
		set_options(socket);
	TAILQ_INSERT_TAIL(&server->connections, connection, link);
	server->connection_count++;
	if (server->connection_count > server->connection_peak)
		server->connection_peak = server->connection_count;
	server->accepted++;
	listeners_update(server);
	connection_set_state(connection, CONNECTION_IDLE);
	if (enter_client(connection, NULL))
		start_reading(connection);
	else
		turn_away(connection);
}

static void
drain(struct connection *connection)
{
	switch (connection->state) {
	case CONNECTION_IDLE:
	case CONNECTION_HEAD:
		set_deadline(connection, state_timeout_ms(connection, connection->state));
		break;
	case CONNECTION_STREAMING:
		abandon_context(connection);
		end_stream(connection);
		break;
	default:
		break;
	}
}

void
connections_drain(struct http_server *server)
{
	struct connection *connection;
	struct connection *next;

	for (connection = TAILQ_FIRST(&server->connections); connection != NULL;
		connection = next) {
		next = TAILQ_NEXT(connection, link);
		drain(connection);
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
