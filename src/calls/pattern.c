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
