/* The access log: one line per action performed, before its first byte; no line, no audio. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define TEN   "/recording/records/ten/audio/"
#define TOKEN "X-Auth-Token: " DAEMON_TOKEN "\r\n"

static const char *const actions[] = { "result", "listen", "download" };

static void
put_ten(void)
{
	fixture_audio("ten.gsm", "0123456789", 10);
}

static const struct reply *
send_with(const char *method, const char *target, const char *field, const char *other_field)
{
	const char *const fields[] = { field, other_field, NULL };

	return http_send(
		&(struct http_request){ .method = method, .target = target, .fields = fields });
}

static void
release(void *json)
{
	json_object_put(json);
}

/* The lines of a log as an array, each held against the contract's form; the file is emptied. */
static const struct reply *
taken_lines(const char *name)
{
	struct reply *lines = scratch_new(sizeof *lines);
	char *text = scratch_file(harness_path(name));

	lines->body = scratch_format("%s", text);
	lines->json = json_object_new_array();
	scratch_own(lines->json, release);
	while (*text != '\0') {
		char *end = strchr(text, '\n');
		struct json_object *line;

		ck_assert_msg(end != NULL, "a line without its end: %s", text);
		*end = '\0';
		line = json_tokener_parse(text);
		ck_assert_msg(json_object_is_type(line, json_type_object), "no object: %s", text);
		ck_assert_int_eq(json_object_object_length(line), 8);
		json_object_array_add(lines->json, line);
		text = end + 1;
	}
	/* The daemon appends, so the file may be cut under it. */
	if (access(harness_path(name), F_OK) == 0)
		ck_assert_int_eq(truncate(harness_path(name), 0), 0);
	return lines;
}

static const struct reply *
taken(void)
{
	return taken_lines("access.log");
}

static void
expect_line(const char *client, const char *action, const char *file_id, int status, size_t bytes)
{
	const struct reply *lines = taken();

	ck_assert_msg(json_object_array_length(lines->json) == 1, "not one line: %s", lines->body);
	ck_assert_str_eq(json_text(lines, "0.client"), client);
	ck_assert_str_eq(json_text(lines, "0.token"), "default");
	ck_assert_str_eq(json_text(lines, "0.action"), action);
	ck_assert_str_eq(json_text(lines, "0.file_id"), file_id);
	ck_assert(json_object_is_type(json_at(lines->json, "0.status"), json_type_int));
	ck_assert(json_object_is_type(json_at(lines->json, "0.bytes"), json_type_int));
	ck_assert_int_eq(atoi(json_text(lines, "0.status")), status);
	ck_assert_uint_eq(strtoul(json_text(lines, "0.bytes"), NULL, 10), bytes);
}

START_TEST(test_actions)
{
	put_ten();
	taken();
	for (int i = 0; i < HARNESS_COUNT(actions); i++) {
		const struct reply *reply = http_get(scratch_format(TEN "%s", actions[i]));

		expect_status(reply, 200);
		expect_line("127.0.0.1", actions[i], "ten", 200, reply->body_bytes);
	}
	for (int i = 1; i < HARNESS_COUNT(actions); i++) {
		expect_status(send_with(NULL, scratch_format(TEN "%s", actions[i]),
				      "Range: bytes=-3", NULL),
			206);
		expect_line("127.0.0.1", actions[i], "ten", 206, 3);
	}
	/* A condition that does not hold is no obstacle; several ranges are the whole file. */
	expect_status(send_with(NULL, TEN "listen", "If-None-Match: \"a\"", NULL), 200);
	expect_line("127.0.0.1", "listen", "ten", 200, 10);
	expect_status(send_with(NULL, TEN "listen", "Range: bytes=0-0,2-2", NULL), 200);
	expect_line("127.0.0.1", "listen", "ten", 200, 10);
	fixture_audio("empty.gsm", "", 0);
	expect_status(http_get("/recording/records/empty/audio/listen"), 200);
	expect_line("127.0.0.1", "listen", "empty", 200, 0);
}
END_TEST

/* A reply beyond the budget for slow readers is a 503, and no action. */
START_TEST(test_beyond_budget)
{
	put_ten();
	sql_run("INSERT INTO attached_data (id_call_data, key, value) VALUES"
		" (3, 'recording', 'ten')");
	for (int i = 0; i < 20; i++)
		sql_runf("INSERT INTO attached_data (id_call_data, key, value)"
			 " VALUES (3, 'long %d', repeat('x', 256))",
			i);
	daemon_restart("server.output_budget", "4KiB", NULL);
	taken();
	expect_error(http_get(TEN "result"), 503, "unavailable", NULL);
	ck_assert_uint_eq(json_object_array_length(taken()->json), 0);
	sql_run("DELETE FROM attached_data WHERE id_call_data = 3 AND value <> 'rec-3'");
	expect_status(http_get(TEN "result"), 200);
	ck_assert_uint_eq(json_object_array_length(taken()->json), 1);
}
END_TEST

struct silent_row {
	const char *method;
	const char *target;
	const char *field; /* or NULL */
	long status;
};

static const struct silent_row silent[] = {
	{ "HEAD", TEN "result", NULL, 200 },
	{ "HEAD", TEN "listen", NULL, 200 },
	{ "HEAD", TEN "download", NULL, 200 },
	{ "GET", TEN "listen", "If-None-Match: *", 304 },
	{ "GET", TEN "download", "If-None-Match: *", 304 },
	{ "HEAD", TEN "listen", "If-None-Match: *", 304 },
	{ "GET", TEN "listen", "If-Match: \"a\"", 412 },
	{ "GET", TEN "listen", "Range: bytes=10-", 416 },
	{ "GET", TEN "play", NULL, 400 },
	{ "GET", TEN "listen?x=1", NULL, 400 },
	{ "GET", TEN "listen", "X-Auth-Token: again", 400 },
	{ "GET", "/recording/records/missing/audio/listen", NULL, 404 },
	{ "GET", "/recording/records/..%2Ften/audio/listen", NULL, 404 },
	{ "POST", TEN "listen", NULL, 405 },
	{ "DELETE", TEN "listen", NULL, 405 },
	{ "GET", "/recording/cel?limit=1", NULL, 200 },
	{ "GET", "/recording/health", NULL, 200 },
};

/* HEAD, 304 and errors are not actions. */
START_TEST(test_silent)
{
	const struct silent_row *row = &silent[_i];

	put_ten();
	taken();
	expect_status(send_with(row->method, row->target, row->field, NULL), row->status);
	http_send(&(struct http_request){ .target = TEN "listen", .without_token = true });
	ck_assert_str_eq(taken()->body, "");
}
END_TEST

START_TEST(test_pipelined)
{
	struct raw_client *client = raw_open();

	put_ten();
	taken();
	raw_send(client,
		"GET " TEN "listen HTTP/1.1\r\nHost: x\r\n" TOKEN "\r\n"
		"HEAD " TEN "listen HTTP/1.1\r\nHost: x\r\n" TOKEN "\r\n"
		"GET " TEN "download HTTP/1.1\r\nHost: x\r\n" TOKEN "Range: bytes=0-0\r\n\r\n"
		"GET " TEN "result HTTP/1.1\r\nHost: x\r\n" TOKEN "\r\n");
	ck_assert_int_eq(raw_reply(client, 5000)->status, 200);
	ck_assert_int_eq(raw_head_reply(client, 5000)->status, 200);
	ck_assert_int_eq(raw_reply(client, 5000)->status, 206);
	ck_assert_int_eq(raw_reply(client, 5000)->status, 200);
	ck_assert_str_eq(json_column(taken(), "", "action"), "listen download result");
}
END_TEST

struct client_row {
	const char *proxies; /* NULL: the default */
	const char *field;   /* or NULL */
	const char *other_field;
	const char *client;
};

#define FORWARDED "X-Forwarded-For: "

static const struct client_row clients[] = {
	{ NULL, NULL, NULL, "127.0.0.1" },
	{ NULL, FORWARDED "192.0.2.7", NULL, "192.0.2.7" },
	{ NULL, "x-forwarded-for:192.0.2.7", NULL, "192.0.2.7" },
	/* what a client says of itself stands before what the proxy adds */
	{ NULL, FORWARDED "192.0.2.1, 198.51.100.2, 192.0.2.7", NULL, "192.0.2.7" },
	{ NULL, FORWARDED "192.0.2.1,192.0.2.7", NULL, "192.0.2.7" },
	{ NULL, FORWARDED "\"<script>, 192.0.2.7", NULL, "192.0.2.7" },
	/* trusted proxies are passed over */
	{ NULL, FORWARDED "192.0.2.1, 192.0.2.7, 127.0.0.1", NULL, "192.0.2.7" },
	{ NULL, FORWARDED "192.0.2.7, ::1, 127.0.0.1", NULL, "192.0.2.7" },
	{ NULL, FORWARDED "2001:db8::7", NULL, "2001:db8::7" },
	{ NULL, FORWARDED "192.0.2.1", FORWARDED "192.0.2.7", "192.0.2.7" },
	{ NULL, FORWARDED "192.0.2.7", FORWARDED "127.0.0.1", "192.0.2.7" },
	{ "127.0.0.1,10.0.0.0/8,2001:db8::/32", FORWARDED "192.0.2.7, 10.1.2.3, 2001:db8::9", NULL,
		"192.0.2.7" },
	{ "127.0.0.1,10.0.0.0/8", FORWARDED "192.0.2.7, 11.0.0.1", NULL, "11.0.0.1" },
	{ "127.0.0.0/8", FORWARDED "192.0.2.7", NULL, "192.0.2.7" },
	/* who is no proxy cannot name another */
	{ "10.0.0.1,unix", FORWARDED "192.0.2.7", NULL, "127.0.0.1" },
	{ "", FORWARDED "192.0.2.7", NULL, "127.0.0.1" },
	{ "127.0.0.2", FORWARDED "192.0.2.7, 127.0.0.1", NULL, "127.0.0.1" },
};

START_TEST(test_client)
{
	const struct client_row *row = &clients[_i];

	if (row->proxies != NULL)
		daemon_restart("server.trusted_proxies", row->proxies, NULL);
	put_ten();
	taken();
	expect_status(send_with(NULL, TEN "listen", row->field, row->other_field), 200);
	expect_line(row->client, "listen", "ten", 200, 10);
}
END_TEST

static const struct reply *
listen_over(const char *address, const char *more)
{
	struct raw_client *client = raw_open_at(address);

	raw_send(client,
		scratch_format("GET " TEN "listen HTTP/1.1\r\nHost: x\r\n" TOKEN "%s\r\n", more));
	return raw_reply(client, 5000);
}

START_TEST(test_unix_client)
{
	const char *address = scratch_format("unix:%s", harness_path("http.socket"));

	put_ten();
	daemon_restart("server.listen", scratch_format("+%s", address), NULL);
	taken();
	expect_status(listen_over(address, FORWARDED "192.0.2.7\r\n"), 200);
	expect_line("192.0.2.7", "listen", "ten", 200, 10);
	daemon_restart("server.listen", scratch_format("+%s", address), "server.trusted_proxies",
		"127.0.0.1", NULL);
	expect_status(listen_over(address, FORWARDED "192.0.2.7\r\n"), 200);
	ck_assert_str_ne(json_text(taken(), "0.client"), "192.0.2.7");
}
END_TEST

/* Seconds since 1970 of "2026-01-31T11:30:00+01:00", -1 for any other form. */
static time_t
parse_time(const char *text)
{
	struct tm local = { 0 };
	const char *zone = strptime(text, "%Y-%m-%dT%H:%M:%S", &local);
	int hours = 0, minutes = 0, used = 0;
	char sign = '+';

	if (zone != NULL && *zone == '.')
		zone += 1 + strspn(zone + 1, "0123456789");
	if (zone == NULL ||
		(strcmp(zone, "Z") != 0 &&
			(sscanf(zone, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 ||
				zone[used] != '\0' || strchr("+-", sign) == NULL)))
		return -1;
	return timegm(&local) - (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

static void
expect_time_now(void)
{
	time_t logged;

	taken();
	expect_status(http_get(TEN "listen"), 200);
	logged = parse_time(json_text(taken(), "0.time"));
	ck_assert_int_ge(logged, time(NULL) - 10);
	ck_assert_int_le(logged, time(NULL) + 1);
}

START_TEST(test_time)
{
	const char *lines;

	put_ten();
	expect_time_now();
	setenv("TZ", "West3:30", 1);
	daemon_restart(NULL, NULL);
	unsetenv("TZ");
	expect_time_now();
	expect_status(http_get(TEN "listen"), 200);
	lines = taken()->body;
	ck_assert_msg(strstr(lines, "-03:30\"") != NULL, "no zone: %s", lines);
}
END_TEST

/* Whatever the name of a file is made of, it is one line. */
START_TEST(test_names)
{
	const char *target =
		"/recording/records/q%22uote%0A%7B%22time%22:1%7D%01%C3%AB/audio/listen";

	fixture_audio("q\"uote\n{\"time\":1}\x01\xc3\xab.wav", "x", 1);
	taken();
	expect_status(http_get(target), 200);
	expect_line("127.0.0.1", "listen", "q\"uote\n{\"time\":1}\x01\xc3\xab", 200, 1);
}
END_TEST

/* The line is there while most of the bytes still wait for the client. */
START_TEST(test_before_bytes)
{
	struct raw_client *slow = raw_open_slow();
	const size_t bytes = 20000000;

	fixture_audio("big.gsm", scratch_new(bytes), bytes);
	taken();
	raw_send(slow,
		"GET /recording/records/big/audio/download HTTP/1.1\r\nHost: x\r\n" TOKEN "\r\n");
	ck_assert_uint_eq(raw_skip(slow, 1, 5000), 1);
	expect_line("127.0.0.1", "download", "big", 200, bytes);
	raw_close(slow);
	/* An action that the client breaks off was performed, and is logged once. */
	expect_status(http_get("/recording/cel?limit=1"), 200);
	ck_assert_str_eq(taken()->body, "");
}
END_TEST

static void
expect_refusal(void)
{
	for (int i = 0; i < HARNESS_COUNT(actions); i++)
		expect_error(
			http_get(scratch_format(TEN "%s", actions[i])), 503, "unavailable", NULL);
	expect_error(
		send_with(NULL, TEN "listen", "Range: bytes=0-0", NULL), 503, "unavailable", NULL);
	/* No action, so no line is needed. */
	for (int i = 0; i < HARNESS_COUNT(actions); i++)
		expect_status(
			send_with("HEAD", scratch_format(TEN "%s", actions[i]), NULL, NULL), 200);
	expect_status(send_with(NULL, TEN "listen", "If-None-Match: *", NULL), 304);
	expect_error(http_get("/recording/records/missing/audio/listen"), 404, "not_found", NULL);
	expect_status(http_get("/recording/cel?limit=1"), 200);
	ck_assert_int_eq(http_probe(), 503);
	ck_assert_ptr_nonnull(strstr(http_get("/recording/health")->body, "access log"));
}

START_TEST(test_full)
{
	put_ten();
	daemon_restart_degraded("access_log.file", "/dev/full", NULL);
	expect_refusal();
}
END_TEST

static bool
is_healthy(void *unused)
{
	(void)unused;
	return http_probe() == 200;
}

static void
unmount(void *folder)
{
	umount2(folder, MNT_DETACH);
}

/* How many lines are whole, and hold no part of another one. */
static int
whole_lines(const char *file)
{
	char *line = scratch_file(file);
	int count = 0;

	for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		count += strncmp(line, "{\"time\":", 8) == 0 && end[-1] == '}' &&
			 strchr(line + 1, '{') == NULL;
	}
	return count;
}

/*
 * A disk fills up: as many recordings are sent as there are whole lines, nothing else stops, and it
 * goes on by itself when there is room again.
 */
START_TEST(test_small_disk)
{
	char *disk = harness_path("disk");
	const char *filler = scratch_format("%s/filler", disk);
	const char *log = scratch_format("%s/access.log", disk);
	FILE *file;
	int sent = 0;

	ck_assert_int_eq(mkdir(disk, 0755), 0);
	if (mount("tmpfs", disk, "tmpfs", 0, "size=64k") != 0) {
		printf("no right to mount a small disk: not tried\n");
		return;
	}
	scratch_own(disk, unmount);
	file = fopen(filler, "w");
	fputs(scratch_repeat("x", 48 << 10), file);
	ck_assert_int_eq(fclose(file), 0);
	put_ten();
	daemon_restart("access_log.file", log, NULL);
	while (http_get(TEN "listen")->status == 200 && sent < 1000)
		sent++;
	ck_assert_int_gt(sent, 10);
	expect_refusal();
	ck_assert_int_eq(whole_lines(log), sent);
	ck_assert_int_eq(unlink(filler), 0);
	ck_assert(wait_until(is_healthy, NULL, 5000));
	expect_status(http_get(TEN "listen"), 200);
	ck_assert_int_eq(whole_lines(log), sent + 1);
	daemon_restart(NULL, NULL);
}
END_TEST

/* Served again as soon as the line can be written. */
START_TEST(test_unwritable)
{
	put_ten();
	daemon_restart_degraded("access_log.file", harness_path("logs/access.log"), NULL);
	expect_refusal();
	ck_assert_int_eq(mkdir(harness_path("logs"), 0755), 0);
	ck_assert_str_eq(http_get(TEN "listen")->body, "0123456789");
	ck_assert_uint_eq(json_object_array_length(taken_lines("logs/access.log")->json), 1);
	ck_assert_int_eq(http_probe(), 200);
	/* A folder is no file. */
	ck_assert_int_eq(mkdir(harness_path("logs/folder"), 0755), 0);
	daemon_restart_degraded("access_log.file", harness_path("logs/folder"), NULL);
	expect_refusal();
	daemon_configure(NULL, NULL);
	daemon_signal(SIGHUP);
	ck_assert(wait_until(is_healthy, NULL, 5000));
	expect_status(http_get(TEN "listen"), 200);
}
END_TEST

static bool
exists(void *path)
{
	return access(path, F_OK) == 0;
}

/* logrotate: the old file gets what is logged before the signal, a new one what comes after. */
START_TEST(test_rotated)
{
	put_ten();
	taken();
	expect_status(http_get(TEN "listen"), 200);
	ck_assert_int_eq(rename(harness_path("access.log"), harness_path("access.log.1")), 0);
	expect_status(http_get(TEN "download"), 200);
	daemon_signal(SIGHUP);
	ck_assert(wait_until(exists, harness_path("access.log"), 5000));
	expect_status(http_get(TEN "result"), 200);
	ck_assert_str_eq(json_column(taken(), "", "action"), "result");
	ck_assert_str_eq(json_column(taken_lines("access.log.1"), "", "action"), "listen download");
}
END_TEST

/* SIGUSR1 opens the new file and loads no configuration. */
START_TEST(test_rotated_without_reload)
{
	put_ten();
	taken();
	daemon_configure("auth.token", "another", NULL);
	ck_assert_int_eq(rename(harness_path("access.log"), harness_path("access.log.3")), 0);
	daemon_signal(SIGUSR1);
	ck_assert(wait_until(exists, harness_path("access.log"), 5000));
	expect_status(http_get(TEN "result"), 200);
	ck_assert_str_eq(json_column(taken(), "", "action"), "result");
	ck_assert_str_eq(taken_lines("access.log.3")->body, "");
	ck_assert(daemon_logs("channel events: hits="));
	ck_assert_ptr_null(strstr(daemon_log(), "reload"));
}
END_TEST

/* The line has the id that the answer has. */
START_TEST(test_request_id)
{
	const struct reply *reply;
	const struct reply *lines;

	put_ten();
	taken();
	reply = send_with(NULL, TEN "listen", "X-Request-Id: 4f2a-99", NULL);
	lines = taken();
	ck_assert_str_eq(json_text(lines, "0.request_id"), "4f2a-99");
	ck_assert_str_eq(reply_field(reply, "X-Request-Id"), "4f2a-99");
	reply = http_get(TEN "listen");
	ck_assert_str_eq(json_text(taken(), "0.request_id"), reply_field(reply, "X-Request-Id"));
}
END_TEST

/* A configuration that cannot be loaded does not keep the log from being reopened. */
START_TEST(test_rotated_with_bad_configuration)
{
	put_ten();
	daemon_configure("cel.max_limit", "none", NULL);
	ck_assert_int_eq(rename(harness_path("access.log"), harness_path("access.log.2")), 0);
	daemon_signal(SIGHUP);
	ck_assert(wait_until(exists, harness_path("access.log"), 5000));
	expect_status(http_get(TEN "listen"), 200);
	ck_assert_uint_eq(json_object_array_length(taken()->json), 1);
}
END_TEST

/* Lines never go where nobody can read them. */
START_TEST(test_removed)
{
	put_ten();
	ck_assert_int_eq(unlink(harness_path("access.log")), 0);
	expect_status(http_get(TEN "listen"), 200);
	expect_line("127.0.0.1", "listen", "ten", 200, 10);
}
END_TEST

static Suite *
access_log_suite(void)
{
	Suite *suite = suite_create("access_log");

	harness_add(suite, "actions", test_actions);
	harness_add(suite, "beyond budget", test_beyond_budget);
	harness_add_loop(suite, "silent", test_silent, HARNESS_COUNT(silent));
	harness_add(suite, "pipelined", test_pipelined);
	harness_add_loop(suite, "client", test_client, HARNESS_COUNT(clients));
	harness_add(suite, "unix client", test_unix_client);
	harness_add(suite, "time", test_time);
	harness_add(suite, "names", test_names);
	harness_add(suite, "before bytes", test_before_bytes);
	harness_add(suite, "full", test_full);
	harness_add(suite, "small disk", test_small_disk);
	harness_add(suite, "unwritable", test_unwritable);
	harness_add(suite, "rotated", test_rotated);
	harness_add(suite, "rotated with bad configuration", test_rotated_with_bad_configuration);
	harness_add(suite, "rotated without reload", test_rotated_without_reload);
	harness_add(suite, "request id", test_request_id);
	harness_add(suite, "removed", test_removed);
	return suite;
}

HARNESS_MAIN(access_log_suite)
