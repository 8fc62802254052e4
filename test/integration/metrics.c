/*
 * GET /recording/metrics: that Prometheus takes it, that figures are those of what was done before,
 * and that the dashboard and the alert rules ask for nothing that is not there.
 */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/process.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define REQUESTS "recordingd_http_request_duration_seconds"
#define TEN	 "/recording/records/ten/audio/"

static const char *
metrics(void)
{
	const struct reply *reply = http_get("/recording/metrics");

	expect_status(reply, 200);
	return reply->body;
}

/* The value of a series, -1 when there is none. */
static double
value_in(const char *text, const char *series)
{
	size_t length = strlen(series);

	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
		if (strncmp(line, series, length) == 0 && line[length] == ' ')
			return strtod(line + length, NULL);
	}
	return -1;
}

static double
value_of(const char *series)
{
	return value_in(metrics(), series);
}

static char *
requests_series(const char *what, const char *route, int status)
{
	return scratch_format(REQUESTS "_%s{route=\"%s\",status=\"%d\"}", what, route, status);
}

static double
count_of(const char *route, int status)
{
	double count = value_of(requests_series("count", route, status));

	return count < 0 ? 0 : count;
}

/* From the package, or where ./dev has put it. */
static int
promtool(const char *command, const char *kind, const char *argument)
{
	const char *const arguments[] = { "/bin/sh", "-c",
		"PATH=$PATH:$TEST_SOURCE_ROOT/build/tools; export PATH\n"
		"command -v promtool || { echo 'no promtool: ./dev packages'; exit 99; }\n"
		"if [ -n \"$3\" ]; then promtool $1 $2 \"$3\"; "
		"else promtool $1 $2 <\"$METRICS_FILE\"; fi",
		"sh", command, kind, argument, NULL };
	const struct process_options options = {
		.arguments = arguments,
		.environment = (const char *const[]){ scratch_format("METRICS_FILE=%s",
							      harness_path("metrics.txt")),
			NULL },
		.output_file = harness_path("promtool.out"),
	};

	unlink(options.output_file);
	return process_run(&options, 30000);
}

static void
expect_promtool(const char *command, const char *kind, const char *argument)
{
	int status = promtool(command, kind, argument);

	ck_assert_msg(status == 0, "promtool %s %s: %d\n%s", command, kind, status,
		scratch_file(harness_path("promtool.out")));
}

static void
write_metrics(void)
{
	FILE *file = fopen(harness_path("metrics.txt"), "w");

	if (file == NULL || fputs(metrics(), file) < 0 || fclose(file) != 0)
		harness_fail("metrics cannot be written");
}

/* Every kind of figure, and statuses of each route. */
START_TEST(test_promtool)
{
	fixture_audio("ten.gsm", "0123456789", 10);
	expect_status(http_get(TEN "listen"), 200);
	expect_status(http_get("/recording/cel?limit=x"), 400);
	expect_status(http_get("/recording/nothing"), 404);
	write_metrics();
	expect_promtool("check", "metrics", "");
}
END_TEST

/* promtool is not satisfied with everything. */
START_TEST(test_promtool_is_used)
{
	FILE *file = fopen(harness_path("metrics.txt"), "w");

	ck_assert_ptr_nonnull(file);
	fputs("recordingd_hits{a=b} 1\n", file);
	fclose(file);
	ck_assert_int_ne(promtool("check", "metrics", ""), 0);
	ck_assert_int_ne(promtool("check", "metrics", ""), 99);
}
END_TEST

START_TEST(test_rules)
{
	expect_promtool("check", "rules", harness_source("etc/prometheus/recordingd.rules.yml"));
}
END_TEST

START_TEST(test_alerts)
{
	expect_promtool("test", "rules", harness_source("test/integration/prometheus/alerts.yml"));
}
END_TEST

static bool
is_name_character(char character)
{
	return islower((unsigned char)character) != 0 || isdigit((unsigned char)character) != 0 ||
	       character == '_';
}

/* Whether text has a series of this name. */
static bool
has_metric(const char *text, const char *name, size_t length)
{
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
		if (strncmp(line, name, length) == 0 &&
			(line[length] == ' ' || line[length] == '{'))
			return true;
	}
	return false;
}

/* Every name with a prefix in a file exists; how many there were. */
static int
expect_metrics(const char *file, const char *prefix)
{
	const char *text = scratch_file(harness_source(file));
	const char *all = metrics();
	int count = 0;

	for (const char *at = text; (at = strstr(at, prefix)) != NULL;) {
		size_t length = 0;

		while (is_name_character(at[length]))
			length++;
		ck_assert_msg(
			has_metric(all, at, length), "%s: there is no %.*s", file, (int)length, at);
		at += length;
		count++;
	}
	return count;
}

START_TEST(test_dashboard)
{
	struct json_object *dashboard = json_tokener_parse(
		scratch_file(harness_source("etc/grafana/recordingd.json")));

	ck_assert_ptr_nonnull(json_at(dashboard, "panels.0.targets.0.expr"));
	json_object_put(dashboard);
	ck_assert_int_gt(expect_metrics("etc/grafana/recordingd.json", "recordingd_"), 30);
	ck_assert_int_gt(expect_metrics("etc/grafana/recordingd.json", "process_"), 3);
	ck_assert_int_gt(expect_metrics("etc/prometheus/recordingd.rules.yml", "recordingd_"), 10);
	ck_assert_int_gt(expect_metrics("etc/prometheus/recordingd.rules.yml", "process_"), 1);
}
END_TEST

START_TEST(test_format)
{
	const struct reply *reply = http_get("/recording/metrics");

	ck_assert_str_eq(
		reply_field(reply, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
	ck_assert_ptr_nonnull(
		strstr(reply->body, scratch_format("\nrecordingd_build_info{version=\"%s\",",
					    json_text(http_get("/recording/health"), "version"))));
	expect_error(http_post("/recording/metrics", "{}"), 405, "method_not_allowed", NULL);
	expect_error(http_get("/recording/metrics?x=1"), 400, "unknown_field", NULL);
}
END_TEST

static const struct reply *
without_token(const char *target)
{
	return http_send(&(struct http_request){ .target = target, .without_token = true });
}

START_TEST(test_open)
{
	expect_error(without_token("/recording/metrics"), 401, "unauthorized", NULL);
	daemon_restart("metrics.open", "on", NULL);
	expect_status(without_token("/recording/metrics"), 200);
	expect_status(without_token("/recording/%6Detrics"), 200);
	expect_status(http_get("/recording/metrics"), 200);
	/* Nothing else is open by it. */
	expect_error(without_token("/recording/cel"), 401, "unauthorized", NULL);
	expect_error(without_token("/recording/metrics/"), 401, "unauthorized", NULL);
}
END_TEST

struct request_row {
	const char *target;
	const char *body;
	const char *route;
	int status;
};

static const struct request_row requests[] = {
	{ "/recording/cel?limit=1", NULL, "/recording/cel", 200 },
	{ "/recording/cel?limit=x", NULL, "/recording/cel", 400 },
	{ "/recording/%63el", NULL, "/recording/cel", 200 },
	{ "/recording/cel", "{}", "none", 405 },
	{ "/recording/nothing", NULL, "none", 404 },
	{ "/elsewhere", NULL, "none", 404 },
	{ "/recording/records/search", "{}", "/recording/records/search", 200 },
	{ "/recording/records/search", "{", "/recording/records/search", 400 },
	{ TEN "listen", NULL, "/recording/records/{file-id}/audio/{action}", 200 },
	{ "/recording/records/none/audio/listen", NULL,
		"/recording/records/{file-id}/audio/{action}", 404 },
	{ "/recording/call_data/1/attached_data", "[{'key':'a','value':'b'}]",
		"/recording/call_data/{id}/attached_data", 201 },
	{ "/recording/last_agent?callerNo=4711", NULL, "/recording/last_agent", 404 },
	{ "/recording/health", NULL, "/recording/health", 200 },
	{ "/recording/metrics", NULL, "/recording/metrics", 200 },
};

/* Each request is counted once, under its route and status, and in one bucket. */
START_TEST(test_requests)
{
	fixture_audio("ten.gsm", "0123456789", 10);
	for (int i = 0; i < HARNESS_COUNT(requests); i++) {
		const struct request_row *row = &requests[i];
		double before = count_of(row->route, row->status);
		double scrapes = strcmp(row->route, "/recording/metrics") == 0 ? 1 : 0;

		if (row->body == NULL)
			expect_status(http_get(row->target), row->status);
		else
			expect_status(http_post(row->target, row->body), row->status);
		ck_assert_double_eq(count_of(row->route, row->status), before + 1 + scrapes);
		ck_assert_double_eq(value_of(scratch_format(REQUESTS
					    "_bucket{route=\"%s\",status=\"%d\",le=\"+Inf\"}",
					    row->route, row->status)),
			before + 1 + 2 * scrapes);
	}
	expect_status(without_token("/recording/cel"), 401);
	ck_assert_double_ge(count_of("none", 401), 1);
}
END_TEST

static double
bucket_of(const char *text, const char *le)
{
	return value_in(text, scratch_format(REQUESTS "_bucket{route=\"/recording/last_agent\","
						      "status=\"404\",le=\"%s\"}",
				      le));
}

static bool
has_whole_pool(void *unused)
{
	(void)unused;
	return value_of("recordingd_database_connections_open") == 8 &&
	       value_of("recordingd_database_connections_max") == 8;
}

/* A request that waits for a lock for 300 ms is above 250 ms and below ten seconds. */
START_TEST(test_durations)
{
	PGconn *session = sql_session();
	struct http_pending *pending;
	const char *text;

	daemon_restart(NULL, NULL);
	sql_session_run(session, "BEGIN; LOCK TABLE call_data");
	pending = http_begin(
		&(struct http_request){ .target = "/recording/last_agent?callerNo=4711" });
	wait_ms(300);
	/* Its connection is busy meanwhile. */
	ck_assert_double_ge(value_of("recordingd_database_connections_busy"), 1);
	sql_session_run(session, "ROLLBACK");
	expect_status(http_finish(pending), 404);
	text = metrics();
	ck_assert_double_eq(bucket_of(text, "0.25"), 0);
	ck_assert_double_eq(bucket_of(text, "10"), 1);
	ck_assert_double_eq(bucket_of(text, "+Inf"), 1);
	ck_assert_double_ge(
		value_in(text, requests_series("sum", "/recording/last_agent", 404)), 0.25);
	ck_assert_double_lt(
		value_in(text, requests_series("sum", "/recording/last_agent", 404)), 10);
	ck_assert_double_ge(value_in(text, "recordingd_database_statement_duration_seconds_sum{"
					   "lane=\"short\"}") +
				    value_in(text, "recordingd_database_statement_duration_"
						   "seconds_sum{lane=\"long\"}"),
		0.25);
	ck_assert(wait_until(has_whole_pool, NULL, 5000));
}
END_TEST

/* Polls that wait have a row of their own. */
START_TEST(test_waited)
{
	double before = count_of("/recording/cel", 200);

	sql_run("DELETE FROM cel WHERE id = 2147483647");
	expect_status(http_get("/recording/cel?from=2147483647&wait=1"), 200);
	ck_assert_double_eq(count_of("/recording/cel", 200), before);
	ck_assert_double_ge(count_of("/recording/cel?wait", 200), 1);
}
END_TEST

static bool
is_abandoned(void *before)
{
	return value_of("recordingd_http_requests_abandoned_total") == *(double *)before + 1;
}

static bool
has_two_connections(void *unused)
{
	(void)unused;
	return value_of("recordingd_http_connections") == 2;
}

START_TEST(test_connections)
{
	double before = value_of("recordingd_http_requests_abandoned_total");
	double accepted = value_of("recordingd_http_connections_accepted_total");
	struct raw_client *client = raw_open();

	sql_run("DELETE FROM cel WHERE id = 2147483647");
	raw_send(client, "GET /recording/cel?from=2147483647&wait=60 HTTP/1.1\r\nHost: x\r\n"
			 "X-Auth-Token: " DAEMON_TOKEN "\r\n\r\n");
	ck_assert(wait_until(has_two_connections, NULL, 5000));
	ck_assert_double_eq(value_of("recordingd_http_connections_accepted_total"), accepted + 1);
	raw_reset(client);
	ck_assert(wait_until(is_abandoned, &before, 5000));
	ck_assert_double_eq(value_of("recordingd_http_connections"), 1);
	ck_assert_double_eq(value_of("recordingd_http_connections_max"), 10000);
	ck_assert_double_eq(value_of("recordingd_http_output_budget_bytes"), 256 << 20);
}
END_TEST

START_TEST(test_audio)
{
	const char *before;
	const char *after;

	fixture_audio("ten.gsm", "0123456789", 10);
	before = metrics();
	expect_status(http_get(TEN "listen"), 200);
	expect_status(http_get(TEN "listen"), 200);
	expect_status(http_get(TEN "download"), 200);
	expect_status(
		http_send(&(struct http_request){ .method = "HEAD", .target = TEN "listen" }), 200);
	after = metrics();
	ck_assert_double_eq(value_in(after, "recordingd_audio_actions_total{action=\"listen\"}"),
		value_in(before, "recordingd_audio_actions_total{action=\"listen\"}") + 2);
	ck_assert_double_eq(value_in(after, "recordingd_audio_bytes_total{action=\"listen\"}"),
		value_in(before, "recordingd_audio_bytes_total{action=\"listen\"}") + 20);
	ck_assert_double_eq(value_in(after, "recordingd_audio_bytes_total{action=\"download\"}"),
		value_in(before, "recordingd_audio_bytes_total{action=\"download\"}") + 10);
	ck_assert_double_eq(value_in(after, "recordingd_audio_actions_total{action=\"result\"}"),
		value_in(before, "recordingd_audio_actions_total{action=\"result\"}"));
	ck_assert_double_gt(value_in(after, "recordingd_http_sent_bytes_total"),
		value_in(before, "recordingd_http_sent_bytes_total") + 30);
}
END_TEST

static bool
has_lost_connections(void *unused)
{
	const char *text = metrics();

	(void)unused;
	return value_in(text, "recordingd_part_up{part=\"database\"}") == 0 &&
	       value_in(text, "recordingd_database_connections_open") == 0 &&
	       value_in(text, "recordingd_database_connections_lost_total") >= 8;
}

/* Metrics are there when the database is not, and say so. */
START_TEST(test_database_down)
{
	daemon_restart(NULL, NULL);
	ck_assert_double_eq(value_of("recordingd_part_up{part=\"database\"}"), 1);
	ck_assert_double_eq(value_of("recordingd_database_connections_lost_total"), 0);
	cluster_stop();
	sql_reconnect();
	ck_assert(wait_until(has_lost_connections, NULL, 5000));
	ck_assert_double_eq(value_of("recordingd_part_up{part=\"access log\"}"), 1);
	cluster_ensure();
}
END_TEST

START_TEST(test_process)
{
	const char *text = metrics();
	double started = value_in(text, "process_start_time_seconds");

	ck_assert_double_gt(value_in(text, "process_resident_memory_bytes"), 1 << 20);
	ck_assert_double_gt(value_in(text, "process_open_fds"), 5);
	ck_assert_double_gt(value_in(text, "process_max_fds"), 100);
	ck_assert_double_ge(value_in(text, "process_cpu_seconds_total"), 0);
	ck_assert_double_le(started, (double)time(NULL) + 1);
	ck_assert_double_gt(started, (double)time(NULL) - 3600);
}
END_TEST

static Suite *
metrics_suite(void)
{
	Suite *suite = suite_create("metrics");

	harness_add(suite, "promtool", test_promtool);
	harness_add(suite, "promtool is used", test_promtool_is_used);
	harness_add(suite, "rules", test_rules);
	harness_add(suite, "alerts", test_alerts);
	harness_add(suite, "dashboard", test_dashboard);
	harness_add(suite, "format", test_format);
	harness_add(suite, "open", test_open);
	harness_add(suite, "requests", test_requests);
	harness_add(suite, "durations", test_durations);
	harness_add(suite, "waited", test_waited);
	harness_add(suite, "connections", test_connections);
	harness_add(suite, "audio", test_audio);
	harness_add(suite, "database down", test_database_down);
	harness_add(suite, "process", test_process);
	return suite;
}

HARNESS_MAIN(metrics_suite)
