#include "calls/pattern.h"

#include <string.h>

#include "base/memory.h"

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

bool
pattern_has_trigram(const char *number)
{
	size_t length;

	for (const char *run = number; *run != '\0'; run += length) {
		bool is_anchored = run == number;

		length = strcspn(run, "0123456789");
		if (length > 0) {
			continue;
		}
		length = strspn(run, "0123456789");
		/* A word's begin and end count as blanks: two in front of it, one behind. */
		if (length >= 3 || (length == 2 && (is_anchored || run[length] == '\0')))
			return true;
	}
	return false;
}
