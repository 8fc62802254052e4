/*
 * Requests as they come over the wire, whole and byte by byte: what the accessors say, and what is
 * refused beyond the grammar, which http/framing tests.
 */
#include "http/request.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define MAX_BODY 64

static const struct request_limits limits = {
	.max_head_bytes = 4096, .max_target_bytes = 256, .max_body_bytes = MAX_BODY
};

/* Feeds step bytes at a time as a connection does; stops where the message ends. */
static enum request_progress
feed(struct request *request, const char *text, size_t length, size_t step, size_t *total,
	struct error *error)
{
	enum request_progress progress = REQUEST_INCOMPLETE;

	*total = 0;
	while (progress == REQUEST_INCOMPLETE || progress == REQUEST_HEAD_COMPLETE) {
		size_t available = length - *total;
		size_t used;

		/* A head without a body is complete without another byte. */
		if (available == 0 && request_expects_body(request))
			return progress;
		progress = request_feed(
			request, text + *total, available < step ? available : step, &used, error);
		*total += used;
	}
	return progress;
}

#define H "Host: a\r\n"

static const struct {
	const char *text;
	enum request_method method;
	const char *path;
	const char *query;
	bool keeps_alive;
	const char *body;
} good_cases[] = {
	{ "GET /a HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/a", NULL, true, "" },
	{ "HEAD /a HTTP/1.1\r\n" H "\r\n", REQUEST_HEAD, "/a", NULL, true, "" },
	{ "POST /a HTTP/1.1\r\n" H "\r\n", REQUEST_POST, "/a", NULL, true, "" },
	{ "\r\nGET /a HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/a", NULL, true, "" },

	/* Methods that no route has, also those llhttp takes for other protocols. */
	{ "PUT /a HTTP/1.1\r\n" H "\r\n", REQUEST_OTHER, "/a", NULL, true, "" },
	{ "get /a HTTP/1.1\r\n" H "\r\n", REQUEST_OTHER, "/a", NULL, true, "" },
	{ "GETX /a HTTP/1.1\r\n" H "\r\n", REQUEST_OTHER, "/a", NULL, true, "" },
	{ "SOURCE /a HTTP/1.1\r\n" H "\r\n", REQUEST_OTHER, "/a", NULL, true, "" },
	{ "PRI /a HTTP/1.1\r\n" H "\r\n", REQUEST_OTHER, "/a", NULL, true, "" },
	{ "DESCRIBE /a HTTP/1.1\r\n" H "\r\n", REQUEST_OTHER, "/a", NULL, true, "" },
	{ "M-SEARCH /a HTTP/1.1\r\n" H "\r\n", REQUEST_OTHER, "/a", NULL, true, "" },
	{ "~!x /a HTTP/1.1\r\n" H "\r\n", REQUEST_OTHER, "/a", NULL, true, "" },
	{ "OPTIONS * HTTP/1.1\r\n" H "\r\n", REQUEST_OTHER, "*", NULL, true, "" },

	/* Targets (RFC 9112, 3.2): as sent, split at the first question mark. */
	{ "GET / HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/", NULL, true, "" },
	{ "GET /? HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/", "", true, "" },
	{ "GET /a?b=c HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/a", "b=c", true, "" },
	{ "GET /a?b?c=d HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/a", "b?c=d", true, "" },
	{ "GET //a HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "//a", NULL, true, "" },
	{ "GET /%2F%00?%3F HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/%2F%00", "%3F", true, "" },
	{ "GET http://b/c HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/c", NULL, true, "" },
	{ "GET http://b/c?d HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/c", "d", true, "" },
	{ "GET http://b HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/", NULL, true, "" },
	{ "GET http://b?d HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/", "d", true, "" },
	{ "GET http://b?d/e HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/", "d/e", true, "" },
	{ "GET HTTPS://b:443/c HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/c", NULL, true, "" },
	{ "GET http://[::1]:80/c HTTP/1.1\r\n" H "\r\n", REQUEST_GET, "/c", NULL, true, "" },

	/* Whether the connection stays (RFC 9112, 9.3). */
	{ "GET /a HTTP/1.1\r\n" H "Connection: close\r\n\r\n", REQUEST_GET, "/a", NULL, false, "" },
	{ "GET /a HTTP/1.1\r\n" H "Connection: x, CLOSE ,y\r\n\r\n", REQUEST_GET, "/a", NULL, false,
		"" },
	{ "GET /a HTTP/1.1\r\n" H "Connection: x\r\nconnection: close\r\n\r\n", REQUEST_GET, "/a",
		NULL, false, "" },
	{ "GET /a HTTP/1.1\r\n" H "Connection: keep-alive, close\r\n\r\n", REQUEST_GET, "/a", NULL,
		false, "" },
	{ "GET /a HTTP/1.1\r\n" H "Connection: closed, enclose\r\n\r\n", REQUEST_GET, "/a", NULL,
		true, "" },
	{ "GET /a HTTP/1.1\r\n" H "Connection: keep-alive\r\n\r\n", REQUEST_GET, "/a", NULL, true,
		"" },
	{ "GET /a HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n", REQUEST_GET, "/a",
		NULL, false, "" },
	{ "GET /a HTTP/1.1\r\n" H "Upgrade: websocket\r\n\r\n", REQUEST_GET, "/a", NULL, false,
		"" },
	{ "GET /a HTTP/1.0\r\n\r\n", REQUEST_GET, "/a", NULL, false, "" },
	{ "GET /a HTTP/1.0\r\n" H "\r\n", REQUEST_GET, "/a", NULL, false, "" },
	{ "GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", REQUEST_GET, "/a", NULL, true, "" },
	{ "GET /a HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", REQUEST_GET, "/a", NULL,
		false, "" },

	/* Bodies (RFC 9112, 6). */
	{ "POST /a HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", REQUEST_POST, "/a", NULL, true,
		"" },
	{ "POST /a HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello", REQUEST_POST, "/a", NULL, true,
		"hello" },
	{ "POST /a HTTP/1.1\r\n" H "content-length:00005\r\n\r\nhello", REQUEST_POST, "/a", NULL,
		true, "hello" },
	{ "POST /a HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", REQUEST_POST, "/a", NULL, false,
		"hello" },
	{ "GET /a HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello", REQUEST_GET, "/a", NULL, true,
		"hello" },
	{ "PUT /a HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello", REQUEST_OTHER, "/a", NULL, true,
		"hello" },
	{ "POST /a HTTP/1.1\r\n" H "Content-Length: 5\r\nConnection: close\r\n\r\nhello",
		REQUEST_POST, "/a", NULL, false, "hello" },
	{ "POST /a HTTP/1.1\r\n" H "Content-Length: 5\r\nUpgrade: x\r\nConnection: "
	  "upgrade\r\n\r\nhello",
		REQUEST_POST, "/a", NULL, false, "hello" },
	{ "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", REQUEST_POST,
		"/a", NULL, true, "" },
	{ "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n"
	  "\r\n",
		REQUEST_POST, "/a", NULL, true, "hello" },
	{ "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n0;z\r\n"
	  "Host: b\r\nContent-Length: 9\r\nConnection: close\r\n\r\n",
		REQUEST_POST, "/a", NULL, true, "hello" },
	{ "POST /a HTTP/1.1\r\n" H "Content-Length: 64\r\n\r\n"
	  "0123456789012345678901234567890123456789012345678901234567890123",
		REQUEST_POST, "/a", NULL, true,
		"0123456789012345678901234567890123456789012345678901234567890123" },
};

START_TEST(test_good)
{
	static const size_t steps[] = { SIZE_MAX, 1, 2, 5 };
	char text[1024];
	size_t length = strlen(good_cases[_i].text);

	snprintf(text, sizeof text, "%sGET /next", good_cases[_i].text);
	for (int i = 0; i < UNIT_COUNT(steps); i++) {
		struct request *request = request_new(&limits);
		struct error error = { .code = ERROR_NONE };
		size_t total;
		enum request_progress progress = feed(
			request, text, strlen(text), steps[i], &total, &error);
		size_t body_length;
		const char *body;

		ck_assert_msg(progress == REQUEST_COMPLETE, "%s: %s", text, error.message);
		ck_assert_uint_eq(total, length);
		ck_assert_int_eq(request_method(request), good_cases[_i].method);
		ck_assert_str_eq(request_path(request), good_cases[_i].path);
		ck_assert_pstr_eq(request_query(request), good_cases[_i].query);
		ck_assert_int_eq(request_keeps_alive(request), good_cases[_i].keeps_alive);
		ck_assert_int_eq(request_is_http_1_0(request), strstr(text, " HTTP/1.0") != NULL);
		ck_assert(!request_expects_body(request));
		ck_assert(!request_body_is_too_large(request));
		body = request_body(request, &body_length);
		ck_assert_uint_eq(body_length, strlen(good_cases[_i].body));
		ck_assert_str_eq(body, good_cases[_i].body);
		/* Whatever is fed behind the end is not taken. */
		ck_assert_int_eq(request_feed(request, "GET", 3, &total, &error), REQUEST_COMPLETE);
		ck_assert_uint_eq(total, 0);
		request_free(request);
	}
}
END_TEST

#define GET1  "GET /a HTTP/1.1\r\n" H
#define POST1 "POST /a HTTP/1.1\r\n" H

static const struct {
	const char *text;
	enum error_code code;
} bad_cases[] = {
	/* Targets. */
	{ "GET * HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "OPTIONS ** HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET *a HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET a HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET a:80 HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET ?a HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "CONNECT a:80 HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "CONNECT /a HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET ftp://a/b HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET http:/a HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET http:///b HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET http://a:b/c HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET http://u@a/b HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET http://a..b/c HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET /a[b] HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET /a?b[]=c HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	{ "GET http://[::1]/[ HTTP/1.1\r\n" H "\r\n", ERROR_BAD_REQUEST },
	/* Host (RFC 9112, 3.2). */
	{ "GET /a HTTP/1.1\r\n\r\n", ERROR_BAD_REQUEST },
	{ "GET http://a/b HTTP/1.1\r\n\r\n", ERROR_BAD_REQUEST },
	{ "GET /a HTTP/1.1\r\n" H "host: a\r\n\r\n", ERROR_BAD_REQUEST },
	{ "GET /a HTTP/1.0\r\n" H H "\r\n", ERROR_BAD_REQUEST },
	{ "GET /a HTTP/1.1\r\nHost:\r\n\r\n", ERROR_BAD_REQUEST },
	{ "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", ERROR_BAD_REQUEST },
	{ "GET /a HTTP/1.1\r\nHost: a, b\r\n\r\n", ERROR_BAD_REQUEST },
	{ "GET /a HTTP/1.1\r\nHost: http://a\r\n\r\n", ERROR_BAD_REQUEST },
	{ "GET /a HTTP/1.0\r\nHost: a:x\r\n\r\n", ERROR_BAD_REQUEST },
	/* Fields that may come once. */
	{ GET1 "X-Auth-Token: t\r\nx-auth-token: t\r\n\r\n", ERROR_BAD_REQUEST },
	{ GET1 "Authorization: Bearer t\r\nAuthorization: Bearer t\r\n\r\n", ERROR_BAD_REQUEST },
	{ POST1 "Content-Type: a/b\r\nContent-Type: a/b\r\n\r\n", ERROR_BAD_REQUEST },
	/* Content-Length (RFC 9112, 6.2 and 6.3). */
	{ POST1 "Content-Length:\r\n\r\n", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: 5, 5\r\n\r\nhello", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: 5 5\r\n\r\nhello", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: +5\r\n\r\nhello", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: -5\r\n\r\nhello", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: 0x5\r\n\r\nhello", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: 5.0\r\n\r\nhello", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: five\r\n\r\nhello", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: 18446744073709551621\r\n\r\nhello", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: 00000000000000000005\r\n\r\nhello", ERROR_BAD_REQUEST },
	/* Transfer-Encoding (RFC 9112, 6.1). */
	{ POST1 "Transfer-Encoding:\r\n\r\n", ERROR_BAD_REQUEST },
	{ POST1 "Transfer-Encoding: identity\r\n\r\n", ERROR_BAD_REQUEST },
	{ POST1 "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", ERROR_BAD_REQUEST },
	{ POST1 "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", ERROR_BAD_REQUEST },
	{ POST1 "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n", ERROR_BAD_REQUEST },
	{ POST1 "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", ERROR_BAD_REQUEST },
	{ POST1 "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", ERROR_BAD_REQUEST },
	{ POST1 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		ERROR_BAD_REQUEST },
	{ POST1 "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		ERROR_BAD_REQUEST },
	{ "POST /a HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		ERROR_BAD_REQUEST },
	/* Bodies. */
	{ POST1 "Transfer-Encoding: chunked\r\n\r\nx\r\n", ERROR_BAD_REQUEST },
	{ POST1 "Content-Length: 65\r\n\r\n"
		"01234567890123456789012345678901234567890123456789012345678901234",
		ERROR_BODY_TOO_LARGE },
	{ POST1 "Transfer-Encoding: chunked\r\n\r\n"
		"40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n"
		"1\r\n4\r\n0\r\n\r\n",
		ERROR_BODY_TOO_LARGE },
};

START_TEST(test_bad)
{
	static const size_t steps[] = { SIZE_MAX, 1, 7 };

	for (int i = 0; i < UNIT_COUNT(steps); i++) {
		struct request *request = request_new(&limits);
		struct error error = { .code = ERROR_NONE };
		size_t total;

		ck_assert_msg(feed(request, bad_cases[_i].text, strlen(bad_cases[_i].text),
				      steps[i], &total, &error) == REQUEST_INVALID,
			"%s", bad_cases[_i].text);
		ck_assert_int_eq(error.code, bad_cases[_i].code);
		ck_assert_uint_gt(strlen(error.message), 0);
		request_free(request);
	}
}
END_TEST

/* A head, complete. */
static struct request *
head_of(const char *text)
{
	struct request *request = request_new(&limits);
	struct error error = { .code = ERROR_NONE };
	size_t used;
	enum request_progress progress = request_feed(request, text, strlen(text), &used, &error);

	ck_assert_msg(progress == REQUEST_HEAD_COMPLETE, "%s: %s", text, error.message);
	ck_assert_uint_eq(used, strlen(text));
	return request;
}

START_TEST(test_fields)
{
	struct request *request = head_of(
		GET1 "A: 1\r\nb:\t two  words \t\r\nC:\r\na: 2\r\nD: \r\nd: x\r\n\r\n");
	static const struct {
		const char *name;
		const char *first;
		unsigned count;
		const char *joined;
	} cases[] = {
		{ "host", "a", 1, "a" },
		{ "A", "1", 2, "1, 2" },
		{ "a", "1", 2, "1, 2" },
		{ "B", "two  words", 1, "two  words" },
		{ "c", "", 1, "" },
		{ "d", "", 2, "x" },
		{ "e", NULL, 0, NULL },
		{ "", NULL, 0, NULL },
		{ "Hos", NULL, 0, NULL },
	};

	for (int i = 0; i < UNIT_COUNT(cases); i++) {
		char *joined = request_field_joined(request, cases[i].name);

		ck_assert_pstr_eq(request_field(request, cases[i].name), cases[i].first);
		ck_assert_uint_eq(request_field_count(request, cases[i].name), cases[i].count);
		ck_assert_pstr_eq(joined, cases[i].joined);
		free(joined);
	}
	request_free(request);
}
END_TEST

/* As many fields as there may be, in a head that has to grow, byte by byte. */
START_TEST(test_many_fields)
{
	struct request *request = request_new(&limits);
	struct error error = { .code = ERROR_NONE };
	char text[4096] = GET1;
	size_t used;

	for (int i = 0; i < 99; i++) {
		size_t length = strlen(text);

		snprintf(text + length, sizeof text - length, "Name-%d: value number %d\r\n", i, i);
	}
	strcat(text, "\r\n");
	for (size_t i = 0; text[i] != '\0'; i++)
		ck_assert_int_eq(request_feed(request, text + i, 1, &used, &error),
			text[i + 1] == '\0' ? REQUEST_HEAD_COMPLETE : REQUEST_INCOMPLETE);
	for (int i = 0; i < 99; i++) {
		char name[16];
		char value[32];

		snprintf(name, sizeof name, "name-%d", i);
		snprintf(value, sizeof value, "value number %d", i);
		ck_assert_pstr_eq(request_field(request, name), value);
	}
	ck_assert_str_eq(request_path(request), "/a");
	request_free(request);
}
END_TEST

/* RFC 9110, 10.1.1 */
static const struct {
	const char *text;
	bool expects;
} continue_cases[] = {
	{ POST1 "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", true },
	{ POST1 "Content-Length: 5\r\nexpect: 100-Continue\r\n\r\n", true },
	{ POST1 "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n", true },
	{ POST1 "Content-Length: 5\r\n\r\n", false },
	{ POST1 "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n", false },
	{ POST1 "Expect: 100-continue\r\n\r\n", false },
	{ POST1 "Content-Length: 5\r\nExpect: 200-ok\r\n\r\n", false },
	{ "POST /a HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", false },
};

START_TEST(test_continue)
{
	struct request *request = head_of(continue_cases[_i].text);

	ck_assert_int_eq(request_expects_continue(request), continue_cases[_i].expects);
	request_free(request);
}
END_TEST

/* Known from the head, so that the answer need not wait for the body. */
static const struct {
	const char *text;
	bool expects_body;
	bool is_too_large;
} announced_cases[] = {
	{ GET1 "\r\n", false, false },
	{ POST1 "Content-Length: 0\r\n\r\n", false, false },
	{ POST1 "Content-Length: 64\r\n\r\n", true, false },
	{ POST1 "Content-Length: 65\r\n\r\n", true, true },
	{ POST1 "Content-Length: 9999999999999999999\r\n\r\n", true, true },
	{ POST1 "Transfer-Encoding: chunked\r\n\r\n", true, false },
};

START_TEST(test_announced)
{
	struct request *request = head_of(announced_cases[_i].text);

	ck_assert_int_eq(request_expects_body(request), announced_cases[_i].expects_body);
	ck_assert_int_eq(request_body_is_too_large(request), announced_cases[_i].is_too_large);
	request_free(request);
}
END_TEST

/* A body that is dropped is not there, is bounded all the same, and the message ends behind it. */
START_TEST(test_discard)
{
	struct request *request = head_of(POST1 "Content-Length: 64\r\n\r\n");
	struct error error = { .code = ERROR_NONE };
	char bytes[MAX_BODY + 1];
	size_t used;
	size_t length = 77;

	memset(bytes, 'b', sizeof bytes);
	ck_assert_int_eq(request_feed(request, bytes, 10, &used, &error), REQUEST_INCOMPLETE);
	request_discard_body(request);
	ck_assert_int_eq(
		request_feed(request, bytes, sizeof(bytes) - 10, &used, &error), REQUEST_COMPLETE);
	ck_assert_uint_eq(used, MAX_BODY - 10);
	ck_assert_str_eq(request_body(request, &length), "");
	ck_assert_uint_eq(length, 0);
	request_free(request);

	request = head_of(POST1 "Transfer-Encoding: chunked\r\n\r\n");
	request_discard_body(request);
	ck_assert_int_eq(request_feed(request, "40\r\n", 4, &used, &error), REQUEST_INCOMPLETE);
	ck_assert_int_eq(request_feed(request, bytes, MAX_BODY, &used, &error), REQUEST_INCOMPLETE);
	ck_assert_int_eq(request_feed(request, "\r\n1\r\nb", 6, &used, &error), REQUEST_INVALID);
	ck_assert_int_eq(error.code, ERROR_BODY_TOO_LARGE);
	request_free(request);
}
END_TEST

/* A body may hold anything, NUL bytes as well. */
START_TEST(test_binary_body)
{
	struct request *request = head_of(POST1 "Content-Length: 7\r\n\r\n");
	struct error error = { .code = ERROR_NONE };
	size_t used;
	size_t length;
	const char *body;

	ck_assert_int_eq(request_feed(request, "a\0\r\n", 4, &used, &error), REQUEST_INCOMPLETE);
	ck_assert_int_eq(request_feed(request, "\r\n\xff", 3, &used, &error), REQUEST_COMPLETE);
	body = request_body(request, &length);
	ck_assert_uint_eq(length, 7);
	ck_assert_int_eq(memcmp(body, "a\0\r\n\r\n\xff", 8), 0);
	request_free(request);
	request_free(NULL);
}
END_TEST

static Suite *
request_suite(void)
{
	Suite *suite = suite_create("http/request");

	unit_add_loop(suite, "good", test_good, UNIT_COUNT(good_cases));
	unit_add_loop(suite, "bad", test_bad, UNIT_COUNT(bad_cases));
	unit_add(suite, "fields", test_fields);
	unit_add(suite, "many fields", test_many_fields);
	unit_add_loop(suite, "continue", test_continue, UNIT_COUNT(continue_cases));
	unit_add_loop(suite, "announced", test_announced, UNIT_COUNT(announced_cases));
	unit_add(suite, "discard", test_discard);
	unit_add(suite, "binary body", test_binary_body);
	return suite;
}

UNIT_MAIN(request_suite)
