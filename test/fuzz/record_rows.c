/*
 * Rows of records and of histories with any values, as JSON and as CSV: well-formed, as many of
 * them as there are calls, and each value comes back. A byte of how many rows, a byte of the page's
 * size; for each row a byte that says whether it is of the call before, then its values.
 */
#include <event2/buffer.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "calls/history_entry.h"
#include "calls/record.h"
#include "support/fuzz.h"
#include "support/rows.h"

#define ROWS_MAX 12

/* Columns of record.sql. */
enum {
	COLUMN_CALL_ID = 0,
	COLUMN_AGENT = 1,
	COLUMN_DURATION = 4,
	COLUMN_KEY = 8,
	COLUMN_VALUE = 9
};

static PGresult *
read_rows(struct fuzz_input *input, int columns, int duration, int *calls)
{
	PGresult *result = rows_new(columns);
	int count = fuzz_byte(input) % ROWS_MAX;

	*calls = 0;
	for (int row = 0; row < count; row++) {
		char number[16];

		/* The rows of a call stand together. */
		*calls += row == 0 || fuzz_byte(input) % 2 == 0;
		for (int column = 0; column < columns; column++) {
			bool is_null;
			char *text = rows_take(input, &is_null);

			if (column == duration)
				snprintf(
					number, sizeof number, "%d", (int)strlen(text) * 977 - 100);
			else if (column == COLUMN_CALL_ID && columns == RECORD_COLUMNS)
				snprintf(number, sizeof number, "%d", 1000 - *calls);
			else
				number[0] = '\0';
			if (number[0] != '\0')
				rows_set(result, row, column, number);
			else
				rows_set(result, row, column, is_null ? NULL : text);
			free(text);
		}
	}
	return result;
}

/* Values above the longest file-id end a list as rows of another shape. */
static bool
write_list(struct record_list *list, struct json_writer *writer, const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++) {
		if (!record_list_row(list, writer, result, row))
			return false;
	}
	record_list_close(list, writer);
	return true;
}

static void
check_record(struct json_object *record, const PGresult *result, int row)
{
	struct json_object *pairs = json_object_object_get(record, "attached_data");

	fuzz_require(json_object_object_length(record) == 9, "nine members");
	rows_require_member(record, "agent", PQgetvalue(result, row, COLUMN_AGENT));
	fuzz_require(json_object_is_type(pairs, json_type_object), "an object of pairs");
	if (PQgetisnull(result, row, COLUMN_KEY) == 0)
		fuzz_require(
			json_object_object_get_ex(pairs, PQgetvalue(result, row, COLUMN_KEY), NULL),
			"its first pair");
}

static void
check_records_json(const PGresult *result, int calls, int64_t limit)
{
	struct record_list list = { .limit = limit };
	struct json_writer writer;
	struct json_object *records;
	int64_t wanted = limit != 0 && limit < calls ? limit : calls;
	size_t length;
	char *text;
	bool is_written;

	json_writer_open_memory(&writer, 1);
	json_raw(&writer, "[");
	is_written = write_list(&list, &writer, result);
	json_raw(&writer, "]");
	length = json_writer_length(&writer);
	text = json_writer_take_memory(&writer);
	if (is_written) {
		records = rows_parse(text, length);
		fuzz_require(
			(int64_t)json_object_array_length(records) == wanted && list.count == calls,
			"%d records", calls);
		if (wanted > 0)
			check_record(json_object_array_get_idx(records, 0), result, 0);
		json_object_put(records);
	}
	record_list_release(&list);
	free(text);
}

/* Of a record the last cell is an object of its pairs. */
static void
check_lines(struct evbuffer *out, size_t columns, int64_t lines, bool has_pairs)
{
	size_t length = evbuffer_get_length(out);
	const char *next = length == 0 ? "" : (const char *)evbuffer_pullup(out, -1);
	const char *end = next + length;
	char *cell = memory_zeroed(length + 1, 1);

	for (int64_t line = 0; line < lines; line++) {
		for (size_t i = 0; i < columns; i++) {
			rows_take_cell(&next, end, cell, &length);
			fuzz_require((next[-1] == '\n') == (i + 1 == columns), "cell %zu of %zu", i,
				columns);
			if (has_pairs && line > 0 && i + 1 == columns)
				json_object_put(rows_parse(cell, length));
		}
	}
	fuzz_require(next == end, "%lld lines", (long long)lines);
	free(cell);
}

static void
check_records_csv(const PGresult *result, int calls, int64_t limit)
{
	struct record_list list = { .limit = limit };
	struct evbuffer *out = evbuffer_new();
	struct csv_writer csv;

	fuzz_require(out != NULL, "memory");
	csv_writer_open(&csv, out);
	record_list_open_csv(&list, &csv);
	if (write_list(&list, NULL, result))
		check_lines(out, 9, 1 + (limit != 0 && limit < calls ? limit : calls), true);
	record_list_release(&list);
	csv_writer_close(&csv);
	evbuffer_free(out);
}

static void
check_entries(const PGresult *result)
{
	struct evbuffer *out = evbuffer_new();
	struct csv_writer csv;
	struct json_writer writer;
	struct json_object *entries;
	size_t length;
	char *text;

	fuzz_require(out != NULL, "memory");
	csv_writer_open(&csv, out);
	json_writer_open_memory(&writer, 1);
	json_raw(&writer, "[");
	entry_write_csv_head(&csv, history_entry_columns, HISTORY_ENTRY_COLUMNS);
	for (int row = 0; row < PQntuples(result); row++) {
		entry_write(&writer, history_entry_columns, HISTORY_ENTRY_COLUMNS, result, row);
		entry_write_csv(&csv, history_entry_columns, HISTORY_ENTRY_COLUMNS, result, row);
	}
	json_raw(&writer, "]");
	length = json_writer_length(&writer);
	text = json_writer_take_memory(&writer);
	entries = rows_parse(text, length);
	for (int row = 0; row < PQntuples(result); row++) {
		struct json_object *entry = json_object_array_get_idx(entries, (size_t)row);

		if (PQgetisnull(result, row, 2) == 0)
			rows_require_member(entry, "src_num", PQgetvalue(result, row, 2));
		else
			fuzz_require(json_object_object_get(entry, "src_num") == NULL, "null");
	}
	json_object_put(entries);
	free(text);
	check_lines(out, HISTORY_ENTRY_COLUMNS, 1 + PQntuples(result), false);
	csv_writer_close(&csv);
	evbuffer_free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	int64_t limit = fuzz_byte(&input) % 8;
	PGresult *result;
	int calls;

	if (fuzz_byte(&input) % 2 == 0) {
		result = read_rows(&input, RECORD_COLUMNS, COLUMN_DURATION, &calls);
		check_records_json(result, calls, limit);
		check_records_csv(result, calls, limit);
	} else {
		result = read_rows(&input, HISTORY_ENTRY_COLUMNS, 1, &calls);
		check_entries(result);
	}
	PQclear(result);
	return 0;
}
