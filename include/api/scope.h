/* What a token opens: every route belongs to one scope, a token has some. */
#ifndef RECORDINGD_API_SCOPE_H
#define RECORDINGD_API_SCOPE_H

#include "base/error.h"

/* Bits, so that a token's scopes are one number. */
enum scope {
	SCOPE_OPEN = 0, /* of a route that needs no token */
	SCOPE_RECORDS = 1 << 0,
	SCOPE_AUDIO = 1 << 1,
	SCOPE_HISTORY = 1 << 2,
	SCOPE_CEL = 1 << 3,
	SCOPE_WRITE = 1 << 4,
	SCOPE_METRICS = 1 << 5,
	SCOPE_ALL = (1 << 6) - 1,
};

/* For messages and the usage. */
#define SCOPE_NAMES "records, audio, history, cel, write, metrics, all"

/* Reads "records,audio"; false when an entry is no scope, or there is none. */
bool scopes_parse(const char *text, unsigned *scopes) MUST_CHECK;

/* The name of one scope. */
const char *scope_name(enum scope scope);

#endif
