/* recordingd.conf(5) has every option with its default, recordingd(8) what --help has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/scope.h"
#include "server/config.h"
#include "unit.h"

#define TEXT_SIZE (1 << 17)

/* Until the next call. */
static char *
read_all(FILE *file, const char *name)
{
	static char text[TEXT_SIZE];
	size_t length;

	ck_assert_msg(file != NULL, "no %s", name);
	length = fread(text, 1, sizeof(text) - 1, file);
	ck_assert_uint_lt(length, sizeof(text) - 1);
	text[length] = '\0';
	return text;
}

static char *
read_file(const char *name)
{
	FILE *file = fopen(name, "r");
	char *text = read_all(file, name);

	fclose(file);
	return text;
}

/* A key of an ".It" line, with its default; the text behind it, or NULL. */
static const char *
find_key(const char *text, const struct config_option *option)
{
	char item[256];
	const char *found;

	if (option->default_value[0] == '\0')
		snprintf(item, sizeof item, "Cm %s", option->key);
	else
		snprintf(item, sizeof item, "Cm %s No = Li %s", option->key, option->default_value);
	for (found = strstr(text, item); found != NULL; found = strstr(found + 1, item)) {
		const char *end = found + strlen(item);

		if (*end == '\n' || strncmp(end, " , Cm ", 6) == 0)
			return end;
	}
	return NULL;
}

/* In the order of the table, each in its section. */
START_TEST(test_options)
{
	const char *text = read_file(BUILD_ROOT "/etc/man/recordingd.conf.5");
	const char *section = "";

	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *option = &config_options[i];
		char title[64];
		const char *found;

		if (strcmp(section, option->section) != 0) {
			snprintf(title, sizeof title, "\n.Ss [%s]", option->section);
			text = strstr(text, title);
			ck_assert_msg(text != NULL, "no \"%s\" in its place", title + 1);
			text += strlen(title);
			section = option->section;
		}
		found = find_key(text, option);
		ck_assert_msg(found != NULL && (strstr(text, "\n.Ss ") == NULL ||
						       found < strstr(text, "\n.Ss ")),
			"%s.%s with the default \"%s\" is not in its place", option->section,
			option->key, option->default_value);
		text = found;
	}
	ck_assert_msg(strstr(text, "Cm ") == NULL || strstr(text, "Cm ") > strstr(text, "\n.Sh "),
		"a key more: %.40s", strstr(text, "Cm "));
	ck_assert_ptr_nonnull(strstr(text, "\n.Sh FILES\n"));
}
END_TEST

/* The names behind each mark, in their order, each once, with blanks between. */
static void
collect(const char *text, const char *mark, char *names, size_t size)
{
	names[0] = '\0';
	while ((text = strstr(text, mark)) != NULL) {
		size_t length;
		char name[64];

		text += strlen(mark);
		length = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
		snprintf(name, sizeof name, " %.*s ", (int)length, text);
		if (strstr(names, name) == NULL)
			snprintf(names + strlen(names), size - strlen(names), "%s", name);
	}
}

START_TEST(test_command_line)
{
	char in_help[512];
	char in_synopsis[512];
	char in_manual[512];
	FILE *help = popen(DAEMON " --help", "r");
	char *text;

	/* An option that is explained has a line of its own. */
	collect(read_all(help, "--help"), "\n  --", in_help, sizeof in_help);
	pclose(help);
	ck_assert_ptr_nonnull(strstr(in_help, " help "));
	text = read_file(SOURCE_ROOT "/etc/man/recordingd.8");
	collect(text, "\n.It Fl -", in_manual, sizeof in_manual);
	ck_assert_str_eq(in_manual, in_help);
	ck_assert_ptr_nonnull(strstr(text, "\n" SCOPE_NAMES ".\n"));
	*strstr(text, "\n.Sh DESCRIPTION") = '\0';
	collect(text, "Fl -", in_synopsis, sizeof in_synopsis);
	ck_assert_str_eq(in_synopsis, in_help);
}
END_TEST

static Suite *
manual_suite(void)
{
	Suite *suite = suite_create("server/manual");

	unit_add(suite, "options", test_options);
	unit_add(suite, "command line", test_command_line);
	return suite;
}

UNIT_MAIN(manual_suite)
