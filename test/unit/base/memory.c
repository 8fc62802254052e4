/* Allocation that cannot fail: what it returns, and that the process ends when memory does. */
#include "base/memory.h"

#include <string.h>

#include "unit.h"

START_TEST(test_zeroed)
{
	static const char zeroes[64];
	char *memory = memory_zeroed(4, 16);

	ck_assert_mem_eq(memory, zeroes, 64);
	free(memory);
}
END_TEST

START_TEST(test_resized)
{
	char *memory = memory_resized(NULL, 2, 2);

	memcpy(memory, "abc", 4);
	memory = memory_resized(memory, 1000, 1000);
	ck_assert_str_eq(memory, "abc");
	free(memory);
}
END_TEST

START_TEST(test_text)
{
	char *text = memory_text("abcdef", 3);
	char *empty = memory_text("", 0);

	ck_assert_str_eq(text, "abc");
	ck_assert_str_eq(empty, "");
	free(text);
	free(empty);
}
END_TEST

/* systemd starts the daemon again: it must end, and with a failure. */
START_TEST(test_exhausted)
{
	memory_exhausted();
}
END_TEST

static Suite *
memory_suite(void)
{
	Suite *suite = suite_create("base/memory");
	TCase *exhausted = tcase_create("exhausted");

	unit_add(suite, "zeroed", test_zeroed);
	unit_add(suite, "resized", test_resized);
	unit_add(suite, "text", test_text);
	tcase_add_exit_test(exhausted, test_exhausted, EXIT_FAILURE);
	suite_add_tcase(suite, exhausted);
	return suite;
}

UNIT_MAIN(memory_suite)
