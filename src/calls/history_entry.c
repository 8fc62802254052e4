#include "calls/history_entry.h"

#include <stdlib.h>

#include "calls/duration.h"

/* In the order of history_entry.sql. */
const struct entry_column history_entry_columns[HISTORY_ENTRY_COLUMNS] = {
	{ "start", ENTRY_TEXT },
	{ "duration", ENTRY_DURATION },
	{ "src_num", ENTRY_TEXT },
	{ "dst_num", ENTRY_TEXT },
	{ "status", ENTRY_TEXT },
	{ "src_firstname", ENTRY_TEXT },
	{ "src_lastname", ENTRY_TEXT },
	{ "dst_firstname", ENTRY_TEXT },
	{ "dst_lastname", ENTRY_TEXT },
};

/* NULL when it is not known; duration is where one is written. */
static const char *
value_text(enum entry_type type, const PGresult *result, int row, size_t column,
	char duration[static DURATION_SIZE])
{
	const char *text = PQgetvalue(result, row, (int)column);

	if (PQgetisnull(result, row, (int)column) == 1)
		return NULL;
	if (type == ENTRY_TEXT)
		return text;
	duration_format(strtoll(text, NULL, 10), duration);
	return duration;
}

void
entry_write(struct json_writer *writer, const struct entry_column *columns, size_t count,
	const PGresult *result, int row)
{
	char duration[DURATION_SIZE];

	if (row > 0)
		json_raw(writer, ",");
	for (size_t i = 0; i < count; i++) {
		json_raw(writer, i == 0 ? "{" : ",");
		json_text(writer, columns[i].name);
		json_raw(writer, ":");
		json_text_or_null(writer, value_text(columns[i].type, result, row, i, duration));
	}
	json_raw(writer, "}");
}

void
entry_write_csv_head(struct csv_writer *csv, const struct entry_column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		csv_cell(csv, columns[i].name);
	csv_line_end(csv);
}

void
entry_write_csv(struct csv_writer *csv, const struct entry_column *columns, size_t count,
	const PGresult *result, int row)
{
	char duration[DURATION_SIZE];

	for (size_t i = 0; i < count; i++) {
		const char *text = value_text(columns[i].type, result, row, i, duration);

		csv_cell(csv, text == NULL ? "" : text);
	}
	csv_line_end(csv);
}
