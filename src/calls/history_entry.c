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

static void
write_value(struct json_writer *writer, enum entry_type type, const char *text)
{
	char duration[DURATION_SIZE];

	if (text == NULL || type == ENTRY_TEXT) {
		json_text_or_null(writer, text);
		return;
	}
	duration_format(strtoll(text, NULL, 10), duration);
	json_text(writer, duration);
}

void
entry_write(struct json_writer *writer, const struct entry_column *columns, size_t count,
	const PGresult *result, int row)
{
	if (row > 0)
		json_raw(writer, ",");
	for (size_t i = 0; i < count; i++) {
		const char *text = NULL;

		if (PQgetisnull(result, row, (int)i) == 0)
			text = PQgetvalue(result, row, (int)i);
		json_raw(writer, i == 0 ? "{" : ",");
		json_text(writer, columns[i].name);
		json_raw(writer, ":");
		write_value(writer, columns[i].type, text);
	}
	json_raw(writer, "}");
}
