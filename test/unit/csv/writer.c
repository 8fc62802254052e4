/* Lines of RFC 4180, and cells that no spreadsheet takes for formulas. */
#include "csv/writer.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct {
	const char *text;
	const char *cell;
} cell_cases[] = {
	{ "", "" },
	{ "a", "a" },
	{ "a b", "a b" },
	{ " a ", " a " },
	{ "a;b|c:d", "a;b|c:d" },
	{ "Zo\xc3\xab \xe2\x98\x8e", "Zo\xc3\xab \xe2\x98\x8e" },
	{ "2026-01-31 11:24:41", "2026-01-31 11:24:41" },
	{ "0612345678", "0612345678" },
	{ "\x01\x1f\x7f", "\x01\x1f\x7f" },
	{ "a\tb", "a\tb" },

	/* 4180, 2.6 and 2.7: quotes around commas, line ends and quotes, which are doubled. */
	{ ",", "\",\"" },
	{ "a,b", "\"a,b\"" },
	{ "a\nb", "\"a\nb\"" },
	{ "a\rb", "\"a\rb\"" },
	{ "a\r\nb", "\"a\r\nb\"" },
	{ "\n", "\"\n\"" },
	{ "\"", "\"\"\"\"" },
	{ "\"a\"", "\"\"\"a\"\"\"" },
	{ "a\"b", "\"a\"\"b\"" },
	{ "\"\"", "\"\"\"\"\"\"" },

	/* What a spreadsheet would compute. */
	{ "=", "'=" },
	{ "=1+1", "'=1+1" },
	{ "+33612", "'+33612" },
	{ "-1", "'-1" },
	{ "@SUM(A1)", "'@SUM(A1)" },
	{ "\t=1", "'\t=1" },
	{ "\t", "'\t" },
	{ "\r=1", "\"'\r=1\"" },
	{ "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0" },
	{ "=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"" },
	{ "=1,2", "\"'=1,2\"" },
	/* Only at the begin. */
	{ "a=1", "a=1" },
	{ "1-1", "1-1" },
	{ " =1", " =1" },
	{ "\n=1", "\"\n=1\"" },
	{ "joe@example.org", "joe@example.org" },
	/* An apostrophe is one, but for where it could be one of ours. */
	{ "'", "'" },
	{ "''", "''" },
	{ "'a", "'a" },
	{ "'=", "''=" },
	{ "'''+1", "''''+1" },
};

/* What the writer has written; the caller frees it. */
static char *
take_text(struct evbuffer *out)
{
	size_t length = evbuffer_get_length(out);
	char *text = calloc(1, length + 1);

	ck_assert_int_eq(evbuffer_remove(out, text, length), (int)length);
	evbuffer_free(out);
	return text;
}

/* In each place of a line. */
START_TEST(test_cell)
{
	struct evbuffer *out = evbuffer_new();
	struct csv_writer writer;
	char expected[512];
	char *text;

	csv_writer_open(&writer, out);
	csv_cell(&writer, cell_cases[_i].text);
	csv_cell_bytes(&writer, cell_cases[_i].text, strlen(cell_cases[_i].text));
	csv_cell(&writer, "x");
	csv_cell_first(&writer, cell_cases[_i].text);
	csv_line_end(&writer);
	csv_cell(&writer, "x");
	csv_cell(&writer, cell_cases[_i].text);
	csv_line_end(&writer);
	csv_writer_close(&writer);
	snprintf(expected, sizeof expected, "%s,%s,%s,x\r\nx,%s\r\n", cell_cases[_i].cell,
		cell_cases[_i].cell, cell_cases[_i].cell, cell_cases[_i].cell);
	text = take_text(out);
	ck_assert_str_eq(text, expected);
	free(text);
}
END_TEST

/* The length counts, not a NUL. */
START_TEST(test_bytes)
{
	struct evbuffer *out = evbuffer_new();
	struct csv_writer writer;
	char *text;

	csv_writer_open(&writer, out);
	csv_cell_bytes(&writer, "ab,=", 2);
	csv_cell_bytes(&writer, "=", 0);
	csv_cell_bytes(&writer, "'=", 1);
	csv_line_end(&writer);
	csv_writer_close(&writer);
	text = take_text(out);
	ck_assert_str_eq(text, "ab,,'\r\n");
	free(text);
}
END_TEST

/* Cells longer than any room kept for them, all of quotes, before and behind others. */
START_TEST(test_long)
{
	enum { LENGTH = 100000 };
	static char quotes[LENGTH + 1];
	struct evbuffer *out = evbuffer_new();
	struct csv_writer writer;
	char *text;

	memset(quotes, '"', LENGTH);
	csv_writer_open(&writer, out);
	csv_cell(&writer, "a");
	csv_cell(&writer, quotes);
	csv_cell_first(&writer, quotes);
	csv_line_end(&writer);
	csv_writer_close(&writer);
	text = take_text(out);
	ck_assert_uint_eq(strlen(text), 2 * (2 * LENGTH + 2) + 5);
	ck_assert_uint_eq(strspn(text, "\""), 2 * LENGTH + 2);
	ck_assert_int_eq(strncmp(text + 2 * LENGTH + 2, ",a,\"", 4), 0);
	ck_assert_uint_eq(strspn(text + 2 * LENGTH + 5, "\""), 2 * LENGTH + 2);
	ck_assert_str_eq(text + 4 * LENGTH + 7, "\r\n");
	free(text);
}
END_TEST

/* A line that has not ended is not there; closing is allowed at any time, also twice. */
START_TEST(test_unfinished)
{
	struct csv_writer none = { 0 };
	struct evbuffer *out = evbuffer_new();
	struct csv_writer writer;

	csv_writer_close(&none);
	csv_writer_open(&writer, out);
	csv_cell(&writer, "a");
	csv_writer_close(&writer);
	csv_writer_close(&writer);
	ck_assert_uint_eq(evbuffer_get_length(out), 0);
	evbuffer_free(out);
}
END_TEST

static Suite *
writer_suite(void)
{
	Suite *suite = suite_create("csv/writer");

	unit_add_loop(suite, "cell", test_cell, UNIT_COUNT(cell_cases));
	unit_add(suite, "bytes", test_bytes);
	unit_add(suite, "long", test_long);
	unit_add(suite, "unfinished", test_unfinished);
	return suite;
}

UNIT_MAIN(writer_suite)
