/*
 * Searches with every condition alone, every pair of two and some of three, over many calls: each
 * answer is held against what plain SQL says (contract.sql). records_search.c covers what each
 * condition means in particular.
 */
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/http_client.h"
#include "support/json_assert.h"
#include "support/many_calls.h"
#include "support/scratch.h"
#include "support/sql.h"

static void
expect_page(const char *body, const char *marks, long page, long size)
{
	const struct reply *reply = http_post(
		scratch_format("/recording/records/search?page=%ld&pageSize=%ld", page, size),
		body);
	const char *wanted = many_files(marks, (page - 1) * size, size);
	bool has_next = many_count(marks) > page * size;

	expect_status(reply, 200);
	ck_assert_msg(strcmp(json_column(reply, "records", "id"), wanted) == 0,
		"%s page %ld of %ld\ngot      %s\nexpected %s", body, page, size,
		json_column(reply, "records", "id"), wanted);
	ck_assert_msg(json_object_get_boolean(json_at(reply->json, "hasNext")) == has_next,
		"%s page %ld of %ld: hasNext is wrong", body, page, size);
	ck_assert_msg((json_at(reply->json, "next") != NULL) == has_next,
		"%s page %ld of %ld: next is wrong", body, page, size);
}

/* Page 1 of 10 and, when there is more, another one. */
static void
expect_some(const struct many_search *search, int which)
{
	static const struct {
		long page;
		long size;
	} others[] = { { 2, 60 }, { 3, 25 }, { 3, 3 }, { 2, 250 }, { 2, 10 } };
	const char *body = many_search_body(search);
	const char *marks = many_search_marks(search);

	expect_page(body, marks, 1, 10);
	which %= HARNESS_COUNT(others);
	if (many_count(marks) > 10)
		expect_page(body, marks, others[which].page, others[which].size);
}

static void
expect_three_pages(const struct many_search *search, long size)
{
	const char *body = many_search_body(search);
	const char *marks = many_search_marks(search);

	for (long page = 1; page <= 3; page++)
		expect_page(body, marks, page, size);
}

START_TEST(test_alone)
{
	const struct many_search everything = { .count = 0 };
	const struct many_search search = { .chosen = { _i }, .count = 1 };

	many_calls_load();
	if (_i == 0)
		expect_three_pages(&everything, 10);
	expect_three_pages(&search, 10);
	expect_three_pages(&search, 240);
}
END_TEST

/* With each of those behind it in the table. */
START_TEST(test_pairs)
{
	many_calls_load();
	for (int other = _i + 1; other < many_condition_count; other++) {
		const struct many_search search = { .chosen = { _i, other }, .count = 2 };

		if (many_search_is_possible(&search))
			expect_some(&search, _i + other);
	}
}
END_TEST

/* Any three or four, always the same. */
START_TEST(test_more)
{
	unsigned long chance = 1;
	int count = 0;

	many_calls_load();
	while (count < 200) {
		struct many_search search = { .count = 3 + count % 2 };

		for (int i = 0; i < search.count; i++) {
			chance = (chance * 1103515245 + 12345) % 2147483648;
			search.chosen[i] = (int)(chance / 65536 % (unsigned)many_condition_count);
		}
		if (!many_search_is_possible(&search))
			continue;
		expect_some(&search, count);
		count++;
	}
}
END_TEST

/*
 * Ten hours before the start: two calls with passages after it, and one between them and the start
 * that had its own long before. The list of the queue is long.
 */
static const char late_passages[] =
	"INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT 'none', '2020-01-01', 'late' FROM generate_series(1, 300);"
	"WITH late (file, begun, queued, ended) AS ("
	"	VALUES ('a', -10, 1, 120), ('b', -9, 1, 120), ('c', -5, -300, 60)"
	"	UNION ALL SELECT 'n' || n, 0, 9 + n, 9 + n FROM generate_series(1, 9) AS n"
	"), call AS ("
	"	INSERT INTO call_data (uniqueid, start_time, answer_time, end_time)"
	"	SELECT file, timestamp '2022-01-01 12:00' + begun * interval '1 hour'"
	"			+ CASE WHEN begun = 0 THEN ended ELSE 0 END * interval '1 minute',"
	"		'2022-01-01', timestamp '2022-01-01 12:00' + ended * interval '1 minute'"
	"	FROM late RETURNING id, uniqueid"
	"), passage AS ("
	"	INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT file, timestamp '2022-01-01 12:00' + queued * interval '1 minute', 'late'"
	"	FROM late"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT id, 'recording', uniqueid FROM call";

START_TEST(test_late_passages)
{
	const struct reply *reply;

	many_calls_load();
	sql_run(late_passages);
	reply = http_post("/recording/records/search?pageSize=10",
		"{'queue':'late','start':'2022-01-01 12:00:00'}");
	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "records", "id"), "n9 n8 n7 n6 n5 n4 n3 n2 n1 c");
	reply = http_post("/recording/records/search?pageSize=10&page=2",
		"{'queue':'late','start':'2022-01-01 12:00:00'}");
	ck_assert_str_eq(json_column(reply, "records", "id"), "b a");
}
END_TEST

/*
 * Eleven calls fill the walk; the newest has its passage 50 minutes before its start, and an id
 * below theirs. Lists of its queue and key are long.
 */
static const char early_passage[] =
	"INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT 'none', '2020-01-01', 'early' FROM generate_series(1, 300);"
	"WITH long_ago AS ("
	"	INSERT INTO call_data (uniqueid, start_time, end_time)"
	"	VALUES ('none', '2023-01-01 06:00', '2023-01-01 06:01') RETURNING id"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT id, 'early', n FROM long_ago, generate_series(1, 300) AS n;"
	"WITH call AS ("
	"	INSERT INTO call_data (uniqueid, start_time, answer_time, end_time)"
	"	SELECT 'e' || n, begun, begun, begun + interval '1 minute'"
	"	FROM generate_series(0, 11) AS n, LATERAL (SELECT timestamp '2023-01-01 12:00'"
	"		+ CASE WHEN n = 0 THEN 30 ELSE n END * interval '1 minute' AS begun) AS at"
	"	ORDER BY n RETURNING id, uniqueid, start_time"
	"), passage AS ("
	"	INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT uniqueid, start_time - CASE WHEN uniqueid = 'e0' THEN 50 ELSE 0 END"
	"		* interval '1 minute', 'early' FROM call"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT id, key, uniqueid FROM call, (VALUES ('recording'), ('early')) AS pair "
	"(key)";

START_TEST(test_early_passage)
{
	static const char *const bodies[] = { "{'queue':'early'}", "{'key':'early'}" };

	many_calls_load();
	sql_run(early_passage);
	for (int i = 0; i < HARNESS_COUNT(bodies); i++) {
		const struct reply *reply = http_post(
			"/recording/records/search?pageSize=10", bodies[i]);

		expect_status(reply, 200);
		ck_assert_str_eq(
			json_column(reply, "records", "id"), "e0 e11 e10 e9 e8 e7 e6 e5 e4 e3");
	}
}
END_TEST

/*
 * Of long lists: a call without an end, whose passage and id came days later, behind a short one;
 * and two calls of one uniqueid, nine days apart. The last one, never answered, is there for its
 * id.
 */
static const char strays[] =
	"INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT 'none', '2020-01-01', 'stray' FROM generate_series(1, 300);"
	"WITH long_ago AS ("
	"	INSERT INTO call_data (uniqueid, start_time, end_time)"
	"	VALUES ('long ago', '2020-01-01', '2020-01-01') RETURNING id"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT id, 'stray', n FROM long_ago, generate_series(1, 300) AS n;"
	"WITH stray (number, file, uniqueid, begun, ended, queued) AS (VALUES"
	"	(1, 'first', 'twin', timestamp '2021-05-01 10:00', timestamp '2021-05-01 10:10',"
	"		timestamp '2021-05-01 10:00'),"
	"	(2, 'second', 'twin', '2021-05-10 10:00', '2021-05-10 10:10', '2021-05-10 10:00'),"
	"	(3, 'short', 'short', '2021-06-01 12:00', '2021-06-01 12:10', '2021-06-01 12:00'),"
	"	(4, 'later', 'later', '2021-06-10 10:00', '2021-06-10 10:10', '2021-06-10 10:00'),"
	"	(5, 'last', 'last', '2021-07-01 10:00', '2021-07-01 10:10', '2021-07-01 10:00'),"
	"	(6, 'endless', 'endless', '2021-06-01 10:00', NULL, '2021-06-05 10:00')"
	"), passage AS ("
	"	INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT uniqueid, queued, 'stray' FROM stray"
	"), call AS ("
	"	INSERT INTO call_data (uniqueid, start_time, answer_time, end_time)"
	"	SELECT uniqueid, begun, CASE WHEN file <> 'last' THEN begun END, ended"
	"	FROM stray ORDER BY number"
	"	RETURNING id, start_time"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT call.id, key, file FROM call JOIN stray ON begun = start_time,"
	"		(VALUES ('recording'), ('stray')) AS pair (key)";

/* A call with the highest id there can be. */
static const char highest[] = "INSERT INTO call_data (id, uniqueid, start_time, answer_time)"
			      "	VALUES (2147483647, 'highest', '2021-01-01', '2021-01-01');"
			      "INSERT INTO attached_data (id_call_data, key, value) VALUES"
			      "	(2147483647, 'recording', 'highest'), (2147483647, 'highest', 'x')";

struct stray_search {
	const char *body;
	const char *ids;
};

static const struct stray_search stray_searches[] = {
	{ "{'queue':'stray','end':'2021-06-02'}", "short endless second first" },
	{ "{'key':'stray','end':'2021-06-02'}", "short endless second first" },
	{ "{'queue':'stray','end':'2021-06-01 11:00:00'}", "endless second first" },
	{ "{'queue':'stray','end':'2021-05-05'}", "first" },
	{ "{'queue':'stray'}", "later short endless second first" },
	{ "{'key':'stray'}", "later short endless second first" },
};

START_TEST(test_strays)
{
	many_calls_load();
	sql_run(strays);
	for (int i = 0; i < HARNESS_COUNT(stray_searches); i++) {
		const struct stray_search *search = &stray_searches[i];
		const struct reply *reply = http_post(
			"/recording/records/search?pageSize=10", search->body);
		const char *next = "";
		char *ids = scratch_format("%s", "");

		expect_status(reply, 200);
		ck_assert_str_eq(json_column(reply, "records", "id"), search->ids);
		/* By cursors, too: one call on each page. */
		do {
			reply = http_post(
				scratch_format("/recording/records/search?pageSize=1%s", next),
				search->body);
			expect_status(reply, 200);
			ids = scratch_format("%s%s%s", ids, *ids == '\0' ? "" : " ",
				json_column(reply, "records", "id"));
			if (json_at(reply->json, "next") != NULL)
				next = scratch_format("&after=%s", json_text(reply, "next"));
		} while (json_at(reply->json, "next") != NULL);
		ck_assert_str_eq(ids, search->ids);
	}
}
END_TEST

/*
 * Two queues of one name, each with eleven calls and a later one that had its passage 50 minutes
 * before it began. Lists of both are long.
 */
static const char early_in_both[] =
	"INSERT INTO queuefeatures (name, displayname, number)"
	"	VALUES ('left', 'Both left', '3801'), ('right', 'Both right', '3802');"
	"INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT 'none', '2020-01-01', queue"
	"	FROM generate_series(1, 300), (VALUES ('left'), ('right')) AS both_ (queue);"
	"WITH call AS ("
	"	INSERT INTO call_data (uniqueid, start_time, answer_time, end_time)"
	"	SELECT queue || n, begun, begun, begun + interval '1 minute'"
	"	FROM generate_series(0, 11) AS n, (VALUES ('left', 0), ('right', 30)) AS both_ "
	"(queue, "
	"seconds),"
	"		LATERAL (SELECT timestamp '2023-02-01 12:00' + seconds * interval '1 "
	"second'"
	"			+ CASE WHEN n = 0 THEN 30 ELSE n END * interval '1 minute' AS "
	"begun) AS at"
	"	RETURNING id, uniqueid, start_time"
	"), passage AS ("
	"	INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT uniqueid, start_time - CASE WHEN uniqueid LIKE '%t0' THEN 50 ELSE 0 END"
	"		* interval '1 minute', rtrim(uniqueid, '0123456789') FROM call"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT id, 'recording', uniqueid FROM call";

START_TEST(test_early_passages_of_both)
{
	const struct reply *reply;

	many_calls_load();
	sql_run(early_in_both);
	reply = http_post("/recording/records/search?pageSize=10", "{'queue':'both'}");
	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "records", "id"),
		"right0 left0 right11 left11 right10 left10 right9 left9 right8 left8");
	sql_run("DELETE FROM queuefeatures WHERE number LIKE '380_'");
}
END_TEST

/*
 * A campaign of ten days, with more pairs than its queue or its agent have calls. Some of its calls
 * began before the one with the first id, one after the one with the last; two have no end, and
 * their passages days later. In the order of their ids.
 */
static const char campaign[] =
	"INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT 'none', '2020-01-01', 'campaign' FROM generate_series(1, 300);"
	"WITH stray (number, file, begun, ended, queued) AS (VALUES"
	"	(1, 'first', timestamp '2021-06-10 12:00', timestamp '2021-06-10 12:10',"
	"		timestamp '2021-06-10 12:00'),"
	"	(2, 'short', '2021-06-10 09:20', '2021-06-10 10:15', '2021-06-10 09:20'),"
	"	(3, 'long', '2021-06-10 06:00', '2021-06-10 11:00', '2021-06-10 06:00'),"
	"	(4, 'endless', '2021-06-01 10:00', NULL, '2021-06-05 10:00'),"
	"	(5, 'waiting', '2021-06-15 10:00', NULL, '2021-08-01 10:00'),"
	"	(6, 'later', '2021-06-20 11:30', '2021-06-20 11:40', '2021-06-20 11:30'),"
	"	(7, 'last', '2021-06-20 10:00', '2021-06-20 12:00', '2021-06-20 10:00'),"
	"	(8, 'other', '2021-09-01 10:00', '2021-09-01 10:10', '2021-09-01 10:00')"
	"), passage AS ("
	"	INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT 'campaign ' || file, queued, 'campaign' FROM stray"
	"), call AS ("
	"	INSERT INTO call_data (uniqueid, start_time, answer_time, end_time, dst_agent)"
	"	SELECT 'campaign ' || file, begun, begun, ended, '1777' FROM stray ORDER BY number"
	"	RETURNING id, start_time"
	"), pair AS ("
	"	INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT call.id, key, 'zone' FROM call JOIN stray ON begun = start_time,"
	"		(VALUES ('campaign'), ('campaign key')) AS pair (key),"
	"		LATERAL generate_series(1, CASE WHEN file = 'first' THEN 1000 ELSE 1 END)"
	"	WHERE file <> 'other'"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT call.id, 'recording', file FROM call JOIN stray ON begun = start_time";

/* Each of them alone is the earliest, and moves the time from which on the others are found. */
START_TEST(test_campaign)
{
	static const char *const earliest[] = { "", " endless", " long", " short" };
	static const char *const bodies[] = {
		"{'queue':'campaign','key':'campaign','value':'zone'}",
		"{'agent':'1777','key':'campaign','value':'zone'}",
		"{'queue':'campaign','key':'campaign key'}",
		"{'agent':'1777','key':'campaign key'}",
	};
	const char *ids = "later last waiting first short long endless";

	many_calls_load();
	sql_run(campaign);
	for (int gone = 0; gone < HARNESS_COUNT(earliest); gone++) {
		sql_runf("DELETE FROM call_data WHERE uniqueid = 'campaign%s'", earliest[gone]);
		ids = scratch_format("%.*s", (int)(strlen(ids) - strlen(earliest[gone])), ids);
		for (int i = 0; i < HARNESS_COUNT(bodies); i++) {
			const struct reply *reply = http_post(
				"/recording/records/search", bodies[i]);

			expect_status(reply, 200);
			ck_assert_str_eq(json_column(reply, "records", "id"), ids);
		}
	}
}
END_TEST

/* Few pairs, of which the last ids are those of the oldest calls, as if these had been copied here.
 */
static const char copied[] =
	"WITH call AS ("
	"	INSERT INTO call_data (uniqueid, start_time, answer_time, end_time, dst_agent)"
	"	SELECT 'copied ' || n, begun, begun, begun + interval '1 minute',"
	"		CASE WHEN n <> 2 THEN '1779' END"
	"	FROM generate_series(1, 4) AS n,"
	"		LATERAL (SELECT timestamp '2021-11-01' - n * interval '30 days' AS begun) "
	"AS at"
	"	ORDER BY n RETURNING id, uniqueid"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT id, key, uniqueid FROM call, (VALUES ('recording'), ('copied')) AS pair "
	"(key)"
	"	UNION ALL SELECT id, 'copy', 'yes' FROM call";

START_TEST(test_copied)
{
	static const char *const bodies[] = { "{'agent':'1779','key':'copied'}",
		"{'agent':'1779','key':'copy','value':'yes'}" };

	many_calls_load();
	sql_run(copied);
	for (int i = 0; i < HARNESS_COUNT(bodies); i++) {
		const struct reply *reply = http_post("/recording/records/search", bodies[i]);

		expect_status(reply, 200);
		ck_assert_str_eq(json_column(reply, "records", "id"), "copied 1 copied 3 copied 4");
	}
}
END_TEST

/*
 * A short call, and one without an end that began before it and has the same uniqueid: the passage
 * that both have came days later. The lists of the queue and, longer, of the pair are long.
 */
static const char twins[] =
	"INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT 'none', '2020-01-01', 'twins' FROM generate_series(1, 300);"
	"WITH twin (number, file, uniqueid, begun, ended) AS (VALUES"
	"	(1, 'endless', 'same', timestamp '2021-08-01 11:50', NULL),"
	"	(2, 'short', 'same', '2021-08-01 12:00', timestamp '2021-08-01 12:10'),"
	"	(3, 'later', 'later twin', '2021-08-10 10:00', '2021-08-10 10:10')"
	"), passage AS ("
	"	INSERT INTO call_on_queue (callid, queue_time, queue_ref) VALUES"
	"		('same', '2021-08-05 10:00', 'twins'),"
	"		('later twin', '2021-08-10 10:00', 'twins')"
	"), call AS ("
	"	INSERT INTO call_data (uniqueid, start_time, answer_time, end_time)"
	"	SELECT uniqueid, begun, begun, ended FROM twin ORDER BY number"
	"	RETURNING id, start_time"
	"), pair AS ("
	"	INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT call.id, 'twin', 'short' FROM call JOIN twin ON begun = start_time,"
	"		generate_series(1, 1000) WHERE file = 'short'"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT call.id, 'recording', file FROM call JOIN twin ON begun = start_time";

START_TEST(test_twins)
{
	static const struct stray_search searches[] = {
		{ "{'queue':'twins'}", "later short endless" },
		{ "{'queue':'twins','end':'2021-08-02'}", "short endless" },
		{ "{'queue':'twins','key':'twin','value':'short'}", "short" },
	};

	many_calls_load();
	sql_run(twins);
	for (int i = 0; i < HARNESS_COUNT(searches); i++) {
		const struct reply *reply = http_post(
			"/recording/records/search?pageSize=10", searches[i].body);

		expect_status(reply, 200);
		ck_assert_msg(strcmp(json_column(reply, "records", "id"), searches[i].ids) == 0,
			"%s: %s", searches[i].body, json_column(reply, "records", "id"));
	}
}
END_TEST

START_TEST(test_highest_id)
{
	static const char *const bodies[] = { "{'key':'highest'}",
		"{'key':'highest','end':'2030-01-01'}",
		"{'key':'highest','value':'x','end':'2090-01-01'}",
		"{'key':'highest','start':'2020-01-01','end':'2022-01-01'}" };

	many_calls_load();
	sql_run(highest);
	for (int i = 0; i < HARNESS_COUNT(bodies); i++)
		ck_assert_str_eq(json_column(http_post("/recording/records/search", bodies[i]),
					 "records", "id"),
			"highest");
	sql_run("DELETE FROM call_data WHERE id = 2147483647");
}
END_TEST

static Suite *
search_pairs_suite(void)
{
	Suite *suite = suite_create("search_pairs");

	harness_add_loop(suite, "alone", test_alone, many_condition_count);
	harness_add_loop(suite, "pairs", test_pairs, many_condition_count);
	harness_add(suite, "more", test_more);
	harness_add(suite, "late passages", test_late_passages);
	harness_add(suite, "early passage", test_early_passage);
	harness_add(suite, "strays", test_strays);
	harness_add(suite, "early passages of both", test_early_passages_of_both);
	harness_add(suite, "campaign", test_campaign);
	harness_add(suite, "copied", test_copied);
	harness_add(suite, "twins", test_twins);
	harness_add(suite, "highest id", test_highest_id);
	return suite;
}

HARNESS_MAIN(search_pairs_suite)
