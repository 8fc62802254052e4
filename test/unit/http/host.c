/* host [ ":" port ] of RFC 3986, 3.2.2 and 3.2.3, and where a proxy could read another name. */
#include "http/host.h"

#include <string.h>

#include "unit.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
	const char *text;
	size_t length;
	bool is_valid;
} cases[] = {
	/* reg-name */
	{ BYTES("a"), true },
	{ BYTES("example.org"), true },
	{ BYTES("EXAMPLE.org."), true },
	{ BYTES("xn--hren-5qa.example"), true },
	{ BYTES("a_b-c~d.e"), true },
	{ BYTES("!$&'()*+,;="), true }, /* sub-delims */
	{ BYTES("h%C3%B6ren"), true },
	{ BYTES("%61"), true },
	{ BYTES(""), false },
	{ BYTES("a..b"), false },
	{ BYTES(".."), false },
	{ BYTES("%"), false },
	{ BYTES("%6"), false },
	{ BYTES("%6g"), false },
	{ BYTES("%g6"), false },
	{ BYTES("a%6"), false },
	{ BYTES("%%6161"), false },

	/* Nothing else of a URI, no blanks, no controls, nothing above ASCII. */
	{ BYTES("a@b"), false },
	{ BYTES("user:word@b"), false },
	{ BYTES("a/b"), false },
	{ BYTES("a?b"), false },
	{ BYTES("a#b"), false },
	{ BYTES("a b"), false },
	{ BYTES(" a"), false },
	{ BYTES("a\t"), false },
	{ BYTES("a\\b"), false },
	{ BYTES("a\"b"), false },
	{ BYTES("<a>"), false },
	{ BYTES("a^b"), false },
	{ BYTES("a`b"), false },
	{ BYTES("a{b}"), false },
	{ BYTES("a|b"), false },
	{ BYTES("a\0b"), false },
	{ BYTES("\0"), false },
	{ BYTES("a\x7f"), false },
	{ BYTES("h\xc3\xb6ren"), false },
	{ BYTES("a[b]"), false },
	{ BYTES("http://a"), false },

	/* port */
	{ BYTES("a:80"), true },
	{ BYTES("a:"), true }, /* RFC 3986: *DIGIT */
	{ BYTES("a:0"), true },
	{ BYTES("a:00080"), true },
	{ BYTES("a:65535"), true },
	{ BYTES("a:65536"), false },
	{ BYTES("a:99999"), false },
	{ BYTES("a:4294967376"), false }, /* 2^32 + 80 */
	{ BYTES("a:8a"), false },
	{ BYTES("a:+80"), false },
	{ BYTES("a:-80"), false },
	{ BYTES("a: 80"), false },
	{ BYTES("a:80 "), false },
	{ BYTES("a:80:80"), false },
	{ BYTES("a::80"), false },
	{ BYTES(":80"), false },
	{ BYTES(":"), false },

	/* IPv4address */
	{ BYTES("127.0.0.1"), true },
	{ BYTES("127.0.0.1:9400"), true },

	/* IP-literal */
	{ BYTES("[::1]"), true },
	{ BYTES("[::1]:9400"), true },
	{ BYTES("[::1]:"), true },
	{ BYTES("[2001:DB8::8:800:200C:417A]"), true },
	{ BYTES("[::ffff:127.0.0.1]:80"), true },
	{ BYTES("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]"), true },
	{ BYTES("[]"), false },
	{ BYTES("["), false },
	{ BYTES("[::1"), false },
	{ BYTES("::1"), false },
	{ BYTES("::1]"), false },
	{ BYTES("[::1]]"), false },
	{ BYTES("[[::1]]"), false },
	{ BYTES("[::1]80"), false },
	{ BYTES("[::1]:65536"), false },
	{ BYTES("[::1].example.org"), false },
	{ BYTES("[::g]"), false },
	{ BYTES("[1:2:3:4:5:6:7:8:9]"), false },
	{ BYTES("[127.0.0.1]"), false },
	{ BYTES("[a]"), false },
	{ BYTES("[fe80::1%eth0]"), false },
	{ BYTES("[fe80::1%25eth0]"), false },
	{ BYTES("[v1.a]"), false }, /* IPvFuture: there is none */
	{ BYTES("[:\0:1]"), false },
	{ BYTES("[::1\0x]"), false },
	{ BYTES("[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]"), false },
};

START_TEST(test_host)
{
	/* A copy of exactly that size, so that the sanitizer sees a look behind it. */
	char *copy = malloc(cases[_i].length + 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy + 1, cases[_i].text, cases[_i].length);
	ck_assert_msg(host_is_valid(copy + 1, cases[_i].length) == cases[_i].is_valid, "\"%s\"",
		cases[_i].text);
	free(copy);
}
END_TEST

static Suite *
host_suite(void)
{
	Suite *suite = suite_create("http/host");

	unit_add_loop(suite, "host", test_host, UNIT_COUNT(cases));
	return suite;
}

UNIT_MAIN(host_suite)
