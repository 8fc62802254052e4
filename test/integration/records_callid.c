/* POST /recording/records/callid_search. */
#include <stdlib.h>

#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"

#define TARGET "/recording/records/callid_search?callid="

START_TEST(test_answered)
{
	expect_json(http_post(TARGET "1700000001.1", ""), 200,
		"{'hasNext':false,'records':[{'agent':'Joe Dalton (1573)',"
		"'attached_data':{'recording':'rec-1','color':'green'},'dst_num':'3555',"
		"'duration':'00:01:05','id':'rec-1','queue':'oneforone (3555)',"
		"'src_num':'0612345678','start':'2024-01-01 10:00:00','status':'answered'}]}");
}
END_TEST

START_TEST(test_never_answered)
{
	expect_json(http_post(TARGET "1700000006.6", ""), 200,
		"{'hasNext':false,'records':[{'agent':'','attached_data':{'recording':'rec-6'},"
		"'dst_num':'3555','duration':'','id':'rec-6','queue':'oneforone (3555)',"
		"'src_num':'0615','start':'2024-01-05 12:00:00','status':''}]}");
}
END_TEST

START_TEST(test_none)
{
	static const char *const ids[] = {
		"1700000007.7", /* not recorded */
		"1700000001.",	/* a part */
		"1700000001.1%20",
		"%25",
		"1700000001_1",
		"nothing",
		"%27%3B+DROP+TABLE+cel",
	};

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		expect_json(http_post(scratch_format(TARGET "%s", ids[i]), ""), 200,
			"{'hasNext':false,'records':[]}");
}
END_TEST

/* The uniqueid of two calls: both, newest first as everywhere. */
START_TEST(test_several)
{
	const struct reply *reply = http_post(TARGET "1700000021.21", "");

	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "records", "id"), "rec-22 rec-21");
	ck_assert_str_eq(json_text(reply, "hasNext"), "false");
}
END_TEST

struct name_row {
	const char *dst_agent; /* as SQL */
	const char *passages;  /* (queue_time, queue_ref, agent_num), as SQL */
	const char *agent;
	const char *queue;
};

static const struct name_row names[] = {
	{ "NULL", "", "", "" },
	{ "'2000'", "", "Lucky Luke (2000)", "" },
	/* empty is none */
	{ "''", "('10:00', 'oneforone_q', '2000')", "Lucky Luke (2000)", "oneforone (3555)" },
	{ "NULL", "('10:00', '', '')", "", "" },
	{ "NULL", "('10:00', NULL, NULL)", "", "" },
	/* of two passages at the same time the one with the higher id */
	{ "NULL", "('10:00', 'oneforone_q', '1573'), ('10:00', 'support_q', '1004')",
		"Averell Dalton (1004)", "Support Desk (3666)" },
	{ "NULL", "('10:01', 'oneforone_q', '1573'), ('10:00', 'support_q', '1004')",
		"Joe Dalton (1573)", "oneforone (3555)" },
	/* without a row, and with one without a name or number */
	{ "'4444'", "('10:00', 'gone_q', '2000')", "4444", "gone_q" },
	{ "'4321'", "('10:00', 'noname_q', NULL)", "4321", "3888" },
	{ "'4322'", "('10:00', 'nonum_q', NULL)", "Ann (4322)", "No Number" },
	/* no name of a queue, but its number */
	{ "NULL", "('10:00', '3555', NULL)", "", "3555" },
};

/* The agent and the queue of a record. */
START_TEST(test_names)
{
	const struct name_row *row = &names[_i];
	const struct reply *reply;

	sql_run("INSERT INTO agentfeatures (number, firstname, lastname)"
		" VALUES ('4321', ' ', ''), ('4322', ' ', 'Ann ') ON CONFLICT DO NOTHING;"
		"DELETE FROM call_data WHERE uniqueid = 'names';"
		"DELETE FROM call_on_queue WHERE callid = 'names'");
	sql_runf("WITH call AS (INSERT INTO call_data (uniqueid, start_time, dst_agent)"
		 " VALUES ('names', '2024-06-01', %s) RETURNING id)"
		 " INSERT INTO attached_data (id_call_data, key, value)"
		 " SELECT id, 'recording', 'names' FROM call",
		row->dst_agent);
	if (*row->passages != '\0')
		sql_runf("INSERT INTO call_on_queue (callid, queue_time, queue_ref, agent_num)"
			 " SELECT 'names', date '2024-06-01' + time::time, queue, agent"
			 " FROM (VALUES %s) AS passage (time, queue, agent)",
			row->passages);
	reply = http_post(TARGET "names", "");
	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, "records.0.agent"), row->agent);
	ck_assert_str_eq(json_text(reply, "records.0.queue"), row->queue);
}
END_TEST

/* A body is not needed; an object without fields changes nothing. */
START_TEST(test_body)
{
	const struct reply *reply = http_send(
		&(struct http_request){ .method = "POST", .target = TARGET "1700000001.1" });

	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "records", "id"), "rec-1");
	reply = http_post(TARGET "1700000001.1", "{}");
	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "records", "id"), "rec-1");
}
END_TEST

START_TEST(test_escapes)
{
	const struct reply *reply = http_post(TARGET "%31700000001%2E1", "");

	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "records", "id"), "rec-1");
	/* decoded once */
	reply = http_post(TARGET "%2531700000001.1", "");
	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "records", "id"), "");
}
END_TEST

START_TEST(test_missing)
{
	expect_error(http_post("/recording/records/callid_search", ""), 400, "invalid_parameter",
		"callid", NULL);
	expect_error(http_post("/recording/records/callid_search?callid=1&callid=2", ""), 400,
		"invalid_parameter", "callid", NULL);
	expect_error(http_post("/recording/records/callid_search?callid=1&page=1", ""), 400,
		"unknown_field", "page", NULL);
}
END_TEST

static Suite *
records_callid_suite(void)
{
	Suite *suite = suite_create("records_callid");

	harness_add(suite, "answered", test_answered);
	harness_add(suite, "never answered", test_never_answered);
	harness_add(suite, "none", test_none);
	harness_add(suite, "several", test_several);
	harness_add_loop(suite, "names", test_names, HARNESS_COUNT(names));
	harness_add(suite, "body", test_body);
	harness_add(suite, "escapes", test_escapes);
	harness_add(suite, "missing", test_missing);
	return suite;
}

HARNESS_MAIN(records_callid_suite)
