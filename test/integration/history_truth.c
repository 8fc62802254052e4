/*
 * The histories and the last agent over many calls, held against what plain SQL says
 * (contract.sql). history.c, history_agent.c, history_customer.c and last_agent.c cover what each
 * means in particular.
 */
#include <stdlib.h>
#include <string.h>

#include "support/harness.h"
#include "support/http_client.h"
#include "support/json_assert.h"
#include "support/many_calls.h"
#include "support/scratch.h"
#include "support/sql.h"

/* Histories of an interface and of an agent ------------------------------------------------------
 */

static const struct {
	const char *target;
	const char *body;
	const char *wanted; /* of contract.sql */
	int most;
} histories[] = {
#define INTERFACE(name, since)                                                                     \
	"{'interface':'" name "'}",                                                                \
		"history('src_interface', 'src_interface', 'interface', '" name "', " since ")"
#define AGENT(name, since)                                                                         \
	"{'agentNum':'" name "'}",                                                                 \
		"history('src_agent', 'dst_agent', 'agent', '" name "', " since ")"
#define EVER "'-infinity'"
	{ "/recording/history", INTERFACE("SIP/line1", EVER), 10 },
	{ "/recording/history?size=1", INTERFACE("SIP/line1", EVER), 1 },
	{ "/recording/history?size=100", INTERFACE("SIP/line1", EVER), 100 },
	{ "/recording/history?size=1000", INTERFACE("SIP/line1", EVER), 1000 },
	{ "/recording/history?size=240", INTERFACE("SIP/line20", EVER), 240 },
	{ "/recording/history?size=1000", INTERFACE("SIP/line40", EVER), 1000 },
	{ "/recording/history?size=10", INTERFACE("SIP/line46", EVER), 10 },
	{ "/recording/history?size=10", INTERFACE("SIP/nothing", EVER), 10 },
	{ "/recording/history?days=0", INTERFACE("SIP/line1", "current_date"), 1000 },
	{ "/recording/history?days=7", INTERFACE("SIP/line1", "current_date - 7"), 1000 },
	{ "/recording/history?days=60", INTERFACE("SIP/line2", "current_date - 60"), 1000 },
	{ "/recording/history?days=36500", INTERFACE("SIP/line30", "current_date - 36500"), 1000 },
	{ "/recording/history/agent", AGENT("1500", "current_date - 7"), 10 },
	{ "/recording/history/agent?size=50", AGENT("1501", "current_date - 7"), 50 },
	{ "/recording/history/agent?size=10&days=0", AGENT("1500", "current_date"), 10 },
	{ "/recording/history/agent?size=300&days=20", AGENT("1502", "current_date - 20"), 300 },
	{ "/recording/history/agent?size=1000&days=90", AGENT("1500", "current_date - 90"), 1000 },
	{ "/recording/history/agent?size=1000&days=90", AGENT("1525", "current_date - 90"), 1000 },
	{ "/recording/history/agent?size=10&days=90", AGENT("1999", "current_date - 90"), 10 },
	{ "/recording/history/agent?size=100&days=90", AGENT("1888", "current_date - 90"), 100 },
	{ "/recording/history/agent?size=10&days=90", AGENT("nobody", "current_date - 90"), 10 },
};

/* One entry of a reply as the contract's functions write it. */
static char *
member(struct json_object *entry, const char *name)
{
	const char *text = json_object_get_string(json_at(entry, name));

	return scratch_format("%s", text == NULL ? "-" : text);
}

static char *
entries_of(struct json_object *list, const char *const members[4])
{
	char *lines = scratch_format("%s", "");

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);

		lines = scratch_format("%s%s|%s|%s|%s\n", lines, member(entry, members[0]),
			member(entry, members[1]), member(entry, members[2]),
			member(entry, members[3]));
	}
	return lines;
}

START_TEST(test_history)
{
	static const char *const members[] = { "start", "src_num", "dst_num", "status" };
	const struct reply *reply;
	const char *wanted;

	many_calls_load();
	reply = http_post(histories[_i].target, histories[_i].body);
	expect_status(reply, 200);
	wanted = sql_value("SELECT string_agg(entry || E'\\n', '' ORDER BY place) FROM contract.%s"
			   " WITH ORDINALITY AS wanted (entry, place) WHERE place <= %d",
		histories[_i].wanted, histories[_i].most);
	ck_assert_msg(strcmp(entries_of(reply->json, members), wanted) == 0,
		"%s %s\ngot\n%.3000s\nexpected\n%.3000s", histories[_i].target, histories[_i].body,
		entries_of(reply->json, members), wanted);
}
END_TEST

/* Eleven calls fill the walk; the newest was rung 50 minutes before its start. The list is long. */
static const char early_leg[] =
	"WITH long_ago AS ("
	"	INSERT INTO call_data (uniqueid, start_time) VALUES ('none', '2020-01-01') "
	"RETURNING id"
	") INSERT INTO call_element (call_data_id, start_time, interface, agent)"
	"	SELECT id, '2020-01-01', 'SIP/early', 'early'"
	"	FROM long_ago, generate_series(1, 300);"
	"WITH call AS ("
	"	INSERT INTO call_data (uniqueid, src_num, start_time)"
	"	SELECT 'early', n, timestamp '2023-01-01 12:00'"
	"		+ CASE WHEN n = 0 THEN 30 ELSE n END * interval '1 minute'"
	"	FROM generate_series(0, 11) AS n RETURNING id, src_num, start_time"
	") INSERT INTO call_element (call_data_id, start_time, interface, agent)"
	"	SELECT id, start_time - CASE WHEN src_num = '0' THEN 50 ELSE 0 END"
	"		* interval '1 minute', 'SIP/early', 'early' FROM call";

START_TEST(test_early_leg)
{
	many_calls_load();
	sql_run(early_leg);
	ck_assert_str_eq(json_column(http_post("/recording/history", "{'interface':'SIP/early'}"),
				 "", "src_num"),
		"0 11 10 9 8 7 6 5 4 3");
	ck_assert_str_eq(json_column(http_post("/recording/history/agent?days=36500",
					     "{'agentNum':'early'}"),
				 "", "src_num"),
		"0 11 10 9 8 7 6 5 4 3");
}
END_TEST

/* History of a customer --------------------------------------------------------------------------
 */

static const struct {
	const char
		*filters; /* what follows one another speaks of one pair, when it is one filter */
	const char *wanted;
} filters[] = {
#define FILTER(field, operator, value)                                                             \
	"{'field':'" field "','operator':'" operator"','value':'" value "'}",                      \
		"SELECT contract." field "_filter('" operator"', '" value "')"
#define PAIR(operator, key, value_operator, value)                                                 \
	"{'field':'key','operator':'" operator"','value':'" key                                    \
					      "'},{'field':'value','operator':'" value_operator    \
					      "','value':'" value "'}",                            \
		"SELECT contract.pair_filter('" operator"', '" key "', '" value_operator           \
							"', '" value "')"
	{ "", "SELECT id FROM call_data" },
	{ FILTER("src_num", "=", "0142000001") },
	{ FILTER("src_num", "=", "0142000333") },
	{ FILTER("src_num", "=", "1003") },
	{ FILTER("src_num", "=", "nothing") },
	{ FILTER("src_num", "<", "0142000001") },
	{ FILTER("src_num", ">", "0142000800") },
	{ FILTER("src_num", ">", "1038") },
	{ FILTER("key", "=", "note") },
	{ FILTER("key", "=", "color") },
	{ FILTER("key", "<", "color") },
	{ FILTER("key", ">", "recording") },
	{ FILTER("key", "=", "nothing") },
	{ FILTER("value", "=", "green") },
	{ FILTER("value", "=", "T277") },
	{ FILTER("value", "<", "T1") },
	{ FILTER("value", ">", "spring") },
	{ PAIR("=", "color", "=", "green") },
	{ PAIR("=", "color", "=", "T277") },
	{ PAIR("=", "campaign", ">", "b") },
	{ PAIR("=", "note", "=", "") },
	{ PAIR(">", "color", "<", "b") },
	{ PAIR("<", "note", ">", "grey") },
	{ PAIR("=", "recording", "=", "r777") },
	{ PAIR("=", "campaign", "=", "spring") },
	{ PAIR("=", "color", "<", "green") },
};

/* Each filter with each other one behind it; a lone key before a lone value would be a pair. */
START_TEST(test_customer)
{
	static const char *const members[] = { "start", "agent_num", "queue_num", "status" };
	static const int sizes[] = { 10, 1, 60, 300 };

	many_calls_load();
	for (int other = _i % 3; other < HARNESS_COUNT(filters); other += 3) {
		bool is_one = other == _i || *filters[_i].filters == '\0' ||
			      *filters[other].filters == '\0';
		bool ends_in_key = strstr(filters[_i].filters, "'key'") != NULL &&
				   strstr(filters[_i].filters, "'value','op") == NULL;
		int size = sizes[other % 4];
		const struct reply *reply;
		const char *calls;

		if (ends_in_key && strncmp(filters[other].filters, "{'field':'value'", 16) == 0)
			continue;
		calls = scratch_format("SELECT call_data.* FROM call_data WHERE id IN (%s) AND id "
				       "IN (%s)",
			filters[_i].wanted, filters[other].wanted);
		reply = http_post("/recording/history/customer",
			scratch_format("{'filters':[%s%s%s],'size':%d}", filters[_i].filters,
				is_one ? "" : ",", other == _i ? "" : filters[other].filters,
				size));
		expect_status(reply, 200);
		ck_assert_msg(json_object_get_int64(json_at(reply->json, "total")) ==
				      sql_number("SELECT count(*) FROM (%s) AS call", calls),
			"%s,%s: total is wrong", filters[_i].filters, filters[other].filters);
		ck_assert_str_eq(entries_of(json_at(reply->json, "list"), members),
			sql_value(
				"SELECT string_agg(concat_ws('|', to_char(start_time,"
				" 'YYYY-MM-DD HH24:MI:SS'), coalesce(nullif(agent_num, ''), '-'),"
				" coalesce((SELECT number FROM queuefeatures WHERE name ="
				" queue_ref), '-'), coalesce(passage.status::text, '-')) || E'\\n',"
				" '' ORDER BY start_time DESC, call.id DESC)"
				" FROM (%s ORDER BY start_time DESC, id DESC LIMIT %d) AS call"
				" LEFT JOIN LATERAL (SELECT * FROM call_on_queue WHERE callid ="
				" uniqueid ORDER BY queue_time DESC, id DESC LIMIT 1) AS passage"
				" ON true",
				calls, size));
	}
}
END_TEST

/* Pairs of a value under several keys, of which some were replaced: a call counts once, by what it
 * shows. */
#define PAIR_OF(operator, key, value)                                                              \
	"{'field':'key','operator':'" operator"','value':'" key                                    \
					      "'},{'field':'value','operator':'=','value':'" value \
					      "'}"

static const struct {
	const char *filters;
	const char *keys; /* which keys count, in SQL */
} values[] = {
	{ "{'field':'value','operator':'=','value':'same'}", "true" },
	{ PAIR_OF(">", "a", "same"), "key > 'a'" },
	{ PAIR_OF("<", "recording", "same"), "key < 'recording'" },
	{ PAIR_OF("<", "right", "same"), "key < 'right'" },
	{ PAIR_OF(">", "recording", "same"), "key > 'recording'" },
	{ PAIR_OF("=", "left", "same"), "key = 'left'" },
	{ PAIR_OF("=", "right", "same"), "key = 'right'" },
	{ PAIR_OF("=", "recording", "same"), "key = 'recording'" },
	{ PAIR_OF("=", "left", "same") "," PAIR_OF("=", "right", "same"),
		"key = 'left') AND id IN (SELECT id_call_data FROM shown WHERE value = 'same' AND "
		"key = 'right'" },
};

/* Some of each key's pairs are replaced by a later one. */
static void
attach_values(void)
{
	sql_run("INSERT INTO attached_data (id_call_data, key, value)"
		" SELECT id, key, 'same' FROM call_data"
		" CROSS JOIN (VALUES ('left'), ('right'), ('recording')) AS given (key)"
		" WHERE id % 5 = 0 ORDER BY key, id");
	sql_run("INSERT INTO attached_data (id_call_data, key, value)"
		" SELECT id, key, value FROM call_data JOIN (VALUES (10, 'left', 'other'),"
		" (15, 'right', 'other'), (25, 'recording', 'other'), (20, 'left', 'same'))"
		" AS given (every, key, value) ON id % every = 0 ORDER BY every");
}

START_TEST(test_value)
{
	const struct reply *reply;
	const char *wanted;
	const char *starts;

	many_calls_load();
	attach_values();
	reply = http_post("/recording/history/customer",
		scratch_format("{'filters':[%s],'size':60}", values[_i].filters));
	expect_status(reply, 200);
	wanted = scratch_format(
		"WITH shown AS (SELECT DISTINCT ON (id_call_data, key) * FROM attached_data"
		" ORDER BY id_call_data, key, id DESC), wanted AS (SELECT id, start_time FROM"
		" call_data WHERE id IN (SELECT id_call_data FROM shown WHERE value = 'same' AND"
		" %s))",
		values[_i].keys);
	starts = sql_list("%s SELECT to_char(start_time, 'YYYY-MM-DD HH24:MI:SS') FROM wanted"
			  " ORDER BY start_time DESC, id DESC LIMIT 60",
		wanted);
	ck_assert_msg(strcmp(json_column(reply, "list", "start"), starts) == 0,
		"%s\ngot\n%.1000s\nexpected\n%.1000s", values[_i].filters,
		json_column(reply, "list", "start"), starts);
	ck_assert_str_eq(
		json_text(reply, "total"), sql_value("%s SELECT count(*) FROM wanted", wanted));
	/* Enough for the list to be walked. */
	ck_assert_int_gt(atol(json_text(reply, "total")), 1000);
	sql_run("DELETE FROM attached_data WHERE value IN ('same', 'other')");
}
END_TEST

/* Last agent -------------------------------------------------------------------------------------
 */

START_TEST(test_last_agent)
{
	static const int days[] = { 0, 1, 3, 7, 30, 100 };
	static const char *const numbers[] = { "0142000000", "0142000001", "0142000002",
		"0142000020", "0142000050", "0142000077", "0142000333", "0142000800", "0142000899",
		"1001", "1003", "1017", "1040", "nothing" };
	const char *number = numbers[_i];

	many_calls_load();
	for (int i = 0; i < HARNESS_COUNT(days); i++) {
		const struct reply *reply = http_get(scratch_format(
			"/recording/last_agent?callerNo=%s&since=%d", number, days[i]));
		const char *wanted = sql_value(
			"SELECT contract.last_agent('%s', %d)", number, days[i]);

		if (*wanted == '\0') {
			expect_status(reply, 404);
			continue;
		}
		expect_status(reply, 200);
		ck_assert_str_eq(json_text(reply, "agentNumber"), wanted);
	}
}
END_TEST

static Suite *
history_truth_suite(void)
{
	Suite *suite = suite_create("history_truth");

	harness_add_loop(suite, "history", test_history, HARNESS_COUNT(histories));
	harness_add_loop(suite, "customer", test_customer, HARNESS_COUNT(filters));
	harness_add_loop(suite, "value", test_value, HARNESS_COUNT(values));
	harness_add_loop(suite, "last agent", test_last_agent, 14);
	harness_add(suite, "early leg", test_early_leg);
	return suite;
}

HARNESS_MAIN(history_truth_suite)
