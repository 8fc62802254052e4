#include "api/scope.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	enum scope scope;
} names[] = {
	{ "records", SCOPE_RECORDS },
	{ "audio", SCOPE_AUDIO },
	{ "history", SCOPE_HISTORY },
	{ "cel", SCOPE_CEL },
	{ "write", SCOPE_WRITE },
	{ "metrics", SCOPE_METRICS },
	{ "all", SCOPE_ALL },
};

#define NAMES (sizeof names / sizeof *names)

bool
scopes_parse(const char *text, unsigned *scopes)
{
	*scopes = 0;
	for (;;) {
		size_t length = strcspn(text, ",");
		size_t i = 0;

		while (i < NAMES && (strlen(names[i].name) != length ||
					    memcmp(names[i].name, text, length) != 0))
			i++;
		if (i == NAMES)
			return false;
		*scopes |= names[i].scope;
		if (text[length] == '\0')
			return true;
		text += length + 1;
	}
}

const char *
scope_name(enum scope scope)
{
	for (size_t i = 0; i < NAMES; i++) {
		if (names[i].scope == scope)
			return names[i].name;
	}
	return "";
}
