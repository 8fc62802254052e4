/* Expectations on replies. In expected JSON, ' stands for ". */
#ifndef RECORDINGD_TEST_JSON_ASSERT_H
#define RECORDINGD_TEST_JSON_ASSERT_H

#include <json-c/json.h>
#include <stdbool.h>

#include "support/http_client.h"

/* What the contract says of every reply; http_client.c calls it. */
void expect_general(const struct reply *reply, const char *target, bool is_head);

/* The status, with the body in the message when it is another. */
void expect_status(const struct reply *reply, long status);

/* Status and body; the order of an object's members does not matter. */
void expect_json(const struct reply *reply, long status, const char *expected);

/* Status, {"error":"<code>","message":…}, and a message that holds each of the words, NULL ended.
 */
void expect_error(const struct reply *reply, long status, const char *code, ...)
	__attribute__((sentinel));

/* The member at a path such as "records", "records.0.id"; NULL when there is none. */
struct json_object *json_at(struct json_object *value, const char *path);

/* Its text ("null" for null); fails the test when there is none. */
const char *json_text(const struct reply *reply, const char *path);

/*
 * One member of each element of an array, with blanks between: json_column(reply, "records", "id")
 * is "r1 r2". The path "" is the reply itself.
 */
char *json_column(const struct reply *reply, const char *array_path, const char *member);

#endif
