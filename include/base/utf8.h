/*
 * UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef RECORDINGD_BASE_UTF8_H
#define RECORDINGD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_is_valid(const char *text, size_t length);

/* Valid UTF-8 without U+0000: what PostgreSQL can hold as text. */
bool utf8_is_text(const char *text, size_t length);

/* Characters of a valid text. */
size_t utf8_length(const char *text);

/* Bytes of a valid text's longest beginning of whole characters within max_bytes: for "%.*s". */
size_t utf8_prefix(const char *text, size_t max_bytes);

/* A valid text's longest end of whole characters within max_bytes: where it begins, in text. */
const char *utf8_suffix(const char *text, size_t max_bytes);

/* Cuts an incomplete last character off a text that was truncated by bytes. */
void utf8_trim_partial(char *text);

#endif
