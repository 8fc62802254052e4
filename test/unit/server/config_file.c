/*
 * The settings a file gives: the text of each key as it stands there, and its place. What a file
 * may not hold is tested by server/config, with the messages.
 */
#include "server/config_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define FILE_NAME "recordingd.conf"

static char folder[] = "/tmp/unit-config-file-XXXXXX";
static struct config_setting *settings;
static struct error error;

static void
setup(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	settings = calloc(config_option_count, sizeof *settings);
	error = (struct error){ .code = ERROR_NONE };
}

static void
teardown(void)
{
	for (size_t i = 0; i < config_option_count; i++)
		free(settings[i].text);
	free(settings);
	unlink(FILE_NAME);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static int
given_count(void)
{
	int count = 0;

	for (size_t i = 0; i < config_option_count; i++)
		count += settings[i].text != NULL;
	return count;
}

static const struct config_setting *
setting_of(const char *key)
{
	for (size_t i = 0; i < config_option_count; i++) {
		if (strcmp(config_options[i].key, key) == 0)
			return &settings[i];
	}
	ck_abort_msg("%s is not a key", key);
}

static const struct {
	const char *text;
	int count;
	const char *key; /* one of those that are given */
	const char *value;
	const char *place;
	unsigned line;
} cases[] = {
	{ "", 0, NULL, NULL, NULL, 0 },
	{ "# nothing\n\n[cel]\n[auth]\n", 0, NULL, NULL, NULL, 0 },
	{ "[auth]\ntoken=a\n", 1, "token", "a", "recordingd.conf:2", 2 },
	{ "\n# c\n[auth]\n\n  token  =  a b  \n", 1, "token", "a b", "recordingd.conf:5", 5 },
	/* What a text means is not looked at. */
	{ "[server]\nmax_body = nonsense\n", 1, "max_body", "nonsense", "recordingd.conf:2", 2 },
	{ "[server]\nlisten =\n", 1, "listen", "", "recordingd.conf:2", 2 },
	{ "[auth]\ntoken = \"a\"\n", 1, "token", "\"a\"", "recordingd.conf:2", 2 },
	{ "[auth]\ntoken = a=b:c\n", 1, "token", "a=b:c", "recordingd.conf:2", 2 },
	/* A key is that of its section, in any order of sections. */
	{ "[history]\nmax_size = 1\n[cel]\nmax_limit = 2\n[history]\ndefault_size = 3\n", 3,
		"default_size", "3", "recordingd.conf:6", 6 },
	{ "[access_log]\nfile = /a\n[audio]\ndirectory = /b\n", 2, "file", "/a",
		"recordingd.conf:2", 2 },
	/* A continued text stands where its key does. */
	{ "[database]\nconninfo = host=a\n  port=1\n[auth]\ntoken = t\n", 2, "conninfo",
		"host=a port=1", "recordingd.conf:2", 2 },
	{ "[database]\nconninfo = host=a\n  port=1\n[auth]\ntoken = t\n", 2, "token", "t",
		"recordingd.conf:5", 5 },
	{ "[database]\nconninfo =\n\thost=a ; c\n\n # c\n\tport=1\n", 1, "conninfo",
		"host=a port=1", "recordingd.conf:2", 2 },
	{ "[auth]\r\ntoken = a\r\n", 1, "token", "a", "recordingd.conf:2", 2 },
	{ "\xEF\xBB\xBF[auth]\ntoken = a", 1, "token", "a", "recordingd.conf:2", 2 },
};

START_TEST(test_settings)
{
	const struct config_setting *setting;

	write_file(FILE_NAME, cases[_i].text);
	ck_assert_msg(config_file_read(FILE_NAME, true, settings, &error), "%s", error.message);
	ck_assert_int_eq(given_count(), cases[_i].count);
	if (cases[_i].key == NULL)
		return;
	setting = setting_of(cases[_i].key);
	ck_assert_pstr_eq(setting->text, cases[_i].value);
	ck_assert_str_eq(setting->place, cases[_i].place);
	ck_assert_uint_eq(setting->line, cases[_i].line);
}
END_TEST

START_TEST(test_absent)
{
	ck_assert(config_file_read(FILE_NAME, false, settings, &error));
	ck_assert_int_eq(given_count(), 0);
	ck_assert(!config_file_read(FILE_NAME, true, settings, &error));
	ck_assert_int_eq(error.code, ERROR_INVALID_PARAMETER);
}
END_TEST

/* Of a long name the end stands in the place, with the line whole. */
START_TEST(test_long_name)
{
	char name[201] = "";
	char expected[64];

	for (int i = 0; i < 200; i++)
		name[i] = (char)('a' + i % 26);
	write_file(name, "[auth]\n\n\n\n\n\n\n\n\n\n\ntoken = t\n");
	ck_assert_msg(config_file_read(name, true, settings, &error), "%s", error.message);
	unlink(name);
	ck_assert_uint_lt(strlen(setting_of("token")->place), CONFIG_PLACE_SIZE);
	ck_assert_int_eq(strncmp(setting_of("token")->place, "...", 3), 0);
	snprintf(expected, sizeof expected, "%s:12", name + 160);
	ck_assert_ptr_nonnull(strstr(setting_of("token")->place, expected));
}
END_TEST

/* … as whole characters. */
START_TEST(test_long_name_of_characters)
{
	char name[201] = "x";

	for (int i = 0; i < 49; i++)
		memcpy(name + 1 + 4 * i, "\xf0\x9f\x98\x80", 4);
	strcat(name, "yz");
	write_file(name, "[auth]\ntoken = t\n");
	ck_assert_msg(config_file_read(name, true, settings, &error), "%s", error.message);
	unlink(name);
	ck_assert_int_eq(strncmp(setting_of("token")->place, "...\xf0\x9f\x98\x80", 7), 0);
}
END_TEST

/* What stood in front of an error may be given already, and is the caller's to free. */
START_TEST(test_half)
{
	write_file(FILE_NAME, "[auth]\ntoken = t\n[cel]\nnonsense = 1\n[audio]\ndirectory = /a\n");
	ck_assert(!config_file_read(FILE_NAME, true, settings, &error));
	ck_assert_int_eq(strncmp(error.message, "recordingd.conf:4: ", 19), 0);
	ck_assert_ptr_null(setting_of("directory")->text);
}
END_TEST

/* A key is one of its section only. */
START_TEST(test_foreign_key)
{
	write_file(FILE_NAME, "[cel]\nmax_size = 1\n");
	ck_assert(!config_file_read(FILE_NAME, true, settings, &error));
	ck_assert_int_eq(
		strncmp(error.message, "recordingd.conf:2: cel.max_size is not a key", 44), 0);
	ck_assert_int_eq(given_count(), 0);
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
config_file_suite(void)
{
	Suite *suite = suite_create("server/config_file");

	add(suite, "settings", test_settings, UNIT_COUNT(cases));
	add(suite, "absent", test_absent, 1);
	add(suite, "long name", test_long_name, 1);
	add(suite, "long name of characters", test_long_name_of_characters, 1);
	add(suite, "half", test_half, 1);
	add(suite, "foreign key", test_foreign_key, 1);
	return suite;
}

UNIT_MAIN(config_file_suite)
