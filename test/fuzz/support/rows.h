/* Rows of a result with any values, and reading them again from what was made of them. */
#ifndef RECORDINGD_TEST_FUZZ_ROWS_H
#define RECORDINGD_TEST_FUZZ_ROWS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

struct fuzz_input;

/* An empty result of so many columns. */
PGresult *rows_new(int columns);

/* Text without NUL; NULL is NULL. */
void rows_set(PGresult *result, int row, int column, const char *text);

/*
 * The next value of an input: length in one byte, from 250 on 64 times as much as is over that,
 * 255: NULL. NULs become blanks. The caller frees it; *is_null says that it is no text.
 */
char *rows_take(struct fuzz_input *input, bool *is_null);

/* Requires that the string member of an object is this text, byte by byte. */
struct json_object;
void rows_require_member(struct json_object *object, const char *name, const char *text);

/* The JSON value that is the whole text; the caller puts it. Required to be one. */
struct json_object *rows_parse(const char *text, size_t length);

/*
 * Reads the next cell of a CSV text into cell, which has room for all of it, and undoes the quotes
 * and the apostrophe before a formula; moves *text behind it, and behind its comma or CRLF.
 */
void rows_take_cell(const char **text, const char *end, char *cell, size_t *length);

#endif
