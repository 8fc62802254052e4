/*
 * A text that json_syntax_check() lets through, as json-c's tree. json-c's own reader is not asked:
 * when memory is out it loses texts or crashes, and an answer to half a question looks like any
 * other. Here that ends the process (memory_exhausted()).
 */
#ifndef RECORDINGD_JSON_TREE_H
#define RECORDINGD_JSON_TREE_H

#include <stddef.h>

struct json_object;

/* The caller owns it; NULL is JSON's null. The text must have passed, and end in a NUL. */
struct json_object *json_tree_read(const char *text);

/* What a string with both its quotes stands for, which free() releases. */
char *json_tree_string(const char *quoted) __attribute__((malloc, returns_nonnull));

#endif
