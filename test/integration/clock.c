/*
 * The wall clock jumps by a day in either direction while recordingd runs, or by an hour where it
 * is summer: whatever lasts for a time goes on as before, and what tells the time follows.
 *
 * Which days a history goes back is the database's: local_time.c.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/cel_rows.h"
#include "support/cluster.h"
#include "support/daemon.h"
#include "support/fake_clock.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define DAY	    86400L
#define TOKEN_FIELD "Host: x\r\nX-Auth-Token: " DAEMON_TOKEN "\r\n"
#define SEARCH                                                                                     \
	"POST /recording/records/search HTTP/1.1\r\n" TOKEN_FIELD "Content-Length: 2\r\n\r\n{}"

/* How late anything may be, on a machine with other things to do. */
#define LATE_MS 3000

static const long jumps[] = { DAY, -DAY };

/* A loop that sleeps would notice nothing: it is made to look at its clock. */
static void
jump(long seconds)
{
	fake_clock_shift(seconds);
	ck_assert_int_ne(http_probe(), 0);
}

static bool
is_quiet(const struct raw_client *client)
{
	struct pollfd wanted = { .fd = raw_descriptor(client), .events = POLLIN };

	return poll(&wanted, 1, 0) == 0;
}

/* A fifth of the time, and the clock jumps, there and back and beyond: nothing has come of it. */
static void
jump_both_ways(struct raw_client *const *clients, int count, long lasts_ms)
{
	static const long ways[] = { DAY, -DAY, 0 };

	for (int way = 0; way < HARNESS_COUNT(ways); way++) {
		wait_ms(lasts_ms / 5);
		jump(ways[way]);
		for (int i = 0; i < count; i++)
			ck_assert_msg(is_quiet(clients[i]), "client %d, after a jump to %ld s", i,
				ways[way]);
	}
	jump(-DAY);
}

static void
expect_lasted(long begin_ms, long lasts_ms)
{
	long lasted_ms = wait_now_ms() - begin_ms;

	ck_assert_msg(lasted_ms >= lasts_ms - 50 && lasted_ms < lasts_ms + LATE_MS,
		"%ld instead of %ld ms", lasted_ms, lasts_ms);
}

/* With a clock of its own, which is true at first. */
#define RESTART(...)                                                                               \
	do {                                                                                       \
		fake_clock_enter();                                                                \
		daemon_restart(__VA_ARGS__, NULL);                                                 \
		fake_clock_leave();                                                                \
	} while (0)

static struct raw_client *
ask(const char *request)
{
	struct raw_client *client = raw_open();

	ck_assert(raw_send(client, request));
	return client;
}

static const struct reply *
reply_of(struct raw_client *client, long lasts_ms)
{
	const struct reply *reply = raw_reply(client, lasts_ms + LATE_MS);

	ck_assert_msg(reply != NULL, "no reply");
	return reply;
}

/* What lasts -------------------------------------------------------------------------------- */

static const struct {
	const char *key;
	const char *request; /* as far as it comes */
	long status;	     /* 0: none */
} timeouts[] = {
	{ "server.idle_timeout", "", 0 },
	{ "server.header_timeout", "GET /recording/health HTTP/1.1\r\nHost: x\r\nA: ", 408 },
	{ "server.body_timeout",
		"POST /recording/records/search HTTP/1.1\r\n" TOKEN_FIELD
		"Content-Length: 1000\r\n\r\n{",
		408 },
};

START_TEST(test_timeouts)
{
	struct raw_client *client;
	long begin_ms;

	RESTART(timeouts[_i].key, "1500ms");
	begin_ms = wait_now_ms();
	client = ask(timeouts[_i].request);
	jump_both_ways(&client, 1, 1500);
	if (timeouts[_i].status != 0)
		expect_status(reply_of(client, 1500), timeouts[_i].status);
	ck_assert(raw_is_closed(client, 1500 + LATE_MS));
	expect_lasted(begin_ms, 1500);
}
END_TEST

START_TEST(test_wait)
{
	long last = cel_rows_clear_end();
	struct raw_client *client;
	long begin_ms;

	RESTART("cel.cache_ttl", "10s");
	begin_ms = wait_now_ms();
	client = ask(scratch_format(
		"GET /recording/cel?from=%ld&wait=2 HTTP/1.1\r\n" TOKEN_FIELD "\r\n", last + 1));
	jump_both_ways(&client, 1, 2000);
	expect_json(reply_of(client, 2000), 200, "[]");
	expect_lasted(begin_ms, 2000);
}
END_TEST

/* One statement that never ends, and a request behind it: 504 and 503, each in its time. */
START_TEST(test_database_timeouts)
{
	PGconn *session = sql_session();
	struct raw_client *clients[2];
	long begin_ms;

	RESTART("database.connections", "1", "database.statement_timeout", "4s",
		"database.queue_timeout", "1500ms");
	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	begin_ms = wait_now_ms();
	clients[0] = ask(SEARCH);
	ck_assert(is_quiet(clients[0]));
	clients[1] = ask(SEARCH);
	jump_both_ways(clients, 2, 1500);
	expect_error(reply_of(clients[1], 1500), 503, "unavailable", NULL);
	expect_lasted(begin_ms, 1500);
	ck_assert(is_quiet(clients[0]));
	expect_error(reply_of(clients[0], 4000), 504, "timeout", NULL);
	expect_lasted(begin_ms, 4000);
	sql_session_run(session, "COMMIT");
}
END_TEST

static const char *
call_log_id(void)
{
	return json_text(http_get("/recording/cel?from=10&limit=1"), "0.call_log_id");
}

static bool
is_read_again(void *unused)
{
	(void)unused;
	return strcmp(call_log_id(), "4711") == 0;
}

/* What was read stays for as long as it may, and is then read again. */
START_TEST(test_cache)
{
	long begin_ms;

	sql_run("UPDATE cel SET call_log_id = 1 WHERE id = 10");
	RESTART("cel.cache_ttl", "2s");
	begin_ms = wait_now_ms();
	ck_assert_str_eq(call_log_id(), "1");
	sql_run("UPDATE cel SET call_log_id = 4711 WHERE id = 10");
	for (int i = 0; i < HARNESS_COUNT(jumps); i++) {
		jump(jumps[i]);
		ck_assert_str_eq(call_log_id(), "1");
	}
	ck_assert(wait_until(is_read_again, NULL, 2000 + LATE_MS));
	expect_lasted(begin_ms, 2000);
}
END_TEST

/* How many statements a search took. */
static long
statements_of_search(void)
{
	static const char name[] = "recordingd_database_statement_duration_seconds_count{";
	long before = 0, after = 0;

	for (long *sum = &before;; sum = &after) {
		const char *text = http_get("/recording/metrics")->body;

		for (text = strstr(text, name); text != NULL; text = strstr(text + 1, name))
			*sum += atol(strchr(text, ' '));
		if (sum == &after)
			return after - before;
		expect_status(
			http_post("/recording/records/search", "{'agent':'dalton','queue':'3555'}"),
			200);
	}
}

/* The sizes of lists are known for a minute: a search that counts them takes more statements. */
START_TEST(test_sizes)
{
	long first, second;

	RESTART(NULL, NULL);
	first = statements_of_search();
	second = statements_of_search();
	ck_assert_int_lt(second, first);
	for (int i = 0; i < HARNESS_COUNT(jumps); i++) {
		jump(jumps[i]);
		ck_assert_int_eq(statements_of_search(), second);
	}
}
END_TEST

/* A row whose id is above one that may still come waits for cel.gap_timeout. */
START_TEST(test_gap)
{
	long last = cel_rows_clear_end();
	PGconn *session = sql_session();
	struct raw_client *client;
	const struct reply *reply;
	long begin_ms;

	RESTART("cel.gap_timeout", "2s");
	sql_session_run(session, "BEGIN; " CEL_INSERT);
	begin_ms = wait_now_ms();
	cel_rows_insert(1, "ABOVE");
	client = ask(scratch_format(
		"GET /recording/cel?from=%ld&wait=20 HTTP/1.1\r\n" TOKEN_FIELD "\r\n", last + 1));
	jump_both_ways(&client, 1, 2000);
	reply = reply_of(client, 2000);
	ck_assert_str_eq(json_column(reply, "", "id"), scratch_format("%ld", last + 2));
	expect_lasted(begin_ms, 2000);
	sql_session_run(session, "ROLLBACK");
}
END_TEST

/* A stream that has nothing to tell says after 15 seconds that it lives. */
START_TEST(test_comments)
{
	static char seen[4096];
	long last = cel_rows_clear_end();
	struct raw_client *client;
	long begin_ms;

	RESTART("cel.cache_ttl", "10s");
	begin_ms = wait_now_ms();
	client = ask(scratch_format(
		"GET /recording/cel/stream?from=%ld HTTP/1.1\r\n" TOKEN_FIELD "\r\n", last + 1));
	ck_assert(raw_peek_until(client, "\r\n\r\n", seen, sizeof seen, 5000));
	for (int i = 0; i < HARNESS_COUNT(jumps); i++) {
		jump(jumps[i]);
		ck_assert(!raw_peek_until(client, "\n:", seen, sizeof seen, 1000));
	}
	ck_assert_msg(
		raw_peek_until(client, "\n:", seen, sizeof seen, 15000 + LATE_MS), "%s", seen);
	expect_lasted(begin_ms, 15000);
}
END_TEST

static bool
is_healthy(void *unused)
{
	(void)unused;
	return http_probe() == 200;
}

/* The pauses between attempts to connect are no longer than they were. */
START_TEST(test_reconnection)
{
	RESTART(NULL, NULL);
	for (int i = 0; i < HARNESS_COUNT(jumps); i++) {
		cluster_stop();
		sql_reconnect();
		wait_ms(300);
		jump(jumps[i]);
		ck_assert_int_eq(http_probe(), 503);
		cluster_ensure();
		ck_assert(wait_until(is_healthy, NULL, LATE_MS));
	}
}
END_TEST

/* What tells the time ----------------------------------------------------------------------- */

/* Within a few seconds of what the clock shows. */
static void
expect_now(const char *what, time_t time)
{
	long off = (long)(time - fake_clock_now());

	ck_assert_msg(off >= -3 && off <= 1, "%s is %ld s off", what, off);
}

static time_t
date_of(const struct reply *reply)
{
	struct tm date = { 0 };
	const char *text = reply_field(reply, "Date");
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &date);

	ck_assert_msg(end != NULL && *end == '\0', "Date: %s", text);
	return timegm(&date);
}

/* The "time" of the access log's last line. */
static char *
logged_time(void)
{
	char *log = scratch_file(harness_path("access.log"));
	char *line, *time;

	expect_status(http_get("/recording/records/clock/audio/listen"), 200);
	log = scratch_file(harness_path("access.log"));
	log[strlen(log) - 1] = '\0';
	line = strrchr(log, '\n') == NULL ? log : strrchr(log, '\n') + 1;
	ck_assert_int_eq(strncmp(line, "{\"time\":\"", 9), 0);
	time = line + 9;
	*strchr(time, '"') = '\0';
	return time;
}

/* RFC 3339: the local time and its distance from UTC. */
static time_t
moment_of(const char *text)
{
	struct tm local = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S%z", &local);
	long east = local.tm_gmtoff;

	ck_assert_msg(end == NULL || *end == ':' || *end == '\0', "%s", text);
	ck_assert_ptr_nonnull(end);
	return timegm(&local) - east;
}

START_TEST(test_date)
{
	fixture_audio("clock.gsm", "0123456789", 10);
	RESTART(NULL, NULL);
	expect_now("Date", date_of(http_get("/recording/health")));
	for (int i = 0; i < HARNESS_COUNT(jumps); i++) {
		jump(jumps[i]);
		expect_now("Date", date_of(http_get("/recording/health")));
		expect_now("the access log", moment_of(logged_time()));
	}
}
END_TEST

static const struct {
	const char *utc;
	const char *local; /* but for the seconds */
	const char *zone;
} changes[] = {
	{ "2026-03-29 00:59:30", "2026-03-29T01:59:", "+01:00" },
	{ "2026-03-29 01:00:30", "2026-03-29T03:00:", "+02:00" },
	{ "2026-10-25 00:59:30", "2026-10-25T02:59:", "+02:00" },
	{ "2026-10-25 01:00:30", "2026-10-25T02:00:", "+01:00" },
	{ "2026-10-25 01:59:30", "2026-10-25T02:59:", "+01:00" },
};

/* An hour that comes twice is told apart by its zone; Date has none. */
START_TEST(test_summer)
{
	fixture_audio("clock.gsm", "0123456789", 10);
	ck_assert_int_eq(setenv("TZ", "Europe/Paris", 1), 0);
	RESTART(NULL, NULL);
	ck_assert_int_eq(unsetenv("TZ"), 0);
	for (int i = 0; i < HARNESS_COUNT(changes); i++) {
		char *time;

		fake_clock_set(changes[i].utc);
		time = logged_time();
		ck_assert_msg(strncmp(time, changes[i].local, strlen(changes[i].local)) == 0 &&
				      strcmp(time + 19, changes[i].zone) == 0,
			"%s UTC: %s", changes[i].utc, time);
		expect_now("Date", date_of(http_get("/recording/health")));
	}
}
END_TEST

/* Today is the database's, whatever this machine thinks. */
START_TEST(test_today)
{
	sql_run("INSERT INTO call_data (uniqueid, src_num, src_interface, start_time, answer_time,"
		" dst_agent) VALUES ('clock', '4712', 'SIP/clock', current_date, current_date,"
		" '1573')");
	RESTART(NULL, NULL);
	for (int i = 0; i < HARNESS_COUNT(jumps); i++) {
		jump(jumps[i]);
		ck_assert_str_eq(json_column(http_post("/recording/history?days=0",
						     "{'interface':'SIP/clock'}"),
					 "", "src_num"),
			"4712");
		expect_json(http_get("/recording/last_agent?callerNo=4712&since=0"), 200,
			"{'agentNumber':'1573'}");
	}
}
END_TEST

static Suite *
clock_suite(void)
{
	Suite *suite = suite_create("clock");

	harness_add_loop(suite, "timeouts", test_timeouts, HARNESS_COUNT(timeouts));
	harness_add(suite, "wait", test_wait);
	harness_add(suite, "database timeouts", test_database_timeouts);
	harness_add(suite, "cache", test_cache);
	harness_add(suite, "sizes", test_sizes);
	harness_add(suite, "gap", test_gap);
	harness_add(suite, "comments", test_comments);
	harness_add(suite, "reconnection", test_reconnection);
	harness_add(suite, "date", test_date);
	harness_add(suite, "summer", test_summer);
	harness_add(suite, "today", test_today);
	return suite;
}

HARNESS_MAIN(clock_suite)
