/*
 * Days and local times where PostgreSQL's clock jumps and where it is summer in between: "today" is
 * the database's, a day begins at its midnight and may have 23 or 25 hours, and every time is taken
 * as the database holds it, also where the clocks say it twice or never.
 *
 * clock.c is about recordingd's own clock.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/fake_clock.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

/* PostgreSQL in Paris, with a clock of its own; once for all tests. */
static void
ensure_clock(void)
{
	static bool is_set;

	if (!is_set) {
		is_set = true;
		cluster_set("timezone=Europe/Paris");
		cluster_stop();
		sql_reconnect();
		fake_clock_enter();
		cluster_ensure();
		fake_clock_leave();
		daemon_restart(NULL, NULL);
	}
}

/* Each call is known by its start: its caller's number. */
static void
insert_calls(const char *starts)
{
	sql_run("DELETE FROM call_data WHERE uniqueid = 'local'");
	sql_runf(
		"WITH call AS ("
		" INSERT INTO call_data (uniqueid, src_num, src_interface, start_time, answer_time,"
		" end_time, dst_agent)"
		" SELECT 'local', replace(start, ' ', '/'), 'SIP/local', start::timestamp,"
		" start::timestamp, start::timestamp, '1573'"
		" FROM unnest(string_to_array('%s', ', ')) AS start RETURNING id)"
		" INSERT INTO attached_data (id_call_data, key, value)"
		" SELECT id, 'recording', 'local-' || id FROM call",
		starts);
}

static const char spring[] = "2026-03-28 23:59:59, 2026-03-29 00:00:00, 2026-03-29 01:59:59, "
			     "2026-03-29 02:30:00, 2026-03-29 03:00:00, 2026-03-30 00:00:00";
static const char autumn[] = "2026-10-24 23:59:59, 2026-10-25 00:00:00, 2026-10-25 02:30:00, "
			     "2026-10-25 02:30:00, 2026-10-25 03:00:00, 2026-10-26 00:00:00";

/* Days -------------------------------------------------------------------------------------- */

static const struct {
	const char *utc;
	const char *starts;
	int days;
	int calls; /* the latest of them */
} days[] = {
	/* The last minute of Saturday, the first and last ones of Sunday's two halves, and Monday's
	   first: the clock goes back and forth. */
	{ "2026-03-28 22:59:30", spring, 0, 6 },
	{ "2026-03-28 23:00:30", spring, 0, 5 },
	{ "2026-03-28 22:59:30", spring, 0, 6 },
	{ "2026-03-29 00:59:30", spring, 0, 5 },
	{ "2026-03-29 01:00:30", spring, 0, 5 },
	{ "2026-03-29 01:00:30", spring, 1, 6 },
	{ "2026-03-29 21:59:30", spring, 0, 5 },
	{ "2026-03-29 22:00:30", spring, 0, 1 },
	/* 24 hours before Monday's midnight it was still Saturday. */
	{ "2026-03-29 22:00:30", spring, 1, 5 },
	{ "2026-03-29 22:00:30", spring, 2, 6 },
	{ "2026-03-28 22:00:30", spring, 0, 6 },
	{ "2026-10-24 21:59:30", autumn, 0, 6 },
	{ "2026-10-24 22:00:30", autumn, 0, 5 },
	{ "2026-10-25 00:30:00", autumn, 0, 5 },
	{ "2026-10-25 01:30:00", autumn, 0, 5 },
	{ "2026-10-25 01:30:00", autumn, 1, 6 },
	{ "2026-10-25 22:59:30", autumn, 0, 5 },
	{ "2026-10-25 23:00:30", autumn, 0, 1 },
	/* 24 hours before Monday's midnight it was one o'clock on Sunday. */
	{ "2026-10-25 23:00:30", autumn, 1, 5 },
	{ "2026-10-24 23:00:30", autumn, 0, 5 },
};

static long
history_length(const char *target, const char *body)
{
	const struct reply *reply = http_post(target, body);

	expect_status(reply, 200);
	return (long)json_object_array_length(reply->json);
}

/* Each call's own caller has a last agent when the call counts. */
static long
last_agents(int since)
{
	const char *callers = sql_list(
		"SELECT DISTINCT src_num FROM call_data WHERE uniqueid = 'local'");
	long count = 0;

	for (const char *caller = callers; caller != NULL; caller = strchr(caller, ' ')) {
		caller += *caller == ' ';
		const struct reply *reply = http_get(
			scratch_format("/recording/last_agent?callerNo=%.*s&since=%d",
				(int)strcspn(caller, " "), caller, since));

		count += reply->status == 200;
		ck_assert(reply->status == 200 || reply->status == 404);
	}
	return count;
}

static long
calls_since(int ago)
{
	return sql_number("SELECT count(DISTINCT src_num) FROM call_data WHERE uniqueid = 'local'"
			  " AND start_time >= (SELECT min(start_time) FROM (SELECT start_time FROM"
			  " call_data WHERE uniqueid = 'local' ORDER BY start_time DESC LIMIT %d)"
			  " AS latest)",
		ago);
}

START_TEST(test_days)
{
	ensure_clock();
	insert_calls(days[_i].starts);
	fake_clock_set(days[_i].utc);
	ck_assert_int_eq(history_length(scratch_format("/recording/history?days=%d", days[_i].days),
				 "{'interface':'SIP/local'}"),
		days[_i].calls);
	ck_assert_int_eq(history_length(scratch_format("/recording/history/agent?size=1000&days=%d",
						days[_i].days),
				 "{'agentNum':'1573'}"),
		days[_i].calls);
	ck_assert_int_eq(last_agents(days[_i].days), calls_since(days[_i].calls));
}
END_TEST

static bool
is_another_day(void *unused)
{
	(void)unused;
	return strcmp(sql_value("SELECT current_date"), "2026-06-11") == 0;
}

/* Midnight passes while sessions and their plans are there. */
START_TEST(test_midnight)
{
	const char *body = "{'interface':'SIP/local'}";

	ensure_clock();
	insert_calls("2026-06-10 00:00:00, 2026-06-10 23:59:59, 2026-06-11 00:00:00");
	fake_clock_set("2026-06-10 21:59:57");
	/* Often enough for a plan that would be kept. */
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(history_length("/recording/history?days=0", body), 3);
	ck_assert(wait_until(is_another_day, NULL, 10000));
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(history_length("/recording/history?days=0", body), 1);
	ck_assert_int_eq(history_length("/recording/history?days=1", body), 3);
}
END_TEST

/* Times ------------------------------------------------------------------------------------- */

static const struct {
	const char *starts;
	const char *body;
	int from, to; /* of the calls, from the first one */
} searches[] = {
	/* An hour that does not exist stands between those around it. */
	{ spring, "'start':'2026-03-29 02:30:00'", 3, 6 },
	{ spring, "'start':'2026-03-29T02:30:01'", 4, 6 },
	{ spring, "'start':'2026-03-29 02:00:00','end':'2026-03-29 03:00:00'", 3, 4 },
	{ spring, "'start':'2026-03-29','end':'2026-03-30'", 1, 5 },
	/* One that comes twice is both. */
	{ autumn, "'start':'2026-10-25 02:30:00'", 2, 6 },
	{ autumn, "'start':'2026-10-25 02:30:01'", 4, 6 },
	{ autumn, "'start':'2026-10-25T02:30:00','end':'2026-10-25T02:30:01'", 2, 4 },
	{ autumn, "'start':'2026-10-25 00:00:00','end':'2026-10-25 02:30:00'", 1, 2 },
	{ autumn, "'start':'2026-10-25','end':'2026-10-26'", 1, 5 },
};

START_TEST(test_search)
{
	const char *wanted;
	const struct reply *reply;

	ensure_clock();
	insert_calls(searches[_i].starts);
	reply = http_post("/recording/records/search?pageSize=100",
		scratch_format("{%s,'agent':'1573'}", searches[_i].body));
	wanted = sql_list("SELECT start_time FROM (SELECT start_time, row_number() OVER (ORDER BY"
			  " start_time) AS n FROM call_data WHERE uniqueid = 'local') AS call"
			  " WHERE n > %d AND n <= %d ORDER BY start_time DESC",
		searches[_i].from, searches[_i].to);
	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "records", "start"), wanted);
}
END_TEST

static const struct {
	const char *answer;
	const char *end;
	const char *duration;
} talks[] = {
	/* Of the clocks, not of the talk, which took 20 seconds each time. */
	{ "2026-03-29 01:59:50", "2026-03-29 03:00:10", "01:00:20" },
	{ "2026-10-25 02:59:50", "2026-10-25 02:00:10", "00:00:00" },
	{ "2026-10-25 01:59:50", "2026-10-25 02:00:10", "00:00:20" },
};

START_TEST(test_duration)
{
	const struct reply *reply;

	ensure_clock();
	insert_calls(talks[_i].answer);
	sql_runf("UPDATE call_data SET end_time = '%s' WHERE uniqueid = 'local'", talks[_i].end);
	reply = http_post("/recording/records/callid_search?callid=local", "");
	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, "records.0.start"), talks[_i].answer);
	ck_assert_str_eq(json_text(reply, "records.0.duration"), talks[_i].duration);
	reply = http_post("/recording/history?size=1", "{'interface':'SIP/local'}");
	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, "0.duration"), talks[_i].duration);
}
END_TEST

static const struct {
	time_t utc;
	const char *local;
} files[] = {
	{ 1774745999, "2026-03-29 01:59:59" },
	{ 1774746000, "2026-03-29 03:00:00" },
	{ 1792888200, "2026-10-25 02:30:00" },
	{ 1792891800, "2026-10-25 02:30:00" },
};

/* A file's time is shown in the zone of this machine. */
START_TEST(test_file)
{
	const struct timespec times[2] = { { .tv_sec = files[_i].utc },
		{ .tv_sec = files[_i].utc } };
	const struct reply *reply;

	fixture_audio("local.gsm", "0123456789", 10);
	ck_assert_int_eq(utimensat(AT_FDCWD, harness_path("audio/local.gsm"), times, 0), 0);
	ck_assert_int_eq(setenv("TZ", "Europe/Paris", 1), 0);
	daemon_restart(NULL, NULL);
	ck_assert_int_eq(unsetenv("TZ"), 0);
	reply = http_get("/recording/records/local/audio/result");
	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, "modified"), files[_i].local);
}
END_TEST

static Suite *
local_time_suite(void)
{
	Suite *suite = suite_create("local_time");

	harness_add_loop(suite, "days", test_days, HARNESS_COUNT(days));
	harness_add(suite, "midnight", test_midnight);
	harness_add_loop(suite, "search", test_search, HARNESS_COUNT(searches));
	harness_add_loop(suite, "duration", test_duration, HARNESS_COUNT(talks));
	harness_add_loop(suite, "file", test_file, HARNESS_COUNT(files));
	return suite;
}

HARNESS_MAIN(local_time_suite)
