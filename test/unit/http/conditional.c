/*
 * Preconditions and ranges together, in the order of RFC 9110, 13.2.2. Each case is a real request,
 * as the fields are looked up in one.
 */
#include "http/conditional.h"

#include <stdio.h>
#include <string.h>

#include "http/request.h"
#include "unit.h"

/* What is asked for: 784111777 is the RFC's own example, Sun, 06 Nov 1994 08:49:37 GMT. */
static const struct representation representation = { "\"abc\"", 784111777, 1000 };

#define SAME	"Sun, 06 Nov 1994 08:49:37 GMT"
#define EARLIER "Sun, 06 Nov 1994 08:49:36 GMT"
#define LATER	"Sun, 06 Nov 1994 08:49:38 GMT"

static const struct {
	const char *method;
	const char *fields;
	enum condition condition;
	uint64_t first;
	uint64_t last;
} cases[] = {
	{ "GET", "", CONDITION_SEND, 0, 0 },
	{ "HEAD", "", CONDITION_SEND, 0, 0 },

	/* If-Match (13.1.1): strong comparison. */
	{ "GET", "If-Match: \"abc\"\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "If-Match: *\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "If-Match: \"x\", \"abc\"\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "If-Match: \"x\"\r\nIf-Match: \"abc\"\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "If-Match: \"x\"\r\n", CONDITION_FAILED, 0, 0 },
	{ "GET", "If-Match: W/\"abc\"\r\n", CONDITION_FAILED, 0, 0 },
	{ "GET", "If-Match: abc\r\n", CONDITION_FAILED, 0, 0 },
	{ "GET", "If-Match:\r\n", CONDITION_FAILED, 0, 0 },
	{ "HEAD", "If-Match: \"x\"\r\n", CONDITION_FAILED, 0, 0 },

	/* If-Unmodified-Since (13.1.4), which counts only without If-Match. */
	{ "GET", "If-Unmodified-Since: " SAME "\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "If-Unmodified-Since: " LATER "\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "If-Unmodified-Since: " EARLIER "\r\n", CONDITION_FAILED, 0, 0 },
	{ "GET", "If-Unmodified-Since: yesterday\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "If-Unmodified-Since: " EARLIER "\r\nIf-Unmodified-Since: " EARLIER "\r\n",
		CONDITION_SEND, 0, 0 },
	{ "GET", "If-Match: \"abc\"\r\nIf-Unmodified-Since: " EARLIER "\r\n", CONDITION_SEND, 0,
		0 },

	/* If-None-Match (13.1.2): weak comparison. */
	{ "GET", "If-None-Match: \"abc\"\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "If-None-Match: W/\"abc\"\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "If-None-Match: *\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "If-None-Match: \"x\", \"abc\"\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "If-None-Match: \"x\"\r\nIf-None-Match: \"abc\"\r\n", CONDITION_NOT_MODIFIED, 0,
		0 },
	{ "HEAD", "If-None-Match: \"abc\"\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "If-None-Match: \"x\"\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "If-None-Match: \"ABC\"\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "If-None-Match: abc\r\n", CONDITION_SEND, 0, 0 },

	/* If-Modified-Since (13.1.3), which counts only without If-None-Match. */
	{ "GET", "If-Modified-Since: " SAME "\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "If-Modified-Since: " LATER "\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "If-Modified-Since: " EARLIER "\r\n", CONDITION_SEND, 0, 0 },
	{ "HEAD", "If-Modified-Since: " SAME "\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", CONDITION_NOT_MODIFIED, 0,
		0 },
	{ "GET", "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "If-Modified-Since: 784111777\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "If-Modified-Since: " SAME "\r\nIf-Modified-Since: " SAME "\r\n", CONDITION_SEND,
		0, 0 },
	{ "GET", "If-None-Match: \"x\"\r\nIf-Modified-Since: " SAME "\r\n", CONDITION_SEND, 0, 0 },

	/* If-Match goes before If-None-Match. */
	{ "GET", "If-None-Match: \"abc\"\r\nIf-Match: \"x\"\r\n", CONDITION_FAILED, 0, 0 },
	{ "GET", "If-None-Match: \"abc\"\r\nIf-Match: \"abc\"\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "If-Modified-Since: " SAME "\r\nIf-Unmodified-Since: " EARLIER "\r\n",
		CONDITION_FAILED, 0, 0 },

	/* Range (14.2): for GET only, and only when the preconditions hold. */
	{ "GET", "Range: bytes=10-19\r\n", CONDITION_SEND_PART, 10, 19 },
	{ "GET", "Range: bytes=-10\r\n", CONDITION_SEND_PART, 990, 999 },
	{ "GET", "Range: bytes=1000-\r\n", CONDITION_UNSATISFIABLE, 0, 0 },
	{ "GET", "Range: items=0-5\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=0-5,7-8\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=0-5\r\nRange: bytes=7-8\r\n", CONDITION_SEND, 0, 0 },
	{ "HEAD", "Range: bytes=10-19\r\n", CONDITION_SEND, 0, 0 },
	{ "HEAD", "Range: bytes=1000-\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=10-19\r\nIf-None-Match: \"abc\"\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "Range: bytes=1000-\r\nIf-None-Match: \"abc\"\r\n", CONDITION_NOT_MODIFIED, 0, 0 },
	{ "GET", "Range: bytes=1000-\r\nIf-Match: \"x\"\r\n", CONDITION_FAILED, 0, 0 },
	{ "GET", "Range: bytes=10-19\r\nIf-Match: \"abc\"\r\n", CONDITION_SEND_PART, 10, 19 },

	/* If-Range (13.1.5): a strong tag or the exact date, else everything is sent. */
	{ "GET", "Range: bytes=10-19\r\nIf-Range: \"abc\"\r\n", CONDITION_SEND_PART, 10, 19 },
	{ "GET", "Range: bytes=10-19\r\nIf-Range: " SAME "\r\n", CONDITION_SEND_PART, 10, 19 },
	{ "GET", "Range: bytes=10-19\r\nIf-Range: \"x\"\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=10-19\r\nIf-Range: W/\"abc\"\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=10-19\r\nIf-Range: \"abc\", \"x\"\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=10-19\r\nIf-Range: abc\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=10-19\r\nIf-Range: *\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=10-19\r\nIf-Range:\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=10-19\r\nIf-Range: " EARLIER "\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=10-19\r\nIf-Range: " LATER "\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=10-19\r\nIf-Range: \"abc\"\r\nIf-Range: \"abc\"\r\n", CONDITION_SEND,
		0, 0 },
	/* A void range cannot fail either. */
	{ "GET", "Range: bytes=1000-\r\nIf-Range: \"x\"\r\n", CONDITION_SEND, 0, 0 },
	{ "GET", "Range: bytes=1000-\r\nIf-Range: \"abc\"\r\n", CONDITION_UNSATISFIABLE, 0, 0 },
	{ "GET", "If-Range: \"x\"\r\n", CONDITION_SEND, 0, 0 },
};

START_TEST(test_condition)
{
	static const struct request_limits limits = {
		.max_head_bytes = 4096, .max_target_bytes = 1024, .max_body_bytes = 1024
	};
	struct request *request = request_new(&limits);
	struct error error = { .code = ERROR_NONE };
	char head[512];
	size_t used;
	uint64_t first = 77;
	uint64_t last = 77;
	int length = snprintf(head, sizeof head, "%s /a HTTP/1.1\r\nHost: a\r\n%s\r\n",
		cases[_i].method, cases[_i].fields);
	enum condition condition;

	ck_assert_int_lt(length, (int)sizeof head);
	ck_assert_int_eq(
		request_feed(request, head, (size_t)length, &used, &error), REQUEST_HEAD_COMPLETE);
	condition = condition_of(request, &representation, &first, &last);
	ck_assert_msg(condition == cases[_i].condition, "%s: %d", cases[_i].fields, condition);
	if (condition == CONDITION_SEND_PART) {
		ck_assert_uint_eq(first, cases[_i].first);
		ck_assert_uint_eq(last, cases[_i].last);
	}
	request_free(request);
}
END_TEST

static Suite *
conditional_suite(void)
{
	Suite *suite = suite_create("http/conditional");

	unit_add_loop(suite, "condition", test_condition, UNIT_COUNT(cases));
	return suite;
}

UNIT_MAIN(conditional_suite)
