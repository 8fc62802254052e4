/*
 * Writes JSON text straight into an evbuffer, or into memory: no tree, one escaping routine, no
 * allocation per value. The writer reserves space in blocks and gives it back when it is closed.
 *
 * Order of calls: json_writer_open(), any number of json_*(), json_writer_close(); between open and
 * close nothing else may touch the evbuffer. Texts must be valid UTF-8, as PostgreSQL delivers
 * them.
 */
#ifndef RECORDINGD_JSON_WRITER_H
#define RECORDINGD_JSON_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct evbuffer;

struct json_writer {
	struct evbuffer *out; /* borrowed; NULL: into memory of its own */
	char *start;	      /* of the reserved block; NULL without one */
	char *next;
	char *end;
};

void json_writer_open(struct json_writer *writer, struct evbuffer *out);
void json_writer_close(struct json_writer *writer);

/* Writes into one piece of memory, of so many bytes at first; instead of json_writer_close(), the
 * caller takes it over and frees it. */
void json_writer_open_memory(struct json_writer *writer, size_t capacity);
char *json_writer_take_memory(struct json_writer *writer);

/* Bytes in the evbuffer, with those that are not committed yet. */
size_t json_writer_length(const struct json_writer *writer);

/* JSON text as it is: punctuation, keys, numbers. */
void json_raw(struct json_writer *writer, const char *text);
void json_raw_bytes(struct json_writer *writer, const char *text, size_t length);

/* A string with its quotes, escaped. */
void json_text(struct json_writer *writer, const char *text);
void json_text_bytes(struct json_writer *writer, const char *text, size_t length);

/* A string, or null when text is NULL. */
void json_text_or_null(struct json_writer *writer, const char *text);

void json_number(struct json_writer *writer, int64_t number);

/* Room for so many bytes at next; the caller writes there and moves next. For tight loops. */
char *json_reserve(struct json_writer *writer, size_t length);

/* Escapes into out, which has room for 6 * length bytes; returns the end. No quotes. */
char *json_escape(char *out, const char *text, size_t length);

/*
 * Escapes up to end or the first separator, a control character. Moves out, which has room for 6
 * bytes for each byte of the text and 8 more, and returns where in the text it stopped.
 */
const char *json_escape_until(char **out, const char *text, const char *end, char separator);

#endif
