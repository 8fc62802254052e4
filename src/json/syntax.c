#include "json/syntax.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "json/tree.h"

/* A repeated field is quoted up to here. */
#define QUOTED_BYTES 60

/* What may come next. */
enum expectation {
	EXPECT_VALUE,
	EXPECT_FIRST_ITEM, /* a value or the end of the array */
	EXPECT_FIRST_NAME, /* a name or the end of the object */
	EXPECT_NAME,
	EXPECT_MORE, /* a comma or the end of what is open */
	EXPECT_END,  /* of the text */
};

struct reader {
	const char *text;
	size_t length;
	size_t position;
	struct error *error;
	enum expectation expectation;
	unsigned depth;
	/* The last name that was read, as it stands in the text: for messages about its value. */
	const char *name;
	size_t name_length;
	/*
	 * For each open object the names it has had, as keys of a json-c object: its hash table
	 * keeps a body of many names from costing quadratic time. NULL for an array.
	 */
	struct json_object *names[JSON_DEPTH_MAX];
};

static bool
refuse(struct reader *reader, const char *what)
{
	return error_set(reader->error, ERROR_INVALID_JSON, "the body is not JSON at byte %zu: %s",
		reader->position, what);
}

/* The byte at the position, or -1 at the end. */
static int
peek(const struct reader *reader)
{
	if (reader->position == reader->length)
		return -1;
	return (unsigned char)reader->text[reader->position];
}

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void
skip_blanks(struct reader *reader)
{
	while (reader->position < reader->length && is_blank(reader->text[reader->position]))
		reader->position++;
}

static bool
is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

static bool
skip_digits(struct reader *reader)
{
	if (!is_digit(peek(reader)))
		return refuse(reader, "a digit is missing");
	while (is_digit(peek(reader)))
		reader->position++;
	return true;
}

/* RFC 8259, 6. */
static bool
read_number(struct reader *reader)
{
	if (peek(reader) == '-')
		reader->position++;
	if (peek(reader) == '0')
		reader->position++;
	else if (!skip_digits(reader))
		return false;
	if (peek(reader) == '.') {
		reader->position++;
		if (!skip_digits(reader))
			return false;
	}
	if (peek(reader) == 'e' || peek(reader) == 'E') {
		reader->position++;
		if (peek(reader) == '+' || peek(reader) == '-')
			reader->position++;
		return skip_digits(reader);
	}
	return true;
}

static bool
read_literal(struct reader *reader, const char *literal)
{
	size_t length = strlen(literal);

	if (reader->length - reader->position < length ||
		memcmp(reader->text + reader->position, literal, length) != 0)
		return refuse(reader, "a value is expected");
	reader->position += length;
	return true;
}

/* Four hexadecimal digits. */
static bool
read_hex(struct reader *reader, unsigned *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++, reader->position++) {
		int byte = peek(reader);
		int lower = byte | 0x20;

		if (is_digit(byte))
			*code = *code * 16 + (unsigned)(byte - '0');
		else if (byte >= 0 && lower >= 'a' && lower <= 'f')
			*code = *code * 16 + (unsigned)(lower - 'a' + 10);
		else
			return refuse(reader, "\\u needs four hexadecimal digits");
	}
	return true;
}

/* Behind "\u": a character, the upper half of which comes as a pair of surrogates. */
static bool
read_unicode_escape(struct reader *reader)
{
	unsigned code;
	unsigned low;

	if (!read_hex(reader, &code))
		return false;
	if (code == 0) {
		return error_set(reader->error, ERROR_INVALID_PARAMETER,
			"U+0000 is not allowed%s%.*s", reader->name_length > 0 ? " in " : "",
			(int)reader->name_length, reader->name);
	}
	if (code >= 0xdc00 && code <= 0xdfff)
		return refuse(reader, "a low surrogate stands alone");
	if (code < 0xd800 || code > 0xdbff)
		return true;
	if (reader->length - reader->position < 2 ||
		memcmp(reader->text + reader->position, "\\u", 2) != 0)
		return refuse(reader, "a high surrogate stands alone");
	reader->position += 2;
	if (!read_hex(reader, &low))
		return false;
	return (low >= 0xdc00 && low <= 0xdfff) || refuse(reader, "a high surrogate stands alone");
}

static bool
read_escape(struct reader *reader)
{
	int byte = peek(reader);

	/* strchr would find the NUL as well, which is a control character. */
	if (byte <= 0 || strchr("\"\\/bfnrtu", byte) == NULL)
		return refuse(reader, "there is no such escape");
	reader->position++;
	return byte != 'u' || read_unicode_escape(reader);
}

/* A string with both quotes; the whole text is valid UTF-8 already. */
static bool
read_string(struct reader *reader)
{
	reader->position++;
	for (;;) {
		int byte = peek(reader);

		if (byte < 0)
			return refuse(reader, "a string has no end");
		if (byte < 0x20)
			return refuse(reader, "a control character in a string");
		reader->position++;
		if (byte == '"')
			return true;
		if (byte == '\\' && !read_escape(reader))
			return false;
	}
}

/* Remembers a name as what it stands for, so that "a" and "\u0061" are the same. */
static bool
note_name(struct reader *reader, size_t start)
{
	struct json_object *names = reader->names[reader->depth - 1];
	char *name = json_tree_string(reader->text + start);
	bool is_new = !json_object_object_get_ex(names, name, NULL);

	if (!is_new)
		(void)error_set(reader->error, ERROR_INVALID_PARAMETER,
			"the field \"%.*s\" is repeated", (int)utf8_prefix(name, QUOTED_BYTES),
			name);
	else if (json_object_object_add(names, name, NULL) != 0)
		memory_exhausted();
	free(name);
	return is_new;
}

static bool
read_name(struct reader *reader)
{
	size_t start = reader->position;

	if (peek(reader) != '"')
		return refuse(reader, "a name in double quotes is expected");
	if (!read_string(reader) || !note_name(reader, start))
		return false;
	reader->name = reader->text + start;
	reader->name_length = reader->position - start;
	if (reader->name_length > QUOTED_BYTES)
		reader->name_length = QUOTED_BYTES;
	skip_blanks(reader);
	if (peek(reader) != ':')
		return refuse(reader, "a colon is expected");
	reader->position++;
	reader->expectation = EXPECT_VALUE;
	return true;
}

static void
after_value(struct reader *reader)
{
	reader->expectation = reader->depth == 0 ? EXPECT_END : EXPECT_MORE;
}

static bool
open_container(struct reader *reader, bool is_object)
{
	if (reader->depth == JSON_DEPTH_MAX)
		return refuse(reader, "values are nested too deeply");
	reader->names[reader->depth] = NULL;
	if (is_object) {
		reader->names[reader->depth] = json_object_new_object();
		if (reader->names[reader->depth] == NULL)
			memory_exhausted();
	}
	reader->depth++;
	reader->position++;
	reader->expectation = is_object ? EXPECT_FIRST_NAME : EXPECT_FIRST_ITEM;
	return true;
}

static void
close_container(struct reader *reader)
{
	reader->depth--;
	json_object_put(reader->names[reader->depth]);
	reader->names[reader->depth] = NULL;
	reader->position++;
	after_value(reader);
}

static bool
read_value(struct reader *reader)
{
	int byte = peek(reader);
	bool is_valid;

	switch (byte) {
	case '{':
	case '[':
		return open_container(reader, byte == '{');
	case '"':
		is_valid = read_string(reader);
		break;
	case 't':
		is_valid = read_literal(reader, "true");
		break;
	case 'f':
		is_valid = read_literal(reader, "false");
		break;
	case 'n':
		is_valid = read_literal(reader, "null");
		break;
	default:
		if (byte != '-' && !is_digit(byte))
			return refuse(reader, "a value is expected");
		is_valid = read_number(reader);
		break;
	}
	after_value(reader);
	return is_valid;
}

/* A comma, or the bracket that fits. */
static bool
read_more(struct reader *reader)
{
	bool is_object = reader->names[reader->depth - 1] != NULL;

	if (peek(reader) == (is_object ? '}' : ']')) {
		close_container(reader);
		return true;
	}
	if (peek(reader) != ',')
		return refuse(reader,
			is_object ? "a comma or } is expected" : "a comma or ] is expected");
	reader->position++;
	reader->expectation = is_object ? EXPECT_NAME : EXPECT_VALUE;
	return true;
}

static bool
read_next(struct reader *reader)
{
	switch (reader->expectation) {
	case EXPECT_VALUE:
		return read_value(reader);
	case EXPECT_FIRST_ITEM:
		if (peek(reader) != ']')
			return read_value(reader);
		close_container(reader);
		return true;
	case EXPECT_FIRST_NAME:
		if (peek(reader) != '}')
			return read_name(reader);
		close_container(reader);
		return true;
	case EXPECT_NAME:
		return read_name(reader);
	case EXPECT_MORE:
		return read_more(reader);
	case EXPECT_END:
		break;
	}
	return refuse(reader, "something stands behind the value");
}

static void
reader_close(struct reader *reader)
{
	while (reader->depth > 0)
		json_object_put(reader->names[--reader->depth]);
}

bool
json_syntax_check(const char *text, size_t length, struct error *error)
{
	struct reader reader = {
		.text = text,
		.length = length,
		.error = error,
		.name = "",
	};

	if (length > INT32_MAX)
		return error_set(error, ERROR_BODY_TOO_LARGE, "the body is too large");
	if (!utf8_is_valid(text, length))
		return error_set(error, ERROR_INVALID_JSON, "the body is not UTF-8");
	for (;;) {
		skip_blanks(&reader);
		if (reader.position == length && reader.expectation == EXPECT_END)
			return true;
		if (!read_next(&reader)) {
			reader_close(&reader);
			return false;
		}
	}
}
