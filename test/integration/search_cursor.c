/*
 * Following "next" from page to page: each call once, in order, the same as by ?page=, whatever is
 * walked and whatever arrives meanwhile; and cursors that are none.
 */
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/http_client.h"
#include "support/json_assert.h"
#include "support/many_calls.h"
#include "support/scratch.h"
#include "support/sql.h"

#define TARGET "/recording/records/search?pageSize="

/* More pages than any of these walks has. */
#define PAGES_MAX 2000

static const char *
next_of(const struct reply *reply)
{
	struct json_object *next = json_at(reply->json, "next");

	return next == NULL ? NULL : json_object_get_string(next);
}

static const struct reply *
ask(const char *body, long size, const char *after)
{
	const struct reply *reply = http_post(
		after == NULL ? scratch_format(TARGET "%ld", size)
			      : scratch_format(TARGET "%ld&after=%s", size, after),
		body);

	expect_status(reply, 200);
	ck_assert_int_eq(
		json_object_get_boolean(json_at(reply->json, "hasNext")), next_of(reply) != NULL);
	return reply;
}

/* Walks ------------------------------------------------------------------------------------------
 */

static const struct {
	const char *what;
	int size;
	struct many_search search;
} walks[] = {
	{ "none", 700, { .count = 0 } },
	{ "agent", 70, { .chosen = { 0 }, .count = 1 } },
	{ "agents", 110, { .chosen = { 3 }, .count = 1 } },
	{ "more agents than are walked", 600, { .chosen = { 4 }, .count = 1 } },
	{ "queue", 240, { .chosen = { 6 }, .count = 1 } },
	{ "two queues", 240, { .chosen = { 7 }, .count = 1 } },
	{ "queue of old", 60, { .chosen = { 8 }, .count = 1 } },
	{ "short queue", 7, { .chosen = { 9 }, .count = 1 } },
	{ "status", 110, { .chosen = { 13 }, .count = 1 } },
	{ "queue and status", 150, { .chosen = { 6, 12 }, .count = 2 } },
	{ "start", 300, { .chosen = { 17 }, .count = 1 } },
	{ "end", 300, { .chosen = { 20 }, .count = 1 } },
	{ "queue from start to end", 1, { .chosen = { 6, 17, 20 }, .count = 3 } },
	{ "key from start to end", 1, { .chosen = { 39, 17, 20 }, .count = 3 } },
	{ "agent from start", 20, { .chosen = { 0, 17 }, .count = 2 } },
	{ "callee", 50, { .chosen = { 22 }, .count = 1 } },
	{ "callee pattern", 200, { .chosen = { 25 }, .count = 1 } },
	{ "rare callee pattern", 7, { .chosen = { 27 }, .count = 1 } },
	{ "caller", 30, { .chosen = { 29 }, .count = 1 } },
	{ "caller pattern", 5, { .chosen = { 34 }, .count = 1 } },
	{ "direction", 300, { .chosen = { 37 }, .count = 1 } },
	{ "key", 230, { .chosen = { 39 }, .count = 1 } },
	{ "key of some calls", 10, { .chosen = { 40 }, .count = 1 } },
	{ "pair", 130, { .chosen = { 44 }, .count = 1 } },
	{ "pair of old", 60, { .chosen = { 46 }, .count = 1 } },
	{ "pair and queue", 40, { .chosen = { 44, 6 }, .count = 2 } },
};

/* The page size changes on the way. */
static char *
walk(const char *body, long size)
{
	char *files = scratch_format("%s", "");
	const char *after = NULL;

	for (int page = 0; page < PAGES_MAX; page++) {
		const struct reply *reply = ask(body, page % 3 == 1 ? 1 + size / 2 : size, after);
		const char *some = json_column(reply, "records", "id");

		files = scratch_format("%s%s%s", files, *files == '\0' ? "" : " ", some);
		after = next_of(reply);
		if (after == NULL)
			return files;
	}
	ck_abort_msg("%s has no end", body);
}

START_TEST(test_walk)
{
	const struct many_search *search = &walks[_i].search;

	many_calls_load();
	ck_assert_msg(strcmp(walk(many_search_body(search), walks[_i].size),
			      many_files(many_search_marks(search), 0, 1 << 20)) == 0,
		"%s: a walk does not give each call once, in order", walks[_i].what);
}
END_TEST

/* Of a page and of a cursor there is the same page behind. */
START_TEST(test_as_pages)
{
	const struct many_search *search = &walks[_i].search;
	const char *body;
	const char *after = NULL;

	many_calls_load();
	body = many_search_body(search);
	for (int page = 1; page <= 4; page++) {
		const struct reply *by_page = http_post(
			scratch_format(TARGET "%d&page=%d", walks[_i].size, page), body);
		const struct reply *by_cursor = ask(body, walks[_i].size, after);

		ck_assert_msg(json_object_equal(by_page->json, by_cursor->json),
			"%s, page %d:\n%s\n%s", walks[_i].what, page, by_page->body,
			by_cursor->body);
		after = next_of(by_page);
		if (after == NULL)
			break;
	}
}
END_TEST

/* While calls arrive ----------------------------------------------------------------------------
 */

/*
 * One call that meets everything that is walked here: now, or late, begun some hours ago and ended
 * just now; its file-id tells that it is new.
 */
static const char arrival[] =
	"WITH call AS ("
	"	INSERT INTO call_data (uniqueid, dst_num, start_time, answer_time, end_time,"
	"		call_direction, src_num, src_agent)"
	"	SELECT 'new' || %d, '3004', localtimestamp - %d * interval '1 hour',"
	"		localtimestamp - %d * interval '1 hour', localtimestamp, 'outgoing',"
	"		'0142000001', '1500'"
	"	RETURNING id, uniqueid, start_time"
	"), passage AS ("
	"	INSERT INTO call_on_queue (callid, queue_time, status, queue_ref)"
	"	SELECT uniqueid, start_time, 'timeout', 'sales' FROM call"
	")"
	"INSERT INTO attached_data (id_call_data, key, value)"
	"SELECT id, key, value FROM call, (VALUES ('recording', 'new'), ('color', 'green'))"
	"	AS pair (key, value)";

static void
begin_arrival(PGconn *session, int number, int hours_ago)
{
	const char *statement = scratch_format(arrival, number, hours_ago, hours_ago);

	ck_assert_int_eq(PQsendQuery(session, statement), 1);
}

static void
end_arrival(PGconn *session)
{
	PGresult *result;

	while ((result = PQgetResult(session)) != NULL) {
		ck_assert_msg(
			PQresultStatus(result) == PGRES_COMMAND_OK, "%s", PQerrorMessage(session));
		PQclear(result);
	}
}

/* Those that were there when the walk began, in their order. */
static char *
without_arrivals(const struct reply *reply)
{
	struct json_object *records = json_at(reply->json, "records");
	char *files = scratch_format("%s", "");

	for (size_t i = 0; i < json_object_array_length(records); i++) {
		const char *file = json_object_get_string(
			json_at(json_object_array_get_idx(records, i), "id"));

		if (strcmp(file, "new") != 0)
			files = scratch_format("%s %s", files, file);
	}
	return files;
}

static const int busy_walks[] = { 0, 1, 4, 8, 9, 15, 16, 18, 20, 21, 23, 25 };

/* A session that commits while pages are asked for, and one that commits two pages later. */
START_TEST(test_arrivals)
{
	static int number;
	static const int sizes[] = { 9, 40, 150, 400 };
	const struct many_search *search = &walks[busy_walks[_i]].search;
	PGconn *quick = sql_session();
	PGconn *slow = sql_session();
	const char *after = NULL;
	char *files = scratch_format("%s", "");
	const char *body;

	many_calls_load();
	body = many_search_body(search);
	for (int page = 0; page < PAGES_MAX && (page == 0 || after != NULL); page++) {
		const struct reply *reply;

		if (page % 3 == 0) {
			sql_session_run(slow, "BEGIN");
			begin_arrival(slow, ++number, page % 60);
			end_arrival(slow);
		}
		begin_arrival(quick, ++number, page % 4 * 6);
		reply = ask(body, sizes[page % HARNESS_COUNT(sizes)], after);
		end_arrival(quick);
		files = scratch_format("%s%s", files, without_arrivals(reply));
		after = next_of(reply);
		if (page % 3 == 2)
			sql_session_run(slow, "COMMIT");
	}
	sql_run("DELETE FROM call_data WHERE uniqueid LIKE 'new%';"
		"DELETE FROM call_on_queue WHERE callid LIKE 'new%'");
	ck_assert_msg(strcmp(files, scratch_format(" %s", many_files(many_search_marks(search), 0,
								  1 << 20))) == 0,
		"%s: a walk while calls arrive does not give each call once, in order",
		walks[busy_walks[_i]].what);
}
END_TEST

/* What is no cursor -----------------------------------------------------------------------------
 */

static void
expect_no_cursor(const char *body, const char *after)
{
	expect_error(http_post(scratch_format(TARGET "10&after=%s", after), body), 400,
		"invalid_parameter", "after", NULL);
}

static const char *
cursor_of(const char *body)
{
	return scratch_format("%s", next_of(ask(body, 10, NULL)));
}

#define BODY "{'agent':'1500','start':'2020-01-01'}"

START_TEST(test_every_character)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *cursor;

	many_calls_load();
	cursor = cursor_of(BODY);
	for (size_t i = 0; i < strlen(cursor); i++) {
		char *other = scratch_format("%s", cursor);
		const char *place = strchr(alphabet, cursor[i]);

		ck_assert_ptr_nonnull(place);
		other[i] = alphabet[((size_t)(place - alphabet) + 1 + i) % 64];
		if (other[i] != cursor[i])
			expect_no_cursor(BODY, other);
		other[i] = '.';
		expect_no_cursor(BODY, other);
		/* The bits of the last one that are beyond the last byte count, too. */
		other[i] = alphabet[(size_t)(place - alphabet) ^ 1];
		expect_no_cursor(BODY, other);
	}
}
END_TEST

START_TEST(test_other_lengths)
{
	const char *cursor;

	many_calls_load();
	cursor = cursor_of(BODY);
	for (int length = 0; length < (int)strlen(cursor); length++)
		expect_no_cursor(BODY, scratch_format("%.*s", length, cursor));
	expect_no_cursor(BODY, scratch_format("%s=", cursor));
	expect_no_cursor(BODY, scratch_format("%s%%3D%%3D", cursor));
	expect_no_cursor(BODY, scratch_format("%sA", cursor));
	expect_no_cursor(BODY, scratch_format("+%s", cursor));
	expect_no_cursor(BODY, scratch_format("%s%s", cursor, cursor));
	expect_no_cursor(BODY, scratch_repeat("A", 127));
	expect_no_cursor(BODY, scratch_repeat("A", 128));
	expect_no_cursor(BODY, scratch_repeat("A", 4000));
	/* "2026-01-01 00:00:00|1" and twelve bytes of nothing */
	expect_no_cursor(BODY, "MjAyNi0wMS0wMSAwMDowMDowMHwxAAAAAAAAAAAAAAAA");
}
END_TEST

/* Each differs from BODY in one field, or says the same of another one. */
static const char *const other_bodies[] = {
	"{}",
	"{'agent':'1500'}",
	"{'agent':'1501','start':'2020-01-01'}",
	"{'agent':'1500','start':'2020-01-02'}",
	"{'agent':'1500','end':'2020-01-01'}",
	"{'queue':'1500','start':'2020-01-01'}",
	"{'agent':'1500','start':'2020-01-01','direction':'all'}",
	"{'agent':'1500','start':'2020-01-01','key':'color'}",
	"{'agent':'1500','start':'2020-01-01','key':'color','value':''}",
	"{'agent':'1500','start':'2020-01-01','queueCallStatus':'answered'}",
	"{'agent':'1500','start':'2020-01-01','caller':'%'}",
	"{'agent':'1500','start':'2020-01-01','callee':'%'}",
};

START_TEST(test_other_search)
{
	const char *cursor;

	many_calls_load();
	cursor = cursor_of(BODY);
	for (int i = 0; i < HARNESS_COUNT(other_bodies); i++) {
		expect_no_cursor(other_bodies[i], cursor);
		if (next_of(ask(other_bodies[i], 10, NULL)) != NULL)
			expect_no_cursor(BODY, cursor_of(other_bodies[i]));
	}
}
END_TEST

/* The order of fields and what means "absent" do not make another search. */
START_TEST(test_same_search)
{
	static const char *const same[] = { "{'start':'2020-01-01','agent':'1500'}",
		"{'agent' : '1500','start':'2020-01-01','queue':'','caller':null}" };
	const struct reply *wanted;
	const char *cursor;

	many_calls_load();
	cursor = cursor_of(BODY);
	wanted = ask(BODY, 10, cursor);
	for (int i = 0; i < HARNESS_COUNT(same); i++)
		ck_assert_str_eq(ask(same[i], 10, cursor)->body, wanted->body);
}
END_TEST

START_TEST(test_page_and_cursor)
{
	many_calls_load();
	expect_error(http_post(scratch_format(TARGET "10&page=1&after=%s", cursor_of(BODY)), BODY),
		400, "invalid_parameter", "page", "after", NULL);
}
END_TEST

START_TEST(test_restart)
{
	static const char *const fields[] = { "X-Auth-Token: another", NULL };
	struct http_request request = { .without_token = true, .fields = fields };
	const struct reply *wanted;
	const char *cursor;

	many_calls_load();
	cursor = cursor_of(BODY);
	wanted = ask(BODY, 10, cursor);
	daemon_restart(NULL, NULL);
	ck_assert_str_eq(ask(BODY, 10, cursor)->body, wanted->body);

	daemon_restart("auth.token", "another", NULL);
	request.target = scratch_format(TARGET "10&after=%s", cursor);
	request.body = scratch_quotes(BODY);
	expect_error(http_send(&request), 400, "invalid_parameter", "after", NULL);
}
END_TEST

static Suite *
search_cursor_suite(void)
{
	Suite *suite = suite_create("search_cursor");

	harness_add_loop(suite, "walk", test_walk, HARNESS_COUNT(walks));
	harness_add_loop(suite, "as pages", test_as_pages, HARNESS_COUNT(walks));
	harness_add_loop(suite, "arrivals", test_arrivals, HARNESS_COUNT(busy_walks));
	harness_add(suite, "every character", test_every_character);
	harness_add(suite, "other lengths", test_other_lengths);
	harness_add(suite, "other search", test_other_search);
	harness_add(suite, "same search", test_same_search);
	harness_add(suite, "page and cursor", test_page_and_cursor);
	harness_add(suite, "restart", test_restart);
	return suite;
}

HARNESS_MAIN(search_cursor_suite)
