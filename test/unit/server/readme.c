/* README.md's table of the configuration names the options, in their order, with their defaults. */
#include <stdio.h>
#include <string.h>

#include "server/config.h"
#include "unit.h"

#define TITLE "| key | default | meaning |\n"
#define RULE  "|---|---|---|\n"

/* The lines of the table, behind its title and the line below. */
static const char *
read_table(void)
{
	static char text[1 << 16];
	FILE *file = fopen(SOURCE_ROOT "/README.md", "r");
	size_t length;
	char *table;

	ck_assert_msg(file != NULL, "no README.md");
	length = fread(text, 1, sizeof(text) - 1, file);
	ck_assert_uint_lt(length, sizeof(text) - 1);
	text[length] = '\0';
	fclose(file);
	table = strstr(text, TITLE RULE);
	ck_assert_msg(table != NULL, "README.md has no table of keys and defaults");
	ck_assert_msg(strstr(table + 1, TITLE) == NULL, "README.md has two tables of keys");
	return table + strlen(TITLE RULE);
}

/* The beginning of the row that an option must have; an empty default is explained in words. */
static void
expected_row(const struct config_option *option, char *row, size_t size)
{
	if (option->default_value[0] == '\0')
		snprintf(row, size, "| `%s.%s` | ", option->section, option->key);
	else
		snprintf(row, size, "| `%s.%s` | `%s` | ", option->section, option->key,
			option->default_value);
}

START_TEST(test_rows)
{
	const char *line = read_table();

	for (size_t i = 0; i < config_option_count; i++) {
		char row[256];
		int length = (int)strcspn(line, "\n");

		expected_row(&config_options[i], row, sizeof row);
		ck_assert_msg(strncmp(line, row, strlen(row)) == 0,
			"README.md has \"%.*s\" where it should have \"%s\"", length, line, row);
		line += length + 1;
	}
	ck_assert_msg(*line == '\n', "README.md has a row more: \"%.*s\"", (int)strcspn(line, "\n"),
		line);
}
END_TEST

/* Where the default is empty, nothing in the second column may look like one, but a variable. */
START_TEST(test_empty_defaults)
{
	const char *table = read_table();

	for (size_t i = 0; i < config_option_count; i++) {
		char row[256];
		const char *line;

		if (config_options[i].default_value[0] != '\0')
			continue;
		expected_row(&config_options[i], row, sizeof row);
		line = strstr(table, row);
		ck_assert_ptr_nonnull(line);
		ck_assert_int_ne(line[strlen(row)], '`');
	}
}
END_TEST

/* What a reload leaves as it was, in the sentence that says so. */
START_TEST(test_restarts)
{
	static const char beginning[] = "All of it takes effect but ";
	const char *sentence = strstr(read_table(), beginning);
	char exceptions[512];

	ck_assert_ptr_nonnull(sentence);
	sentence += strlen(beginning);
	snprintf(exceptions, sizeof exceptions, "%.*s", (int)strcspn(sentence, ";"), sentence);
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *option = &config_options[i];
		char name[80];

		snprintf(name, sizeof name, "`%s.%s`", option->section, option->key);
		if (option->needs_restart)
			ck_assert_msg(strstr(exceptions, name) != NULL,
				"README.md does not say that %s needs a restart", name);
	}
}
END_TEST

static Suite *
readme_suite(void)
{
	Suite *suite = suite_create("server/readme");

	unit_add(suite, "rows", test_rows);
	unit_add(suite, "empty defaults", test_empty_defaults);
	unit_add(suite, "restarts", test_restarts);
	return suite;
}

UNIT_MAIN(readme_suite)
