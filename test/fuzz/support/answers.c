#include "support/answers.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "support/fuzz.h"

#define VALUE_SIZE 2048

/* Each status the README or RFC 9110 knows for this server. */
static const unsigned statuses[] = { 200, 201, 206, 304, 400, 401, 403, 404, 405, 406, 408, 412,
	413, 414, 415, 416, 431, 500, 503, 504 };

/* What has been received, from where it is being read. */
struct reader {
	const char *next;
	const char *end;
};

bool
answer_field(const struct answer *answer, const char *name, char *value, size_t size)
{
	size_t name_length = strlen(name);
	const char *line = answer->fields;
	const char *end = answer->fields + answer->fields_length;

	while (line < end) {
		const char *line_end = memmem(line, (size_t)(end - line), "\r\n", 2);
		size_t length = (size_t)(line_end - line);

		if (length > name_length + 1 && line[name_length] == ':' &&
			strncasecmp(line, name, name_length) == 0)
			return (size_t)snprintf(value, size, "%.*s",
				       (int)(length - name_length - 2),
				       line + name_length + 2) < size;
		line = line_end + 2;
	}
	return false;
}

void
answers_require_json(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(40);
	struct json_object *json;
	bool is_json;

	fuzz_require(tokener != NULL, "memory for a parser");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	json = json_tokener_parse_ex(tokener, text, (int)length);
	is_json = json_tokener_get_error(tokener) == json_tokener_success &&
		  json_tokener_get_parse_end(tokener) == length;
	json_object_put(json);
	json_tokener_free(tokener);
	fuzz_require(is_json, "JSON: %.*s", (int)length, text);
}

static void
require_json_lines(const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));

		fuzz_require(line_end != NULL, "each line ends");
		answers_require_json(text, (size_t)(line_end - text));
		text = line_end + 1;
	}
}

/* One cell; returns where the comma or the line's end stands behind it. */
static const char *
skip_cell(const char *text, const char *end)
{
	bool is_quoted = text < end && *text == '"';

	if (!is_quoted) {
		while (text < end && *text != ',' && *text != '\r') {
			fuzz_require(*text != '"' && *text != '\n', "a bare cell");
			text++;
		}
		return text;
	}
	for (text++; text < end; text++) {
		if (*text != '"')
			continue;
		if (text + 1 == end || text[1] != '"')
			return text + 1;
		text++;
	}
	fuzz_require(false, "a quoted cell ends");
}

void
answers_require_csv(const char *text, size_t length)
{
	const char *end = text + length;
	size_t columns = 0;

	while (text < end) {
		size_t cells = 0;

		do {
			text = skip_cell(text + (cells > 0), end);
			cells++;
		} while (text < end && *text == ',');
		fuzz_require(end - text >= 2 && memcmp(text, "\r\n", 2) == 0, "CRLF ends a line");
		fuzz_require(
			columns == 0 || cells == columns, "%zu cells, not %zu", cells, columns);
		columns = cells;
		text += 2;
	}
}

static void
check_fields(const struct answer *answer)
{
	char value[VALUE_SIZE];

	for (size_t i = 0; i < answer->fields_length; i++) {
		unsigned char byte = (unsigned char)answer->fields[i];

		fuzz_require(byte >= 0x20 || byte == '\r' || byte == '\n', "no control characters");
		fuzz_require(byte != '\r' || answer->fields[i + 1] == '\n', "no bare CR");
	}
	fuzz_require(answer_field(answer, "Date", value, sizeof value), "Date is there");
	fuzz_require(answer_field(answer, "X-Request-Id", value, sizeof value), "the id is there");
	if (answer->status == 401)
		fuzz_require(answer_field(answer, "WWW-Authenticate", value, sizeof value),
			"401 says how");
	if (answer->status == 405)
		fuzz_require(answer_field(answer, "Allow", value, sizeof value), "405 says what");
	if (answer->status == 503 && answer->body_length > 0 &&
		strncmp(answer->body, "{\"error\"", 8) == 0)
		fuzz_require(
			answer_field(answer, "Retry-After", value, sizeof value), "503 says when");
}

static void
check_body(const struct answer *answer)
{
	char type[VALUE_SIZE];

	if (answer->status >= 400)
		fuzz_require(answer_field(answer, "Content-Type", type, sizeof type) &&
				     strcmp(type, "application/json") == 0,
			"errors are JSON");
	if (answer->body_length == 0 || !answer_field(answer, "Content-Type", type, sizeof type))
		return;
	if (strcmp(type, "application/json") == 0)
		answers_require_json(answer->body, answer->body_length);
	else if (strcmp(type, "application/x-ndjson") == 0)
		require_json_lines(answer->body, answer->body_length);
	else if (strncmp(type, "text/csv", 8) == 0)
		answers_require_csv(answer->body, answer->body_length);
}

/* The head; false when it is not all there. */
static bool
read_head(struct reader *reader, struct answer *answer)
{
	const char *head_end = memmem(
		reader->next, (size_t)(reader->end - reader->next), "\r\n\r\n", 4);
	const char *line_end;
	bool is_known = false;
	char value[VALUE_SIZE];

	if (head_end == NULL)
		return false;
	fuzz_require(head_end - reader->next > 13 && memcmp(reader->next, "HTTP/1.1 ", 9) == 0 &&
			     isdigit((unsigned char)reader->next[9]) && reader->next[12] == ' ',
		"a status line: %.40s", reader->next);
	line_end = memmem(reader->next, (size_t)(head_end + 2 - reader->next), "\r\n", 2);
	answer->status = (unsigned)atoi(reader->next + 9);
	answer->fields = line_end + 2;
	answer->fields_length = head_end + 2 > answer->fields
					? (size_t)(head_end + 2 - answer->fields)
					: 0;
	answer->closes = answer_field(answer, "Connection", value, sizeof value) &&
			 strcmp(value, "close") == 0;
	for (size_t i = 0; i < FUZZ_COUNT(statuses); i++)
		is_known |= statuses[i] == answer->status;
	fuzz_require(is_known || answer->status == 100, "a status: %u", answer->status);
	reader->next = head_end + 4;
	return true;
}

/* Returns whether the last chunk is there. */
static bool
read_chunks(struct reader *reader, struct answer *answer)
{
	for (;;) {
		size_t left = (size_t)(reader->end - reader->next);
		const char *line_end = memmem(reader->next, left, "\r\n", 2);
		char *size_end;
		unsigned long size;

		if (line_end == NULL)
			return false;
		size = strtoul(reader->next, &size_end, 16);
		fuzz_require(size_end == line_end && isxdigit((unsigned char)*reader->next),
			"a chunk's size");
		if ((size_t)(reader->end - line_end) < size + 4)
			return false;
		fuzz_require(memcmp(line_end + 2 + size, "\r\n", 2) == 0, "CRLF behind a chunk");
		reader->next = line_end + 4 + size;
		if (size == 0)
			return true;
		if (answer->body == NULL) {
			answer->body = line_end + 2;
			answer->body_length = size;
		}
	}
}

static void
read_body(struct reader *reader, struct answer *answer, const struct answer_claim *claim)
{
	size_t left = (size_t)(reader->end - reader->next);
	char value[VALUE_SIZE];
	size_t length;

	if (claim->is_head || answer->status == 304) {
		answer->is_complete = true;
		fuzz_require(claim->body_bytes == 0, "no body to HEAD, none of 304");
		return;
	}
	if (answer_field(answer, "Transfer-Encoding", value, sizeof value)) {
		fuzz_require(strcmp(value, "chunked") == 0, "one encoding");
		fuzz_require(!answer_field(answer, "Content-Length", value, sizeof value),
			"one way to tell the length");
		answer->is_complete = read_chunks(reader, answer);
		if (!answer->is_complete)
			reader->next = reader->end;
		return;
	}
	if (!answer_field(answer, "Content-Length", value, sizeof value)) {
		/* A stream in HTTP/1.0. */
		fuzz_require(answer->closes, "the end tells the length");
		reader->next = reader->end;
		return;
	}
	length = strtoul(value, NULL, 10);
	fuzz_require(length == claim->body_bytes, "%zu bytes, as the log has it", length);
	answer->body = reader->next;
	answer->body_length = length < left ? length : left;
	answer->is_complete = length <= left;
	reader->next += answer->body_length;
	if (answer->is_complete)
		check_body(answer);
}

size_t
answers_read(const char *bytes, size_t length, const struct answer_claim *claims,
	size_t claim_count, bool may_be_cut, struct answer *answers, size_t max)
{
	struct reader reader = { .next = bytes, .end = length == 0 ? bytes : bytes + length };
	size_t count = 0;

	while (reader.next < reader.end) {
		struct answer answer = { 0 };

		if (!read_head(&reader, &answer)) {
			fuzz_require(may_be_cut, "a whole head: %.40s", reader.next);
			break;
		}
		if (answer.status == 100) {
			fuzz_require(answer.fields_length == 0, "100 has no fields");
			continue;
		}
		fuzz_require(count < claim_count, "no answer that nobody has given");
		fuzz_require(claims[count].status == answer.status, "%u, but the log says %u",
			answer.status, claims[count].status);
		read_body(&reader, &answer, &claims[count]);
		check_fields(&answer);
		fuzz_require(answer.is_complete || may_be_cut, "a whole answer");
		fuzz_require((!answer.closes && answer.is_complete) || reader.next == reader.end,
			"nothing behind the last answer");
		if (count < max)
			answers[count] = answer;
		count++;
	}
	return count;
}
