/*
 * That the statement of a search is complete: every condition that is not walked is a filter, no
 * place is left, and the parameters are those it names.
 */
#include "calls/search_statement.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

/* Everything at once, walked in every way. */
static const struct search_conditions everything = { .agents = "{1500}",
	.agent_count = 1,
	.queues = "{a,b}",
	.queue_count = 2,
	.status = "answered",
	.start = "2026-01-01",
	.end = "2026-02-01",
	.callee = "3001",
	.caller = "1002",
	.direction = "incoming",
	.key = "color",
	.value = "green",
	.after = { "2026-01-15 10:00:00.5", "77" } };

START_TEST(test_parameters)
{
	static const char *const values[] = { "32", "11", "21", "{1500}", "{a,b}", "answered",
		"2026-01-01", "2026-02-01", "3001", "1002", "incoming", "color", "green",
		"2026-01-15 10:00:00.5", "77" };
	const struct search_page page = { .size = 10, .passed = 21 };
	struct search_numbers numbers;
	struct db_parameters parameters;
	enum search_walk walk = (enum search_walk)_i;
	char *text = search_statement(&everything, walk, &page, &numbers, &parameters);

	ck_assert_msg(strstr(text, "/*") == NULL, "a place is left: %.40s", strstr(text, "/*"));
	/* depth and page, where the planner sees them */
	ck_assert_ptr_nonnull(strstr(text, "LIMIT 51"));
	ck_assert_ptr_nonnull(strstr(text, "LIMIT 11"));
	for (int i = 0; i < UNIT_COUNT(values); i++)
		ck_assert_str_eq(parameters.values[i], values[i]);
	if (walk == SEARCH_WALK_STATUS || walk == SEARCH_WALK_QUEUE)
		ck_assert_str_eq(parameters.values[15], "answered");
	if (walk == SEARCH_WALK_DIRECTION)
		ck_assert_str_eq(parameters.values[15], "{incoming}");
	ck_assert_int_eq(parameters.count, walk == SEARCH_WALK_STATUS ||
							   walk == SEARCH_WALK_QUEUE ||
							   walk == SEARCH_WALK_DIRECTION
						   ? 16
						   : 15);
	ck_assert_int_eq(strstr(text, "$16") != NULL, parameters.count == 16);
	free(text);
}
END_TEST

/* Pages that are too deep for a literal. */
START_TEST(test_deep_page)
{
	const struct search_page page = { .size = 1000, .passed = INT64_C(2147483646) * 1000 };
	struct search_numbers numbers;
	struct db_parameters parameters;
	char *text = search_statement(
		&everything, SEARCH_WALK_CALLER, &page, &numbers, &parameters);

	ck_assert_str_eq(parameters.values[0], "2147483647001");
	ck_assert_str_eq(parameters.values[1], "1001");
	ck_assert_str_eq(parameters.values[2], "2147483646000");
	ck_assert_ptr_nonnull(strstr(text, "LIMIT $1"));
	free(text);
}
END_TEST

/* Only what is asked for is in the statement. */
START_TEST(test_no_conditions)
{
	const struct search_conditions nothing = { 0 };
	const struct search_page page = { .size = 10 };
	struct search_numbers numbers;
	struct db_parameters parameters;
	char *text = search_statement(&nothing, SEARCH_WALK_TIME, &page, &numbers, &parameters);
	const char *lists = strstr(text, "newest AS");

	ck_assert_ptr_nonnull(lists);
	for (int number = 4; number <= 16; number++) {
		char name[8];

		snprintf(name, sizeof name, "$%d", number);
		ck_assert_msg(strstr(lists, name) == NULL, "%s", name);
	}
	free(text);
}
END_TEST

static Suite *
search_statement_suite(void)
{
	Suite *suite = suite_create("calls/search_statement");

	unit_add_loop(suite, "parameters", test_parameters, SEARCH_WALKS);
	unit_add(suite, "deep page", test_deep_page);
	unit_add(suite, "no conditions", test_no_conditions);
	return suite;
}

UNIT_MAIN(search_statement_suite)
