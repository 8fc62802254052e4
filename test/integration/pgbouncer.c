/*
 * Behind PgBouncer in transaction mode: each query may run in another session, which others use
 * before and after it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "support/cel_rows.h"
#include "support/cel_writers.h"
#include "support/cluster.h"
#include "support/collector.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/load.h"
#include "support/pooler.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define SOON_MS 20000

/* Far fewer sessions than recordingd has connections. */
#define SESSIONS 3

#define LOADS	   6
#define COLLECTORS 4

static void
start(int sessions, const char *key, const char *value)
{
	pooler_start(sessions);
	daemon_restart("database.conninfo", pooler_conninfo("recordingd", CLUSTER_DATABASE),
		"database.connections", "16", key, value, NULL);
}

/* Every kind of request, many at once, on few sessions: each its own answer. */
START_TEST(test_load)
{
	static const enum load_kind kinds[LOADS] = { LOAD_WRITES, LOAD_WRITES, LOAD_SEARCHES,
		LOAD_SEARCHES, LOAD_EVENTS, LOAD_EVENTS };
	struct load *loads[LOADS];

	start(SESSIONS, NULL, NULL);
	for (int i = 0; i < LOADS; i++)
		loads[i] = load_start(kinds[i], kinds[i] == LOAD_WRITES ? load_new_call() : 0);
	wait_ms(2000);
	for (int i = 0; i < LOADS; i++)
		load_stop(loads[i]);
	for (int i = 0; i < LOADS; i++) {
		const struct load_result *result = load_result(loads[i]);

		ck_assert_str_eq(result->wrong, "");
		ck_assert_int_gt(result->answers, 10);
		ck_assert_int_eq(result->refusals, 0);
	}
	ck_assert_int_le(sql_number("SELECT count(*) FROM pg_stat_activity"
				    " WHERE usename = 'recordingd'"),
		SESSIONS);
	ck_assert_ptr_null(strstr(daemon_log(), "prepared statement"));
}
END_TEST

static const struct {
	const char *target;
	const char *body;
} requests[] = {
	{ "/recording/records/search", "{'agent':'dalton','queue':'oneforone'}" },
	{ "/recording/records/callid_search?callid=1700000001.1", "" },
	{ "/recording/history?size=5", "{'interface':'SIP/az9kf7'}" },
	{ "/recording/history/agent?days=36500", "{'agentNum':'1004'}" },
	{ "/recording/history/customer", "{'filters':[]}" },
	{ "/recording/last_agent?callerNo=0612345678&since=36500", NULL },
	{ "/recording/cel?from=10&limit=50", NULL },
};

/* The same answers as without it, also from sessions that somebody has given other settings. */
START_TEST(test_settings)
{
	const char *direct[HARNESS_COUNT(requests)];
	PGconn *other;

	for (int i = 0; i < HARNESS_COUNT(requests); i++)
		direct[i] = requests[i].body == NULL
				    ? http_get(requests[i].target)->body
				    : http_post(requests[i].target, requests[i].body)->body;
	start(1, NULL, NULL);
	other = sql_session_at(pooler_conninfo("recordingd", CLUSTER_DATABASE));
	sql_session_run(other, "SET DateStyle = 'SQL, DMY'; SET statement_timeout = '1h'");
	for (int i = 0; i < HARNESS_COUNT(requests); i++) {
		const struct reply *reply = requests[i].body == NULL ? http_get(requests[i].target)
								     : http_post(requests[i].target,
									       requests[i].body);

		ck_assert_str_eq(reply->body, direct[i]);
	}
	/* And it leaves none behind. */
	ck_assert_str_eq(sql_session_value(other, "SHOW statement_timeout"), "1h");
}
END_TEST

static bool
runs_statements(void *count)
{
	return sql_active_statements() == *(long *)count;
}

START_TEST(test_statement_timeout)
{
	PGconn *session = sql_session();
	long begin_ms, count = 0;

	start(SESSIONS, "database.statement_timeout", "400ms");
	sql_session_run(session, "BEGIN; LOCK TABLE cel, call_data IN ACCESS EXCLUSIVE MODE");
	begin_ms = wait_now_ms();
	expect_error(http_get("/recording/cel"), 504, "timeout", NULL);
	expect_error(http_post("/recording/records/search", "{}"), 504, "timeout", NULL);
	ck_assert_int_ge(wait_now_ms() - begin_ms, 2 * 350);
	/* What timed out is no longer run. */
	ck_assert(wait_until(runs_statements, &count, 5000));
	sql_session_run(session, "COMMIT");
	expect_status(http_get("/recording/cel"), 200);
	expect_status(http_post("/recording/records/search", "{}"), 200);
}
END_TEST

/* A reload takes effect with the next query, without a word to the sessions. */
START_TEST(test_reload_timeout)
{
	PGconn *session = sql_session();

	start(SESSIONS, "database.statement_timeout", "20s");
	daemon_configure("database.conninfo", pooler_conninfo("recordingd", CLUSTER_DATABASE),
		"database.connections", "16", "database.statement_timeout", "400ms", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs(">reloaded"));
	sql_session_run(session, "BEGIN; LOCK TABLE cel, call_data IN ACCESS EXCLUSIVE MODE");
	expect_error(http_get("/recording/cel"), 504, "timeout", NULL);
	expect_error(http_post("/recording/records/search", "{}"), 504, "timeout", NULL);
	ck_assert_ptr_null(strstr(daemon_log(), "no answer from PostgreSQL"));
	sql_session_run(session, "COMMIT");
	expect_status(http_get("/recording/cel"), 200);
}
END_TEST

/* An error that elsewhere means an old plan is the statement's own here: no connection is to blame.
 */
START_TEST(test_own_error)
{
	sql_run("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
		" $$ BEGIN RAISE 'no such function' USING ERRCODE = '42883'; END $$;"
		"CREATE TRIGGER fail BEFORE INSERT ON attached_data FOR EACH ROW"
		" WHEN (NEW.key = 'fail') EXECUTE FUNCTION fail()");
	start(SESSIONS, "log.level", "debug");
	for (int i = 0; i < 3; i++)
		expect_error(http_post("/recording/call_data/5/attached_data",
				     "[{'key':'fail','value':''}]"),
			500, "internal", NULL);
	wait_ms(200);
	ck_assert_ptr_null(strstr(daemon_log(), "ready -> closed"));
	sql_run("DROP TRIGGER fail ON attached_data; DROP FUNCTION fail()");
}
END_TEST

/* What a client has left is cancelled, and nothing else. */
START_TEST(test_cancel)
{
	PGconn *session = sql_session();
	struct http_pending *left, *stays;
	long count = 2;

	start(4, NULL, NULL);
	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	left = http_begin(
		&(struct http_request){ .target = "/recording/records/search", .body = "{}" });
	stays = http_begin(&(struct http_request){
		.target = "/recording/records/search", .body = "{\"caller\":\"1002\"}" });
	ck_assert(wait_until(runs_statements, &count, SOON_MS));
	http_leave(left);
	count = 1;
	ck_assert(wait_until(runs_statements, &count, 5000));
	sql_session_run(session, "ROLLBACK");
	expect_status(http_finish(stays), 200);
}
END_TEST

static bool
is_ok(void *unused)
{
	(void)unused;
	return http_probe() == 200;
}

START_TEST(test_restart)
{
	start(SESSIONS, NULL, NULL);
	pooler_stop();
	pooler_start(SESSIONS);
	ck_assert(wait_until(is_ok, NULL, SOON_MS));
	expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
}
END_TEST

/* No row is lost or comes twice. */
START_TEST(test_collectors)
{
	struct collector *collectors[COLLECTORS];
	struct cel_writers *writers;
	long base = cel_rows_clear_end();
	long last;

	start(SESSIONS, "cel.max_staleness", "5ms");
	for (int i = 0; i < COLLECTORS; i++)
		collectors[i] = collector_start(
			(enum collector_kind)(i % COLLECTOR_KINDS), base + 1, false);
	writers = cel_writers_start(cluster_conninfo("postgres", CLUSTER_DATABASE), 4);
	wait_ms(2000);
	ck_assert_str_eq(cel_writers_stop(writers), "");
	last = sql_number("SELECT max(id) FROM cel");
	for (int i = 0; i < COLLECTORS; i++)
		ck_assert(collector_await(collectors[i], last, SOON_MS));
	collectors_stop(collectors, COLLECTORS);
	for (int i = 0; i < COLLECTORS; i++) {
		collector_expect(collectors[i], i, base + 1, sql_session());
		collector_free(collectors[i]);
	}
}
END_TEST

static Suite *
pgbouncer_suite(void)
{
	Suite *suite = suite_create("pgbouncer");

	harness_add(suite, "settings", test_settings);
	harness_add(suite, "statement timeout", test_statement_timeout);
	harness_add(suite, "reload timeout", test_reload_timeout);
	harness_add(suite, "own error", test_own_error);
	harness_add(suite, "cancel", test_cancel);
	harness_add(suite, "load", test_load);
	harness_add(suite, "restart", test_restart);
	harness_add(suite, "collectors", test_collectors);
	return suite;
}

HARNESS_MAIN(pgbouncer_suite)
