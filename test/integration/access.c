/*
 * Who may do what: every route with every method and every state of the token, those that lack one
 * scope and a megabyte of token among them. The many ways to write a wrong token, and paths that
 * are none, are in auth.c.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/named_tokens.h"
#include "support/raw_client.h"
#include "support/scratch.h"

struct door {
	const char *route; /* as metrics call it; NULL: there is nothing */
	const char *target;
	const char *method;
	const char *scope; /* "": open to everybody */
	const char *body;
	long status;
};

static const struct door doors[] = {
	{ "/recording/records/search", "/recording/records/search", "POST", "records", "{}", 200 },
	{ "/recording/records/callid_search", "/recording/records/callid_search?callid=1", "POST",
		"records", NULL, 200 },
	{ "/recording/records/{file-id}/audio/{action}", "/recording/records/rec-1/audio/result",
		"GET", "audio", NULL, 200 },
	{ "/recording/records/{file-id}/audio/{action}", "/recording/records/rec-1/audio/listen",
		"GET", "audio", NULL, 200 },
	{ "/recording/records/{file-id}/audio/{action}", "/recording/records/rec-1/audio/download",
		"GET", "audio", NULL, 200 },
	{ "/recording/records/{file-id}/audio/{action}", "/recording/records/rec-1/audio/delete",
		"GET", "audio", NULL, 400 },
	{ "/recording/call_data/{id}/attached_data", "/recording/call_data/1/attached_data", "POST",
		"write", "[{'key':'a','value':'b'}]", 201 },
	{ "/recording/history", "/recording/history", "POST", "history",
		"{'interface':'SIP/az9kf7'}", 200 },
	{ "/recording/history/agent", "/recording/history/agent", "POST", "history",
		"{'agentNum':'1004'}", 200 },
	{ "/recording/history/customer", "/recording/history/customer", "POST", "history", "{}",
		200 },
	{ "/recording/last_agent", "/recording/last_agent?callerNo=0612345678&since=36500", "GET",
		"history", NULL, 200 },
	{ "/recording/cel", "/recording/cel?limit=1", "GET", "cel", NULL, 200 },
	{ "/recording/cel/stream", "/recording/cel/stream?from=10", "GET", "cel", NULL, 200 },
	{ "/recording/metrics", "/recording/metrics", "GET", "metrics", NULL, 200 },
	{ "/recording/health", "/recording/health", "GET", "", NULL, 200 },
	{ NULL, "/recording/nothing", "GET", NULL, NULL, 404 },
	{ NULL, "/", "GET", "", NULL, 404 },
};

/* BREW is no method that anything knows; CONNECT has no such target, and is not HTTP here. */
static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS",
	"TRACE", "BREW" };

enum verdict {
	VERDICT_UNKNOWN,   /* 401 */
	VERDICT_ALL,	   /* it opens everything */
	VERDICT_ONLY,	   /* it opens the scope that it is called by */
	VERDICT_ALL_BUT,   /* it opens all but that one */
	VERDICT_AMBIGUOUS, /* 400, whatever is asked for */
};

struct state {
	const char *fields[3];
	enum verdict verdict;
	const char *scope;
};

#define ONLY(scope)                                                                                \
	{                                                                                          \
		{ "X-Auth-Token: " scope }, VERDICT_ONLY, scope                                    \
	}
#define ALL_BUT(scope)                                                                             \
	{                                                                                          \
		{ "Authorization: Bearer no-" scope }, VERDICT_ALL_BUT, scope                      \
	}

static const struct state states[] = {
	{ { NULL }, VERDICT_UNKNOWN, NULL },
	{ { "X-Auth-Token: wrong" }, VERDICT_UNKNOWN, NULL },
	{ { "X-Auth-Token: s3cret-toke" }, VERDICT_UNKNOWN, NULL },
	{ { "Authorization: Bearer wrong" }, VERDICT_UNKNOWN, NULL },
	{ { "Authorization: Basic " DAEMON_TOKEN }, VERDICT_UNKNOWN, NULL },
	/* With a semicolon libcurl sends an empty field. */
	{ { "X-Auth-Token;" }, VERDICT_UNKNOWN, NULL },
	{ { "Authorization;" }, VERDICT_UNKNOWN, NULL },
	{ { "X-Auth-Token;", "Authorization: Bearer " DAEMON_TOKEN }, VERDICT_UNKNOWN, NULL },
	{ { "X-Auth-Token: " DAEMON_TOKEN }, VERDICT_ALL, NULL },
	{ { "Authorization: Bearer " DAEMON_TOKEN }, VERDICT_ALL, NULL },
	{ { "X-Auth-Token: all" }, VERDICT_ALL, NULL },
	/* several fields: all that count must be the same right one */
	{ { "X-Auth-Token: " DAEMON_TOKEN, "Authorization: Bearer " DAEMON_TOKEN }, VERDICT_ALL,
		NULL },
	{ { "X-Auth-Token: " DAEMON_TOKEN, "Authorization: Basic dTpw" }, VERDICT_ALL, NULL },
	{ { "X-Auth-Token: " DAEMON_TOKEN, "Authorization: Bearer wrong" }, VERDICT_UNKNOWN, NULL },
	{ { "X-Auth-Token: all", "Authorization: Bearer " DAEMON_TOKEN }, VERDICT_UNKNOWN, NULL },
	{ { "X-Auth-Token: cel", "Authorization: Bearer audio" }, VERDICT_UNKNOWN, NULL },
	{ { "X-Auth-Token: " DAEMON_TOKEN, "X-Auth-Token: " DAEMON_TOKEN }, VERDICT_AMBIGUOUS,
		NULL },
	{ { "X-Auth-Token: wrong", "X-Auth-Token: " DAEMON_TOKEN }, VERDICT_AMBIGUOUS, NULL },
	{ { "Authorization: Bearer " DAEMON_TOKEN, "Authorization: Bearer " DAEMON_TOKEN },
		VERDICT_AMBIGUOUS, NULL },
	{ { "Authorization: Basic dTpw", "Authorization: Bearer " DAEMON_TOKEN }, VERDICT_AMBIGUOUS,
		NULL },
	ONLY("records"),
	ONLY("audio"),
	ONLY("history"),
	ONLY("cel"),
	ONLY("write"),
	ONLY("metrics"),
	ALL_BUT("records"),
	ALL_BUT("audio"),
	ALL_BUT("history"),
	ALL_BUT("cel"),
	ALL_BUT("write"),
	ALL_BUT("metrics"),
};

/* HEAD works wherever GET does. */
static bool
is_allowed(const struct door *door, const char *method)
{
	return strcmp(door->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

static bool
opens(const struct state *state, const struct door *door)
{
	bool is_its_own = state->scope != NULL && strcmp(state->scope, door->scope) == 0;

	if (state->verdict == VERDICT_ALL || *door->scope == '\0')
		return true;
	return is_its_own == (state->verdict == VERDICT_ONLY);
}

/* The contract's order: token, path, method, scope, then what the request says. */
static long
expected(const struct door *door, const char *method, const struct state *state)
{
	if (state->verdict == VERDICT_AMBIGUOUS)
		return 400;
	if (state->verdict == VERDICT_UNKNOWN && (door->scope == NULL || *door->scope != '\0'))
		return 401;
	if (door->route == NULL)
		return 404;
	if (!is_allowed(door, method))
		return 405;
	return opens(state, door) ? door->status : 403;
}

/* The reply to a stream ends with its head, as it would never end. */
static long
stream_status(const struct door *door, const char *method, const struct state *state)
{
	struct raw_client *client = raw_open();
	char seen[4096];
	long status = 0;

	raw_send(client, scratch_format("%s %s HTTP/1.1\r\nHost: x\r\n", method, door->target));
	for (int i = 0; state->fields[i] != NULL; i++) {
		size_t name = strcspn(state->fields[i], ":;");

		raw_send(client, scratch_format("%.*s:%s\r\n", (int)name, state->fields[i],
					 state->fields[i] + name + 1));
	}
	raw_send(client, "\r\n");
	ck_assert(raw_peek_until(client, "\r\n\r\n", seen, sizeof seen, 10000));
	ck_assert_int_eq(sscanf(seen, "HTTP/1.1 %ld", &status), 1);
	raw_close(client);
	return status;
}

static long
status_of(const struct door *door, const char *method, const struct state *state)
{
	bool has_body = door->body != NULL && strcmp(method, door->method) == 0;

	if (strstr(door->target, "/stream") != NULL)
		return stream_status(door, method, state);
	return http_send(&(struct http_request){ .method = method,
				 .target = door->target,
				 .body = has_body ? scratch_quotes(door->body) : NULL,
				 .without_token = true,
				 .fields = state->fields })
		->status;
}

static void
try_door(const struct door *door)
{
	for (int i = 0; i < HARNESS_COUNT(methods) * HARNESS_COUNT(states); i++) {
		const char *method = methods[i % HARNESS_COUNT(methods)];
		const struct state *state = &states[i / HARNESS_COUNT(methods)];
		long status = status_of(door, method, state);
		long wanted = expected(door, method, state);

		ck_assert_msg(status == wanted, "%s %s, %s, %s: %ld instead of %ld", method,
			door->target, state->fields[0], state->fields[1], status, wanted);
	}
}

START_TEST(test_doors)
{
	fixture_audio("rec-1.wav", "x", 1);
	daemon_restart("auth.tokens_file", named_tokens_write(named_tokens_each()), NULL);
	for (int i = 0; i < HARNESS_COUNT(doors); i++)
		try_door(&doors[i]);
}
END_TEST

/* Refused by its length, with the rest dropped; whatever is asked for, open or not. */
START_TEST(test_megabyte)
{
	const char *token = scratch_repeat("s3cret-token", (1 << 20) / 12);
	static const char *const names[] = { "X-Auth-Token: ", "Authorization: Bearer " };

	for (int i = 0; i < HARNESS_COUNT(doors) * HARNESS_COUNT(methods); i++) {
		struct raw_client *client = raw_open();
		const char *method = methods[i % HARNESS_COUNT(methods)];
		const struct reply *reply;

		raw_send(client, scratch_format("%s %s HTTP/1.1\r\nHost: x\r\n%s", method,
					 doors[i / HARNESS_COUNT(methods)].target,
					 names[i % HARNESS_COUNT(names)]));
		raw_send(client, token);
		raw_send(client, "\r\n\r\n");
		reply = strcmp(method, "HEAD") == 0 ? raw_head_reply(client, 10000)
						    : raw_reply(client, 10000);
		ck_assert_msg(
			reply != NULL, "%s %s", method, doors[i / HARNESS_COUNT(methods)].target);
		expect_status(reply, 431);
		raw_close(client);
	}
}
END_TEST

/* The table above has every route that there is. */
START_TEST(test_every_route)
{
	const char *text = http_get("/recording/metrics")->body;
	int found = 0;

	while ((text = strstr(text, "_count{route=\"")) != NULL) {
		const char *route = text += strlen("_count{route=\"");
		size_t length = strcspn(route, "\"");
		int i = 0;

		/* Requests of no route, and polls that wait. */
		if (*route != '/' || memchr(route, '?', length) != NULL)
			continue;
		while (i < HARNESS_COUNT(doors) &&
			(doors[i].route == NULL || strlen(doors[i].route) != length ||
				memcmp(doors[i].route, route, length) != 0))
			i++;
		ck_assert_msg(i < HARNESS_COUNT(doors), "%.*s is not tested", (int)length, route);
		found++;
	}
	ck_assert_int_ge(found, 12);
}
END_TEST

static Suite *
access_suite(void)
{
	Suite *suite = suite_create("access");

	harness_add(suite, "every route", test_every_route);
	harness_add(suite, "megabyte", test_megabyte);
	harness_add(suite, "doors", test_doors);
	return suite;
}

HARNESS_MAIN(access_suite)
