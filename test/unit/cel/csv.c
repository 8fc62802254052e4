/* Channel events as CSV, from the JSON text that cel/row.c writes of them. */
#include "cel/csv.h"

#include <event2/buffer.h>
#include <json-c/json.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cel/row.h"
#include "csv/writer.h"
#include "unit.h"

#define NAMES                                                                                      \
	"id,eventtype,eventtime,userdeftype,cid_name,cid_num,cid_ani,cid_rdnis,cid_dnid,exten,"    \
	"context,channame,appname,appdata,amaflags,accountcode,peeraccount,uniqueid,linkedid,"     \
	"userfield,peer,call_log_id,extra"

/* A row of JSON from a result in which all text columns hold the same, but for id and time. */
static size_t
write_row(const char *value, char *text, size_t size)
{
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc descriptions[CEL_COLUMNS] = { 0 };
	static char name[] = "column";
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;
	int length;

	for (int i = 0; i < CEL_COLUMNS; i++)
		descriptions[i].name = name;
	ck_assert_int_eq(PQsetResultAttrs(result, CEL_COLUMNS, descriptions), 1);
	for (int i = 0; i < CEL_COLUMNS; i++) {
		char copy[512];

		snprintf(copy, sizeof copy, "%s", value);
		if (i == 0 || i == 14 || i == 21)
			strcpy(copy, "7");
		if (i == 2)
			strcpy(copy, "2026-01-31 11:24:41.5");
		ck_assert_int_eq(PQsetvalue(result, 0, i, copy, (int)strlen(copy)), 1);
	}
	json_writer_open(&writer, out);
	cel_row_write(&writer, result, 0);
	json_writer_close(&writer);
	length = evbuffer_remove(out, text, size);
	ck_assert_int_gt(length, 0);
	ck_assert_int_lt(length, (int)size);
	evbuffer_free(out);
	PQclear(result);
	return (size_t)length;
}

/* The line of a row, or that of the names when there is none. */
static char *
written(struct evbuffer *row)
{
	static char text[1 << 16];
	struct evbuffer *out = evbuffer_new();
	struct csv_writer csv;
	int bytes;

	csv_writer_open(&csv, out);
	if (row == NULL) {
		cel_csv_head(&csv);
	} else {
		cel_csv_row(&csv, row);
		ck_assert_uint_eq(evbuffer_get_length(row), 0);
		evbuffer_free(row);
	}
	csv_writer_close(&csv);
	bytes = evbuffer_remove(out, text, sizeof text - 1);
	text[bytes < 0 ? 0 : bytes] = '\0';
	evbuffer_free(out);
	return text;
}

/* In memory of exactly this size, for the sanitizer to see what is read behind it. */
static struct evbuffer *
buffer_of(const char *text, size_t length)
{
	static char *copy;
	struct evbuffer *buffer = evbuffer_new();

	free(copy);
	copy = memory_resized(NULL, length, 1);
	memcpy(copy, text, length);
	ck_assert_int_eq(evbuffer_add_reference(buffer, copy, length, NULL, NULL), 0);
	return buffer;
}

/* The names, which are those of the objects. */
START_TEST(test_head)
{
	char row[4096];
	char names[1024] = "";
	size_t length = write_row("x", row, sizeof row);
	struct json_object *object;

	ck_assert_str_eq(written(NULL), NAMES "\r\n");
	row[length] = '\0';
	object = json_tokener_parse(row);
	json_object_object_foreach (object, key, value) {
		(void)value;
		snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
			*names == '\0' ? "" : ",", key);
	}
	ck_assert_str_eq(names, NAMES);
	json_object_put(object);
}
END_TEST

/* A text of the table, and its cell. */
static const struct {
	const char *text;
	const char *cell;
} cases[] = {
	{ "", "" },
	{ "x", "x" },
	{ "SIP/az9kf7-00000001", "SIP/az9kf7-00000001" },
	{ "Zo\xc3\xab \xf0\x9f\x98\x80", "Zo\xc3\xab \xf0\x9f\x98\x80" },
	{ "\"", "\"\"\"\"" },
	{ "\\", "\\" },
	{ "\\\\\"\\", "\"\\\\\"\"\\\"" },
	{ "a\b\f\x01\x1f\x7fz", "a\b\f\x01\x1f\x7fz" },
	{ "a\tb", "a\tb" },
	{ "a\r\nb", "\"a\r\nb\"" },
	{ "\\u0041\\n", "\\u0041\\n" },
	{ "</script>", "</script>" },
	{ "{\"id\":\"1\",\"x\":\"y\"}", "\"{\"\"id\"\":\"\"1\"\",\"\"x\"\":\"\"y\"\"}\"" },
	{ "=1+1", "'=1+1" },
	{ "\t1", "'\t1" },
};

START_TEST(test_row)
{
	char row[16384];
	char expected[16384] = "7";
	size_t length = write_row(cases[_i].text, row, sizeof row);

	for (int i = 1; i < CEL_COLUMNS; i++) {
		const char *cell = cases[_i].cell;

		if (i == 14 || i == 21)
			cell = "7";
		if (i == 2)
			cell = "2026-01-31 11:24:41.500000";
		snprintf(expected + strlen(expected), sizeof expected - strlen(expected), ",%s",
			cell);
	}
	strcat(expected, "\r\n");
	ck_assert_str_eq(written(buffer_of(row, length)), expected);
}
END_TEST

/* A row cut off anywhere is a line with as many cells, and nothing behind it is read. */
START_TEST(test_cut_off)
{
	char row[16384];
	size_t length = write_row("a\x01\\\n\"", row, sizeof row);

	for (size_t cut = 1; cut < length; cut++)
		ck_assert_ptr_nonnull(strstr(written(buffer_of(row, cut)), "\r\n"));
}
END_TEST

static Suite *
csv_suite(void)
{
	Suite *suite = suite_create("cel/csv");

	unit_add(suite, "head", test_head);
	unit_add_loop(suite, "row", test_row, UNIT_COUNT(cases));
	unit_add(suite, "cut off", test_cut_off);
	return suite;
}

UNIT_MAIN(csv_suite)
