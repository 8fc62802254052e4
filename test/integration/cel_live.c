/* Waiting for channel events: wait=, streams, lines, and what happens around them. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "support/cel_rows.h"
#include "support/cel_writers.h"
#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/proxy.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define TOKEN_FIELD "Host: x\r\nX-Auth-Token: " DAEMON_TOKEN "\r\n"

/* The end of the log, where the next id is the one that follows. */
static long
clear_end(void)
{
	long last = cel_rows_clear_end();

	daemon_restart("cel.cache_ttl", "10s", "cel.max_staleness", "5ms", NULL);
	return last;
}

static struct raw_client *
ask(const char *target, const char *fields)
{
	struct raw_client *client = raw_open();

	raw_send(
		client, scratch_format("GET %s HTTP/1.1\r\n" TOKEN_FIELD "%s\r\n", target, fields));
	return client;
}

static struct raw_client *
wait_for(long from, int seconds)
{
	return ask(scratch_format("/recording/cel?from=%ld&wait=%d", from, seconds), "");
}

/* wait= ------------------------------------------------------------------------------------- */

START_TEST(test_wait_until_row)
{
	long last = clear_end();
	struct raw_client *client = wait_for(last + 1, 20);
	const struct reply *reply;

	ck_assert_ptr_null(raw_reply(client, 300));
	cel_rows_insert(2, "WAITED");
	reply = raw_reply(client, 5000);
	ck_assert_ptr_nonnull(reply);
	expect_status(reply, 200);
	ck_assert_str_eq(
		json_column(reply, "", "id"), scratch_format("%ld %ld", last + 1, last + 2));
}
END_TEST

/*
 * Rows come faster than they can be fetched over a slow network: an answer holds what there was,
 * and does not run after the others.
 */
START_TEST(test_slow_network)
{
	long last = cel_rows_clear_end();
	int port = proxy_start(harness_path("socket/.s.PGSQL.5432"));
	struct cel_writers *writers;
	struct raw_client *client;
	const struct reply *reply;

	daemon_restart("database.conninfo",
		scratch_format("host=127.0.0.1 port=%d user=recordingd dbname=" CLUSTER_DATABASE
			       " sslmode=disable gssencmode=disable",
			port),
		"cel.cache_ttl", "10s", "cel.max_staleness", "5ms", NULL);
	expect_status(http_get(scratch_format("/recording/cel?from=%ld", last)), 200);
	proxy_set_mode(PROXY_DELAY);
	writers = cel_writers_start(cluster_conninfo("postgres", CLUSTER_DATABASE), 2);
	/* Has the end of the log looked at all the time. */
	wait_for(last + 1000000, 60);
	wait_ms(2000);
	client = ask(scratch_format("/recording/cel?from=%ld&limit=10000", last), "");
	reply = raw_reply(client, 8000);
	ck_assert_str_eq(cel_writers_stop(writers), "");
	proxy_set_mode(PROXY_PASS);
	ck_assert_ptr_nonnull(reply);
	expect_status(reply, 200);
	ck_assert_uint_gt(json_object_array_length(reply->json), 1);
}
END_TEST

START_TEST(test_wait_is_over)
{
	long last = clear_end();
	long begin_ms = wait_now_ms();
	const struct reply *reply = raw_reply(wait_for(last + 1, 1), 5000);

	ck_assert_ptr_nonnull(reply);
	expect_json(reply, 200, "[]");
	ck_assert_int_ge(wait_now_ms() - begin_ms, 950);
	ck_assert_int_lt(wait_now_ms() - begin_ms, 4000);
}
END_TEST

/* Rows that are there are not waited for, however few. */
START_TEST(test_wait_not_needed)
{
	long last = clear_end();
	long begin_ms = wait_now_ms();
	const struct reply *reply = raw_reply(wait_for(last, 20), 5000);

	ck_assert_ptr_nonnull(reply);
	expect_status(reply, 200);
	ck_assert_uint_eq(json_object_array_length(reply->json), 1);
	ck_assert_int_lt(wait_now_ms() - begin_ms, 4000);
}
END_TEST

START_TEST(test_wait_bounds)
{
	expect_error(http_get("/recording/cel?wait=0"), 400, "invalid_parameter", "wait", "1", "60",
		NULL);
	expect_error(http_get("/recording/cel?wait=61"), 400, "invalid_parameter", "wait", NULL);
	expect_error(http_get("/recording/cel?wait=x"), 400, "invalid_parameter", "wait", NULL);
	expect_error(http_get("/recording/cel/stream?wait=1"), 400, "unknown_field", "wait", NULL);
	expect_error(
		http_get("/recording/cel/stream?from=-1"), 400, "invalid_parameter", "from", NULL);
}
END_TEST

/* The waiting end with the server, not after their minute. */
START_TEST(test_wait_at_shutdown)
{
	long last = clear_end();
	struct raw_client *waiting = wait_for(last + 1, 60);
	struct raw_client *stream = ask(
		scratch_format("/recording/cel/stream?from=%ld", last + 1), "");
	const struct reply *reply;

	ck_assert_ptr_null(raw_reply(waiting, 300));
	daemon_signal(SIGTERM);
	reply = raw_reply(waiting, 3000);
	ck_assert_ptr_nonnull(reply);
	expect_json(reply, 200, "[]");
	ck_assert_str_eq(reply_field(reply, "Connection"), "close");
	raw_skip(stream, 10000, 500);
	ck_assert(raw_is_closed(stream, 3000));
	raw_close(waiting);
	raw_close(stream);
	ck_assert_int_eq(daemon_wait(5000), 0);
}
END_TEST

/* A thousand who wait while PostgreSQL restarts get the row that comes after it. */
static bool
are_waiting(void *count)
{
	const char *line = scratch_format(
		"\nrecordingd_cel_waiting_clients %ld\n", *(const long *)count);

	return strstr(http_get("/recording/metrics")->body, line) != NULL;
}

START_TEST(test_wait_over_restart)
{
	enum { CLIENTS = 1000 };
	static struct raw_client *clients[CLIENTS];
	long last = clear_end();

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = wait_for(last + 1, 60);
	ck_assert_msg(wait_until(are_waiting, &(long){ CLIENTS }, 20000), "not all wait");
	cluster_stop();
	sql_reconnect();
	ck_assert_ptr_null(raw_reply(clients[0], 500));
	cluster_ensure();
	cel_rows_insert(1, "AFTER");
	for (int i = 0; i < CLIENTS; i++) {
		const struct reply *reply = raw_reply(clients[i], 10000);

		ck_assert_msg(reply != NULL, "client %d", i);
		expect_status(reply, 200);
		ck_assert_ptr_nonnull(strstr(reply->body, "\"AFTER\""));
		raw_close(clients[i]);
	}
}
END_TEST

/* When nobody can know whether there is a row, the answer does not say that there is none. */
START_TEST(test_wait_without_database)
{
	long last = clear_end();
	struct raw_client *client = wait_for(last + 1, 2);

	ck_assert_ptr_null(raw_reply(client, 200));
	cluster_stop();
	sql_reconnect();
	expect_error(raw_reply(client, 10000), 503, "unavailable", NULL);
}
END_TEST

/* Lines ------------------------------------------------------------------------------------- */

static const struct {
	const char *accept;
	bool lines;
} accepts[] = {
	{ "application/x-ndjson", true },
	{ "Application/X-NDJSON; q=0.5, application/json;q=0.4", true },
	{ "application/x-ndjson, */*;q=0.1", true },
	{ "application/json", false },
	{ "*/*", false },
	{ "application/*", false },
	{ "application/x-ndjson;q=0, */*", false },
	{ "application/json, application/x-ndjson", false },
	{ "text/html,application/xhtml+xml,*/*;q=0.8", false },
};

START_TEST(test_lines)
{
	const char *const fields[] = { scratch_format("Accept: %s", accepts[_i].accept), NULL };
	const struct reply *array = http_get("/recording/cel?from=10&limit=3");
	const struct reply *reply = http_send(&(struct http_request){
		.target = "/recording/cel?from=10&limit=3", .fields = fields });
	char *line;

	ck_assert_int_eq(reply->status, 200);
	if (!accepts[_i].lines) {
		ck_assert_str_eq(reply->body, array->body);
		return;
	}
	ck_assert_str_eq(reply_field(reply, "Content-Type"), "application/x-ndjson");
	line = strtok(reply->body, "\n");
	for (size_t i = 0; i < 3; i++) {
		struct json_object *object;

		ck_assert_ptr_nonnull(line);
		object = json_tokener_parse(line);
		ck_assert_int_eq(
			json_object_equal(object, json_object_array_get_idx(array->json, i)), 1);
		json_object_put(object);
		line = strtok(NULL, "\n");
	}
	ck_assert_ptr_null(line);
}
END_TEST

START_TEST(test_no_lines)
{
	const char *const fields[] = { "Accept: application/x-ndjson", NULL };
	long last = clear_end();
	const struct reply *reply = http_send(&(struct http_request){
		.target = scratch_format("/recording/cel?from=%ld", last + 1), .fields = fields });

	ck_assert_int_eq(reply->status, 200);
	ck_assert_uint_eq(reply->body_bytes, 0);
}
END_TEST

/* Streams ----------------------------------------------------------------------------------- */

/* What came of a stream so far, until it holds text. */
static char *
stream_text(struct raw_client *client, const char *text)
{
	static char seen[1 << 20];

	ck_assert_msg(raw_peek_until(client, text, seen, sizeof seen, 5000), "no \"%s\" in: %s",
		text, seen);
	return seen;
}

START_TEST(test_stream)
{
	long last = clear_end();
	struct raw_client *client = ask(scratch_format("/recording/cel/stream?from=%ld", last), "");
	const char *text = stream_text(
		client, scratch_format("\nid: %ld\ndata: {\"id\":\"%ld\"", last, last));

	ck_assert_ptr_nonnull(strstr(text, "HTTP/1.1 200 OK\r\n"));
	ck_assert_ptr_nonnull(strstr(text, "Content-Type: text/event-stream\r\n"));
	ck_assert_ptr_nonnull(strstr(text, "Transfer-Encoding: chunked\r\n"));
	ck_assert_ptr_null(strstr(text, "Content-Length"));
	cel_rows_insert(1, "FIRST");
	stream_text(
		client, scratch_format("\nid: %ld\ndata: {\"id\":\"%ld\",\"eventtype\":\"FIRST\"",
				last + 1, last + 1));
	cel_rows_insert(3, "MORE");
	stream_text(client, scratch_format("\nid: %ld\n", last + 4));
}
END_TEST

START_TEST(test_stream_resumes)
{
	long last = clear_end();
	const char *text;

	cel_rows_insert(5, "RESUME");
	text = stream_text(ask("/recording/cel/stream?from=10",
				   scratch_format("Last-Event-ID: %ld\r\n", last + 3)),
		scratch_format("\nid: %ld\n", last + 5));
	ck_assert_ptr_null(strstr(text, scratch_format("id: %ld\n", last + 3)));
	ck_assert_ptr_nonnull(strstr(text, scratch_format("id: %ld\n", last + 4)));
	expect_error(raw_reply(ask("/recording/cel/stream", "Last-Event-ID: x\r\n"), 5000), 400,
		"invalid_parameter", "Last-Event-ID", NULL);
}
END_TEST

START_TEST(test_stream_http_1_0)
{
	long last = clear_end();
	struct raw_client *client = raw_open();
	const char *text;

	raw_send(client, scratch_format("GET /recording/cel/stream?from=%ld HTTP/1.0\r\n"
					"X-Auth-Token: " DAEMON_TOKEN "\r\n\r\n",
				 last));
	text = stream_text(client, scratch_format("id: %ld\n", last));
	ck_assert_ptr_null(strstr(text, "chunked"));
	ck_assert_ptr_nonnull(strstr(text, "Connection: close\r\n"));
}
END_TEST

START_TEST(test_stream_head)
{
	struct raw_client *client = raw_open();

	raw_send(client, "HEAD /recording/cel/stream HTTP/1.1\r\n" TOKEN_FIELD
			 "\r\nGET /recording/health HTTP/1.1\r\nHost: x\r\n\r\n");
	stream_text(client, "text/event-stream");
	stream_text(client, "{\"status\":\"ok\"");
}
END_TEST

/* From the begin to the end, far more than one turn. */
START_TEST(test_stream_catches_up)
{
	long last = clear_end();
	struct raw_client *client;
	static char text[4 << 20];
	const char *next = text;
	long expected = last + 1;

	cel_rows_insert(5000, "MANY");
	client = ask(scratch_format("/recording/cel/stream?from=%ld", last + 1), "");
	ck_assert(raw_peek_until(
		client, scratch_format("\nid: %ld\n", last + 5000), text, sizeof text, 20000));
	while ((next = strstr(next, "\nid: ")) != NULL) {
		ck_assert_int_eq(atol(next + 5), expected);
		expected++;
		next += 5;
	}
	ck_assert_int_eq(expected, last + 5001);
}
END_TEST

/* One that does not read costs what one turn holds, whatever is inserted meanwhile. */
START_TEST(test_stream_slow_reader)
{
	long last = clear_end();
	struct raw_client *slow = raw_open_slow();
	struct raw_client *quick;

	raw_send(slow,
		scratch_format("GET /recording/cel/stream?from=%ld HTTP/1.1\r\n" TOKEN_FIELD "\r\n",
			last + 1));
	for (int i = 0; i < 5; i++)
		cel_rows_insert(10000, "FLOOD");
	quick = wait_for(last + 50000, 20);
	ck_assert_int_eq(raw_reply(quick, 20000)->status, 200);
	/* More than 18 MB have not gone anywhere, and come when they are asked for. */
	ck_assert_uint_eq(raw_skip(slow, 18000000, 30000), 18000000);
	stream_text(slow, scratch_format("\nid: %ld\n", last + 50000));
}
END_TEST

/* Many that do not read: what waits for them stays within the budget, and others are served. */
START_TEST(test_stream_budget)
{
	enum { BUDGET = 1 << 20, TURN = 200000 };
	static const char series[] = "\nrecordingd_http_output_waiting_bytes ";
	struct raw_client *slow[60];
	const char *line;
	long waiting;

	daemon_restart("server.output_budget", "1MiB", "cel.cache_ttl", "60s", NULL);
	for (int i = 0; i < HARNESS_COUNT(slow); i++) {
		slow[i] = raw_open_slow();
		raw_send(slow[i],
			"GET /recording/cel/stream?from=1000 HTTP/1.1\r\n" TOKEN_FIELD "\r\n");
		expect_status(http_get("/recording/health"), 200);
	}
	wait_ms(500);
	line = strstr(http_get("/recording/metrics")->body, series);
	ck_assert_ptr_nonnull(line);
	waiting = atol(line + strlen(series));
	ck_assert_int_gt(waiting, BUDGET / 4);
	ck_assert_int_le(waiting, BUDGET + TURN);
	expect_status(http_get("/recording/cel?limit=1"), 200);
}
END_TEST

/*
 * The database goes away while rows wait for a slow client: what it had in memory comes when it
 * reads, and the rest once the database is back.
 */
START_TEST(test_slow_stream_over_outage)
{
	enum { ROWS = 60 };
	long last = clear_end();
	struct raw_client *slow;
	char *wide = scratch_format("%0100000d", 1);

	daemon_restart("database.queue_timeout", "500ms", "cel.cache_ttl", "60s", NULL);
	cel_rows_insert(ROWS, wide);
	for (int i = 0; i < 2; i++)
		expect_status(http_get(scratch_format("/recording/cel?from=%ld", last + 1)), 200);
	cluster_stop();
	sql_reconnect();
	slow = raw_open_slow();
	raw_send(slow,
		scratch_format("GET /recording/cel/stream?from=%ld HTTP/1.1\r\n" TOKEN_FIELD "\r\n",
			last + 1));
	wait_ms(1500);
	ck_assert_uint_eq(raw_skip(slow, ROWS * 100000, 30000), ROWS * 100000);
	wait_ms(1500);
	cluster_ensure();
	cel_rows_insert(1, "BACK");
	stream_text(slow, "\"BACK\"");
	expect_status(http_get("/recording/cel?limit=1"), 200);
}
END_TEST

static Suite *
cel_live_suite(void)
{
	Suite *suite = suite_create("cel_live");

	harness_add(suite, "wait until row", test_wait_until_row);
	harness_add(suite, "slow network", test_slow_network);
	harness_add(suite, "wait is over", test_wait_is_over);
	harness_add(suite, "wait not needed", test_wait_not_needed);
	harness_add(suite, "wait bounds", test_wait_bounds);
	harness_add(suite, "wait at shutdown", test_wait_at_shutdown);
	harness_add(suite, "wait over restart", test_wait_over_restart);
	harness_add(suite, "wait without database", test_wait_without_database);
	harness_add_loop(suite, "lines", test_lines, HARNESS_COUNT(accepts));
	harness_add(suite, "no lines", test_no_lines);
	harness_add(suite, "stream", test_stream);
	harness_add(suite, "stream resumes", test_stream_resumes);
	harness_add(suite, "stream HTTP/1.0", test_stream_http_1_0);
	harness_add(suite, "stream HEAD", test_stream_head);
	harness_add(suite, "stream catches up", test_stream_catches_up);
	harness_add(suite, "stream slow reader", test_stream_slow_reader);
	harness_add(suite, "stream budget", test_stream_budget);
	harness_add(suite, "slow stream over outage", test_slow_stream_over_outage);
	return suite;
}

HARNESS_MAIN(cel_live_suite)
