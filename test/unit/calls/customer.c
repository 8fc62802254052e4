/* The statements of a customer's history: which condition is walked, and that they are complete. */
#include "calls/customer.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define NUMBER(value)                                                                              \
	{                                                                                          \
		CUSTOMER_SRC_NUM, CUSTOMER_EQUALS, value                                           \
	}
#define NUMBER_ABOVE(value)                                                                        \
	{                                                                                          \
		CUSTOMER_SRC_NUM, CUSTOMER_ABOVE, value                                            \
	}
#define KEY(value)                                                                                 \
	{                                                                                          \
		CUSTOMER_KEY, CUSTOMER_EQUALS, value                                               \
	}
#define KEY_BELOW(value)                                                                           \
	{                                                                                          \
		CUSTOMER_KEY, CUSTOMER_BELOW, value                                                \
	}
#define VALUE(value)                                                                               \
	{                                                                                          \
		CUSTOMER_VALUE, CUSTOMER_EQUALS, value                                             \
	}
#define VALUE_ABOVE(value)                                                                         \
	{                                                                                          \
		CUSTOMER_VALUE, CUSTOMER_ABOVE, value                                              \
	}

/* Of what the statements are, when pairs and numbers are as many as this. */
static const struct {
	struct customer_filters filters;
	bool asks_sizes;
	int64_t pairs;
	int64_t numbers;
	const char *has[4]; /* the total */
	const char *has_not[4];
	const char *list_has[4]; /* the list of many */
	const char *key;	 /* $1, $2 */
	const char *value;
} cases[] = {
	{ { 0, { { 0 } } }, false, 0, 0, { "FROM call_data AS call\nWHERE true" },
		{ "attached_data" }, { "ORDER BY call.start_time DESC" }, "", "" },
	{ { 1, { NUMBER("1002") } }, false, 0, 0, { "call.src_num = $4" }, { "attached_data" },
		{ "call.src_num = $4" }, "", "" },
	/* the pair, by its own list */
	{ { 2, { KEY("color"), VALUE("green") } }, true, 50, 0,
		{ "SELECT $1 AS key", "pair.value = $2", "DISTINCT ON" },
		{ "FROM call_data", "RECURSIVE", "key = 'recording'" },
		{ "ORDER BY pair.key DESC, pair.id_call_data DESC", "pair.value = $2" }, "color",
		"green" },
	{ { 1, { KEY("color") } }, false, 0, 0, { "SELECT $1 AS key", "DISTINCT ON" },
		{ "pair.value = $2", "FROM call_data" }, { "SELECT $1 AS key" }, "color", "" },
	{ { 2, { KEY("color"), VALUE_ABOVE("g") } }, false, 0, 0,
		{ "pair.value COLLATE \"C\" > $2" }, { "pair.value = $2" },
		{ "pair.value COLLATE \"C\" > $2" }, "color", "g" },
	/* a value of any key, that of recordings too; a call once */
	{ { 1, { VALUE("green") } }, false, 0, 0,
		{ "SELECT DISTINCT shown.call_id", "RECURSIVE", "key = 'recording'" },
		{ "COLLATE" }, { "RECURSIVE", "key = 'recording'" }, "", "green" },
	/* "recording" is not below "note", but below "z" */
	{ { 2, { KEY_BELOW("note"), VALUE("green") } }, false, 0, 0,
		{ "RECURSIVE", "known.key COLLATE \"C\" < $1" }, { "key = 'recording'" },
		{ "known.key COLLATE \"C\" < $1" }, "note", "green" },
	{ { 2, { KEY_BELOW("z"), VALUE("green") } }, false, 0, 0,
		{ "RECURSIVE", "key = 'recording'" }, { NULL }, { "key = 'recording'" }, "z",
		"green" },
	/* recordings alone; many of them are met by time */
	{ { 2, { KEY("recording"), VALUE("file") } }, true, 0, 0,
		{ "pair.key = 'recording'", "pair.value = $2" }, { "RECURSIVE", "$1 AS key" },
		{ "key = 'recording'" }, "recording", "file" },
	{ { 1, { KEY("recording") } }, false, 0, 0, { "pair.key = 'recording'" },
		{ "RECURSIVE", "$1 AS key" }, { "pair.key = $4", "ORDER BY call.start_time DESC" },
		"recording", "" },
	/* the shorter of two */
	{ { 3, { NUMBER("1002"), KEY("color"), VALUE("green") } }, true, 50, 51,
		{ "$1 AS key", "call.src_num IS NOT DISTINCT FROM $4" }, { "call.src_num = " },
		{ "$1 AS key", "call.src_num IS NOT DISTINCT FROM $4" }, "color", "green" },
	{ { 3, { NUMBER("1002"), KEY("color"), VALUE("green") } }, true, 50, 50,
		{ "call.src_num = $4", "pair.key = $5", "pair.value = $6" }, { "$1 AS key" },
		{ "call.src_num = $4" }, "", "" },
	/* a pair's promise: both, then a value, then a key; another pair is asked for beside it */
	{ { 4, { KEY("a"), KEY("b"), VALUE("c"), VALUE("d") } }, true, 50, 0,
		{ "$1 AS key", "pair.key = $4", "pair.value = $5" }, { "RECURSIVE" },
		{ "$1 AS key" }, "b", "c" },
	{ { 2, { VALUE("d"), KEY("a") } }, false, 0, 0, { "RECURSIVE", "pair.key = $4" },
		{ "$1 AS key" }, { "RECURSIVE" }, "", "d" },
	{ { 2, { NUMBER("1002"), KEY("a") } }, false, 0, 0, { "call.src_num = $4" },
		{ "$1 AS key" }, { "call.src_num = $4" }, "", "" },
	/* nothing that leads to few */
	{ { 2, { NUMBER_ABOVE("1"), VALUE_ABOVE("c") } }, false, 0, 0,
		{ "call.src_num COLLATE \"C\" > $4", "pair.value COLLATE \"C\" > $5" },
		{ "RECURSIVE" }, { "ORDER BY call.start_time DESC" }, "", "" },
};

static void
expect_texts(const char *text, const char *const has[4], const char *const has_not[4])
{
	for (int i = 0; i < 4 && has[i] != NULL; i++)
		ck_assert_msg(strstr(text, has[i]) != NULL, "%s\nis not in\n%s", has[i], text);
	for (int i = 0; has_not != NULL && i < 4 && has_not[i] != NULL; i++)
		ck_assert_msg(strstr(text, has_not[i]) == NULL, "%s\nis in\n%s", has_not[i], text);
	ck_assert_msg(strstr(text, "/*") == NULL, "a place is left: %s", strstr(text, "/*"));
}

static struct customer_way
way_of(int number)
{
	struct search_conditions sizes;
	struct customer_way way;

	ck_assert_int_eq(
		customer_way_find(&cases[number].filters, &way, &sizes), cases[number].asks_sizes);
	if (cases[number].asks_sizes) {
		ck_assert_ptr_nonnull(sizes.key);
		ck_assert_ptr_nonnull(sizes.value);
		ck_assert(way.has_number == (sizes.caller != NULL));
		customer_way_choose(&way, cases[number].pairs, cases[number].numbers);
	}
	return way;
}

START_TEST(test_total)
{
	struct customer_way way = way_of(_i);
	struct statement_builder builder;
	char *text = customer_total_statement(&cases[_i].filters, &way, &builder);
	struct db_parameters parameters = statement_builder_parameters(&builder);

	expect_texts(text, cases[_i].has, cases[_i].has_not);
	ck_assert_str_eq(parameters.values[0], cases[_i].key);
	ck_assert_str_eq(parameters.values[1], cases[_i].value);
	free(text);
	statement_builder_close(&builder);
}
END_TEST

START_TEST(test_list)
{
	static const int64_t totals[] = { 1, 1000, 1001, 100000 };
	struct customer_way way = way_of(_i);

	for (int i = 0; i < UNIT_COUNT(totals); i++) {
		struct statement_builder builder;
		char *text = customer_list_statement(
			&cases[_i].filters, &way, totals[i], 10, &builder);

		expect_texts(
			text, totals[i] > 1000 ? cases[_i].list_has : (const char *[4]){ 0 }, NULL);
		ck_assert_str_eq(statement_builder_parameters(&builder).values[2], "10");
		free(text);
		statement_builder_close(&builder);
	}
}
END_TEST

/* What is quick does not wait behind what takes long. */
START_TEST(test_short)
{
	static const struct customer_filters filters = { 2, { KEY("color"), VALUE("green") } };
	struct search_conditions sizes;
	struct customer_way way;

	ck_assert(customer_way_find(&filters, &way, &sizes));
	ck_assert(!way.is_short);
	customer_way_choose(&way, 20000, 0);
	ck_assert(!way.is_short);
	customer_way_choose(&way, 20, 0);
	ck_assert(way.is_short);
	ck_assert(!customer_way_is_open(&way));
}
END_TEST

static Suite *
customer_suite(void)
{
	Suite *suite = suite_create("calls/customer");

	unit_add_loop(suite, "total", test_total, UNIT_COUNT(cases));
	unit_add_loop(suite, "list", test_list, UNIT_COUNT(cases));
	unit_add(suite, "short", test_short);
	return suite;
}

UNIT_MAIN(customer_suite)
