#include "wire.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <llhttp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

#include "support/harness.h"

struct wire {
	struct event_base *base;
	int port;
	const struct wire_hooks *hooks;
	void *context;

	struct bufferevent *socket; /* NULL: not connected */
	llhttp_t parser;
	bool is_awaiting; /* an answer */
	bool has_no_end;
	bool is_complete;
	bool is_nonsense;

	char field[64];
	char value[128];
	struct wire_answer answer;
	char *body;
	size_t body_bytes, body_room;
};

static llhttp_settings_t parser_settings;

static void
append(char *text, size_t size, const char *bytes, size_t count)
{
	size_t length = strlen(text);

	if (count > size - 1 - length)
		count = size - 1 - length;
	memcpy(text + length, bytes, count);
	text[length + count] = '\0';
}

static int
begin_cb(llhttp_t *parser)
{
	struct wire *wire = parser->data;

	wire->is_nonsense |= !wire->is_awaiting || wire->is_complete;
	memset(&wire->answer, 0, sizeof wire->answer);
	wire->field[0] = '\0';
	wire->value[0] = '\0';
	wire->body_bytes = 0;
	return 0;
}

static int
field_cb(llhttp_t *parser, const char *bytes, size_t count)
{
	struct wire *wire = parser->data;

	append(wire->field, sizeof wire->field, bytes, count);
	return 0;
}

static int
value_cb(llhttp_t *parser, const char *bytes, size_t count)
{
	struct wire *wire = parser->data;

	append(wire->value, sizeof wire->value, bytes, count);
	return 0;
}

static int
value_complete_cb(llhttp_t *parser)
{
	struct wire *wire = parser->data;

	if (strcasecmp(wire->field, "Retry-After") == 0)
		wire->answer.retry_after = strtol(wire->value, NULL, 10);
	else if (strcasecmp(wire->field, "X-Request-Id") == 0)
		append(wire->answer.request_id, sizeof wire->answer.request_id, wire->value,
			strlen(wire->value));
	else if (strcasecmp(wire->field, "Content-Range") == 0)
		append(wire->answer.content_range, sizeof wire->answer.content_range, wire->value,
			strlen(wire->value));
	wire->field[0] = '\0';
	wire->value[0] = '\0';
	return 0;
}

static int
body_cb(llhttp_t *parser, const char *bytes, size_t count)
{
	struct wire *wire = parser->data;

	if (wire->body_bytes + count + 1 > wire->body_room) {
		wire->body_room = (wire->body_bytes + count + 1) * 2;
		wire->body = realloc(wire->body, wire->body_room);
		if (wire->body == NULL)
			harness_fail("out of memory");
	}
	memcpy(wire->body + wire->body_bytes, bytes, count);
	wire->body_bytes += count;
	wire->body[wire->body_bytes] = '\0';
	return 0;
}

static int
complete_cb(llhttp_t *parser)
{
	struct wire *wire = parser->data;

	wire->is_complete = true;
	return 0;
}

static void
prepare_parser(void)
{
	if (parser_settings.on_body != NULL)
		return;
	llhttp_settings_init(&parser_settings);
	parser_settings.on_message_begin = begin_cb;
	parser_settings.on_header_field = field_cb;
	parser_settings.on_header_value = value_cb;
	parser_settings.on_header_value_complete = value_complete_cb;
	parser_settings.on_body = body_cb;
	parser_settings.on_message_complete = complete_cb;
}

static void
fill_answer(struct wire *wire)
{
	wire->answer.status = wire->parser.status_code;
	wire->answer.body = wire->body_bytes == 0 ? "" : wire->body;
	wire->answer.body_bytes = wire->body_bytes;
}

static void
nonsense(struct wire *wire, const char *what)
{
	wire_drop(wire);
	wire->hooks->on_nonsense(what, wire->context);
}

static void
hand_over_part(struct wire *wire)
{
	size_t used;

	if (!wire->has_no_end || wire->body_bytes == 0 || wire->parser.status_code != 200)
		return;
	fill_answer(wire);
	used = wire->hooks->on_part(&wire->answer, wire->context);
	wire->body_bytes -= used;
	memmove(wire->body, wire->body + used, wire->body_bytes + 1);
}

static void
hand_over_answer(struct wire *wire)
{
	wire->is_awaiting = false;
	wire->is_complete = false;
	fill_answer(wire);
	if (llhttp_should_keep_alive(&wire->parser) == 0)
		wire_drop(wire);
	wire->hooks->on_answer(&wire->answer, wire->context);
}

static void
read_cb(struct bufferevent *socket, void *context)
{
	struct wire *wire = context;
	struct evbuffer *input = bufferevent_get_input(socket);
	size_t count = evbuffer_get_length(input);
	char *bytes = malloc(count + 1);
	enum llhttp_errno result;

	if (bytes == NULL)
		harness_fail("out of memory");
	evbuffer_remove(input, bytes, count);
	result = llhttp_execute(&wire->parser, bytes, count);
	free(bytes);
	if (result != HPE_OK)
		nonsense(wire, llhttp_errno_name(result));
	else if (wire->is_nonsense)
		nonsense(wire, "bytes that nobody has asked for");
	else if (wire->is_complete)
		hand_over_answer(wire);
	else
		hand_over_part(wire);
}

static void
event_cb(struct bufferevent *socket, short what, void *context)
{
	struct wire *wire = context;
	bool was_awaiting = wire->is_awaiting;

	(void)socket;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
		return;
	wire_drop(wire);
	if (was_awaiting)
		wire->hooks->on_lost(wire->context);
}

static void
open_socket(struct wire *wire)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)wire->port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };

	llhttp_init(&wire->parser, HTTP_RESPONSE, &parser_settings);
	wire->parser.data = wire;
	wire->is_complete = false;
	wire->is_nonsense = false;
	/* Deferred: a connection that is refused at once must not call back from within a send. */
	wire->socket = bufferevent_socket_new(
		wire->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (wire->socket == NULL)
		harness_fail("out of memory");
	bufferevent_setcb(wire->socket, read_cb, NULL, event_cb, wire);
	bufferevent_enable(wire->socket, EV_READ | EV_WRITE);
	bufferevent_socket_connect(wire->socket, (struct sockaddr *)&address, sizeof address);
}

void
wire_send(struct wire *wire, const char *request, size_t count, bool has_no_end)
{
	if (wire->socket == NULL)
		open_socket(wire);
	wire->is_awaiting = true;
	wire->has_no_end = has_no_end;
	bufferevent_write(wire->socket, request, count);
}

void
wire_describe(const struct wire *wire, char *text, size_t size)
{
	struct sockaddr_in own = { 0 };
	socklen_t length = sizeof own;
	int unread = -1, unsent = -1;
	int descriptor;

	if (wire->socket == NULL) {
		snprintf(text, size, "not connected");
		return;
	}
	descriptor = bufferevent_getfd(wire->socket);
	(void)ioctl(descriptor, SIOCINQ, &unread);
	(void)ioctl(descriptor, SIOCOUTQ, &unsent);
	(void)getsockname(descriptor, (struct sockaddr *)&own, &length);
	snprintf(text, size,
		"port %d, socket: %d unread, %d not taken by the peer; buffers: %zu in, %zu out; "
		"body: %zu, status %d, enabled %x",
		ntohs(own.sin_port), unread, unsent,
		evbuffer_get_length(bufferevent_get_input(wire->socket)),
		evbuffer_get_length(bufferevent_get_output(wire->socket)), wire->body_bytes,
		wire->parser.status_code, (unsigned)bufferevent_get_enabled(wire->socket));
}

void
wire_drop(struct wire *wire)
{
	if (wire->socket != NULL)
		bufferevent_free(wire->socket);
	wire->socket = NULL;
	wire->is_awaiting = false;
}

struct wire *
wire_new(struct event_base *base, int port, const struct wire_hooks *hooks, void *context)
{
	struct wire *wire = calloc(1, sizeof *wire);

	if (wire == NULL)
		harness_fail("out of memory");
	prepare_parser();
	wire->base = base;
	wire->port = port;
	wire->hooks = hooks;
	wire->context = context;
	return wire;
}

void
wire_free(struct wire *wire)
{
	wire_drop(wire);
	free(wire->body);
	free(wire);
}
