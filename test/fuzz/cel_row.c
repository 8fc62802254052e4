/*
 * A channel event with any values in its columns: as JSON by both statements, which must agree, and
 * as CSV; each value comes back as it was.
 */
#include <event2/buffer.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cel/csv.h"
#include "cel/row.h"
#include "csv/writer.h"
#include "support/fuzz.h"
#include "support/rows.h"

static const char *const names[CEL_COLUMNS] = { "id", "eventtype", "eventtime", "userdeftype",
	"cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context", "channame",
	"appname", "appdata", "amaflags", "accountcode", "peeraccount", "uniqueid", "linkedid",
	"userfield", "peer", "call_log_id", "extra" };

static const char *const times[] = { "2026-01-31 11:24:41", "2026-01-31 11:24:41.5",
	"2026-01-31 11:24:41.123456", "0044-03-15 12:00:00 BC", "0044-03-15 12:00:00.25 BC",
	"infinity", "-infinity" };

static const char *const shown_times[] = { "2026-01-31 11:24:41.000000",
	"2026-01-31 11:24:41.500000", "2026-01-31 11:24:41.123456", "0044-03-15 12:00:00.000000 BC",
	"0044-03-15 12:00:00.250000 BC", "infinity", "-infinity" };

struct row {
	char *values[CEL_COLUMNS]; /* owned */
	const char *shown[CEL_COLUMNS];
	bool has_separator; /* U+001F in a value */
};

/* Columns of numbers and times hold such; the rest anything. */
static void
read_row(struct row *row, struct fuzz_input *input)
{
	for (int i = 0; i < CEL_COLUMNS; i++) {
		bool is_null = false;
		bool is_plain = i == 0 || i == 14 || i == 21;
		char number[16];

		if (is_plain || i == 2) {
			uint8_t byte = fuzz_byte(input);

			snprintf(number, sizeof number, "%d", (int)byte * 7919 - 1000);
			row->values[i] = i == 2 ? memory_text(times[byte % FUZZ_COUNT(times)],
							  strlen(times[byte % FUZZ_COUNT(times)]))
						: memory_text(number, strlen(number));
			row->shown[i] = i == 2 ? shown_times[byte % FUZZ_COUNT(times)]
					       : row->values[i];
			continue;
		}
		row->values[i] = rows_take(input, &is_null);
		row->shown[i] = row->values[i];
		row->has_separator |= strchr(row->values[i], '\x1f') != NULL;
	}
}

static void
check_object(const struct row *row, const char *text, size_t length)
{
	struct json_object *object = rows_parse(text, length);

	fuzz_require(json_object_is_type(object, json_type_object) &&
			     json_object_object_length(object) == CEL_COLUMNS,
		"an object of the columns");
	for (int i = 0; i < CEL_COLUMNS; i++)
		rows_require_member(object, names[i], row->shown[i]);
	json_object_put(object);
}

static char *
write_plain(const struct row *row, size_t *length)
{
	PGresult *result = rows_new(CEL_COLUMNS);
	struct json_writer writer;

	for (int i = 0; i < CEL_COLUMNS; i++)
		rows_set(result, 0, i, row->values[i]);
	json_writer_open_memory(&writer, 1);
	cel_row_write(&writer, result, 0);
	*length = json_writer_length(&writer);
	PQclear(result);
	return json_writer_take_memory(&writer);
}

static void
check_joined(const struct row *row, const char *plain, size_t plain_length)
{
	PGresult *result = rows_new(1);
	struct json_writer writer;
	size_t size = CEL_COLUMNS;
	char *joined;
	char *out;
	char *text;
	bool is_written;

	for (int i = 0; i < CEL_COLUMNS; i++)
		size += strlen(row->values[i]);
	joined = memory_zeroed(size, 1);
	out = joined;
	for (int i = 0; i < CEL_COLUMNS; i++)
		out += sprintf(out, "%s%s", i == 0 ? "" : "\x1f", row->values[i]);
	rows_set(result, 0, 0, joined);
	json_writer_open_memory(&writer, 1);
	is_written = cel_row_write_joined(&writer, result, 0);
	size = json_writer_length(&writer);
	text = json_writer_take_memory(&writer);
	fuzz_require(is_written != row->has_separator, "what has more separators is refused");
	if (is_written)
		fuzz_require(size == plain_length && memcmp(text, plain, size) == 0,
			"the same as from columns");
	else
		fuzz_require(size == 0, "nothing written");
	free(text);
	free(joined);
	PQclear(result);
}

static void
check_csv(const struct row *row, const char *plain, size_t plain_length)
{
	struct evbuffer *text = evbuffer_new();
	struct evbuffer *out = evbuffer_new();
	struct csv_writer csv;
	size_t length;
	const char *next;
	const char *end;
	char *cell;

	fuzz_require(text != NULL && out != NULL && evbuffer_add(text, plain, plain_length) == 0,
		"memory");
	csv_writer_open(&csv, out);
	cel_csv_row(&csv, text);
	csv_writer_close(&csv);
	length = evbuffer_get_length(out);
	next = (const char *)evbuffer_pullup(out, -1);
	end = next + length;
	cell = memory_zeroed(length + 1, 1);
	for (int i = 0; i < CEL_COLUMNS; i++) {
		rows_take_cell(&next, end, cell, &length);
		fuzz_require(
			length == strlen(row->shown[i]) && memcmp(cell, row->shown[i], length) == 0,
			"%s comes back in CSV: %s", names[i], row->shown[i]);
	}
	fuzz_require(next == end && next[-1] == '\n', "one line");
	free(cell);
	evbuffer_free(text);
	evbuffer_free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	struct row row = { 0 };
	char *plain;
	size_t length;

	read_row(&row, &input);
	plain = write_plain(&row, &length);
	check_object(&row, plain, length);
	check_joined(&row, plain, length);
	check_csv(&row, plain, length);
	free(plain);
	for (int i = 0; i < CEL_COLUMNS; i++)
		free(row.values[i]);
	return 0;
}
