/*
 * One row of the channel event log as JSON: the 23 columns in table order, every value a string.
 */
#ifndef RECORDINGD_CEL_ROW_H
#define RECORDINGD_CEL_ROW_H

#include <libpq-fe.h>

#include "db/statement.h"
#include "json/writer.h"

#define CEL_COLUMNS 23

/* cel.sql. In text format: binary was measured to cost PostgreSQL a fifth more. */
extern const struct db_statement cel_statement;

/* Writes an object; the result has CEL_COLUMNS columns. */
void cel_row_write(struct json_writer *writer, const PGresult *result, int row);

#endif
