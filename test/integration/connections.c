/* Timeouts, pipelines, slow readers, many clients, and the kinds of addresses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/figures.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define TOKEN_FIELD "Host: x\r\nX-Auth-Token: " DAEMON_TOKEN "\r\n"
#define HEALTH	    "GET /recording/health HTTP/1.1\r\nHost: x\r\n\r\n"
#define CEL(query)  "GET /recording/cel?" query " HTTP/1.1\r\n" TOKEN_FIELD "\r\n"
#define SEARCH                                                                                     \
	"POST /recording/records/search HTTP/1.1\r\n" TOKEN_FIELD "Content-Length: 2\r\n\r\n{}"

static void
expect_close_after(struct raw_client *client, long from_ms, long at_least_ms)
{
	ck_assert(raw_is_closed(client, 5000));
	ck_assert_int_ge(wait_now_ms() - from_ms, at_least_ms);
}

static void
expect_408(struct raw_client *client)
{
	const struct reply *reply = raw_reply(client, 5000);

	ck_assert_ptr_nonnull(reply);
	expect_error(reply, 408, "request_timeout", NULL);
	ck_assert(raw_is_closed(client, 5000));
}

START_TEST(test_idle)
{
	struct raw_client *fresh, *served;
	long begin_ms;

	daemon_restart("server.idle_timeout", "500ms", NULL);
	fresh = raw_open();
	served = raw_open();
	begin_ms = wait_now_ms();
	raw_send(served, HEALTH);
	ck_assert_int_eq(raw_reply(served, 5000)->status, 200);
	expect_close_after(fresh, begin_ms, 400);
	expect_close_after(served, begin_ms, 400);
}
END_TEST

/* The time counts from the first byte: a client that drips gains none. */
START_TEST(test_header_timeout)
{
	struct raw_client *client;
	long begin_ms;

	daemon_restart("server.header_timeout", "600ms", NULL);
	client = raw_open();
	begin_ms = wait_now_ms();
	raw_send(client, "GET /recording/health HTTP/1.1\r\nHost: x\r\nA: ");
	while (wait_now_ms() - begin_ms < 500) {
		raw_send(client, "a");
		wait_ms(50);
	}
	expect_408(client);
	ck_assert_int_lt(wait_now_ms() - begin_ms, 3000);
}
END_TEST

START_TEST(test_body_timeout)
{
	struct raw_client *client;
	long begin_ms;

	daemon_restart("server.body_timeout", "600ms", NULL);
	client = raw_open();
	begin_ms = wait_now_ms();
	raw_send(client, "POST /recording/records/search HTTP/1.1\r\n" TOKEN_FIELD
			 "Content-Length: 1000\r\n\r\n{");
	while (wait_now_ms() - begin_ms < 500) {
		raw_send(client, " ");
		wait_ms(50);
	}
	expect_408(client);
	ck_assert_int_lt(wait_now_ms() - begin_ms, 3000);
}
END_TEST

/* In the order of the requests, although the first one takes longest. */
START_TEST(test_pipeline)
{
	PGconn *session = sql_session();
	struct raw_client *client = raw_open();

	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	raw_send(client, SEARCH HEALTH CEL("from=10&limit=1") HEALTH);
	ck_assert_ptr_null(raw_reply(client, 300));
	sql_session_run(session, "COMMIT");
	ck_assert_ptr_nonnull(strstr(raw_reply(client, 5000)->body, "hasNext"));
	ck_assert_ptr_nonnull(strstr(raw_reply(client, 5000)->body, "status"));
	ck_assert_ptr_nonnull(strstr(raw_reply(client, 5000)->body, "CHAN_START"));
	ck_assert_ptr_nonnull(strstr(raw_reply(client, 5000)->body, "status"));
}
END_TEST

START_TEST(test_long_pipeline)
{
	struct raw_client *client = raw_open();

	for (int i = 0; i < 500; i++)
		ck_assert(raw_send(client,
			scratch_format("GET /recording/cel?from=%d&limit=1 HTTP/1.1\r\n" TOKEN_FIELD
				       "\r\n",
				10 + i % 2)));
	for (int i = 0; i < 500; i++) {
		const struct reply *reply = raw_reply(client, 10000);

		ck_assert_ptr_nonnull(reply);
		ck_assert_str_eq(json_text(reply, "0.id"), scratch_format("%d", 10 + i % 2));
	}
}
END_TEST

static void
insert_many(void)
{
	sql_run("INSERT INTO cel (id, eventtype, eventtime, userdeftype, cid_name, cid_num, "
		"cid_ani,"
		" cid_rdnis, cid_dnid, exten, context, channame, appname, appdata, amaflags,"
		" accountcode, peeraccount, uniqueid, linkedid, userfield, peer)"
		" SELECT 50000 + n, 'CHAN_START', now(), '', repeat('n', 80), '', '', '', '', '', "
		"'',"
		" repeat('c', 80), '', '', 0, '', '', '', '', '', '' FROM generate_series(1, "
		"10000) n"
		" ON CONFLICT DO NOTHING");
}

/*
 * Clients that ask for 7 MB answers, again and again, and read nothing: each costs its own socket
 * and one answer, and nobody waits for them.
 */
START_TEST(test_slow_readers)
{
	struct raw_client *slow[8];
	long begin_ms;

	insert_many();
	for (int i = 0; i < HARNESS_COUNT(slow); i++) {
		slow[i] = raw_open_slow();
		for (int j = 0; j < 20; j++)
			raw_send(slow[i], CEL("from=50001&limit=10000"));
	}
	begin_ms = wait_now_ms();
	for (int i = 0; i < 50; i++) {
		expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
		expect_status(http_post("/recording/records/search", "{}"), 200);
	}
	/* No time limit but the one that says: not after the slow ones. */
	ck_assert_int_lt(wait_now_ms() - begin_ms, 30000);
	/* One answer each at most is held: 8 of 7 MB and what else the daemon needs. */
	ck_assert_int_lt(figures_resident_kib(), figures_are_instrumented() ? 1000000 : 150000);
	/* And they get whole answers when they do read. */
	ck_assert_uint_gt(raw_skip(slow[0], 15000000, 20000), 14000000);
}
END_TEST

START_TEST(test_slow_reader_times_out)
{
	struct raw_client *slow;

	daemon_restart("server.idle_timeout", "700ms", NULL);
	insert_many();
	slow = raw_open_slow();
	raw_send(slow, CEL("from=50001&limit=10000"));
	wait_ms(1500);
	/* What was in the sockets' buffers, and the end. */
	ck_assert_uint_lt(raw_skip(slow, 8000000, 5000), 7000000);
	ck_assert(raw_is_closed(slow, 5000));
}
END_TEST

static bool
was_taken(void *before_kib)
{
	return figures_resident_kib() > *(const long *)before_kib + 2500;
}

static bool
was_given_back(void *before_kib)
{
	return figures_resident_kib() < *(const long *)before_kib + 1500;
}

/*
 * Some answers of a MB at a time, less than what is given back at once: what they have taken goes
 * back in a while, although their clients stay. These read nothing at first, or each answer could
 * be gone before the next one begins.
 */
START_TEST(test_memory)
{
	struct raw_client *clients[10];
	long before_kib;

	insert_many();
	daemon_restart("cel.cache_size", "0", NULL);
	for (int i = 0; i < HARNESS_COUNT(clients); i++) {
		clients[i] = raw_open_slow();
		raw_send(clients[i], CEL("from=10&limit=1"));
		ck_assert_ptr_nonnull(raw_reply(clients[i], 5000));
	}
	before_kib = figures_resident_kib();
	for (int i = 0; i < HARNESS_COUNT(clients); i++)
		raw_send(clients[i],
			scratch_format(
				"GET /recording/cel?from=%d&limit=1500 HTTP/1.1\r\n" TOKEN_FIELD
				"\r\n",
				50001 + 100 * i));
	ck_assert_msg(wait_until(was_taken, &before_kib, 10000), "%ld KiB instead of %ld",
		figures_resident_kib(), before_kib);
	for (int i = 0; i < HARNESS_COUNT(clients); i++)
		ck_assert_ptr_nonnull(raw_reply(clients[i], 10000));
	/* A sanitizer's allocator keeps what it likes. */
	if (figures_are_instrumented())
		return;
	ck_assert_msg(wait_until(was_given_back, &before_kib, 10000), "%ld KiB instead of %ld",
		figures_resident_kib(), before_kib);
}
END_TEST

/* Beyond max_connections clients wait to be accepted; they are not refused. */
START_TEST(test_max_connections)
{
	struct raw_client *first[4], *waiting;

	daemon_restart("server.max_connections", "4", NULL);
	http_forget_connection();
	for (int i = 0; i < 4; i++) {
		first[i] = raw_open();
		raw_send(first[i], HEALTH);
		ck_assert_int_eq(raw_reply(first[i], 5000)->status, 200);
	}
	waiting = raw_open();
	raw_send(waiting, HEALTH);
	ck_assert_ptr_null(raw_reply(waiting, 300));
	raw_close(first[2]);
	ck_assert_int_eq(raw_reply(waiting, 5000)->status, 200);
	raw_send(first[0], HEALTH);
	ck_assert_int_eq(raw_reply(first[0], 5000)->status, 200);
	for (int i = 0; i < 4; i++)
		raw_close(first[i]);
}
END_TEST

START_TEST(test_addresses)
{
	const char *path = scratch_format("unix:%s", harness_path("http.socket"));
	int second_port = daemon_free_port();
	const char *const addresses[] = { path, scratch_format("%d", second_port) };

	daemon_restart(
		"server.listen", scratch_format("+127.0.0.1:%d , %s", second_port, path), NULL);
	for (int i = 0; i < HARNESS_COUNT(addresses); i++) {
		struct raw_client *client = raw_open_at(addresses[i]);

		raw_send(client, CEL("from=10&limit=1"));
		ck_assert_int_eq(raw_reply(client, 5000)->status, 200);
	}
	ck_assert_int_eq(http_probe(), 200);
}
END_TEST

START_TEST(test_http_1_0)
{
	struct raw_client *client = raw_open();

	raw_send(client, "GET /recording/health HTTP/1.0\r\n\r\n");
	ck_assert_int_eq(raw_reply(client, 5000)->status, 200);
	ck_assert(raw_is_closed(client, 5000));
	client = raw_open();
	raw_send(client, "GET /recording/health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" HEALTH);
	ck_assert_int_eq(raw_reply(client, 5000)->status, 200);
	ck_assert_int_eq(raw_reply(client, 5000)->status, 200);
}
END_TEST

START_TEST(test_crowd)
{
	struct raw_client *clients[300];

	for (int i = 0; i < HARNESS_COUNT(clients); i++)
		clients[i] = raw_open();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < HARNESS_COUNT(clients); i++)
			raw_send(clients[i], CEL("from=11&limit=2"));
		for (int i = 0; i < HARNESS_COUNT(clients); i++)
			ck_assert_int_eq(raw_reply(clients[i], 10000)->status, 200);
	}
}
END_TEST

static Suite *
connections_suite(void)
{
	Suite *suite = suite_create("connections");

	harness_add(suite, "idle timeout", test_idle);
	harness_add(suite, "header timeout", test_header_timeout);
	harness_add(suite, "body timeout", test_body_timeout);
	harness_add(suite, "pipeline", test_pipeline);
	harness_add(suite, "long pipeline", test_long_pipeline);
	harness_add(suite, "slow readers", test_slow_readers);
	harness_add(suite, "slow reader times out", test_slow_reader_times_out);
	harness_add(suite, "memory", test_memory);
	harness_add(suite, "max_connections", test_max_connections);
	harness_add(suite, "addresses", test_addresses);
	harness_add(suite, "HTTP/1.0", test_http_1_0);
	harness_add(suite, "crowd", test_crowd);
	return suite;
}

HARNESS_MAIN(connections_suite)
