/* A message that is too long must stay UTF-8: it goes into a JSON answer. */
#include "base/error.h"

#include <string.h>

#include "base/utf8.h"
#include "unit.h"

START_TEST(test_set)
{
	struct error error;

	ck_assert(!error_set(&error, ERROR_NOT_FOUND, "call %d is unknown", 7));
	ck_assert_int_eq(error.code, ERROR_NOT_FOUND);
	ck_assert_str_eq(error.message, "call 7 is unknown");
}
END_TEST

/* _i bytes in front move the cut through a character of four bytes. */
START_TEST(test_long_message)
{
	struct error error;
	char text[400];

	memset(text, 'x', (size_t)_i);
	text[_i] = '\0';
	while (strlen(text) < sizeof(text) - 8)
		strcat(text, "\xf0\x9f\x98\x80");
	ck_assert(!error_set(&error, ERROR_INTERNAL, "%s", text));
	ck_assert(utf8_is_valid(error.message, strlen(error.message)));
	ck_assert_uint_gt(strlen(error.message), sizeof(error.message) - 5);
}
END_TEST

static Suite *
error_suite(void)
{
	Suite *suite = suite_create("base/error");

	unit_add(suite, "set", test_set);
	unit_add_loop(suite, "long message", test_long_message, 4);
	return suite;
}

UNIT_MAIN(error_suite)
