#include "support/rows.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "support/fuzz.h"

#define COLUMNS_MAX 32

PGresult *
rows_new(int columns)
{
	static PGresAttDesc attributes[COLUMNS_MAX];
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	for (int i = 0; i < columns; i++) {
		static char name[] = "column";

		attributes[i] = (PGresAttDesc){ .name = name, .typid = 25 };
	}
	fuzz_require(result != NULL && PQsetResultAttrs(result, columns, attributes) == 1,
		"memory for a result");
	return result;
}

void
rows_set(PGresult *result, int row, int column, const char *text)
{
	/* libpq copies it, whatever its prototype says. */
	char *value = text == NULL ? NULL : memory_text(text, strlen(text));
	int length = text == NULL ? -1 : (int)strlen(text);

	fuzz_require(PQsetvalue(result, row, column, value, length) == 1, "memory for a value");
	free(value);
}

char *
rows_take(struct fuzz_input *input, bool *is_null)
{
	size_t length = fuzz_byte(input);
	struct fuzz_input value = { .data = input->data };

	*is_null = length == 255;
	if (*is_null)
		return memory_text("", 0);
	if (length > 250)
		length = (length - 250) * 64 + 250;
	value.size = length < input->size ? length : input->size;
	input->data += value.size;
	input->size -= value.size;
	return fuzz_rest(&value);
}

struct json_object *
rows_parse(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *json;

	fuzz_require(tokener != NULL, "memory for a parser");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	json = json_tokener_parse_ex(tokener, text, (int)length);
	fuzz_require(json_tokener_get_error(tokener) == json_tokener_success &&
			     json_tokener_get_parse_end(tokener) == length,
		"JSON: %.*s", (int)length, text);
	json_tokener_free(tokener);
	return json;
}

void
rows_require_member(struct json_object *object, const char *name, const char *text)
{
	struct json_object *member = json_object_object_get(object, name);

	fuzz_require(json_object_is_type(member, json_type_string) &&
			     strcmp(json_object_get_string(member), text) == 0 &&
			     (size_t)json_object_get_string_len(member) == strlen(text),
		"%s is %s", name, text);
}

/* A spreadsheet's guard: apostrophes, then what a formula begins with. */
static size_t
guard_length(const char *cell, size_t length)
{
	size_t apostrophes = 0;

	while (apostrophes < length && cell[apostrophes] == '\'')
		apostrophes++;
	if (apostrophes == 0 || apostrophes == length)
		return 0;
	return memchr("=+-@\t\r", cell[apostrophes], 6) != NULL ? 1 : 0;
}

void
rows_take_cell(const char **text, const char *end, char *cell, size_t *length)
{
	const char *next = *text;
	bool is_quoted = next < end && *next == '"';
	size_t used = 0;
	size_t guard;

	if (is_quoted)
		next++;
	for (; next < end; next++) {
		if (is_quoted && *next == '"') {
			if (next + 1 == end || next[1] != '"')
				break;
			next++;
		} else if (!is_quoted && (*next == ',' || *next == '\r')) {
			break;
		} else {
			fuzz_require(is_quoted || (*next != '"' && *next != '\n'), "a bare cell");
		}
		cell[used++] = *next;
	}
	if (is_quoted)
		fuzz_require(next++ < end, "quotes end");
	fuzz_require(next < end, "a comma or CRLF behind a cell");
	if (*next == '\r')
		fuzz_require(++next < end && *next == '\n', "CRLF ends a line");
	else
		fuzz_require(*next == ',', "a comma behind a cell");
	/* What a spreadsheet would compute never comes without its guard. */
	fuzz_require(used == 0 || memchr("=+-@\t\r", cell[0], 6) == NULL, "no formula");
	guard = guard_length(cell, used);
	memmove(cell, cell + guard, used - guard);
	*length = used - guard;
	*text = next + 1;
}
