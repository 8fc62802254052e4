/* The log: one call is one line whatever the message holds, with a priority only for the journal.
 */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* Each test runs in a process of its own, so standard error need not be put back. */
static FILE *log_file;

static void
setup(void)
{
	log_file = tmpfile();
	ck_assert_ptr_nonnull(log_file);
	ck_assert_int_ge(dup2(fileno(log_file), STDERR_FILENO), 0);
}

static void
teardown(void)
{
	fclose(log_file);
}

static const char *
logged(void)
{
	static char text[4096];
	size_t length;

	rewind(log_file);
	length = fread(text, 1, sizeof(text) - 1, log_file);
	text[length] = '\0';
	return text;
}

START_TEST(test_priority)
{
	log_write(LOG_LEVEL_WARNING, "before %d", 1);
	log_open(); /* a file is no terminal */
	log_write(LOG_LEVEL_WARNING, "after %d", 2);
	log_write(LOG_LEVEL_CRITICAL, "end");
	ck_assert_str_eq(logged(), "before 1\n<4>after 2\n<2>end\n");
}
END_TEST

START_TEST(test_level)
{
	log_write(LOG_LEVEL_INFO, "a");
	log_write(LOG_LEVEL_DEBUG, "b");
	log_set_level(LOG_LEVEL_DEBUG);
	log_write(LOG_LEVEL_DEBUG, "c");
	log_set_level(LOG_LEVEL_ERROR);
	log_write(LOG_LEVEL_WARNING, "d");
	log_write(LOG_LEVEL_ERROR, "e");
	ck_assert_str_eq(logged(), "a\nc\ne\n");
}
END_TEST

START_TEST(test_one_line)
{
	log_write(LOG_LEVEL_INFO, "a\nb\r\n\033[2J\177\x01%s", "\n<0>forged");
	ck_assert_str_eq(logged(), "a b   [2J   <0>forged\n");
}
END_TEST

START_TEST(test_long_message)
{
	char message[3000];
	const char *text;

	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	log_write(LOG_LEVEL_INFO, "%s", message);
	text = logged();
	ck_assert_uint_gt(strlen(text), 500);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}
END_TEST

static void
add(Suite *suite, const char *name, const TTest *test)
{
	TCase *test_case = tcase_create(name);

	tcase_add_checked_fixture(test_case, setup, teardown);
	tcase_add_test(test_case, test);
	suite_add_tcase(suite, test_case);
}

static Suite *
log_suite(void)
{
	Suite *suite = suite_create("base/log");

	add(suite, "priority", test_priority);
	add(suite, "level", test_level);
	add(suite, "one line", test_one_line);
	add(suite, "long message", test_long_message);
	return suite;
}

UNIT_MAIN(log_suite)
