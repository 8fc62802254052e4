/* Credentials of the service manager: which files count, and what of them. */
#include "server/credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char folder[] = "/tmp/unit-credential-XXXXXX";
static struct error error;

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	ck_assert_int_eq(chdir(folder), 0);
}

static void
teardown(void)
{
	unlink("token");
	rmdir("token");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
write_token(const char *bytes, size_t length)
{
	FILE *file = fopen("token", "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

static const struct {
	const char *content;
	const char *text;
} text_cases[] = {
	{ "s3cret", "s3cret" },
	{ "s3cret\n", "s3cret" },
	{ "s3cret\r\n", "s3cret" },
	{ "s3cret\n\n", "s3cret" },
	{ "two\nlines\n", "two\nlines" },
	{ " blanks ", " blanks " },
	{ "\n", "" },
	{ "", "" },
};

START_TEST(test_text)
{
	char *text;

	write_token(text_cases[_i].content, strlen(text_cases[_i].content));
	ck_assert(credential_read("token", &text, &error));
	ck_assert_str_eq(text, text_cases[_i].text);
	free(text);
}
END_TEST

START_TEST(test_absent)
{
	char *text = folder;

	ck_assert(credential_read("token", &text, &error));
	ck_assert_ptr_null(text);
	write_token("a", 1);
	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	ck_assert(credential_read("token", &text, &error));
	ck_assert_ptr_null(text);
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", "", 1), 0);
	ck_assert(credential_read("token", &text, &error));
	ck_assert_ptr_null(text);
}
END_TEST

/* 4096 bytes are allowed, a NUL or one more is no text; a folder cannot be read. */
START_TEST(test_refused)
{
	static const char no_text[] = "hunter2\0hunter2";
	char bytes[4097];
	char *text;

	memset(bytes, 'a', sizeof bytes);
	write_token(bytes, 4096);
	ck_assert(credential_read("token", &text, &error));
	ck_assert_uint_eq(strlen(text), 4096);
	free(text);
	write_token(bytes, 4097);
	ck_assert(!credential_read("token", &text, &error));
	ck_assert_str_eq(
		error.message, "the credential \"token\" is not a text of up to 4096 bytes");
	write_token(no_text, sizeof no_text - 1);
	ck_assert(!credential_read("token", &text, &error));
	ck_assert_ptr_null(strstr(error.message, "hunter2"));
	ck_assert_int_eq(unlink("token"), 0);
	ck_assert_int_eq(mkdir("token", 0700), 0);
	ck_assert(!credential_read("token", &text, &error));
	ck_assert_str_eq(error.message, "the credential \"token\" cannot be read: Is a directory");
}
END_TEST

static void
add(Suite *suite, const char *name, const TTest *test, int count)
{
	TCase *test_case = tcase_create(name);

	tcase_add_checked_fixture(test_case, setup, teardown);
	tcase_add_loop_test(test_case, test, 0, count);
	suite_add_tcase(suite, test_case);
}

static Suite *
credential_suite(void)
{
	Suite *suite = suite_create("server/credential");

	add(suite, "text", test_text, UNIT_COUNT(text_cases));
	add(suite, "absent", test_absent, 1);
	add(suite, "refused", test_refused, 1);
	return suite;
}

UNIT_MAIN(credential_suite)
