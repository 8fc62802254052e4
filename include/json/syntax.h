/*
 * RFC 8259 to the letter, over a whole text. What passes is made a tree by json/tree.h; json-c by
 * itself lets comments, single quotes, NaN, raw control characters and more through, even in strict
 * mode.
 */
#ifndef RECORDINGD_JSON_SYNTAX_H
#define RECORDINGD_JSON_SYNTAX_H

#include <stddef.h>

#include "base/error.h"

/* How deep arrays and objects may be nested. Far above what any body needs. */
#define JSON_DEPTH_MAX 31

/*
 * invalid_json: not one JSON value, not UTF-8, or nested too deeply; the message tells the byte.
 * invalid_parameter: U+0000 in a string, or a field that an object repeats.
 */
bool json_syntax_check(const char *text, size_t length, struct error *error) MUST_CHECK;

#endif
