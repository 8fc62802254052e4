/* Answers: the contract's codes with their status, error bodies as JSON, and the room for fields.
 */
#include "http/response.h"

#include <event2/buffer.h>
#include <json-c/json.h>
#include <string.h>

#include "unit.h"

/* The codes of the contract, each with its status and the phrase of RFC 9110 and RFC 6585. */
static const struct {
	enum error_code code;
	unsigned status;
	const char *name;
	const char *reason;
} code_cases[] = {
	{ ERROR_BAD_REQUEST, 400, "bad_request", "Bad Request" },
	{ ERROR_INVALID_JSON, 400, "invalid_json", "Bad Request" },
	{ ERROR_INVALID_PARAMETER, 400, "invalid_parameter", "Bad Request" },
	{ ERROR_UNKNOWN_FIELD, 400, "unknown_field", "Bad Request" },
	{ ERROR_UNAUTHORIZED, 401, "unauthorized", "Unauthorized" },
	{ ERROR_FORBIDDEN, 403, "forbidden", "Forbidden" },
	{ ERROR_NOT_FOUND, 404, "not_found", "Not Found" },
	{ ERROR_METHOD_NOT_ALLOWED, 405, "method_not_allowed", "Method Not Allowed" },
	{ ERROR_NOT_ACCEPTABLE, 406, "not_acceptable", "Not Acceptable" },
	{ ERROR_REQUEST_TIMEOUT, 408, "request_timeout", "Request Timeout" },
	{ ERROR_PRECONDITION_FAILED, 412, "precondition_failed", "Precondition Failed" },
	{ ERROR_BODY_TOO_LARGE, 413, "body_too_large", "Content Too Large" },
	{ ERROR_URI_TOO_LONG, 414, "uri_too_long", "URI Too Long" },
	{ ERROR_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", "Unsupported Media Type" },
	{ ERROR_RANGE_NOT_SATISFIABLE, 416, "range_not_satisfiable", "Range Not Satisfiable" },
	{ ERROR_TOO_MANY_REQUESTS, 429, "too_many_requests", "Too Many Requests" },
	{ ERROR_HEADERS_TOO_LARGE, 431, "headers_too_large", "Request Header Fields Too Large" },
	{ ERROR_INTERNAL, 500, "internal", "Internal Server Error" },
	{ ERROR_UNAVAILABLE, 503, "unavailable", "Service Unavailable" },
	{ ERROR_TIMEOUT, 504, "timeout", "Gateway Timeout" },
	/* A fault that nobody worded. */
	{ ERROR_NONE, 500, "internal", "Internal Server Error" },
};

/* The body as an object with exactly error and message; the caller puts it. */
static struct json_object *
body_of(struct response *response)
{
	size_t length = evbuffer_get_length(response->body);
	char *text = (char *)evbuffer_pullup(response->body, -1);
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, (int)length);
	ck_assert_msg(object != NULL, "%.*s", (int)length, text);
	ck_assert_uint_eq(json_tokener_get_parse_end(tokener), length);
	json_tokener_free(tokener);
	ck_assert_int_eq(json_object_object_length(object), 2);
	return object;
}

static const char *
text_of(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);

	ck_assert(json_object_is_type(value, json_type_string));
	return json_object_get_string(value);
}

START_TEST(test_code)
{
	struct error error = { .code = ERROR_NONE };
	struct response response;
	struct json_object *object;
	const char *fields = "";

	(void)error_set(&error, code_cases[_i].code, "%s", "size must be 1 to 1000");
	response_error(&response, &error);
	ck_assert_uint_eq(response.status, code_cases[_i].status);
	ck_assert_uint_eq(response_error_status(code_cases[_i].code), code_cases[_i].status);
	ck_assert_str_eq(response_reason(response.status), code_cases[_i].reason);
	ck_assert_str_eq(response.content_type, "application/json");
	object = body_of(&response);
	ck_assert_str_eq(text_of(object, "error"), code_cases[_i].name);
	ck_assert_str_eq(text_of(object, "message"), "size must be 1 to 1000");
	json_object_put(object);
	/* RFC 9110, 11.6.1, RFC 6750, 3.1 and the contract: what must come with a status. */
	if (code_cases[_i].status == 401)
		fields = "WWW-Authenticate: Bearer\r\n";
	if (code_cases[_i].status == 403)
		fields = "WWW-Authenticate: Bearer error=\"insufficient_scope\"\r\n";
	if (code_cases[_i].status == 503 || code_cases[_i].status == 429)
		fields = "Retry-After: 1\r\n";
	ck_assert_str_eq(response.fields, fields);
	ck_assert_uint_eq(response.fields_length, strlen(fields));
	response_discard(&response);
	ck_assert_ptr_null(response.body);
}
END_TEST

/* Each code but ERROR_NONE stands in the table above. */
START_TEST(test_every_code)
{
	ck_assert_int_eq(UNIT_COUNT(code_cases), ERROR_CODE_COUNT);
	for (int code = 0; code < ERROR_CODE_COUNT; code++) {
		int found = 0;

		for (int i = 0; i < UNIT_COUNT(code_cases); i++)
			found += (int)code_cases[i].code == code;
		ck_assert_int_eq(found, 1);
	}
}
END_TEST

START_TEST(test_allow)
{
	struct error error = { .code = ERROR_NONE };
	struct response response;

	(void)error_set(&error, ERROR_METHOD_NOT_ALLOWED, "use GET");
	error.allow = "GET, HEAD, OPTIONS";
	response_error(&response, &error);
	ck_assert_str_eq(response.fields, "Allow: GET, HEAD, OPTIONS\r\n");
	response_discard(&response);
}
END_TEST

/* What a client sent comes back as JSON text, whatever it was. */
static const char *const messages[] = {
	"",
	"\"quoted\" and \\back\\slashed",
	"\",\"error\":\"x",
	"a\r\nX-Field: b",
	"\x01\x1f\x7f",
	"h\xc3\xb6ren \xf0\x9f\x98\x80",
	"</script>",
	"%s%n%d",
};

START_TEST(test_message)
{
	struct error error = { .code = ERROR_INVALID_PARAMETER };
	struct response response;
	struct json_object *object;

	strcpy(error.message, messages[_i]);
	response_error(&response, &error);
	object = body_of(&response);
	ck_assert_str_eq(text_of(object, "message"), messages[_i]);
	json_object_put(object);
	response_discard(&response);
}
END_TEST

static const struct {
	unsigned status;
	const char *reason;
} reason_cases[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 206, "Partial Content" },
	{ 304, "Not Modified" },
	{ 0, "Unknown" },
	{ 299, "Unknown" },
};

START_TEST(test_reason)
{
	ck_assert_str_eq(response_reason(reason_cases[_i].status), reason_cases[_i].reason);
}
END_TEST

START_TEST(test_fields)
{
	struct response response;

	response_open(&response, 206, NULL);
	ck_assert_uint_eq(response.status, 206);
	ck_assert_ptr_null(response.content_type);
	ck_assert(!response.is_on_disk);
	ck_assert_ptr_nonnull(response.body);
	ck_assert_uint_eq(evbuffer_get_length(response.body), 0);
	ck_assert_str_eq(response.fields, "");
	response_field(&response, "Content-Range", "bytes %d-%d/%d", 1, 2, 3);
	response_field(&response, "ETag", "\"%s\"", "a");
	response_field(&response, "X-Empty", "%s", "");
	ck_assert_str_eq(
		response.fields, "Content-Range: bytes 1-2/3\r\nETag: \"a\"\r\nX-Empty: \r\n");
	ck_assert_uint_eq(response.fields_length, strlen(response.fields));
	response_discard(&response);
}
END_TEST

/* A field that does not fit is left out whole; one that is shorter still finds room. */
START_TEST(test_field_overflow)
{
	struct response response;
	char value[RESPONSE_FIELDS_MAX + 100];
	size_t used;

	memset(value, 'v', sizeof value);
	response_open(&response, 200, NULL);
	response_field(&response, "A", "%s", "1");
	used = response.fields_length;
	value[sizeof(value) - 1] = '\0';
	response_field(&response, "B", "%s", value); /* longer than all the room */
	ck_assert_str_eq(response.fields, "A: 1\r\n");
	ck_assert_uint_eq(response.fields_length, used);
	/* "B: " and CRLF around it, and a NUL: one byte too many, then exactly all. */
	value[RESPONSE_FIELDS_MAX - used - 5] = '\0';
	response_field(&response, "B", "%s", value);
	ck_assert_str_eq(response.fields, "A: 1\r\n");
	ck_assert_uint_eq(response.fields_length, used);
	value[RESPONSE_FIELDS_MAX - used - 6] = '\0';
	response_field(&response, "B", "%s", value);
	ck_assert_uint_eq(response.fields_length, RESPONSE_FIELDS_MAX - 1);
	ck_assert_uint_eq(strlen(response.fields), RESPONSE_FIELDS_MAX - 1);
	ck_assert_str_eq(response.fields + RESPONSE_FIELDS_MAX - 5, "vv\r\n");
	response_field(&response, "C", "%s", "");
	ck_assert_uint_eq(response.fields_length, RESPONSE_FIELDS_MAX - 1);
	ck_assert_uint_eq(strlen(response.fields), RESPONSE_FIELDS_MAX - 1);
	response_discard(&response);
}
END_TEST

static Suite *
response_suite(void)
{
	Suite *suite = suite_create("http/response");

	unit_add_loop(suite, "code", test_code, UNIT_COUNT(code_cases));
	unit_add(suite, "every code", test_every_code);
	unit_add(suite, "allow", test_allow);
	unit_add_loop(suite, "message", test_message, UNIT_COUNT(messages));
	unit_add_loop(suite, "reason", test_reason, UNIT_COUNT(reason_cases));
	unit_add(suite, "fields", test_fields);
	unit_add(suite, "field overflow", test_field_overflow);
	return suite;
}

UNIT_MAIN(response_suite)
