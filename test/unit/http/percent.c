/* Percent-decoding: RFC 3986, 2.1; of forms, where '+' is a blank. Each escape once. */
#include "http/percent.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
	const char *text;
	size_t text_length;
	const char *path; /* NULL: refused */
	size_t path_length;
	const char *form;
	size_t form_length;
} cases[] = {
	{ BYTES(""), BYTES(""), BYTES("") },
	{ BYTES("abc"), BYTES("abc"), BYTES("abc") },
	{ BYTES("%61%62"), BYTES("ab"), BYTES("ab") },
	{ BYTES("%41x%5a"), BYTES("AxZ"), BYTES("AxZ") },
	{ BYTES("%5A%5a"), BYTES("ZZ"), BYTES("ZZ") },
	{ BYTES("a+b"), BYTES("a+b"), BYTES("a b") },
	{ BYTES("+"), BYTES("+"), BYTES(" ") },
	{ BYTES("%2B%2b"), BYTES("++"), BYTES("++") },
	{ BYTES("%20"), BYTES(" "), BYTES(" ") },
	{ BYTES("%2520"), BYTES("%20"), BYTES("%20") }, /* once */
	{ BYTES("%252525"), BYTES("%2525"), BYTES("%2525") },
	{ BYTES("%25+"), BYTES("%+"), BYTES("% ") },
	{ BYTES("%00"), BYTES("\0"), BYTES("\0") },
	{ BYTES("a%00b"), BYTES("a\0b"), BYTES("a\0b") },
	{ BYTES("a\0b"), BYTES("a\0b"), BYTES("a\0b") },
	{ BYTES("%c3%A4"), BYTES("\xc3\xa4"), BYTES("\xc3\xa4") },
	{ BYTES("%ff%80"), BYTES("\xff\x80"), BYTES("\xff\x80") }, /* UTF-8 is judged later */
	{ BYTES("%2F%2e%2E"), BYTES("/.."), BYTES("/..") },
	{ BYTES("%"), NULL, 0, NULL, 0 },
	{ BYTES("%4"), NULL, 0, NULL, 0 },
	{ BYTES("abc%"), NULL, 0, NULL, 0 },
	{ BYTES("abc%4"), NULL, 0, NULL, 0 },
	{ BYTES("%4g"), NULL, 0, NULL, 0 },
	{ BYTES("%g4"), NULL, 0, NULL, 0 },
	{ BYTES("%%41"), NULL, 0, NULL, 0 },
	{ BYTES("%4%31"), NULL, 0, NULL, 0 },
	{ BYTES("% 4"), NULL, 0, NULL, 0 },
	{ BYTES("%+4"), NULL, 0, NULL, 0 },
	{ BYTES("%-1"), NULL, 0, NULL, 0 },
	{ BYTES("%0x"), NULL, 0, NULL, 0 },
	{ BYTES("%u0041"), NULL, 0, NULL, 0 },
	{ BYTES("%4\0"), NULL, 0, NULL, 0 },
};

static void
check(int i, bool (*decode)(const char *, size_t, char *, size_t *), const char *expected,
	size_t expected_length)
{
	size_t room = cases[i].text_length;
	char *text = malloc(room + 1);
	char *out = malloc(room + 1);
	size_t length = 0;
	bool is_decoded;

	/* Neither has a byte more than it needs: the sanitizer sees what goes beyond. */
	ck_assert(text != NULL && out != NULL);
	memcpy(text + 1, cases[i].text, room);
	is_decoded = decode(text + 1, room, out + 1, &length);
	ck_assert_int_eq(is_decoded, expected != NULL);
	if (is_decoded) {
		ck_assert_uint_eq(length, expected_length);
		ck_assert_int_eq(memcmp(out + 1, expected, length), 0);
	}
	free(text);
	free(out);
}

START_TEST(test_decode)
{
	check(_i, percent_decode, cases[_i].path, cases[_i].path_length);
	check(_i, percent_decode_form, cases[_i].form, cases[_i].form_length);
}
END_TEST

/* Each byte, in upper and lower case digits. */
static void
check_byte(int byte)
{
	char text[4];
	char out[3];
	size_t length;

	snprintf(text, sizeof text, "%%%02x", (unsigned)byte);
	ck_assert(percent_decode(text, 3, out, &length));
	ck_assert_uint_eq(length, 1);
	ck_assert_int_eq((unsigned char)out[0], byte);
	snprintf(text, sizeof text, "%%%02X", (unsigned)byte);
	ck_assert(percent_decode_form(text, 3, out, &length));
	ck_assert_uint_eq(length, 1);
	ck_assert_int_eq((unsigned char)out[0], byte);
}

START_TEST(test_every_byte)
{
	for (int byte = 0; byte < 256; byte++)
		check_byte(byte);
}
END_TEST

static const struct {
	const char *text;
	const char *encoded;
} encode_cases[] = {
	{ "", "" },
	{ "azAZ09-._~", "azAZ09-._~" },
	{ "a b+c", "a%20b%2Bc" },
	{ "/?#[]@!$&'()*,;=:%", "%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2C%3B%3D%3A%25" },
	{ "`{", "%60%7B" }, /* beside the letters */
	{ "\r\n\x7f\x01", "%0D%0A%7F%01" },
	{ "Zo\xc3\xab", "Zo%C3%AB" },
};

/* All that is no unreserved character (RFC 3986, 2.3) becomes an escape in upper case. */
START_TEST(test_encode)
{
	char out[PERCENT_ENCODED_SIZE(32)];

	percent_encode(encode_cases[_i].text, out);
	ck_assert_str_eq(out, encode_cases[_i].encoded);
}
END_TEST

static Suite *
percent_suite(void)
{
	Suite *suite = suite_create("http/percent");

	unit_add_loop(suite, "decode", test_decode, UNIT_COUNT(cases));
	unit_add(suite, "every byte", test_every_byte);
	unit_add_loop(suite, "encode", test_encode, UNIT_COUNT(encode_cases));
	return suite;
}

UNIT_MAIN(percent_suite)
