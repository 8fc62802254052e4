/*
 * A text that may be JSON: what the check of syntax lets through is a tree for json-c, to the last
 * byte, and the same one after it was written again, also with recordingd's own writer.
 */
#include <event2/buffer.h>
#include <json-c/json.h>
#include <json-c/json_visit.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "support/fuzz.h"
#include "json/syntax.h"
#include "json/writer.h"

static struct json_object *
parse(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *json;
	char *copy = memory_text(text, length);

	fuzz_require(tokener != NULL, "memory for a parser");
	json = json_tokener_parse_ex(tokener, copy, (int)length + 1);
	fuzz_require(json_tokener_get_error(tokener) == json_tokener_success, "json-c takes %s: %s",
		copy, json_tokener_error_desc(json_tokener_get_error(tokener)));
	json_tokener_free(tokener);
	free(copy);
	return json;
}

/* Each string of a tree, by the writer, comes back as it was. */
static void
check_string(struct json_object *string)
{
	const char *text = json_object_get_string(string);
	size_t length = (size_t)json_object_get_string_len(string);
	struct json_writer writer;
	struct json_object *again;
	char *written;

	fuzz_require(utf8_is_text(text, length), "U+0000 and halves of characters are refused");
	json_writer_open_memory(&writer, 16);
	json_text_bytes(&writer, text, length);
	length = json_writer_length(&writer);
	written = json_writer_take_memory(&writer);
	again = parse(written, length);
	fuzz_require(json_object_equal(string, again), "%s comes back", text);
	json_object_put(again);
	free(written);
}

static int
visit(struct json_object *json, int flags, struct json_object *parent, const char *key,
	size_t *index, void *context)
{
	(void)parent;
	(void)index;
	(void)context;
	if (flags != JSON_C_VISIT_SECOND && json_object_is_type(json, json_type_string))
		check_string(json);
	fuzz_require(key == NULL || utf8_is_text(key, strlen(key)), "a name is text");
	return JSON_C_VISIT_RETURN_CONTINUE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = { 0 };
	struct json_object *json;

	if (size > 16384)
		return 0;
	if (!json_syntax_check((const char *)data, size, &error)) {
		fuzz_require(
			error.code == ERROR_INVALID_JSON || error.code == ERROR_INVALID_PARAMETER,
			"a client's error");
		fuzz_require(utf8_is_text(error.message, strlen(error.message)), "a message");
		return 0;
	}
	fuzz_require(utf8_is_text((const char *)data, size), "UTF-8 alone");
	json = parse((const char *)data, size);
	(void)json_c_visit(json, 0, visit, NULL);
	json_object_put(json);
	return 0;
}
