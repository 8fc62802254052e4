#include "calls/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls/duration.h"

/* In the order of record.sql. */
enum {
	COLUMN_CALL_ID,
	COLUMN_AGENT,
	COLUMN_QUEUE,
	COLUMN_DST_NUM,
	COLUMN_DURATION,
	COLUMN_SRC_NUM,
	COLUMN_START,
	COLUMN_STATUS,
	COLUMN_KEY,
	COLUMN_VALUE,
	COLUMN_MOMENT,
};

/* A text column; NULL is an empty text. */
static void
write_column(
	struct json_writer *writer, const char *key, const PGresult *result, int row, int column)
{
	json_raw(writer, key);
	json_text_bytes(
		writer, PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static void
write_duration(struct json_writer *writer, const PGresult *result, int row)
{
	char text[DURATION_SIZE] = "";

	if (PQgetisnull(result, row, COLUMN_DURATION) == 0)
		duration_format(strtoll(PQgetvalue(result, row, COLUMN_DURATION), NULL, 10), text);
	json_raw(writer, ",\"duration\":");
	json_text(writer, text);
}

/* Everything but the attached pairs, which come with this row and the next ones. */
static void
open_record(struct record_list *list, struct json_writer *writer, const PGresult *result, int row)
{
	if (list->count > 1)
		json_raw(writer, ",");
	write_column(writer, "{\"agent\":", result, row, COLUMN_AGENT);
	write_column(writer, ",\"dst_num\":", result, row, COLUMN_DST_NUM);
	write_duration(writer, result, row);
	write_column(writer, ",\"queue\":", result, row, COLUMN_QUEUE);
	write_column(writer, ",\"src_num\":", result, row, COLUMN_SRC_NUM);
	write_column(writer, ",\"start\":", result, row, COLUMN_START);
	write_column(writer, ",\"status\":", result, row, COLUMN_STATUS);
	json_raw(writer, ",\"attached_data\":{");
	snprintf(list->moment, sizeof list->moment, "%s", PQgetvalue(result, row, COLUMN_MOMENT));
	memcpy(list->last_id, list->call_id, sizeof list->last_id);
	list->is_open = true;
	list->has_pair = false;
	list->file_id[0] = '\0';
}

void
record_list_close(struct record_list *list, struct json_writer *writer)
{
	if (!list->is_open)
		return;
	json_raw(writer, "},\"id\":");
	json_text(writer, list->file_id);
	json_raw(writer, "}");
	list->is_open = false;
}

static bool
write_pair(struct record_list *list, struct json_writer *writer, const PGresult *result, int row)
{
	const char *key = PQgetvalue(result, row, COLUMN_KEY);
	const char *value = PQgetvalue(result, row, COLUMN_VALUE);

	if (list->has_pair)
		json_raw(writer, ",");
	list->has_pair = true;
	json_text(writer, key);
	json_raw(writer, ":");
	json_text(writer, value);
	if (strcmp(key, "recording") != 0)
		return true;
	return (size_t)snprintf(list->file_id, sizeof list->file_id, "%s", value) <
	       sizeof list->file_id;
}

bool
record_list_row(
	struct record_list *list, struct json_writer *writer, const PGresult *result, int row)
{
	const char *call_id = PQgetvalue(result, row, COLUMN_CALL_ID);

	if (strlen(call_id) >= sizeof list->call_id)
		return false;
	if (list->count == 0 || strcmp(call_id, list->call_id) != 0) {
		record_list_close(list, writer);
		list->count++;
		memcpy(list->call_id, call_id, strlen(call_id) + 1);
		if (list->limit == 0 || list->count <= list->limit)
			open_record(list, writer, result, row);
	}
	if (!list->is_open || PQgetisnull(result, row, COLUMN_KEY) == 1)
		return true;
	return write_pair(list, writer, result, row);
}
