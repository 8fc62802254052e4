#include "calls/record.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
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

static const char *const names[] = {
	[COLUMN_AGENT] = "agent",
	[COLUMN_QUEUE] = "queue",
	[COLUMN_DST_NUM] = "dst_num",
	[COLUMN_DURATION] = "duration",
	[COLUMN_SRC_NUM] = "src_num",
	[COLUMN_START] = "start",
	[COLUMN_STATUS] = "status",
};

/* Between the members of an object the attached pairs and the id come last, as rows bring them. */
static const int members[] = { COLUMN_AGENT, COLUMN_DST_NUM, COLUMN_DURATION, COLUMN_QUEUE,
	COLUMN_SRC_NUM, COLUMN_START, COLUMN_STATUS };

/* Between the id and the attached pairs. */
static const int cells[] = { COLUMN_START, COLUMN_DURATION, COLUMN_AGENT, COLUMN_QUEUE,
	COLUMN_SRC_NUM, COLUMN_DST_NUM, COLUMN_STATUS };

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* NULL is an empty text; duration is where one is written. */
static const char *
column_text(const PGresult *result, int row, int column, char duration[static DURATION_SIZE])
{
	const char *text = PQgetvalue(result, row, column);

	if (column != COLUMN_DURATION || PQgetisnull(result, row, column) == 1)
		return text;
	duration_format(strtoll(text, NULL, 10), duration);
	return duration;
}

static void
open_object(
	const struct record_list *list, struct json_writer *writer, const PGresult *result, int row)
{
	char duration[DURATION_SIZE];

	if (list->count > 1)
		json_raw(writer, ",");
	for (size_t i = 0; i < COUNT(members); i++) {
		json_raw(writer, i == 0 ? "{" : ",");
		json_text(writer, names[members[i]]);
		json_raw(writer, ":");
		json_text(writer, column_text(result, row, members[i], duration));
	}
	json_raw(writer, ",\"attached_data\":{");
}

static void
open_line(struct record_list *list, const PGresult *result, int row)
{
	char duration[DURATION_SIZE];

	for (size_t i = 0; i < COUNT(cells); i++)
		csv_cell(list->csv, column_text(result, row, cells[i], duration));
	json_raw(&list->pairs_writer, "{");
}

/* Everything but the attached pairs, which come with this row and the next ones. */
static void
open_record(struct record_list *list, struct json_writer *writer, const PGresult *result, int row)
{
	if (list->csv == NULL)
		open_object(list, writer, result, row);
	else
		open_line(list, result, row);
	snprintf(list->moment, sizeof list->moment, "%s", PQgetvalue(result, row, COLUMN_MOMENT));
	memcpy(list->last_id, list->call_id, sizeof list->last_id);
	list->is_open = true;
	list->has_pair = false;
	list->file_id[0] = '\0';
}

/* The id is known last, and comes first. */
static void
close_line(struct record_list *list)
{
	size_t length;

	json_raw(&list->pairs_writer, "}");
	json_writer_close(&list->pairs_writer);
	length = evbuffer_get_length(list->pairs);
	csv_cell_bytes(list->csv, (const char *)evbuffer_pullup(list->pairs, -1), length);
	if (evbuffer_drain(list->pairs, length) != 0)
		memory_exhausted();
	csv_cell_first(list->csv, list->file_id);
	csv_line_end(list->csv);
}

void
record_list_close(struct record_list *list, struct json_writer *writer)
{
	if (!list->is_open)
		return;
	list->is_open = false;
	if (list->csv != NULL) {
		close_line(list);
		return;
	}
	json_raw(writer, "},\"id\":");
	json_text(writer, list->file_id);
	json_raw(writer, "}");
}

void
record_list_open_csv(struct record_list *list, struct csv_writer *csv)
{
	list->csv = csv;
	list->pairs = evbuffer_new();
	if (list->pairs == NULL)
		memory_exhausted();
	json_writer_open(&list->pairs_writer, list->pairs);
	csv_cell(csv, "id");
	for (size_t i = 0; i < COUNT(cells); i++)
		csv_cell(csv, names[cells[i]]);
	csv_cell(csv, "attached_data");
	csv_line_end(csv);
}

void
record_list_release(struct record_list *list)
{
	if (list->pairs == NULL)
		return;
	json_writer_close(&list->pairs_writer);
	evbuffer_free(list->pairs);
	list->pairs = NULL;
}

static bool
write_pair(struct record_list *list, struct json_writer *writer, const PGresult *result, int row)
{
	struct json_writer *pairs = list->csv == NULL ? writer : &list->pairs_writer;
	const char *key = PQgetvalue(result, row, COLUMN_KEY);
	const char *value = PQgetvalue(result, row, COLUMN_VALUE);

	if (list->has_pair)
		json_raw(pairs, ",");
	list->has_pair = true;
	json_text(pairs, key);
	json_raw(pairs, ":");
	json_text(pairs, value);
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
