/* GET /recording/last_agent. */
#include <stdlib.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"

/* Times count from the midnight of the database's today. */
static void
insert_call(const char *caller, const char *start, const char *answer, const char *agent)
{
	sql_runf("INSERT INTO call_data (uniqueid, src_num, start_time, answer_time, end_time, "
		 "dst_agent)"
		 " VALUES ('la-' || nextval('cel_id_seq'), '%s', current_date + interval '%s',"
		 " current_date + %s::interval, current_date + interval '1 day', %s)",
		caller, start, answer, agent);
}

static void
insert_passage(const char *caller, const char *start, const char *answer, const char *agent)
{
	sql_runf("INSERT INTO call_on_queue (callid, queue_time, answer_time, agent_num)"
		 " SELECT uniqueid, start_time, current_date + %s::interval, %s FROM call_data"
		 " WHERE src_num = '%s' AND start_time = current_date + interval '%s'",
		answer, agent, caller, start);
}

static void
expect_agent(const char *parameters, const char *agent)
{
	const struct reply *reply = http_get(
		scratch_format("/recording/last_agent?callerNo=%s", parameters));

	if (agent == NULL)
		expect_error(reply, 404, "not_found", NULL);
	else
		expect_json(reply, 200, scratch_format("{'agentNumber':'%s'}", agent));
}

START_TEST(test_none)
{
	expect_agent("4711", NULL);
	expect_agent("0612345678", NULL); /* long ago */
	expect_agent("0612345678&since=36500", "1573");
	expect_agent("061234567&since=36500", NULL);
	expect_agent("%25&since=36500", NULL);
	expect_agent("06_2345678&since=36500", NULL);
}
END_TEST

/* The latest answer, not the latest call. */
START_TEST(test_latest_answer)
{
	insert_call("la1", "-2 days +10:00", "'-2 days +10:00:05'", "'AA'");
	expect_agent("la1", "AA");
	insert_call("la1", "-2 days +11:00", "'-2 days +11:00:01'", "'CC'");
	expect_agent("la1", "CC");
	insert_passage("la1", "-2 days +10:00", "'-2 days +12:00'", "'BB'");
	expect_agent("la1", "BB");
	/* without an answer, or without an agent, it is not one */
	insert_call("la1", "-1 days +10:00", "NULL", "'DD'");
	insert_call("la1", "-1 days +11:00", "'-1 days +11:00:01'", "NULL");
	insert_passage("la1", "-1 days +11:00", "'-1 days +11:00:01'", "NULL");
	insert_call("la1", "-1 days +12:00", "NULL", "NULL");
	insert_passage("la1", "-1 days +12:00", "NULL", "'EE'");
	expect_agent("la1", "BB");
	/* a passage was answered, the call itself not */
	insert_passage("la1", "-1 days +12:00", "'-1 days +12:00:09'", "'FF'");
	expect_agent("la1", "FF");
	/* another caller */
	insert_call("la1x", "-1 days +13:00", "'-1 days +13:00:01'", "'GG'");
	expect_agent("la1", "FF");
	expect_agent("la1x", "GG");
}
END_TEST

/* Of two answers at the same time: of the later call, by its start, then the call's own. */
START_TEST(test_same_time)
{
	insert_call("la3", "-1 days +10:00", "'-1 days +12:00'", "'own'");
	insert_passage("la3", "-1 days +10:00", "'-1 days +12:00'", "'passage'");
	expect_agent("la3", "own");
	insert_call("la3", "-1 days +09:00", "'-1 days +12:00'", "'before'");
	expect_agent("la3", "own");
	insert_call("la3", "-1 days +11:00", "'-1 days +12:00'", "'behind'");
	expect_agent("la3", "behind");
	insert_call("la3", "-1 days +11:00", "'-1 days +12:00'", "'highest id'");
	expect_agent("la3", "highest id");
}
END_TEST

/* A call counts by its start. */
START_TEST(test_since)
{
	insert_call("la2", "-8 days", "'-1 hours'", "'old'");
	insert_call("la2", "-7 days -1 microsecond", "'-1 hours'", "'old'");
	expect_agent("la2", NULL);
	expect_agent("la2&since=7", NULL);
	expect_agent("la2&since=8", "old");
	insert_call("la2", "-7 days", "'-7 days +1 second'", "'seven'");
	expect_agent("la2", "seven");
	expect_agent("la2&since=6", NULL);
	expect_agent("la2&since=0", NULL);
	insert_call("la2", "0", "'1 second'", "'today'");
	expect_agent("la2&since=0", "today");
	expect_agent("la2&since=36500", "today");
}
END_TEST

/* In a phone number of a URL a leading blank counts as a plus. */
START_TEST(test_plus)
{
	insert_call("+331", "-1 days", "'-1 days'", "'plus'");
	insert_call("331", "-1 days", "'-1 days'", "'none'");
	insert_call("33+1", "-1 days", "'-1 days'", "'inside'");
	insert_call("33 1", "-1 days", "'-1 days'", "'blank'");
	expect_agent("+331", "plus");
	expect_agent("%2B331", "plus");
	expect_agent("%20331", "plus");
	expect_agent("331", "none");
	expect_agent("33%2b1", "inside");
	expect_agent("33+1", "blank");
	expect_agent("%2525", NULL);
}
END_TEST

START_TEST(test_head)
{
	const struct reply *reply = http_send(&(struct http_request){ .method = "HEAD",
		.target = "/recording/last_agent?callerNo=0612345678&since=36500" });

	expect_status(reply, 200);
	ck_assert_uint_eq(reply->body_bytes, 0);
	ck_assert_str_eq(reply_field(reply, "Content-Length"), "22");
}
END_TEST

/* A call that goes on for days, as far as anybody knows: its latest answer counts like any other.
 */
START_TEST(test_endless)
{
	insert_call("la7", "-5 days +10:00", "NULL", "NULL");
	sql_run("UPDATE call_data SET end_time = NULL WHERE src_num = 'la7'");
	insert_passage("la7", "-5 days +10:00", "'-1 day +09:00'", "'EE'");
	insert_call("la7", "-2 days +10:00", "'-2 days +10:00:05'", "'DD'");
	expect_agent("la7&since=9", "EE");
}
END_TEST

static Suite *
last_agent_suite(void)
{
	Suite *suite = suite_create("last_agent");

	harness_add(suite, "none", test_none);
	harness_add(suite, "latest answer", test_latest_answer);
	harness_add(suite, "same time", test_same_time);
	harness_add(suite, "since", test_since);
	harness_add(suite, "plus", test_plus);
	harness_add(suite, "head", test_head);
	harness_add(suite, "endless", test_endless);
	return suite;
}

HARNESS_MAIN(last_agent_suite)
