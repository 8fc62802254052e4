/*
 * GET /recording/cel/stream?from=10
 *
 * The channel events with id >= from as server-sent events, one per row with its id, and whatever
 * comes after them, without end. Last-Event-ID, which browsers send when they reconnect, goes
 * before from. A comment every 15 seconds tells that the connection lives.
 *
 * A stream is a reader that is started again and again: at most one turn of rows waits for its
 * client, and the next is read when those have left. However slow it is, it costs no more. Beyond
 * the output budget a stream ends: its client comes back with Last-Event-ID.
 */
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/token.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "cel/log.h"

#define COMMENT_INTERVAL_US INT64_C(15000000)

/* Rows per turn: about 100 KiB. */
#define ROWS_PER_TURN 200

/* Digits of an id. */
#define ID_DIGITS_MAX 10

enum { PARAMETER_FROM, PARAMETER_COUNT };

static const struct field parameters[PARAMETER_COUNT] = {
	[PARAMETER_FROM] = { .name = "from", .type = FIELD_INTEGER, .maximum = FIELD_NUMBER_MAX },
};

/* The exchange's state. */
struct stream {
	struct cel_reader reader;
	struct exchange *exchange;
	struct evbuffer *piece; /* owned; empty between turns */
};

static void
stream_free(void *state)
{
	struct stream *stream = state;

	cel_reader_close(&stream->reader);
	evbuffer_free(stream->piece);
	free(stream);
}

/* A reload may have taken the token away: a request has an end, a stream would go on with it. */
static bool
has_token(const struct exchange *exchange)
{
	const struct token *token = token_set_find(
		exchange->api->settings->tokens, connection_request(exchange->connection));

	return token != NULL && (token->scopes & SCOPE_CEL) != 0;
}

/* False when the stream is gone. */
static bool
send_piece(struct stream *stream)
{
	struct connection *connection = stream->exchange->connection;
	const struct exchange *exchange = stream->exchange;

	if (!has_token(exchange)) {
		connection_close(connection, "its token opens this no more");
		return false;
	}
	stream->reader.follows |= stream->reader.rows > 0;
	if (stream->reader.rows > 0 && http_server_is_full(connection_server(connection),
					       evbuffer_get_length(stream->piece))) {
		connection_close(connection, "too much output is waiting for slow readers");
		return false;
	}
	if (stream->reader.rows == 0)
		buffer_add(stream->piece, ":\n\n", 3);
	connection_stream_send(connection, stream->piece);
	return connection_context(connection) == exchange;
}

static void
set_turn(struct cel_reader *reader)
{
	reader->rows_left = ROWS_PER_TURN;
	reader->wait_until_us = clock_now_us() + COMMENT_INTERVAL_US;
}

/* Reads what is next; false when rows, or their absence, will be told by on_done(). */
static bool
read_more(struct stream *stream)
{
	set_turn(&stream->reader);
	return cel_reader_start(stream->exchange->api->cel_log, &stream->reader);
}

static void
watch(struct stream *stream)
{
	set_turn(&stream->reader);
	cel_reader_watch(stream->exchange->api->cel_log, &stream->reader);
}

/* Sends what was read and goes on, until the client or the log has no more. */
static void
pump(struct stream *stream)
{
	const struct connection *connection = stream->exchange->connection;

	while (send_piece(stream)) {
		if (connection_stream_backlog(connection) > 0 || !read_more(stream))
			return;
	}
}

static void
on_done(struct cel_reader *reader, enum db_outcome outcome)
{
	struct stream *stream = (struct stream *)reader;

	if (outcome == DB_OUTCOME_DONE) {
		pump(stream);
		return;
	}
	/* The database is away: a comment now, and rows once it is back. While the comment waits
	 * for the client, it is drained() that goes on. */
	if (send_piece(stream) && connection_stream_backlog(stream->exchange->connection) == 0)
		watch(stream);
}

static void
drained(struct exchange *exchange)
{
	struct stream *stream = exchange->state;

	if (read_more(stream))
		pump(stream);
}

/* Last-Event-ID goes before from: it says how far the client has come since. */
static bool
first_id(const struct exchange *exchange, int64_t *id, struct error *error)
{
	const char *last = request_field(connection_request(exchange->connection), "Last-Event-ID");
	size_t digits;

	*id = exchange_integer(&exchange->parameters[PARAMETER_FROM], 0);
	if (last == NULL || *last == '\0')
		return true;
	digits = strspn(last, "0123456789");
	if (digits <= ID_DIGITS_MAX && last[digits] == '\0')
		*id = strtoll(last, NULL, 10) + 1;
	if (digits > ID_DIGITS_MAX || last[digits] != '\0' || *id > (int64_t)FIELD_NUMBER_MAX + 1)
		return error_set(
			error, ERROR_INVALID_PARAMETER, "Last-Event-ID must be the id of an event");
	return true;
}

static void
start(struct exchange *exchange)
{
	struct stream *stream;
	struct error error;
	int64_t id;

	if (http_server_is_full(connection_server(exchange->connection), 0)) {
		(void)error_set(
			&error, ERROR_UNAVAILABLE, "too much output is waiting for slow readers");
		exchange_refuse(exchange, &error);
		return;
	}
	if (!first_id(exchange, &id, &error)) {
		exchange_refuse(exchange, &error);
		return;
	}
	stream = memory_zeroed(1, sizeof *stream);
	stream->exchange = exchange;
	stream->piece = evbuffer_new();
	if (stream->piece == NULL)
		memory_exhausted();
	stream->reader.next_id = id;
	stream->reader.format = CEL_FORMAT_EVENTS;
	stream->reader.out = stream->piece;
	stream->reader.on_done = on_done;
	exchange->state = stream;
	exchange->free_state = stream_free;
	exchange->response.content_type = "text/event-stream";
	response_field(&exchange->response, "Cache-Control", "no-store");
	/* nginx would otherwise keep events until its buffer is full. */
	response_field(&exchange->response, "X-Accel-Buffering", "no");
	if (exchange_stream(exchange) && connection_stream_backlog(exchange->connection) == 0 &&
		read_more(stream))
		pump(stream);
}

const struct endpoint endpoint_cel_stream = {
	.parameters = parameters,
	.parameter_count = PARAMETER_COUNT,
	.has_own_format = true,
	.start = start,
	.drained = drained,
};
