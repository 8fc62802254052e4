/* The tree of a text: the same as json-c itself makes of it while there is memory. */
#include "json/tree.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit.h"
#include "json/syntax.h"

static const char *const cases[] = {
	"{}",
	"[]",
	"null",
	"true",
	"false",
	"\"\"",
	"0",
	"-0",
	"-12",
	"9007199254740993",
	"9223372036854775807",
	"-9223372036854775808",
	"0.5",
	"-1.25e+3",
	"1E2",
	"12.0",
	"1e999",
	" \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 ] \t\r\n",
	"[null,true,[false,[[]],{}],\"a\",{\"b\":null}]",
	"{\"a\":1,\"b\":{\"a\":[1,2,{\"c\":\"d\"}]},\"\":\"\"}",
	" { \"a\" : 1 , \"b\" : [ ] } ",
	"{\"\\u0061\\n\":\"\\\"\"}",
	("\"a longer text than json-c keeps in one piece: "
	 "0123456789012345678901234567890123456789\""),
	"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
	"\"\\\\\\\\\"",
	"\"\\u0001\\u007f\\u0080\\u07ff\\u0800\\uFFFF\"",
	"\"x\\ud800\\udc00\\uD83D\\uDE00\\uDBFF\\uDFFFy\"",
	"\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"",
};

START_TEST(test_same_as_json_c)
{
	struct json_object *read, *expected;
	struct error error;

	ck_assert(json_syntax_check(cases[_i], strlen(cases[_i]), &error));
	read = json_tree_read(cases[_i]);
	expected = json_tokener_parse(cases[_i]);
	ck_assert_msg(json_object_equal(read, expected), "%s is read as %s", cases[_i],
		json_object_to_json_string(read));
	ck_assert_int_eq(json_object_get_type(read), json_object_get_type(expected));
	json_object_put(read);
	json_object_put(expected);
}
END_TEST

static const struct {
	const char *text;
	int64_t number;
} large_numbers[] = {
	{ "9223372036854775808", INT64_MAX },
	{ "123456789012345678901234567890", INT64_MAX },
	{ "-123456789012345678901234567890", INT64_MIN },
};

START_TEST(test_large_numbers)
{
	struct json_object *read = json_tree_read(large_numbers[_i].text);

	ck_assert_int_eq(json_object_get_type(read), json_type_int);
	ck_assert_int_eq(json_object_get_int64(read), large_numbers[_i].number);
	json_object_put(read);
}
END_TEST

static const struct {
	const char *quoted;
	const char *text;
} strings[] = {
	{ "\"\"", "" },
	{ "\"a\":1", "a" },
	{ "\"\\u00e4\\ud83d\\ude00\\/\\\\\\\"\"", "\xc3\xa4\xf0\x9f\x98\x80/\\\"" },
	{ "\"\\b\\f\\n\\r\\t\\u001f\"", "\b\f\n\r\t\x1f" },
};

START_TEST(test_string)
{
	char *text = json_tree_string(strings[_i].quoted);

	ck_assert_str_eq(text, strings[_i].text);
	free(text);
}
END_TEST

static const char *const items[] = { "0", "-1.5e3", "true", "null", "\"a\"", "[]", "{\"a\":1}" };

/* Linear time, some hundredths of a second; to look at the rest of the text for each takes 10 s. */
START_TEST(test_many_values)
{
	const size_t item = strlen(items[_i]), count = 2000000 / (item + 1);
	char *text = malloc(count * (item + 1) + 2);
	struct json_object *read;
	clock_t began = clock();

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < count; i++) {
		memcpy(text + 1 + i * (item + 1), items[_i], item);
		text[1 + i * (item + 1) + item] = ',';
	}
	text[0] = '[';
	strcpy(text + count * (item + 1), "]");
	read = json_tree_read(text);
	ck_assert_uint_eq(json_object_array_length(read), count);
	ck_assert_int_lt(clock() - began, 5 * CLOCKS_PER_SEC);
	json_object_put(read);
	free(text);
}
END_TEST

static Suite *
tree_suite(void)
{
	Suite *suite = suite_create("json/tree");

	unit_add_loop(suite, "same_as_json_c", test_same_as_json_c, UNIT_COUNT(cases));
	unit_add_loop(suite, "large_numbers", test_large_numbers, UNIT_COUNT(large_numbers));
	unit_add_loop(suite, "many_values", test_many_values, UNIT_COUNT(items));
	unit_add_loop(suite, "string", test_string, UNIT_COUNT(strings));
	return suite;
}

UNIT_MAIN(tree_suite)
