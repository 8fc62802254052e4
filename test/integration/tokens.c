/*
 * Named tokens: the order in which they are judged, changing one without a gap, files that are
 * refused, names in the access log, and --new-token. What each scope opens is in access.c, what the
 * shared token does in auth.c.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cel_rows.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/named_tokens.h"
#include "support/process.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/wait.h"

#define RUN_TIMEOUT_MS 15000

/* A token per scope, called by its name. */
static void
start_with_all_scopes(void)
{
	daemon_restart("auth.token", "", "auth.tokens_file",
		named_tokens_write(named_tokens_each()), NULL);
}

static const struct reply *
send_as(const char *token, const char *method, const char *target, const char *body)
{
	const char *const fields[] = { scratch_format("X-Auth-Token: %s", token), NULL };

	return http_send(&(struct http_request){ .method = method,
		.target = target,
		.body = body == NULL ? NULL : scratch_quotes(body),
		.without_token = true,
		.fields = fields });
}

static long
status_as(void *token)
{
	return send_as(token, NULL, "/recording/cel?limit=1", NULL)->status;
}

static void
expect_forbidden(const struct reply *reply, const char *scope)
{
	expect_error(reply, 403, "forbidden", scope, NULL);
	ck_assert_str_eq(
		reply_field(reply, "WWW-Authenticate"), "Bearer error=\"insufficient_scope\"");
}

/* The scope is judged behind path and method and before what the request says. */
START_TEST(test_order)
{
	start_with_all_scopes();
	fixture_audio("rec-1.wav", "x", 1);
	expect_error(send_as("no", NULL, "/recording/cel", NULL), 401, "unauthorized", NULL);
	expect_error(send_as("audio", NULL, "/recording/nothing", NULL), 404, "not_found", NULL);
	expect_error(
		send_as("audio", "POST", "/recording/cel", "{}"), 405, "method_not_allowed", NULL);
	expect_forbidden(send_as("audio", NULL, "/recording/cel?limit=x&bogus=1", NULL), "cel");
	expect_forbidden(send_as("audio", "POST", "/recording/history", "{"), "history");
	expect_forbidden(send_as("cel", NULL, "/recording/records/none/audio/x", NULL), "audio");
	ck_assert_int_eq(
		send_as("cel", "HEAD", "/recording/records/rec-1/audio/listen", NULL)->status, 403);
	expect_status(send_as("audio", NULL, "/recording/health", NULL), 200);
}
END_TEST

static bool
is_let_in(void *token)
{
	return status_as(token) == 200;
}

static bool
is_kept_out(void *token)
{
	return status_as(token) == 401;
}

static void
reload_with(const char *text)
{
	daemon_configure("auth.token", "", "auth.tokens_file", named_tokens_write(text), NULL);
	daemon_signal(SIGHUP);
}

/* The old token of a client, both, the new one: neither is ever refused while it should count. */
START_TEST(test_rotation)
{
	static char old_token[] = "old";
	static char new_token[] = "new";
	const char *old_line = named_token_line("crm", "cel", old_token);
	const char *new_line = named_token_line("crm", "cel", new_token);

	daemon_restart("auth.token", "", "auth.tokens_file", named_tokens_write(old_line), NULL);
	ck_assert_int_eq(status_as(old_token), 200);
	ck_assert_int_eq(status_as(new_token), 401);
	reload_with(scratch_format("%s%s", old_line, new_line));
	ck_assert(wait_until(is_let_in, new_token, 5000));
	ck_assert_int_eq(status_as(old_token), 200);
	reload_with(new_line);
	ck_assert(wait_until(is_kept_out, old_token, 5000));
	ck_assert_int_eq(status_as(new_token), 200);
}
END_TEST

static struct raw_client *
open_stream(const char *token, long from)
{
	struct raw_client *client = raw_open();
	char seen[4096];

	raw_send(client, scratch_format("GET /recording/cel/stream?from=%ld HTTP/1.1\r\nHost: x\r\n"
					"X-Auth-Token: %s\r\n\r\n",
				 from, token));
	ck_assert(raw_peek_until(client, "text/event-stream", seen, sizeof seen, 5000));
	raw_skip(client, sizeof seen, 300);
	return client;
}

/* What a stream would send next is for those who have a token then, with the scope. */
START_TEST(test_stream_of_old_token)
{
	static char taken_away[] = "taken-away";
	const char *kept = named_token_line("kept", "cel", "kept");
	long last = cel_rows_clear_end();
	struct raw_client *streams[3];
	char seen[4096];

	daemon_restart("auth.token", "", "auth.tokens_file",
		named_tokens_write(
			scratch_format("%s%s%s", kept, named_token_line("crm", "cel", taken_away),
				named_token_line("narrowed", "cel,audio", "narrowed"))),
		NULL);
	streams[0] = open_stream("kept", last + 1);
	streams[1] = open_stream(taken_away, last + 1);
	streams[2] = open_stream("narrowed", last + 1);
	reload_with(
		scratch_format("%s%s", named_token_line("narrowed", "audio", "narrowed"), kept));
	ck_assert(wait_until(is_kept_out, taken_away, 5000));
	cel_rows_insert(1, "BEHIND");
	ck_assert(raw_peek_until(streams[0], "BEHIND", seen, sizeof seen, 5000));
	ck_assert(raw_is_closed(streams[1], 5000));
	ck_assert(raw_is_closed(streams[2], 5000));
}
END_TEST

/* A bad file changes nothing, and the log says which line is bad, and not what stands there. */
START_TEST(test_bad_reload)
{
	static char token[] = "t0ken";
	const char *good = named_token_line("crm", "cel", token);

	daemon_restart("auth.token", "", "auth.tokens_file", named_tokens_write(good), NULL);
	reload_with(scratch_format(
		"%s\ncrm cel pl4in-token\n", named_token_line("other", "cel", "other")));
	ck_assert(daemon_logs("tokens:3: the third word is sha256:"));
	ck_assert_int_eq(status_as(token), 200);
	ck_assert_int_eq(send_as("other", NULL, "/recording/cel", NULL)->status, 401);
	ck_assert_ptr_null(strstr(daemon_log(), "pl4in"));
	named_tokens_write(good);
	ck_assert_int_eq(chmod(harness_path("tokens"), 0604), 0);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("tokens: others"));
	ck_assert_int_eq(unlink(harness_path("tokens")), 0);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("tokens: No such file"));
	ck_assert_int_eq(status_as(token), 200);
	reload_with(good);
	ck_assert(daemon_logs("reloaded"));
	ck_assert_int_eq(status_as(token), 200);
	ck_assert_ptr_null(strstr(daemon_log(), token));
}
END_TEST

/* The shared token goes on beside the named ones, and is called "default". */
START_TEST(test_names)
{
	char *log;

	fixture_audio("rec-1.wav", "x", 1);
	daemon_restart("auth.tokens_file",
		named_tokens_write(scratch_format("%s%s", named_token_line("crm", "audio", "one"),
			named_token_line("wall-board.2", "audio,cel", "two"))),
		NULL);
	ck_assert_int_eq(truncate(harness_path("access.log"), 0), 0);
	expect_status(send_as("one", NULL, "/recording/records/rec-1/audio/listen", NULL), 200);
	expect_status(send_as("two", NULL, "/recording/records/rec-1/audio/result", NULL), 200);
	expect_status(http_get("/recording/records/rec-1/audio/download"), 200);
	log = scratch_file(harness_path("access.log"));
	ck_assert_ptr_nonnull(strstr(log, "\"token\":\"crm\",\"action\":\"listen\""));
	ck_assert_ptr_nonnull(strstr(log, "\"token\":\"wall-board.2\",\"action\":\"result\""));
	ck_assert_ptr_nonnull(strstr(log, "\"token\":\"default\",\"action\":\"download\""));
	ck_assert_ptr_null(strstr(log, DAEMON_TOKEN));
}
END_TEST

static const struct reply *
next_page(const char *token, const char *cursor)
{
	return send_as(token, "POST",
		scratch_format("/recording/records/search?pageSize=1&after=%s", cursor), "{}");
}

/* A page's "next" is for the client that got it, whatever becomes of other tokens meanwhile. */
START_TEST(test_cursor)
{
	static char added[] = "added";
	const char *lines = scratch_format("%s%s", named_token_line("one", "records", "one"),
		named_token_line("two", "records", "two"));
	const struct reply *reply;
	const char *cursor;

	daemon_restart("auth.token", "", "auth.tokens_file", named_tokens_write(lines), NULL);
	reply = send_as("one", "POST", "/recording/records/search?pageSize=1", "{}");
	expect_status(reply, 200);
	cursor = scratch_format("%s", json_text(reply, "next"));
	expect_error(next_page("two", cursor), 400, "invalid_parameter", "after", NULL);
	reload_with(scratch_format("%s%s", named_token_line("new", "cel", added), lines));
	ck_assert(wait_until(is_let_in, added, 5000));
	expect_status(next_page("one", cursor), 200);
	expect_error(next_page("two", cursor), 400, "invalid_parameter", "after", NULL);
}
END_TEST

static const char *
run(int status, const char *const *arguments)
{
	const struct process_options options = {
		.arguments = arguments,
		.environment = (const char *const[]){ "PLAY_AUTH_TOKEN", NULL },
		.output_file = harness_path("run.out"),
		.error_file = harness_path("run.err"),
		.directory = "/",
	};

	unlink(options.output_file);
	unlink(options.error_file);
	ck_assert_int_eq(process_run(&options, RUN_TIMEOUT_MS), status);
	return scratch_file(options.output_file);
}

/* Nothing is listened on with tokens that others may read: exit status 2, like a bad key. */
START_TEST(test_bad_start)
{
	const char *file = named_tokens_write(named_token_line("crm", "cel", "x"));
	const char *const arguments[] = { harness_daemon(), "--config",
		harness_path("recordingd.conf"), NULL };

	daemon_configure("auth.token", "", "auth.tokens_file", file, NULL);
	ck_assert_int_eq(chmod(file, 0644), 0);
	run(2, arguments);
	ck_assert_ptr_nonnull(strstr(scratch_file(harness_path("run.err")), "others"));
	ck_assert_int_eq(unlink(file), 0);
	run(2, arguments);
	ck_assert_ptr_nonnull(strstr(scratch_file(harness_path("run.err")), "No such file"));
	named_tokens_write(named_token_line("default", "cel", "x"));
	run(2, arguments);
	ck_assert_ptr_nonnull(strstr(scratch_file(harness_path("run.err")), "tokens:1: a name"));
}
END_TEST

/* The first line that --new-token prints is let in by the second. */
START_TEST(test_new_token)
{
	const char *const arguments[] = { harness_daemon(), "--new-token", "crm", "--scope",
		"cel,audio", NULL };
	char *token = scratch_format("%s", run(0, arguments));
	char *rest = strchr(token, '\n');
	const char *other = run(0, arguments);

	ck_assert_ptr_nonnull(rest);
	*rest++ = '\0';
	ck_assert_uint_eq(strlen(token), 43);
	ck_assert_str_eq(rest, named_token_line("crm", "cel,audio", token));
	ck_assert_ptr_null(strstr(other, token));
	ck_assert_ptr_null(strstr(scratch_file(harness_path("run.err")), token));
	daemon_restart("auth.token", "", "auth.tokens_file", named_tokens_write(rest), NULL);
	ck_assert_int_eq(status_as(token), 200);
	expect_forbidden(send_as(token, "POST", "/recording/history", "{}"), "history");
}
END_TEST

START_TEST(test_new_token_usage)
{
	const char *const wrong[][6] = {
		{ harness_daemon(), "--new-token", "crm", NULL },
		{ harness_daemon(), "--scope", "cel", NULL },
		{ harness_daemon(), "--new-token", "two words", "--scope", "cel", NULL },
		{ harness_daemon(), "--new-token", "crm", "--scope", "cell", NULL },
		{ harness_daemon(), "--new-token", "default", "--scope", "cel", NULL },
	};

	for (int i = 0; i < HARNESS_COUNT(wrong); i++)
		ck_assert_str_eq(run(2, wrong[i]), "");
}
END_TEST

static Suite *
tokens_suite(void)
{
	Suite *suite = suite_create("tokens");

	harness_add(suite, "order", test_order);
	harness_add(suite, "rotation", test_rotation);
	harness_add(suite, "stream of old token", test_stream_of_old_token);
	harness_add(suite, "bad reload", test_bad_reload);
	harness_add(suite, "names", test_names);
	harness_add(suite, "cursor", test_cursor);
	harness_add(suite, "bad start", test_bad_start);
	harness_add(suite, "new token", test_new_token);
	harness_add(suite, "new token usage", test_new_token_usage);
	return suite;
}

HARNESS_MAIN(tokens_suite)
