/*
 * The grammar of RFC 9112, each text whole and byte by byte: what is let through, what is refused
 * and with which error, and that no byte behind the message is taken. The raw requests of
 * test/integration/http show the same from outside; the exact bounds are here.
 */
#include "http/framing.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define MAX_HEAD   4096
#define MAX_TARGET 64

#define BYTES(literal) literal, sizeof(literal) - 1
#define LINE	       "GET /a HTTP/1.1\r\n"
#define HEAD	       LINE "Host: a\r\n\r\n"

/* What the head says about the body; framing itself does not read it. */
enum body { NONE, FIVE, CHUNKS };

struct outcome {
	enum framing_event event; /* MORE: the text is a beginning */
	enum error_code code;
	size_t used;
	size_t shown; /* bytes of shown_text */
	char shown_text[8192 + 8];
};

/* Feeds at most step bytes at a time until the message is done, has failed, or the text ends. */
static void
run(struct framing *framing, const char *text, size_t length, size_t step, enum body body,
	struct outcome *outcome)
{
	struct error error = { .code = ERROR_NONE };

	outcome->event = FRAMING_MORE;
	outcome->used = 0;
	outcome->shown = 0;
	do {
		size_t available = length - outcome->used;
		size_t used;

		outcome->event = framing_consume(framing, text + outcome->used,
			available < step ? available : step, &used, &error);
		if (outcome->event != FRAMING_IGNORED) {
			memcpy(outcome->shown_text + outcome->shown, text + outcome->used, used);
			outcome->shown += used;
		}
		outcome->used += used;
		if (outcome->event != FRAMING_HEAD_DONE)
			continue;
		if (body == CHUNKS)
			framing_expect_chunks(framing);
		else
			framing_expect_length(framing, body == FIVE ? 5 : 0);
	} while (outcome->event != FRAMING_MESSAGE_DONE && outcome->event != FRAMING_FAILED &&
		 (outcome->used < length || outcome->event == FRAMING_HEAD_DONE));
	/* The text ended where something was told: more is awaited all the same. */
	if (outcome->event == FRAMING_METHOD_DONE || outcome->event == FRAMING_IGNORED)
		outcome->event = FRAMING_MORE;
	outcome->code = error.code;
}

static void
check(const char *text, size_t length, enum body body, enum framing_event event,
	enum error_code code)
{
	static const size_t steps[] = { SIZE_MAX, 1, 2, 3, 7 };
	static struct outcome outcome;
	char with_next[8192 + 8];

	ck_assert_uint_le(length, 8192);
	memcpy(with_next, text, length);
	memcpy(with_next + length, "GET /", 5);
	for (int i = 0; i < UNIT_COUNT(steps); i++) {
		struct framing framing;
		bool is_done = event == FRAMING_MESSAGE_DONE;

		framing_open(&framing, MAX_HEAD, MAX_TARGET);
		run(&framing, with_next, is_done ? length + 5 : length, steps[i], body, &outcome);
		ck_assert_msg(outcome.event == event, "\"%s\" in steps of %zu: %d, %d", text,
			steps[i], (int)outcome.event, (int)outcome.code);
		ck_assert_int_eq(outcome.code, code);
		if (event != FRAMING_FAILED)
			ck_assert_uint_eq(outcome.used, length);
	}
}

static const struct {
	const char *text;
	size_t length;
	enum body body;
} good_cases[] = {
	{ BYTES(HEAD), NONE },
	{ BYTES("GET /a HTTP/1.0\r\n\r\n"), NONE },
	{ BYTES("\r\n" HEAD), NONE }, /* 2.2 */
	{ BYTES("!#$%&'*+-.^_`|~09AZ /a HTTP/1.1\r\n\r\n"), NONE },
	{ BYTES("GET * HTTP/1.1\r\n\r\n"), NONE },
	{ BYTES("GET http://[::1]:80/a?b HTTP/1.1\r\n\r\n"), NONE },
	{ BYTES(LINE "a:\r\n\r\n"), NONE },
	{ BYTES(LINE "a: b\r\n\r\n"), NONE },
	{ BYTES(LINE "a:\t b\tc \r\n\r\n"), NONE },
	{ BYTES(LINE "a::b:c\r\n\r\n"), NONE },
	{ BYTES(LINE "!#$%&'*+-.^_`|~09AZ: \"\\(),/:;<=>?@[]{}\r\n\r\n"), NONE },
	{ BYTES(LINE "a: \x80\xff\r\n\r\n"), NONE }, /* obs-text */
	{ BYTES(HEAD "hello"), FIVE },
	{ BYTES(HEAD "\r\n\r\n\0"), FIVE },
	{ BYTES(HEAD "0\r\n\r\n"), CHUNKS },
	{ BYTES(HEAD "000\r\n\r\n"), CHUNKS },
	{ BYTES(HEAD "5\r\nhello\r\n0\r\n\r\n"), CHUNKS },
	{ BYTES(HEAD "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"), CHUNKS },
	{ BYTES(HEAD "0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n"), CHUNKS },
	{ BYTES(HEAD "2\r\n\r\n\r\n0\r\n\r\n"), CHUNKS },
	/* Extensions (7.1.1) and trailers (7.1.2) are ignored. */
	{ BYTES(HEAD "5;\r\nhello\r\n0;\r\n\r\n"), CHUNKS },
	{ BYTES(HEAD "5;a\r\nhello\r\n0;b=c;d=\"e\"\r\n\r\n"), CHUNKS },
	{ BYTES(HEAD "5;a = b\t\r\nhello\r\n0\r\n\r\n"), CHUNKS },
	{ BYTES(HEAD "0\r\na: b\r\n\r\n"), CHUNKS },
	{ BYTES(HEAD "5\r\nhello\r\n0\r\na: b\r\nContent-Length:7\r\n\r\n"), CHUNKS },
};

START_TEST(test_good)
{
	check(good_cases[_i].text, good_cases[_i].length, good_cases[_i].body, FRAMING_MESSAGE_DONE,
		ERROR_NONE);
}
END_TEST

/* Every beginning of a good message waits for more, and refuses nothing too early. */
START_TEST(test_beginnings)
{
	for (size_t length = 1; length < good_cases[_i].length; length++)
		check(good_cases[_i].text, length, good_cases[_i].body, FRAMING_MORE, ERROR_NONE);
}
END_TEST

/* All 400. */
static const struct {
	const char *text;
	size_t length;
	enum body body;
} bad_cases[] = {
	/* Before the method (2.2): one empty line, and no blanks. */
	{ BYTES("\n"), NONE },
	{ BYTES("\r\n\r\n"), NONE },
	{ BYTES("\r\r"), NONE },
	{ BYTES("\rG"), NONE },
	{ BYTES(" "), NONE },
	{ BYTES("\t"), NONE },
	{ BYTES("\0"), NONE },
	{ BYTES("\x16\x03\x01"), NONE }, /* TLS */
	{ BYTES("\x80"), NONE },
	{ BYTES("("), NONE },
	/* Request line (3): single blanks, a version known here. */
	{ BYTES("GET\t/"), NONE },
	{ BYTES("GET\r\n"), NONE },
	{ BYTES("GET\n"), NONE },
	{ BYTES("G@T "), NONE },
	{ BYTES("GET  /"), NONE },
	{ BYTES("GET \t/"), NONE },
	{ BYTES("GET /\r\n"), NONE }, /* HTTP/0.9 */
	{ BYTES("GET /\n"), NONE },
	{ BYTES("GET /a\tHTTP"), NONE },
	{ BYTES("GET /a  HTTP"), NONE },
	{ BYTES("GET /a\0"), NONE },
	{ BYTES("GET /a#"), NONE },
	{ BYTES("GET /a\\"), NONE },
	{ BYTES("GET /a\""), NONE },
	{ BYTES("GET /a<"), NONE },
	{ BYTES("GET /a{"), NONE },
	{ BYTES("GET /a|"), NONE },
	{ BYTES("GET /a\x7f"), NONE },
	{ BYTES("GET /a\xc3"), NONE },
	{ BYTES("GET /a http/1.1"), NONE },
	{ BYTES("GET /a HTTP/1.2"), NONE },
	{ BYTES("GET /a HTTP/2.0"), NONE },
	{ BYTES("GET /a HTTP/0.9"), NONE },
	{ BYTES("GET /a HTTP/11"), NONE },
	{ BYTES("GET /a HTTP/1.10"), NONE },
	{ BYTES("GET /a HTTP/01.1"), NONE },
	{ BYTES("GET /a HTTPS/1.1"), NONE },
	{ BYTES("GET /a RTSP/1.0"), NONE },
	{ BYTES("GET /a ICY/1.0"), NONE },
	{ BYTES("GET /a HTTP/1.1 \r\n"), NONE },
	{ BYTES("GET /a HTTP/1.1\n"), NONE },
	{ BYTES("GET /a HTTP/1.1\r\r\n"), NONE },
	{ BYTES("GET /a HTTP/1.1\rHost: a"), NONE },
	/* Field lines (5): no folding, no blank before the colon, no bare CR or LF. */
	{ BYTES(LINE " a: b\r\n"), NONE },
	{ BYTES(LINE "\ta: b\r\n"), NONE },
	{ BYTES(LINE "a: b\r\n c"), NONE },
	{ BYTES(LINE "a: b\r\n\tc"), NONE },
	{ BYTES(LINE "a : b"), NONE },
	{ BYTES(LINE "a\t: b"), NONE },
	{ BYTES(LINE ": b"), NONE },
	{ BYTES(LINE "a\r\n"), NONE },
	{ BYTES(LINE "a b: c"), NONE },
	{ BYTES(LINE "a(b): c"), NONE },
	{ BYTES(LINE "a\0: b"), NONE },
	{ BYTES(LINE "\xc3\xa4: b"), NONE },
	{ BYTES(LINE "a: b\n"), NONE },
	{ BYTES(LINE "a: b\rc"), NONE },
	{ BYTES(LINE "a: \rTransfer-Encoding: chunked"), NONE }, /* CVE-2023-30589 */
	{ BYTES(LINE "a: b\r\r\n"), NONE },
	{ BYTES(LINE "a: b\0"), NONE },
	{ BYTES(LINE "a: b\x01"), NONE },
	{ BYTES(LINE "a: b\x7f"), NONE },
	{ BYTES(LINE "a: b\v"), NONE },
	{ BYTES(LINE "\n"), NONE },
	{ BYTES(LINE "\r\r"), NONE },
	{ BYTES(LINE "\rG"), NONE },
	/* Chunks (7.1). */
	{ BYTES(HEAD "\r\n"), CHUNKS },
	{ BYTES(HEAD ";"), CHUNKS },
	{ BYTES(HEAD " 5"), CHUNKS },
	{ BYTES(HEAD "5 "), CHUNKS },
	{ BYTES(HEAD "5 ;a"), CHUNKS },
	{ BYTES(HEAD "+5"), CHUNKS },
	{ BYTES(HEAD "-5"), CHUNKS },
	{ BYTES(HEAD "0x5"), CHUNKS },
	{ BYTES(HEAD "g"), CHUNKS },
	{ BYTES(HEAD "5g"), CHUNKS },
	{ BYTES(HEAD "5\n"), CHUNKS },
	{ BYTES(HEAD "5\rh"), CHUNKS },
	{ BYTES(HEAD "00000000000000005"), CHUNKS }, /* 17 digits */
	{ BYTES(HEAD "10000000000000005"), CHUNKS }, /* 2^64 + 5 */
	{ BYTES(HEAD "5\r\nhello0"), CHUNKS },
	{ BYTES(HEAD "5\r\nhello\n"), CHUNKS },
	{ BYTES(HEAD "5\r\nhello\r0"), CHUNKS },
	{ BYTES(HEAD "5\r\nhello!\r\n"), CHUNKS },
	{ BYTES(HEAD "5\r\nhello\r\n\r\n"), CHUNKS },
	{ BYTES(HEAD "5;a\n"), CHUNKS },
	{ BYTES(HEAD "5;a\rb"), CHUNKS },
	{ BYTES(HEAD "5;a\0"), CHUNKS },
	{ BYTES(HEAD "5;a\x7f"), CHUNKS },
	{ BYTES(HEAD "0\r\n a: b"), CHUNKS },
	{ BYTES(HEAD "0\r\n: b"), CHUNKS },
	{ BYTES(HEAD "0\r\na : b"), CHUNKS },
	{ BYTES(HEAD "0\r\na\r\n"), CHUNKS },
	{ BYTES(HEAD "0\r\na: b\n"), CHUNKS },
	{ BYTES(HEAD "0\r\na: b\rc"), CHUNKS },
	{ BYTES(HEAD "0\r\na: b\r\n c"), CHUNKS },
	{ BYTES(HEAD "0\r\na: \0"), CHUNKS },
	{ BYTES(HEAD "0\r\n\n"), CHUNKS },
	{ BYTES(HEAD "0\r\n\rG"), CHUNKS },
};

START_TEST(test_bad)
{
	check(bad_cases[_i].text, bad_cases[_i].length, bad_cases[_i].body, FRAMING_FAILED,
		ERROR_BAD_REQUEST);
}
END_TEST

/* Appends count times the byte. */
static void
fill(char *text, char byte, size_t count)
{
	size_t length = strlen(text);

	memset(text + length, byte, count);
	text[length + count] = '\0';
}

/* A message with what is bounded at its bound plus excess. */
static void
build(char text[static 8192], int bound, size_t excess)
{
	strcpy(text, "");
	switch (bound) {
	case 0: /* the method */
		fill(text, 'M', FRAMING_METHOD_MAX + excess);
		strcat(text, " /a HTTP/1.1\r\n\r\n");
		break;
	case 1: /* the target */
		strcat(text, "GET /");
		fill(text, 'a', MAX_TARGET - 1 + excess);
		strcat(text, " HTTP/1.1\r\n\r\n");
		break;
	case 2: /* fields */
		strcat(text, LINE);
		for (size_t i = 0; i < FRAMING_FIELDS_MAX + excess; i++)
			strcat(text, "a:\r\n");
		strcat(text, "\r\n");
		break;
	case 3: /* the head, down to its last LF */
		strcat(text, LINE "a:");
		fill(text, 'b', MAX_HEAD - strlen(LINE "a:\r\n\r\n") + excess);
		strcat(text, "\r\n\r\n");
		break;
	case 4: /* one chunk's extensions, with the semicolon */
		strcat(text, HEAD "0;");
		fill(text, 'e', FRAMING_EXTENSION_MAX - 1 + excess);
		strcat(text, "\r\n\r\n");
		break;
	case 5: /* all extensions of a body: four times 256, or one byte more in a fifth chunk */
		strcat(text, HEAD);
		for (int i = 0; i < FRAMING_EXTENSIONS_BODY_MAX / FRAMING_EXTENSION_MAX; i++) {
			strcat(text, "1;");
			fill(text, 'e', FRAMING_EXTENSION_MAX - 1);
			strcat(text, "\r\nx\r\n");
		}
		strcat(text, "0");
		fill(text, ';', excess);
		strcat(text, "\r\n\r\n");
		break;
	default: /* trailers, with the empty line */
		strcat(text, HEAD "0\r\na:");
		fill(text, 'b', FRAMING_TRAILER_MAX - strlen("a:\r\n\r\n") + excess);
		strcat(text, "\r\n\r\n");
		break;
	}
}

static const struct {
	enum body body;
	enum error_code code;
} bounds[] = {
	{ NONE, ERROR_BAD_REQUEST },
	{ NONE, ERROR_URI_TOO_LONG },
	{ NONE, ERROR_HEADERS_TOO_LARGE },
	{ NONE, ERROR_HEADERS_TOO_LARGE },
	{ CHUNKS, ERROR_BAD_REQUEST },
	{ CHUNKS, ERROR_BAD_REQUEST },
	{ CHUNKS, ERROR_BAD_REQUEST },
};

START_TEST(test_bound)
{
	char text[8192];

	build(text, _i, 0);
	check(text, strlen(text), bounds[_i].body, FRAMING_MESSAGE_DONE, ERROR_NONE);
	build(text, _i, 1);
	check(text, strlen(text), bounds[_i].body, FRAMING_FAILED, bounds[_i].code);
}
END_TEST

/*
 * The bound of the head holds wherever it is reached: within the method, where a target ends, and
 * when the target alone is as long as a head may be.
 */
START_TEST(test_head_bound)
{
	for (size_t max_head = 1; max_head < 200; max_head++) {
		static struct outcome outcome;
		struct framing framing;
		char text[1024] = "GET /";

		fill(text, 'a', 99);
		strcat(text, " HTTP/1.1\r\nb:");
		fill(text, 'c', 500);
		framing_open(&framing, max_head, 100);
		run(&framing, text, strlen(text), (size_t)_i, NONE, &outcome);
		ck_assert_int_eq(outcome.event, FRAMING_FAILED);
		ck_assert_msg(outcome.code == ERROR_HEADERS_TOO_LARGE, "%zu: %d", max_head,
			(int)outcome.code);
	}
}
END_TEST

/* A target that is too long says so, even when the head is, too. */
START_TEST(test_target_first)
{
	static struct outcome outcome;
	struct framing framing;
	char text[256] = "GET /";

	fill(text, 'a', 200);
	framing_open(&framing, 50, 50);
	run(&framing, text, strlen(text), 1, NONE, &outcome);
	ck_assert_int_eq(outcome.event, FRAMING_FAILED);
	ck_assert_int_eq(outcome.code, ERROR_URI_TOO_LONG);
}
END_TEST

/* What llhttp gets to see of a body: all but the extensions. */
START_TEST(test_ignored)
{
	static const char text[] = HEAD "5;a=\"b\"\r\nh;llo\r\n1\r\n;\r\n0;c\r\nd: ;e\r\n\r\n";
	static const char shown[] = HEAD "5\r\nh;llo\r\n1\r\n;\r\n0\r\nd: ;e\r\n\r\n";

	for (size_t step = 1; step < sizeof text; step++) {
		static struct outcome outcome;
		struct framing framing;

		framing_open(&framing, MAX_HEAD, MAX_TARGET);
		run(&framing, text, strlen(text), step, CHUNKS, &outcome);
		ck_assert_int_eq(outcome.event, FRAMING_MESSAGE_DONE);
		ck_assert_uint_eq(outcome.shown, strlen(shown));
		ck_assert_int_eq(memcmp(outcome.shown_text, shown, outcome.shown), 0);
	}
}
END_TEST

/* The largest chunk is not the last one. */
START_TEST(test_large_chunk)
{
	static const char text[] = HEAD "ffffffffffffffff\r\nabc\r\n0\r\n\r\n";

	check(text, sizeof(text) - 1, CHUNKS, FRAMING_MORE, ERROR_NONE);
}
END_TEST

/* The method is told as soon as it is complete, with the blank behind it taken; then the version.
 */
START_TEST(test_method)
{
	static const char text[] = "\r\nPATCH /a HTTP/1.0\r\n\r\n";
	struct error error = { .code = ERROR_NONE };
	struct framing framing;
	size_t used;
	size_t rest;

	framing_open(&framing, MAX_HEAD, MAX_TARGET);
	ck_assert_int_eq(framing_consume(&framing, text, sizeof(text) - 1, &used, &error),
		FRAMING_METHOD_DONE);
	ck_assert_uint_eq(used, strlen("\r\nPATCH "));
	ck_assert_str_eq(framing.method, "PATCH");
	ck_assert_int_eq(
		framing_consume(&framing, text + used, sizeof(text) - 1 - used, &rest, &error),
		FRAMING_HEAD_DONE);
	ck_assert_uint_eq(used + rest, sizeof(text) - 1);
	ck_assert(framing.is_http_1_0);
}
END_TEST

static Suite *
framing_suite(void)
{
	Suite *suite = suite_create("http/framing");
	TCase *head = tcase_create("head bound");

	tcase_add_loop_test(head, test_head_bound, 1, 4);
	suite_add_tcase(suite, head);
	unit_add_loop(suite, "good", test_good, UNIT_COUNT(good_cases));
	unit_add_loop(suite, "beginnings", test_beginnings, UNIT_COUNT(good_cases));
	unit_add_loop(suite, "bad", test_bad, UNIT_COUNT(bad_cases));
	unit_add_loop(suite, "bound", test_bound, UNIT_COUNT(bounds));
	unit_add(suite, "target first", test_target_first);
	unit_add(suite, "ignored", test_ignored);
	unit_add(suite, "large chunk", test_large_chunk);
	unit_add(suite, "method", test_method);
	return suite;
}

UNIT_MAIN(framing_suite)
