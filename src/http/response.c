#include "http/response.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "json/writer.h"

/* Seconds a client should wait after a 503 or 429: a restart of PostgreSQL is over by then. */
#define RETRY_AFTER_S 1

static const struct {
	unsigned status;
	const char *code;
} answers[ERROR_CODE_COUNT] = {
	[ERROR_NONE] = { 500, "internal" },
	[ERROR_BAD_REQUEST] = { 400, "bad_request" },
	[ERROR_INVALID_JSON] = { 400, "invalid_json" },
	[ERROR_INVALID_PARAMETER] = { 400, "invalid_parameter" },
	[ERROR_UNKNOWN_FIELD] = { 400, "unknown_field" },
	[ERROR_UNAUTHORIZED] = { 401, "unauthorized" },
	[ERROR_FORBIDDEN] = { 403, "forbidden" },
	[ERROR_NOT_FOUND] = { 404, "not_found" },
	[ERROR_METHOD_NOT_ALLOWED] = { 405, "method_not_allowed" },
	[ERROR_NOT_ACCEPTABLE] = { 406, "not_acceptable" },
	[ERROR_REQUEST_TIMEOUT] = { 408, "request_timeout" },
	[ERROR_PRECONDITION_FAILED] = { 412, "precondition_failed" },
	[ERROR_BODY_TOO_LARGE] = { 413, "body_too_large" },
	[ERROR_URI_TOO_LONG] = { 414, "uri_too_long" },
	[ERROR_UNSUPPORTED_MEDIA_TYPE] = { 415, "unsupported_media_type" },
	[ERROR_RANGE_NOT_SATISFIABLE] = { 416, "range_not_satisfiable" },
	[ERROR_TOO_MANY_REQUESTS] = { 429, "too_many_requests" },
	[ERROR_HEADERS_TOO_LARGE] = { 431, "headers_too_large" },
	[ERROR_INTERNAL] = { 500, "internal" },
	[ERROR_UNAVAILABLE] = { 503, "unavailable" },
	[ERROR_TIMEOUT] = { 504, "timeout" },
};

static const struct {
	unsigned status;
	const char *reason;
} reasons[RESPONSE_STATUSES] = {
	{ 200, "OK" }, { 201, "Created" }, { 206, "Partial Content" }, { 304, "Not Modified" },
	{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 408, "Request Timeout" },
	{ 412, "Precondition Failed" }, { 413, "Content Too Large" }, { 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" },
	{ 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" }, { 0, "Unknown" }, /* any other */
};

void
response_open(struct response *response, unsigned status, const char *content_type)
{
	response->status = status;
	response->content_type = content_type;
	response->is_on_disk = false;
	response->fields_length = 0;
	response->fields[0] = '\0';
	response->body = evbuffer_new();
	/* Without the flag libevent maps file segments instead of sending them with sendfile(2). */
	if (response->body == NULL ||
		evbuffer_set_flags(response->body, EVBUFFER_FLAG_DRAINS_TO_FD) != 0)
		memory_exhausted();
}

void
response_discard(struct response *response)
{
	evbuffer_free(response->body);
	response->body = NULL;
}

void
response_field(struct response *response, const char *name, const char *format, ...)
{
	size_t room = sizeof response->fields - response->fields_length;
	char value[RESPONSE_FIELDS_MAX];
	va_list arguments;
	int length;

	va_start(arguments, format);
	vsnprintf(value, sizeof value, format, arguments);
	va_end(arguments);
	length = snprintf(
		response->fields + response->fields_length, room, "%s: %s\r\n", name, value);
	if (length < 0 || (size_t)length >= room) {
		/* Half a line would break the answer: leave it out. */
		response->fields[response->fields_length] = '\0';
		log_write(LOG_LEVEL_ERROR, "no room for the field %s in an answer", name);
		return;
	}
	response->fields_length += (size_t)length;
}

void
response_error(struct response *response, const struct error *error)
{
	struct json_writer writer;

	response_open(response, answers[error->code].status, "application/json");
	json_writer_open(&writer, response->body);
	json_raw(&writer, "{\"error\":");
	json_text(&writer, answers[error->code].code);
	json_raw(&writer, ",\"message\":");
	json_text(&writer, error->message);
	json_raw(&writer, "}");
	json_writer_close(&writer);
	if (error->code == ERROR_UNAUTHORIZED)
		response_field(response, "WWW-Authenticate", "Bearer");
	/* RFC 6750, 3.1. */
	if (error->code == ERROR_FORBIDDEN)
		response_field(response, "WWW-Authenticate", "Bearer error=\"insufficient_scope\"");
	if (error->code == ERROR_UNAVAILABLE || error->code == ERROR_TOO_MANY_REQUESTS)
		response_field(response, "Retry-After", "%d", RETRY_AFTER_S);
	if (error->allow != NULL)
		response_field(response, "Allow", "%s", error->allow);
}

unsigned
response_error_status(enum error_code code)
{
	return answers[code].status;
}

size_t
response_status_index(unsigned status)
{
	size_t i = 0;

	while (i < RESPONSE_STATUSES - 1 && reasons[i].status != status)
		i++;
	return i;
}

unsigned
response_status_at(size_t index)
{
	return reasons[index].status;
}

const char *
response_reason(unsigned status)
{
	return reasons[response_status_index(status)].reason;
}
