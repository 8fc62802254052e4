/*
 * Texts of a client on their way into a statement's values: as a pattern for LIKE, as elements of
 * an array, as a part of a name. Read again as PostgreSQL reads them, they mean what they meant.
 * Lines: a number with wildcards, what it is compared with, further texts.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "calls/names.h"
#include "calls/pattern.h"
#include "db/statement.h"
#include "support/fuzz.h"

#define TEXTS_MAX 6

/* Longer ones take a pattern of many wildcards too long. */
#define LENGTH_MAX 24

/*
 * Whether a text is like a pattern. With escapes, as LIKE has it: '_' stands for any character, a
 * backslash before a character for itself. Without, as the API has it: only '%' means more.
 */
static bool
is_like(const char *text, const char *pattern, bool has_escapes)
{
	/* Where to go on after the last '%', which then takes one byte more. */
	const char *behind_wildcard = NULL;
	const char *taken = NULL;

	while (*text != '\0' || *pattern != '\0') {
		bool is_escaped = has_escapes && *pattern == '\\';
		bool is_any = has_escapes && *pattern == '_';

		if (*pattern == '%') {
			behind_wildcard = ++pattern;
			taken = text;
			continue;
		}
		if (is_escaped)
			fuzz_require(pattern[1] != '\0', "a backslash escapes something");
		if (*text != '\0' && (is_any || *text == pattern[is_escaped])) {
			text++;
			pattern += 1 + is_escaped;
			continue;
		}
		if (behind_wildcard == NULL || *taken == '\0')
			return false;
		text = ++taken;
		pattern = behind_wildcard;
	}
	return true;
}

static void
check_pattern(const char *number, const char *text)
{
	char *pattern = pattern_for_like(number);

	fuzz_require(is_like(text, pattern, true) == is_like(text, number, false), "%s is like %s",
		text, number);
	fuzz_require(is_like(number, pattern, true), "%s is like itself", number);
	fuzz_require(pattern_has_wildcard(number) == (strchr(number, '%') != NULL), "%s", number);
	(void)pattern_has_trigram(number);
	free(pattern);
}

/* PostgreSQL manual, 8.15.2. */
static void
check_array(const char *const *texts, size_t count)
{
	char *literal = db_array_literal(texts, count);
	const char *next = literal;

	fuzz_require(*next++ == '{', "it begins");
	for (size_t i = 0; i < count; i++) {
		fuzz_require(i == 0 || *next++ == ',', "a comma");
		fuzz_require(*next++ == '"', "quotes");
		for (const char *text = texts[i]; *text != '\0'; text++) {
			fuzz_require(*next != '"', "quotes inside are escaped");
			next += *next == '\\';
			fuzz_require(*next++ == *text, "%s is in %s", texts[i], literal);
		}
		fuzz_require(*next++ == '"', "quotes end");
	}
	fuzz_require(strcmp(next, "}") == 0, "it ends: %s", literal);
	free(literal);
}

static void
check_name(const char *name, const char *part)
{
	char *lower = name_lower_case(part);
	size_t length = strlen(name) + strlen(part) + 2;
	char *joined = memory_zeroed(length, 1);

	strcat(strcat(joined, part), name);
	fuzz_require(utf8_is_valid(lower, strlen(lower)), "lower case is text: %s", part);
	/* Lower case goes character by character: what is in front changes nothing. */
	fuzz_require(name_contains(joined, lower), "%s is in %s", part, joined);
	free(joined);
	free(lower);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	char *texts[TEXTS_MAX];
	size_t count = 0;

	while (count < TEXTS_MAX)
		texts[count++] = fuzz_line(&input);
	check_array((const char *const *)texts, count);
	if (strlen(texts[0]) <= LENGTH_MAX && strlen(texts[1]) <= LENGTH_MAX)
		check_pattern(texts[0], texts[1]);
	if (utf8_is_text(texts[2], strlen(texts[2])) && utf8_is_text(texts[3], strlen(texts[3])))
		check_name(texts[2], texts[3]);
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	return 0;
}
