#include "support/json_assert.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/scratch.h"

struct error_row {
	long status;
	const char *code;
};

static const struct error_row error_rows[] = {
	{ 400, "bad_request" },
	{ 400, "invalid_json" },
	{ 400, "invalid_parameter" },
	{ 400, "unknown_field" },
	{ 401, "unauthorized" },
	{ 403, "forbidden" },
	{ 404, "not_found" },
	{ 405, "method_not_allowed" },
	{ 406, "not_acceptable" },
	{ 408, "request_timeout" },
	{ 412, "precondition_failed" },
	{ 413, "body_too_large" },
	{ 414, "uri_too_long" },
	{ 415, "unsupported_media_type" },
	{ 416, "range_not_satisfiable" },
	{ 429, "too_many_requests" },
	{ 431, "headers_too_large" },
	{ 500, "internal" },
	{ 503, "unavailable" },
	{ 504, "timeout" },
};

static bool
is_error_of_the_contract(long status, const char *code)
{
	for (size_t i = 0; i < sizeof error_rows / sizeof error_rows[0]; i++) {
		if (error_rows[i].status == status && strcmp(error_rows[i].code, code) == 0)
			return true;
	}
	return false;
}

/* What a message may never show. */
static void
expect_discretion(const struct reply *reply, const char *message)
{
	static const char *const secrets[] = { DAEMON_TOKEN, "/tmp/", "SELECT", "INSERT",
		"call_data ", "/var/", "libpq", "pg_" };

	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
		ck_assert_msg(strstr(message, secrets[i]) == NULL,
			"status %ld: the message shows \"%s\": %s", reply->status, secrets[i],
			message);
}

static void
expect_error_shape(const struct reply *reply, const char *target)
{
	struct json_object *code;
	struct json_object *message;

	ck_assert_msg(reply->json != NULL && json_object_is_type(reply->json, json_type_object),
		"%.200s: %ld with a body that is no object: %.300s", target, reply->status,
		reply->body);
	code = json_at(reply->json, "error");
	message = json_at(reply->json, "message");
	ck_assert_msg(json_object_object_length(reply->json) == 2 &&
			      json_object_is_type(code, json_type_string) &&
			      json_object_is_type(message, json_type_string) &&
			      json_object_get_string_len(message) > 0,
		"%.200s: %ld with %s", target, reply->status, reply->body);
	ck_assert_msg(is_error_of_the_contract(reply->status, json_object_get_string(code)),
		"%.200s: no error of the contract: %ld %s", target, reply->status, reply->body);
	expect_discretion(reply, json_object_get_string(message));
}

/* Health has a body of its own when it is degraded. */
static bool
is_degraded_health(const struct reply *reply)
{
	return reply->status == 503 && json_at(reply->json, "status") != NULL;
}

static void
expect_error_fields(const struct reply *reply, const char *target)
{
	if (reply->status == 401)
		ck_assert_msg(
			reply_field(reply, "WWW-Authenticate") != NULL &&
				strncmp(reply_field(reply, "WWW-Authenticate"), "Bearer", 6) == 0,
			"%.200s: 401 without WWW-Authenticate: Bearer: %s", target, reply->head);
	if (reply->status == 405)
		ck_assert_msg(reply_field(reply, "Allow") != NULL, "%.200s: 405 without Allow: %s",
			target, reply->head);
	if (reply->status == 416)
		ck_assert_msg(reply_field(reply, "Content-Range") != NULL,
			"%.200s: 416 without Content-Range: %s", target, reply->head);
	if ((reply->status == 503 && !is_degraded_health(reply)) || reply->status == 429)
		ck_assert_msg(reply_field(reply, "Retry-After") != NULL &&
				      atoi(reply_field(reply, "Retry-After")) > 0,
			"%.200s: %ld without Retry-After: %s", target, reply->status, reply->head);
}

void
expect_general(const struct reply *reply, const char *target, bool is_head)
{
	const char *length = reply_field(reply, "Content-Length");
	const char *type = reply_field(reply, "Content-Type");

	ck_assert_msg(
		reply_field(reply, "Date") != NULL, "%.200s: no Date: %s", target, reply->head);
	ck_assert_msg(reply_field(reply, "X-Request-Id") != NULL, "%.200s: no X-Request-Id: %s",
		target, reply->head);
	/* recordingd compresses nothing; nginx does it as it goes. */
	if (reply->status == 304 || reply_field(reply, "Content-Encoding") != NULL)
		return;
	ck_assert_msg(length != NULL, "%.200s: no Content-Length: %s", target, reply->head);
	if (!is_head)
		ck_assert_msg(strtoul(length, NULL, 10) == reply->body_bytes,
			"%.200s: Content-Length %s and %zu bytes", target, length,
			reply->body_bytes);
	if (reply->status < 400 || is_degraded_health(reply))
		return;
	ck_assert_msg(type != NULL && strncmp(type, "application/json", 16) == 0 &&
			      (type[16] == '\0' || type[16] == ';' || type[16] == ' '),
		"%.200s: Content-Type of an error is %s", target, type);
	if (!is_head)
		expect_error_shape(reply, target);
	expect_error_fields(reply, target);
}

void
expect_status(const struct reply *reply, long status)
{
	ck_assert_msg(reply->status == status, "status %ld instead of %ld: %.2000s", reply->status,
		status, reply->body);
}

void
expect_json(const struct reply *reply, long status, const char *expected)
{
	struct json_object *wanted = json_tokener_parse(scratch_quotes(expected));
	bool equal;

	expect_status(reply, status);
	ck_assert_msg(wanted != NULL, "the test expects no JSON: %s", expected);
	ck_assert_msg(reply->json != NULL, "no JSON: %.2000s", reply->body);
	equal = json_object_equal(reply->json, wanted) == 1;
	json_object_put(wanted);
	ck_assert_msg(
		equal, "got      %.1500s\nexpected %.1500s", reply->body, scratch_quotes(expected));
	ck_assert_str_eq(reply_field(reply, "Content-Type"), "application/json");
}

void
expect_error(const struct reply *reply, long status, const char *code, ...)
{
	va_list words;
	const char *message;

	expect_status(reply, status);
	ck_assert_msg(strcmp(json_text(reply, "error"), code) == 0, "error %s instead of %s: %s",
		json_text(reply, "error"), code, reply->body);
	message = json_text(reply, "message");
	va_start(words, code);
	for (const char *word = va_arg(words, const char *); word != NULL;
		word = va_arg(words, const char *)) {
		ck_assert_msg(strstr(message, word) != NULL, "the message does not say \"%s\": %s",
			word, message);
	}
	va_end(words);
}

struct json_object *
json_at(struct json_object *value, const char *path)
{
	while (*path != '\0' && value != NULL) {
		size_t length = strcspn(path, ".");
		const char *name = scratch_format("%.*s", (int)length, path);

		if (json_object_is_type(value, json_type_array))
			value = json_object_array_get_idx(value, strtoul(name, NULL, 10));
		else if (!json_object_is_type(value, json_type_object) ||
			 !json_object_object_get_ex(value, name, &value))
			return NULL;
		path += length + (path[length] == '.');
	}
	return value;
}

static const char *
text_of(struct json_object *value)
{
	return value == NULL ? "null" : json_object_get_string(value);
}

const char *
json_text(const struct reply *reply, const char *path)
{
	struct json_object *value = json_at(reply->json, path);

	if (value == NULL) {
		/* A member that is null and one that is missing differ. */
		const char *dot = strrchr(path, '.');
		const char *name = dot == NULL ? path : dot + 1;
		struct json_object *parent = json_at(reply->json,
			scratch_format("%.*s", dot == NULL ? 0 : (int)(dot - path), path));

		ck_assert_msg(json_object_is_type(parent, json_type_object) &&
				      json_object_object_get_ex(parent, name, NULL),
			"no \"%s\" in: %.2000s", path, reply->body);
	}
	return text_of(value);
}

char *
json_column(const struct reply *reply, const char *array_path, const char *member)
{
	struct json_object *array = json_at(reply->json, array_path);
	char *text = scratch_format("%s", "");

	ck_assert_msg(json_object_is_type(array, json_type_array),
		"status %ld, no array \"%s\": %.2000s", reply->status, array_path, reply->body);
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *element = json_object_array_get_idx(array, i);

		ck_assert_msg(json_object_object_get_ex(element, member, NULL),
			"element %zu has no \"%s\": %.2000s", i, member, reply->body);
		text = scratch_format(
			"%s%s%s", text, i == 0 ? "" : " ", text_of(json_at(element, member)));
	}
	return text;
}
