#include "json/tree.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "json/syntax.h"

/* An array or object whose end has not come yet. */
struct level {
	struct json_object *container;
	char *name; /* owned; of the value that is read now; NULL in an array */
};

/* Where reading has got to. It can count on the syntax, and on the bound of the depth. */
struct reader {
	const char *at;
	struct level levels[JSON_DEPTH_MAX];
	unsigned depth;
};

static void
skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t\r\n");
}

/* Steps over a comma or a colon, or the bracket that ends. */
static char
step(struct reader *reader)
{
	skip_blanks(reader);
	return *reader->at++;
}

static unsigned
hex_at(const char *digits)
{
	unsigned code = 0;

	for (int i = 0; i < 4; i++) {
		unsigned digit = (unsigned char)digits[i];

		code = code * 16 + (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
	}
	return code;
}

static char *
put_utf8(char *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = (char)code;
		return to;
	}
	if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
	} else {
		if (code < 0x10000) {
			*to++ = (char)(0xe0 | code >> 12);
		} else {
			*to++ = (char)(0xf0 | code >> 18);
			*to++ = (char)(0x80 | (code >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (code & 0x3f));
	return to;
}

/* Behind "\u"; what needs a pair of surrogates has one. */
static char *
put_unicode(struct reader *reader, char *to)
{
	uint32_t code = hex_at(reader->at);

	reader->at += 4;
	if (code >= 0xd800 && code <= 0xdbff) {
		code = 0x10000 + ((code - 0xd800) << 10) + (hex_at(reader->at + 2) - 0xdc00);
		reader->at += 6;
	}
	return put_utf8(to, code);
}

static char *
put_escaped(struct reader *reader, char *to)
{
	static const char names[] = "bfnrt";
	static const char values[] = "\b\f\n\r\t";
	const char *name;
	char byte = *reader->at++;

	if (byte == 'u')
		return put_unicode(reader, to);
	name = strchr(names, byte);
	*to++ = name == NULL ? byte : values[name - names];
	return to;
}

/* The number of bytes between the quotes, at the first of which the reader is. */
static size_t
quoted_length(const char *quoted)
{
	const char *end = quoted + 1;

	while (*end != '"')
		end += *end == '\\' ? 2 : 1;
	return (size_t)(end - quoted - 1);
}

/* No escape is shorter than what it stands for. */
static char *
read_string(struct reader *reader)
{
	char *text = memory_resized(NULL, quoted_length(reader->at) + 1, 1);
	char *to = text;

	reader->at++;
	while (*reader->at != '"') {
		if (*reader->at != '\\') {
			*to++ = *reader->at++;
			continue;
		}
		reader->at++;
		to = put_escaped(reader, to);
	}
	reader->at++;
	*to = '\0';
	return text;
}

static struct json_object *
checked(struct json_object *json)
{
	if (json == NULL)
		memory_exhausted();
	return json;
}

static struct json_object *
read_text(struct reader *reader)
{
	char *text = read_string(reader);
	struct json_object *json = checked(json_object_new_string(text));

	free(text);
	return json;
}

/* What is out of a long's range becomes its bound, which is out of every range asked for. */
static struct json_object *
read_number(struct reader *reader)
{
	/* To the end of the number, not of the text: the time for all of them stays linear. */
	size_t length = strspn(reader->at, "+-.0123456789eE");
	bool is_whole = strspn(reader->at, "+-0123456789") == length;
	const char *text = reader->at;

	reader->at += length;
	if (!is_whole)
		return checked(json_object_new_double(strtod(text, NULL)));
	return checked(json_object_new_int64(strtoll(text, NULL, 10)));
}

static struct json_object *
read_scalar(struct reader *reader)
{
	switch (*reader->at) {
	case '"':
		return read_text(reader);
	case 't':
		reader->at += strlen("true");
		return checked(json_object_new_boolean(1));
	case 'f':
		reader->at += strlen("false");
		return checked(json_object_new_boolean(0));
	case 'n':
		reader->at += strlen("null");
		return NULL;
	default:
		return read_number(reader);
	}
}

/* The name in front of the next value, in an object. */
static void
read_name(struct reader *reader)
{
	struct level *level = &reader->levels[reader->depth - 1];

	if (!json_object_is_type(level->container, json_type_object))
		return;
	skip_blanks(reader);
	level->name = read_string(reader);
	(void)step(reader);
}

/* True when there is something in it, which comes first. */
static bool
open_container(struct reader *reader, struct json_object **container)
{
	char end = *reader->at == '{' ? '}' : ']';

	*container = checked(end == '}' ? json_object_new_object() : json_object_new_array());
	reader->at++;
	skip_blanks(reader);
	if (*reader->at == end) {
		reader->at++;
		return false;
	}
	reader->levels[reader->depth++] = (struct level){ .container = *container };
	read_name(reader);
	return true;
}

static void
put_into(struct level *level, struct json_object *value)
{
	int result = level->name == NULL
			     ? json_object_array_add(level->container, value)
			     : json_object_object_add(level->container, level->name, value);

	if (result != 0)
		memory_exhausted();
	free(level->name);
	level->name = NULL;
}

/* Puts a value in its place, and so each container that ends behind it; false: more is to come. */
static bool
close_value(struct reader *reader, struct json_object **value)
{
	while (reader->depth > 0) {
		put_into(&reader->levels[reader->depth - 1], *value);
		if (step(reader) == ',') {
			read_name(reader);
			return false;
		}
		*value = reader->levels[--reader->depth].container;
	}
	return true;
}

struct json_object *
json_tree_read(const char *text)
{
	struct reader reader = { .at = text };
	struct json_object *value = NULL;
	bool is_open;

	do {
		is_open = false;
		skip_blanks(&reader);
		if (*reader.at == '{' || *reader.at == '[')
			is_open = open_container(&reader, &value);
		else
			value = read_scalar(&reader);
	} while (is_open || !close_value(&reader, &value));
	return value;
}

char *
json_tree_string(const char *quoted)
{
	struct reader reader = { .at = quoted };

	return read_string(&reader);
}
