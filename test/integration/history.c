/* POST /recording/history: the calls of an interface. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"

#define ALL "/recording/history?size=1000"

#define ENTRY(start, duration, src, dst, status, src_first, src_last, dst_first, dst_last)         \
	"{'start':'" start "','duration':" duration ",'src_num':" src ",'dst_num':" dst            \
	",'status':'" status "','src_firstname':" src_first ",'src_lastname':" src_last            \
	",'dst_firstname':" dst_first ",'dst_lastname':" dst_last "}"

/* What the calls of the fixture look like, but for the status, which depends on who asks. */
#define CALL_5(status)                                                                             \
	ENTRY("2024-01-05 10:00:00", "'01:00:00'", "'1004'", "'0614'", status, "'Bob'", "'Noir'",  \
		"null", "null")
#define CALL_18(status)                                                                            \
	ENTRY("2024-01-11 10:00:00", "'00:00:01'", "'1001'", "'1003'", status, "'Alice'",          \
		"'Martin'", "'Carol'", "null")
#define CALL_101(status)                                                                           \
	ENTRY("2024-03-01 09:00:00", "'00:01:50'", "'1001'", "'1002'", status, "'Alice'",          \
		"'Martin'", "'Bob'", "'Noir'")
#define CALL_102(status)                                                                           \
	ENTRY("2024-03-02 09:00:00", "'00:01:50'", "'0700000001'", "'3555'", status, "null",       \
		"null", "null", "'oneforone'")
#define CALL_103(status)                                                                           \
	ENTRY("2024-03-03 09:00:00", "null", "'0700000002'", "'1001'", status, "null", "null",     \
		"'Alice'", "'Martin'")
#define CALL_104(status)                                                                           \
	ENTRY("2024-03-04 09:00:00", "'00:00:05'", "'0700000003'", "'1001'", status, "null",       \
		"null", "'Alice'", "'Martin'")
#define CALL_105(status)                                                                           \
	ENTRY("2024-03-05 09:00:00", "null", "'0700000004'", "'1001'", status, "null", "null",     \
		"'Alice'", "'Martin'")
#define CALL_106(status)                                                                           \
	ENTRY("2024-03-06 09:00:00", "null", "'1001'", "'1001'", status, "'Alice'", "'Martin'",    \
		"'Alice'", "'Martin'")
#define CALL_107(status)                                                                           \
	ENTRY("2024-03-07 09:00:00", "null", "'1003'", "'1005'", status, "'Carol'", "null",        \
		"'Eve'", "'Two'")
#define CALL_108(status)                                                                           \
	ENTRY("2024-03-08 09:00:00", "null", "'0611111111'", "null", status, "'Alice'",            \
		"'Martin'", "null", "null")
#define CALL_109(status)                                                                           \
	ENTRY("2024-03-09 09:00:00", "null", "'1006'", "'3888'", status, "'Grace'", "'Seven'",     \
		"null", "null")
#define CALL_110(status)                                                                           \
	ENTRY("2024-03-10 09:00:00", "null", "'1009'", "'0799'", status, "null", "null", "null",   \
		"null")
#define CALL_111(status)                                                                           \
	ENTRY("2024-03-11 09:00:00", "null", "null", "'1001'", status, "null", "null", "'Alice'",  \
		"'Martin'")
#define CALL_124(status)                                                                           \
	ENTRY("2024-03-24 09:00:00", "'00:00:01'", "'1001'", "'0700000024'", status, "'Alice'",    \
		"'Martin'", "null", "null")
#define CALL_125(status)                                                                           \
	ENTRY("2024-03-25 09:00:00", "'00:00:04'", "'0700000025'", "'3555'", status, "null",       \
		"null", "null", "'oneforone'")
#define CALL_126(status)                                                                           \
	ENTRY("2024-03-26 09:00:00", "'00:00:04'", "'0700000026'", "'3555'", status, "null",       \
		"null", "null", "'oneforone'")

struct history_row {
	const char *interface;
	const char *entries;
};

/* One entry per line. */
/* clang-format off */
static const struct history_row histories[] = {
	{ "SIP/az9kf7", "["
		CALL_124("emitted") ","
		CALL_111("missed") ","
		CALL_111("missed") ","
		CALL_108("emitted") ","
		CALL_106("emitted") ","
		CALL_105("ongoing") ","
		CALL_104("answered") ","
		CALL_103("ongoing") ","
		CALL_102("missed") ","
		CALL_101("emitted") ","
		CALL_18("emitted") "]" },
	{ "SIP/bz1", "["
		CALL_126("missed") ","
		CALL_125("missed") ","
		CALL_102("answered") ","
		CALL_101("answered") ","
		CALL_5("emitted") "]" },
	{ "SIP/cz1", "[" CALL_125("answered") "," CALL_107("emitted") "]" },
	{ "SIP/sh1", "[" CALL_107("missed") "]" },
	{ "SIP/dx2", "[" CALL_109("emitted") "]" },
	{ "SIP/ez1", "[" CALL_110("emitted") "]" },
	{ "SIP/az9kf", "[]" },
	{ "SIP/%", "[]" },
	{ "%", "[]" },
	{ "az9kf7", "[]" },
	{ "SIP/az9kf7 ", "[]" },
};
/* clang-format on */

START_TEST(test_interface)
{
	expect_json(http_post(ALL, scratch_format("{'interface':'%s'}", histories[_i].interface)),
		200, histories[_i].entries);
}
END_TEST

START_TEST(test_size)
{
	const char *body = "{'interface':'SIP/az9kf7'}";
	const struct reply *reply = http_post("/recording/history?size=3", body);

	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "", "dst_num"), "0700000024 1001 1001");
	/* Neither parameter: 10 of the 11. */
	reply = http_post("/recording/history", body);
	expect_status(reply, 200);
	ck_assert_uint_eq(json_object_array_length(reply->json), 10);
}
END_TEST

struct name_row {
	const char *interface; /* of the caller, as SQL */
	const char *number;    /* of the caller, as SQL */
	const char *names;
};

/* Callers, each by its own way to a name; "-" is null. */
static const struct name_row callers[] = {
	{ "'SIP/az9kf7'", "'3555'", "Alice Martin" },
	{ "'sip/az9kf7'", "NULL", "Alice Martin" },
	{ "'SCCP/az9kf7'", "'1003'", "Carol -" },
	{ "'az9kf7'", "'1003'", "Carol -" },
	{ "'SIP/az9kf7x'", "NULL", "- -" },
	/* a number that user and queue share, and one that a queue has alone */
	{ "NULL", "'1002'", "Bob Noir" },
	{ "'SIP/trunk'", "'3555'", "- oneforone" },
	{ "NULL", "'3666'", "- Support Desk" },
	{ "NULL", "'3888'", "- -" },
	/* the empty number of a queue, and no number of a line, are no numbers */
	{ "NULL", "''", "- -" },
	{ "NULL", "NULL", "- -" },
	/* blanks around names, and nothing but blanks */
	{ "'SIP/blank'", "NULL", "Ann -" },
	/* two lines of a number: the main line of its user */
	{ "NULL", "'1500'", "Main Line" },
};

static const char *
name_or_dash(const struct reply *reply, const char *path)
{
	struct json_object *name = json_at(reply->json, path);

	return name == NULL ? "-" : json_object_get_string(name);
}

START_TEST(test_names)
{
	const struct name_row *row = &callers[_i];
	const struct reply *reply;

	sql_run("INSERT INTO userfeatures (id, firstname, lastname) VALUES (500, ' Ann ', '  '),"
		" (501, 'Other', 'Line'), (502, 'Main', 'Line') ON CONFLICT DO NOTHING;"
		"INSERT INTO linefeatures (id, name, number) VALUES (500, 'blank', '1499'),"
		" (501, 'one', '1500'), (502, 'two', '1500') ON CONFLICT DO NOTHING;"
		"INSERT INTO user_line (user_id, line_id, main_line) VALUES (500, 500, true),"
		" (501, 501, false), (502, 502, true) ON CONFLICT DO NOTHING;"
		"DELETE FROM call_data WHERE uniqueid = 'names'");
	sql_runf(
		"WITH call AS (INSERT INTO call_data (uniqueid, start_time, src_interface, src_num)"
		" VALUES ('names', '2024-06-01', %s, %s) RETURNING id)"
		" INSERT INTO call_element (call_data_id, start_time, interface)"
		" SELECT id, '2024-06-01', 'SIP/names' FROM call",
		row->interface, row->number);
	reply = http_post(ALL, "{'interface':'SIP/names'}");
	expect_status(reply, 200);
	ck_assert_str_eq(scratch_format("%s %s", name_or_dash(reply, "0.src_firstname"),
				 name_or_dash(reply, "0.src_lastname")),
		row->names);
}
END_TEST

/* In the field a protocol may be of a type of its own. */
START_TEST(test_protocol_type)
{
	const struct reply *reply;

	sql_run("CREATE TYPE protocol AS ENUM ('sip', 'sccp');"
		"ALTER TABLE linefeatures ALTER protocol DROP DEFAULT,"
		" ALTER protocol TYPE protocol USING protocol::protocol");
	reply = http_post(ALL, "{'interface':'SIP/dx2'}");
	sql_run("ALTER TABLE linefeatures ALTER protocol TYPE varchar(50),"
		" ALTER protocol SET DEFAULT 'sip'; DROP TYPE protocol");
	expect_json(reply, 200, "[" CALL_109("emitted") "]");
}
END_TEST

/* Calls about each midnight, by an interface of their own; src_num tells them apart. */
static void
insert_recent(void)
{
	sql_run("DELETE FROM call_data WHERE src_interface = 'SIP/recent'");
	sql_run("INSERT INTO call_data (uniqueid, src_num, start_time, src_interface)"
		" SELECT 'recent', name, current_date + span, 'SIP/recent' FROM (VALUES"
		" ('today', interval '0'), ('yesterday', '-1 second'), ('midnight-7', '-7 days'),"
		" ('before-7', '-7 days -1 microsecond'), ('old', '-36499 days')) AS calls (name, "
		"span)");
}

static void
expect_days(const char *days, const char *names)
{
	const struct reply *reply = http_post(
		scratch_format("/recording/history?days=%s", days), "{'interface':'SIP/recent'}");

	expect_status(reply, 200);
	ck_assert_msg(strcmp(json_column(reply, "", "src_num"), names) == 0, "days=%s: %s", days,
		json_column(reply, "", "src_num"));
}

START_TEST(test_days)
{
	insert_recent();
	expect_days("0", "today");
	expect_days("1", "today yesterday");
	expect_days("6", "today yesterday");
	expect_days("7", "today yesterday midnight-7");
	expect_days("8", "today yesterday midnight-7 before-7");
	expect_days("36500", "today yesterday midnight-7 before-7 old");
}
END_TEST

/* Today is the database's: in a zone where it is another day than for this machine. */
START_TEST(test_database_today)
{
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	sql_runf("ALTER DATABASE xivo_stats SET timezone = 'Etc/GMT%s'",
		utc.tm_hour >= 10 ? "-14" : "+12");
	sql_reconnect();
	ck_assert_str_eq(sql_value("SELECT current_date <> (now() AT TIME ZONE 'UTC')::date"), "t");
	daemon_restart(NULL, NULL);
	insert_recent();
	expect_days("0", "today");
	expect_days("7", "today yesterday midnight-7");
	sql_run("ALTER DATABASE xivo_stats RESET timezone");
	sql_reconnect();
}
END_TEST

START_TEST(test_limits)
{
	daemon_restart("history.default_size", "2", "history.max_size", "4", NULL);
	insert_recent();
	ck_assert_str_eq(json_column(http_post("/recording/history", "{'interface':'SIP/recent'}"),
				 "", "src_num"),
		"today yesterday");
	/* as far as days goes back, never more than max_size */
	expect_days("36500", "today yesterday midnight-7 before-7");
	expect_error(http_post("/recording/history?size=5", "{'interface':'SIP/recent'}"), 400,
		"invalid_parameter", "size", NULL);
	expect_status(http_post("/recording/history?size=4", "{'interface':'SIP/recent'}"), 200);
}
END_TEST

START_TEST(test_both)
{
	expect_error(http_post("/recording/history?size=10&days=7", "{'interface':'SIP/az9kf7'}"),
		400, "invalid_parameter", "size", "days", NULL);
}
END_TEST

static Suite *
history_suite(void)
{
	Suite *suite = suite_create("history");

	harness_add_loop(suite, "interface", test_interface, HARNESS_COUNT(histories));
	harness_add_loop(suite, "names", test_names, HARNESS_COUNT(callers));
	harness_add(suite, "protocol type", test_protocol_type);
	harness_add(suite, "size", test_size);
	harness_add(suite, "both", test_both);
	harness_add(suite, "days", test_days);
	harness_add(suite, "database today", test_database_today);
	harness_add(suite, "limits", test_limits);
	return suite;
}

HARNESS_MAIN(history_suite)
