/*
 * RFC 8259 to the letter: what is JSON, what is not and at which byte it stops being so, and the
 * contract's own rules on repeated fields and U+0000.
 */
#include "json/syntax.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "unit.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static bool
check(const char *text, size_t length, struct error *error)
{
	/* Exactly that size, so that the sanitizer sees a look behind it. */
	char *copy = malloc(length + 1);
	bool is_json;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy + 1, text, length);
	*error = (struct error){ .code = ERROR_NONE };
	is_json = json_syntax_check(copy + 1, length, error);
	free(copy);
	return is_json;
}

/* What passes, json-c must be able to read, as it does afterwards. */
static void
check_readable(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	char *copy = calloc(length + 1, 1);

	memcpy(copy, text, length);
	json_object_put(json_tokener_parse_ex(tokener, copy, (int)length + 1));
	ck_assert_msg(json_tokener_get_error(tokener) == json_tokener_success, "\"%s\": %s", text,
		json_tokener_error_desc(json_tokener_get_error(tokener)));
	json_tokener_free(tokener);
	free(copy);
}

static const struct {
	const char *text;
	size_t length;
} good_cases[] = {
	/* Any value, with any of the four blanks around (2 and 3). */
	{ BYTES("{}") },
	{ BYTES("[]") },
	{ BYTES("\"\"") },
	{ BYTES("0") },
	{ BYTES("true") },
	{ BYTES("false") },
	{ BYTES("null") },
	{ BYTES(" \t\r\n{ \t\r\n} \t\r\n") },
	{ BYTES("\n[\r1\t, 2 ]\n") },
	{ BYTES("{\"a\":1}") },
	{ BYTES("{ \"a\" : 1 , \"b\" : [ { } , [ ] ] }") },
	{ BYTES("{\"\":null}") },
	{ BYTES("[[],{},[{}],[null,true,false,\"\",0]]") },
	{ BYTES("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}") }, /* the same name, other objects */
	{ BYTES("[{\"a\":1},{\"a\":1}]") },
	{ BYTES("{\"a\":1,\"A\":1,\"a \":1}") },
	/* Numbers (6). */
	{ BYTES("-0") },
	{ BYTES("-1") },
	{ BYTES("10") },
	{ BYTES("0.0") },
	{ BYTES("0.10") },
	{ BYTES("-0.1") },
	{ BYTES("1e5") },
	{ BYTES("1E5") },
	{ BYTES("1e+05") },
	{ BYTES("0e-00") },
	{ BYTES("12.34e56") },
	{ BYTES("123456789012345678901234567890") },
	{ BYTES("1e999") },
	/* Strings (7). */
	{ BYTES("\"a b\"") },
	{ BYTES("\"/\"") },
	{ BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"") },
	{ BYTES("\"\\u0001\\u0020\\u00e4\\u00E4\\uFFFF\"") },
	{ BYTES("\"\\ud7ff\\ue000\"") },
	{ BYTES("\"\\ud800\\udc00\"") },
	{ BYTES("\"\\uDBFF\\uDFFF\"") },
	{ BYTES("\"x\\ud83d\\ude00y\"") },
	{ BYTES("\"\x7f\"") },
	{ BYTES("\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"") },
	{ BYTES("\"\xe2\x80\xa8\xe2\x80\xa9\"") }, /* U+2028 and U+2029 */
	{ BYTES("\"[{]}:,'#//\"") },
	{ BYTES("\"\\\\u0000\"") },
};

START_TEST(test_good)
{
	struct error error;

	ck_assert_msg(check(good_cases[_i].text, good_cases[_i].length, &error), "%s: %s",
		good_cases[_i].text, error.message);
	check_readable(good_cases[_i].text, good_cases[_i].length);
}
END_TEST

/* No beginning of a value is one: but of a number, which json-c would wait for as well. */
START_TEST(test_beginnings)
{
	struct error error;
	const char *text = good_cases[_i].text;

	if (strpbrk(text, "{[\"tfn") == NULL)
		return;
	for (size_t length = 0; length < strlen(text); length++) {
		if (strspn(text + length, " \t\r\n") == strlen(text + length))
			continue;
		ck_assert_msg(!check(text, length, &error), "%.*s", (int)length, text);
		ck_assert_int_eq(error.code, ERROR_INVALID_JSON);
	}
}
END_TEST

/* invalid_json, and the byte from 0 at which no JSON can go on; -1: the whole is not UTF-8. */
static const struct {
	const char *text;
	size_t length;
	int position;
} bad_cases[] = {
	{ BYTES(""), 0 },
	{ BYTES(" \n"), 2 },
	{ BYTES("\xef\xbb\xbf{}"), 0 }, /* 8.1: no byte order mark */
	{ BYTES("{} {}"), 3 },
	{ BYTES("1 2"), 2 },
	{ BYTES("{}x"), 2 },
	{ BYTES("{}\0"), 2 },
	{ BYTES("\0"), 0 },
	{ BYTES("]"), 0 },
	{ BYTES("}"), 0 },
	{ BYTES(","), 0 },
	{ BYTES(":"), 0 },
	{ BYTES("[1,]"), 3 },
	{ BYTES("[,1]"), 1 },
	{ BYTES("[1,,2]"), 3 },
	{ BYTES("[1 2]"), 3 },
	{ BYTES("[1:2]"), 2 },
	{ BYTES("[1}"), 2 },
	{ BYTES("{\"a\":1]"), 6 },
	{ BYTES("{\"a\":1,}"), 7 },
	{ BYTES("{,\"a\":1}"), 1 },
	{ BYTES("{\"a\"}"), 4 },
	{ BYTES("{\"a\":}"), 5 },
	{ BYTES("{\"a\",1}"), 4 },
	{ BYTES("{\"a\" 1}"), 5 },
	{ BYTES("{\"a\":1 \"b\":2}"), 7 },
	{ BYTES("{\"a\":1:2}"), 6 },
	{ BYTES("{a:1}"), 1 },
	{ BYTES("{1:1}"), 1 },
	{ BYTES("{null:1}"), 1 },
	{ BYTES("{[]:1}"), 1 },
	/* What json-c lets through. */
	{ BYTES("{'a':1}"), 1 },
	{ BYTES("'a'"), 0 },
	{ BYTES("/* a */ {}"), 0 },
	{ BYTES("{} // a"), 3 },
	{ BYTES("[1] # a"), 4 },
	{ BYTES("NaN"), 0 },
	{ BYTES("Infinity"), 0 },
	{ BYTES("-Infinity"), 1 },
	{ BYTES("True"), 0 },
	{ BYTES("NULL"), 0 },
	{ BYTES("nul"), 0 },
	{ BYTES("tru"), 0 },
	{ BYTES("truex"), 4 },
	{ BYTES("undefined"), 0 },
	{ BYTES("\v{}"), 0 },
	{ BYTES("\f{}"), 0 },
	{ BYTES("\xc2\xa0{}"), 0 }, /* U+00A0 is no blank of JSON */
	/* Numbers. */
	{ BYTES("-"), 1 },
	{ BYTES("+1"), 0 },
	{ BYTES("01"), 1 },
	{ BYTES("-01"), 2 },
	{ BYTES("00"), 1 },
	{ BYTES("0x1"), 1 },
	{ BYTES(".5"), 0 },
	{ BYTES("1."), 2 },
	{ BYTES("1.e5"), 2 },
	{ BYTES("1e"), 2 },
	{ BYTES("1e+"), 3 },
	{ BYTES("1e5.5"), 3 },
	{ BYTES("1.5.5"), 3 },
	{ BYTES("--1"), 1 },
	{ BYTES("1_000"), 1 },
	{ BYTES("1f"), 1 },
	/* Strings. */
	{ BYTES("\""), 1 },
	{ BYTES("\"a"), 2 },
	{ BYTES("\"a\\"), 3 },
	{ BYTES("\"a\\\""), 4 },
	{ BYTES("\"a\nb\""), 2 },
	{ BYTES("\"a\tb\""), 2 },
	{ BYTES("\"a\0b\""), 2 },
	{ BYTES("\"\x1f\""), 1 },
	{ BYTES("\"\\x41\""), 2 },
	{ BYTES("\"\\'\""), 2 },
	{ BYTES("\"\\0\""), 2 },
	{ BYTES("\"\\\0\""), 2 },
	{ BYTES("\"\\U0041\""), 2 },
	{ BYTES("\"\\\n\""), 2 },
	{ BYTES("\"\\u\""), 3 },
	{ BYTES("\"\\u123\""), 6 },
	{ BYTES("\"\\u12g4\""), 5 },
	{ BYTES("\"\\u+123\""), 3 },
	{ BYTES("\"\\u{41}\""), 3 },
	/* Lone surrogates: the byte behind the escape that has no partner. */
	{ BYTES("\"\\ud800\""), 7 },
	{ BYTES("\"\\udc00\""), 7 },
	{ BYTES("\"\\udfff\\ud800\""), 7 },
	{ BYTES("\"\\ud800x\""), 7 },
	{ BYTES("\"\\ud800\\n\""), 7 },
	{ BYTES("\"\\ud800\\ud800\""), 13 },
	{ BYTES("\"\\ud800\\u0041\""), 13 },
	{ BYTES("\"\\ud800\\u00\""), 11 },
	{ BYTES("{\"\\udc00\":1}"), 8 },
	/* Not UTF-8. */
	{ BYTES("\"\xff\""), -1 },
	{ BYTES("\"\xc3\""), -1 },
	{ BYTES("\"\xc0\x80\""), -1 },
	{ BYTES("\"\xed\xa0\x80\""), -1 },
	{ BYTES("{}\x80"), -1 },
};

START_TEST(test_bad)
{
	struct error error;
	char start[64] = "the body is not UTF-8";

	ck_assert_msg(
		!check(bad_cases[_i].text, bad_cases[_i].length, &error), "%s", bad_cases[_i].text);
	ck_assert_int_eq(error.code, ERROR_INVALID_JSON);
	if (bad_cases[_i].position >= 0)
		snprintf(start, sizeof start,
			"the body is not JSON at byte %d: ", bad_cases[_i].position);
	ck_assert_msg(strncmp(error.message, start, strlen(start)) == 0, "\"%s\": %s",
		bad_cases[_i].text, error.message);
}
END_TEST

/* Well-formed, but a value nobody can have: invalid_parameter. */
static const struct {
	const char *text;
	const char *message;
} value_cases[] = {
	{ "\"\\u0000\"", "U+0000 is not allowed" },
	{ "[\"a\\u0000b\"]", "U+0000 is not allowed" },
	{ "{\"a\":\"\\u0000\"}", "U+0000 is not allowed in \"a\"" },
	{ "{\"a\":1,\"b\":[\"\\u0000\"]}", "U+0000 is not allowed in \"b\"" },
	{ "{\"\\u0000\":1}", "U+0000 is not allowed" },
	{ "{\"a\":1,\"a\":1}", "the field \"a\" is repeated" },
	{ "{\"a\":1,\"b\":2,\"a\":null}", "the field \"a\" is repeated" },
	{ "{\"a\":1,\"\\u0061\":1}", "the field \"a\" is repeated" },
	{ "{\"/\":1,\"\\/\":1}", "the field \"/\" is repeated" },
	{ "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}",
		"the field \"\xf0\x9f\x98\x80\" is repeated" },
	{ "{\"\":1,\"\":1}", "the field \"\" is repeated" },
	{ "[{\"a\":{\"b\":1,\"b\":2}}]", "the field \"b\" is repeated" },
	{ "{\"a\":{\"b\":1},\"a\":{}}", "the field \"a\" is repeated" },
};

START_TEST(test_value)
{
	struct error error;

	ck_assert(!check(value_cases[_i].text, strlen(value_cases[_i].text), &error));
	ck_assert_int_eq(error.code, ERROR_INVALID_PARAMETER);
	ck_assert_str_eq(error.message, value_cases[_i].message);
}
END_TEST

/* A name that is cut in a message is cut at a whole character, wherever that falls. */
START_TEST(test_long_name)
{
	char name[200] = "xxxx";
	char text[512];
	struct error error;

	name[_i] = '\0';
	for (int i = 0; i < 40; i++)
		strcat(name, "\xe2\x82\xac");
	snprintf(text, sizeof text, "{\"%s\":\"\\u0000\"}", name);
	ck_assert(!check(text, strlen(text), &error));
	ck_assert_int_eq(error.code, ERROR_INVALID_PARAMETER);
	ck_assert_msg(utf8_is_valid(error.message, strlen(error.message)), "%s", error.message);
	snprintf(text, sizeof text, "{\"%s\":1,\"%s\":2}", name, name);
	ck_assert(!check(text, strlen(text), &error));
	ck_assert_int_eq(error.code, ERROR_INVALID_PARAMETER);
	ck_assert_msg(utf8_is_valid(error.message, strlen(error.message)), "%s", error.message);
}
END_TEST

/* Nested depth times: arrays, objects, both in turn; with a value in the innermost one. */
static void
nest(char text[static 4096], int kind, int depth)
{
	char ends[256] = "";

	*text = '\0';
	for (int i = 0; i < depth; i++) {
		bool is_object = kind == 1 || (kind == 2 && i % 2 == 1);

		strcat(text, is_object ? "{\"a\":" : "[");
		memmove(ends + 1, ends, strlen(ends) + 1);
		ends[0] = is_object ? '}' : ']';
	}
	strcat(text, "1");
	strcat(text, ends);
}

START_TEST(test_depth)
{
	char text[4096];
	struct error error;

	for (int depth = 1; depth <= JSON_DEPTH_MAX; depth++) {
		nest(text, _i, depth);
		ck_assert_msg(check(text, strlen(text), &error), "%d: %s", depth, error.message);
		check_readable(text, strlen(text));
	}
	nest(text, _i, JSON_DEPTH_MAX + 1);
	ck_assert(!check(text, strlen(text), &error));
	ck_assert_int_eq(error.code, ERROR_INVALID_JSON);
}
END_TEST

/* Neither stack nor time grows with what a body of the largest size can hold. */
START_TEST(test_large)
{
	enum { BYTES_MAX = 4 << 20 };
	char *text = malloc(BYTES_MAX);
	struct error error;
	size_t length = 0;

	ck_assert_ptr_nonnull(text);
	memset(text, '[', BYTES_MAX);
	ck_assert(!check(text, BYTES_MAX, &error));
	ck_assert_int_eq(error.code, ERROR_INVALID_JSON);
	/* Thousands of names in one object, and the first one again. */
	length = 1;
	text[0] = '{';
	for (int i = 0; i < 20000; i++)
		length += (size_t)sprintf(text + length, "\"name %d\":%d,", i, i);
	strcpy(text + length, "\"name 0\":1}");
	ck_assert(!check(text, strlen(text), &error));
	ck_assert_str_eq(error.message, "the field \"name 0\" is repeated");
	strcpy(text + length, "\"name\":1}");
	ck_assert(check(text, strlen(text), &error));
	free(text);
}
END_TEST

static Suite *
syntax_suite(void)
{
	Suite *suite = suite_create("json/syntax");

	unit_add_loop(suite, "good", test_good, UNIT_COUNT(good_cases));
	unit_add_loop(suite, "beginnings", test_beginnings, UNIT_COUNT(good_cases));
	unit_add_loop(suite, "bad", test_bad, UNIT_COUNT(bad_cases));
	unit_add_loop(suite, "value", test_value, UNIT_COUNT(value_cases));
	unit_add_loop(suite, "long name", test_long_name, 5);
	unit_add_loop(suite, "depth", test_depth, 3);
	unit_add(suite, "large", test_large);
	return suite;
}

UNIT_MAIN(syntax_suite)
