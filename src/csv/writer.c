#include "csv/writer.h"

#include <event2/buffer.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

#define CAPACITY_MIN 1024

/* Both quotes, the apostrophe and the comma. */
#define PUNCTUATION_MAX 4

void
csv_writer_open(struct csv_writer *writer, struct evbuffer *out)
{
	*writer = (struct csv_writer){ .out = out };
}

void
csv_writer_close(struct csv_writer *writer)
{
	free(writer->line);
	writer->line = NULL;
	writer->length = 0;
	writer->capacity = 0;
}

static void
reserve(struct csv_writer *writer, size_t length)
{
	size_t wanted = writer->length + length;

	if (wanted <= writer->capacity)
		return;
	if (wanted < writer->capacity * 2)
		wanted = writer->capacity * 2;
	writer->capacity = wanted < CAPACITY_MIN ? CAPACITY_MIN : wanted;
	writer->line = memory_resized(writer->line, writer->capacity, 1);
}

static bool
is_formula(const char *text, size_t length)
{
	while (length > 0 && *text == '\'') {
		text++;
		length--;
	}
	return length > 0 && *text != '\0' && strchr("=+-@\t\r", *text) != NULL;
}

static bool
needs_quotes(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == ',' || text[i] == '\r' || text[i] == '\n')
			return true;
	}
	return false;
}

static char *
copy_quoted(char *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"')
			*out++ = '"';
		*out++ = text[i];
	}
	return out;
}

void
csv_cell_bytes(struct csv_writer *writer, const char *text, size_t length)
{
	bool is_quoted = needs_quotes(text, length);
	char *out;

	/* Lengths are those of values PostgreSQL sent: far from overflow. */
	reserve(writer, length * 2 + PUNCTUATION_MAX);
	out = writer->line + writer->length;
	if (is_quoted)
		*out++ = '"';
	if (is_formula(text, length))
		*out++ = '\'';
	out = is_quoted ? copy_quoted(out, text, length) : mempcpy(out, text, length);
	if (is_quoted)
		*out++ = '"';
	*out++ = ',';
	writer->length = (size_t)(out - writer->line);
}

void
csv_cell(struct csv_writer *writer, const char *text)
{
	csv_cell_bytes(writer, text, strlen(text));
}

void
csv_cell_first(struct csv_writer *writer, const char *text)
{
	size_t others = writer->length;
	size_t length;

	csv_cell(writer, text);
	length = writer->length - others;
	/* Behind all as any other, then all of it moves up, and it goes into the gap. */
	reserve(writer, length);
	memmove(writer->line + length, writer->line, writer->length);
	memcpy(writer->line, writer->line + writer->length, length);
}

void
csv_line_end(struct csv_writer *writer)
{
	/* In the place of the last comma. */
	if (writer->length > 0)
		writer->length--;
	reserve(writer, 2);
	memcpy(writer->line + writer->length, "\r\n", 2);
	writer->length += 2;
	buffer_add(writer->out, writer->line, writer->length);
	writer->length = 0;
}
