#include "calls/pattern.h"

#include <string.h>

#include "base/memory.h"

/* So many digits lead to few numbers: with an area code, to one in a thousand. */
#define PREFIX_MIN 4

bool
pattern_has_wildcard(const char *number)
{
	return strchr(number, '%') != NULL;
}

char *
pattern_for_like(const char *number)
{
	char *pattern = memory_resized(NULL, strlen(number) * 2 + 1, 1);
	char *out = pattern;

	for (; *number != '\0'; number++) {
		if (*number == '_' || *number == '\\')
			*out++ = '\\';
		*out++ = *number;
	}
	*out = '\0';
	return pattern;
}

#define DIGITS "0123456789"

/* Whether there is a trigram in the pattern from here on; from its begin when it is anchored. */
static bool
has_trigram_from(const char *run, bool is_anchored)
{
	while (*run != '\0') {
		size_t length = strspn(run, DIGITS);

		/* A word's begin and end count as blanks: two in front of it, one behind. */
		if (length >= 3 || (length == 2 && (is_anchored || run[length] == '\0')))
			return true;
		run += length;
		run += strcspn(run, DIGITS);
		is_anchored = false;
	}
	return false;
}

bool
pattern_has_trigram(const char *number)
{
	return has_trigram_from(number, true);
}

bool
pattern_has_prefix(const char *number)
{
	size_t length = strspn(number, "+" DIGITS);

	return length >= PREFIX_MIN || (length > 0 && !has_trigram_from(number + length, false));
}

bool
pattern_is_weak(const char *number)
{
	size_t longest = 0;

	while (*number != '\0') {
		size_t length = strspn(number, DIGITS);

		if (length > longest)
			longest = length;
		number += length;
		number += strcspn(number, DIGITS);
	}
	return longest < 3;
}
