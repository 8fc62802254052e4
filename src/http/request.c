#include "http/request.h"

#include <inttypes.h>
#include <llhttp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "http/framing.h"
#include "http/host.h"

/* First size of the head's text: the heads of most clients fit. */
#define HEAD_FIRST_BYTES 512

/* 19 digits fit into a uint64_t whatever they are. */
#define CONTENT_LENGTH_DIGITS_MAX 19

struct request_header {
	size_t name; /* offsets into text, as that may move while it grows */
	size_t value;
};

/* A text that grows; offsets stay valid when it moves. */
struct growing_text {
	char *bytes;
	size_t length;
	size_t size;
};

struct request {
	struct request_limits limits;
	struct framing framing;
	llhttp_t parser;

	/* Owned. */
	struct growing_text head; /* the target, then names and values, each with a NUL */
	struct growing_text body;

	struct request_note note;
	struct request_header fields[FRAMING_FIELDS_MAX];
	unsigned field_count;

	bool has_path;
	size_t path;  /* offset into head */
	size_t query; /* offset into head; 0: none, as the target is never empty */
	enum request_method method;
	uint64_t content_length;
	bool is_chunked;
	bool discards_body;
	bool body_overflows;
	bool has_upgrade;
	bool connection_close;
	bool connection_keep_alive;
};

/* Room for length more bytes and a NUL. */
static void
text_append(struct growing_text *text, const char *bytes, size_t length, size_t first_size)
{
	if (text->length + length + 1 > text->size) {
		size_t size = text->size == 0 ? first_size : text->size;

		while (size < text->length + length + 1)
			size *= 2;
		text->bytes = memory_resized(text->bytes, size, 1);
		text->size = size;
	}
	if (text->bytes == NULL) /* cannot be: the size is above 0 now */
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

static void
head_append(struct request *request, const char *bytes, size_t length)
{
	text_append(&request->head, bytes, length, HEAD_FIRST_BYTES);
}

/* Ends the piece of text at hand: its NUL becomes part of the text. */
static int
head_end_piece(llhttp_t *parser)
{
	head_append(parser->data, "", 1);
	return 0;
}

static int
on_url(llhttp_t *parser, const char *at, size_t length)
{
	head_append(parser->data, at, length);
	return 0;
}

static int
on_field(llhttp_t *parser, const char *at, size_t length)
{
	struct request *request = parser->data;

	/* Trailers come after the head: they are checked by framing and of no interest. */
	if (request->framing.stage > FRAMING_HEAD_COMPLETE)
		return 0;
	/* llhttp may deliver a name in pieces; the first one opens the field. */
	if (request->field_count == 0 || request->fields[request->field_count - 1].value != 0) {
		if (request->field_count == FRAMING_FIELDS_MAX)
			return -1;
		request->fields[request->field_count++].name = request->head.length;
	}
	head_append(request, at, length);
	return 0;
}

static int
on_field_complete(llhttp_t *parser)
{
	struct request *request = parser->data;

	if (request->framing.stage > FRAMING_HEAD_COMPLETE)
		return 0;
	head_append(request, "", 1);
	request->fields[request->field_count - 1].value = request->head.length;
	/* The text must end with a NUL even when no byte of the value comes. */
	head_append(request, "", 0);
	return 0;
}

static int
on_value(llhttp_t *parser, const char *at, size_t length)
{
	struct request *request = parser->data;

	if (request->framing.stage <= FRAMING_HEAD_COMPLETE)
		head_append(request, at, length);
	return 0;
}

/* RFC 9112, 5.1: blanks behind the value do not belong to it. */
static int
on_value_complete(llhttp_t *parser)
{
	struct request *request = parser->data;
	struct growing_text *head = &request->head;
	size_t start;

	if (request->framing.stage > FRAMING_HEAD_COMPLETE)
		return 0;
	start = request->fields[request->field_count - 1].value;
	while (head->length > start &&
		(head->bytes[head->length - 1] == ' ' || head->bytes[head->length - 1] == '\t'))
		head->length--;
	head_append(request, "", 1);
	return 0;
}

static int
on_headers_complete(llhttp_t *parser)
{
	/*
	 * An Upgrade is never followed here (RFC 9110, 7.8 allows that): without this, llhttp would
	 * take what comes next for the other protocol. The connection closes after the answer.
	 */
	parser->upgrade = 0;
	return 0;
}

static int
on_body(llhttp_t *parser, const char *at, size_t length)
{
	struct request *request = parser->data;

	if (request->body.length + length > request->limits.max_body_bytes)
		request->body_overflows = true;
	if (!request->discards_body && !request->body_overflows)
		text_append(&request->body, at, length, length + 1);
	else if (!request->body_overflows)
		request->body.length += length; /* counted only */
	return 0;
}

static const llhttp_settings_t parser_settings = {
	.on_url = on_url,
	.on_url_complete = head_end_piece,
	.on_header_field = on_field,
	.on_header_field_complete = on_field_complete,
	.on_header_value = on_value,
	.on_header_value_complete = on_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
};

struct request *
request_new(const struct request_limits *limits)
{
	struct request *request = memory_zeroed(1, sizeof *request);

	request->limits = *limits;
	framing_open(&request->framing, limits->max_head_bytes, limits->max_target_bytes);
	llhttp_init(&request->parser, HTTP_REQUEST, &parser_settings);
	request->parser.data = request;
	return request;
}

void
request_free(struct request *request)
{
	if (request == NULL)
		return;
	free(request->head.bytes);
	free(request->body.bytes);
	free(request);
}

static bool
refuse(struct error *error, const char *what)
{
	return error_set(error, ERROR_BAD_REQUEST, "not a valid HTTP request: %s", what);
}

/* What framing let through, llhttp must understand as well: two readings are one too many. */
static bool
parse(struct request *request, const char *data, size_t length, struct error *error)
{
	if (llhttp_execute(&request->parser, data, length) == HPE_OK)
		return true;
	return refuse(error, "its head or framing is malformed");
}

/*
 * llhttp knows a list of methods, and reads some of them as other protocols (SOURCE, PRI, those of
 * RTSP). Only the three that routes use are shown to it; any other is shown as POST, so that a
 * method nobody serves is a 405 and not a broken request.
 */
static bool
parse_method(struct request *request, struct error *error)
{
	const char *method = request->framing.method;

	if (strcmp(method, "GET") == 0) {
		request->method = REQUEST_GET;
		return parse(request, "GET ", 4, error);
	}
	if (strcmp(method, "HEAD") == 0) {
		request->method = REQUEST_HEAD;
		return parse(request, "HEAD ", 5, error);
	}
	/* Its target is no path, and what follows it is no HTTP. */
	if (strcmp(method, "CONNECT") == 0)
		return refuse(error, "CONNECT is not served");
	request->method = strcmp(method, "POST") == 0 ? REQUEST_POST : REQUEST_OTHER;
	return parse(request, "POST ", 5, error);
}

static bool
is_options(const struct request *request)
{
	return strcmp(request->framing.method, "OPTIONS") == 0;
}

/* RFC 9112, 3.2: origin-form, absolute-form, and "*" for OPTIONS. */
static bool
split_target(struct request *request, struct error *error)
{
	char *target = request->head.bytes;
	char *path = target;
	char *question;

	if (strcmp(target, "*") == 0)
		return is_options(request) || refuse(error, "the target * is for OPTIONS only");
	if (*target != '/') {
		char *authority;

		if (strncasecmp(target, "http://", 7) != 0 &&
			strncasecmp(target, "https://", 8) != 0)
			return refuse(error, "the target must be a path or an http URI");
		authority = strchr(target, ':') + 3;
		path = authority + strcspn(authority, "/?");
		if (!host_is_valid(authority, (size_t)(path - authority)))
			return refuse(error, "the target's host is not valid");
		/* An empty path means "/": the last slash of "://" is turned into one. */
		if (*path != '/') {
			memmove(target + 1, path, strlen(path) + 1);
			*target = '/';
			path = target;
		}
	}
	/* Brackets are for the address of a host only (RFC 3986, 3.2.2). */
	if (path[strcspn(path, "[]")] != '\0')
		return refuse(error, "a character that a request target cannot have");
	question = strchr(path, '?');
	if (question != NULL) {
		*question = '\0';
		request->query = (size_t)(question + 1 - target);
	}
	request->path = (size_t)(path - target);
	return true;
}

/* RFC 9112, 3.2: exactly one, at most one in HTTP/1.0. */
static bool
check_host(const struct request *request, struct error *error)
{
	unsigned count = request_field_count(request, "Host");
	const char *host = request_field(request, "Host");

	if (count > 1)
		return refuse(error, "more than one Host");
	if (count == 0)
		return request->framing.is_http_1_0 || refuse(error, "Host is missing");
	return host_is_valid(host, strlen(host)) || refuse(error, "Host is not valid");
}

static bool
parse_content_length(struct request *request, struct error *error)
{
	const char *value = request_field(request, "Content-Length");
	size_t digits;

	if (value == NULL)
		return true;
	digits = strspn(value, "0123456789");
	if (request_field_count(request, "Content-Length") > 1 || digits == 0 ||
		value[digits] != '\0' || digits > CONTENT_LENGTH_DIGITS_MAX)
		return refuse(error, "Content-Length must be one decimal number");
	request->content_length = strtoull(value, NULL, 10);
	return true;
}

/* RFC 9112, 6.1 to 6.3, in their strictest reading: one way to tell the length, or none. */
static bool
decide_framing(struct request *request, struct error *error)
{
	const char *coding = request_field(request, "Transfer-Encoding");

	if (!parse_content_length(request, error))
		return false;
	if (coding != NULL) {
		if (request->framing.is_http_1_0)
			return refuse(error, "HTTP/1.0 has no Transfer-Encoding");
		if (request_field(request, "Content-Length") != NULL)
			return refuse(error, "both Content-Length and Transfer-Encoding");
		if (request_field_count(request, "Transfer-Encoding") > 1 ||
			strcasecmp(coding, "chunked") != 0)
			return refuse(error, "Transfer-Encoding must be chunked");
		request->is_chunked = true;
		framing_expect_chunks(&request->framing);
		return true;
	}
	framing_expect_length(&request->framing, request->content_length);
	return true;
}

/* Whether a comma separated list holds a token, in any case. */
static bool
list_has(const char *list, const char *token)
{
	size_t length = strlen(token);

	for (;;) {
		size_t item;

		list += strspn(list, ", \t");
		if (*list == '\0')
			return false;
		item = strcspn(list, ", \t");
		if (item == length && strncasecmp(list, token, length) == 0)
			return true;
		list += item;
	}
}

static void
read_connection_options(struct request *request)
{
	for (unsigned i = 0; i < request->field_count; i++) {
		const char *name = request->head.bytes + request->fields[i].name;
		const char *value = request->head.bytes + request->fields[i].value;

		if (strcasecmp(name, "Upgrade") == 0)
			request->has_upgrade = true;
		if (strcasecmp(name, "Connection") != 0)
			continue;
		if (list_has(value, "close"))
			request->connection_close = true;
		if (list_has(value, "keep-alive"))
			request->connection_keep_alive = true;
		if (list_has(value, "upgrade"))
			request->has_upgrade = true;
	}
}

/* Fields that may come once: two of them could be read either way. */
static bool
check_single_fields(const struct request *request, struct error *error)
{
	static const char *const names[] = { "Content-Type", "X-Auth-Token", "Authorization" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (request_field_count(request, names[i]) > 1) {
			return error_set(error, ERROR_BAD_REQUEST,
				"not a valid HTTP request: more than one %s", names[i]);
		}
	}
	return true;
}

static bool
complete_head(struct request *request, struct error *error)
{
	read_connection_options(request);
	if (!split_target(request, error))
		return false;
	request->has_path = true;
	return check_host(request, error) && check_single_fields(request, error) &&
	       decide_framing(request, error);
}

static enum request_progress
feed_head(
	struct request *request, const char *data, size_t length, size_t *used, struct error *error)
{
	enum framing_event event = framing_consume(&request->framing, data, length, used, error);

	switch (event) {
	case FRAMING_METHOD_DONE:
		/* Neither the method nor what stands before it is shown to llhttp as it came. */
		return parse_method(request, error) ? REQUEST_INCOMPLETE : REQUEST_INVALID;
	case FRAMING_MORE:
	case FRAMING_HEAD_DONE:
		if (request->framing.stage <= FRAMING_METHOD)
			return REQUEST_INCOMPLETE;
		if (!parse(request, data, *used, error))
			return REQUEST_INVALID;
		if (event == FRAMING_MORE)
			return REQUEST_INCOMPLETE;
		return complete_head(request, error) ? REQUEST_HEAD_COMPLETE : REQUEST_INVALID;
	default:
		return REQUEST_INVALID;
	}
}

static enum request_progress
feed_body(
	struct request *request, const char *data, size_t length, size_t *used, struct error *error)
{
	enum framing_event event = framing_consume(&request->framing, data, length, used, error);

	if (event == FRAMING_IGNORED)
		return REQUEST_INCOMPLETE;
	if (event == FRAMING_FAILED || !parse(request, data, *used, error))
		return REQUEST_INVALID;
	if (request->body_overflows) {
		(void)error_set(error, ERROR_BODY_TOO_LARGE, "a body may have %zu bytes",
			request->limits.max_body_bytes);
		return REQUEST_INVALID;
	}
	return event == FRAMING_MESSAGE_DONE ? REQUEST_COMPLETE : REQUEST_INCOMPLETE;
}

enum request_progress
request_feed(
	struct request *request, const char *data, size_t length, size_t *used, struct error *error)
{
	size_t total = 0;
	enum request_progress progress = REQUEST_INCOMPLETE;

	if (request->framing.stage == FRAMING_COMPLETE) {
		*used = 0;
		return REQUEST_COMPLETE;
	}
	while (total < length && progress == REQUEST_INCOMPLETE) {
		size_t step;

		if (request->framing.stage < FRAMING_HEAD_COMPLETE)
			progress = feed_head(request, data + total, length - total, &step, error);
		else
			progress = feed_body(request, data + total, length - total, &step, error);
		total += step;
	}
	*used = total;
	return progress;
}

bool
request_expects_body(const struct request *request)
{
	return request->framing.stage != FRAMING_COMPLETE;
}

bool
request_body_is_too_large(const struct request *request)
{
	return request->content_length > request->limits.max_body_bytes;
}

void
request_discard_body(struct request *request)
{
	request->discards_body = true;
}

enum request_method
request_method(const struct request *request)
{
	return request->method;
}

bool
request_is_http_1_0(const struct request *request)
{
	return request->framing.is_http_1_0;
}

bool
request_keeps_alive(const struct request *request)
{
	if (request->has_upgrade || request->connection_close)
		return false;
	return !request->framing.is_http_1_0 || request->connection_keep_alive;
}

bool
request_expects_continue(const struct request *request)
{
	const char *expectation = request_field(request, "Expect");

	return expectation != NULL && !request->framing.is_http_1_0 &&
	       strcasecmp(expectation, "100-continue") == 0 && request_expects_body(request);
}

const char *
request_path(const struct request *request)
{
	return request->has_path ? request->head.bytes + request->path : "";
}

const char *
request_query(const struct request *request)
{
	return request->query == 0 ? NULL : request->head.bytes + request->query;
}

const char *
request_field(const struct request *request, const char *name)
{
	for (unsigned i = 0; i < request->field_count; i++) {
		if (strcasecmp(request->head.bytes + request->fields[i].name, name) == 0)
			return request->head.bytes + request->fields[i].value;
	}
	return NULL;
}

unsigned
request_field_count(const struct request *request, const char *name)
{
	unsigned count = 0;

	for (unsigned i = 0; i < request->field_count; i++)
		count += strcasecmp(request->head.bytes + request->fields[i].name, name) == 0;
	return count;
}

char *
request_field_joined(const struct request *request, const char *name)
{
	struct growing_text joined = { 0 };

	for (unsigned i = 0; i < request->field_count; i++) {
		const char *value = request->head.bytes + request->fields[i].value;

		if (strcasecmp(request->head.bytes + request->fields[i].name, name) != 0)
			continue;
		if (joined.length > 0)
			text_append(&joined, ", ", 2, 64);
		text_append(&joined, value, strlen(value), 64);
	}
	return joined.bytes;
}

struct request_note *
request_note(struct request *request)
{
	return &request->note;
}

const char *
request_body(const struct request *request, size_t *length)
{
	/* Of a body that is dropped the length is counted on. */
	*length = request->discards_body ? 0 : request->body.length;
	return *length == 0 ? "" : request->body.bytes;
}
