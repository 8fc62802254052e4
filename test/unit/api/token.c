/* Who carries the token: both fields, every way to be nearly right, and both at once. */
#include "api/token.h"

#include <stdio.h>
#include <string.h>

#include "http/request.h"
#include "unit.h"

#define TOKEN "s3cret-Token"

static const struct {
	const char *fields;
	bool is_given;
} cases[] = {
	{ "", false },
	{ "X-Auth-Token: s3cret-Token\r\n", true },
	{ "x-auth-token:s3cret-Token\r\n", true },
	{ "X-AUTH-TOKEN: \t s3cret-Token \t\r\n", true }, /* blanks around are no part of it */
	{ "X-Auth-Token:\r\n", false },
	{ "X-Auth-Token: s\r\n", false },
	{ "X-Auth-Token: s3cret-Toke\r\n", false },
	{ "X-Auth-Token: s3cret-Tokenn\r\n", false }, /* repeats the last byte */
	{ "X-Auth-Token: s3cret-Tokens3cret-Token\r\n", false },
	{ "X-Auth-Token: S3cret-Token\r\n", false },
	{ "X-Auth-Token: s3cret-token\r\n", false },
	{ "X-Auth-Token: 3cret-Token\r\n", false },
	{ "X-Auth-Token: s3cret-Tokem\r\n", false },
	{ "X-Auth-Token: \"s3cret-Token\"\r\n", false },
	{ "X-Auth-Token: s3cret-Token, s3cret-Token\r\n", false },
	{ "X-Auth-Token: Bearer s3cret-Token\r\n", false },
	{ "Auth-Token: s3cret-Token\r\n", false },
	{ "X-Auth-Tokens: s3cret-Token\r\n", false },

	/* RFC 6750, 2.1; the scheme in any case (RFC 9110, 11.1), blanks between (11.4). */
	{ "Authorization: Bearer s3cret-Token\r\n", true },
	{ "authorization: bearer s3cret-Token\r\n", true },
	{ "Authorization: BEARER s3cret-Token\r\n", true },
	{ "Authorization: Bearer   s3cret-Token\r\n", true },
	{ "Authorization: Bearer\r\n", false },
	{ "Authorization: Bearer \r\n", false },
	{ "Authorization: Bearers3cret-Token\r\n", false },
	{ "Authorization: Bearer s3cret-Toke\r\n", false },
	{ "Authorization: Bearer s3cret-Tokenn\r\n", false },
	{ "Authorization: Bearer s3cret-Token x\r\n", false },
	{ "Authorization: s3cret-Token\r\n", false },
	{ "Authorization: Basic s3cret-Token\r\n", false },
	{ "Authorization: Token s3cret-Token\r\n", false },
	{ "Authorization:\r\n", false },

	/* Both must be right, and other schemes are somebody else's. */
	{ "X-Auth-Token: s3cret-Token\r\nAuthorization: Bearer s3cret-Token\r\n", true },
	{ "X-Auth-Token: s3cret-Token\r\nAuthorization: Bearer wrong\r\n", false },
	{ "X-Auth-Token: wrong\r\nAuthorization: Bearer s3cret-Token\r\n", false },
	{ "X-Auth-Token:\r\nAuthorization: Bearer s3cret-Token\r\n", false },
	{ "X-Auth-Token: s3cret-Token\r\nAuthorization: Basic d3Jvbmc=\r\n", true },
	{ "X-Auth-Token: wrong\r\nAuthorization: Basic s3cret-Token\r\n", false },
};

static struct request *
request_with(const char *fields)
{
	static const struct request_limits limits = {
		.max_head_bytes = 4096, .max_target_bytes = 1024, .max_body_bytes = 1024
	};
	struct request *request = request_new(&limits);
	struct error error = { .code = ERROR_NONE };
	char head[512];
	size_t used;
	int length = snprintf(
		head, sizeof head, "GET /recording/cel HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
	enum request_progress progress = request_feed(request, head, (size_t)length, &used, &error);

	ck_assert_msg(progress == REQUEST_HEAD_COMPLETE, "%s: %s", fields, error.message);
	return request;
}

START_TEST(test_given)
{
	struct request *request = request_with(cases[_i].fields);
	bool is_given = token_is_given(request, TOKEN);

	ck_assert_msg(is_given == cases[_i].is_given, "\"%s\"", cases[_i].fields);
	request_free(request);
}
END_TEST

/* A token of one byte has no prefix but the empty one. */
START_TEST(test_short_token)
{
	struct request *request = request_with("X-Auth-Token: t\r\n");

	ck_assert(token_is_given(request, "t"));
	ck_assert(!token_is_given(request, "tt"));
	ck_assert(!token_is_given(request, "u"));
	request_free(request);
	request = request_with("X-Auth-Token: tt\r\n");
	ck_assert(!token_is_given(request, "t"));
	request_free(request);
}
END_TEST

/* An empty token is refused at start; should one arrive here it must open nothing. */
START_TEST(test_empty_token)
{
	static const char *const fields[] = { "", "X-Auth-Token:\r\n", "X-Auth-Token: t\r\n",
		"Authorization: Bearer\r\n", "Authorization: Bearer t\r\n" };

	for (int i = 0; i < UNIT_COUNT(fields); i++) {
		struct request *request = request_with(fields[i]);

		ck_assert_msg(!token_is_given(request, ""), "\"%s\"", fields[i]);
		request_free(request);
	}
}
END_TEST

static Suite *
token_suite(void)
{
	Suite *suite = suite_create("api/token");

	unit_add_loop(suite, "given", test_given, UNIT_COUNT(cases));
	unit_add(suite, "short token", test_short_token);
	unit_add(suite, "empty token", test_empty_token);
	return suite;
}

UNIT_MAIN(token_suite)
