#include "api/request_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "http/forwarded.h"

/* Of an escaped path; the rest of a line needs less than 400 bytes. */
#define PATH_SHOWN_MAX 500

void
request_log_client(const struct api *api, struct connection *connection, char *client, size_t size)
{
	const struct request *request = connection_request(connection);
	char *forwarded_for = NULL;

	/* Of a head that was not read to its end, the last field may be half of one. */
	if (*request_path(request) != '\0')
		forwarded_for = request_field_joined(request, "X-Forwarded-For");
	forwarded_client(api->settings->trusted_proxies, connection_peer(connection), forwarded_for,
		client, size);
	free(forwarded_for);
}

static const char *
method_name(const struct request *request)
{
	switch (request_method(request)) {
	case REQUEST_GET:
		return "GET";
	case REQUEST_HEAD:
		return "HEAD";
	case REQUEST_POST:
		return "POST";
	case REQUEST_OTHER:
		break;
	}
	return "other";
}

/* A word of visible ASCII, whatever was sent; a long one ends in "...". */
static void
escape(const char *path, char shown[static PATH_SHOWN_MAX + 1])
{
	char *out = shown;
	const char *end = shown + PATH_SHOWN_MAX - strlen("\\xff...");

	for (; *path != '\0'; path++) {
		unsigned char byte = (unsigned char)*path;

		if (out > end) {
			out += sprintf(out, "...");
			break;
		}
		if (byte > 0x20 && byte < 0x7f && byte != '\\' && byte != '"')
			*out++ = (char)byte;
		else
			out += sprintf(out, "\\x%02x", byte);
	}
	*out = '\0';
}

static void
write_line(const struct api *api, struct connection *connection, const struct http_answer *answer,
	bool is_slow)
{
	struct request *request = connection_request(connection);
	const char *token = request_note(request)->token;
	char client[FORWARDED_CLIENT_SIZE];
	char path[PATH_SHOWN_MAX + 1];
	char status[12] = "-";
	bool is_known = *request_path(request) != '\0'; /* the head was read */

	request_log_client(api, connection, client, sizeof client);
	escape(is_known ? request_path(request) : "-", path);
	if (answer->status != 0)
		snprintf(status, sizeof status, "%u", answer->status);
	log_write(is_slow ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
		"%s method=%s path=%s status=%s duration_ms=%" PRId64 ".%03" PRId64
		" bytes=%" PRIu64 " client=%s token=%s request_id=%s",
		is_slow ? "slow request" : "request", is_known ? method_name(request) : "-", path,
		status, answer->duration_us / 1000, answer->duration_us % 1000, answer->bytes,
		client, *token == '\0' ? "-" : token, connection_request_id(connection));
}

void
request_log_answer(
	const struct api *api, struct connection *connection, const struct http_answer *answer)
{
	const struct api_settings *settings = api->settings;
	const struct request_note *note = request_note(connection_request(connection));
	bool is_slow = settings->log_slow_us != 0 &&
		       answer->duration_us >= settings->log_slow_us + note->patience_us;

	if (is_slow || settings->logs_requests)
		write_line(api, connection, answer, is_slow);
}
