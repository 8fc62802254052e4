/*
 * One row of the channel event log as JSON: the 23 columns in table order, every value a string.
 */
#ifndef RECORDINGD_CEL_ROW_H
#define RECORDINGD_CEL_ROW_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/error.h"
#include "db/statement.h"
#include "json/writer.h"

#define CEL_COLUMNS 23

/* cel.sql. In text format: binary was measured to cost PostgreSQL a fifth more. */
extern const struct db_statement cel_statement;

/* Writes an object; the result has CEL_COLUMNS columns. */
void cel_row_write(struct json_writer *writer, const PGresult *result, int row);

/*
 * cel_joined.sql: one text for each row, for reading many of them. libpq spends more on 23 values
 * than everything else here does on the row.
 */
extern const struct db_statement cel_joined_statement;

/* Writes an object; the result has one column. False, with nothing written, when the text has not
 * the separators of CEL_COLUMNS values: one of the values holds some, and cel.sql must tell. */
bool cel_row_write_joined(struct json_writer *writer, const PGresult *result, int row) MUST_CHECK;

#endif
