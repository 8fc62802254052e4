/* The statement of a history: complete, with the parameters it names, and of the right side. */
#include "calls/history.h"

#include <string.h>

#include "unit.h"

static const struct {
	struct history_request request;
	int parameters;
	const char *days;
	const char *has[4];
	const char *has_not[4];
} cases[] = {
	{ { HISTORY_OF_INTERFACE, "SIP/a", 10, -1 }, 2, NULL,
		{ "leg.interface = $1", "call.src_interface = $1", "LIMIT 11" },
		{ "leg.agent = ", "call.src_agent = ", "call.dst_agent = ", "current_date" } },
	{ { HISTORY_OF_INTERFACE, "SIP/a", 1000, 7 }, 3, "7",
		{ "leg.interface = $1", "call.src_interface = $1", "LIMIT 1001",
			"current_date - $3" },
		{ "leg.agent = ", "call.src_agent = ", "call.dst_agent = " } },
	{ { HISTORY_OF_AGENT, "1500", 10, 0 }, 3, "0",
		{ "leg.agent = $1", "call.src_agent = $1", "call.dst_agent = $1",
			"current_date - $3" },
		{ "leg.interface = ", "call.src_interface = " } },
	{ { HISTORY_OF_AGENT, "1500", 5000, 36500 }, 3, "36500", { "LIMIT $2" }, { "LIMIT 1001" } },
};

START_TEST(test_statement)
{
	struct history_numbers numbers;
	struct db_parameters parameters;
	char *text = history_statement(&cases[_i].request, &numbers, &parameters);

	for (int i = 0; i < 4 && cases[_i].has[i] != NULL; i++)
		ck_assert_msg(strstr(text, cases[_i].has[i]) != NULL, "%s", cases[_i].has[i]);
	for (int i = 0; i < 4 && cases[_i].has_not[i] != NULL; i++)
		ck_assert_msg(
			strstr(text, cases[_i].has_not[i]) == NULL, "%s", cases[_i].has_not[i]);
	ck_assert_msg(strstr(text, "/*") == NULL, "a place is left: %s", strstr(text, "/*"));
	ck_assert_int_eq(parameters.count, cases[_i].parameters);
	ck_assert_str_eq(parameters.values[0], cases[_i].request.name);
	ck_assert_int_eq(strtoll(parameters.values[1], NULL, 10), cases[_i].request.size);
	if (cases[_i].days != NULL)
		ck_assert_str_eq(parameters.values[2], cases[_i].days);
	free(text);
}
END_TEST

/* Requests of a shape have one text. */
START_TEST(test_same_shape)
{
	struct history_numbers numbers;
	struct db_parameters parameters;
	const struct history_request one = { HISTORY_OF_AGENT, "1500", 3, 7 };
	const struct history_request other = { HISTORY_OF_AGENT, "x", 10, 365 };
	char *text = history_statement(&one, &numbers, &parameters);
	char *same = history_statement(&other, &numbers, &parameters);

	ck_assert_str_eq(text, same);
	free(text);
	free(same);
}
END_TEST

static Suite *
history_suite(void)
{
	Suite *suite = suite_create("calls/history");

	unit_add_loop(suite, "statement", test_statement, UNIT_COUNT(cases));
	unit_add(suite, "same shape", test_same_shape);
	return suite;
}

UNIT_MAIN(history_suite)
