/*
 * A file of tokens: a byte that chooses how it begins, then its lines. What is taken has a name,
 * scopes and a digest, as its line says; what is refused is told without showing what may be a
 * token.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/token.h"
#include "api/token_file.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "support/fuzz.h"

/* Stands where a digest should, and must be seen in no message. */
#define SECRET "sEcReTsEcReT"

static const char *const beginnings[] = { "", "crm records " SECRET, "crm records sha256:" SECRET };

struct seen {
	const char *text;
	size_t length;
	unsigned count;
};

/* The line of that number; false when there is none. */
static bool
find_line(const struct seen *seen, unsigned number, const char **line, size_t *length)
{
	const char *end = seen->text + seen->length;
	const char *line_end;

	*line = seen->text;
	for (; number > 1; number--) {
		line_end = memchr(*line, '\n', (size_t)(end - *line));
		if (line_end == NULL)
			return false;
		*line = line_end + 1;
	}
	line_end = memchr(*line, '\n', (size_t)(end - *line));
	*length = (size_t)((line_end == NULL ? end : line_end) - *line);
	return true;
}

/* The digest as its line has it, in digits of either case. */
static bool
line_has_digest(const char *line, size_t length, const unsigned char *digest)
{
	char wanted[TOKEN_DIGEST_BYTES * 2 + 1];

	for (size_t i = 0; i < TOKEN_DIGEST_BYTES; i++)
		snprintf(wanted + 2 * i, 3, "%02x", digest[i]);
	for (; length >= sizeof wanted - 1; line++, length--) {
		if (strncasecmp(line, wanted, sizeof wanted - 1) == 0)
			return true;
	}
	return false;
}

static bool
on_token(const struct token *token, void *context, struct error *error)
{
	struct seen *seen = context;
	const char *line = NULL;
	size_t length = 0;

	(void)error;
	fuzz_require(token_name_is_valid(token->name), "a name: %s", token->name);
	fuzz_require(token->scopes != 0, "scopes of %s", token->name);
	fuzz_require(token->line > 0 && find_line(seen, token->line, &line, &length), "line %u",
		token->line);
	fuzz_require(memmem(line, length, token->name, strlen(token->name)) != NULL,
		"%s is in its line", token->name);
	fuzz_require(line_has_digest(line, length, token->digest),
		"the digest is in its line: %.*s", (int)length, line);
	seen->count++;
	return true;
}

static void
load(const char *text, size_t length)
{
	struct seen seen = { .text = text, .length = length };
	struct error error = { 0 };
	struct token_set *set;
	const char *file = fuzz_file((const uint8_t *)text, length, NULL);

	if (!token_file_read(file, on_token, &seen, &error)) {
		fuzz_require(strchr(error.message, '\n') == NULL &&
				     utf8_is_valid(error.message, strlen(error.message)),
			"a message: %s", error.message);
		fuzz_require(strstr(error.message, SECRET) == NULL, "no secret: %s", error.message);
	}
	set = token_set_new("", file, &error);
	fuzz_require(set == NULL || seen.count > 0, "a set has a token");
	token_set_free(set);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	const char *beginning = beginnings[fuzz_byte(&input) % FUZZ_COUNT(beginnings)];
	size_t length = strlen(beginning);
	char *text;

	if (input.size > 0 && memmem(input.data, input.size, "sEcReT", 6) != NULL)
		return 0;
	text = memory_zeroed(length + input.size + 1, 1);
	memcpy(text, beginning, length);
	if (input.size > 0)
		memcpy(text + length, input.data, input.size);
	load(text, length + input.size);
	free(text);
	return 0;
}
