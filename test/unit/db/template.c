/* Statements with places that fragments fill. */
#include "db/template.h"

#include <signal.h>
#include <string.h>

#include "unit.h"

static const struct {
	const char *template;
	struct template_slot slots[3];
	size_t count;
	const char *filled;
} cases[] = {
	{ "", { { "/*a*/", "x" } }, 1, "" },
	{ "SELECT 1", { { "/*a*/", "x" } }, 1, "SELECT 1" },
	{ "/*a*/", { { "/*a*/", "x" } }, 1, "x" },
	{ "/*a*/", { { "/*a*/", "" } }, 1, "" },
	{ "1 /*a*/ 2 /*a*/ 3", { { "/*a*/", "long text" } }, 1, "1 long text 2 long text 3" },
	{ "/*a*//*a*/", { { "/*a*/", "x" } }, 1, "xx" },
	{ "/*a*/ /*b*/", { { "/*a*/", "x" } }, 1, "x /*b*/" },
	/* a text may hold places of slots behind its own */
	{ "/*a*/ /*b*/", { { "/*a*/", "(/*b*/)" }, { "/*b*/", "y" } }, 2, "(y) y" },
	{ "/*a*/", { { "/*a*/", "/*b*/" }, { "/*b*/", "/*c*/" }, { "/*c*/", "z" } }, 3, "z" },
	/* and not its own: that ends */
	{ "/*a*/", { { "/*a*/", "/*a*/" } }, 1, "/*a*/" },
	/* no place is a part of another */
	{ "/*ab*/ /*b*/", { { "/*b*/", "y" } }, 1, "/*ab*/ y" },
};

START_TEST(test_fill)
{
	char *filled = template_fill(cases[_i].template, cases[_i].slots, cases[_i].count);

	ck_assert_str_eq(filled, cases[_i].filled);
	free(filled);
}
END_TEST

START_TEST(test_join)
{
	const char *const texts[] = { "SELECT", NULL, " ", "", "1" };
	char *joined = template_join(texts, UNIT_COUNT(texts));

	ck_assert_str_eq(joined, "SELECT 1");
	free(joined);
	joined = template_join(texts, 0);
	ck_assert_str_eq(joined, "");
	free(joined);
}
END_TEST

/* As many as there is room for; one more would be a condition that is lost. */
START_TEST(test_parts)
{
	struct template_parts parts = { 0 };
	char *joined = template_parts_join(&parts);

	ck_assert_str_eq(joined, "");
	free(joined);
	for (int i = 0; i < TEMPLATE_PARTS_MAX; i++)
		template_add(&parts, i == 0 ? "first" : " next");
	joined = template_parts_join(&parts);
	ck_assert_uint_eq(strlen(joined), strlen("first") + 15 * strlen(" next"));
	ck_assert_int_eq(strncmp(joined, "first next", 10), 0);
	free(joined);
}
END_TEST

START_TEST(test_too_many_parts)
{
	struct template_parts parts = { 0 };

	for (int i = 0; i <= TEMPLATE_PARTS_MAX; i++)
		template_add(&parts, "");
}
END_TEST

/* At least as many rows, and few different texts. */
START_TEST(test_row_limit)
{
	const char *before = "";
	int different = 0;

	for (int64_t rows = 1; rows <= 1001; rows++) {
		const char *limit = template_row_limit(rows, "$1");

		ck_assert_int_ge(strtoll(limit, NULL, 10), rows);
		different += strcmp(limit, before) != 0;
		before = limit;
	}
	ck_assert_int_le(different, 6);
	ck_assert_str_eq(template_row_limit(1002, "$1"), "$1");
	ck_assert_str_eq(template_row_limit(INT64_MAX, "ALL"), "ALL");
}
END_TEST

static Suite *
template_suite(void)
{
	Suite *suite = suite_create("db/template");
	TCase *too_many = tcase_create("too many parts");

	unit_add_loop(suite, "fill", test_fill, UNIT_COUNT(cases));
	unit_add(suite, "join", test_join);
	unit_add(suite, "parts", test_parts);
	tcase_add_test_raise_signal(too_many, test_too_many_parts, SIGABRT);
	suite_add_tcase(suite, too_many);
	unit_add(suite, "row limit", test_row_limit);
	return suite;
}

UNIT_MAIN(template_suite)
