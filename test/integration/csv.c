/*
 * Accept: the same rows as CSV as in JSON, read with a strict parser of RFC 4180; cells that a
 * spreadsheet would compute; which requests want what, and 406 for what there is not. The lines
 * of application/x-ndjson: cel_live.c.
 */
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"

#define SEARCH	 "/recording/records/search"
#define HISTORY	 "/recording/history"
#define AGENT	 "/recording/history/agent"
#define CUSTOMER "/recording/history/customer"
#define CEL	 "/recording/cel"

#define COLUMNS_MAX 23

#define RECORD_NAMES "id,start,duration,agent,queue,src_num,dst_num,status,attached_data"
#define ENTRY_NAMES                                                                                \
	"start,duration,src_num,dst_num,status,src_firstname,src_lastname,dst_firstname,"          \
	"dst_lastname"
#define LIST_NAMES "start,duration,wait_time,agent_name,agent_num,queue_name,queue_num,status"
#define CEL_NAMES                                                                                  \
	"id,eventtype,eventtime,userdeftype,cid_name,cid_num,cid_ani,cid_rdnis,cid_dnid,exten,"    \
	"context,channame,appname,appdata,amaflags,accountcode,peeraccount,uniqueid,linkedid,"     \
	"userfield,peer,call_log_id,extra"

/* body NULL: GET; ' in it stands for ". accept NULL: no field at all. */
static const struct reply *
ask_method(const char *method, const char *target, const char *body, const char *accept)
{
	const char *const fields[] = {
		accept == NULL ? "Accept:" : scratch_format("Accept: %s", accept), NULL
	};

	return http_send(&(struct http_request){ .method = method,
		.target = target,
		.body = body == NULL ? NULL : scratch_quotes(body),
		.fields = fields });
}

static const struct reply *
ask(const char *target, const char *body, const char *accept)
{
	return ask_method(NULL, target, body, accept);
}

/* A strict parser ---------------------------------------------------------------------------- */

struct line {
	char *cells[COLUMNS_MAX];
	int count;
};

/* A quoted cell: needed, and with nothing between its last quote and what ends it. */
static char *
parse_quoted(char **next)
{
	char *at = *next + 1;
	char *cell = at;
	char *out = at;

	for (;; at++) {
		ck_assert_msg(*at != '\0', "a quoted cell without an end");
		if (*at == '"' && *++at != '"')
			break;
		*out++ = *at;
	}
	*next = at;
	ck_assert_msg(**next == ',' || **next == '\r', "something behind quotes: %.60s", at);
	*out = '\0';
	ck_assert_msg(strpbrk(cell, "\",\r\n") != NULL, "quotes that nothing needs: %s", cell);
	return cell;
}

static char *
parse_plain(char **next)
{
	char *cell = *next;

	*next += strcspn(cell, ",\"\r\n");
	ck_assert_msg(**next == ',' || **next == '\r', "not allowed in a cell: %.60s", *next);
	return cell;
}

static struct line
parse_line(char **next)
{
	struct line line = { .count = 0 };
	char end;

	do {
		char *cell = **next == '"' ? parse_quoted(next) : parse_plain(next);

		ck_assert_int_lt(line.count, COLUMNS_MAX);
		line.cells[line.count++] = cell;
		end = **next;
		if (end == '\r')
			ck_assert_msg((*next)[1] == '\n', "CR without LF: %.60s", *next);
		*next += end == '\r' ? 2 : 1;
		(*next)[end == '\r' ? -2 : -1] = '\0';
	} while (end == ',');
	return line;
}

/* What a cell says, without the apostrophe that keeps spreadsheets from computing it. */
static const char *
meaning(const char *cell)
{
	size_t apostrophes = strspn(cell, "'");

	if (cell[apostrophes] == '\0' || strchr("=+-@\t\r", cell[apostrophes]) == NULL)
		return cell;
	ck_assert_msg(apostrophes > 0, "a spreadsheet computes this: %s", cell);
	return cell + 1;
}

/* A cell against the member of the JSON: null is empty, an object is its text. */
static void
expect_same(const char *cell, struct json_object *member)
{
	struct json_object *parsed;
	const char *text;

	if (json_object_is_type(member, json_type_object)) {
		parsed = json_tokener_parse(meaning(cell));
		ck_assert_msg(json_object_equal(parsed, member) == 1, "%s instead of %s", cell,
			json_object_to_json_string(member));
		json_object_put(parsed);
		return;
	}
	text = member == NULL ? "" : json_object_get_string(member);
	ck_assert_str_eq(meaning(cell), text);
}

/* The rows are these, to the last byte; the names are the members of each. */
static void
expect_csv(const struct reply *reply, const char *names, struct json_object *rows)
{
	char *next = scratch_format("%s", reply->body);
	char *head = scratch_format("%s\r\n", names);
	size_t count = json_object_array_length(rows);
	struct line columns;

	ck_assert_str_eq(
		reply_field(reply, "Content-Type"), "text/csv; charset=utf-8; header=present");
	ck_assert_str_eq(reply_field(reply, "Vary"), "Accept");
	ck_assert_uint_eq(strlen(reply->body), reply->body_bytes);
	ck_assert_msg(strncmp(next, head, strlen(head)) == 0, "%.300s", next);
	columns = parse_line(&next);
	for (size_t i = 0; i < count; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct line line = parse_line(&next);

		ck_assert_int_eq(line.count, columns.count);
		ck_assert_int_eq(json_object_object_length(row), columns.count);
		for (int column = 0; column < columns.count; column++) {
			struct json_object *member;

			ck_assert_int_eq(
				json_object_object_get_ex(row, columns.cells[column], &member), 1);
			expect_same(line.cells[column], member);
		}
	}
	ck_assert_str_eq(next, "");
}

/* Round trips -------------------------------------------------------------------------------- */

/* What a spreadsheet, a parser or a terminal could trip over; each in E'' of SQL. */
static const char *const hostile[] = {
	"=1+1",
	"+33612345678",
	"-1",
	"@SUM(A1)",
	"=cmd|'' /C calc''!A0",
	"=HYPERLINK(\"http://x\",\"y\")",
	"\\t=1",
	"\\r=1",
	"\\n=1",
	"''=1",
	"''''+1",
	"''",
	"a,b",
	"a\"b",
	"\"",
	"\"\"",
	"\",\"",
	"a\\r\\nb",
	"a\\nb,\"c\"\\r",
	",",
	" ",
	" blanks ",
	"back\\\\slash \\\\\" \\\\n \\\\u0041",
	"\\x01\\x1f\\x7f\\b\\f",
	"Zo\\u00eb \\u260e \\U0001F600 \\u2028",
	"a;b\\tc|d",
	"</script>",
	"null",
};

#define HOSTILE_NUMBER "0690000001"

/* Calls, passages, names and channel events full of it. */
static void
insert_hostile(void)
{
	static bool is_done;

	if (is_done)
		return;
	is_done = true;
	for (int i = 0; i < HARNESS_COUNT(hostile); i++) {
		const char *text = scratch_format("E'%s'", hostile[i]);

		sql_runf("INSERT INTO agentfeatures (number, firstname, lastname)"
			 " VALUES ('77%02d', %s, 'x');"
			 "INSERT INTO queuefeatures (name, displayname, number)"
			 " VALUES ('hostile-%d', %s, left(%s, 20));"
			 "INSERT INTO call_on_queue (callid, queue_time, status, queue_ref, "
			 "agent_num)"
			 " VALUES ('hostile-%d', '2024-06-01', 'answered', 'hostile-%d', '77%02d');"
			 "INSERT INTO call_data (uniqueid, start_time, answer_time, src_num, "
			 "dst_num,"
			 " status, dst_agent, src_interface)"
			 " SELECT 'hostile-%d', timestamp '2024-06-01' + n * interval '1 minute',"
			 " '2024-06-01', CASE n WHEN 0 THEN '" HOSTILE_NUMBER
			 "' ELSE left(%s, 20) END, left(%s, 20), %s, '77%02d', 'SIP/hostile'"
			 " FROM generate_series(0, 1) AS n;"
			 "INSERT INTO attached_data (id_call_data, key, value)"
			 " SELECT id, pair.key, pair.value FROM call_data,"
			 " (VALUES ('recording', %s), (%s, %s)) AS pair (key, value)"
			 " WHERE uniqueid = 'hostile-%d'",
			i, text, i, text, text, i, i, i, i, text, text, "'answered'", i, text, text,
			text, i);
		sql_runf(
			"INSERT INTO cel (eventtype, eventtime, userdeftype, cid_name, cid_num,"
			" cid_ani, cid_rdnis, cid_dnid, exten, context, channame, appname, appdata,"
			" amaflags, accountcode, peeraccount, uniqueid, linkedid, userfield, peer)"
			" VALUES (left(%s, 30), now(), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
			" 3, left(%s, 20), left(%s, 20), '', '', 'hostile', %s)",
			text, text, text, text, text, text, text, text, text, text, text, text,
			text, text, text);
	}
}

/* A request, where its rows are in the JSON, and their columns. */
static const struct {
	const char *target;
	const char *body;
	const char *rows;
	const char *names;
	int count_min;
} requests[] = {
	{ SEARCH "?pageSize=1000", "{}", "records", RECORD_NAMES, 2 * HARNESS_COUNT(hostile) },
	{ SEARCH "?pageSize=1000", "{'caller':'" HOSTILE_NUMBER "'}", "records", RECORD_NAMES,
		HARNESS_COUNT(hostile) },
	{ SEARCH, "{'caller':'nobody'}", "records", RECORD_NAMES, 0 },
	{ HISTORY "?size=1000", "{'interface':'SIP/hostile'}", "", ENTRY_NAMES,
		2 * HARNESS_COUNT(hostile) },
	{ HISTORY "?size=1000", "{'interface':'SIP/az9kf7'}", "", ENTRY_NAMES, 10 },
	{ HISTORY, "{'interface':'SIP/nobody'}", "", ENTRY_NAMES, 0 },
	{ AGENT "?days=36500&size=1000", "{'agentNum':'7705'}", "", ENTRY_NAMES, 2 },
	{ AGENT "?days=36500&size=1000", "{'agentNum':'1004'}", "", ENTRY_NAMES, 5 },
	{ AGENT, "{'agentNum':'nobody'}", "", ENTRY_NAMES, 0 },
	{ CUSTOMER, "{'size':1000}", "list", LIST_NAMES, 2 * HARNESS_COUNT(hostile) },
	{ CUSTOMER, "{'filters':[{'field':'src_num','operator':'=','value':'nobody'}]}", "list",
		LIST_NAMES, 0 },
	{ CEL "?limit=10000", NULL, "", CEL_NAMES, HARNESS_COUNT(hostile) },
	{ CEL "?from=3&limit=7", NULL, "", CEL_NAMES, 7 },
	{ CEL "?from=2147483647", NULL, "", CEL_NAMES, 0 },
};

static struct json_object *
rows_of(const struct reply *json, const char *path)
{
	expect_status(json, 200);
	return *path == '\0' ? json->json : json_at(json->json, path);
}

START_TEST(test_round_trip)
{
	const struct reply *json;
	const struct reply *csv;
	struct json_object *rows;

	insert_hostile();
	json = ask(requests[_i].target, requests[_i].body, NULL);
	csv = ask(requests[_i].target, requests[_i].body, "text/csv");
	rows = rows_of(json, requests[_i].rows);
	ck_assert_int_ge((int)json_object_array_length(rows), requests[_i].count_min);
	expect_status(csv, 200);
	expect_csv(csv, requests[_i].names, rows);
}
END_TEST

/* To the letter, without the JSON beside it. */
START_TEST(test_letters)
{
	const struct reply *reply;

	sql_run("DELETE FROM call_data WHERE uniqueid = 'letters';"
		"INSERT INTO call_data (id, uniqueid, src_num, dst_num, start_time, answer_time,"
		" end_time, status, dst_agent) VALUES (90001, 'letters', '+33699', '3,5',"
		" '2024-07-01 10:00:00', '2024-07-01 10:00:01', '2024-07-01 10:00:05', 'answered',"
		" '2000');"
		"INSERT INTO attached_data (id_call_data, key, value)"
		" VALUES (90001, 'recording', '-r\"1'), (90001, 'note', '=1,2')");
	reply = ask(SEARCH, "{'caller':'+33699'}", "text/csv");
	sql_run("DELETE FROM call_data WHERE uniqueid = 'letters'");
	ck_assert_str_eq(reply->body, RECORD_NAMES
		"\r\n"
		"\"'-r\"\"1\",2024-07-01 10:00:00,00:00:04,Lucky Luke (2000),,'+33699,\"3,5\","
		"answered,\"{\"\"note\"\":\"\"=1,2\"\",\"\"recording\"\":\"\"-r\\\"\"1\"\"}\"\r\n");
}
END_TEST

/* Pages -------------------------------------------------------------------------------------- */

/* The target of <…>; rel="next", or NULL. */
static char *
next_link(const struct reply *reply)
{
	char *link = reply_field(reply, "Link");
	char *end;

	if (link == NULL)
		return NULL;
	ck_assert_msg(*link == '<' && (end = strchr(link, '>')) != NULL, "%s", link);
	ck_assert_str_eq(end, ">; rel=\"next\"");
	*end = '\0';
	return link + 1;
}

/* Links lead through all pages, each as JSON has it, and end with the last. */
START_TEST(test_links)
{
	const struct reply *all = http_post(SEARCH "?pageSize=1000", "{'end':'2024-02-10'}");
	size_t count = json_object_array_length(json_at(all->json, "records"));
	const char *target = SEARCH "?pageSize=7";
	size_t seen = 0;

	while (target != NULL) {
		const struct reply *json = ask(target, "{'end':'2024-02-10'}", NULL);
		const struct reply *csv = ask(target, "{'end':'2024-02-10'}", "text/csv");
		struct json_object *records = rows_of(json, "records");

		expect_csv(csv, RECORD_NAMES, records);
		ck_assert_ptr_null(reply_field(json, "Link"));
		ck_assert_uint_eq(
			json_object_array_length(records), count - seen < 7 ? count - seen : 7);
		for (size_t i = 0; i < json_object_array_length(records); i++, seen++)
			ck_assert_int_eq(
				json_object_equal(json_object_array_get_idx(records, i),
					json_at(all->json, scratch_format("records.%zu", seen))),
				1);
		target = next_link(csv);
		ck_assert((target != NULL) ==
			  json_object_get_boolean(json_at(json->json, "hasNext")));
		if (target != NULL)
			ck_assert_str_eq(target, scratch_format(SEARCH "?after=%s&pageSize=7",
							 json_text(json, "next")));
	}
	ck_assert_uint_eq(seen, count);
	ck_assert_uint_gt(count, 14);
}
END_TEST

/* A numbered page has a link, too; the default size is that of the configuration. */
START_TEST(test_link_of_page)
{
	const struct reply *reply = ask(SEARCH "?page=2", "{'end':'2024-02-10'}", "text/csv");
	const char *target = next_link(reply);

	ck_assert_ptr_nonnull(target);
	ck_assert_ptr_nonnull(strstr(target, "&pageSize=10"));
	expect_csv(ask(target, "{'end':'2024-02-10'}", "text/csv"), RECORD_NAMES,
		rows_of(ask(SEARCH "?page=3", "{'end':'2024-02-10'}", NULL), "records"));
}
END_TEST

START_TEST(test_total)
{
	static const char body[] =
		"{'filters':[{'field':'src_num','operator':'=','value':'0655000001'}],'size':2}";
	const struct reply *json = ask(CUSTOMER, body, NULL);
	const struct reply *csv = ask(CUSTOMER, body, "text/csv");

	ck_assert_str_eq(json_text(json, "total"), "5");
	ck_assert_str_eq(reply_field(csv, "X-Total-Count"), "5");
	ck_assert_ptr_null(reply_field(json, "X-Total-Count"));
	ck_assert_uint_eq(json_object_array_length(json_at(json->json, "list")), 2);
	expect_csv(csv, LIST_NAMES, json_at(json->json, "list"));
}
END_TEST

/* Accept ------------------------------------------------------------------------------------- */

enum wanted { JSON, CSV, NEITHER };

static const struct {
	const char *accept;
	enum wanted wanted;
} accepts[] = {
	{ NULL, JSON },
	{ "", JSON },
	{ "*/*", JSON },
	{ "application/*", JSON },
	{ "application/json", JSON },
	{ "application/json, text/csv", JSON },
	{ "text/csv, */*", JSON },
	{ "text/csv;q=0.4, application/json;q=0.5", JSON },
	{ "text/csv;q=0, */*", JSON },
	{ "text/html,application/xhtml+xml,*/*;q=0.8", JSON },
	{ "text/csv", CSV },
	{ "TEXT/CSV;header=present", CSV },
	{ "text/*", CSV },
	{ "text/csv, application/json;q=0.9", CSV },
	{ "application/json;q=0.5, text/csv;q=0.501", CSV },
	{ "text/csv, */*;q=0.1", CSV },
	{ "*/*, application/json;q=0, application/x-ndjson;q=0", CSV },
	{ "text/html", NEITHER },
	{ "application/xml, image/*", NEITHER },
	{ "text/csv;q=0", NEITHER },
	{ "application/json;q=0, text/csv;q=0.0", NEITHER },
	{ "*/*;q=0", NEITHER },
};

static const struct {
	const char *target;
	const char *body;
} routes[] = {
	{ SEARCH, "{}" },
	{ HISTORY, "{'interface':'SIP/az9kf7'}" },
	{ AGENT, "{'agentNum':'1004'}" },
	{ CUSTOMER, "{}" },
	{ CEL, NULL },
};

START_TEST(test_accept)
{
	for (int i = 0; i < HARNESS_COUNT(routes); i++) {
		/* curl sends an empty field for "Accept;" alone. */
		const char *const empty[] = { "Accept;", NULL };
		const struct reply *reply;

		if (accepts[_i].accept != NULL && *accepts[_i].accept == '\0')
			reply = http_send(&(struct http_request){ .target = routes[i].target,
				.body = routes[i].body == NULL ? NULL
							       : scratch_quotes(routes[i].body),
				.fields = empty });
		else
			reply = ask(routes[i].target, routes[i].body, accepts[_i].accept);
		switch (accepts[_i].wanted) {
		case JSON:
			expect_status(reply, 200);
			ck_assert_str_eq(reply_field(reply, "Content-Type"), "application/json");
			ck_assert_ptr_nonnull(reply->json);
			break;
		case CSV:
			expect_status(reply, 200);
			ck_assert_int_eq(
				strncmp(reply_field(reply, "Content-Type"), "text/csv;", 9), 0);
			break;
		case NEITHER:
			expect_error(reply, 406, "not_acceptable", "Accept", "application/json",
				"text/csv", NULL);
			break;
		}
	}
}
END_TEST

/* Two fields are one list. */
START_TEST(test_two_fields)
{
	const char *const fields[] = { "Accept: application/json;q=0.5", "Accept: text/csv", NULL };
	const struct reply *reply = http_send(
		&(struct http_request){ .target = CEL, .fields = fields });

	expect_csv(reply, CEL_NAMES, rows_of(ask(CEL, NULL, NULL), ""));
}
END_TEST

/* Routes that have JSON alone. */
static const struct {
	const char *target;
	const char *body;
	long status; /* of the request as it is */
} json_routes[] = {
	{ "/recording/records/callid_search?callid=1700000001.1", "{}", 200 },
	{ "/recording/call_data/1/attached_data", "[{'key':'color','value':'green'}]", 201 },
	{ "/recording/last_agent?callerNo=nobody", NULL, 404 },
	{ "/recording/health", NULL, 200 },
};

START_TEST(test_json_alone)
{
	static const char *const good[] = { NULL, "*/*", "application/*", "application/json",
		"text/csv, */*;q=0.1" };
	static const char *const bad[] = { "text/csv", "application/x-ndjson", "text/html",
		"*/*, application/json;q=0" };

	for (int i = 0; i < HARNESS_COUNT(good); i++)
		expect_status(ask(json_routes[_i].target, json_routes[_i].body, good[i]),
			json_routes[_i].status);
	for (int i = 0; i < HARNESS_COUNT(bad); i++) {
		const struct reply *reply = ask(
			json_routes[_i].target, json_routes[_i].body, bad[i]);

		expect_error(reply, 406, "not_acceptable", "application/json", NULL);
		ck_assert_ptr_null(strstr(reply->body, "text/csv"));
	}
}
END_TEST

/* What is refused is not done. */
START_TEST(test_nothing_done)
{
	sql_run("DELETE FROM attached_data WHERE key = 'unwanted'");
	expect_error(ask("/recording/call_data/1/attached_data", "[{'key':'unwanted','value':'x'}]",
			     "text/csv"),
		406, "not_acceptable", NULL);
	ck_assert_int_eq(
		sql_number("SELECT count(*) FROM attached_data WHERE key = 'unwanted'"), 0);
}
END_TEST

/* Token, path and method are judged before, parameters and body behind. */
START_TEST(test_order)
{
	static const char *const none[] = { "Accept: text/html", NULL };

	expect_error(http_send(&(struct http_request){
			     .target = CEL, .without_token = true, .fields = none }),
		401, "unauthorized", NULL);
	expect_error(ask("/recording/nothing", NULL, "text/html"), 404, "not_found", NULL);
	expect_error(ask(SEARCH, NULL, "text/html"), 405, "method_not_allowed", NULL);
	expect_error(ask(SEARCH "?page=0", "{}", "text/html"), 406, "not_acceptable", NULL);
	expect_error(ask(SEARCH, "{broken", "text/html"), 406, "not_acceptable", NULL);
}
END_TEST

/* Whatever is wanted, errors are JSON. */
START_TEST(test_errors)
{
	expect_error(ask(SEARCH "?page=0", "{}", "text/csv"), 400, "invalid_parameter", NULL);
	expect_error(ask(SEARCH, "{broken", "text/csv"), 400, "invalid_json", NULL);
	expect_error(ask(SEARCH "?after=x", "{}", "text/csv"), 400, "invalid_parameter", NULL);
	expect_error(ask(CEL "?x=1", NULL, "text/csv"), 400, "unknown_field", NULL);
	expect_error(ask("/recording/nothing", NULL, "text/csv"), 404, "not_found", NULL);
}
END_TEST

/* Sounds, streams and metrics are what they are; what is told about a sound is JSON. */
START_TEST(test_own_formats)
{
	static const char target[] = "/recording/records/rec-1/audio/";
	static char seen[1 << 16];
	struct raw_client *stream = raw_open();

	fixture_wav("rec-1.wav", 8000, 1, 100);
	expect_status(ask(scratch_format("%slisten", target), NULL, "text/csv"), 200);
	expect_status(ask(scratch_format("%sdownload", target), NULL, "application/json"), 200);
	expect_status(ask(scratch_format("%sresult", target), NULL, "application/json"), 200);
	raw_send(stream, "GET /recording/cel/stream HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
			 "X-Auth-Token: " DAEMON_TOKEN "\r\n\r\n");
	ck_assert_msg(raw_peek_until(stream, "Content-Type: text/event-stream\r\n", seen,
			      sizeof seen, 5000),
		"%s", seen);
	expect_status(ask("/recording/metrics", NULL, "application/openmetrics-text"), 200);
	expect_error(ask(scratch_format("%sresult", target), NULL, "text/csv"), 406,
		"not_acceptable", "application/json", NULL);
}
END_TEST

/* The head of a GET, and nothing else. */
START_TEST(test_head)
{
	const struct reply *get = ask(CEL "?limit=5", NULL, "text/csv");
	const struct reply *head = ask_method("HEAD", CEL "?limit=5", NULL, "text/csv");

	expect_status(head, 200);
	ck_assert_uint_eq(head->body_bytes, 0);
	ck_assert_str_eq(reply_field(head, "Content-Type"), reply_field(get, "Content-Type"));
	ck_assert_str_eq(
		reply_field(head, "Content-Length"), scratch_format("%zu", get->body_bytes));
	expect_status(ask_method("HEAD", CEL, NULL, "text/html"), 406);
}
END_TEST

static Suite *
csv_suite(void)
{
	Suite *suite = suite_create("csv");

	harness_add_loop(suite, "round trip", test_round_trip, HARNESS_COUNT(requests));
	harness_add(suite, "letters", test_letters);
	harness_add(suite, "links", test_links);
	harness_add(suite, "link of a page", test_link_of_page);
	harness_add(suite, "total", test_total);
	harness_add_loop(suite, "accept", test_accept, HARNESS_COUNT(accepts));
	harness_add(suite, "two fields", test_two_fields);
	harness_add_loop(suite, "json alone", test_json_alone, HARNESS_COUNT(json_routes));
	harness_add(suite, "nothing done", test_nothing_done);
	harness_add(suite, "order", test_order);
	harness_add(suite, "errors", test_errors);
	harness_add(suite, "own formats", test_own_formats);
	harness_add(suite, "head", test_head);
	return suite;
}

HARNESS_MAIN(csv_suite)
