/*
 * What requests read: PostgreSQL's auto_explain tells of each statement the plan and the buffers.
 * However rare or frequent, old or new what is asked for is, a request reads little, and never a
 * large table from end to end.
 */
#include <stdio.h>
#include <string.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/http_client.h"
#include "support/json_assert.h"
#include "support/many_calls.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define BUFFERS_PER_ROW 50
#define BUFFERS_AT_ALL	2000

#define PLAN_DEPTH_MAX 200

static const char *const large_tables[] = { "call_data", "attached_data", "call_on_queue",
	"call_element" };

/* How long the log was before the request. */
static long log_start;

static char *
log_since(long start)
{
	FILE *file = fopen(harness_path(CLUSTER_LOG), "r");
	char *text;
	long length;

	ck_assert(file != NULL && fseek(file, 0, SEEK_END) == 0);
	length = ftell(file) - start;
	text = scratch_new((size_t)length + 1);
	ck_assert(fseek(file, start, SEEK_SET) == 0 &&
		  fread(text, 1, (size_t)length, file) == (size_t)length);
	fclose(file);
	return text;
}

static void
explain_statements(void)
{
	static bool is_on;

	if (!is_on) {
		many_calls_load();
		/* By the role, as recordingd itself must not be a superuser. */
		sql_run("ALTER ROLE recordingd SET session_preload_libraries = 'auto_explain';"
			"ALTER ROLE recordingd SET auto_explain.log_min_duration = 0;"
			"ALTER ROLE recordingd SET auto_explain.log_analyze = on;"
			"ALTER ROLE recordingd SET auto_explain.log_timing = off;"
			"ALTER ROLE recordingd SET auto_explain.log_buffers = on;"
			"ALTER ROLE recordingd SET auto_explain.log_format = json");
		daemon_restart(NULL, NULL);
		is_on = true;
	}
	log_start += (long)strlen(log_since(log_start));
}

/* Plans ------------------------------------------------------------------------------------------
 */

static long
number_of(struct json_object *node, const char *name)
{
	struct json_object *number = json_at(node, name);

	return number == NULL ? 0 : (long)json_object_get_int64(number);
}

static void
expect_no_scan(struct json_object *node, const char *what, struct json_object *plan)
{
	struct json_object *below = json_at(node, "Plans");
	struct json_object *table = json_at(node, "Relation Name");
	const char *type = json_object_get_string(json_at(node, "Node Type"));

	for (int i = 0; strcmp(type, "Seq Scan") == 0 && i < HARNESS_COUNT(large_tables); i++) {
		if (strcmp(json_object_get_string(table), large_tables[i]) == 0) {
			/* Too long for a message of the test. */
			printf("%s\n",
				json_object_to_json_string_ext(plan, JSON_C_TO_STRING_PRETTY));
			ck_abort_msg("%s reads %s from end to end", what, large_tables[i]);
		}
	}
	for (size_t i = 0; below != NULL && i < json_object_array_length(below); i++)
		expect_no_scan(json_object_array_get_idx(below, i), what, plan);
}

struct reading {
	long statements;
	long buffers;
	char *plans;
};

static void
release_json(void *json)
{
	json_object_put(json);
}

/* Deeper than json-c's own limit. */
static struct json_object *
parse_plan(const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(PLAN_DEPTH_MAX);
	struct json_object *plan = json_tokener_parse_ex(tokener, text, (int)strlen(text));

	json_tokener_free(tokener);
	return plan;
}

static void
read_plan(const char *text, const char *what, struct reading *reading)
{
	struct json_object *explained = parse_plan(text);
	struct json_object *plan;

	ck_assert_msg(explained != NULL, "no plan: %.2000s", text);
	scratch_own(explained, release_json);
	plan = json_at(explained, "Plan");
	expect_no_scan(plan, what, explained);
	reading->statements++;
	reading->buffers += number_of(plan, "Shared Hit Blocks") +
			    number_of(plan, "Shared Read Blocks") +
			    number_of(plan, "Temp Read Blocks") +
			    number_of(plan, "Temp Written Blocks");
	reading->plans = scratch_format("%s%s\n", reading->plans, text);
}

static bool
is_idle(void *unused)
{
	(void)unused;
	return sql_number("SELECT count(*) FROM pg_stat_activity"
			  " WHERE usename = 'recordingd' AND state <> 'idle'") == 0;
}

/* Of all statements since explain_statements(). A plan is logged before its session is idle. */
static struct reading
read_plans(const char *what)
{
	struct reading reading = { .plans = scratch_format("%s", "") };
	char *at;

	ck_assert(wait_until(is_idle, NULL, 5000));
	at = log_since(log_start);
	while ((at = strstr(at, "plan:\n")) != NULL) {
		char *end = strstr(at, "\n\t}\n");

		ck_assert_ptr_nonnull(end);
		end[3] = '\0';
		read_plan(strchr(at, '{'), what, &reading);
		at = end + 4;
	}
	ck_assert_msg(reading.statements > 0, "%s: no plan was logged", what);
	return reading;
}

static void
expect_little(const struct reply *reply, size_t rows, const char *what)
{
	struct reading reading = read_plans(what);
	long allowed = BUFFERS_PER_ROW * (long)rows + BUFFERS_AT_ALL;

	expect_status(reply, 200);
	if (reading.buffers > allowed) {
		printf("%s\n", reading.plans);
		ck_abort_msg("%s: %ld buffers for %zu rows, %ld are allowed", what, reading.buffers,
			rows, allowed);
	}
}

static size_t
length_at(const struct reply *reply, const char *path)
{
	return json_object_array_length(*path == '\0' ? reply->json : json_at(reply->json, path));
}

/* Requests ------------------------------------------------------------------------------------ */

static void
expect_little_search(const struct many_search *search)
{
	const char *body = many_search_body(search);
	const struct reply *reply;

	explain_statements();
	reply = http_post("/recording/records/search?pageSize=10", body);
	expect_little(reply, length_at(reply, "records"), body);
}

START_TEST(test_alone)
{
	const struct many_search search = { .chosen = { _i }, .count = 1 };

	explain_statements();
	expect_little_search(&search);
}
END_TEST

/* One of each field: frequent, and met by calls of all times. */
static const int frequent[] = { 0, 6, 12, 17, 20, 22, 29, 36, 39, 44 };

/* Of some fields: rare, or met by no call at all. */
static const int rare[] = { 1, 5, 9, 11, 14, 15, 23, 24, 30, 32, 40, 43, 48, 49, 51 };

static void
expect_little_beside(int condition, const int *others, int count)
{
	for (int i = 0; i < count; i++) {
		const struct many_search search = { .chosen = { condition, others[i] },
			.count = 2 };

		if (many_search_is_possible(&search))
			expect_little_search(&search);
	}
}

START_TEST(test_frequent_pairs)
{
	explain_statements();
	expect_little_beside(frequent[_i], frequent + _i + 1, HARNESS_COUNT(frequent) - _i - 1);
}
END_TEST

START_TEST(test_rare_pairs)
{
	explain_statements();
	expect_little_beside(frequent[_i], rare, HARNESS_COUNT(rare));
}
END_TEST

static const struct {
	const char *target;
	const char *body; /* NULL: none */
	const char *list;
} requests[] = {
	{ "/recording/records/callid_search?callid=u77", "", "records" },
	{ "/recording/records/callid_search?callid=nothing", "", "records" },
	{ "/recording/history?size=10", "{'interface':'SIP/line1'}", "" },
	{ "/recording/history?size=10", "{'interface':'SIP/line45'}", "" },
	{ "/recording/history?size=10", "{'interface':'SIP/nothing'}", "" },
	{ "/recording/history?days=0", "{'interface':'SIP/line1'}", "" },
	{ "/recording/history?days=30", "{'interface':'SIP/line20'}", "" },
	{ "/recording/history/agent?size=10", "{'agentNum':'1500'}", "" },
	{ "/recording/history/agent?size=10&days=80", "{'agentNum':'1500'}", "" },
	{ "/recording/history/agent?size=10&days=80", "{'agentNum':'1888'}", "" },
	{ "/recording/history/agent?size=10&days=80", "{'agentNum':'1999'}", "" },
	{ "/recording/history/agent?size=10&days=80", "{'agentNum':'nobody'}", "" },
};

START_TEST(test_requests)
{
	const struct reply *reply;

	explain_statements();
	reply = http_post(requests[_i].target, requests[_i].body);
	expect_little(reply, length_at(reply, requests[_i].list),
		scratch_format("%s %s", requests[_i].target, requests[_i].body));
}
END_TEST

START_TEST(test_last_agent)
{
	static const char *const numbers[] = { "0142000001", "0142000030", "1003", "0142000333" };
	const char *target = scratch_format(
		"/recording/last_agent?since=100&callerNo=%s", numbers[_i]);

	explain_statements();
	expect_little(http_get(target), 1, target);
}
END_TEST

/* Deep pages, by a cursor. */
START_TEST(test_deep)
{
	const struct many_search searches[] = { { .count = 0 }, { .chosen = { 0 }, .count = 1 },
		{ .chosen = { 6 }, .count = 1 }, { .chosen = { 39 }, .count = 1 },
		{ .chosen = { 44 }, .count = 1 }, { .chosen = { 12 }, .count = 1 },
		{ .chosen = { 22 }, .count = 1 }, { .chosen = { 36 }, .count = 1 } };
	const struct reply *reply;
	const char *body;

	explain_statements();
	body = many_search_body(&searches[_i]);
	reply = http_post("/recording/records/search?pageSize=700", body);
	explain_statements();
	reply = http_post(scratch_format("/recording/records/search?pageSize=10&after=%s",
				  json_text(reply, "next")),
		body);
	expect_little(reply, length_at(reply, "records"), scratch_format("page behind: %s", body));
}
END_TEST

static void
expect_ten(const char *body)
{
	const struct reply *reply;

	explain_statements();
	reply = http_post("/recording/records/search?pageSize=10", body);
	expect_little(reply, 10, body);
	ck_assert_uint_eq(length_at(reply, "records"), 10);
}

/*
 * Calls of an agent: thirty of one direction, and many of the other in a list that would be read in
 * vain. They lie in no order, as neighbours are found in the same page.
 */
static const char one_direction[] =
	"WITH call AS ("
	"	INSERT INTO call_data (uniqueid, start_time, answer_time, end_time, call_direction,"
	"		src_agent, dst_agent)"
	"	SELECT 'one ' || n, begun, begun, begun + interval '1 minute',"
	"		CASE WHEN n <= 30 THEN rare ELSE frequent END::call_direction_type,"
	"		CASE WHEN (rare = 'outgoing') = (n <= 30) THEN agent END,"
	"		CASE WHEN (rare = 'outgoing') <> (n <= 30) THEN agent END"
	"	FROM generate_series(1, 4000) AS n, (VALUES"
	"		('1601', 'outgoing', 'incoming'), ('1602', 'incoming', 'outgoing')"
	"	) AS kind (agent, rare, frequent),"
	"		LATERAL (SELECT timestamp '2022-01-01' - n * interval '1 hour' AS begun) "
	"AS at"
	"	ORDER BY md5(n::text) RETURNING id"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT id, 'recording', 'one ' || id FROM call";

/* The list that fills the page ends the others. */
START_TEST(test_list_behind_another)
{
	explain_statements();
	sql_run(one_direction);
	expect_ten("{'agent':'1601','direction':'outgoing'}");
	expect_ten("{'agent':'1602','direction':'incoming'}");
}
END_TEST

/* A campaign of long ago, and a queue that has fewer calls, most of them since or before. */
static const char old_campaign[] =
	"WITH call AS ("
	"	INSERT INTO call_data (uniqueid, start_time, answer_time, end_time)"
	"	SELECT 'old ' || n, begun, begun, begun + interval '1 minute'"
	"	FROM generate_series(1, 9000) AS n,"
	"		LATERAL (SELECT timestamp '2021-01-01' + n * interval '1 hour' AS begun) "
	"AS at"
	"	ORDER BY n RETURNING id, uniqueid, start_time, substr(uniqueid, 5)::integer AS n"
	"), passage AS ("
	"	INSERT INTO call_on_queue (callid, queue_time, queue_ref)"
	"	SELECT uniqueid, start_time, 'old'"
	"	FROM call WHERE n <= 1500 OR n % 300 = 0 OR n > 7500"
	"), pair AS ("
	"	INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT id, 'old', 'campaign' FROM call WHERE n BETWEEN 3000 AND 7000"
	") INSERT INTO attached_data (id_call_data, key, value)"
	"	SELECT id, 'recording', uniqueid FROM call";

START_TEST(test_times_of_pair)
{
	explain_statements();
	sql_run(old_campaign);
	/* Else counting a list's rows looks at each of them. */
	sql_run("VACUUM (ANALYZE) attached_data");
	sql_run("VACUUM (ANALYZE) call_on_queue");
	expect_ten("{'queue':'old','key':'old','value':'campaign'}");
	expect_ten("{'queue':'old','key':'old'}");
}
END_TEST

/* What follows is planned by what PostgreSQL knows of the data; before, by what it supposes. */
START_TEST(test_statistics)
{
	explain_statements();
	sql_run("VACUUM (ANALYZE)");
	ck_assert_int_gt(
		sql_number("SELECT count(*) FROM pg_stats WHERE tablename = 'call_data'"), 0);
	daemon_restart(NULL, NULL);
}
END_TEST

static void
add_searches(Suite *suite, const char *const names[3])
{
	harness_add_loop(suite, names[0], test_alone, many_condition_count);
	harness_add_loop(suite, names[1], test_frequent_pairs, HARNESS_COUNT(frequent));
	harness_add_loop(suite, names[2], test_rare_pairs, HARNESS_COUNT(frequent));
}

static Suite *
search_plans_suite(void)
{
	Suite *suite = suite_create("search_plans");
	static const char *const supposed[] = { "alone", "frequent pairs", "rare pairs" };
	static const char *const known[] = { "alone, known", "frequent pairs, known",
		"rare pairs, known" };

	add_searches(suite, supposed);
	harness_add_loop(suite, "requests", test_requests, HARNESS_COUNT(requests));
	harness_add_loop(suite, "last agent", test_last_agent, 4);
	harness_add_loop(suite, "deep", test_deep, 8);
	harness_add(suite, "statistics", test_statistics);
	add_searches(suite, known);
	harness_add(suite, "list behind another", test_list_behind_another);
	harness_add(suite, "times of a pair", test_times_of_pair);
	return suite;
}

HARNESS_MAIN(search_plans_suite)
