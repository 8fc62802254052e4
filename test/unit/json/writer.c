/* JSON text: escapes of RFC 8259, 7, at every position, and blocks that texts run across. */
#include "json/writer.h"

#include <event2/buffer.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define BYTES(literal) literal, sizeof(literal) - 1

/* What stands in the evbuffer, which is freed; the caller frees the text. */
static char *
taken(struct evbuffer *out, size_t *length)
{
	char *text;

	*length = evbuffer_get_length(out);
	text = calloc(*length + 1, 1);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(evbuffer_remove(out, text, *length), (int)*length);
	evbuffer_free(out);
	return text;
}

static const struct {
	const char *text;
	size_t length;
	const char *escaped;
} cases[] = {
	{ BYTES(""), "" },
	{ BYTES("abc"), "abc" },
	{ BYTES("\""), "\\\"" },
	{ BYTES("\\"), "\\\\" },
	{ BYTES("/"), "/" },
	{ BYTES("\b\f\n\r\t"), "\\b\\f\\n\\r\\t" },
	{ BYTES("\0"), "\\u0000" },
	{ BYTES("\x01\x0b\x0e\x1f"), "\\u0001\\u000b\\u000e\\u001f" },
	{ BYTES(" !#[]^`~\x7f"), " !#[]^`~\x7f" },
	{ BYTES("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ BYTES("</script>'&"), "</script>'&" },
	{ BYTES("12345678"), "12345678" },
	{ BYTES("1234567\""), "1234567\\\"" },
	{ BYTES("\"2345678"), "\\\"2345678" },
	{ BYTES("12345678\n12345678"), "12345678\\n12345678" },
};

START_TEST(test_text)
{
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;
	char expected[64];
	size_t length;
	char *text;

	json_writer_open(&writer, out);
	json_text_bytes(&writer, cases[_i].text, cases[_i].length);
	json_writer_close(&writer);
	text = taken(out, &length);
	snprintf(expected, sizeof expected, "\"%s\"", cases[_i].escaped);
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(length, strlen(expected));
	free(text);
}
END_TEST

/* Each byte, at each place of the eight that are looked at together, next to every kind of byte. */
static void
check_byte(int byte)
{
	static const char neighbours[] = { 'x', '!', '#', '[', ']', ' ', '\x7f', '\x80', '\xff' };
	char escape[8] = { (char)byte };

	if (byte < 0x20)
		snprintf(escape, sizeof escape, "\\u%04x", (unsigned)byte);
	if (byte < 0x20 && strchr("\b\f\n\r\t", byte) != NULL && byte != 0)
		snprintf(escape, sizeof escape, "\\%c",
			"bfnrt"[strchr("\b\f\n\r\t", byte) - "\b\f\n\r\t"]);
	if (byte == '"' || byte == '\\')
		snprintf(escape, sizeof escape, "\\%c", byte);
	for (int n = 0; n < UNIT_COUNT(neighbours); n++) {
		for (size_t place = 0; place < 17; place++) {
			char text[17];
			char expected[64];
			char out[6 * sizeof text];
			size_t length = strlen(escape);

			memset(text, neighbours[n], sizeof text);
			text[place] = (char)byte;
			memset(expected, neighbours[n], sizeof expected);
			memcpy(expected + place, escape, length);
			ck_assert_uint_eq(
				(size_t)(json_escape(out, text, sizeof text) - out), 16 + length);
			ck_assert_int_eq(memcmp(out, expected, 16 + length), 0);
		}
	}
}

START_TEST(test_every_byte)
{
	for (int byte = 0; byte < 256; byte++)
		check_byte(byte);
}
END_TEST

static const struct {
	int64_t number;
	const char *text;
} number_cases[] = {
	{ 0, "0" },
	{ -1, "-1" },
	{ 10, "10" },
	{ 2147483648, "2147483648" },
	{ INT64_MAX, "9223372036854775807" },
	{ INT64_MIN, "-9223372036854775808" },
};

START_TEST(test_number)
{
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;
	size_t length;
	char *text;

	json_writer_open(&writer, out);
	json_number(&writer, number_cases[_i].number);
	json_writer_close(&writer);
	text = taken(out, &length);
	ck_assert_str_eq(text, number_cases[_i].text);
	free(text);
}
END_TEST

/* The calls one after the other, behind what was in the evbuffer already. */
START_TEST(test_all)
{
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;
	size_t length;
	char *text;
	char *room;

	ck_assert_int_eq(evbuffer_add(out, "before ", 7), 0);
	json_writer_open(&writer, out);
	ck_assert_uint_eq(json_writer_length(&writer), 7);
	json_raw(&writer, "{\"a\":");
	ck_assert_uint_eq(json_writer_length(&writer), 12);
	json_text_or_null(&writer, NULL);
	json_raw_bytes(&writer, ",\"b\":xyz", 5);
	json_text_or_null(&writer, "\n");
	json_raw(&writer, ",\"c\":");
	json_text(&writer, "");
	room = json_reserve(&writer, 3);
	memcpy(room, ",\"d", 3);
	writer.next = room + 3;
	json_raw(&writer, "\":");
	json_number(&writer, -5);
	json_raw(&writer, "}");
	ck_assert_uint_eq(json_writer_length(&writer),
		7 + strlen("{\"a\":null,\"b\":\"\\n\",\"c\":\"\",\"d\":-5}"));
	json_writer_close(&writer);
	ck_assert_int_eq(evbuffer_add(out, " behind", 7), 0);
	text = taken(out, &length);
	ck_assert_str_eq(text, "before {\"a\":null,\"b\":\"\\n\",\"c\":\"\",\"d\":-5} behind");
	free(text);
}
END_TEST

START_TEST(test_nothing)
{
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;

	json_writer_open(&writer, out);
	ck_assert_uint_eq(json_writer_length(&writer), 0);
	json_writer_close(&writer);
	ck_assert_uint_eq(evbuffer_get_length(out), 0);
	/* Room that nobody used is given back. */
	json_writer_open(&writer, out);
	(void)json_reserve(&writer, 100);
	json_writer_close(&writer);
	ck_assert_uint_eq(evbuffer_get_length(out), 0);
	evbuffer_free(out);
}
END_TEST

/* Texts of all lengths across the ends of blocks, of bytes that need none or the longest escape. */
START_TEST(test_blocks)
{
	struct evbuffer *out = evbuffer_new();
	struct json_writer writer;
	struct json_object *array;
	static char long_text[40000];
	size_t length;
	char *text;
	enum { COUNT = 120 };

	memset(long_text, _i == 0 ? 'x' : '\x1f', sizeof(long_text) - 1);
	json_writer_open(&writer, out);
	for (int i = 0; i < COUNT; i++) {
		size_t before = json_writer_length(&writer);
		size_t bytes = (size_t)i * 333;

		json_raw(&writer, i == 0 ? "[" : ",");
		json_text_bytes(&writer, long_text, bytes);
		ck_assert_uint_eq(json_writer_length(&writer),
			before + 1 + 2 + bytes * (_i == 0 ? 1 : strlen("\\u001f")));
	}
	json_raw(&writer, "]");
	json_writer_close(&writer);
	text = taken(out, &length);
	ck_assert_uint_eq(strlen(text), length);
	array = json_tokener_parse(text);
	ck_assert_ptr_nonnull(array);
	ck_assert_uint_eq(json_object_array_length(array), COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		struct json_object *item = json_object_array_get_idx(array, i);

		ck_assert_int_eq(json_object_get_string_len(item), (int)i * 333);
		ck_assert_int_eq(memcmp(json_object_get_string(item), long_text, i * 333), 0);
	}
	json_object_put(array);
	free(text);
}
END_TEST

static Suite *
writer_suite(void)
{
	Suite *suite = suite_create("json/writer");

	unit_add_loop(suite, "text", test_text, UNIT_COUNT(cases));
	unit_add(suite, "every byte", test_every_byte);
	unit_add_loop(suite, "number", test_number, UNIT_COUNT(number_cases));
	unit_add(suite, "all", test_all);
	unit_add(suite, "nothing", test_nothing);
	unit_add_loop(suite, "blocks", test_blocks, 2);
	return suite;
}

UNIT_MAIN(writer_suite)
