/*
 * The entries of the histories of an interface and of an agent: history_entry.sql delivers one row
 * for each, this writes them as objects or lines of CSV.
 */
#ifndef RECORDINGD_CALLS_HISTORY_ENTRY_H
#define RECORDINGD_CALLS_HISTORY_ENTRY_H

#include <libpq-fe.h>
#include <stddef.h>

#include "csv/writer.h"
#include "json/writer.h"

#define HISTORY_ENTRY_COLUMNS 9

/* How a column becomes a value; one that is NULL is null. */
enum entry_type {
	ENTRY_TEXT,
	ENTRY_DURATION, /* whole seconds in, HH:MM:SS out */
};

struct entry_column {
	const char *name;
	enum entry_type type;
};

/* Writes one row as an object of such columns; a comma goes before all but row 0. */
void entry_write(struct json_writer *writer, const struct entry_column *columns, size_t count,
	const PGresult *result, int row);

/* The line with the names of the columns, and the line of a row; null is an empty cell. */
void entry_write_csv_head(struct csv_writer *csv, const struct entry_column *columns, size_t count);
void entry_write_csv(struct csv_writer *csv, const struct entry_column *columns, size_t count,
	const PGresult *result, int row);

extern const struct entry_column history_entry_columns[HISTORY_ENTRY_COLUMNS];

#endif
