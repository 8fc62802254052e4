/*
 * The request log: a line per request when it is on, slow requests always, ids of requests, and
 * what no log ever shows. The access log of audio is in access_log.c.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define TOKEN "X-Auth-Token: " DAEMON_TOKEN "\r\n"

static const struct reply *
send_with(const char *method, const char *target, const char *field, const char *other_field)
{
	const char *const fields[] = { field, other_field, NULL };

	return http_send(
		&(struct http_request){ .method = method, .target = target, .fields = fields });
}

/* The line of the log in which the text stands, without its end; NULL: none. */
static char *
log_line(const char *text)
{
	char *log = daemon_log();
	char *found = strstr(log, text);

	if (found == NULL)
		return NULL;
	while (found > log && found[-1] != '\n')
		found--;
	found[strcspn(found, "\n")] = '\0';
	return found;
}

/* The line of the request that had this id. */
static const char *
line_of(const char *id)
{
	const char *text = scratch_format("request_id=%s\n", id);

	ck_assert_msg(daemon_logs(text), "no line of %s: %s", id, daemon_log());
	return log_line(scratch_format("request_id=%s", id));
}

static void
expect_words(const char *line, const char *const *words)
{
	for (; *words != NULL; words++)
		ck_assert_msg(strstr(line, *words) != NULL, "no \"%s\": %s", *words, line);
}

START_TEST(test_off)
{
	expect_status(http_get("/recording/cel?limit=1"), 200);
	expect_status(http_get("/recording/nothing"), 404);
	ck_assert_ptr_null(strstr(daemon_log(), "request"));
}
END_TEST

static const struct {
	const char *method;
	const char *target;
	const char *words[8];
} lines[] = {
	{ "GET", "/recording/cel?limit=1",
		{ "<6>request method=GET path=/recording/cel status=200 duration_ms=", " bytes=",
			" client=192.0.2.7 token=default request_id=" } },
	{ "HEAD", "/recording/cel", { " method=HEAD ", " status=200 ", " bytes=0 " } },
	{ "GET", "/recording/health", { " path=/recording/health ", " status=200 ", " token=- " } },
	{ "POST", "/recording/cel", { " method=POST ", " status=405 ", " token=default " } },
	{ "PURGE", "/recording/cel", { " method=other ", " status=405 " } },
	{ "GET", "/x?y", { " path=/x ", " status=404 ", " token=- " } },
	{ "GET", "/recording/%0A%22?q", { " path=/recording/%0A%22 ", " status=404 " } },
	{ "GET", "/recording/cel?limit=x", { " status=400 ", " token=default " } },
	{ "GET", "/recording/cel?callid=1700000001.1&token=" DAEMON_TOKEN, { " status=400 " } },
};

START_TEST(test_lines)
{
	daemon_restart("log.requests", "on", NULL);
	for (int i = 0; i < HARNESS_COUNT(lines); i++) {
		const char *id = scratch_format("test-%d", i);
		const struct reply *reply = send_with(lines[i].method, lines[i].target,
			scratch_format("X-Request-Id: %s", id), "X-Forwarded-For: 192.0.2.7");
		const char *line = line_of(id);

		if (strchr(lines[i].target, '?') != NULL)
			ck_assert_msg(strchr(line, '?') == NULL, "%s", line);
		expect_words(line, lines[i].words);
		expect_words(
			line, (const char *const[]){ scratch_format(" status=%ld ", reply->status),
				      scratch_format(" bytes=%zu ", reply->body_bytes), NULL });
	}
	ck_assert_ptr_null(strstr(daemon_log(), "1700000001.1"));
	ck_assert_ptr_null(strstr(daemon_log(), DAEMON_TOKEN));
}
END_TEST

/* A line has an end, however long the path is. */
START_TEST(test_long_path)
{
	const char *line;

	daemon_restart("log.requests", "on", NULL);
	send_with(NULL, scratch_format("/recording/%s", scratch_repeat("%41", 2000)),
		"X-Request-Id: long", NULL);
	line = line_of("long");
	ck_assert_ptr_nonnull(strstr(line, "path=/recording/%41%41%41"));
	ck_assert_ptr_nonnull(strstr(line, "... status=404 "));
}
END_TEST

/* Requests whose head never came to its end have a line, and an id, as well. */
START_TEST(test_broken_heads)
{
	const struct reply *reply;
	const char *line;

	daemon_restart("log.requests", "on", "server.header_timeout", "200ms", NULL);
	reply = raw_exchange("GET /recording/cel?callid=7 HTTP/1.1\r\nHost: a b\r\n\r\n");
	ck_assert_int_eq(reply->status, 400);
	line = line_of(reply_field(reply, "X-Request-Id"));
	ck_assert_ptr_nonnull(strstr(line, "path=/recording/cel status=400 "));
	reply = raw_exchange("GET nonsense?callid=7 HTTP/1.1\r\n\r\n");
	ck_assert_int_eq(reply->status, 400);
	line = line_of(reply_field(reply, "X-Request-Id"));
	ck_assert_ptr_nonnull(strstr(line, "method=- path=- status=400 "));
	reply = raw_exchange("GET /recording/cel?callid=7 HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1");
	ck_assert_int_eq(reply->status, 408);
	line = line_of(reply_field(reply, "X-Request-Id"));
	ck_assert_ptr_nonnull(strstr(line, "path=- status=408 "));
	ck_assert_ptr_nonnull(strstr(line, "client=127.0.0.1 "));
	ck_assert_ptr_null(strstr(daemon_log(), "callid"));
}
END_TEST

/* A poll from here on waits. */
#define LAST_ID "2147483647"

static void
empty_the_end(void)
{
	sql_run("DELETE FROM cel WHERE id = " LAST_ID);
}

/* The client left: a line without a status. */
START_TEST(test_gone)
{
	struct raw_client *client;

	empty_the_end();
	daemon_restart("log.requests", "on", NULL);
	client = raw_open();
	raw_send(client, "GET /recording/cel?from=" LAST_ID "&wait=60 HTTP/1.1\r\nHost: x\r\n" TOKEN
			 "X-Request-Id: left\r\n\r\n");
	/* Behind it, so that it has been read. */
	expect_status(http_get("/recording/health"), 200);
	raw_reset(client);
	ck_assert_ptr_nonnull(strstr(line_of("left"), " status=- "));
}
END_TEST

static void
begin_reload(const char *key, const char *value)
{
	daemon_configure(key, value, NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("reloaded"));
}

START_TEST(test_reload)
{
	daemon_restart(NULL, NULL);
	begin_reload("log.requests", "on");
	send_with(NULL, "/recording/cel", "X-Request-Id: after", NULL);
	line_of("after");
	daemon_restart("log.level", "warning", "log.requests", "on", NULL);
	send_with(NULL, "/recording/cel", "X-Request-Id: quiet", NULL);
	ck_assert_ptr_null(strstr(daemon_log(), "quiet"));
	daemon_configure("log.level", "debug", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("reloaded"));
	expect_status(http_get("/recording/cel"), 200);
	ck_assert(daemon_logs("<7>connection "));
}
END_TEST

/* A statement that waits for a lock until this is released. */
static const struct reply *
slow_request(const char *id, long wait)
{
	PGconn *session = sql_session();
	const char *const fields[] = { scratch_format("X-Request-Id: %s", id), NULL };
	struct http_pending *pending;
	const struct reply *reply;

	sql_session_run(session, "BEGIN; LOCK TABLE call_data");
	pending = http_begin(&(struct http_request){
		.target = "/recording/last_agent?callerNo=4711", .fields = fields });
	wait_ms(wait);
	sql_session_run(session, "ROLLBACK");
	sql_session_close(session);
	reply = http_finish(pending);
	expect_status(reply, 404);
	return reply;
}

START_TEST(test_slow)
{
	const char *line;

	daemon_restart("log.slow_ms", "200", NULL);
	slow_request("slow", 400);
	line = line_of("slow");
	expect_words(line,
		(const char *const[]){ "<4>slow request method=GET path=/recording/last_agent "
				       "status=404 duration_ms=",
			"token=default", NULL });
	ck_assert_int_ge(atoi(strstr(line, "duration_ms=") + strlen("duration_ms=")), 300);
	/* Who asked to wait is not slow. */
	empty_the_end();
	expect_status(send_with(NULL, "/recording/cel?from=" LAST_ID "&wait=1",
			      "X-Request-Id: patient", NULL),
		200);
	daemon_restart("log.slow_ms", "0", NULL);
	slow_request("ignored", 400);
	ck_assert_ptr_null(strstr(daemon_log(), "slow request"));
	ck_assert_ptr_null(strstr(scratch_file(harness_path(DAEMON_LOG)), "patient"));
}
END_TEST

static const struct {
	const char *given; /* NULL: none */
	bool is_taken;
} ids[] = {
	{ NULL, false },
	{ "4f2a", true },
	{ "Root=1-67891233-abcdef012345678912345678", true },
	{ "", false },
	{ "two words", false },
	{ "quo\"te", false },
	{ "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0", false },
};

START_TEST(test_ids)
{
	const struct reply *reply;

	for (int i = 0; i < HARNESS_COUNT(ids); i++) {
		const char *field = ids[i].given == NULL
					    ? NULL
					    : scratch_format("X-Request-Id: %s", ids[i].given);
		const char *first = reply_field(
			send_with(NULL, "/recording/cel?limit=1", field, NULL), "X-Request-Id");
		const char *second = reply_field(
			send_with(NULL, "/recording/nothing", field, NULL), "X-Request-Id");

		if (ids[i].is_taken) {
			ck_assert_str_eq(first, ids[i].given);
			ck_assert_str_eq(second, ids[i].given);
			continue;
		}
		ck_assert_str_ne(first, second);
		ck_assert_uint_eq(strlen(first), 28);
	}
	/* Two of them are none. */
	reply = send_with(NULL, "/recording/cel", "X-Request-Id: one", "X-Request-Id: two");
	ck_assert_uint_eq(strlen(reply_field(reply, "X-Request-Id")), 28);
	/* Nor is what a stranger says. */
	daemon_restart("server.trusted_proxies", "192.0.2.1", NULL);
	reply = send_with(NULL, "/recording/cel", "X-Request-Id: 4f2a", NULL);
	ck_assert_uint_eq(strlen(reply_field(reply, "X-Request-Id")), 28);
}
END_TEST

/* Each request of a connection has an id of its own. */
START_TEST(test_pipelined_ids)
{
	struct raw_client *client = raw_open();
	const char *first;

	raw_send(client,
		"GET /recording/cel HTTP/1.1\r\nHost: x\r\n" TOKEN "X-Request-Id: first\r\n\r\n"
		"GET /recording/cel HTTP/1.1\r\nHost: x\r\n" TOKEN "\r\n"
		"GET /recording/cel HTTP/1.1\r\nHost: x\r\n" TOKEN "\r\n");
	ck_assert_str_eq(reply_field(raw_reply(client, 5000), "X-Request-Id"), "first");
	first = reply_field(raw_reply(client, 5000), "X-Request-Id");
	ck_assert_str_ne(first, "first");
	ck_assert_str_ne(reply_field(raw_reply(client, 5000), "X-Request-Id"), first);
}
END_TEST

/* With every line that there is, neither tokens nor the database's password are among them. */
START_TEST(test_secrets)
{
	const char *const tokens[] = { DAEMON_TOKEN, "gu3ss", "hush-hush" };

	fixture_audio("rec-1.wav", "x", 1);
	daemon_restart("log.level", "debug", "log.requests", "on", "log.slow_ms", "1",
		"database.conninfo",
		scratch_format(
			"%s password=hush-hush", cluster_conninfo("recordingd", CLUSTER_DATABASE)),
		NULL);
	expect_status(http_get("/recording/records/rec-1/audio/listen"), 200);
	expect_status(http_get("/recording/cel?token=" DAEMON_TOKEN), 400);
	http_send(&(struct http_request){ .target = "/recording/cel?access_token=gu3ss",
		.without_token = true,
		.fields = (const char *const[]){
			"X-Auth-Token: gu3ss", "Authorization: Bearer gu3ss", NULL } });
	daemon_restart_degraded("log.level", "debug", "log.requests", "on",
		"database.queue_timeout", "100ms", "database.conninfo",
		"host=127.0.0.1 port=1 user=nobody password=hush-hush", NULL);
	expect_status(http_get("/recording/cel"), 503);
	daemon_configure("log.level", "debug", "database.conninfo",
		"host=127.0.0.1 password=hush-hush bogus=1", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("database.conninfo"));
	for (int i = 0; i < HARNESS_COUNT(tokens); i++) {
		/* Of all starts. */
		const char *log = scratch_file(harness_path(DAEMON_LOG));

		ck_assert_msg(strstr(log, tokens[i]) == NULL, "%s is in the log", tokens[i]);
		ck_assert_ptr_null(strstr(scratch_file(harness_path("access.log")), tokens[i]));
	}
}
END_TEST

static Suite *
request_log_suite(void)
{
	Suite *suite = suite_create("request_log");

	harness_add(suite, "off", test_off);
	harness_add(suite, "lines", test_lines);
	harness_add(suite, "long path", test_long_path);
	harness_add(suite, "broken heads", test_broken_heads);
	harness_add(suite, "gone", test_gone);
	harness_add(suite, "reload", test_reload);
	harness_add(suite, "slow", test_slow);
	harness_add(suite, "ids", test_ids);
	harness_add(suite, "pipelined ids", test_pipelined_ids);
	harness_add(suite, "secrets", test_secrets);
	return suite;
}

HARNESS_MAIN(request_log_suite)
