/*
 * A primary and two hot standbys: reads go to those that may answer, writes to the primary; any of
 * them may go, and another one become the primary.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/cel_rows.h"
#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/load.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/standby.h"
#include "support/wait.h"

/* What must happen some time, on a busy machine, too. */
#define SOON_MS 20000

/* How long reads may be interrupted, if the machine does not pause itself. */
#define INTERRUPTION_MS 2000

/* Of ./dev test; FAILOVER_SECONDS changes it: of load before and after each event. */
#define SECONDS 1

#define WRITERS	  2
#define SEARCHERS 2
#define LOADS	  (WRITERS + SEARCHERS + 1)

static struct standby *first;
static struct standby *second;

/* Once for the program: two standbys, one of which has every commit before it is acknowledged. */
static void
ensure_standbys(void)
{
	if (first != NULL)
		return;
	first = standby_create("east");
	second = standby_create("west");
	sql_run("ALTER ROLE recordingd SET synchronous_commit = on");
	sql_run("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (east, west)'");
	sql_run("SELECT pg_reload_conf()");
	standby_await(first);
	standby_await(second);
}

#define USER_AND_DATABASE "user=recordingd dbname=" CLUSTER_DATABASE

static char *
cluster_host(void)
{
	return harness_path("socket");
}

static char *
conninfo_of_all(void)
{
	return scratch_format("host=%s,%s,%s " USER_AND_DATABASE, standby_host(first),
		cluster_host(), standby_host(second));
}

static char *
conninfo_of_standbys(void)
{
	return scratch_format(
		"host=%s,%s " USER_AND_DATABASE, standby_host(first), standby_host(second));
}

static const struct reply *
health(void)
{
	return http_send(
		&(struct http_request){ .target = "/recording/health", .without_token = true });
}

static bool
are_answering(void *count)
{
	struct json_object *answering = json_at(health()->json, "database.answering");

	return json_object_get_int(answering) == *(int *)count;
}

static void
expect_answering(int count)
{
	ck_assert_msg(wait_until(are_answering, &count, SOON_MS), "%s\n%.3000s", health()->body,
		daemon_log());
}

static void
expect_answering_now(int count)
{
	ck_assert_msg(are_answering(&count), "%s\n%.3000s", health()->body, daemon_log());
}

/* A daemon that writes to the primary and reads from both standbys. */
static void
start_spread(const char *max_lag)
{
	ensure_standbys();
	/* Whatever is written now, so that they are not behind from the start. */
	sql_run(CEL_INSERT);
	standby_await(first);
	standby_await(second);
	daemon_restart("database.conninfo", conninfo_of_all(), "database.read_conninfo",
		conninfo_of_standbys(), "database.read_max_lag", max_lag, NULL);
	expect_answering(2);
}

static const struct reply *
attach(long call, const char *value)
{
	return http_post(scratch_format("/recording/call_data/%ld/attached_data", call),
		scratch_format("[{'key':'n','value':'%s'}]", value));
}

static const char *
attached(long call)
{
	const struct reply *reply = http_post(
		scratch_format("/recording/records/callid_search?callid=load-%ld", call), "");

	expect_status(reply, 200);
	return json_text(reply, "records.0.attached_data.n");
}

/* How many of recordingd's sessions on a server ran a search last. */
#define SEARCH_SESSIONS                                                                            \
	"SELECT count(*) FROM pg_stat_activity WHERE usename = 'recordingd'"                       \
	" AND query LIKE '%call_data%'"

#define EVENT_SESSIONS                                                                             \
	"SELECT count(*) FROM pg_stat_activity WHERE usename = 'recordingd'"                       \
	" AND query LIKE '%FROM cel%'"

static void
search_often(void)
{
	for (int i = 0; i < 30; i++)
		expect_status(http_post("/recording/records/search", "{}"), 200);
}

static bool
is_asked(void *standby)
{
	search_often();
	return atol(standby_value(standby, SEARCH_SESSIONS)) > 0;
}

/*
 * recordingd has seen it where the primary was at the start: one that answers may be a record
 * behind, and what is asked meanwhile goes to the primary.
 */
static void
expect_asked(struct standby *standby)
{
	ck_assert_msg(wait_until(is_asked, standby, SOON_MS), "%.3000s", daemon_log());
}

/* Spreading ------------------------------------------------------------------------------------ */

START_TEST(test_spread)
{
	start_spread("10s");
	search_often();
	ck_assert_int_gt(atol(standby_value(first, SEARCH_SESSIONS)), 0);
	ck_assert_int_gt(atol(standby_value(second, SEARCH_SESSIONS)), 0);
	ck_assert_int_eq(sql_number("%s", SEARCH_SESSIONS), 0);
	/* Channel events are the primary's. */
	for (int i = 0; i < 30; i++)
		expect_status(http_get(scratch_format("/recording/cel?from=%d&limit=50", i)), 200);
	ck_assert_int_gt(sql_number("%s", EVENT_SESSIONS), 0);
	ck_assert_int_eq(atol(standby_value(first, EVENT_SESSIONS)), 0);
	ck_assert_int_eq(atol(standby_value(second, EVENT_SESSIONS)), 0);
}
END_TEST

static bool
has_all_connections(void *unused)
{
	const char *text = http_get("/recording/metrics")->body;

	(void)unused;
	return strstr(text, "\nrecordingd_database_connections_max 24\n") != NULL &&
	       strstr(text, "\nrecordingd_database_connections_open 24\n") != NULL;
}

/* Of each server those that the configuration says; the ones for control do not count. */
START_TEST(test_metrics)
{
	start_spread("10s");
	ck_assert(wait_until(has_all_connections, NULL, SOON_MS));
}
END_TEST

START_TEST(test_one_is_away)
{
	start_spread("10s");
	standby_stop(first);
	search_often();
	expect_answering(1);
	search_often();
	expect_status(health(), 200);
	standby_stop(second);
	search_often();
	expect_answering(0);
	search_often();
	ck_assert_int_gt(sql_number("%s", SEARCH_SESSIONS), 0);
	standby_start(first);
	standby_start(second);
	expect_answering(2);
	expect_asked(first);
	expect_asked(second);
}
END_TEST

/* It hangs, and takes connections all the same. */
START_TEST(test_one_is_silent)
{
	long begin_ms, pause_ms;

	start_spread("10s");
	pause_ms = load_machine_pause_ms();
	standby_freeze(first, true);
	for (int i = 0; i < 30; i++) {
		begin_ms = wait_now_ms();
		expect_status(http_post("/recording/records/search", "{}"), 200);
		ck_assert_int_lt(wait_now_ms() - begin_ms, 5000 + pause_ms);
	}
	expect_answering(1);
	standby_freeze(first, false);
	expect_answering(2);
}
END_TEST

START_TEST(test_one_is_behind)
{
	start_spread("300ms");
	standby_pause_replay(first, true);
	/* Written past recordingd, which must find out by itself. */
	sql_run("INSERT INTO attached_data (id_call_data, key, value) VALUES (1, 'lag', '')");
	expect_answering(1);
	sql_run("DELETE FROM attached_data WHERE key = 'lag'");
	standby_pause_replay(first, false);
	expect_answering(2);
}
END_TEST

/*
 * A part of the log ends before it is full, as for an archive or a copy, and then nothing happens:
 * nobody is behind.
 */
START_TEST(test_quiet_after_switch)
{
	start_spread("300ms");
	sql_run("SELECT pg_switch_wal()");
	for (int i = 0; i < 10; i++) {
		wait_ms(100);
		expect_answering_now(2);
	}
}
END_TEST

/* Nobody reads what was there before the last write, as long as no standby has it. */
START_TEST(test_reads_after_write)
{
	struct standby *paused[2];
	long call;

	ensure_standbys();
	paused[0] = first;
	paused[1] = second;
	call = load_new_call();
	start_spread("10s");
	for (int number = 0; number < 3; number++) {
		const char *value = scratch_format("%d", number);

		for (int i = 0; i <= number && i < 2; i++)
			standby_pause_replay(paused[i], true);
		expect_status(attach(call, value), 201);
		for (int i = 0; i < 20; i++)
			ck_assert_str_eq(attached(call), value);
		for (int i = 0; i <= number && i < 2; i++)
			standby_pause_replay(paused[i], false);
	}
	standby_await(first);
	standby_await(second);
	expect_asked(first);
}
END_TEST

#define LOCKED_SESSIONS                                                                            \
	"SELECT count(*) FROM pg_stat_activity WHERE usename = 'recordingd'"                       \
	" AND state = 'active' AND wait_event_type = 'Lock'"

static bool
are_locked(void *count)
{
	return atol(standby_value(first, LOCKED_SESSIONS)) +
		       atol(standby_value(second, LOCKED_SESSIONS)) ==
	       *(long *)count;
}

/* What a client has left is cancelled where it runs. */
START_TEST(test_cancel)
{
	PGconn *lock = sql_session();
	struct http_pending *pending[2];
	long count = 2;

	start_spread("1h");
	expect_asked(first);
	expect_asked(second);
	sql_session_run(lock, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	/* A commit takes the lock's record along. */
	sql_run(CEL_INSERT);
	standby_await(first);
	standby_await(second);
	for (int i = 0; i < 2; i++)
		pending[i] = http_begin(&(struct http_request){
			.target = "/recording/records/search", .body = "{}" });
	ck_assert(wait_until(are_locked, &count, SOON_MS));
	for (int i = 0; i < 2; i++)
		http_leave(pending[i]);
	count = 0;
	ck_assert(wait_until(are_locked, &count, 5000));
	sql_session_run(lock, "ROLLBACK");
}
END_TEST

static long
locked_on_primary(void)
{
	return sql_number("%s", LOCKED_SESSIONS);
}

static bool
is_locked_on_primary(void *unused)
{
	(void)unused;
	return locked_on_primary() == 1;
}

/* A search that waits for a lock on the first standby, the only one to be read from. */
static struct http_pending *
begin_locked_search(PGconn *lock)
{
	struct http_pending *pending;
	long count = 1;

	ensure_standbys();
	daemon_restart("database.conninfo", conninfo_of_all(), "database.read_conninfo",
		scratch_format("host=%s " USER_AND_DATABASE, standby_host(first)),
		"database.read_max_lag", "1h", NULL);
	expect_answering(1);
	expect_asked(first);
	sql_session_run(lock, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	sql_run(CEL_INSERT);
	standby_await(first);
	standby_await(second);
	pending = http_begin(
		&(struct http_request){ .target = "/recording/records/search", .body = "{}" });
	ck_assert(wait_until(are_locked, &count, SOON_MS));
	ck_assert_int_eq(locked_on_primary(), 0);
	return pending;
}

#define END_LOCKED_SESSION                                                                         \
	"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"                            \
	" WHERE usename = 'recordingd' AND wait_event_type = 'Lock'"

static void
expect_answer_of_primary(PGconn *lock, struct http_pending *pending)
{
	long count = 0;

	ck_assert_msg(wait_until(is_locked_on_primary, NULL, SOON_MS), "%.3000s", daemon_log());
	ck_assert(are_locked(&count));
	sql_session_run(lock, "ROLLBACK");
	expect_status(http_finish(pending), 200);
	/* It was only one of its sessions. */
	expect_answering(1);
	expect_asked(first);
}

/*
 * A session of a standby goes, with what runs there: the next one is not sent into the same end,
 * but elsewhere, until that standby has said a word again.
 */
START_TEST(test_lost_session)
{
	PGconn *lock = sql_session();
	struct http_pending *pending = begin_locked_search(lock);

	standby_value(first, END_LOCKED_SESSION);
	expect_answer_of_primary(lock, pending);
}
END_TEST

/* A word from before, which only comes behind, is none: both wait for recordingd to go on. */
START_TEST(test_lost_session_and_an_old_word)
{
	PGconn *lock = sql_session();
	struct http_pending *pending = begin_locked_search(lock);
	pid_t watched = (pid_t)atol(
		standby_value(first, "SELECT pid FROM pg_stat_activity WHERE usename = 'recordingd'"
				     " AND query LIKE '%pg_last_wal_replay_lsn%'"));

	ck_assert_int_gt(watched, 0);
	kill(watched, SIGSTOP);
	wait_ms(400); /* more than between two questions */
	daemon_signal(SIGSTOP);
	standby_value(first, END_LOCKED_SESSION);
	wait_ms(100);
	kill(watched, SIGCONT);
	wait_ms(100);
	daemon_signal(SIGCONT);
	expect_answer_of_primary(lock, pending);
}
END_TEST

START_TEST(test_check)
{
	const char *output = harness_path("check.log");
	const char *const arguments[] = { harness_daemon(), "--config",
		harness_path("recordingd.conf"), "--check", NULL };

	start_spread("10s");
	standby_stop(second);
	process_run(&(struct process_options){ .arguments = arguments, .output_file = output },
		SOON_MS);
	standby_start(second);
	ck_assert_ptr_nonnull(strstr(scratch_file(output),
		scratch_format("database: connected to %s, a primary\n", cluster_host())));
	ck_assert_ptr_nonnull(strstr(scratch_file(output),
		scratch_format("reads: connected to %s, a standby\n", standby_host(first))));
	ck_assert_ptr_nonnull(strstr(scratch_file(output),
		scratch_format("reads: not connected to %s: ", standby_host(second))));
}
END_TEST

static long
sessions_on(struct standby *standby)
{
	return atol(standby_value(
		standby, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'recordingd'"));
}

/* A reload ------------------------------------------------------------------------------------- */

/* The pool of the default configuration, and the session that cancels. */
#define SESSIONS 9

#define NAMED_SESSIONS                                                                             \
	"SELECT count(*) FROM pg_stat_activity WHERE usename = 'recordingd'"                       \
	" AND application_name = '%s'"

struct renewal {
	const char *name;
	int on_primary;
	int on_standbys;
	long call;
};

/* Asks meanwhile: nobody may notice. */
static bool
is_renewed(void *context)
{
	const struct renewal *renewal = context;
	const char *statement = scratch_format(NAMED_SESSIONS, renewal->name);

	search_often();
	expect_status(attach(renewal->call, renewal->name), 201);
	ck_assert_str_eq(attached(renewal->call), renewal->name);
	expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
	return sql_number("%s", statement) == renewal->on_primary &&
	       atol(standby_value(first, statement)) == renewal->on_standbys &&
	       atol(standby_value(second, statement)) == renewal->on_standbys;
}

#define NAMED_CONNINFO "host=%s application_name=%s " USER_AND_DATABASE

/* These hosts, under this name of the session. */
static void
reload(const char *hosts, const char *read_hosts, const char *name)
{
	daemon_configure("database.conninfo", scratch_format(NAMED_CONNINFO, hosts, name),
		"database.read_conninfo",
		*read_hosts == '\0' ? "" : scratch_format(NAMED_CONNINFO, read_hosts, name), NULL);
	daemon_signal(SIGHUP);
}

/* All sessions become new ones, those of each server one after the other. */
START_TEST(test_reload)
{
	const char *standbys[2];
	struct renewal renewal = { .on_primary = SESSIONS, .on_standbys = SESSIONS };

	ensure_standbys();
	renewal.call = load_new_call();
	start_spread("10s");
	standbys[0] = scratch_format("%s,%s", standby_host(first), standby_host(second));
	standbys[1] = scratch_format("%s,%s", standby_host(second), standby_host(first));
	for (int i = 0; i < 2; i++) {
		/* The second time each host has another place in its list. */
		renewal.name = i == 0 ? "renamed" : "reordered";
		reload(i == 0 ? scratch_format("%s,%s", cluster_host(), standbys[i])
			      : scratch_format("%s,%s", standbys[i], cluster_host()),
			standbys[i], renewal.name);
		ck_assert_msg(wait_until(is_renewed, &renewal, SOON_MS), "%.3000s", daemon_log());
	}
	expect_answering(2);
	expect_asked(first);
	expect_asked(second);
	ck_assert(daemon_logs("all database connections are those of the new conninfo"));
	ck_assert(daemon_logs(scratch_format("all connections to %s are those of the new "
					     "read_conninfo",
		standby_host(first))));
	ck_assert_ptr_null(strstr(daemon_log(), "next start"));
}
END_TEST

/* What cannot be had without a restart is named; the rest takes effect. */
START_TEST(test_reload_fewer_standbys)
{
	struct renewal renewal = { .name = "fewer", .on_primary = SESSIONS };

	ensure_standbys();
	renewal.call = load_new_call();
	start_spread("10s");
	reload(cluster_host(), standby_host(first), "fewer");
	ck_assert_msg(wait_until(is_renewed, &renewal, SOON_MS), "%.3000s", daemon_log());
	ck_assert(daemon_logs("database.read_conninfo takes effect at the next start"));
	expect_answering(2);
	ck_assert_int_eq(sessions_on(first), SESSIONS);
	ck_assert_int_eq(sessions_on(second), SESSIONS);
}
END_TEST

/* One host of standbys that leads nowhere costs one session of it at most; reads go on. */
START_TEST(test_reload_wrong_standby)
{
	struct renewal renewal = { .name = "right", .on_primary = 0, .on_standbys = SESSIONS };
	const char *wrong;

	ensure_standbys();
	renewal.call = load_new_call();
	start_spread("10s");
	wrong = scratch_format("/nonexistent,%s", standby_host(second));
	daemon_configure("database.conninfo", conninfo_of_all(), "database.read_conninfo",
		scratch_format("host=%s " USER_AND_DATABASE, wrong), NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("/nonexistent"));
	search_often();
	expect_answering(2);
	ck_assert_int_eq(sessions_on(first), SESSIONS - 1);
	daemon_configure("database.conninfo", conninfo_of_all(), "database.read_conninfo",
		scratch_format("%s application_name=right", conninfo_of_standbys()), NULL);
	daemon_signal(SIGHUP);
	ck_assert_msg(wait_until(is_renewed, &renewal, SOON_MS), "%.3000s", daemon_log());
}
END_TEST

/*
 * A host of standbys is another one now, which is behind, and one session of the old one is busy:
 * while some sessions are the old one's, nobody reads what was there before the last write.
 */
START_TEST(test_reload_standby_behind)
{
	struct http_pending *pending;
	pid_t busy;
	long call;

	ensure_standbys();
	call = load_new_call();
	sql_run(CEL_INSERT);
	standby_await(first);
	standby_await(second);
	daemon_restart("database.connections", "2", "database.conninfo", conninfo_of_all(),
		"database.read_conninfo",
		scratch_format("host=%s " USER_AND_DATABASE, standby_host(first)), NULL);
	expect_answering(1);
	expect_asked(first);
	standby_pause_replay(second, true);
	expect_status(attach(call, "new"), 201);
	standby_await(first);
	busy = (pid_t)atol(
		standby_value(first, "SELECT pid FROM pg_stat_activity WHERE usename = 'recordingd'"
				     " AND query LIKE '%call_data%' LIMIT 1"));
	ck_assert_int_gt(busy, 0);
	kill(busy, SIGSTOP);
	pending = http_begin(
		&(struct http_request){ .target = "/recording/records/search", .body = "{}" });
	wait_ms(200);
	daemon_configure("database.connections", "2", "database.conninfo", conninfo_of_all(),
		"database.read_conninfo",
		scratch_format("host=%s " USER_AND_DATABASE, standby_host(second)), NULL);
	daemon_signal(SIGHUP);
	for (int i = 0; i < 20; i++) {
		ck_assert_str_eq(attached(call), "new");
		wait_ms(20);
	}
	kill(busy, SIGCONT);
	expect_status(http_finish(pending), 200);
	for (int i = 0; i < 50; i++)
		ck_assert_str_eq(attached(call), "new");
	standby_pause_replay(second, false);
	expect_asked(second);
}
END_TEST

static bool
is_watched(void *unused)
{
	(void)unused;
	return sql_number("SELECT count(*) FROM pg_stat_activity WHERE usename = 'recordingd'"
			  " AND query LIKE '%%pg_last_wal_replay_lsn%%'") > 0;
}

/* With one host there is nothing to ask; with several it is looked at which is the primary. */
START_TEST(test_reload_more_hosts)
{
	struct renewal renewal = { .name = "several", .on_primary = SESSIONS };

	ensure_standbys();
	renewal.call = load_new_call();
	daemon_restart("database.conninfo",
		scratch_format("host=%s " USER_AND_DATABASE, cluster_host()), NULL);
	ck_assert(!is_watched(NULL));
	reload(scratch_format(
		       "%s,%s,%s", standby_host(first), standby_host(second), cluster_host()),
		"", "several");
	ck_assert_msg(wait_until(is_renewed, &renewal, SOON_MS), "%.3000s", daemon_log());
	ck_assert(wait_until(is_watched, NULL, SOON_MS));
}
END_TEST

START_TEST(test_reload_max_lag)
{
	start_spread("1h");
	standby_pause_replay(first, true);
	sql_run("INSERT INTO attached_data (id_call_data, key, value) VALUES (1, 'lag', '')");
	expect_answering(2);
	daemon_configure("database.conninfo", conninfo_of_all(), "database.read_conninfo",
		conninfo_of_standbys(), "database.read_max_lag", "300ms", NULL);
	daemon_signal(SIGHUP);
	expect_answering(1);
	sql_run("DELETE FROM attached_data WHERE key = 'lag'");
	standby_pause_replay(first, false);
	expect_answering(2);
}
END_TEST

/* Several hosts in database.conninfo ----------------------------------------------------------- */

static bool
writes(void *call)
{
	return attach(*(long *)call, "w")->status == 201;
}

/* A host that takes a connection and says nothing does not hide the next. */
START_TEST(test_silent_host)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert(bind(listener, (struct sockaddr *)&address, length) == 0 &&
		  getsockname(listener, (struct sockaddr *)&address, &length) == 0 &&
		  listen(listener, 100) == 0);
	daemon_restart("database.conninfo",
		scratch_format("host=127.0.0.1,%s port=%d,5432 " USER_AND_DATABASE, cluster_host(),
			ntohs(address.sin_port)),
		NULL);
	expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
	close(listener);
}
END_TEST

/* Of several hosts the one is meant that takes writes, as URI and in any order. */
START_TEST(test_finds_primary)
{
	long call;

	ensure_standbys();
	call = load_new_call();
	daemon_restart("database.conninfo", conninfo_of_all(), NULL);
	expect_status(attach(call, "1"), 201);
	ck_assert_int_eq(sessions_on(first) + sessions_on(second), 0);
}
END_TEST

/* … unless it says otherwise. */
START_TEST(test_target_session_attrs)
{
	long call;

	ensure_standbys();
	call = load_new_call();
	standby_await(first);
	standby_await(second);
	daemon_restart("database.conninfo",
		scratch_format("%s target_session_attrs=standby", conninfo_of_all()), NULL);
	expect_status(http_post("/recording/records/search", "{}"), 200);
	expect_error(attach(call, "1"), 503, "unavailable", NULL);
	ck_assert_int_gt(sessions_on(first), 0);
	daemon_restart("database.conninfo",
		scratch_format("%s target_session_attrs=prefer-standby", conninfo_of_all()), NULL);
	expect_error(attach(call, "1"), 503, "unavailable", NULL);
	daemon_restart("database.conninfo",
		scratch_format("%s target_session_attrs=primary", conninfo_of_all()), NULL);
	expect_status(attach(call, "1"), 201);
}
END_TEST

/* Without a primary the others are better than nothing; when it comes back it is found. */
START_TEST(test_falls_back)
{
	long call;

	ensure_standbys();
	call = load_new_call();
	standby_await(first);
	standby_await(second);
	daemon_restart(
		"database.conninfo", conninfo_of_all(), "database.queue_timeout", "2s", NULL);
	cluster_crash();
	sql_reconnect();
	for (int i = 0; i < 10; i++)
		expect_status(http_post("/recording/records/search", "{}"), 200);
	expect_error(attach(call, "1"), 503, "unavailable", NULL);
	expect_status(health(), 503);
	cluster_ensure();
	ck_assert(wait_until(writes, &call, SOON_MS));
	expect_status(health(), 200);
}
END_TEST

static bool
has_read_only(void *setting)
{
	return strcmp(sql_value("SHOW default_transaction_read_only"), setting) == 0;
}

/* Returns when sessions know it. */
static void
set_read_only(char *setting)
{
	sql_runf("ALTER SYSTEM SET default_transaction_read_only = %s", setting);
	sql_run("SELECT pg_reload_conf()");
	ck_assert(wait_until(has_read_only, setting, SOON_MS));
}

/* Its sessions stay, but the primary takes no writes for a while: a write waits, nobody is told. */
START_TEST(test_read_only_for_a_while)
{
	static char on[] = "on";
	static char off[] = "off";
	struct http_pending *pending;
	long call;

	ensure_standbys();
	call = load_new_call();
	daemon_restart("database.conninfo",
		scratch_format(
			"host=%s,%s " USER_AND_DATABASE, cluster_host(), standby_host(second)),
		"database.queue_timeout", "20s", NULL);
	expect_status(attach(call, "before"), 201);
	set_read_only(on);
	pending = http_begin(&(struct http_request){
		.target = scratch_format("/recording/call_data/%ld/attached_data", call),
		.body = "[{\"key\":\"n\",\"value\":\"meanwhile\"}]" });
	ck_assert_msg(daemon_logs("read-only"), "%.3000s", daemon_log());
	/* What only reads goes on. */
	ck_assert_str_eq(attached(call), "before");
	ck_assert_ptr_null(http_await_text(pending, "\"", 200));
	set_read_only(off);
	expect_status(http_finish(pending), 201);
	ck_assert_str_eq(attached(call), "meanwhile");
}
END_TEST

/* Timelines ------------------------------------------------------------------------------------ */

static bool
writes_new(void *call)
{
	return attach(*(long *)call, "new")->status == 201;
}

static void
expect_attached(long call, const char *value)
{
	for (int i = 0; i < 20; i++)
		ck_assert_str_eq(attached(call), value);
}

/* A timeline's checkpoint, which tells who may not see what a standby receives. */
static void
tell_timeline(struct standby *primary, struct standby *standby)
{
	const char *position;

	standby_value(primary, "CHECKPOINT");
	position = standby_value(primary, "SELECT pg_current_wal_lsn()");
	while (strcmp(standby_value(standby,
			      scratch_format("SELECT pg_last_wal_replay_lsn() >= '%s'", position)),
		       "t") != 0)
		wait_ms(20);
	standby_value(standby, "CHECKPOINT");
}

/*
 * Of two standbys one is promoted while the other one goes on with the old primary, and gets
 * further than the new one: where it is in the log tells nothing, and it is not asked, whether the
 * old primary is there or not. One that follows the promotion is.
 */
START_TEST(test_left_behind)
{
	struct standby *promoted;
	struct standby *follower;
	long call;

	ensure_standbys();
	call = load_new_call();
	promoted = standby_create("north");
	follower = standby_create("south");
	standby_follow(follower, promoted);
	daemon_restart("database.conninfo",
		scratch_format(
			"host=%s,%s " USER_AND_DATABASE, cluster_host(), standby_host(promoted)),
		"database.read_conninfo",
		scratch_format("host=%s,%s,%s " USER_AND_DATABASE, standby_host(first),
			standby_host(promoted), standby_host(follower)),
		"database.read_max_lag", "1h", NULL);
	expect_answering(3);
	expect_status(attach(call, "old"), 201);
	standby_await(promoted);
	standby_value(promoted, "ALTER SYSTEM SET synchronous_standby_names = ''");
	standby_value(promoted, "SELECT pg_reload_conf()");
	standby_stop(follower);
	standby_promote(promoted);
	/* Two primaries: it is no standby of the one that is written to. */
	expect_answering(1);
	expect_status(attach(call, "older"), 201);
	expect_attached(call, "older");
	sql_run("SELECT pg_switch_wal()");
	sql_run(CEL_INSERT);
	standby_await(first);
	cluster_crash();
	sql_reconnect();
	ck_assert_msg(wait_until(writes_new, &call, SOON_MS), "%.3000s", daemon_log());
	ck_assert_str_eq(standby_value(promoted,
				 scratch_format("SELECT pg_current_wal_lsn() < '%s'",
					 standby_value(first, "SELECT pg_last_wal_replay_lsn()"))),
		"t");
	expect_attached(call, "new");
	expect_answering(1);
	/* The old one comes back, and its standby with it. */
	cluster_ensure();
	sql_run(CEL_INSERT);
	standby_await(first);
	expect_status(attach(call, "newer"), 201);
	expect_attached(call, "newer");
	expect_answering(1);
	standby_start(follower);
	tell_timeline(promoted, follower);
	expect_answering(2);
	expect_attached(call, "newer");
	ck_assert(daemon_logs(
		scratch_format("reads: %s says timeline 1, the primary 2", standby_host(first))));
	standby_stop(promoted);
	standby_stop(follower);
}
END_TEST

/* Failover ------------------------------------------------------------------------------------- */

static void
run_for_a_while(void)
{
	const char *given = getenv("FAILOVER_SECONDS");

	wait_ms(1000 * (given == NULL ? SECONDS : atol(given)));
}

/* The standby that has got more is the one to promote: only it has all that was acknowledged. */
static struct standby *
foremost(void)
{
	const char *ours = standby_value(first, "SELECT pg_last_wal_receive_lsn()");
	const char *is_behind = standby_value(
		second, scratch_format("SELECT pg_last_wal_receive_lsn() > '%s'", ours));

	return strcmp(is_behind, "t") == 0 ? second : first;
}

static void
expect_load(const struct load *load, bool is_of_primary)
{
	const struct load_result *result = load_result(load);
	long allowed_ms = INTERRUPTION_MS + load_machine_pause_ms();

	printf("%ld answers, %ld refusals, longest pause %ld ms, of a writer's reads %ld ms\n",
		result->answers, result->refusals, result->pause_ms, result->read_pause_ms);
	ck_assert_str_eq(result->wrong, "");
	ck_assert_int_gt(result->answers, 0);
	ck_assert_int_le(result->read_pause_ms, allowed_ms);
	if (!is_of_primary)
		ck_assert_int_le(result->pause_ms, allowed_ms);
}

static long
stored_number(struct standby *standby, long call)
{
	return atol(standby_value(
		standby, scratch_format("SELECT value FROM attached_data WHERE id_call_data = %ld"
					" AND key = 'n' ORDER BY id DESC LIMIT 1",
				 call)));
}

/* Ends with first or second as the primary, so it comes last. */
START_TEST(test_failover)
{
	struct load *loads[LOADS];
	struct standby *promoted;
	long calls[WRITERS];
	long promotion_ms;

	ensure_standbys();
	/* Who sees what standbys receive knows at once which timeline they are on. */
	sql_run("GRANT pg_read_all_stats TO recordingd");
	for (int i = 0; i < WRITERS; i++)
		calls[i] = load_new_call();
	start_spread("10s");
	for (int i = 0; i < WRITERS; i++)
		loads[i] = load_start(LOAD_WRITES, calls[i]);
	for (int i = 0; i < SEARCHERS; i++)
		loads[WRITERS + i] = load_start(LOAD_SEARCHES, 0);
	loads[LOADS - 1] = load_start(LOAD_EVENTS, 0);
	run_for_a_while();
	standby_stop(first);
	run_for_a_while();
	standby_start(first);
	expect_answering(2);
	run_for_a_while();
	promotion_ms = wait_now_ms();
	cluster_crash();
	sql_reconnect();
	promoted = foremost();
	standby_promote(promoted);
	promotion_ms = wait_now_ms() - promotion_ms;
	standby_follow(promoted == first ? second : first, promoted);
	expect_answering(2);
	run_for_a_while();
	for (int i = 0; i < LOADS; i++)
		load_stop(loads[i]);
	printf("promoted within %ld ms; this machine paused for %ld ms at most\n", promotion_ms,
		load_machine_pause_ms());
	for (int i = 0; i < LOADS; i++)
		expect_load(loads[i], i < WRITERS || i == LOADS - 1);
	for (int i = 0; i < WRITERS; i++) {
		const struct load_result *result = load_result(loads[i]);
		long number = stored_number(promoted, calls[i]);

		ck_assert_msg(number >= result->acknowledged && number <= result->attempted,
			"%ld is stored, %ld was acknowledged", number, result->acknowledged);
		ck_assert_int_le(
			result->pause_ms, INTERRUPTION_MS + promotion_ms + load_machine_pause_ms());
	}
	expect_status(health(), 200);
	/* The one that was left out at first, too. */
	expect_asked(first);
	expect_asked(second);
}
END_TEST

static Suite *
failover_suite(void)
{
	Suite *suite = suite_create("failover");

	harness_add(suite, "silent host", test_silent_host);
	harness_add(suite, "finds primary", test_finds_primary);
	harness_add(suite, "target_session_attrs", test_target_session_attrs);
	harness_add(suite, "falls back", test_falls_back);
	harness_add(suite, "spread", test_spread);
	harness_add(suite, "metrics", test_metrics);
	harness_add(suite, "one is away", test_one_is_away);
	harness_add(suite, "one is silent", test_one_is_silent);
	harness_add(suite, "one is behind", test_one_is_behind);
	harness_add(suite, "quiet after switch", test_quiet_after_switch);
	harness_add(suite, "reads after write", test_reads_after_write);
	harness_add(suite, "cancel", test_cancel);
	harness_add(suite, "lost session", test_lost_session);
	harness_add(suite, "lost session and an old word", test_lost_session_and_an_old_word);
	harness_add(suite, "check", test_check);
	harness_add(suite, "reload", test_reload);
	harness_add(suite, "reload fewer standbys", test_reload_fewer_standbys);
	harness_add(suite, "reload wrong standby", test_reload_wrong_standby);
	harness_add(suite, "reload standby behind", test_reload_standby_behind);
	harness_add(suite, "reload more hosts", test_reload_more_hosts);
	harness_add(suite, "reload max_lag", test_reload_max_lag);
	harness_add(suite, "read only for a while", test_read_only_for_a_while);
	harness_add(suite, "left behind", test_left_behind);
	harness_add(suite, "failover", test_failover);
	return suite;
}

HARNESS_MAIN(failover_suite)
