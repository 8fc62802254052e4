/* A number with wildcards as a client writes it: '%' stands for anything, the rest for itself. */
#ifndef RECORDINGD_CALLS_PATTERN_H
#define RECORDINGD_CALLS_PATTERN_H

#include <stdbool.h>

bool pattern_has_wildcard(const char *number);

/* The same for LIKE, whose '_' and backslash are no wildcards here; the caller frees it. */
char *pattern_for_like(const char *number);

/*
 * Whether an index of trigrams (pg_trgm) finds such numbers well: three digits in a row are known,
 * or two at the begin or the end.
 */
bool pattern_has_trigram(const char *number);

/*
 * Whether the begin leads to fewer numbers than trigrams do: it has many digits, or there is no
 * trigram behind it. It is made of digits, and '+'.
 */
bool pattern_has_prefix(const char *number);

/* Whether each index leads to so many numbers that looking at as many calls may be quicker. */
bool pattern_is_weak(const char *number);

#endif
