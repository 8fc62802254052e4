/* POST /recording/history/agent: the calls of an agent. */
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"

#define ALL "/recording/history/agent?size=1000&days=36500"

/* Caller, agent or leg; an agent of a passage alone is none of them (call 19). */
START_TEST(test_statuses)
{
	const struct reply *reply = http_post(ALL, "{'agentNum':'1004'}");

	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "", "start"),
		"2024-03-27 09:00:00 2024-03-26 09:00:00 2024-03-25 09:00:00 2024-03-24 09:00:00 "
		"2024-03-23 09:00:00 2024-03-22 09:00:00 2024-03-21 09:00:00 2024-01-05 10:00:00");
	ck_assert_str_eq(json_column(reply, "", "status"),
		"emitted missed missed emitted ongoing missed answered emitted");
	reply = http_post(ALL, "{'agentNum':'2000'}");
	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "", "start"),
		"2024-04-05 10:00:00 2024-03-25 09:00:00 2024-01-12 10:00:00");
	ck_assert_str_eq(json_column(reply, "", "status"), "answered answered emitted");
}
END_TEST

START_TEST(test_entry)
{
	const struct reply *reply = http_post(ALL, "{'agentNum':'3001'}");

	expect_json(reply, 200,
		"[{'start':'2024-01-10 10:00:00','duration':'00:00:01','src_num':'0626',"
		"'dst_num':'0627','status':'answered','src_firstname':null,'src_lastname':null,"
		"'dst_firstname':null,'dst_lastname':null}]");
	expect_json(http_post(ALL, "{'agentNum':'100'}"), 200, "[]");
	expect_json(http_post(ALL, "{'agentNum':'%'}"), 200, "[]");
	expect_json(http_post(ALL, "{'agentNum':'9998'}"), 200, "[]");
}
END_TEST

static void
insert_recent(void)
{
	sql_run("DELETE FROM call_data WHERE dst_agent = '7001'");
	sql_run("INSERT INTO call_data (uniqueid, src_num, start_time, dst_agent)"
		" SELECT 'recent', name, current_date + span, '7001' FROM (VALUES"
		" ('today', interval '0'), ('yesterday', '-1 second'), ('midnight-7', '-7 days'),"
		" ('before-7', '-7 days -1 microsecond'), ('old', '-36499 days')) AS calls (name, "
		"span)");
}

struct days_row {
	const char *parameters;
	const char *names;
};

static const struct days_row days[] = {
	{ "", "today yesterday midnight-7" },
	{ "?days=0", "today" },
	{ "?days=1", "today yesterday" },
	{ "?days=7", "today yesterday midnight-7" },
	{ "?days=8", "today yesterday midnight-7 before-7" },
	{ "?days=36500", "today yesterday midnight-7 before-7 old" },
	{ "?size=2", "today yesterday" },
	{ "?size=2&days=36500", "today yesterday" },
	{ "?days=1&size=1000", "today yesterday" },
	{ "?days=0&size=1", "today" },
};

START_TEST(test_days)
{
	const struct reply *reply;

	insert_recent();
	reply = http_post(scratch_format("/recording/history/agent%s", days[_i].parameters),
		"{'agentNum':'7001'}");
	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "", "src_num"), days[_i].names);
}
END_TEST

START_TEST(test_default_size)
{
	const struct reply *reply;

	sql_run("INSERT INTO call_data (uniqueid, src_num, start_time, src_agent)"
		" SELECT 'many', n, current_date, '7002' FROM generate_series(1, 12) AS n");
	reply = http_post("/recording/history/agent", "{'agentNum':'7002'}");
	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "", "src_num"), "12 11 10 9 8 7 6 5 4 3");
}
END_TEST

/* default_days is for this history only. */
START_TEST(test_configured_days)
{
	daemon_restart("history.default_days", "0", NULL);
	insert_recent();
	ck_assert_str_eq(json_column(http_post("/recording/history/agent", "{'agentNum':'7001'}"),
				 "", "src_num"),
		"today");
	ck_assert_uint_eq(
		json_object_array_length(
			http_post("/recording/history", "{'interface':'SIP/az9kf7'}")->json),
		10);
}
END_TEST

/* A call with several legs of the agent, and as its caller and callee, is listed once. */
START_TEST(test_once)
{
	const struct reply *reply;

	sql_run("INSERT INTO call_data (id, uniqueid, src_num, start_time, dst_agent)"
		" VALUES (900, 'once', 'once', current_date, '7003');"
		"INSERT INTO call_element (call_data_id, start_time, answer_time, end_time, "
		"interface,"
		" agent) SELECT 900, current_date, CASE n WHEN 2 THEN current_date END, "
		"current_date,"
		" 'SIP/x' || n, '7003' FROM generate_series(1, 4) AS n");
	reply = http_post("/recording/history/agent", "{'agentNum':'7003'}");
	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "", "status"), "answered");
}
END_TEST

static Suite *
history_agent_suite(void)
{
	Suite *suite = suite_create("history_agent");

	harness_add(suite, "statuses", test_statuses);
	harness_add(suite, "entry", test_entry);
	harness_add_loop(suite, "days", test_days, HARNESS_COUNT(days));
	harness_add(suite, "default size", test_default_size);
	harness_add(suite, "configured days", test_configured_days);
	harness_add(suite, "once", test_once);
	return suite;
}

HARNESS_MAIN(history_agent_suite)
