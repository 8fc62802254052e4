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

static void
check_byte(int byte)
{
	unsigned char character = (unsigned char)byte;

	ck_assert_msg(character_is_token(character) == is_in(token, byte), "%#x", byte);
	ck_assert_msg(character_is_target(character) == is_in(target, byte), "%#x", byte);
	/* RFC 9110, 5.5: VCHAR %x21-7E, obs-text %x80-FF, SP and HTAB. */
	ck_assert_msg(character_is_field_value(character) ==
			      ((byte >= 0x21 && byte <= 0x7e) || byte >= 0x80 || byte == ' ' ||
				      byte == '\t'),
		"%#x", byte);
}

START_TEST(test_byte)
{
	for (int byte = 0; byte < 256; byte++)
		check_byte(byte);
}
END_TEST

static void
check_hex(int byte)
{
	static const char digits[] = "0123456789abcdef";
	static const char upper[] = "0123456789ABCDEF";
	int value = -1;

	if (is_in(digits, byte))
		value = (int)(strchr(digits, byte) - digits);
	else if (is_in(upper, byte))
		value = (int)(strchr(upper, byte) - upper);
	ck_assert_msg(character_hex_value((unsigned char)byte) == value, "%#x", byte);
}

START_TEST(test_hex)
{
	for (int byte = 0; byte < 256; byte++)
		check_hex(byte);
}
END_TEST

static Suite *
characters_suite(void)
{
	Suite *suite = suite_create("http/characters");

	unit_add(suite, "byte", test_byte);
	unit_add(suite, "hex", test_hex);
	return suite;
}

UNIT_MAIN(characters_suite)
