/*
 * Cursors of searches: one that was written is read again, and nothing else is one. Lines: the
 * secret, a call's start, its id, a text of the search, a text that may be a cursor.
 */
#include <stdlib.h>
#include <string.h>

#include "calls/search_cursor.h"
#include "support/fuzz.h"

struct parts {
	char *secret;
	char *start;
	char *id;
	char *text;
	char *forged;
};

static void
check_written(const struct search_cursor_bond *bond, const struct parts *parts)
{
	char text[SEARCH_CURSOR_SIZE];
	struct search_cursor cursor;

	if (!search_cursor_write(bond, parts->start, parts->id, text)) {
		fuzz_require(strlen(parts->start) >= SEARCH_CURSOR_START_SIZE ||
				     strlen(parts->id) >= SEARCH_CURSOR_ID_SIZE,
			"what fits is written");
		return;
	}
	fuzz_require(
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
			strlen(text),
		"no escapes needed: %s", text);
	/* PostgreSQL writes no bar into a moment. */
	if (strchr(parts->start, '|') == NULL)
		fuzz_require(search_cursor_read(bond, text, &cursor) &&
				     strcmp(cursor.start, parts->start) == 0 &&
				     strcmp(cursor.id, parts->id) == 0,
			"%s comes back", text);
	/* Another byte anywhere is another cursor, and nobody's. */
	for (size_t i = 0; text[i] != '\0'; i++) {
		char byte = text[i];

		text[i] = byte == 'A' ? 'B' : 'A';
		fuzz_require(!search_cursor_read(bond, text, &cursor), "byte %zu matters", i);
		text[i] = byte;
	}
}

/* Of another search, or with another secret, it is none. */
static void
check_bond(const struct search_cursor_bond *bond, const struct parts *parts)
{
	const char *const other_texts[] = { parts->text, "x" };
	const char *const swapped[] = { NULL, parts->text };
	const struct search_cursor_bond others[] = {
		{ .secret = "another", .texts = bond->texts, .count = bond->count },
		{ .secret = bond->secret, .texts = other_texts, .count = 2 },
		{ .secret = bond->secret, .texts = swapped, .count = 2 },
		{ .secret = bond->secret, .texts = bond->texts, .count = 1 },
	};
	char text[SEARCH_CURSOR_SIZE];
	struct search_cursor cursor;

	if (!search_cursor_write(bond, parts->start, parts->id, text) ||
		strcmp(bond->secret, "another") == 0)
		return;
	for (size_t i = 0; i < FUZZ_COUNT(others); i++)
		fuzz_require(!search_cursor_read(&others[i], text, &cursor), "bond %zu", i);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	struct parts parts;
	struct search_cursor cursor;
	char genuine[SEARCH_CURSOR_SIZE];
	const char *texts[2];
	struct search_cursor_bond bond = { .texts = texts, .count = 2 };

	parts.secret = fuzz_line(&input);
	parts.start = fuzz_line(&input);
	parts.id = fuzz_line(&input);
	parts.text = fuzz_line(&input);
	parts.forged = fuzz_rest(&input);
	bond.secret = parts.secret;
	texts[0] = parts.text;
	texts[1] = NULL;
	check_written(&bond, &parts);
	check_bond(&bond, &parts);
	/* Nobody can make one without the secret: what is read is what would have been written. */
	if (search_cursor_read(&bond, parts.forged, &cursor))
		fuzz_require(search_cursor_write(&bond, cursor.start, cursor.id, genuine) &&
				     strcmp(genuine, parts.forged) == 0,
			"forged: %s", parts.forged);
	free(parts.secret);
	free(parts.start);
	free(parts.id);
	free(parts.text);
	free(parts.forged);
	return 0;
}
