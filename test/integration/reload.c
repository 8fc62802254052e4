/*
 * SIGHUP: what holds from then on, that a bad file changes nothing, and what the log says. The
 * access log's neighbour is access_log.c; what systemd is told is in systemd.c.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define CEL                                                                                        \
	"GET /recording/cel?from=10&limit=1 HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN    \
	"\r\n\r\n"

/* The pool of the default configuration, and the session that cancels. */
#define SESSIONS 9

/* Tells the daemon to load what daemon_configure() has written, and waits until it has. */
static void
reload(void)
{
	size_t before = strlen(daemon_log());
	long deadline_ms = wait_now_ms() + 5000;

	daemon_signal(SIGHUP);
	while (strstr(daemon_log() + before, ">reloaded") == NULL) {
		ck_assert_int_lt(wait_now_ms(), deadline_ms);
		wait_ms(5);
	}
}

static const struct reply *
get_with(const char *token)
{
	const char *const fields[] = { scratch_format("X-Auth-Token: %s", token), NULL };

	return http_send(&(struct http_request){ .target = "/recording/cel?from=10&limit=2",
		.without_token = true,
		.fields = fields });
}

/* Sessions of recordingd, with the process id of each. */
static char *
session_list(void)
{
	return sql_list("SELECT pid FROM pg_stat_activity WHERE usename = 'recordingd' "
			"AND application_name <> 'psql' ORDER BY pid");
}

static bool
has_all_sessions(void *name)
{
	return sql_number("SELECT count(*) FROM pg_stat_activity WHERE usename = 'recordingd' "
			  "AND application_name = '%s' AND state = 'idle'",
		       (const char *)name) == SESSIONS;
}

static bool
runs_one(void *unused)
{
	(void)unused;
	return sql_active_statements() == 1;
}

/* The values hold for the next request; nobody is disconnected. */
START_TEST(test_values)
{
	struct raw_client *client = raw_open();

	raw_send(client, CEL);
	ck_assert_int_eq(raw_reply(client, 5000)->status, 200);
	daemon_configure(
		"auth.token", "another", "cel.max_limit", "1", "cel.default_limit", "1", NULL);
	reload();
	expect_error(get_with(DAEMON_TOKEN), 401, "unauthorized", NULL);
	expect_error(get_with("another"), 400, "invalid_parameter", "limit", NULL);
	raw_send(client, CEL);
	ck_assert_int_eq(raw_reply(client, 5000)->status, 401);
}
END_TEST

/* All or nothing: the good values before and behind a bad one do not count either. */
START_TEST(test_bad_file)
{
	daemon_configure("auth.token", "another", "database.queue_timeout", "none", "cel.max_limit",
		"1", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("keeping the old configuration"));
	ck_assert(daemon_logs("database.queue_timeout"));
	ck_assert_ptr_null(strstr(daemon_log(), "another"));
	expect_status(get_with(DAEMON_TOKEN), 200);
	expect_error(get_with("another"), 401, "unauthorized", NULL);
}
END_TEST

/* What only a start can change is named, and nothing else is. */
START_TEST(test_needs_restart)
{
	daemon_configure("server.listen", "127.0.0.1:1", "database.connections", "3",
		"server.max_connections", "20", "database.statement_timeout", "9s", NULL);
	reload();
	ck_assert(daemon_logs("server.listen takes effect at the next start"));
	ck_assert(daemon_logs("database.connections takes effect at the next start"));
	ck_assert_ptr_null(strstr(daemon_log(), "max_connections"));
	ck_assert_ptr_null(strstr(daemon_log(), "statement_timeout"));
	expect_status(http_get("/recording/cel?limit=1"), 200);
	ck_assert(wait_until(has_all_sessions, (void *)(uintptr_t) "recordingd", 5000));
}
END_TEST

START_TEST(test_max_connections)
{
	struct raw_client *first;
	struct raw_client *second;

	http_forget_connection();
	daemon_configure("server.max_connections", "1", NULL);
	reload();
	first = raw_open();
	raw_send(first, CEL);
	ck_assert_ptr_nonnull(raw_reply(first, 5000));
	second = raw_open();
	raw_send(second, CEL);
	ck_assert_ptr_null(raw_reply(second, 300));
	daemon_configure("server.max_connections", "2", NULL);
	daemon_signal(SIGHUP);
	ck_assert_ptr_nonnull(raw_reply(second, 5000));
	raw_close(first);
	raw_close(second);
}
END_TEST

/* Another folder for recordings, at once. */
START_TEST(test_audio_directory)
{
	const char *folder = harness_path("other-audio");
	FILE *file;

	fixture_audio("moved.wav", "old", 3);
	expect_status(http_get("/recording/records/moved/audio/listen"), 200);
	mkdir(folder, 0755);
	file = fopen(scratch_format("%s/moved.wav", folder), "w");
	ck_assert_ptr_nonnull(file);
	fputs("another", file);
	fclose(file);
	daemon_configure("audio.directory", folder, NULL);
	reload();
	ck_assert_str_eq(http_get("/recording/records/moved/audio/listen")->body, "another");
}
END_TEST

/*
 * Sessions that are open get the new timeout before their next statement: PostgreSQL itself ends
 * it, as the sessions go on, while recordingd would give up a silent one.
 */
START_TEST(test_statement_timeout)
{
	PGconn *session = sql_session();
	const char *before;
	long began_ms;

	ck_assert(wait_until(has_all_sessions, (void *)(uintptr_t) "recordingd", 5000));
	before = session_list();
	daemon_configure("database.statement_timeout", "300ms", NULL);
	reload();
	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	began_ms = wait_now_ms();
	expect_error(http_get("/recording/cel?limit=1"), 504, "timeout", NULL);
	ck_assert_int_lt(wait_now_ms() - began_ms, 8000);
	sql_session_run(session, "COMMIT");
	ck_assert_str_eq(session_list(), before);
	/* And longer again: what would have been too long is not. */
	daemon_configure("database.statement_timeout", "20s", NULL);
	reload();
	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	struct http_pending *pending = http_begin(
		&(struct http_request){ .target = "/recording/cel?limit=1" });

	ck_assert(wait_until(runs_one, NULL, 5000));
	wait_ms(1200);
	sql_session_run(session, "COMMIT");
	expect_status(http_finish(pending), 200);
	ck_assert_str_eq(session_list(), before);
}
END_TEST

START_TEST(test_queue_timeout)
{
	PGconn *session = sql_session();
	struct raw_client *busy;
	long began_ms;

	daemon_restart("database.connections", "1", NULL);
	daemon_configure("database.connections", "1", "database.queue_timeout", "200ms", NULL);
	reload();
	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	busy = raw_open();
	raw_send(busy, scratch_format("POST /recording/records/search HTTP/1.1\r\nHost: x\r\n"
				      "X-Auth-Token: %s\r\nContent-Length: 0\r\n\r\n",
			       DAEMON_TOKEN));
	ck_assert(wait_until(runs_one, NULL, 5000));
	began_ms = wait_now_ms();
	expect_error(http_post("/recording/records/search", "{}"), 503, "unavailable", NULL);
	ck_assert_int_lt(wait_now_ms() - began_ms, 4000);
	sql_session_run(session, "COMMIT");
	ck_assert_int_eq(raw_reply(busy, 10000)->status, 200);
}
END_TEST

static char *
named_conninfo(const char *name)
{
	return scratch_format(
		"%s application_name=%s", cluster_conninfo("recordingd", CLUSTER_DATABASE), name);
}

struct renewal {
	const char *name;
	unsigned answers;
};

/* Asks meanwhile: nobody may notice. */
static bool
is_renewed(void *context)
{
	struct renewal *renewal = context;

	expect_status(http_get("/recording/cel?limit=1"), 200);
	expect_status(http_post("/recording/records/search", "{}"), 200);
	renewal->answers++;
	return has_all_sessions((void *)(uintptr_t)renewal->name);
}

/* All sessions become new ones, one after the other, while requests are answered. */
START_TEST(test_conninfo)
{
	struct renewal renewal = { .name = "renamed" };

	ck_assert(wait_until(has_all_sessions, (void *)(uintptr_t) "recordingd", 5000));
	daemon_configure("database.conninfo", named_conninfo("renamed"), NULL);
	daemon_signal(SIGHUP);
	ck_assert(wait_until(is_renewed, &renewal, 10000));
	ck_assert_uint_gt(renewal.answers, 0);
	ck_assert(daemon_logs("all database connections are those of the new conninfo"));
	/* Back again, and another one before that is done. */
	daemon_configure("database.conninfo", named_conninfo("second"), NULL);
	daemon_signal(SIGHUP);
	daemon_configure("database.conninfo", named_conninfo("third"), NULL);
	daemon_signal(SIGHUP);
	renewal.name = "third";
	ck_assert(wait_until(is_renewed, &renewal, 10000));
	ck_assert_ptr_null(strstr(daemon_log(), "pointer is NULL"));
}
END_TEST

/* A session that is busy answers first. */
START_TEST(test_conninfo_while_busy)
{
	PGconn *session = sql_session();
	struct http_pending *pending;
	struct renewal renewal = { .name = "later" };

	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	pending = http_begin(&(struct http_request){ .target = "/recording/cel?limit=1" });
	ck_assert(wait_until(runs_one, NULL, 5000));
	daemon_configure("database.conninfo", named_conninfo("later"), NULL);
	reload();
	for (int i = 0; i < 20; i++)
		expect_status(http_post("/recording/records/search", "{}"), 200);
	ck_assert_int_eq(sql_active_statements(), 1);
	sql_session_run(session, "COMMIT");
	expect_status(http_finish(pending), 200);
	ck_assert(wait_until(is_renewed, &renewal, 10000));
}
END_TEST

static bool
has_failed_once(void *unused)
{
	(void)unused;
	return strstr(daemon_log(), "database connection 1: ") != NULL;
}

/* One that leads nowhere costs one connection; the others go on with the old until it is right. */
START_TEST(test_wrong_conninfo)
{
	struct renewal renewal = { .name = "right" };

	ck_assert(wait_until(has_all_sessions, (void *)(uintptr_t) "recordingd", 5000));
	daemon_configure("database.conninfo",
		"host=/nonexistent dbname=xivo_stats user=recordingd password=sesame", NULL);
	reload();
	ck_assert(wait_until(has_failed_once, NULL, 5000));
	for (int i = 0; i < 50; i++) {
		expect_status(http_get("/recording/cel?limit=1"), 200);
		expect_status(http_post("/recording/records/search", "{}"), 200);
	}
	ck_assert_int_eq(sql_number("SELECT count(*) FROM pg_stat_activity "
				    "WHERE usename = 'recordingd' AND application_name = "
				    "'recordingd'"),
		SESSIONS - 1);
	ck_assert_ptr_null(strstr(daemon_log(), "sesame"));
	daemon_configure("database.conninfo", named_conninfo("right"), NULL);
	reload();
	ck_assert(wait_until(is_renewed, &renewal, 10000));
}
END_TEST

/* When the old server is gone, all find the new one by themselves. */
START_TEST(test_conninfo_after_loss)
{
	struct renewal renewal = { .name = "found" };

	daemon_restart_degraded("database.conninfo", "host=/nonexistent dbname=xivo_stats", NULL);
	ck_assert_int_eq(http_get("/recording/health")->status, 503);
	daemon_configure("database.conninfo", named_conninfo("found"), NULL);
	reload();
	ck_assert(wait_until(has_all_sessions, (void *)(uintptr_t) "found", 10000));
	ck_assert(is_renewed(&renewal));
}
END_TEST

static Suite *
reload_suite(void)
{
	Suite *suite = suite_create("reload");

	harness_add(suite, "values", test_values);
	harness_add(suite, "bad file", test_bad_file);
	harness_add(suite, "needs restart", test_needs_restart);
	harness_add(suite, "max_connections", test_max_connections);
	harness_add(suite, "audio.directory", test_audio_directory);
	harness_add(suite, "statement_timeout", test_statement_timeout);
	harness_add(suite, "queue_timeout", test_queue_timeout);
	harness_add(suite, "conninfo", test_conninfo);
	harness_add(suite, "conninfo while busy", test_conninfo_while_busy);
	harness_add(suite, "wrong conninfo", test_wrong_conninfo);
	harness_add(suite, "conninfo after loss", test_conninfo_after_loss);
	return suite;
}

HARNESS_MAIN(reload_suite)
