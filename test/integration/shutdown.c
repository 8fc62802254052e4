/* SIGTERM, SIGINT and SIGHUP. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define CEL                                                                                        \
	"GET /recording/cel?from=10&limit=1 HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN    \
	"\r\n\r\n"

static bool
runs_one(void *unused)
{
	(void)unused;
	return sql_active_statements() == 1;
}

static bool
refuses(void *unused)
{
	(void)unused;
	return http_probe() == 0;
}

/* Requests in flight are answered, idle connections closed, new ones refused. */
static void
expect_drain(int number)
{
	PGconn *session = sql_session();
	struct raw_client *busy = raw_open(), *idle = raw_open(), *half = raw_open();
	const struct reply *reply;

	raw_send(idle, CEL);
	ck_assert_ptr_nonnull(raw_reply(idle, 5000));
	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	raw_send(half, "GET /recording/health HTTP/1.1\r\nHo");
	raw_send(busy, CEL CEL);
	ck_assert(wait_until(runs_one, NULL, 5000));
	daemon_signal(number);
	ck_assert(raw_is_closed(idle, 5000));
	ck_assert(wait_until(refuses, NULL, 5000));
	ck_assert_int_eq(daemon_wait(200), -1);
	sql_session_run(session, "COMMIT");
	reply = raw_reply(busy, 5000);
	ck_assert_ptr_nonnull(reply);
	expect_status(reply, 200);
	ck_assert_str_eq(reply_field(reply, "Connection"), "close");
	ck_assert(raw_is_closed(busy, 5000));
	ck_assert_int_eq(daemon_wait(10000), 0);
}

START_TEST(test_term)
{
	expect_drain(SIGTERM);
}
END_TEST

START_TEST(test_int)
{
	expect_drain(SIGINT);
}
END_TEST

/* A second signal does not wait. */
START_TEST(test_twice)
{
	PGconn *session = sql_session();
	struct raw_client *busy = raw_open();

	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	raw_send(busy, CEL);
	ck_assert(wait_until(runs_one, NULL, 5000));
	daemon_signal(SIGTERM);
	ck_assert_int_eq(daemon_wait(300), -1);
	daemon_signal(SIGTERM);
	ck_assert_int_eq(daemon_wait(5000), 0);
	ck_assert_ptr_null(raw_reply(busy, 1000));
}
END_TEST

START_TEST(test_under_load)
{
	struct raw_client *clients[40];

	for (int i = 0; i < HARNESS_COUNT(clients); i++) {
		clients[i] = raw_open();
		raw_send(clients[i], CEL);
	}
	daemon_signal(SIGTERM);
	/* Who was read before the signal has an answer; nobody gets a part of one. */
	for (int i = 0; i < HARNESS_COUNT(clients); i++) {
		const struct reply *reply = raw_reply(clients[i], 5000);

		ck_assert(reply == NULL || reply->status == 200);
		ck_assert(raw_is_closed(clients[i], 5000));
	}
	ck_assert_int_eq(daemon_wait(10000), 0);
}
END_TEST

static const struct reply *
get_with(const char *token)
{
	const char *const fields[] = { scratch_format("X-Auth-Token: %s", token), NULL };

	return http_send(&(struct http_request){ .target = "/recording/cel?from=10&limit=2",
		.without_token = true,
		.fields = fields });
}

static bool
takes_token(void *token)
{
	return get_with(token)->status == 200;
}

/* The new values hold for the next request; nobody is disconnected. */
START_TEST(test_reload)
{
	struct raw_client *client = raw_open();
	static char new_token[] = "another";

	raw_send(client, CEL);
	ck_assert_int_eq(raw_reply(client, 5000)->status, 200);
	daemon_configure(
		"auth.token", new_token, "cel.max_limit", "1", "cel.default_limit", "1", NULL);
	daemon_signal(SIGHUP);
	ck_assert(wait_until(takes_token, new_token, 5000) || get_with(new_token)->status == 400);
	expect_error(get_with(DAEMON_TOKEN), 401, "unauthorized", NULL);
	expect_error(get_with(new_token), 400, "invalid_parameter", "limit", NULL);
	raw_send(client, CEL);
	ck_assert_int_eq(raw_reply(client, 5000)->status, 401);
}
END_TEST

START_TEST(test_bad_reload)
{
	daemon_configure("cel.default_limit", "none", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("default_limit"));
	expect_status(http_get("/recording/cel"), 200);
	daemon_configure("server.listen", "127.0.0.1:1", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("server.listen"));
	expect_status(http_get("/recording/cel"), 200);
}
END_TEST

static Suite *
shutdown_suite(void)
{
	Suite *suite = suite_create("shutdown");

	harness_add(suite, "SIGTERM", test_term);
	harness_add(suite, "SIGINT", test_int);
	harness_add(suite, "twice", test_twice);
	harness_add(suite, "under load", test_under_load);
	harness_add(suite, "reload", test_reload);
	harness_add(suite, "bad reload", test_bad_reload);
	return suite;
}

HARNESS_MAIN(shutdown_suite)
