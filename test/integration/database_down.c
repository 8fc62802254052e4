/* The database goes away, comes back, loses sessions, or is slow. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/proxy.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define CEL_REQUEST                                                                                \
	"GET /recording/cel?from=10&limit=3 HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN    \
	"\r\n\r\n"
#define SEARCH_REQUEST                                                                             \
	"POST /recording/records/search HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"              \
	"X-Auth-Token: " DAEMON_TOKEN "\r\n\r\n{}"

#define CALLID_REQUEST                                                                             \
	"POST /recording/records/callid_search?callid=none HTTP/1.1\r\nHost: x\r\n"                \
	"Content-Length: 0\r\nX-Auth-Token: " DAEMON_TOKEN "\r\n\r\n"

/* Backoff is at most a second and its jitter: with the scheduler's share, three. */
#define RECOVERY_MS 3000

/* Sessions that are told to end are gone after so long, on a busy machine, too. */
#define ENDING_MS 1000

static bool
is_ok(void *unused)
{
	(void)unused;
	return http_probe() == 200;
}

static bool
is_degraded(void *unused)
{
	(void)unused;
	return http_probe() == 503;
}

START_TEST(test_start_without)
{
	const struct reply *health;

	cluster_stop();
	sql_reconnect();
	daemon_restart_degraded("database.queue_timeout", "300ms", NULL);
	health = http_send(
		&(struct http_request){ .target = "/recording/health", .without_token = true });
	expect_status(health, 503);
	ck_assert_str_eq(json_text(health, "status"), "degraded");
	ck_assert_ptr_nonnull(strstr(health->body, "database"));
	expect_error(http_get("/recording/cel"), 503, "unavailable", NULL);
	expect_error(http_post("/recording/records/search", "{}"), 503, "unavailable", NULL);
	expect_error(http_post("/recording/call_data/1/attached_data", "[{'key':'a','value':'b'}]"),
		503, "unavailable", NULL);
	/* What is wrong with a request is said without a database. */
	expect_error(http_get("/recording/cel?limit=x"), 400, "invalid_parameter", "limit", NULL);
	cluster_ensure();
	ck_assert(wait_until(is_ok, NULL, RECOVERY_MS));
	expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
}
END_TEST

/* A request that waits is served by a database that comes back in time. */
START_TEST(test_comes_back_in_time)
{
	struct http_pending *pending;
	const struct reply *reply;

	daemon_restart("database.queue_timeout", "10s", NULL);
	cluster_stop();
	sql_reconnect();
	ck_assert(wait_until(is_degraded, NULL, RECOVERY_MS));
	pending = http_begin(&(struct http_request){ .target = "/recording/cel?from=10&limit=1" });
	cluster_ensure();
	reply = http_finish(pending);
	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, "0.id"), "10");
}
END_TEST

/* Those of both lanes; the pool of the default configuration. */
static bool
has_all_connections(void *unused)
{
	const struct reply *reply = http_get("/recording/metrics");

	(void)unused;
	return reply->status == 200 &&
	       strstr(reply->body, "\nrecordingd_database_connections_open 8\n") != NULL;
}

#define CLIENTS 24

static long
count_replies(struct raw_client **clients, long *unavailable)
{
	long served = 0;

	for (int i = 0; i < CLIENTS; i++) {
		const struct reply *reply = raw_reply(clients[i], 15000);

		ck_assert_msg(reply != NULL, "client %d gets no reply", i);
		ck_assert_msg(reply->status == 200 || reply->status == 503, "status %ld: %s",
			reply->status, reply->body);
		served += reply->status == 200;
		*unavailable += reply->status == 503;
	}
	return served;
}

static void
send_all(struct raw_client **clients)
{
	for (int i = 0; i < CLIENTS; i++)
		ck_assert(raw_send(clients[i], i % 2 == 0 ? CEL_REQUEST : SEARCH_REQUEST));
}

/* Every request gets one answer, on a connection that stays, whatever happens behind it. */
START_TEST(test_restart_under_load)
{
	struct raw_client *clients[CLIENTS];
	long unavailable = 0;

	daemon_restart("database.queue_timeout", "500ms", NULL);
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = raw_open();
	for (int round = 0; round < 4; round++) {
		send_all(clients);
		cluster_stop();
		sql_reconnect();
		count_replies(clients, &unavailable);
		send_all(clients);
		ck_assert_int_eq(count_replies(clients, &unavailable), 0);
		send_all(clients);
		cluster_ensure();
		count_replies(clients, &unavailable);
		ck_assert(wait_until(has_all_connections, NULL, RECOVERY_MS));
		send_all(clients);
		ck_assert_int_eq(count_replies(clients, &unavailable), CLIENTS);
	}
	ck_assert_int_ge(unavailable, 4 * CLIENTS);
}
END_TEST

/* Sessions that an administrator ends: what only reads runs again on another one. */
START_TEST(test_ended_sessions)
{
	struct raw_client *clients[CLIENTS];
	long unavailable = 0, served = 0;

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = raw_open();
	for (int round = 0; round < 10; round++) {
		send_all(clients);
		sql_run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
			" WHERE usename = 'recordingd'");
		served += count_replies(clients, &unavailable);
	}
	ck_assert_int_eq(served + unavailable, 10 * CLIENTS);
	/* Sessions that came up beside have answered maybe, before all others have come to their
	 * end. */
	wait_ms(ENDING_MS);
	ck_assert(wait_until(is_ok, NULL, RECOVERY_MS));
	send_all(clients);
	ck_assert_int_eq(count_replies(clients, &unavailable), CLIENTS);
}
END_TEST

/* One that was only being opened when the others ended comes to light behind them. */
static bool
ends_all_sessions(void *unused)
{
	(void)unused;
	sql_run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		" WHERE usename = 'recordingd'");
	return sql_number("SELECT count(*) FROM pg_stat_activity WHERE usename = 'recordingd'") ==
	       0;
}

static void
expect_served(struct raw_client *client)
{
	const struct reply *reply = raw_reply(client, 10000);

	ck_assert_msg(reply != NULL, "a client gets no reply");
	expect_status(reply, 200);
}

/*
 * libpq closes the socket of an ended session when something is sent there, and the next client
 * gets its number: all in the same turn of the loop, before the session's own end is read. So long
 * as the socket is watched, that client would never be heard.
 */
START_TEST(test_number_of_ended_session)
{
	struct raw_client *old_clients[8];
	struct raw_client *new_clients[4];

	daemon_restart("database.connections", "1", NULL);
	for (int i = 0; i < HARNESS_COUNT(old_clients); i++)
		old_clients[i] = raw_open();
	for (int round = 0; round < 3; round++) {
		ck_assert(wait_until(is_ok, NULL, RECOVERY_MS));
		ck_assert_int_eq(kill(daemon_pid(), SIGSTOP), 0);
		for (int i = 0; i < HARNESS_COUNT(old_clients); i++)
			ck_assert(raw_send(old_clients[i], CALLID_REQUEST));
		for (int i = 0; i < HARNESS_COUNT(new_clients); i++)
			new_clients[i] = raw_open();
		ck_assert(wait_until(ends_all_sessions, NULL, 5000));
		ck_assert_int_eq(kill(daemon_pid(), SIGCONT), 0);
		for (int i = 0; i < HARNESS_COUNT(old_clients); i++)
			expect_served(old_clients[i]);
		for (int i = 0; i < HARNESS_COUNT(new_clients); i++) {
			ck_assert(raw_send(new_clients[i], CALLID_REQUEST));
			expect_served(new_clients[i]);
		}
	}
}
END_TEST

static bool
has_active_statement(void *count)
{
	return sql_active_statements() == *(long *)count;
}

static void
wait_for_statements(long count)
{
	ck_assert_msg(wait_until(has_active_statement, &count, 5000), "%ld statements run, not %ld",
		sql_active_statements(), count);
}

/* One that waits for a lock is sent once more when its session ends, and answered. */
START_TEST(test_runs_again)
{
	PGconn *session = sql_session();
	struct http_pending *pending;

	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	pending = http_begin(&(struct http_request){ .target = "/recording/cel?from=10&limit=1" });
	wait_for_statements(1);
	sql_run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		" WHERE usename = 'recordingd' AND state = 'active'");
	sql_session_run(session, "COMMIT");
	expect_status(http_finish(pending), 200);
}
END_TEST

/* One that writes may have written: it is not sent again. */
START_TEST(test_write_is_not_repeated)
{
	PGconn *session = sql_session();
	struct http_pending *pending;

	sql_session_run(session, "BEGIN; LOCK TABLE attached_data IN ACCESS EXCLUSIVE MODE");
	pending = http_begin(
		&(struct http_request){ .target = "/recording/call_data/7/attached_data",
			.body = "[{\"key\":\"lost\",\"value\":\"x\"}]" });
	wait_for_statements(1);
	sql_run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		" WHERE usename = 'recordingd' AND state = 'active'");
	sql_session_run(session, "COMMIT");
	expect_error(http_finish(pending), 503, "unavailable", NULL);
	ck_assert_int_eq(sql_number("SELECT count(*) FROM attached_data WHERE key = 'lost'"), 0);
}
END_TEST

START_TEST(test_statement_timeout)
{
	PGconn *session = sql_session();
	long begin_ms;

	daemon_restart("database.statement_timeout", "400ms", NULL);
	sql_session_run(session, "BEGIN; LOCK TABLE cel, call_data IN ACCESS EXCLUSIVE MODE");
	begin_ms = wait_now_ms();
	expect_error(http_get("/recording/cel"), 504, "timeout", NULL);
	expect_error(http_post("/recording/records/search", "{}"), 504, "timeout", NULL);
	expect_error(
		http_post("/recording/history", "{'interface':'SIP/a'}"), 504, "timeout", NULL);
	ck_assert_int_ge(wait_now_ms() - begin_ms, 3 * 350);
	/* What timed out is no longer run. */
	wait_for_statements(0);
	sql_session_run(session, "COMMIT");
	expect_status(http_get("/recording/cel"), 200);
	expect_status(http_post("/recording/records/search", "{}"), 200);
}
END_TEST

/* Slow searches fill their own connections only. */
START_TEST(test_queue_timeout)
{
	PGconn *session = sql_session();
	struct http_pending *slow[4];

	daemon_restart("database.queue_timeout", "400ms", NULL);
	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	for (int i = 0; i < 4; i++)
		slow[i] = http_begin(&(struct http_request){
			.target = "/recording/records/search", .body = "{}" });
	wait_for_statements(4);
	expect_error(http_post("/recording/records/search", "{}"), 503, "unavailable", NULL);
	for (int i = 0; i < 20; i++)
		expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
	sql_session_run(session, "COMMIT");
	for (int i = 0; i < 4; i++)
		expect_status(http_finish(slow[i]), 200);
}
END_TEST

/* As many searches at once as they have connections; also where none would be left for others. */
START_TEST(test_search_connections)
{
	static const struct {
		const char *connections, *searches;
		long running;
	} cases[] = { { "8", "1", 1 }, { "8", "3", 3 }, { "4", "9", 3 }, { "2", "0", 1 } };
	PGconn *session = sql_session();
	struct http_pending *slow[4];

	daemon_restart("database.connections", cases[_i].connections, "database.search_connections",
		cases[_i].searches, NULL);
	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	for (int i = 0; i < HARNESS_COUNT(slow); i++)
		slow[i] = http_begin(&(struct http_request){
			.target = "/recording/records/search", .body = "{}" });
	wait_for_statements(cases[_i].running);
	expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
	ck_assert_int_eq(sql_active_statements(), cases[_i].running);
	sql_session_run(session, "COMMIT");
	for (int i = 0; i < HARNESS_COUNT(slow); i++)
		expect_status(http_finish(slow[i]), 200);
}
END_TEST

/* A new column order, a dropped index, a table made anew: plans that no longer fit. */
START_TEST(test_changed_schema)
{
	expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
	sql_run("ALTER TABLE cel ALTER COLUMN exten TYPE varchar(200)");
	for (int i = 0; i < 20; i++)
		expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
	sql_run("ALTER TABLE cel RENAME TO cel_away");
	expect_error(http_get("/recording/cel?from=10&limit=1"), 500, "internal", NULL);
	ck_assert_ptr_null(strstr(http_get("/recording/cel?from=10&limit=1")->body, "cel"));
	ck_assert(daemon_logs("does not exist"));
	expect_status(http_post("/recording/records/search", "{}"), 200);
	sql_run("ALTER TABLE cel_away RENAME TO cel");
	for (int i = 0; i < 20; i++)
		expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
}
END_TEST

/* No connection has come for a while. */
static void
wait_for_quiet(void)
{
	long before;

	do {
		before = proxy_arrivals();
		wait_ms(300);
	} while (proxy_arrivals() != before);
}

static bool
has_arrived(void *before)
{
	return proxy_arrivals() > *(const long *)before;
}

/* PostgreSQL is starting, until every pause between tries is of half a second at least. */
static void
start_slowly(void)
{
	proxy_set_mode(PROXY_REFUSE);
	wait_ms(100);
	proxy_set_mode(PROXY_STARTING);
	wait_ms(3000);
}

/* One try is still under way when the others have sessions, and then told the same as before. */
static bool
is_tried_again_at_once(void)
{
	long before;

	start_slowly();
	proxy_set_mode(PROXY_STARTING_FOR_ONE);
	ck_assert(wait_until(is_ok, NULL, RECOVERY_MS));
	wait_for_quiet();
	before = proxy_arrivals();
	proxy_set_mode(PROXY_STARTING);
	return wait_until(has_arrived, &before, 400);
}

/*
 * A try that met a server which was only starting is followed by another at once when a session has
 * shown meanwhile that it is there. On a busy machine at once may be late; a pause is so each time.
 */
START_TEST(test_tries_beside_a_session)
{
	int port = proxy_start(harness_path("socket/.s.PGSQL.5432"));
	bool is_at_once = false;

	proxy_set_mode(PROXY_STARTING);
	daemon_restart_degraded("database.conninfo",
		scratch_format("host=127.0.0.1 port=%d user=recordingd dbname=" CLUSTER_DATABASE
			       " sslmode=disable gssencmode=disable",
			port),
		NULL);
	for (int round = 0; round < 4 && !is_at_once; round++)
		is_at_once = is_tried_again_at_once();
	ck_assert(is_at_once);
	proxy_set_mode(PROXY_PASS);
}
END_TEST

static Suite *
database_down_suite(void)
{
	Suite *suite = suite_create("database_down");

	harness_add(suite, "start without", test_start_without);
	harness_add(suite, "comes back in time", test_comes_back_in_time);
	harness_add(suite, "restart under load", test_restart_under_load);
	harness_add(suite, "ended sessions", test_ended_sessions);
	harness_add(suite, "number of ended session", test_number_of_ended_session);
	harness_add(suite, "runs again", test_runs_again);
	harness_add(suite, "write is not repeated", test_write_is_not_repeated);
	harness_add(suite, "statement timeout", test_statement_timeout);
	harness_add(suite, "queue timeout", test_queue_timeout);
	harness_add_loop(suite, "search connections", test_search_connections, 4);
	harness_add(suite, "changed schema", test_changed_schema);
	harness_add(suite, "tries beside a session", test_tries_beside_a_session);
	return suite;
}

HARNESS_MAIN(database_down_suite)
