/*
 * File-ids that try to reach a file outside of the audio directory: every way up and every kind of
 * separator that some decoder has taken for one, and links. What a name inside may look like, and
 * each link by itself, is in audio.c.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"

#define SECRET "nobody outside may hear this"

/* One folder up, as plain and as clever as it has been tried; the separator follows. */
static const char *const ways_up[] = {
	"..",
	"%2e%2e",
	".%2e",
	"%2E.",
	/* decoded twice or thrice */
	"%252e%252e",
	"%25252e%25252e",
	"%%32%65%%32%65",
	/* overlong UTF-8, and UTF-16 escapes */
	"%C0%AE%C0%AE",
	"%E0%80%AE%E0%80%AE",
	"%c0%2e%c0%2e",
	"%u002e%u002e",
	/* dots that only look so: fullwidth, one dot leader, small */
	"%EF%BC%8E%EF%BC%8E",
	"%E2%80%A4%E2%80%A4",
	"%E2%80%A5",
	"%EF%B9%92%EF%B9%92",
	/* for filters that take something away */
	"....",
	"..;",
	"..%00",
	"..%20",
	"%00..",
	"%20..",
	"..%0d%0a",
	".%00.",
	"%EF%BB%BF..",
	"%E2%80%8B..",
	"~/..",
	"*/..",
};

static const char *const separators[] = {
	"/",
	"%2f",
	"%2F",
	"%5c",
	"%5C",
	"%252f",
	"%255c",
	"%25252f",
	"%%32%66",
	"%C0%AF",
	"%E0%80%AF",
	"%c1%9c",
	"%u2215",
	/* division slash, fraction slash, fullwidth slash and backslash, colon */
	"%E2%88%95",
	"%E2%81%84",
	"%EF%BC%8F",
	"%EF%BC%BC",
	":",
	"//",
	"/./",
	"%2f.%2f",
	"%2f%2f",
};

static const char *const actions[] = { "result", "listen", "download" };

static void
put(const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(SECRET, file) < 0 || fclose(file) != 0)
		harness_fail("%s cannot be written", path);
}

/* Beside the directory, above it, and with every extension that is tried. */
static void
put_secrets(void)
{
	static const char *const extensions[] = { "", ".wav", ".ogg", ".opus", ".mp3", ".gsm" };

	(void)mkdir(harness_path("outside"), 0755);
	for (int i = 0; i < HARNESS_COUNT(extensions); i++) {
		put(harness_path(scratch_format("secret%s", extensions[i])));
		put(harness_path(scratch_format("outside/secret%s", extensions[i])));
	}
}

/* 404; 400 where the percent-escapes are none. Nothing of the file, nothing in the access log. */
static void
expect_nothing(const char *file_id)
{
	for (int i = 0; i < HARNESS_COUNT(actions); i++) {
		const struct reply *reply = http_get(
			scratch_format("/recording/records/%s/audio/%s", file_id, actions[i]));

		ck_assert_msg(reply->status == 404 || reply->status == 400, "%s: %ld %s", file_id,
			reply->status, reply->body);
		ck_assert_msg(strstr(reply->body, SECRET) == NULL, "%s", file_id);
		ck_assert_msg(reply->status == 404 || strstr(reply->body, "bad_request") != NULL,
			"%s: %s", file_id, reply->body);
	}
	ck_assert_str_eq(scratch_file(harness_path("access.log")), "");
}

static void
start(void)
{
	put_secrets();
	ck_assert_int_eq(truncate(harness_path("access.log"), 0), 0);
}

/* To the file beside the directory, to one in a folder there, and to the system's. */
START_TEST(test_ways)
{
	start();
	for (int i = 0; i < HARNESS_COUNT(ways_up) * HARNESS_COUNT(separators); i++) {
		const char *way = ways_up[i / HARNESS_COUNT(separators)];
		const char *separator = separators[i % HARNESS_COUNT(separators)];
		const char *step = scratch_format("%s%s", way, separator);

		expect_nothing(scratch_format("%ssecret", step));
		expect_nothing(scratch_format("%soutside%ssecret", step, separator));
		expect_nothing(scratch_format("x%s%s%ssecret", separator, step, step));
		expect_nothing(
			scratch_format("%setc%spasswd%%00", scratch_repeat(step, 6), separator));
	}
}
END_TEST

/* From the root, and by names that mean something to some system or library. */
static const char *const absolute[] = { "%s", "%%2f%s", "%%2F%%2F%s", "file:%s",
	"file%%3a%%2f%%2f%s", "C:%s", "%%5c%%5c127.0.0.1%s", "%s%%00", "%s%%00.wav", "%s%%20",
	"%s.", "%s%%3f.wav", "%s%%23", "%s;.wav", "%s::$DATA", "%%7c%s", "-%s", "%%60%s%%60",
	"$(%s)" };

static char *
escaped(const char *path)
{
	char *text = scratch_format("%s", "");

	for (; *path != '\0'; path++)
		text = *path == '/' ? scratch_format("%s%%2f", text)
				    : scratch_format("%s%c", text, *path);
	return text;
}

START_TEST(test_absolute)
{
	const char *const paths[] = { harness_path("secret"), harness_path("outside/secret"),
		"/etc/passwd", "/proc/self/environ", "/proc/self/fd/0", "/proc/self/cwd/etc/passwd",
		"/dev/zero", "/dev/stdin" };

	start();
	for (int i = 0; i < HARNESS_COUNT(paths) * HARNESS_COUNT(absolute); i++) {
		const char *path = escaped(paths[i / HARNESS_COUNT(absolute)]);
		const char *form = absolute[i % HARNESS_COUNT(absolute)];
		const char *hole = strstr(form, "%s");
		char *file_id = scratch_format(
			"%.*s%s%s", (int)(hole - form), form, path, hole + 2);

		for (char *twice = strstr(file_id, "%%"); twice != NULL;
			twice = strstr(file_id, "%%"))
			memmove(twice, twice + 1, strlen(twice));
		expect_nothing(file_id);
	}
}
END_TEST

/* Longer than a name, a path, and as long as a target may be. */
START_TEST(test_long)
{
	static const char *const pieces[] = { "..%2f", "%2e%2e%2f", "a%2f..%2f", ".%2f", "%2f", "x",
		"%C3%A4" };
	static const size_t lengths[] = { 252, 255, 256, 1024, 4080, 4096, 8000 };

	start();
	for (int i = 0; i < HARNESS_COUNT(pieces) * HARNESS_COUNT(lengths); i++) {
		const char *piece = pieces[i / HARNESS_COUNT(lengths)];
		size_t count = lengths[i % HARNESS_COUNT(lengths)] / strlen(piece);

		expect_nothing(scratch_format("%ssecret", scratch_repeat(piece, count)));
	}
}
END_TEST

static void
link_to(const char *name, const char *target)
{
	char *path = harness_path(scratch_format("audio/%s.wav", name));

	(void)unlink(path);
	ck_assert_int_eq(symlink(target, path), 0);
}

/* A link may stay inside, by whatever way; out of there it leads to nothing. */
START_TEST(test_links)
{
	const char *const leaving[] = { "../secret.wav", harness_path("secret.wav"),
		"../audio/../secret.wav", "../outside/../secret.wav", "./.././secret.wav",
		"/proc/self/root/etc/passwd", "/proc/self/cwd/etc/passwd", "/proc/self/environ",
		"/proc/self/fd/0", "/proc/self/exe", "/dev/stdin", "/etc/passwd",
		scratch_format("/proc/self/root%s", harness_path("secret.wav")),
		scratch_format("/proc/1/root%s", harness_path("secret.wav")),
		scratch_format("%s/../secret.wav", harness_path("audio")) };

	start();
	for (int i = 0; i < HARNESS_COUNT(leaving); i++) {
		link_to("leaving", leaving[i]);
		link_to("chain", "leaving.wav");
		expect_nothing("leaving");
		expect_nothing("chain");
	}
	/* Through a folder that is a link to the outside, and one that is the root. */
	(void)unlink(harness_path("audio/door"));
	ck_assert_int_eq(symlink("../outside", harness_path("audio/door")), 0);
	(void)unlink(harness_path("audio/root"));
	ck_assert_int_eq(symlink("/", harness_path("audio/root")), 0);
	link_to("through", "door/secret.wav");
	expect_nothing("through");
	link_to("through", scratch_format("root%s", harness_path("secret.wav")));
	expect_nothing("through");
	/* All this refuses nothing that is inside. */
	fixture_audio("inside.wav", "inside", 6);
	link_to("staying", "inside.wav");
	ck_assert_str_eq(http_get("/recording/records/staying/audio/listen")->body, "inside");
}
END_TEST

static Suite *
traversal_suite(void)
{
	Suite *suite = suite_create("traversal");

	harness_add(suite, "ways", test_ways);
	harness_add(suite, "absolute", test_absolute);
	harness_add(suite, "long", test_long);
	harness_add(suite, "links", test_links);
	return suite;
}

HARNESS_MAIN(traversal_suite)
