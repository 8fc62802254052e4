/*
 * Writes lines of RFC 4180 into an evbuffer: commas, CRLF, quotes only around cells that need them.
 *
 * Spreadsheets compute a cell that begins with = + - @, TAB or CR: such a cell gets an apostrophe
 * in front, also when it is a number, as "+33…" and "-1" are sums to them. So that every text can
 * be told again from its cell, one that has apostrophes before such a character gets one more: who
 * reads takes one away from a cell that begins with apostrophes and such a character.
 *
 * Order of calls: csv_writer_open(), for each line its cells and csv_line_end(),
 * csv_writer_close(). A line goes into the evbuffer when it ends. Lines have two cells or more: an
 * empty one alone would be an empty line.
 */
#ifndef RECORDINGD_CSV_WRITER_H
#define RECORDINGD_CSV_WRITER_H

#include <stddef.h>

struct evbuffer;

struct csv_writer {
	struct evbuffer *out; /* borrowed */
	char *line;	      /* owned: the cells so far, each with a comma behind it */
	size_t length;
	size_t capacity;
};

void csv_writer_open(struct csv_writer *writer, struct evbuffer *out);

/* Also for a zeroed one. */
void csv_writer_close(struct csv_writer *writer);

void csv_cell(struct csv_writer *writer, const char *text);
void csv_cell_bytes(struct csv_writer *writer, const char *text, size_t length);

/* A cell in front of those that the line has. */
void csv_cell_first(struct csv_writer *writer, const char *text);

void csv_line_end(struct csv_writer *writer);

#endif
