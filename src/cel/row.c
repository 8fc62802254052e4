#include "cel/row.h"

#include <string.h>

#include "statements.h"

/* Digits of a fraction of a second. */
#define DECIMALS 6

const struct db_statement cel_statement = {
	.name = "cel",
	.text = sql_cel,
	.lane = DB_LANE_SHORT,
	.on_primary = true, /* gaps are seen there only */
};

const struct db_statement cel_joined_statement = {
	.name = "cel_joined",
	.text = sql_cel_joined,
	.lane = DB_LANE_SHORT,
	.on_primary = true,
};

/* Between the values of cel_joined.sql: hardly ever part of one. */
#define SEPARATOR '\x1f'

enum cel_type {
	CEL_TEXT,
	CEL_PLAIN, /* a number: nothing to escape */
	CEL_TIME,
};

/*
 * Keys are copied in full width and the position moves by their length: a copy of constant size is
 * two instructions, one of unknown size a call, and a page of 1000 rows has 23000 of them.
 */
#define KEY_WIDTH 32

struct cel_column {
	char key[KEY_WIDTH]; /* with all punctuation before the value */
	size_t key_length;
	enum cel_type type;
};

#define COLUMN(separator, name, type)                                                              \
	{                                                                                          \
		separator "\"" name "\":\"", sizeof separator "\"" name "\":\"" - 1, type          \
	}

static const struct cel_column columns[CEL_COLUMNS] = {
	COLUMN("{", "id", CEL_PLAIN),
	COLUMN("\",", "eventtype", CEL_TEXT),
	COLUMN("\",", "eventtime", CEL_TIME),
	COLUMN("\",", "userdeftype", CEL_TEXT),
	COLUMN("\",", "cid_name", CEL_TEXT),
	COLUMN("\",", "cid_num", CEL_TEXT),
	COLUMN("\",", "cid_ani", CEL_TEXT),
	COLUMN("\",", "cid_rdnis", CEL_TEXT),
	COLUMN("\",", "cid_dnid", CEL_TEXT),
	COLUMN("\",", "exten", CEL_TEXT),
	COLUMN("\",", "context", CEL_TEXT),
	COLUMN("\",", "channame", CEL_TEXT),
	COLUMN("\",", "appname", CEL_TEXT),
	COLUMN("\",", "appdata", CEL_TEXT),
	COLUMN("\",", "amaflags", CEL_PLAIN),
	COLUMN("\",", "accountcode", CEL_TEXT),
	COLUMN("\",", "peeraccount", CEL_TEXT),
	COLUMN("\",", "uniqueid", CEL_TEXT),
	COLUMN("\",", "linkedid", CEL_TEXT),
	COLUMN("\",", "userfield", CEL_TEXT),
	COLUMN("\",", "peer", CEL_TEXT),
	COLUMN("\",", "call_log_id", CEL_PLAIN),
	COLUMN("\",", "extra", CEL_TEXT),
};

/* A row's values; asked for once each, as libpq checks its arguments at every call. */
struct cel_values {
	const char *bytes[CEL_COLUMNS];
	size_t lengths[CEL_COLUMNS];
};

/*
 * PostgreSQL leaves out zeros at the end of a fraction, and the fraction altogether when it is
 * zero; all six digits are shown here. Behind the digits may stand " BC"; "infinity" and
 * "-infinity" have none.
 */
static char *
write_time(char *out, const char *text, size_t length)
{
	size_t digits = strspn(text, *text == '-' ? "" : "0123456789-:. ");
	const char *point;
	size_t decimals = 0;

	while (digits > 0 && text[digits - 1] == ' ')
		digits--;
	out = mempcpy(out, text, digits);
	if (digits > 0) {
		point = memchr(text, '.', digits);
		if (point == NULL)
			*out++ = '.';
		else
			decimals = digits - (size_t)(point + 1 - text);
		for (; decimals < DECIMALS; decimals++)
			*out++ = '0';
	}
	return mempcpy(out, text + digits, length - digits);
}

static char *
write_value(char *out, enum cel_type type, const char *bytes, size_t length)
{
	switch (type) {
	case CEL_PLAIN:
		return mempcpy(out, bytes, length);
	case CEL_TIME:
		return write_time(out, bytes, length);
	case CEL_TEXT:
		break;
	}
	return json_escape(out, bytes, length);
}

/* Reads the row, and says how many bytes it takes at most. */
static size_t
read_values(struct cel_values *values, const PGresult *result, int row)
{
	size_t size = KEY_WIDTH + DECIMALS + sizeof ".\"}";

	for (int i = 0; i < CEL_COLUMNS; i++) {
		/* A NULL has length 0: every value is a string here. */
		values->lengths[i] = (size_t)PQgetlength(result, row, i);
		values->bytes[i] = PQgetvalue(result, row, i);
		size += columns[i].key_length + values->lengths[i] * 6;
	}
	return size;
}

void
cel_row_write(struct json_writer *writer, const PGresult *result, int row)
{
	struct cel_values values;
	size_t size = read_values(&values, result, row);
	char *out = json_reserve(writer, size);

	for (int i = 0; i < CEL_COLUMNS; i++) {
		memcpy(out, columns[i].key, KEY_WIDTH);
		out += columns[i].key_length;
		if (values.lengths[i] > 0)
			out = write_value(out, columns[i].type, values.bytes[i], values.lengths[i]);
	}
	*out++ = '"';
	*out++ = '}';
	writer->next = out;
}

/* A joined row's bytes at most. */
static size_t
joined_size(size_t length)
{
	size_t size = length * 6 + KEY_WIDTH + DECIMALS + sizeof ".\"}";

	for (int i = 0; i < CEL_COLUMNS; i++)
		size += columns[i].key_length;
	return size;
}

static const char *
write_joined_value(char **out, enum cel_type type, const char *text, const char *end)
{
	const char *separator;

	if (type != CEL_TIME)
		return json_escape_until(out, text, end, SEPARATOR);
	separator = memchr(text, SEPARATOR, (size_t)(end - text));
	if (separator == NULL)
		separator = end;
	*out = write_time(*out, text, (size_t)(separator - text));
	return separator;
}

bool
cel_row_write_joined(struct json_writer *writer, const PGresult *result, int row)
{
	size_t length = (size_t)PQgetlength(result, row, 0);
	const char *text = PQgetvalue(result, row, 0);
	const char *end = text + length;
	char *out = json_reserve(writer, joined_size(length));

	for (int i = 0; i < CEL_COLUMNS; i++) {
		memcpy(out, columns[i].key, KEY_WIDTH);
		out += columns[i].key_length;
		/* Half of them are empty. */
		if (text < end && *text != SEPARATOR)
			text = write_joined_value(&out, columns[i].type, text, end);
		/* The last value alone ends with the text. */
		if ((text == end) != (i == CEL_COLUMNS - 1))
			return false;
		text++;
	}
	*out++ = '"';
	*out++ = '}';
	writer->next = out;
	return true;
}
