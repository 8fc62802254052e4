#include "cel/csv.h"

#include <event2/buffer.h>
#include <stddef.h>

#include "base/memory.h"
#include "cel/row.h"
#include "csv/writer.h"
#include "http/characters.h"

static const char *const names[CEL_COLUMNS] = { "id", "eventtype", "eventtime", "userdeftype",
	"cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context", "channame",
	"appname", "appdata", "amaflags", "accountcode", "peeraccount", "uniqueid", "linkedid",
	"userfield", "peer", "call_log_id", "extra" };

void
cel_csv_head(struct csv_writer *csv)
{
	for (size_t i = 0; i < CEL_COLUMNS; i++)
		csv_cell(csv, names[i]);
	csv_line_end(csv);
}

/* What is left of a row; what is no row ends where it stops being one. */
struct rest {
	char *next;
	const char *end;
};

static char
unescape(struct rest *rest)
{
	char escape = rest->next < rest->end ? *rest->next++ : '\\';

	switch (escape) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		break;
	default:
		return escape;
	}
	if (rest->end - rest->next < 4)
		return escape;
	/* Only control characters are written so: the first two digits are zeros. */
	rest->next += 4;
	return (char)(character_hex_value((unsigned char)rest->next[-2]) << 4 |
		      character_hex_value((unsigned char)rest->next[-1]));
}

/* Takes the next string and undoes its escapes where it stands; the text has no quotes, no NUL. */
static char *
take_string(struct rest *rest, size_t *length)
{
	char *begin = rest->next;
	char *out;

	while (begin < rest->end && *begin != '"')
		begin++;
	if (begin < rest->end)
		begin++;
	out = begin;
	rest->next = begin;
	while (rest->next < rest->end && *rest->next != '"') {
		char byte = *rest->next++;

		*out++ = byte == '\\' ? unescape(rest) : byte;
	}
	if (rest->next < rest->end)
		rest->next++;
	*length = (size_t)(out - begin);
	return begin;
}

void
cel_csv_row(struct csv_writer *csv, struct evbuffer *row)
{
	size_t length = evbuffer_get_length(row);
	char *text = (char *)evbuffer_pullup(row, -1);
	struct rest rest = { .next = text, .end = text + length };

	for (size_t i = 0; i < CEL_COLUMNS; i++) {
		const char *value;
		size_t value_length;

		/* Names and values take turns, in the order of the table. */
		(void)take_string(&rest, &value_length);
		value = take_string(&rest, &value_length);
		csv_cell_bytes(csv, value, value_length);
	}
	csv_line_end(csv);
	if (evbuffer_drain(row, length) != 0)
		memory_exhausted();
}
