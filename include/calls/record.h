/*
 * The records of calls: record.sql delivers one row for each attached pair, the rows of a call
 * together; this writes them as a list of objects, or as CSV, as they come.
 *
 * Order of calls: a zeroed struct record_list, record_list_open_csv() for CSV, record_list_row()
 * for each row, record_list_close(); for CSV record_list_release(), at any time.
 */
#ifndef RECORDINGD_CALLS_RECORD_H
#define RECORDINGD_CALLS_RECORD_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "csv/writer.h"
#include "json/writer.h"

#define RECORD_COLUMNS 11

struct record_list {
	int64_t limit;	    /* records to write at most; 0: all */
	int64_t count;	    /* of records seen, also those beyond the limit */
	bool is_open;	    /* the last record's attached pairs are still being written */
	char call_id[24];   /* of the call of the last row */
	char file_id[1025]; /* value of its key 'recording': 256 characters of up to 4 bytes */
	bool has_pair;
	char moment[40];  /* when the last record within the limit started, as PostgreSQL writes it
			   */
	char last_id[24]; /* and the id of its call */

	struct csv_writer *csv;		 /* borrowed; NULL: objects are written */
	struct evbuffer *pairs;		 /* owned; attached pairs of the open line, as JSON */
	struct json_writer pairs_writer; /* open on pairs */
};

/* Lines of CSV from here on, the attached pairs as one object in a cell; begins with the names. */
void record_list_open_csv(struct record_list *list, struct csv_writer *csv);

/* Writes a row, for CSV not into writer; false when it is not of this shape. */
bool record_list_row(
	struct record_list *list, struct json_writer *writer, const PGresult *result, int row);

/* Completes the last record. */
void record_list_close(struct record_list *list, struct json_writer *writer);

void record_list_release(struct record_list *list);

#endif
