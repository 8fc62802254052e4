/* SIGTERM and SIGINT: who is still answered, and how long that may take. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "support/cel_rows.h"
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

static long
exit_within(long timeout_ms, long *took_ms)
{
	long began_ms = wait_now_ms();
	int status = daemon_wait(timeout_ms);

	*took_ms = wait_now_ms() - began_ms;
	return status;
}

/* Requests that take longer than they may are given up; the exit is a good one all the same. */
START_TEST(test_drain_timeout)
{
	PGconn *session = sql_session();
	struct raw_client *busy;
	long took_ms;

	daemon_restart("server.drain_timeout", "1h", NULL);
	/* As a reload has it. */
	daemon_configure("server.drain_timeout", "400ms", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs(">reloaded"));
	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	busy = raw_open();
	raw_send(busy, CEL);
	ck_assert(wait_until(runs_one, NULL, 5000));
	daemon_signal(SIGTERM);
	ck_assert_int_eq(exit_within(8000, &took_ms), 0);
	ck_assert_int_ge(took_ms, 300);
	ck_assert(daemon_logs("took too long"));
	ck_assert_ptr_null(raw_reply(busy, 1000));
}
END_TEST

/* A client that is connected and has not asked yet is answered: nobody else would do it. */
START_TEST(test_new_client)
{
	struct raw_client *fresh = raw_open();
	struct raw_client *half = raw_open();
	const struct reply *reply;

	/* Accepted when a later one has its answer. */
	raw_send(half, "GET /recording/health HTTP/1.1\r\nHo");
	expect_status(http_get("/recording/health"), 200);
	daemon_signal(SIGTERM);
	ck_assert(wait_until(refuses, NULL, 5000));
	raw_send(fresh, CEL);
	raw_send(half, "st: x\r\n\r\n");
	reply = raw_reply(fresh, 5000);
	ck_assert_ptr_nonnull(reply);
	expect_status(reply, 200);
	ck_assert_str_eq(reply_field(reply, "Connection"), "close");
	reply = raw_reply(half, 5000);
	ck_assert_ptr_nonnull(reply);
	ck_assert_str_eq(reply_field(reply, "Connection"), "close");
	raw_close(fresh);
	raw_close(half);
	ck_assert_int_eq(daemon_wait(10000), 0);
}
END_TEST

/* One that never asks holds up the end for a moment only. */
START_TEST(test_silent_client)
{
	struct raw_client *silent = raw_open();
	struct raw_client *half = raw_open();
	long took_ms;

	raw_send(half, "GET /recording/health HTTP/1.1\r\nHo");
	expect_status(http_get("/recording/health"), 200);
	daemon_signal(SIGTERM);
	ck_assert(raw_is_closed(silent, 8000));
	ck_assert_int_eq(raw_reply(half, 8000)->status, 408);
	raw_close(half);
	ck_assert_int_eq(exit_within(8000, &took_ms), 0);
}
END_TEST

/* A poll that comes while recordingd stops does not wait for rows. */
START_TEST(test_late_poll)
{
	long last = cel_rows_clear_end();
	struct raw_client *late = raw_open();
	const struct reply *reply;

	expect_status(http_get("/recording/health"), 200);
	daemon_signal(SIGTERM);
	ck_assert(wait_until(refuses, NULL, 5000));
	raw_send(late, scratch_format("GET /recording/cel?from=%ld&wait=60 HTTP/1.1\r\nHost: x\r\n"
				      "X-Auth-Token: %s\r\n\r\n",
			       last + 1, DAEMON_TOKEN));
	reply = raw_reply(late, 5000);
	ck_assert_ptr_nonnull(reply);
	expect_json(reply, 200, "[]");
	raw_close(late);
	ck_assert_int_eq(daemon_wait(5000), 0);
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
	harness_add(suite, "drain_timeout", test_drain_timeout);
	harness_add(suite, "new client", test_new_client);
	harness_add(suite, "silent client", test_silent_client);
	harness_add(suite, "late poll", test_late_poll);
	return suite;
}

HARNESS_MAIN(shutdown_suite)
