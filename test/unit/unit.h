/*
 * What every unit test program shares. A program is one file that mirrors a file of src/; it
 * defines one suite and ends in UNIT_MAIN(x_suite). CK_NORMAL prints a line per failure and one
 * summary; the exit status is what meson looks at.
 *
 *	static Suite *
 *	utf8_suite(void)
 *	{
 *		Suite *suite = suite_create("base/utf8");
 *
 *		unit_add_loop(suite, "valid", test_valid, UNIT_COUNT(valid_cases));
 *		return suite;
 *	}
 *
 *	UNIT_MAIN(utf8_suite)
 */
#ifndef RECORDINGD_TEST_UNIT_H
#define RECORDINGD_TEST_UNIT_H

#include <check.h>
#include <stdlib.h>

/* The number of elements of a table. */
#define UNIT_COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* Adds a test case that runs once. */
static inline void
unit_add(Suite *suite, const char *name, const TTest *test)
{
	TCase *test_case = tcase_create(name);

	tcase_add_test(test_case, test);
	suite_add_tcase(suite, test_case);
}

/* Adds a test case that runs once per row of a table, in its own process, with the row in _i. */
static inline void
unit_add_loop(Suite *suite, const char *name, const TTest *test, int count)
{
	TCase *test_case = tcase_create(name);

	tcase_add_loop_test(test_case, test, 0, count);
	suite_add_tcase(suite, test_case);
}

static inline int
unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(suite_function)                                                                  \
	int main(void)                                                                             \
	{                                                                                          \
		return unit_run(suite_function());                                                 \
	}

#endif
