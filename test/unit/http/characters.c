/* Every byte against the sets of the RFCs, which are written out here as the RFCs list them. */
#include "http/characters.h"

#include <string.h>

#include "unit.h"

#define ALPHA	   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT	   "0123456789"
#define SUB_DELIMS "!$&'()*+,;="      /* RFC 3986, 2.2 */
#define UNRESERVED ALPHA DIGIT "-._~" /* RFC 3986, 2.3 */

/* RFC 9110, 5.6.2 */
static const char token[] = "!#$%&'*+-.^_`|~" DIGIT ALPHA;

/* RFC 3986, 3.3 and 3.4, with "%" for pct-encoded, and the brackets of 3.2.2. */
static const char target[] = UNRESERVED SUB_DELIMS ":@"
						   "/?"
						   "%"
						   "[]";

/* strchr() would find the NUL at the end. */
static bool
is_in(const char *set, int byte)
{
	return byte != 0 && strchr(set, byte) != NULL;
}

START_TEST(test_byte)
{
	unsigned char byte = (unsigned char)_i;

	ck_assert_int_eq(character_is_token(byte), is_in(token, _i));
	ck_assert_int_eq(character_is_target(byte), is_in(target, _i));
	/* RFC 9110, 5.5: VCHAR %x21-7E, obs-text %x80-FF, SP and HTAB. */
	ck_assert_int_eq(character_is_field_value(byte),
		(_i >= 0x21 && _i <= 0x7e) || _i >= 0x80 || _i == ' ' || _i == '\t');
}
END_TEST

START_TEST(test_hex)
{
	static const char digits[] = "0123456789abcdef";
	static const char upper[] = "0123456789ABCDEF";
	int value = -1;

	if (is_in(digits, _i))
		value = (int)(strchr(digits, _i) - digits);
	else if (is_in(upper, _i))
		value = (int)(strchr(upper, _i) - upper);
	ck_assert_int_eq(character_hex_value((unsigned char)_i), value);
}
END_TEST

static Suite *
characters_suite(void)
{
	Suite *suite = suite_create("http/characters");

	unit_add_loop(suite, "byte", test_byte, 256);
	unit_add_loop(suite, "hex", test_hex, 256);
	return suite;
}

UNIT_MAIN(characters_suite)
