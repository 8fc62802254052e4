/* GET /recording/cel. */
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"

START_TEST(test_row)
{
	const struct reply *reply = http_get("/recording/cel?from=10&limit=1");

	expect_json(reply, 200,
		"[{'id':'10','eventtype':'CHAN_START','eventtime':'2024-05-01 10:00:00.000000',"
		"'userdeftype':'udt','cid_name':'Alice','cid_num':'1001','cid_ani':'ani',"
		"'cid_rdnis':'rdnis','cid_dnid':'dnid','exten':'s','context':'default',"
		"'channame':'SIP/az9kf7-00000001','appname':'Dial','appdata':'SIP/bz1,30',"
		"'amaflags':'3','accountcode':'acc','peeraccount':'pacc','uniqueid':'1714557600.1',"
		"'linkedid':'1714557600.1','userfield':'uf','peer':'SIP/bz1-00000002',"
		"'call_log_id':'77','extra':'{\\\"a\\\":1}'}]");
}
END_TEST

/* NULL, fractions, escapes, negative numbers. */
START_TEST(test_special)
{
	const struct reply *reply = http_get("/recording/cel?from=11&limit=2");

	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "", "eventtime"),
		"2024-05-01 10:00:01.500000 1999-12-31 23:59:59.999999");
	ck_assert_str_eq(json_text(reply, "0.cid_name"), "\"Zo\xc3\xab\" \\ \t\n\x01");
	ck_assert_str_eq(json_text(reply, "0.call_log_id"), "");
	ck_assert_str_eq(json_text(reply, "0.extra"), "");
	ck_assert_str_eq(json_text(reply, "0.amaflags"), "-1");
	ck_assert_str_eq(json_text(reply, "1.call_log_id"), "0");
	reply = http_get("/recording/cel?from=2147483647");
	ck_assert_str_eq(json_text(reply, "0.call_log_id"), "-5");
	ck_assert_str_eq(json_text(reply, "0.id"), "2147483647");
}
END_TEST

START_TEST(test_column_order)
{
	const struct reply *reply = http_get("/recording/cel?limit=1");
	char *columns = scratch_format("%s", "");

	json_object_object_foreach (json_at(reply->json, "0"), name, value) {
		ck_assert(json_object_is_type(value, json_type_string));
		columns = scratch_format("%s%s%s", columns, *columns == '\0' ? "" : " ", name);
	}
	ck_assert_str_eq(
		columns, sql_list("SELECT column_name::text FROM information_schema.columns"
				  " WHERE table_name = 'cel' ORDER BY ordinal_position"));
}
END_TEST

struct page_row {
	const char *parameters;
	const char *ids;
};

static const struct page_row pages[] = {
	{ "", "10 11 15 2147483647" },
	{ "?from=0", "10 11 15 2147483647" },
	{ "?from=10", "10 11 15 2147483647" },
	{ "?from=11", "11 15 2147483647" },
	{ "?from=12", "15 2147483647" },
	{ "?from=16", "2147483647" },
	{ "?from=2147483647", "2147483647" },
	{ "?limit=2", "10 11" },
	{ "?from=11&limit=2", "11 15" },
	{ "?limit=2&from=15", "15 2147483647" },
	{ "?limit=10000", "10 11 15 2147483647" },
};

START_TEST(test_page)
{
	const struct reply *reply = http_get(
		scratch_format("/recording/cel%s", pages[_i].parameters));

	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "", "id"), pages[_i].ids);
}
END_TEST

static void
insert_many(void)
{
	sql_run("DELETE FROM cel WHERE id BETWEEN 20000 AND 40000;"
		"INSERT INTO cel (id, eventtype, eventtime, userdeftype, cid_name, cid_num, "
		"cid_ani,"
		" cid_rdnis, cid_dnid, exten, context, channame, appname, appdata, amaflags,"
		" accountcode, peeraccount, uniqueid, linkedid, userfield, peer, call_log_id, "
		"extra)"
		" SELECT 20000 + 2 * n, 'E' || n % 7, timestamp '2024-06-01' + n * interval "
		"'1.000001 s',"
		" '', repeat(chr(48 + n % 70), n % 50), md5(n::text), '', '', '', 's', 'ctx', '', "
		"'Dial',"
		" repeat('x', n % 300), n, '', '', n::text, n::text, '', '', nullif(n % 3, 0),"
		" CASE n % 2 WHEN 0 THEN '{\"n\":' || n || '}' END FROM generate_series(1, 2500) "
		"AS n"
		/* ids may commit out of order */
		" ORDER BY md5(n::text)");
}

/* All rows and columns against what the database itself says they are. */
static void
expect_rows(const struct reply *reply, long first, long last)
{
	expect_json(reply, 200,
		sql_value("SELECT json_agg(texts ORDER BY id) FROM (SELECT id, (SELECT "
			  "json_object_agg(key,"
			  " CASE key WHEN 'eventtime' THEN to_char(eventtime, 'YYYY-MM-DD "
			  "HH24:MI:SS.US')"
			  " ELSE coalesce(value, '') END) FROM json_each_text(row_to_json(cel))) "
			  "AS texts"
			  " FROM cel WHERE id BETWEEN %ld AND %ld) AS all_rows",
			first, last));
}

START_TEST(test_many)
{
	const struct reply *reply;

	insert_many();
	reply = http_get("/recording/cel?from=20000&limit=2500");
	expect_rows(reply, 20000, 40000);
	ck_assert_uint_eq(json_object_array_length(reply->json), 2500);
}
END_TEST

/*
 * Values may hold the very character by which a page's values are told apart on their way from
 * PostgreSQL. Every page that has such a row, and those around it, is what the database says.
 */
START_TEST(test_separators)
{
	sql_run("DELETE FROM cel WHERE id BETWEEN 20000 AND 40000;"
		"INSERT INTO cel (id, eventtype, eventtime, userdeftype, cid_name, cid_num, "
		"cid_ani, cid_rdnis, cid_dnid, exten, context, channame, appname, appdata,"
		" amaflags, accountcode, peeraccount, uniqueid, linkedid, userfield, peer,"
		" call_log_id, extra)"
		" SELECT 20000 + n, CASE n WHEN 3 THEN chr(31) ELSE 'E' END, '2024-06-01', '',"
		" CASE n WHEN 5 THEN 'a' || chr(31) || 'b' ELSE 'Alice' END, '', '', '', '', '',"
		" '', '', '', CASE n WHEN 7 THEN repeat(chr(31), 30) ELSE '' END, 3, '', '', '1',"
		" '1', '', CASE n WHEN 9 THEN chr(31) ELSE '' END, nullif(n, 9),"
		" CASE n WHEN 11 THEN chr(31) WHEN 9 THEN NULL ELSE '{}' END"
		" FROM generate_series(1, 200) n");
	daemon_restart("cel.cache_size", "64MiB", NULL);
	http_get("/recording/cel?from=2147483647");
	for (long first = 20001; first <= 20013; first++)
		expect_rows(http_get(scratch_format("/recording/cel?from=%ld&limit=1", first)),
			first, first);
	daemon_restart("cel.cache_size", "0", NULL);
	expect_rows(http_get("/recording/cel?from=20001&limit=200"), 20001, 20200);
	expect_rows(http_get("/recording/cel?from=20012&limit=150"), 20012, 20161);
	ck_assert_str_eq(json_text(http_get("/recording/cel?from=20005&limit=1"), "0.cid_name"),
		"a\x1f"
		"b");
}
END_TEST

START_TEST(test_default_limit)
{
	const struct reply *reply;

	insert_many();
	reply = http_get("/recording/cel?from=20000");
	ck_assert_uint_eq(json_object_array_length(reply->json), 1000);
	ck_assert_str_eq(json_text(reply, "999.id"), "22000");
	daemon_restart("cel.default_limit", "3", "cel.max_limit", "5", NULL);
	reply = http_get("/recording/cel?from=20000");
	ck_assert_str_eq(json_column(reply, "", "id"), "20002 20004 20006");
	reply = http_get("/recording/cel?from=20000&limit=5");
	ck_assert_uint_eq(json_object_array_length(reply->json), 5);
	expect_error(http_get("/recording/cel?from=20000&limit=6"), 400, "invalid_parameter",
		"limit", NULL);
}
END_TEST

/* A collector's loop: each page from behind the last id, until nothing is there. */
START_TEST(test_collector)
{
	long from = 20000;
	long count = 0;

	insert_many();
	sql_run("DELETE FROM cel WHERE id > 40000");
	for (;;) {
		const struct reply *reply = http_get(
			scratch_format("/recording/cel?from=%ld&limit=300", from));
		size_t length;

		expect_status(reply, 200);
		length = json_object_array_length(reply->json);
		if (length == 0) {
			ck_assert_str_eq(reply->body, "[]");
			break;
		}
		count += (long)length;
		from = atol(json_text(reply, scratch_format("%zu.id", length - 1))) + 1;
	}
	ck_assert_int_eq(count, 2500);
}
END_TEST

START_TEST(test_head)
{
	const struct reply *get = http_get("/recording/cel?from=10&limit=1");
	const struct reply *head = http_send(&(struct http_request){
		.method = "HEAD", .target = "/recording/cel?from=10&limit=1" });

	expect_status(head, 200);
	ck_assert_uint_eq(head->body_bytes, 0);
	ck_assert_str_eq(reply_field(head, "Content-Length"), reply_field(get, "Content-Length"));
	ck_assert_str_eq(reply_field(head, "Content-Type"), "application/json");
}
END_TEST

static Suite *
cel_suite(void)
{
	Suite *suite = suite_create("cel");

	harness_add(suite, "row", test_row);
	harness_add(suite, "special", test_special);
	harness_add(suite, "column order", test_column_order);
	harness_add_loop(suite, "page", test_page, HARNESS_COUNT(pages));
	harness_add(suite, "head", test_head);
	harness_add(suite, "many", test_many);
	harness_add(suite, "separators", test_separators);
	harness_add(suite, "default limit", test_default_limit);
	harness_add(suite, "collector", test_collector);
	return suite;
}

HARNESS_MAIN(cel_suite)
