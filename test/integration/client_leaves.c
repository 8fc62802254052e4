/* Clients that go away in the middle: their query is cancelled, nobody else notices. */
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

#define SEARCH                                                                                     \
	"POST /recording/records/search HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN        \
	"\r\nContent-Length: 2\r\n\r\n{}"
#define CEL "GET /recording/cel HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN "\r\n\r\n"
#define ATTACH                                                                                     \
	"POST /recording/call_data/7/attached_data HTTP/1.1\r\nHost: "                             \
	"x\r\nX-Auth-Token: " DAEMON_TOKEN                                                         \
	"\r\nContent-Length: 59\r\n\r\n[{\"key\":\"gone\",\"value\":\"x\"},{\"key\":\"gone "       \
	"too\",\"value\":\"y\"}]"
#define LAST_AGENT                                                                                 \
	"GET /recording/last_agent?callerNo=0612345678&since=36500 HTTP/1.1\r\nHost: x\r\n"        \
	"X-Auth-Token: " DAEMON_TOKEN "\r\n\r\n"
#define HEALTH "GET /recording/health HTTP/1.1\r\nHost: x\r\n\r\n"
#define STREAM                                                                                     \
	"GET /recording/cel/stream HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN "\r\n\r\n"

static bool
runs(void *count)
{
	return sql_active_statements() == *(long *)count;
}

static void
wait_for_statements(long count, long timeout_ms)
{
	ck_assert_msg(wait_until(runs, &count, timeout_ms), "%ld statements run, not %ld",
		sql_active_statements(), count);
}

#define OTHER_CEL  "/recording/cel?from=10&limit=1"
#define OTHER_CALL "/recording/last_agent?callerNo=0612345678&since=36500"

enum leaving { CLOSE, RESET, SHUT_DOWN };

struct leaving_row {
	const char *request;
	const char *table;
	const char *other; /* that does not need the table */
	enum leaving leaving;
};

static const struct leaving_row leavings[] = {
	{ SEARCH, "call_data", OTHER_CEL, CLOSE },
	{ SEARCH, "call_data", OTHER_CEL, RESET },
	{ SEARCH, "call_data", OTHER_CEL, SHUT_DOWN },
	{ CEL, "cel", OTHER_CALL, CLOSE },
	{ CEL, "cel", OTHER_CALL, RESET },
	{ CEL, "cel", OTHER_CALL, SHUT_DOWN },
};

START_TEST(test_cancel)
{
	const struct leaving_row *row = &leavings[_i];
	PGconn *session = sql_session();
	struct raw_client *client = raw_open();

	sql_session_run(session,
		scratch_format("BEGIN; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", row->table));
	raw_send(client, row->request);
	wait_for_statements(1, 5000);
	if (row->leaving == CLOSE)
		raw_close(client);
	else if (row->leaving == RESET)
		raw_reset(client);
	else
		raw_shut_down(client);
	/* The lock is still held: only a cancellation ends the statement. */
	wait_for_statements(0, 3000);
	expect_status(http_get(row->other), 200);
	sql_session_run(session, "COMMIT");
	expect_status(http_get("/recording/cel?limit=1"), 200);
}
END_TEST

/* Of pipelined statements on one connection only the one that nobody wants ends. */
START_TEST(test_neighbours)
{
	PGconn *session = sql_session();
	struct http_pending *pending[12];
	struct raw_client *leaving;

	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	leaving = raw_open();
	raw_send(leaving, CEL);
	wait_for_statements(1, 5000);
	for (int i = 0; i < 12; i++)
		pending[i] = http_begin(
			&(struct http_request){ .target = "/recording/cel?from=10&limit=1" });
	raw_close(leaving);
	wait_ms(300);
	sql_session_run(session, "COMMIT");
	for (int i = 0; i < 12; i++) {
		const struct reply *reply = http_finish(pending[i]);

		expect_status(reply, 200);
		ck_assert_str_eq(json_text(reply, "0.id"), "10");
	}
}
END_TEST

/* An answer that takes no time reaches a client that has closed its sending side. */
START_TEST(test_half_closed)
{
	struct raw_client *client = raw_open();
	const struct reply *reply;

	raw_send(client, CEL);
	raw_shut_down(client);
	reply = raw_reply(client, 5000);
	ck_assert_ptr_nonnull(reply);
	expect_status(reply, 200);
	ck_assert(raw_is_closed(client, 5000));
}
END_TEST

/* So do those of a whole pipeline, in the middle of which one takes a moment. */
START_TEST(test_half_closed_pipeline)
{
	struct raw_client *client = raw_open();

	raw_send(client, LAST_AGENT HEALTH HEALTH CEL HEALTH);
	raw_shut_down(client);
	for (int i = 0; i < 5; i++) {
		const struct reply *reply = raw_reply(client, 5000);

		ck_assert_msg(reply != NULL, "no answer to request %d", i + 1);
		expect_status(reply, 200);
	}
	ck_assert(raw_is_closed(client, 5000));
}
END_TEST

/* What would go on for long ends soon, though its turn came after the client had ended. */
START_TEST(test_half_closed_behind)
{
	static const char *const requests[] = { LAST_AGENT CEL, LAST_AGENT STREAM };

	for (int i = 0; i < HARNESS_COUNT(requests); i++) {
		struct raw_client *client = raw_open();
		PGconn *session = sql_session();
		PGconn *other = sql_session();

		sql_session_run(other, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
		sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
		raw_send(client, requests[i]);
		wait_for_statements(1, 5000);
		raw_shut_down(client);
		wait_ms(50);
		sql_session_run(session, "COMMIT");
		expect_status(raw_reply(client, 5000), 200);
		(void)raw_skip(client, 100000, 3000);
		ck_assert_msg(raw_is_closed(client, 3000), "request %d goes on", i);
		sql_session_run(other, "COMMIT");
	}
}
END_TEST

/* With so much behind its request that it is not read from any more. */
START_TEST(test_leaves_pipeline)
{
	PGconn *session = sql_session();
	struct raw_client *client = raw_open();

	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	raw_send(client, SEARCH);
	for (int i = 0; i < 2000; i++)
		raw_send(client, HEALTH);
	wait_for_statements(1, 5000);
	wait_ms(100);
	raw_reset(client);
	wait_for_statements(0, 5000);
	sql_session_run(session, "COMMIT");
}
END_TEST

/* Streams whose clients have gone before their heads were written; nothing of them is left. */
START_TEST(test_stream_gone)
{
	for (int round = 0; round < 5; round++) {
		struct raw_client *clients[40];

		ck_assert_int_eq(kill(daemon_pid(), SIGSTOP), 0);
		for (int i = 0; i < HARNESS_COUNT(clients); i++) {
			clients[i] = raw_open();
			raw_send(clients[i], STREAM);
			raw_reset(clients[i]);
		}
		ck_assert_int_eq(kill(daemon_pid(), SIGCONT), 0);
		expect_status(http_get("/recording/cel?limit=1"), 200);
	}
	/* A leak is reported at the end of a daemon with sanitizers. */
	daemon_restart(NULL, NULL);
}
END_TEST

/* An empty line behind a request begins no other. */
START_TEST(test_empty_line)
{
	struct raw_client *client;

	daemon_restart("server.header_timeout", "300ms", NULL);
	client = raw_open();
	raw_send(client, HEALTH "\r\n");
	expect_status(raw_reply(client, 5000), 200);
	ck_assert_ptr_null(raw_reply(client, 800));
	ck_assert(!raw_is_closed(client, 10));
	raw_send(client, HEALTH);
	expect_status(raw_reply(client, 5000), 200);
	daemon_restart(NULL, NULL);
}
END_TEST

/* All pairs or none, also when nobody waits for the answer. */
START_TEST(test_write)
{
	PGconn *session = sql_session();
	struct raw_client *client = raw_open();
	long rows;

	sql_session_run(session, "BEGIN; LOCK TABLE attached_data IN ACCESS EXCLUSIVE MODE");
	raw_send(client, ATTACH);
	wait_for_statements(1, 5000);
	raw_reset(client);
	wait_ms(200);
	sql_session_run(session, "COMMIT");
	wait_for_statements(0, 5000);
	rows = sql_number("SELECT count(*) FROM attached_data WHERE key IN ('gone', 'gone too')");
	ck_assert_msg(rows == 0 || rows == 2, "%ld of 2 pairs", rows);
	ck_assert_int_eq(sql_number("SELECT count(*) FROM pg_stat_activity WHERE usename ="
				    " 'recordingd' AND state LIKE 'idle in transaction%%'"),
		0);
}
END_TEST

/* Many at once, in every state of a request. */
START_TEST(test_crowd)
{
	static const char *const pieces[] = { "", "GET", "GET /recording/cel HTTP/1.1\r\nHost",
		"POST /recording/records/search HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN
		"\r\nContent-Length: 200\r\n\r\n{",
		SEARCH, CEL, CEL CEL CEL, SEARCH CEL "GET /" };
	PGconn *session = sql_session();
	struct raw_client *clients[160];

	sql_session_run(session, "BEGIN; LOCK TABLE cel, call_data IN ACCESS EXCLUSIVE MODE");
	for (int i = 0; i < HARNESS_COUNT(clients); i++) {
		clients[i] = raw_open();
		raw_send(clients[i], pieces[i % HARNESS_COUNT(pieces)]);
	}
	for (int i = 0; i < HARNESS_COUNT(clients); i++) {
		if (i % 3 == 0)
			raw_reset(clients[i]);
		else
			raw_close(clients[i]);
	}
	wait_for_statements(0, 5000);
	sql_session_run(session, "COMMIT");
	for (int i = 0; i < 20; i++)
		expect_status(http_get("/recording/cel?limit=1"), 200);
}
END_TEST

static Suite *
client_leaves_suite(void)
{
	Suite *suite = suite_create("client_leaves");

	harness_add_loop(suite, "cancel", test_cancel, HARNESS_COUNT(leavings));
	harness_add(suite, "neighbours", test_neighbours);
	harness_add(suite, "half closed", test_half_closed);
	harness_add(suite, "half closed pipeline", test_half_closed_pipeline);
	harness_add(suite, "half closed behind", test_half_closed_behind);
	harness_add(suite, "leaves pipeline", test_leaves_pipeline);
	harness_add(suite, "stream gone", test_stream_gone);
	harness_add(suite, "empty line", test_empty_line);
	harness_add(suite, "write", test_write);
	harness_add(suite, "crowd", test_crowd);
	return suite;
}

HARNESS_MAIN(client_leaves_suite)
