/* POST /recording/history/customer. */
#include <stdlib.h>
#include <string.h>

#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"

#define TARGET "/recording/history/customer"
#define FILTER(field, operator, value)                                                             \
	"{'field':'" field "','operator':'" operator"','value':'" value "'}"

struct entry_row {
	const char *start;
	const char *entry;
	const char *or_entry; /* what the contract allows, too; NULL: nothing */
};

#define ENTRY(start, duration, wait, agent_name, agent_num, queue_name, queue_num, status)         \
	"{'start':'" start "','duration':" duration ",'wait_time':" wait                           \
	",'agent_name':" agent_name ",'agent_num':" agent_num ",'queue_name':" queue_name          \
	",'queue_num':" queue_num ",'status':" status "}"

static const struct entry_row entries[] = {
	{ "2024-04-05 10:00:00",
		ENTRY("2024-04-05 10:00:00", "'00:00:10'", "'00:00:10'", "'Lucky Luke'", "'2000'",
			"'No Number'", "null", "'answered'"),
		ENTRY("2024-04-05 10:00:00", "'00:00:10'", "'00:00:10'", "'Lucky Luke'", "'2000'",
			"'No Number'", "''", "'answered'") },
	{ "2024-04-04 10:00:00",
		ENTRY("2024-04-04 10:00:00", "'00:00:01'", "'00:00:03'", "null", "'9999'",
			"'ghost_queue'", "null", "'answered'"),
		NULL },
	{ "2024-04-03 10:00:00",
		ENTRY("2024-04-03 10:00:00", "'00:00:01'", "null", "null", "null", "null", "null",
			"null"),
		ENTRY("2024-04-03 10:00:00", "'00:00:01'", "null", "null", "null", "null", "null",
			"'answered'") },
	{ "2024-04-02 10:00:00",
		ENTRY("2024-04-02 10:00:00", "null", "'00:00:20'", "null", "null", "'Support Desk'",
			"'3666'", "'abandoned'"),
		NULL },
	{ "2024-04-01 10:00:00",
		ENTRY("2024-04-01 10:00:00", "'00:01:30'", "'00:00:20'", "'Joe Dalton'", "'1573'",
			"'oneforone'", "'3555'", "'answered'"),
		NULL },
};

static bool
equals(struct json_object *value, const char *expected)
{
	struct json_object *wanted;
	bool equal;

	if (expected == NULL)
		return false;
	wanted = json_tokener_parse(scratch_quotes(expected));
	equal = json_object_equal(value, wanted) == 1;
	json_object_put(wanted);
	return equal;
}

START_TEST(test_entries)
{
	const struct reply *reply = http_post(
		TARGET, "{'filters':[" FILTER("src_num", "=", "0655000001") "]}");

	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, "total"), "5");
	ck_assert_int_eq(json_object_object_length(reply->json), 2);
	ck_assert_uint_eq(json_object_array_length(json_at(reply->json, "list")), 5);
	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		struct json_object *entry = json_at(reply->json, scratch_format("list.%zu", i));

		ck_assert_msg(equals(entry, entries[i].entry) || equals(entry, entries[i].or_entry),
			"got      %s\nexpected %s", json_object_to_json_string(entry),
			entries[i].entry);
	}
}
END_TEST

struct passage_row {
	const char *passages; /* (queue_time, answer_time, hangup_time, queue_ref, agent), as SQL */
	const char *shown;    /* wait_time, agent_name, agent_num, queue_name, queue_num */
};

/* "-" is null. */
static const struct passage_row passages[] = {
	{ "('10:00:00', NULL, NULL, NULL, NULL)", "-|-|-|-|-" },
	{ "('10:00:00', NULL, NULL, '', '')", "-|-|-|-|-" },
	/* fractions are cut behind the subtraction: 2.2 seconds */
	{ "('10:00:00.9', '10:00:03.1', '10:30', 'oneforone_q', '1573')",
		"00:00:02|Joe Dalton|1573|oneforone|3555" },
	{ "('10:00:00', NULL, '10:00:59.999', 'support_q', NULL)",
		"00:00:59|-|-|Support Desk|3666" },
	/* below zero */
	{ "('10:00:05', '10:00:04.5', NULL, 'nonum_q', '3001')",
		"00:00:00|Ma Dalton|3001|No Number|-" },
	{ "('10:00:00', '10:00:01', NULL, 'gone_q', '4444')", "00:00:01|-|4444|gone_q|-" },
	/* the last one, by time, then by id */
	{ "('10:00:02', '10:00:03', NULL, 'oneforone_q', '2000'),"
	  " ('10:00:00', NULL, '10:00:02', 'support_q', '1573')",
		"00:00:01|Lucky Luke|2000|oneforone|3555" },
	{ "('10:00:00', NULL, '10:00:02', 'support_q', '1573'),"
	  " ('10:00:00', '10:00:09', NULL, 'pct_q', '3002')",
		"00:00:09|Solo|3002|50% off_sale|3777" },
};

static const char *
value_or_dash(const struct reply *reply, const char *name)
{
	struct json_object *value = json_at(reply->json, scratch_format("list.0.%s", name));

	return value == NULL ? "-" : json_object_get_string(value);
}

START_TEST(test_passage)
{
	const struct reply *reply;

	sql_run("DELETE FROM call_data WHERE uniqueid = 'passage';"
		"DELETE FROM call_on_queue WHERE callid = 'passage';"
		"INSERT INTO call_data (uniqueid, start_time, src_num)"
		" VALUES ('passage', '2024-06-01', 'passage')");
	sql_runf("INSERT INTO call_on_queue (callid, queue_time, answer_time, hangup_time,"
		 " queue_ref, agent_num) SELECT 'passage', date '2024-06-01' + queue_time::time,"
		 " date '2024-06-01' + answer_time::time, date '2024-06-01' + hangup_time::time,"
		 " queue, agent FROM (VALUES %s)"
		 " AS passage (queue_time, answer_time, hangup_time, queue, agent)",
		passages[_i].passages);
	reply = http_post(TARGET, "{'filters':[" FILTER("src_num", "=", "passage") "]}");
	sql_run("DELETE FROM call_data WHERE uniqueid = 'passage'");
	expect_status(reply, 200);
	ck_assert_str_eq(
		scratch_format("%s|%s|%s|%s|%s", value_or_dash(reply, "wait_time"),
			value_or_dash(reply, "agent_name"), value_or_dash(reply, "agent_num"),
			value_or_dash(reply, "queue_name"), value_or_dash(reply, "queue_num")),
		passages[_i].shown);
}
END_TEST

/* Filters, and the calls they leave, by the ids of the fixture. */
struct filter_row {
	const char *filters;
	const char *ids;
};

/* clang-format off */
static const struct filter_row filters[] = {
	{ FILTER("src_num", "=", "0655000002"), "136" },
	{ FILTER("src_num", "=", "065500000"), "" },
	{ FILTER("src_num", "=", "%"), "" },
	{ FILTER("src_num", ">", "0655000001") "," FILTER("src_num", "<", "0655000003"), "136" },
	{ FILTER("src_num", ">", "0655000001") "," FILTER("src_num", "<", "07"), "137 136 16 15" },
	/* the C collation: upper case first */
	{ FILTER("src_num", ">", "Z") "," FILTER("src_num", "<", "a"), "138" },
	{ FILTER("src_num", ">", "a") "," FILTER("src_num", "<", "abd"), "139" },
	{ FILTER("key", "=", "vip"), "137 136" },
	{ FILTER("key", "=", "VIP"), "" },
	{ FILTER("value", "=", "gold"), "137 136" },
	/* a pair */
	{ FILTER("key", "=", "vip") "," FILTER("value", "=", "gold"), "136" },
	{ FILTER("key", "=", "tier") "," FILTER("value", "=", "gold"), "137" },
	{ FILTER("key", "=", "vip") "," FILTER("value", ">", "h"), "137" },
	{ FILTER("key", ">", "tieq") "," FILTER("value", "=", "silver"), "137" },
	/* no pair: not right behind the key */
	{ FILTER("value", "=", "gold") "," FILTER("key", "=", "vip"), "137 136" },
	{ FILTER("key", "=", "vip") "," FILTER("src_num", ">", "0655000001") "," FILTER("value", "=", "gold"),
		"137 136" },
	/* the second value is one of any pair */
	{ FILTER("key", "=", "vip") "," FILTER("value", "=", "gold") "," FILTER("value", "=", "silver"),
		"" },
	{ FILTER("key", "=", "vip") "," FILTER("value", "=", "silver") "," FILTER("value", "=", "gold"),
		"137" },
	{ FILTER("key", "=", "vip") "," FILTER("key", "=", "tier") "," FILTER("value", "=", "gold"),
		"137" },
	{ FILTER("key", "=", "vip") "," FILTER("key", "=", "tier"), "137 136" },
	{ FILTER("value", "=", ""), "21" },
	{ FILTER("key", "=", "nothing"), "" },
};
/* clang-format on */

START_TEST(test_filter)
{
	const struct reply *reply = http_post(
		TARGET, scratch_format("{'filters':[%s],'size':1000}", filters[_i].filters));
	const char *starts = sql_list(
		"SELECT to_char(start_time, 'YYYY-MM-DD HH24:MI:SS') FROM call_data"
		" WHERE id = ANY (string_to_array('%s', ' ')::int[]) ORDER BY start_time DESC",
		filters[_i].ids);

	expect_status(reply, 200);
	ck_assert_msg(strcmp(json_column(reply, "list", "start"), starts) == 0,
		"%s\ngot      %s\nexpected %s", filters[_i].filters,
		json_column(reply, "list", "start"), starts);
	ck_assert_str_eq(json_text(reply, "total"),
		scratch_format("%zu", json_object_array_length(json_at(reply->json, "list"))));
}
END_TEST

/* Recomputed by the database, under its own collation rules and not. */
START_TEST(test_order)
{
	static const char *const bounds[] = { "0", "06", "0655000001", "A", "Zee", "a", "abc",
		"anonymous", "~", "+", "\\u00e9", "" };

	for (size_t i = 0; i + 1 < sizeof bounds / sizeof bounds[0]; i++) {
		for (const char *operator= "<>="; *operator!= '\0'; operator++) {
			const char *expected = sql_value("SELECT count(*) FROM call_data WHERE "
							 "src_num COLLATE \"C\" %c U&'%s'",
				*operator,
				strcmp(bounds[i], "\\u00e9") == 0 ? "\\00e9" : bounds[i]);
			const struct reply *reply = http_post(TARGET,
				scratch_format(
					"{'filters':[{'field':'src_num','operator':'%c','value':"
					"'%s'}],'size':1}",
					*operator, bounds[i]));

			expect_status(reply, 200);
			ck_assert_msg(strcmp(json_text(reply, "total"), expected) == 0,
				"src_num %c %s: %s instead of %s", *operator, bounds[i],
				json_text(reply, "total"), expected);
		}
	}
}
END_TEST

START_TEST(test_everything)
{
	static const char *const bodies[] = { "{}", "{'filters':[]}",
		"{'filters':null,'size':null}", "{'size':10}", "{'size':10,'filters':[]}" };
	const char *total = sql_value("SELECT count(*) FROM call_data");
	const char *newest = sql_list(
		"SELECT to_char(start_time, 'YYYY-MM-DD HH24:MI:SS') FROM call_data"
		" ORDER BY start_time DESC, id DESC LIMIT 10");

	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		const struct reply *reply = http_post(TARGET, bodies[i]);

		expect_status(reply, 200);
		ck_assert_str_eq(json_text(reply, "total"), total);
		ck_assert(json_object_is_type(json_at(reply->json, "total"), json_type_int));
		ck_assert_str_eq(json_column(reply, "list", "start"), newest);
	}
}
END_TEST

START_TEST(test_size)
{
	const struct reply *reply = http_post(
		TARGET, "{'size':2,'filters':[" FILTER("src_num", "=", "0655000001") "]}");

	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, "total"), "5");
	ck_assert_str_eq(
		json_column(reply, "list", "start"), "2024-04-05 10:00:00 2024-04-04 10:00:00");
	expect_json(http_post(TARGET, "{'filters':[" FILTER("src_num", "=", "none") "]}"), 200,
		"{'total':0,'list':[]}");
}
END_TEST

static Suite *
history_customer_suite(void)
{
	Suite *suite = suite_create("history_customer");

	harness_add(suite, "entries", test_entries);
	harness_add_loop(suite, "passage", test_passage, HARNESS_COUNT(passages));
	harness_add_loop(suite, "filter", test_filter, HARNESS_COUNT(filters));
	harness_add(suite, "order", test_order);
	harness_add(suite, "everything", test_everything);
	harness_add(suite, "size", test_size);
	return suite;
}

HARNESS_MAIN(history_customer_suite)
