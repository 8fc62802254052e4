/*
 * server.max_connections_per_client: whose connections it counts, how it is told, and that those
 * who go make room. How clients are told apart is in test/unit/http/clients.c and forwarded.c.
 */
#include <signal.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define LIMIT  "server.max_connections_per_client"
#define HEALTH "GET /recording/health HTTP/1.1\r\nHost: x\r\n\r\n"

static void
expect_served(struct raw_client *client)
{
	const struct reply *reply;

	ck_assert(raw_send(client, HEALTH));
	reply = raw_reply(client, 5000);
	ck_assert_ptr_nonnull(reply);
	expect_status(reply, 200);
}

static void
expect_turned_away(struct raw_client *client)
{
	const struct reply *reply = raw_reply(client, 5000);

	ck_assert_ptr_nonnull(reply);
	expect_error(reply, 429, "too_many_requests", NULL);
	ck_assert_str_eq(reply_field(reply, "Connection"), "close");
	ck_assert(raw_is_closed(client, 5000));
}

static bool
has_connections(void *count)
{
	/* That of the one who asks comes on top. */
	const char *text = scratch_format("recordingd_http_connections %d\n", *(int *)count + 1);

	return strstr(http_get("/recording/metrics")->body, text) != NULL;
}

static void
await_connections(int count)
{
	ck_assert(wait_until(has_connections, &count, 5000));
}

/* Clients that come themselves: each connection counts for as long as it is open. */
START_TEST(test_direct)
{
	struct raw_client *first[3];

	daemon_restart(LIMIT, "3", NULL);
	for (int i = 0; i < 3; i++) {
		first[i] = raw_open_from("127.0.0.2");
		expect_served(first[i]);
	}
	expect_turned_away(raw_open_from("127.0.0.2"));
	/* Nobody else feels it, nor do those who are there. */
	expect_served(raw_open_from("127.0.0.3"));
	expect_served(first[0]);
	expect_served(first[2]);
	ck_assert(daemon_logs("127.0.0.2 has " LIMIT));
	raw_close(first[1]);
	await_connections(3);
	expect_served(raw_open_from("127.0.0.2"));
	expect_turned_away(raw_open_from("127.0.0.2"));
}
END_TEST

/* What the client has sent before it is turned away does not cost it the answer. */
START_TEST(test_turned_away_in_a_hurry)
{
	struct raw_client *first, *second;

	daemon_restart(LIMIT, "1", NULL);
	first = raw_open_from("127.0.0.2");
	expect_served(first);
	daemon_signal(SIGSTOP);
	second = raw_open_from("127.0.0.2");
	ck_assert(raw_send(second, HEALTH));
	daemon_signal(SIGCONT);
	expect_turned_away(second);
	ck_assert(!raw_was_reset(second));
}
END_TEST

/* A flood holds nothing: no connection, no memory, and everybody else's way in. */
START_TEST(test_flood)
{
	struct raw_client *kept[5];

	daemon_restart(LIMIT, "5", "server.max_connections", "20", NULL);
	for (int i = 0; i < 5; i++) {
		kept[i] = raw_open_from("127.0.0.2");
		expect_served(kept[i]);
	}
	for (int i = 0; i < 200; i++) {
		struct raw_client *client = raw_open_from("127.0.0.2");

		if (i % 2 == 0)
			expect_turned_away(client);
		else
			raw_reset(client);
		raw_close(client);
	}
	expect_served(raw_open_from("127.0.0.3"));
	ck_assert_ptr_nonnull(strstr(
		http_get("/recording/metrics")->body, "recordingd_http_client_limit_total 200\n"));
}
END_TEST

static struct http_request
request_for(const char *forwarded_for, const char *target)
{
	const char **fields = scratch_new(2 * sizeof *fields);

	fields[0] = scratch_format("X-Forwarded-For: %s", forwarded_for);
	return (struct http_request){ .target = target, .fields = fields };
}

static struct http_pending *
poll_for(const char *forwarded_for)
{
	struct http_request request = request_for(
		forwarded_for, "/recording/cel?from=2147483647&wait=20");

	return http_begin(&request);
}

static long
ask_for(const char *forwarded_for)
{
	struct http_request request = request_for(forwarded_for, "/recording/cel?limit=1");
	const struct reply *reply = http_send(&request);

	if (reply->status == 429)
		expect_error(reply, 429, "too_many_requests", NULL);
	return reply->status;
}

static bool
has_waiting(void *count)
{
	const char *text = scratch_format("recordingd_cel_waiting_clients %d\n", *(int *)count);

	return strstr(http_get("/recording/metrics")->body, text) != NULL;
}

static void
await_waiting(int count)
{
	ck_assert(wait_until(has_waiting, &count, 5000));
}

/* Behind a proxy requests count, while they are answered. */
START_TEST(test_forwarded)
{
	struct http_pending *polls[4];

	sql_run("DELETE FROM cel WHERE id = 2147483647");
	daemon_restart(LIMIT, "2", NULL);
	polls[0] = poll_for("192.0.2.1");
	polls[1] = poll_for("198.51.100.9, 192.0.2.1");
	polls[2] = poll_for("2001:db8::1");
	polls[3] = poll_for("2001:db8::2");
	await_waiting(4);
	ck_assert_int_eq(ask_for("192.0.2.1"), 429);
	ck_assert_int_eq(ask_for("192.0.2.1, 127.0.0.1"), 429);
	ck_assert_int_eq(ask_for("2001:db8::3"), 429);
	ck_assert_int_eq(ask_for("192.0.2.2"), 200);
	ck_assert_int_eq(ask_for("2001:db8:0:1::1"), 200);
	/* The address that was made up by 192.0.2.1. */
	ck_assert_int_eq(ask_for("198.51.100.9"), 200);
	/* The proxy itself, and what looks after recordingd beside it. */
	for (int i = 0; i < 3; i++)
		expect_status(http_get("/recording/health"), 200);
	http_leave(polls[0]);
	await_waiting(3);
	/* Requests that are answered at once never meet, whatever connection they come by. */
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(ask_for("192.0.2.1"), 200);
	for (int i = 1; i < 4; i++)
		http_leave(polls[i]);
}
END_TEST

/* A refused request leaves the proxy its connection, whatever body it has. */
START_TEST(test_forwarded_body)
{
	struct http_pending *poll;
	struct raw_client *client;

	sql_run("DELETE FROM cel WHERE id = 2147483647");
	daemon_restart(LIMIT, "1", NULL);
	poll = poll_for("192.0.2.1");
	await_waiting(1);
	client = raw_open();
	ck_assert(raw_send(client, "POST /recording/records/search HTTP/1.1\r\nHost: x\r\n"
				   "X-Forwarded-For: 192.0.2.1\r\nX-Auth-Token: " DAEMON_TOKEN
				   "\r\nContent-Length: 2\r\n\r\n{}" HEALTH));
	expect_error(raw_reply(client, 5000), 429, "too_many_requests", NULL);
	expect_status(raw_reply(client, 5000), 200);
	http_leave(poll);
}
END_TEST

static bool
is_let_in(void *unused)
{
	struct raw_client *client = raw_open_from("127.0.0.2");
	const struct reply *reply;

	(void)unused;
	(void)raw_send(client, HEALTH);
	reply = raw_reply(client, 5000);
	ck_assert_ptr_nonnull(reply);
	return reply->status == 200;
}

/* A reload sets, changes and ends it; connections that are there stay. */
START_TEST(test_reload)
{
	struct raw_client *first, *second;

	daemon_restart(LIMIT, "0", NULL);
	first = raw_open_from("127.0.0.2");
	expect_served(first);
	daemon_configure(LIMIT, "1", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("reloaded"));
	/* The first was not counted when it came; its requests are from now on. */
	expect_served(first);
	second = raw_open_from("127.0.0.2");
	expect_served(second);
	ck_assert(raw_send(first, HEALTH));
	expect_error(raw_reply(first, 5000), 429, "too_many_requests", NULL);
	expect_turned_away(raw_open_from("127.0.0.2"));
	daemon_configure(LIMIT, "0", NULL);
	daemon_signal(SIGHUP);
	ck_assert(wait_until(is_let_in, NULL, 5000));
	for (int i = 0; i < 5; i++)
		expect_served(raw_open_from("127.0.0.2"));
	expect_served(first);
	expect_served(second);
}
END_TEST

/* Nobody is trusted: what a client says of itself counts for nothing. */
START_TEST(test_nobody_is_trusted)
{
	struct raw_client *first;

	daemon_restart(LIMIT, "0", "server.trusted_proxies", "", NULL);
	http_forget_connection();
	daemon_configure(LIMIT, "1", "server.trusted_proxies", "", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("reloaded"));
	first = raw_open();
	ck_assert(raw_send(first, "GET /recording/health HTTP/1.1\r\nHost: x\r\n"
				  "X-Forwarded-For: 192.0.2.1\r\n\r\n"));
	expect_status(raw_reply(first, 5000), 200);
	expect_turned_away(raw_open());
}
END_TEST

static Suite *
client_limit_suite(void)
{
	Suite *suite = suite_create("client_limit");

	harness_add(suite, "direct", test_direct);
	harness_add(suite, "turned away in a hurry", test_turned_away_in_a_hurry);
	harness_add(suite, "flood", test_flood);
	harness_add(suite, "forwarded", test_forwarded);
	harness_add(suite, "forwarded body", test_forwarded_body);
	harness_add(suite, "reload", test_reload);
	harness_add(suite, "nobody is trusted", test_nobody_is_trusted);
	return suite;
}

HARNESS_MAIN(client_limit_suite)
