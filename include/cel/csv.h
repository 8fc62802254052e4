/* Channel events as CSV: the columns of a row, from the JSON text that is kept of it. */
#ifndef RECORDINGD_CEL_CSV_H
#define RECORDINGD_CEL_CSV_H

struct csv_writer;
struct evbuffer;

/* The line with the names of the columns. */
void cel_csv_head(struct csv_writer *csv);

/* The line of a row, which is an object as cel_row_write() writes it, and is taken from the buffer.
 */
void cel_csv_row(struct csv_writer *csv, struct evbuffer *row);

#endif
