/* Validation of UTF-8: the borders of every range of RFC 3629, at every position in a text. */
#include "base/utf8.h"

#include <string.h>

#include "unit.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
	const char *text;
	size_t length;
	bool is_valid;
} cases[] = {
	{ BYTES(""), true },
	{ BYTES("a"), true },
	{ BYTES("12345678"), true },
	{ BYTES("123456789"), true },
	{ BYTES("\x7f"), true },
	{ BYTES("\x80"), false },
	{ BYTES("\xbf"), false },
	{ BYTES("\xc0\x80"), false }, /* overlong */
	{ BYTES("\xc1\xbf"), false },
	{ BYTES("\xc2\x80"), true },
	{ BYTES("\xc3\xa4"), true },
	{ BYTES("\xc3"), false },
	{ BYTES("\xc3\x28"), false },
	{ BYTES("\xc3\xc3"), false },
	{ BYTES("\xdf\xbf"), true },
	{ BYTES("\xe0\x80\x80"), false }, /* overlong */
	{ BYTES("\xe0\x9f\xbf"), false },
	{ BYTES("\xe0\xa0\x80"), true },
	{ BYTES("\xe2\x82\xac"), true },
	{ BYTES("\xe2\x82"), false },
	{ BYTES("\xe2\x28\xac"), false },
	{ BYTES("\xe2\x82\x28"), false },
	{ BYTES("\xed\x9f\xbf"), true },
	{ BYTES("\xed\xa0\x80"), false }, /* surrogates */
	{ BYTES("\xed\xbf\xbf"), false },
	{ BYTES("\xee\x80\x80"), true },
	{ BYTES("\xef\xbf\xbf"), true },
	{ BYTES("\xf0\x80\x80\x80"), false }, /* overlong */
	{ BYTES("\xf0\x8f\xbf\xbf"), false },
	{ BYTES("\xf0\x90\x80\x80"), true },
	{ BYTES("\xf0\x9f\x98\x80"), true },
	{ BYTES("\xf0\x9f\x98"), false },
	{ BYTES("\xf0\x9f"), false },
	{ BYTES("\xf0"), false },
	{ BYTES("\xf0\x9f\x28\x80"), false },
	{ BYTES("\xf0\x9f\x98\x28"), false },
	{ BYTES("\xf4\x8f\xbf\xbf"), true },
	{ BYTES("\xf4\x90\x80\x80"), false }, /* above U+10FFFF */
	{ BYTES("\xf5\x80\x80\x80"), false },
	{ BYTES("\xf8\x88\x80\x80\x80"), false },
	{ BYTES("\xfe"), false },
	{ BYTES("\xff"), false },
};

START_TEST(test_valid)
{
	ck_assert_int_eq(utf8_is_valid(cases[_i].text, cases[_i].length), cases[_i].is_valid);
	ck_assert_int_eq(utf8_is_text(cases[_i].text, cases[_i].length), cases[_i].is_valid);
}
END_TEST

/* The same between ASCII of all lengths around the eight bytes that are looked at together. */
START_TEST(test_surrounded)
{
	char text[64];

	for (size_t before = 0; before < 18; before++) {
		for (size_t after = 0; after < 18; after++) {
			size_t length = before + cases[_i].length + after;

			memset(text, 'x', sizeof text);
			memcpy(text + before, cases[_i].text, cases[_i].length);
			ck_assert_msg(utf8_is_valid(text, length) == cases[_i].is_valid,
				"%zu bytes before, %zu after", before, after);
		}
	}
}
END_TEST

START_TEST(test_nul)
{
	ck_assert(utf8_is_valid(BYTES("a\0b")));
	ck_assert(!utf8_is_text(BYTES("a\0b")));
	ck_assert(!utf8_is_text(BYTES("\0")));
	ck_assert(utf8_is_text(NULL, 0));
}
END_TEST

static const struct {
	const char *text;
	const char *trimmed;
} trim_cases[] = {
	{ "", "" },
	{ "abc", "abc" },
	{ "ab\xc3", "ab" },
	{ "ab\xc3\xa4", "ab\xc3\xa4" },
	{ "ab\xe2", "ab" },
	{ "ab\xe2\x82", "ab" },
	{ "ab\xe2\x82\xac", "ab\xe2\x82\xac" },
	{ "\xf0", "" },
	{ "\xf0\x9f", "" },
	{ "\xf0\x9f\x98", "" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "\xc3\xa4\xf0\x9f\x98", "\xc3\xa4" },
};

START_TEST(test_trim)
{
	char text[16];

	strcpy(text, trim_cases[_i].text);
	utf8_trim_partial(text);
	ck_assert_str_eq(text, trim_cases[_i].trimmed);
}
END_TEST

static const struct {
	const char *text;
	size_t max_bytes;
	size_t length;
} prefix_cases[] = {
	{ "", 0, 0 },
	{ "", 9, 0 },
	{ "abc", 0, 0 },
	{ "abc", 2, 2 },
	{ "abc", 3, 3 },
	{ "abc", 9, 3 },
	{ "a\xc3\xa4", 1, 1 },
	{ "a\xc3\xa4", 2, 1 },
	{ "a\xc3\xa4", 3, 3 },
	{ "\xe2\x82\xac", 2, 0 },
	{ "\xe2\x82\xacx", 3, 3 },
	{ "\xf0\x9f\x98\x80", 3, 0 },
	{ "\xf0\x9f\x98\x80", 4, 4 },
	{ "\xc3\xa4\xf0\x9f\x98\x80", 5, 2 },
};

START_TEST(test_prefix)
{
	ck_assert_uint_eq(utf8_prefix(prefix_cases[_i].text, prefix_cases[_i].max_bytes),
		prefix_cases[_i].length);
}
END_TEST

static const struct {
	const char *text;
	size_t max_bytes;
	const char *suffix;
} suffix_cases[] = {
	{ "", 0, "" },
	{ "", 9, "" },
	{ "abc", 0, "" },
	{ "abc", 2, "bc" },
	{ "abc", 3, "abc" },
	{ "abc", 9, "abc" },
	{ "\xc3\xa4z", 1, "z" },
	{ "\xc3\xa4z", 2, "z" },
	{ "\xc3\xa4z", 3, "\xc3\xa4z" },
	{ "\xf0\x9f\x98\x80", 3, "" },
	{ "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80" },
	{ "\xf0\x9f\x98\x80\xc3\xa4", 5, "\xc3\xa4" },
};

START_TEST(test_suffix)
{
	ck_assert_str_eq(utf8_suffix(suffix_cases[_i].text, suffix_cases[_i].max_bytes),
		suffix_cases[_i].suffix);
}
END_TEST

static Suite *
utf8_suite(void)
{
	Suite *suite = suite_create("base/utf8");

	unit_add_loop(suite, "valid", test_valid, UNIT_COUNT(cases));
	unit_add_loop(suite, "surrounded", test_surrounded, UNIT_COUNT(cases));
	unit_add(suite, "nul", test_nul);
	unit_add_loop(suite, "trim", test_trim, UNIT_COUNT(trim_cases));
	unit_add_loop(suite, "prefix", test_prefix, UNIT_COUNT(prefix_cases));
	unit_add_loop(suite, "suffix", test_suffix, UNIT_COUNT(suffix_cases));
	return suite;
}

UNIT_MAIN(utf8_suite)
