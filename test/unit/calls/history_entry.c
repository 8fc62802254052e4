/* Entries of histories: the contract's fields in its order, null for what is not known. */
#include "calls/history_entry.h"

#include <event2/buffer.h>
#include <string.h>

#include "unit.h"

struct row {
	const char *values[HISTORY_ENTRY_COLUMNS];
};

static const struct {
	struct row row;
	const char *text;
} cases[] = {
	{ { { "2026-01-31 11:24:41", "60", "1002", "3555", "emitted", "Ada", "Young", NULL,
		  "oneforone" } },
		"{\"start\":\"2026-01-31 11:24:41\",\"duration\":\"00:01:00\",\"src_num\":\"1002\","
		"\"dst_num\":\"3555\",\"status\":\"emitted\",\"src_firstname\":\"Ada\","
		"\"src_lastname\":\"Young\",\"dst_firstname\":null,\"dst_lastname\":"
		"\"oneforone\"}" },
	{ { { NULL } }, "{\"start\":null,\"duration\":null,\"src_num\":null,\"dst_num\":null,"
			"\"status\":null,\"src_firstname\":null,\"src_lastname\":null,"
			"\"dst_firstname\":null,\"dst_lastname\":null}" },
	/* An empty text is one; the statement decides which are null. */
	{ { { "", "0", "", "", "", "", "", "", "" } },
		"{\"start\":\"\",\"duration\":\"00:00:00\",\"src_num\":\"\",\"dst_num\":\"\","
		"\"status\":\"\",\"src_firstname\":\"\",\"src_lastname\":\"\","
		"\"dst_firstname\":\"\",\"dst_lastname\":\"\"}" },
	{ { { "a", "359999", "b", "c", "d", "\"", "\\", "\n", "J\xc3\xb6rg" } },
		"{\"start\":\"a\",\"duration\":\"99:59:59\",\"src_num\":\"b\",\"dst_num\":\"c\","
		"\"status\":\"d\",\"src_firstname\":\"\\\"\",\"src_lastname\":\"\\\\\","
		"\"dst_firstname\":\"\\n\",\"dst_lastname\":\"J\xc3\xb6rg\"}" },
	{ { { NULL, "360000" } },
		"{\"start\":null,\"duration\":\"100:00:00\",\"src_num\":null,\"dst_num\":null,"
		"\"status\":null,\"src_firstname\":null,\"src_lastname\":null,"
		"\"dst_firstname\":null,\"dst_lastname\":null}" },
	{ { { NULL, "-5" } },
		"{\"start\":null,\"duration\":\"00:00:00\",\"src_num\":null,\"dst_num\":null,"
		"\"status\":null,\"src_firstname\":null,\"src_lastname\":null,"
		"\"dst_firstname\":null,\"dst_lastname\":null}" },
};

static void
set_row(PGresult *result, int row, const struct row *values, int columns)
{
	for (int i = 0; i < columns; i++) {
		const char *text = values->values[i];
		char copy[64] = "";

		if (text != NULL)
			strcpy(copy, text);
		ck_assert_int_eq(
			PQsetvalue(result, row, i, copy, text == NULL ? -1 : (int)strlen(text)), 1);
	}
}

static PGresult *
result_new(int columns)
{
	static char name[] = "column";
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc descriptions[HISTORY_ENTRY_COLUMNS] = { 0 };

	for (int i = 0; i < columns; i++)
		descriptions[i].name = name;
	ck_assert_int_eq(PQsetResultAttrs(result, columns, descriptions), 1);
	return result;
}

/* The rows of a result as text. */
static void
write_rows(const PGresult *result, int rows, const struct entry_column *columns, size_t count,
	char text[static 4096])
{
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;
	int length;

	json_writer_open(&writer, out);
	for (int row = 0; row < rows; row++)
		entry_write(&writer, columns, count, result, row);
	json_writer_close(&writer);
	length = evbuffer_remove(out, text, 4095);
	text[length < 0 ? 0 : length] = '\0';
	evbuffer_free(out);
}

START_TEST(test_entry)
{
	PGresult *result = result_new(HISTORY_ENTRY_COLUMNS);
	char text[4096];

	set_row(result, 0, &cases[_i].row, HISTORY_ENTRY_COLUMNS);
	write_rows(result, 1, history_entry_columns, HISTORY_ENTRY_COLUMNS, text);
	ck_assert_str_eq(text, cases[_i].text);
	PQclear(result);
}
END_TEST

/* Other columns than the history's, and a comma between entries. */
START_TEST(test_entries)
{
	static const struct entry_column columns[] = {
		{ "wait_time", ENTRY_DURATION },
		{ "agent \"name\"", ENTRY_TEXT },
	};
	static const struct row rows[] = {
		{ { "3", "Joe" } },
		{ { NULL, NULL } },
		{ { "3661", "" } },
	};
	PGresult *result = result_new(2);
	char text[4096];

	for (int i = 0; i < 3; i++)
		set_row(result, i, &rows[i], 2);
	write_rows(result, 3, columns, 2, text);
	ck_assert_str_eq(text, "{\"wait_time\":\"00:00:03\",\"agent \\\"name\\\"\":\"Joe\"},"
			       "{\"wait_time\":null,\"agent \\\"name\\\"\":null},"
			       "{\"wait_time\":\"01:01:01\",\"agent \\\"name\\\"\":\"\"}");
	PQclear(result);
}
END_TEST

/* The same columns as lines: names first, what is not known is empty. */
START_TEST(test_csv)
{
	static const struct row rows[] = {
		{ { "2026-01-31 11:24:41", "60", "+331002", "3555", "emitted", "Ada", "=Young, J.",
			NULL, "one\"for\"one" } },
		{ { NULL } },
		{ { "", "360000", "", "", "", "", "", "", "a\nb" } },
	};
	PGresult *result = result_new(HISTORY_ENTRY_COLUMNS);
	struct evbuffer *out = evbuffer_new();
	struct csv_writer csv;
	char text[4096];
	int length;

	csv_writer_open(&csv, out);
	entry_write_csv_head(&csv, history_entry_columns, HISTORY_ENTRY_COLUMNS);
	for (int i = 0; i < 3; i++) {
		set_row(result, i, &rows[i], HISTORY_ENTRY_COLUMNS);
		entry_write_csv(&csv, history_entry_columns, HISTORY_ENTRY_COLUMNS, result, i);
	}
	csv_writer_close(&csv);
	length = evbuffer_remove(out, text, sizeof text - 1);
	text[length] = '\0';
	ck_assert_str_eq(text, "start,duration,src_num,dst_num,status,src_firstname,src_lastname,"
			       "dst_firstname,dst_lastname\r\n"
			       "2026-01-31 11:24:41,00:01:00,'+331002,3555,emitted,Ada,"
			       "\"'=Young, J.\",,\"one\"\"for\"\"one\"\r\n"
			       ",,,,,,,,\r\n"
			       ",100:00:00,,,,,,,\"a\nb\"\r\n");
	evbuffer_free(out);
	PQclear(result);
}
END_TEST

static Suite *
history_entry_suite(void)
{
	Suite *suite = suite_create("calls/history_entry");

	unit_add_loop(suite, "entry", test_entry, UNIT_COUNT(cases));
	unit_add(suite, "csv", test_csv);
	unit_add(suite, "entries", test_entries);
	return suite;
}

UNIT_MAIN(history_entry_suite)
