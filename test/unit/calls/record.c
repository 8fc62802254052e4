/*
 * Records from rows: one object for the rows of each call, all pairs in it, the file-id from the
 * pair 'recording', and no more records than wanted. The rows are made here, without a server.
 */
#include "calls/record.h"

#include <event2/buffer.h>
#include <string.h>

#include "unit.h"

/* call, agent, queue, dst_num, seconds, src_num, start, status, key, value; a row of NULL ends. */
struct row {
	const char *values[RECORD_COLUMNS];
};

#define DALTON	"Joe Dalton (1573)", "oneforone (3555)", "3555", "60", "1002"
#define AT	"2026-01-31 11:24:41", "answered"
#define NOTHING NULL, NULL, NULL, NULL, NULL, NULL, NULL

#define DALTON_TEXT                                                                                \
	"{\"agent\":\"Joe Dalton (1573)\",\"dst_num\":\"3555\",\"duration\":\"00:01:00\","         \
	"\"queue\":\"oneforone (3555)\",\"src_num\":\"1002\",\"start\":\"2026-01-31 11:24:41\","   \
	"\"status\":\"answered\",\"attached_data\":"
#define NOTHING_TEXT                                                                               \
	"{\"agent\":\"\",\"dst_num\":\"\",\"duration\":\"\",\"queue\":\"\",\"src_num\":\"\","      \
	"\"start\":\"\",\"status\":\"\",\"attached_data\":"

static const struct {
	int64_t limit;
	struct row rows[8];
	const char *text;
	int64_t count; /* records seen */
} cases[] = {
	{ 0, { { { NULL } } }, "", 0 },
	{ 0, { { { "5", DALTON, AT, "recording", "gw-1.10" } } },
		DALTON_TEXT "{\"recording\":\"gw-1.10\"},\"id\":\"gw-1.10\"}", 1 },
	/* The rows of one call are one record; the file-id may be any of its pairs. */
	{ 0,
		{ { { "5", DALTON, AT, "color", "green" } },
			{ { "5", DALTON, AT, "recording", "gw-1.10" } },
			{ { "5", DALTON, AT, "size", "" } } },
		DALTON_TEXT "{\"color\":\"green\",\"recording\":\"gw-1.10\",\"size\":\"\"},"
			    "\"id\":\"gw-1.10\"}",
		1 },
	/* What is NULL is "". */
	{ 0, { { { "5", NOTHING, "recording", "r" } } },
		NOTHING_TEXT "{\"recording\":\"r\"},\"id\":\"r\"}", 1 },
	/* No pair at all. */
	{ 0, { { { "5", NOTHING, NULL, NULL } } }, NOTHING_TEXT "{},\"id\":\"\"}", 1 },
	/* Each record starts anew: no pair and no file-id of the one before. */
	{ 0,
		{ { { "5", NOTHING, "recording", "r" } }, { { "55", NOTHING, NULL, NULL } },
			{ { "5", NOTHING, "Recording", "x" } } },
		NOTHING_TEXT "{\"recording\":\"r\"},\"id\":\"r\"}," NOTHING_TEXT
			     "{},\"id\":\"\"}," NOTHING_TEXT "{\"Recording\":\"x\"},\"id\":\"\"}",
		3 },
	/* Texts are escaped, keys and the file-id as well. */
	{ 0,
		{ { { "5", "a\"b", NULL, NULL, NULL, NULL, NULL, NULL, "k\"\n", "v\\" } },
			{ { "5", "a\"b", NULL, NULL, NULL, NULL, NULL, NULL, "recording",
				"\"" } } },
		"{\"agent\":\"a\\\"b\",\"dst_num\":\"\",\"duration\":\"\",\"queue\":\"\","
		"\"src_num\":\"\",\"start\":\"\",\"status\":\"\",\"attached_data\":"
		"{\"k\\\"\\n\":\"v\\\\\",\"recording\":\"\\\"\"},\"id\":\"\\\"\"}",
		1 },
	/* No more than wanted; what comes behind is counted, as hasNext needs it. */
	{ 1,
		{ { { "5", NOTHING, "recording", "r" } }, { { "6", NOTHING, "recording", "s" } },
			{ { "6", NOTHING, "a", "b" } } },
		NOTHING_TEXT "{\"recording\":\"r\"},\"id\":\"r\"}", 2 },
	{ 2,
		{ { { "5", NOTHING, "recording", "r" } }, { { "6", NOTHING, "recording", "s" } },
			{ { "6", NOTHING, "a", "b" } } },
		NOTHING_TEXT "{\"recording\":\"r\"},\"id\":\"r\"}," NOTHING_TEXT
			     "{\"recording\":\"s\",\"a\":\"b\"},\"id\":\"s\"}",
		2 },
	{ 1,
		{ { { "5", NOTHING, "recording", "r" } }, { { "6", NOTHING, NULL, NULL } },
			{ { "7", NOTHING, "recording", "t" } } },
		NOTHING_TEXT "{\"recording\":\"r\"},\"id\":\"r\"}", 3 },
	/* Durations are contract's; the largest id there is. */
	{ 0,
		{ { { "9223372036854775807", NULL, NULL, NULL, "360000", NULL, NULL, NULL, NULL,
			NULL } } },
		"{\"agent\":\"\",\"dst_num\":\"\",\"duration\":\"100:00:00\",\"queue\":\"\","
		"\"src_num\":\"\",\"start\":\"\",\"status\":\"\",\"attached_data\":{},\"id\":\"\"}",
		1 },
	{ 0, { { { "5", NULL, NULL, NULL, "-1", NULL, NULL, NULL, NULL, NULL } } },
		"{\"agent\":\"\",\"dst_num\":\"\",\"duration\":\"00:00:00\",\"queue\":\"\","
		"\"src_num\":\"\",\"start\":\"\",\"status\":\"\",\"attached_data\":{},\"id\":\"\"}",
		1 },
};

static PGresult *
result_of(const struct row *rows, int count)
{
	static char name[] = "column";
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc descriptions[RECORD_COLUMNS] = { 0 };

	for (int i = 0; i < RECORD_COLUMNS; i++)
		descriptions[i].name = name;
	ck_assert_int_eq(PQsetResultAttrs(result, RECORD_COLUMNS, descriptions), 1);
	for (int row = 0; row < count; row++) {
		for (int i = 0; i < RECORD_COLUMNS; i++) {
			const char *text = rows[row].values[i];
			char copy[2048] = "";

			if (text != NULL)
				strcpy(copy, text);
			ck_assert_int_eq(PQsetvalue(result, row, i, copy,
						 text == NULL ? -1 : (int)strlen(text)),
				1);
		}
	}
	return result;
}

/* Writes all rows; the text has at most 4096 bytes. False when a row was refused. */
static bool
write_rows(struct record_list *list, const struct row *rows, int count, char text[static 4096])
{
	PGresult *result = result_of(rows, count);
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;
	bool is_good = true;
	int length;

	json_writer_open(&writer, out);
	for (int row = 0; row < count && is_good; row++)
		is_good = record_list_row(list, &writer, result, row);
	record_list_close(list, &writer);
	record_list_close(list, &writer); /* nothing is open any more */
	json_writer_close(&writer);
	length = evbuffer_remove(out, text, 4095);
	text[length < 0 ? 0 : length] = '\0';
	evbuffer_free(out);
	PQclear(result);
	return is_good;
}

START_TEST(test_rows)
{
	struct record_list list = { .limit = cases[_i].limit };
	char text[4096];
	int count = 0;

	while (count < 8 && cases[_i].rows[count].values[0] != NULL)
		count++;
	ck_assert(write_rows(&list, cases[_i].rows, count, text));
	ck_assert_str_eq(text, cases[_i].text);
	ck_assert_int_eq(list.count, cases[_i].count);
}
END_TEST

/* The longest file-id a column holds is whole: 256 characters of four bytes. One more is refused.
 */
START_TEST(test_long_file_id)
{
	struct record_list list = { .limit = 0 };
	char id[2048] = "";
	char text[4096];
	struct row row = { { "5", NOTHING, "recording", id } };

	for (int i = 0; i < 256; i++)
		strcat(id, "\xf0\x9f\x98\x80");
	ck_assert(write_rows(&list, &row, 1, text));
	ck_assert_ptr_nonnull(strstr(text, id));
	ck_assert_ptr_nonnull(strstr(strstr(text, "\"id\":"), id));
	strcat(id, "x");
	list = (struct record_list){ .limit = 0 };
	ck_assert(!write_rows(&list, &row, 1, text));
}
END_TEST

START_TEST(test_long_call_id)
{
	struct record_list list = { .limit = 0 };
	char text[4096];
	struct row row = { { "123456789012345678901234", NOTHING, NULL, NULL } };

	ck_assert(!write_rows(&list, &row, 1, text));
}
END_TEST

/* CSV ----------------------------------------------------------------------------------------- */

#define CSV_NAMES "id,start,duration,agent,queue,src_num,dst_num,status,attached_data\r\n"
#define DALTON_CELLS                                                                               \
	"2026-01-31 11:24:41,00:01:00,Joe Dalton (1573),oneforone (3555),1002,3555,answered"

static const struct {
	int64_t limit;
	struct row rows[8];
	const char *text; /* behind the names */
} csv_cases[] = {
	{ 0, { { { NULL } } }, "" },
	/* The id, which any row of the call may bring, is the first cell; the pairs are the last.
	 */
	{ 0,
		{ { { "5", DALTON, AT, "color", "green" } },
			{ { "5", DALTON, AT, "recording", "gw-1.10" } },
			{ { "5", DALTON, AT, "size", "" } } },
		"gw-1.10," DALTON_CELLS ",\"{\"\"color\"\":\"\"green\"\",\"\"recording\"\":"
		"\"\"gw-1.10\"\",\"\"size\"\":\"\"\"\"}\"\r\n" },
	/* Each line starts anew, and what is NULL is empty. */
	{ 0,
		{ { { "5", NOTHING, "recording", "r" } }, { { "55", NOTHING, NULL, NULL } },
			{ { "6", NOTHING, "Recording", "x" } } },
		"r,,,,,,,,\"{\"\"recording\"\":\"\"r\"\"}\"\r\n,,,,,,,,{}\r\n"
		",,,,,,,,\"{\"\"Recording\"\":\"\"x\"\"}\"\r\n" },
	/* Escaped twice: as JSON, and as a cell. Formulas are none, in front and inside. */
	{ 0,
		{ { { "5", "=a,b", NULL, "+33", NULL, "@", NULL, NULL, "k\"\n", "=v\\" } },
			{ { "5", "=a,b", NULL, NULL, NULL, NULL, NULL, NULL, "recording",
				"-1" } } },
		"'-1,,,\"'=a,b\",,'@,'+33,,\"{\"\"k\\\"\"\\n\"\":\"\"=v\\\\\"\","
		"\"\"recording\"\":\"\"-1\"\"}\"\r\n" },
	/* No more than wanted. */
	{ 1,
		{ { { "5", NOTHING, "recording", "r" } }, { { "6", NOTHING, "recording", "s" } },
			{ { "6", NOTHING, "a", "b" } } },
		"r,,,,,,,,\"{\"\"recording\"\":\"\"r\"\"}\"\r\n" },
};

START_TEST(test_csv)
{
	const struct row *rows = csv_cases[_i].rows;
	struct record_list list = { .limit = csv_cases[_i].limit };
	struct evbuffer *out = evbuffer_new();
	struct csv_writer csv;
	char text[4096];
	int count = 0;
	int length;

	while (count < 8 && rows[count].values[0] != NULL)
		count++;
	csv_writer_open(&csv, out);
	record_list_open_csv(&list, &csv);
	ck_assert(write_rows(&list, rows, count, text));
	ck_assert_str_eq(text, "");
	record_list_release(&list);
	record_list_release(&list);
	csv_writer_close(&csv);
	length = evbuffer_remove(out, text, sizeof text - 1);
	text[length] = '\0';
	ck_assert_int_eq(strncmp(text, CSV_NAMES, strlen(CSV_NAMES)), 0);
	ck_assert_str_eq(text + strlen(CSV_NAMES), csv_cases[_i].text);
	evbuffer_free(out);
}
END_TEST

/* The client has gone in the middle of a record. */
START_TEST(test_csv_unfinished)
{
	static const struct row row = { { "5", NOTHING, "recording", "r" } };
	struct record_list list = { .limit = 0 };
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;
	struct csv_writer csv;
	PGresult *result = result_of(&row, 1);

	json_writer_open(&writer, out);
	csv_writer_open(&csv, out);
	record_list_open_csv(&list, &csv);
	ck_assert(record_list_row(&list, &writer, result, 0));
	record_list_release(&list);
	csv_writer_close(&csv);
	PQclear(result);
	evbuffer_free(out);
}
END_TEST

static Suite *
record_suite(void)
{
	Suite *suite = suite_create("calls/record");

	unit_add_loop(suite, "rows", test_rows, UNIT_COUNT(cases));
	unit_add_loop(suite, "csv", test_csv, UNIT_COUNT(csv_cases));
	unit_add(suite, "csv, unfinished", test_csv_unfinished);
	unit_add(suite, "long file-id", test_long_file_id);
	unit_add(suite, "long call id", test_long_call_id);
	return suite;
}

UNIT_MAIN(record_suite)
