/* Statements joined from fragments: numbering, order and ownership of values; array literals. */
#include "db/statement.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct statement_builder builder;

static void
check(const char *text, int count, const char *const *values)
{
	struct db_parameters parameters = statement_builder_parameters(&builder);

	ck_assert_str_eq(builder.text, text);
	ck_assert_uint_eq(builder.length, strlen(text));
	ck_assert_int_eq(parameters.count, count);
	for (int i = 0; i < count; i++)
		ck_assert_str_eq(parameters.values[i], values[i]);
}

START_TEST(test_empty)
{
	statement_builder_open(&builder);
	ck_assert_int_eq(statement_builder_parameters(&builder).count, 0);
	statement_builder_append(&builder, "", 0);
	check("", 0, NULL);
	statement_builder_close(&builder);
	statement_builder_close(&builder);
}
END_TEST

START_TEST(test_order)
{
	static const char *const values[] = { "a", "b", "c", "-9223372036854775808", "" };
	char changing[] = "a";

	statement_builder_open(&builder);
	statement_builder_append(&builder, "SELECT 1", 0);
	statement_builder_append(&builder, " WHERE x = $1", 1, changing);
	changing[0] = 'z'; /* the builder has a copy */
	statement_builder_append(&builder, " AND true", 0);
	statement_builder_append(&builder, " AND y IN ($2, $1, $2)", 2, "b", "c");
	statement_builder_append_number(&builder, " LIMIT $1", INT64_MIN);
	statement_builder_append(&builder, "$1", 1, "");
	check("SELECT 1 WHERE x = $1 AND true AND y IN ($3, $2, $3) LIMIT $4$5", 5, values);
	statement_builder_close(&builder);
}
END_TEST

/* Neighbours of a placeholder stay as they are. */
static const struct {
	const char *fragment;
	const char *shifted; /* behind one parameter */
} shift_cases[] = {
	{ "$1", "$2" },
	{ "$1::text[]", "$2::text[]" },
	{ "($1)", "($2)" },
	{ "$1,1", "$2,1" },
	{ "a$1b", "a$2b" },
	{ "lower($1) || '%'", "lower($2) || '%'" },
	{ "\n$1\t", "\n$2\t" },
	{ "x > -1 AND y = $1", "x > -1 AND y = $2" },
};

START_TEST(test_shift)
{
	char text[64];
	static const char *const values[] = { "a", "b" };

	statement_builder_open(&builder);
	statement_builder_append(&builder, "$1;", 1, "a");
	statement_builder_append(&builder, shift_cases[_i].fragment, 1, "b");
	snprintf(text, sizeof text, "$1;%s", shift_cases[_i].shifted);
	check(text, 2, values);
	statement_builder_close(&builder);
}
END_TEST

/* Numbers grow from one digit to two, also inside one fragment. */
START_TEST(test_two_digits)
{
	statement_builder_open(&builder);
	for (int i = 0; i < 8; i++)
		statement_builder_append(&builder, "$1,", 1, "v");
	statement_builder_append(
		&builder, "$1,$2,$3,$11", 11, "9", "10", "11", "", "", "", "", "", "", "", "19");
	ck_assert_str_eq(builder.text, "$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$19");
	ck_assert_int_eq(builder.count, 19);
	ck_assert_str_eq(builder.values[8], "9");
	ck_assert_str_eq(builder.values[18], "19");
	statement_builder_close(&builder);
}
END_TEST

/* As many parameters as there may be, and a text that has to grow many times. */
START_TEST(test_limit)
{
	char expected[DB_PARAMETERS_MAX * 16] = "";
	char *out = expected;

	statement_builder_open(&builder);
	for (int i = 0; i < DB_PARAMETERS_MAX; i++) {
		statement_builder_append_number(&builder, " OR x = $1", i);
		out += sprintf(out, " OR x = $%d", i + 1);
	}
	statement_builder_append(&builder, ";", 0);
	strcpy(out, ";");
	ck_assert_str_eq(builder.text, expected);
	ck_assert_int_eq(statement_builder_parameters(&builder).count, DB_PARAMETERS_MAX);
	ck_assert_str_eq(statement_builder_parameters(&builder).values[63], "63");
	statement_builder_close(&builder);
	ck_assert_int_eq(builder.count, 0);
}
END_TEST

/* One more must not be written behind the array: the process ends instead. */
START_TEST(test_beyond_limit)
{
	statement_builder_open(&builder);
	for (int i = 0; i <= DB_PARAMETERS_MAX; i++)
		statement_builder_append(&builder, "$1", 1, "v");
}
END_TEST

static const struct {
	const char *texts[4];
	size_t count;
	const char *literal;
} array_cases[] = {
	{ { NULL }, 0, "{}" },
	{ { "" }, 1, "{\"\"}" },
	{ { "1573" }, 1, "{\"1573\"}" },
	{ { "1", "2", "3" }, 3, "{\"1\",\"2\",\"3\"}" },
	{ { "NULL" }, 1, "{\"NULL\"}" }, /* quoted: a text, not no value */
	{ { "a,b" }, 1, "{\"a,b\"}" },
	{ { "{", "}" }, 2, "{\"{\",\"}\"}" },
	{ { " a " }, 1, "{\" a \"}" },
	{ { "\"" }, 1, "{\"\\\"\"}" },
	{ { "\\" }, 1, "{\"\\\\\"}" },
	{ { "\\\"", "\"\"" }, 2, "{\"\\\\\\\"\",\"\\\"\\\"\"}" },
	{ { "", "", "" }, 3, "{\"\",\"\",\"\"}" },
	{ { "a\n'b" }, 1, "{\"a\n'b\"}" },
	{ { "J\xc3\xb6" }, 1, "{\"J\xc3\xb6\"}" },
};

START_TEST(test_array)
{
	char *literal = db_array_literal(array_cases[_i].texts, array_cases[_i].count);

	ck_assert_str_eq(literal, array_cases[_i].literal);
	free(literal);
}
END_TEST

static Suite *
statement_suite(void)
{
	Suite *suite = suite_create("db/statement");
	TCase *beyond = tcase_create("beyond limit");

	unit_add(suite, "empty", test_empty);
	unit_add(suite, "order", test_order);
	unit_add_loop(suite, "shift", test_shift, UNIT_COUNT(shift_cases));
	unit_add(suite, "two digits", test_two_digits);
	unit_add(suite, "limit", test_limit);
	tcase_add_test_raise_signal(beyond, test_beyond_limit, SIGABRT);
	suite_add_tcase(suite, beyond);
	unit_add_loop(suite, "array", test_array, UNIT_COUNT(array_cases));
	return suite;
}

UNIT_MAIN(statement_suite)
