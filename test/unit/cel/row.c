/*
 * A row of the channel event log: the columns of the table in its order, every value a string, the
 * time with its six decimals. The results are made here, without a server.
 */
#include "cel/row.h"

#include <event2/buffer.h>
#include <json-c/json.h>
#include <string.h>

#include "unit.h"

/* xivo_stats.sql: the columns of cel. */
static const char *const columns[CEL_COLUMNS] = { "id", "eventtype", "eventtime", "userdeftype",
	"cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context", "channame",
	"appname", "appdata", "amaflags", "accountcode", "peeraccount", "uniqueid", "linkedid",
	"userfield", "peer", "call_log_id", "extra" };

enum { ID = 0, EVENT_TIME = 2, AMAFLAGS = 14, CALL_LOG_ID = 21 };

static bool
is_number(int column)
{
	return column == ID || column == AMAFLAGS || column == CALL_LOG_ID;
}

/* The same text in every text column; numbers and time as the table has them. */
static const char *
value_for(int column, const char *text)
{
	if (is_number(column))
		return "2147483647";
	return column == EVENT_TIME ? "2026-01-31 11:24:41.123456" : text;
}

static PGresult *
result_new(void)
{
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc descriptions[CEL_COLUMNS] = { 0 };
	char names[CEL_COLUMNS][16];

	ck_assert_ptr_nonnull(result);
	for (int i = 0; i < CEL_COLUMNS; i++) {
		strcpy(names[i], columns[i]);
		descriptions[i].name = names[i];
	}
	ck_assert_int_eq(PQsetResultAttrs(result, CEL_COLUMNS, descriptions), 1);
	return result;
}

/* NULL is NULL. */
static void
set_value(PGresult *result, int row, int column, const char *text)
{
	char copy[8192];

	strcpy(copy, text == NULL ? "" : text);
	ck_assert_int_eq(
		PQsetvalue(result, row, column, copy, text == NULL ? -1 : (int)strlen(text)), 1);
}

static void
add_row(PGresult *result, int row, const char *text)
{
	for (int i = 0; i < CEL_COLUMNS; i++)
		set_value(result, row, i, value_for(i, text));
}

/* The row as JSON text; the caller frees it. */
static char *
written(const PGresult *result, int row)
{
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;
	char *text;
	size_t length;

	json_writer_open(&writer, out);
	cel_row_write(&writer, result, row);
	json_writer_close(&writer);
	length = evbuffer_get_length(out);
	text = calloc(length + 1, 1);
	ck_assert_int_eq(evbuffer_remove(out, text, length), (int)length);
	evbuffer_free(out);
	return text;
}

/* Exactly the columns in their order, all strings. The values are borrowed from the object. */
static struct json_object *
parse(const char *text, const char *values[static CEL_COLUMNS])
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;
	int count = 0;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	ck_assert_msg(object != NULL, "not JSON: %s", text);
	json_tokener_free(tokener);
	json_object_object_foreach (object, name, value) {
		ck_assert_int_lt(count, CEL_COLUMNS);
		ck_assert_str_eq(name, columns[count]);
		ck_assert(json_object_is_type(value, json_type_string));
		values[count++] = json_object_get_string(value);
	}
	ck_assert_int_eq(count, CEL_COLUMNS);
	return object;
}

static const char *const texts[] = {
	"",
	"CHAN_START",
	"SIP/az9kf7-00000001",
	" blanks ",
	"a\"b\\c/d",
	"\",\"id\":\"0",
	"a\nb\tc\rd\x01\x1f\x7f",
	"\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10",
	"J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x98\x80",
	"{}[]:,null",
	"0123456789abcdef0123456789abcdef0123456789abcdef",
};

START_TEST(test_texts)
{
	PGresult *result = result_new();
	const char *values[CEL_COLUMNS];
	struct json_object *object;
	char *text;

	add_row(result, 0, texts[_i]);
	text = written(result, 0);
	object = parse(text, values);
	for (int i = 0; i < CEL_COLUMNS; i++)
		ck_assert_str_eq(values[i], value_for(i, texts[_i]));
	json_object_put(object);
	free(text);
	PQclear(result);
}
END_TEST

/* One column has a value and all others NULL, which is "". */
START_TEST(test_null)
{
	PGresult *result = result_new();
	const char *values[CEL_COLUMNS];
	struct json_object *object;
	char *text;

	for (int i = 0; i < CEL_COLUMNS; i++)
		set_value(result, 0, i, i == _i ? value_for(i, "x") : NULL);
	text = written(result, 0);
	object = parse(text, values);
	for (int i = 0; i < CEL_COLUMNS; i++)
		ck_assert_str_eq(values[i], i == _i ? value_for(i, "x") : "");
	json_object_put(object);
	free(text);
	PQclear(result);
}
END_TEST

/* As PostgreSQL writes timestamps with DateStyle ISO, and as the API shows them. */
static const struct {
	const char *given;
	const char *shown;
} time_cases[] = {
	{ "2026-01-31 11:24:41", "2026-01-31 11:24:41.000000" },
	{ "2026-01-31 11:24:41.1", "2026-01-31 11:24:41.100000" },
	{ "2026-01-31 11:24:41.12", "2026-01-31 11:24:41.120000" },
	{ "2026-01-31 11:24:41.123", "2026-01-31 11:24:41.123000" },
	{ "2026-01-31 11:24:41.1234", "2026-01-31 11:24:41.123400" },
	{ "2026-01-31 11:24:41.12345", "2026-01-31 11:24:41.123450" },
	{ "2026-01-31 11:24:41.123456", "2026-01-31 11:24:41.123456" },
	{ "2026-01-31 11:24:41.000001", "2026-01-31 11:24:41.000001" },
	{ "2026-01-31 00:00:00", "2026-01-31 00:00:00.000000" },
	{ "0001-01-01 00:00:00.5", "0001-01-01 00:00:00.500000" },
	{ "294276-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999" },
	{ "4713-11-24 00:00:00 BC", "4713-11-24 00:00:00.000000 BC" },
	{ "0044-03-15 12:00:00.25 BC", "0044-03-15 12:00:00.250000 BC" },
	{ "infinity", "infinity" },
	{ "-infinity", "-infinity" },
	{ NULL, "" },
};

START_TEST(test_time)
{
	PGresult *result = result_new();
	const char *values[CEL_COLUMNS];
	struct json_object *object;
	char *text;

	add_row(result, 0, "x");
	set_value(result, 0, EVENT_TIME, time_cases[_i].given);
	text = written(result, 0);
	object = parse(text, values);
	ck_assert_str_eq(values[EVENT_TIME], time_cases[_i].shown);
	json_object_put(object);
	free(text);
	PQclear(result);
}
END_TEST

/* Long values of which every byte needs six: what is reserved must be enough. */
START_TEST(test_long_values)
{
	PGresult *result = result_new();
	const char *values[CEL_COLUMNS];
	struct json_object *object;
	char long_text[5000];
	char *text;

	memset(long_text, '\x01', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	add_row(result, 0, long_text);
	text = written(result, 0);
	object = parse(text, values);
	for (int i = 0; i < CEL_COLUMNS; i++)
		ck_assert_str_eq(values[i], value_for(i, long_text));
	json_object_put(object);
	free(text);
	PQclear(result);
}
END_TEST

/* Rows one behind the other in one writer, each from its own row of the result. */
START_TEST(test_rows)
{
	PGresult *result = result_new();
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;
	struct json_object *array;
	char *text;
	size_t length;
	enum { ROWS = 200 };

	for (int row = 0; row < ROWS; row++)
		add_row(result, row, texts[row % UNIT_COUNT(texts)]);
	json_writer_open(&writer, out);
	for (int row = 0; row < ROWS; row++) {
		json_raw(&writer, row == 0 ? "[" : ",");
		cel_row_write(&writer, result, row);
	}
	json_raw(&writer, "]");
	json_writer_close(&writer);
	length = evbuffer_get_length(out);
	text = calloc(length + 1, 1);
	ck_assert_int_eq(evbuffer_remove(out, text, length), (int)length);
	evbuffer_free(out);
	array = json_tokener_parse(text);
	ck_assert_ptr_nonnull(array);
	ck_assert_uint_eq(json_object_array_length(array), ROWS);
	for (size_t row = 0; row < ROWS; row++) {
		struct json_object *object = json_object_array_get_idx(array, row);

		ck_assert_str_eq(json_object_get_string(json_object_object_get(object, "extra")),
			texts[row % UNIT_COUNT(texts)]);
	}
	json_object_put(array);
	free(text);
	PQclear(result);
}
END_TEST

/* The values of a row as cel_joined.sql gives them. */
static PGresult *
joined_new(const PGresult *result, int row)
{
	PGresult *joined = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc description = { .name = (char[]){ "concat_ws" } };
	size_t size = 0;
	char *text;

	for (int i = 0; i < CEL_COLUMNS; i++)
		size += strlen(PQgetvalue(result, row, i)) + 1;
	text = calloc(size + 1, 1);
	for (int i = 0; i < CEL_COLUMNS; i++) {
		strcat(text, i == 0 ? "" : "\x1f");
		strcat(text, PQgetvalue(result, row, i));
	}
	ck_assert_int_eq(PQsetResultAttrs(joined, 1, &description), 1);
	ck_assert_int_eq(PQsetvalue(joined, 0, 0, text, (int)strlen(text)), 1);
	free(text);
	return joined;
}

/* NULL when it could not be read; the caller frees it. */
static char *
written_joined(const PGresult *joined)
{
	struct json_writer writer;
	bool is_readable;
	char *text;
	size_t length;

	/* Too little memory at first: it must grow, and hold what was there. */
	json_writer_open_memory(&writer, 1);
	json_raw(&writer, "x");
	is_readable = cel_row_write_joined(&writer, joined, 0);
	length = json_writer_length(&writer);
	text = json_writer_take_memory(&writer);
	ck_assert_int_eq(text[0], 'x');
	if (!is_readable) {
		ck_assert_uint_eq(length, 1);
		free(text);
		return NULL;
	}
	memmove(text, text + 1, length - 1);
	text[length - 1] = '\0';
	return text;
}

/* Joined or not, a row reads the same; unless a value holds what joins them. */
static void
expect_same(const PGresult *result)
{
	PGresult *joined = joined_new(result, 0);
	char *wanted = written(result, 0);
	char *got = written_joined(joined);
	bool is_ambiguous = false;

	for (int i = 0; i < CEL_COLUMNS; i++)
		is_ambiguous |= strchr(PQgetvalue(result, 0, i), '\x1f') != NULL;
	if (is_ambiguous) {
		ck_assert_ptr_null(got);
	} else {
		ck_assert_ptr_nonnull(got);
		ck_assert_str_eq(got, wanted);
	}
	free(got);
	free(wanted);
	PQclear(joined);
}

START_TEST(test_joined_texts)
{
	PGresult *result = result_new();

	add_row(result, 0, texts[_i]);
	expect_same(result);
	PQclear(result);
}
END_TEST

/* In each column alone, as the first and the last are special. */
START_TEST(test_joined_columns)
{
	static const char *const values[] = { "", "x", "\"", "\x1f", "\x1f\x1f", "12345678",
		"1234567\"", "12345678\\", "\n2345678", "1234567\x1f", "\xc3\xb6\"\xe2\x82\xac" };

	for (int i = 0; i < UNIT_COUNT(values); i++) {
		PGresult *result;

		if (is_number(_i) && strspn(values[i], "12345678") < strlen(values[i]))
			continue;
		result = result_new();
		add_row(result, 0, "");
		set_value(result, 0, _i, values[i]);
		expect_same(result);
		PQclear(result);
	}
}
END_TEST

START_TEST(test_joined_times)
{
	PGresult *result = result_new();

	add_row(result, 0, "x");
	if (time_cases[_i].given != NULL)
		set_value(result, 0, EVENT_TIME, time_cases[_i].given);
	expect_same(result);
	PQclear(result);
}
END_TEST

/* Any bytes at any place, the special ones more often than not. */
START_TEST(test_joined_random)
{
	static const char bytes[] = "aaaaaaaaaaaaaaaa\"\\\n\x01\x1e\x20\x7f\xc3\xb6";

	srand(1);
	for (int round = 0; round < 1000; round++) {
		PGresult *result = result_new();

		for (int i = 0; i < CEL_COLUMNS; i++) {
			char text[40] = "";
			int length = is_number(i) ? 0 : rand() % 40;

			for (int j = 0; j < length; j++)
				text[j] = bytes[rand() % (int)(sizeof bytes - 1)];
			/* Hardly ever, but then anywhere. */
			if (length > 0 && rand() % 200 == 0)
				text[rand() % length] = '\x1f';
			set_value(result, 0, i, i == EVENT_TIME ? "2026-01-31 11:24:41" : text);
		}
		expect_same(result);
		PQclear(result);
	}
}
END_TEST

/* What cel_joined.sql never gives is refused, too, and nothing behind it is read. */
START_TEST(test_joined_malformed)
{
	for (int separators = 0; separators < 40; separators++) {
		PGresult *joined = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
		PGresAttDesc description = { .name = (char[]){ "concat_ws" } };
		char text[40] = "";
		char *got;

		memset(text, '\x1f', (size_t)separators);
		ck_assert_int_eq(PQsetResultAttrs(joined, 1, &description), 1);
		ck_assert_int_eq(PQsetvalue(joined, 0, 0, text, separators), 1);
		got = written_joined(joined);
		ck_assert_int_eq(got != NULL, separators == CEL_COLUMNS - 1);
		free(got);
		PQclear(joined);
	}
}
END_TEST

static Suite *
row_suite(void)
{
	Suite *suite = suite_create("cel/row");

	unit_add_loop(suite, "texts", test_texts, UNIT_COUNT(texts));
	unit_add_loop(suite, "null", test_null, CEL_COLUMNS);
	unit_add_loop(suite, "time", test_time, UNIT_COUNT(time_cases));
	unit_add(suite, "long values", test_long_values);
	unit_add(suite, "rows", test_rows);
	unit_add_loop(suite, "joined texts", test_joined_texts, UNIT_COUNT(texts));
	unit_add_loop(suite, "joined columns", test_joined_columns, CEL_COLUMNS);
	unit_add_loop(suite, "joined times", test_joined_times, UNIT_COUNT(time_cases));
	unit_add(suite, "joined random", test_joined_random);
	unit_add(suite, "joined malformed", test_joined_malformed);
	return suite;
}

UNIT_MAIN(row_suite)
