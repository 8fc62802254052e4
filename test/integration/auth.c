/* The token: which paths need it, in which fields it counts, and that it is judged first. */
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"

struct token_row {
	const char *field; /* or NULL */
	const char *other_field;
	long status; /* 0: the token is right */
};

static const struct token_row tokens[] = {
	{ NULL, NULL, 401 },
	{ "X-Auth-Token: " DAEMON_TOKEN, NULL, 0 },
	{ "x-auth-token:" DAEMON_TOKEN " \t", NULL, 0 },
	{ "Authorization: Bearer " DAEMON_TOKEN, NULL, 0 },
	{ "authorization: bearer " DAEMON_TOKEN, NULL, 0 },
	/* nearly right */
	{ "X-Auth-Token: wrong", NULL, 401 },
	{ "X-Auth-Token;", NULL, 401 }, /* with this, libcurl sends an empty one */
	{ "X-Auth-Token: s", NULL, 401 },
	{ "X-Auth-Token: s3cret-toke", NULL, 401 },
	{ "X-Auth-Token: " DAEMON_TOKEN "x", NULL, 401 },
	{ "X-Auth-Token: x" DAEMON_TOKEN, NULL, 401 },
	{ "X-Auth-Token: " DAEMON_TOKEN DAEMON_TOKEN, NULL, 401 },
	{ "X-Auth-Token: S3CRET-TOKEN", NULL, 401 },
	{ "X-Auth-Token: \"" DAEMON_TOKEN "\"", NULL, 401 },
	{ "X-Auth-Token: s3cret%2Dtoken", NULL, 401 },
	{ "X-Auth-Token: Bearer " DAEMON_TOKEN, NULL, 401 },
	{ "X-Auth-Token: " DAEMON_TOKEN ", " DAEMON_TOKEN, NULL, 401 },
	{ "Authorization: Bearer wrong", NULL, 401 },
	{ "Authorization: Bearer", NULL, 401 },
	{ "Authorization: Bearer s3cret-toke", NULL, 401 },
	{ "Authorization: Bearer " DAEMON_TOKEN "x", NULL, 401 },
	{ "Authorization: Bearer" DAEMON_TOKEN, NULL, 401 },
	{ "Authorization: " DAEMON_TOKEN, NULL, 401 },
	{ "Authorization: Basic " DAEMON_TOKEN, NULL, 401 },
	/* other places */
	{ "X-Auth: " DAEMON_TOKEN, NULL, 401 },
	{ "X_Auth_Token: " DAEMON_TOKEN, NULL, 401 },
	{ "Cookie: X-Auth-Token=" DAEMON_TOKEN, NULL, 401 },
	{ "Proxy-Authorization: Bearer " DAEMON_TOKEN, NULL, 401 },
	/* two of them: both must be right; another scheme is not for recordingd */
	{ "X-Auth-Token: " DAEMON_TOKEN, "Authorization: Bearer " DAEMON_TOKEN, 0 },
	{ "X-Auth-Token: " DAEMON_TOKEN, "Authorization: Basic dTpw", 0 },
	{ "X-Auth-Token: " DAEMON_TOKEN, "Authorization: Bearer wrong", 401 },
	{ "X-Auth-Token: wrong", "Authorization: Bearer " DAEMON_TOKEN, 401 },
	{ "X-Auth-Token;", "Authorization: Bearer " DAEMON_TOKEN, 401 },
	{ "X-Auth-Token: " DAEMON_TOKEN, "X-Auth-Token: " DAEMON_TOKEN, 400 },
	{ "X-Auth-Token: " DAEMON_TOKEN, "X-Auth-Token: wrong", 400 },
	{ "X-Auth-Token: wrong", "X-Auth-Token: " DAEMON_TOKEN, 400 },
};

#define RIGHT (&tokens[1])

static const struct reply *
send_token(const struct token_row *token, const char *method, const char *path, const char *body)
{
	const char *const fields[] = { token->field, token->other_field, NULL };

	return http_send(&(struct http_request){ .method = method,
		.target = path,
		.body = body == NULL ? NULL : scratch_quotes(body),
		.without_token = true,
		.fields = fields });
}

struct path_row {
	const char *path;
	const char *method; /* NULL: the path does not exist */
	const char *body;
	long status; /* with the right token and this method */
};

static const struct path_row paths[] = {
	{ "/recording/records/search", "POST", "{}", 200 },
	{ "/recording/records/callid_search?callid=1", "POST", NULL, 200 },
	{ "/recording/records/rec-1/audio/result", "GET", NULL, 200 },
	{ "/recording/records/rec-1/audio/listen", "GET", NULL, 200 },
	{ "/recording/records/rec-1/audio/download", "GET", NULL, 200 },
	{ "/recording/call_data/1/attached_data", "POST", "[{'key':'a','value':'b'}]", 201 },
	{ "/recording/history", "POST", "{'interface':'SIP/az9kf7'}", 200 },
	{ "/recording/history/agent", "POST", "{'agentNum':'1004'}", 200 },
	{ "/recording/history/customer", "POST", "{}", 200 },
	{ "/recording/last_agent?callerNo=0612345678&since=36500", "GET", NULL, 200 },
	{ "/recording/cel", "GET", NULL, 200 },
	/* the decoded path counts */
	{ "/%72ecording/cel", "GET", NULL, 200 },
	{ "/recording/%63%65%6C", "GET", NULL, 200 },
	{ "/recordin%67/h%69story/customer", "POST", "{}", 200 },
	{ "/recording%2Fcel", NULL, NULL, 404 },
	/* unknown ones */
	{ "/recording/", NULL, NULL, 404 },
	{ "/recording//", NULL, NULL, 404 },
	{ "/recording/nothing", NULL, NULL, 404 },
	{ "/recording/Cel", NULL, NULL, 404 },
	{ "/recording/cel/", NULL, NULL, 404 },
	{ "/recording//cel", NULL, NULL, 404 },
	{ "/recording/cel%2F", NULL, NULL, 404 },
	{ "/recording/cel%00", NULL, NULL, 404 },
	{ "/recording/%FF", NULL, NULL, 404 },
	{ "/recording/../recording/cel", NULL, NULL, 404 },
	{ "/recording/cel;x=1", NULL, NULL, 404 },
	{ "/recording/+cel", NULL, NULL, 404 },
	{ "/recording/records", NULL, NULL, 404 },
	{ "/recording/records/rec-1/audio", NULL, NULL, 404 },
	{ "/recording/call_data//attached_data", NULL, NULL, 404 },
	{ "/recording/health/", NULL, NULL, 404 },
	{ "/recording/health/cel", NULL, NULL, 404 },
	{ "/recording/healthy", NULL, NULL, 404 },
	{ "/recording/Health", NULL, NULL, 404 },
};

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS",
	"TRACE" };

/* HEAD works wherever GET does. */
static bool
is_allowed(const struct path_row *row, const char *method)
{
	return strcmp(row->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

static void
expect_allow(const struct reply *reply, const struct path_row *row)
{
	const char *allow = reply_field(reply, "Allow");

	for (int i = 0; i < HARNESS_COUNT(methods); i++)
		ck_assert_msg((strstr(allow, methods[i]) != NULL) == is_allowed(row, methods[i]),
			"%s: Allow: %s", row->path, allow);
}

/* Every kind of token on every path, with every method. */
START_TEST(test_path)
{
	const struct path_row *row = &paths[_i];

	fixture_audio("rec-1.wav", "x", 1);
	for (int i = 0; i < HARNESS_COUNT(tokens) * HARNESS_COUNT(methods); i++) {
		const struct token_row *token = &tokens[i / HARNESS_COUNT(methods)];
		const char *method = methods[i % HARNESS_COUNT(methods)];
		const struct reply *reply = send_token(
			token, method, row->path, strcmp(method, "POST") == 0 ? row->body : NULL);
		long status = token->status;

		if (status == 0)
			status = row->method == NULL	   ? 404
				 : is_allowed(row, method) ? row->status
							   : 405;
		ck_assert_msg(reply->status == status, "%s %s, %s, %s: %ld instead of %ld", method,
			row->path, token->field, token->other_field, reply->status, status);
		if (status == 405)
			expect_allow(reply, row);
	}
}
END_TEST

static const char *const open_paths[] = { "/", "/recording", "/recordings/cel", "/Recording/cel",
	"//recording/cel", "/x/recording/cel", "/favicon.ico", "/health", "/recording%20/cel" };

/* Outside of /recording/ there is nothing, and nobody is asked for a token. */
START_TEST(test_outside)
{
	for (int i = 0; i < HARNESS_COUNT(tokens); i++) {
		const struct reply *reply = send_token(&tokens[i], "GET", open_paths[_i], NULL);

		if (tokens[i].status != 400)
			expect_error(reply, 404, "not_found", NULL);
	}
	expect_error(send_token(&tokens[0], "POST", open_paths[_i], "{}"), 404, "not_found", NULL);
}
END_TEST

START_TEST(test_health)
{
	for (int i = 0; i < HARNESS_COUNT(tokens); i++) {
		if (tokens[i].status == 400)
			continue;
		expect_status(send_token(&tokens[i], "GET", "/recording/health", NULL), 200);
		expect_status(send_token(&tokens[i], "HEAD", "/recording/health", NULL), 200);
		expect_status(send_token(&tokens[i], "GET", "/recording/%68ealth", NULL), 200);
		expect_error(send_token(&tokens[i], "POST", "/recording/health", NULL), 405,
			"method_not_allowed", NULL);
	}
}
END_TEST

/* Who has no token learns nothing but that. */
START_TEST(test_first)
{
	static const struct token_row wrong = { "X-Auth-Token: wrong", NULL, 401 };

	expect_error(http_send(&(struct http_request){ .target = "/recording/records/search",
			     .body = "{",
			     .without_token = true }),
		401, "unauthorized", NULL);
	expect_error(http_send(&(struct http_request){ .target = "/recording/records/search",
			     .body = "{}",
			     .content_type = "text/plain",
			     .without_token = true }),
		401, "unauthorized", NULL);
	expect_error(send_token(&wrong, "GET", "/recording/cel?limit=x&bogus=1", NULL), 401,
		"unauthorized", NULL);
	expect_error(send_token(&wrong, "GET", "/recording/cel?X-Auth-Token=" DAEMON_TOKEN, NULL),
		401, "unauthorized", NULL);
	expect_error(
		send_token(&wrong, "GET", "/recording/cel?%zz", NULL), 401, "unauthorized", NULL);
	expect_error(send_token(&wrong, "GET", "/recording/%zz", NULL), 401, "unauthorized", NULL);
	expect_error(send_token(&wrong, "GET", "/%72ecording/%", NULL), 401, "unauthorized", NULL);
	expect_status(send_token(RIGHT, "GET", "/recording/%zz", NULL), 400);
	expect_error(send_token(&wrong, "POST", "/recording/call_data/1/attached_data",
			     "[{'key':'intruder','value':'x'}]"),
		401, "unauthorized", NULL);
	ck_assert_ptr_null(
		strstr(send_token(RIGHT, "POST",
			       "/recording/records/callid_search?callid=1700000001.1", NULL)
				->body,
			"intruder"));
}
END_TEST

START_TEST(test_long_tokens)
{
	const struct token_row token = {
		.field = scratch_format("X-Auth-Token: %s", scratch_repeat(DAEMON_TOKEN, 500)),
	};
	const struct token_row bearer = {
		.field = scratch_format("Authorization: Bearer %s", scratch_repeat("s", 8000)),
	};

	expect_error(send_token(&token, "GET", "/recording/cel", NULL), 401, "unauthorized", NULL);
	expect_error(send_token(&bearer, "GET", "/recording/cel", NULL), 401, "unauthorized", NULL);
}
END_TEST

/* A token may have blanks inside, and any length. */
START_TEST(test_other_tokens)
{
	static const char *const configured[] = { "x", "two words", "a,b", "=\"'\\%41" };

	for (int i = 0; i < HARNESS_COUNT(configured); i++) {
		const struct token_row token = {
			.field = scratch_format("X-Auth-Token: %s", configured[i]),
		};
		const struct token_row bearer = {
			.field = scratch_format("Authorization: Bearer %s", configured[i]),
		};

		daemon_restart("auth.token", configured[i], NULL);
		expect_status(send_token(&token, "GET", "/recording/cel?limit=1", NULL), 200);
		expect_status(send_token(&bearer, "GET", "/recording/cel?limit=1", NULL), 200);
		expect_status(send_token(RIGHT, "GET", "/recording/cel?limit=1", NULL), 401);
	}
}
END_TEST

/* Neither a right nor a wrong token is written anywhere. */
START_TEST(test_log)
{
	static const struct token_row wrong = { "X-Auth-Token: gu3ss", NULL, 401 };

	expect_status(send_token(&wrong, "GET", "/recording/cel", NULL), 401);
	expect_status(send_token(RIGHT, "GET", "/recording/cel", NULL), 200);
	ck_assert_ptr_null(strstr(daemon_log(), "gu3ss"));
	ck_assert_ptr_null(strstr(daemon_log(), DAEMON_TOKEN));
}
END_TEST

static Suite *
auth_suite(void)
{
	Suite *suite = suite_create("auth");

	harness_add(suite, "health", test_health);
	harness_add_loop(suite, "path", test_path, HARNESS_COUNT(paths));
	harness_add_loop(suite, "outside", test_outside, HARNESS_COUNT(open_paths));
	harness_add(suite, "first", test_first);
	harness_add(suite, "long tokens", test_long_tokens);
	harness_add(suite, "log", test_log);
	harness_add(suite, "other tokens", test_other_tokens);
	return suite;
}

HARNESS_MAIN(auth_suite)
