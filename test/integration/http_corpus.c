/*
 * The raw requests of http/<theme>.cases, each sent whole, byte by byte and in pieces.
 *
 * A file is a theme: a line that begins with #, then its cases. A case is the lines
 *
 *     case: <what is sent>
 *     rfc: <document and section>
 *     why: <what is behind it>                       (may be absent)
 *     send: <the bytes>
 *     expect: <status>[|<status>]... [close]
 *
 * and an empty line. In the bytes \r \n \t \0 \xNN \\ \" are as in C, {token} is the token, and
 * {piece*N} is N times piece. Statuses are those of all replies in their order, with | between
 * those that are right when it depends on how the bytes arrive. With close the connection ends
 * after them; else it must serve one more request.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"

#define CASES_MAX     2000
#define BYTES_MAX     (160 << 10)
#define REPLY_TIME_MS 5000

struct raw_case {
	char *place; /* file:line and name */
	char *rfc;
	char *send;   /* as written */
	char *expect; /* as written */
};

static struct raw_case cases[CASES_MAX];
static int case_count;

static struct {
	char bytes[BYTES_MAX];
	size_t count;
} message;

/* Reading the files ------------------------------------------------------------------------- */

static char *
copy(const char *text)
{
	char *copied = strdup(text);

	if (copied == NULL)
		harness_fail("out of memory");
	return copied;
}

static void
read_line(const char *file, int number, char *line)
{
	struct raw_case *now = &cases[case_count == 0 ? 0 : case_count - 1];

	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "case: ", 6) == 0) {
		if (case_count == CASES_MAX)
			harness_fail("more than %d cases", CASES_MAX);
		now = &cases[case_count++];
		now->place = copy(scratch_format("%s:%d %s", file, number, line + 6));
	} else if (strncmp(line, "rfc: ", 5) == 0) {
		now->rfc = copy(line + 5);
	} else if (strncmp(line, "send: ", 6) == 0) {
		now->send = copy(line + 6);
	} else if (strncmp(line, "expect: ", 8) == 0) {
		now->expect = copy(line + 8);
	} else if (line[0] != '\0' && line[0] != '#' && strncmp(line, "why: ", 5) != 0) {
		harness_fail("%s:%d: neither case, rfc, why, send nor expect", file, number);
	}
}

static void
read_file(const char *folder, const char *name)
{
	FILE *file = fopen(scratch_format("%s/%s", folder, name), "r");
	char *line = NULL;
	size_t room = 0;

	if (file == NULL)
		harness_fail("%s/%s cannot be read", folder, name);
	for (int number = 1; getline(&line, &room, file) > 0; number++)
		read_line(name, number, line);
	free(line);
	fclose(file);
}

static int
is_theme(const struct dirent *entry)
{
	const char *ending = strrchr(entry->d_name, '.');

	return ending != NULL && strcmp(ending, ".cases") == 0;
}

static void
read_cases(void)
{
	const char *folder = harness_source("test/integration/http");
	struct dirent **entries;
	int count = scandir(folder, &entries, is_theme, alphasort);

	if (count <= 0)
		harness_fail("no cases in %s", folder);
	for (int i = 0; i < count; i++) {
		read_file(folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	for (int i = 0; i < case_count; i++) {
		if (cases[i].rfc == NULL || cases[i].send == NULL || cases[i].expect == NULL)
			harness_fail("%s: rfc, send or expect is missing", cases[i].place);
	}
}

/* From the notation to the bytes ------------------------------------------------------------ */

static void
add_byte(int byte)
{
	if (message.count == BYTES_MAX)
		harness_fail("a case of more than %d bytes", BYTES_MAX);
	message.bytes[message.count++] = (char)byte;
}

/* One byte or escape; what follows it. */
static const char *
add_one(const char *text)
{
	static const char names[] = "rnt0\\\"", bytes[] = "\r\n\t\0\\\"";
	char digits[3] = { 0 };
	const char *name;

	if (text[0] != '\\') {
		add_byte(text[0]);
		return text + 1;
	}
	if (text[1] == 'x' && isxdigit((unsigned char)text[2]) &&
		isxdigit((unsigned char)text[3])) {
		memcpy(digits, text + 2, 2);
		add_byte((int)strtol(digits, NULL, 16));
		return text + 4;
	}
	name = text[1] == '\0' ? NULL : strchr(names, text[1]);
	if (name == NULL)
		harness_fail("an unknown escape: %.20s", text);
	add_byte(bytes[name - names]);
	return text + 2;
}

/* The star of {piece*N}, or NULL when the { is itself. */
static const char *
star_of(const char *brace)
{
	const char *star = brace + 1 + strcspn(brace + 1, "{}*");
	const char *end;

	if (*star != '*')
		return NULL;
	end = star + 1 + strspn(star + 1, "0123456789");
	return end > star + 1 && *end == '}' ? star : NULL;
}

static const char *
add_repeated(const char *brace, const char *star)
{
	for (long left = strtol(star + 1, NULL, 10); left > 0; left--) {
		const char *next = brace + 1;

		while (next < star)
			next = add_one(next);
	}
	return strchr(star, '}') + 1;
}

static void
expand(const char *text)
{
	message.count = 0;
	while (*text != '\0') {
		const char *star = *text == '{' ? star_of(text) : NULL;

		if (star != NULL) {
			text = add_repeated(text, star);
		} else if (strncmp(text, "{token}", 7) == 0) {
			for (const char *token = DAEMON_TOKEN; *token != '\0'; token++)
				add_byte(*token);
			text += 7;
		} else {
			text = add_one(text);
		}
	}
}

/* Running a case ----------------------------------------------------------------------------- */

/* A peer that has answered and closed takes no more: that is no failure here. */
static void
send_in_pieces(struct raw_client *client, size_t piece)
{
	for (size_t at = 0; at < message.count; at += piece) {
		size_t left = message.count - at;

		if (!raw_send_bytes(client, message.bytes + at, left < piece ? left : piece))
			return;
	}
}

static bool
is_status_among(long status, const char *alternatives)
{
	const char *end = alternatives + strcspn(alternatives, " ");

	while (alternatives < end) {
		char *next;

		if (strtol(alternatives, &next, 10) == status)
			return true;
		alternatives = next + 1;
	}
	return false;
}

/* Reads the replies that are expected; true when the connection must then close. */
static bool
expect_replies(struct raw_client *client, const struct raw_case *raw)
{
	bool is_head = strncmp(raw->send, "HEAD ", 5) == 0;
	const char *word = raw->expect;

	while (*word != '\0' && strcmp(word, "close") != 0) {
		const struct reply *reply = is_head ? raw_head_reply(client, REPLY_TIME_MS)
						    : raw_reply(client, REPLY_TIME_MS);

		ck_assert_msg(reply != NULL, "%s: no reply, expected %s", raw->place, word);
		ck_assert_msg(is_status_among(reply->status, word), "%s: got %ld %s, expected %s",
			raw->place, reply->status, reply->body, word);
		is_head = false;
		word += strcspn(word, " ");
		word += strspn(word, " ");
	}
	return *word != '\0';
}

static void
run(const struct raw_case *raw, size_t piece)
{
	struct raw_client *client = raw_open();
	const struct reply *reply;

	expand(raw->send);
	send_in_pieces(client, piece == 0 ? message.count : piece);
	if (expect_replies(client, raw)) {
		ck_assert_msg(raw_is_closed(client, REPLY_TIME_MS),
			"%s: something came after the last reply, or the connection stays open",
			raw->place);
		return;
	}
	raw_send(client, "GET /recording/health HTTP/1.1\r\nHost: sentinel\r\n\r\n");
	reply = raw_reply(client, REPLY_TIME_MS);
	ck_assert_msg(reply != NULL && reply->status == 200,
		"%s: the connection does not serve the next request", raw->place);
}

START_TEST(test_whole)
{
	run(&cases[_i], 0);
}
END_TEST

/* Long messages in larger pieces: a packet per byte of 64 KiB shows nothing more. */
START_TEST(test_bytes)
{
	expand(cases[_i].send);
	run(&cases[_i], message.count < 2000 ? 1 : message.count / 500);
}
END_TEST

START_TEST(test_pieces)
{
	run(&cases[_i], 7);
}
END_TEST

static Suite *
http_corpus_suite(void)
{
	Suite *suite = suite_create("http_corpus");

	read_cases();
	for (int i = 0; i < case_count; i++) {
		harness_add_row(suite, cases[i].place, test_whole, i);
		harness_add_row(suite, cases[i].place, test_bytes, i);
		harness_add_row(suite, cases[i].place, test_pieces, i);
	}
	return suite;
}

HARNESS_MAIN(http_corpus_suite)
