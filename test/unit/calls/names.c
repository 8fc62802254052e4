/*
 * What a search for an agent or a queue finds in the configuration tables: the exact number, or a
 * part of the name in any case. The rows are made here, without a server.
 */
#include "calls/names.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static PGresult *
result_new(int columns)
{
	static char name[] = "column";
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc descriptions[NAMES_QUEUE_COLUMNS] = { { .name = name }, { .name = name },
		{ .name = name } };

	ck_assert_ptr_nonnull(result);
	ck_assert_int_eq(PQsetResultAttrs(result, columns, descriptions), 1);
	return result;
}

static void
set_value(PGresult *result, int row, int column, const char *text)
{
	char copy[256] = "";

	if (text != NULL)
		strcpy(copy, text);
	ck_assert_int_eq(
		PQsetvalue(result, row, column, copy, text == NULL ? -1 : (int)strlen(text)), 1);
}

/* The set as a literal, which is freed with the set. */
static void
check_literal(struct name_set *set, const char *expected)
{
	char *literal = name_set_literal(set);

	ck_assert_msg(
		strcmp(literal, expected) == 0, "%s: %s, not %s", set->given, literal, expected);
	free(literal);
	name_set_close(set);
}

static const char *const agents[][NAMES_AGENT_COLUMNS] = {
	{ "1573", "Joe Dalton" },
	{ "1574", "Averell Dalton" },
	{ "157", "J\xc3\xb6rg \xc3\x84rmel" },
	{ "2000", "1573" }, /* a name like a number */
	{ "2001", "" },
	{ "2002", NULL },
	{ "2003", "a_b%c\\d" },
};

static const struct {
	const char *given;
	const char *literal; /* of agent numbers; last the given text, unless it is one */
} agent_cases[] = {
	{ "1574", "{\"1574\"}" },
	{ "157", "{\"157\",\"2000\"}" }, /* a whole number, a part of a name */
	{ "1573", "{\"1573\",\"2000\"}" },
	{ "01573", "{\"01573\"}" },
	{ "9999", "{\"9999\"}" }, /* deleted: its calls still have the number */
	{ "dalton", "{\"1573\",\"1574\",\"dalton\"}" },
	{ "DALTON", "{\"1573\",\"1574\",\"DALTON\"}" },
	{ "Joe Dalton", "{\"1573\",\"Joe Dalton\"}" },
	{ "e d", "{\"1573\",\"e d\"}" }, /* across both names */
	{ "Joe  Dalton", "{\"Joe  Dalton\"}" },
	{ "DaltonJoe", "{\"DaltonJoe\"}" },
	{ "J\xc3\x96RG", "{\"157\",\"J\xc3\x96RG\"}" },
	{ "\xc3\xa4RM", "{\"157\",\"\xc3\xa4RM\"}" },
	{ "jorg", "{\"jorg\"}" },
	{ "\xc3\xb6", "{\"157\",\"\xc3\xb6\"}" },
	/* Only letters, whatever LIKE knows. */
	{ "%", "{\"2003\",\"%\"}" },
	{ "_", "{\"2003\",\"_\"}" },
	{ "J_e", "{\"J_e\"}" },
	{ "Jo%", "{\"Jo%\"}" },
	{ "\\", "{\"2003\",\"\\\\\"}" },
	{ "\"", "{\"\\\"\"}" },
	{ "}", "{\"}\"}" },
	{ "NULL", "{\"NULL\"}" },
};

START_TEST(test_agent)
{
	PGresult *result = result_new(NAMES_AGENT_COLUMNS);
	struct name_set set;

	name_set_open(&set, agent_cases[_i].given);
	for (int row = 0; row < UNIT_COUNT(agents); row++) {
		for (int column = 0; column < NAMES_AGENT_COLUMNS; column++)
			set_value(result, row, column, agents[row][column]);
		name_set_agent_row(&set, result, row);
	}
	check_literal(&set, agent_cases[_i].literal);
	PQclear(result);
}
END_TEST

/* Reference, number, display name. */
static const char *const queues[][NAMES_QUEUE_COLUMNS] = {
	{ "oneforone", "3555", "One For One" },
	{ "sales", "3000", "Verkauf" },
	{ "old", "", "Old Sales" },
	{ "3001", "3002", "Support" }, /* a reference like a number */
	{ "none", NULL, NULL },
};

static const struct {
	const char *given;
	const char *literal; /* of references */
} queue_cases[] = {
	{ "3555", "{\"oneforone\",\"3555\"}" },
	{ "355", "{\"355\"}" },
	{ "one for", "{\"oneforone\",\"one for\"}" },
	/* A reference that is configured is no way to name the queue; its number and name are. */
	{ "oneforone", "{}" },
	{ "sales", "{\"old\"}" },
	{ "SALES", "{\"old\",\"SALES\"}" },
	{ "3001", "{}" },
	{ "3002", "{\"3001\",\"3002\"}" },
	{ "none", "{}" },
	/* One without a row is found by its reference. */
	{ "deleted", "{\"deleted\"}" },
	{ "Oneforone", "{\"Oneforone\"}" },
};

START_TEST(test_queue)
{
	PGresult *result = result_new(NAMES_QUEUE_COLUMNS);
	struct name_set set;

	name_set_open(&set, queue_cases[_i].given);
	for (int row = 0; row < UNIT_COUNT(queues); row++) {
		for (int column = 0; column < NAMES_QUEUE_COLUMNS; column++)
			set_value(result, row, column, queues[row][column]);
		name_set_queue_row(&set, result, row);
	}
	check_literal(&set, queue_cases[_i].literal);
	PQclear(result);
}
END_TEST

/* More than any first size. */
START_TEST(test_many)
{
	PGresult *result = result_new(NAMES_AGENT_COLUMNS);
	char expected[8192] = "{";
	struct name_set set;

	name_set_open(&set, "dalton");
	for (int row = 0; row < 500; row++) {
		char number[16];

		snprintf(number, sizeof number, "%d", row);
		set_value(result, row, 0, number);
		set_value(result, row, 1, "Dalton");
		name_set_agent_row(&set, result, row);
		snprintf(expected + strlen(expected), 16, "\"%d\",", row);
	}
	strcat(expected, "\"dalton\"}");
	check_literal(&set, expected);
	PQclear(result);
}
END_TEST

START_TEST(test_nothing)
{
	struct name_set set;

	name_set_open(&set, "1573");
	check_literal(&set, "{\"1573\"}");
	name_set_close(&set); /* closed already */
}
END_TEST

/* Lower case by Unicode, not by the process's locale. */
static const struct {
	const char *name;
	const char *lower;
} lower_cases[] = {
	{ "", "" },
	{ "aBcXYZ", "abcxyz" },
	{ "@[`{09", "@[`{09" },
	{ "\xc3\x84\xc3\x96\xc3\x9c\xc3\x9f", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f" },
	{ "\xc3\x89\xc3\x88", "\xc3\xa9\xc3\xa8" },
	{ "\xd0\x96", "\xd0\xb6" },		    /* Cyrillic */
	{ "\xce\xa9", "\xcf\x89" },		    /* Greek */
	{ "\xc5\xb9", "\xc5\xba" },		    /* Latin Extended */
	{ "\xc8\xba", "\xe2\xb1\xa5" },		    /* U+023A: the lower case is longer */
	{ "\xe2\x84\xaa", "k" },		    /* U+212A, the Kelvin sign: and shorter */
	{ "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8" }, /* U+10400 */
	{ "\xe4\xb8\xad\xf0\x9f\x98\x80", "\xe4\xb8\xad\xf0\x9f\x98\x80" },
	/* No UTF-8 stays as it is. */
	{ "A\xff"
	  "B",
		"a\xff"
		"b" },
	{ "A\xc3", "a\xc3" },
	{ "\xc3(A", "\xc3(a" },
};

START_TEST(test_lower_case)
{
	char *lower = name_lower_case(lower_cases[_i].name);
	char many[1024] = "";
	char expected[1024] = "";

	ck_assert_str_eq(lower, lower_cases[_i].lower);
	free(lower);
	/* Forty of them, so that what was reserved must be enough. */
	for (int i = 0; i < 40; i++) {
		strcat(strcat(many, lower_cases[_i].name), "x");
		strcat(strcat(expected, lower_cases[_i].lower), "x");
	}
	lower = name_lower_case(many);
	ck_assert_str_eq(lower, expected);
	free(lower);
}
END_TEST

static const struct {
	const char *name;
	const char *part;
	bool contains;
} contains_cases[] = {
	{ "", "", true },
	{ "Joe", "", true },
	{ "Joe", "joe", true },
	{ "Joe", "o", true },
	{ "Joe", "joey", false },
	{ "Joe", "eo", false },
	{ "JOE", "joe", true },
	{ "\xc3\x84rmel", "\xc3\xa4r", true },
	{ "\xc3\x84rmel", "ar", false },
};

START_TEST(test_contains)
{
	ck_assert_int_eq(name_contains(contains_cases[_i].name, contains_cases[_i].part),
		contains_cases[_i].contains);
}
END_TEST

static Suite *
names_suite(void)
{
	Suite *suite = suite_create("calls/names");

	unit_add_loop(suite, "agent", test_agent, UNIT_COUNT(agent_cases));
	unit_add_loop(suite, "queue", test_queue, UNIT_COUNT(queue_cases));
	unit_add(suite, "many", test_many);
	unit_add(suite, "nothing", test_nothing);
	unit_add_loop(suite, "lower case", test_lower_case, UNIT_COUNT(lower_cases));
	unit_add_loop(suite, "contains", test_contains, UNIT_COUNT(contains_cases));
	return suite;
}

UNIT_MAIN(names_suite)
