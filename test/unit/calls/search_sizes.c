/* Sizes of lists: remembered for a minute, each with its statement and values. */
#include "calls/search_sizes.h"

#include <stdio.h>

#include "unit.h"

#define MINUTE_MS 60000

static const struct db_statement key_statement = { .name = "size_key", .text = "SELECT 1" };
static const struct db_statement pair_statement = { .name = "size_pair", .text = "SELECT 2" };

static struct db_step
step_of(const struct db_statement *statement, const char *value, const char *other)
{
	return (struct db_step){ .statement = statement,
		.parameters = { .count = other == NULL ? 1 : 2, .values = { value, other } } };
}

START_TEST(test_kept_for_a_minute)
{
	struct search_sizes *sizes = search_sizes_new();
	struct db_step step = step_of(&key_statement, "color", NULL);
	int64_t size = 7;

	ck_assert(!search_sizes_find(sizes, &step, 0, &size));
	search_sizes_keep(sizes, &step, 5000, 1234);
	ck_assert(search_sizes_find(sizes, &step, 5000, &size));
	ck_assert_int_eq(size, 1234);
	ck_assert(search_sizes_find(sizes, &step, 5000 + MINUTE_MS - 1, &size));
	size = 7;
	ck_assert(!search_sizes_find(sizes, &step, 5000 + MINUTE_MS, &size));
	ck_assert_int_eq(size, 7);
	search_sizes_keep(sizes, &step, 5000 + MINUTE_MS, 0);
	ck_assert(search_sizes_find(sizes, &step, 5000 + MINUTE_MS, &size));
	ck_assert_int_eq(size, 0);
	search_sizes_free(sizes);
}
END_TEST

/* Another statement, another value, or the same bytes cut elsewhere. */
START_TEST(test_others)
{
	struct search_sizes *sizes = search_sizes_new();
	struct db_step step = step_of(&pair_statement, "ab", "c");
	const struct db_step others[] = {
		step_of(&key_statement, "ab", "c"),
		step_of(&pair_statement, "a", "bc"),
		step_of(&pair_statement, "abc", ""),
		step_of(&pair_statement, "ab", NULL),
		step_of(&pair_statement, "c", "ab"),
	};
	int64_t size;

	search_sizes_keep(sizes, &step, 0, 5);
	for (int i = 0; i < UNIT_COUNT(others); i++)
		ck_assert(!search_sizes_find(sizes, &others[i], 0, &size));
	search_sizes_free(sizes);
}
END_TEST

/* However many are kept, what is found is right. */
START_TEST(test_many)
{
	struct search_sizes *sizes = search_sizes_new();
	char value[32];
	int found = 0;

	for (int i = 0; i < 20000; i++) {
		struct db_step step = step_of(&key_statement, value, NULL);

		snprintf(value, sizeof value, "key %d", i);
		search_sizes_keep(sizes, &step, i, i);
	}
	for (int i = 0; i < 20000; i++) {
		struct db_step step = step_of(&key_statement, value, NULL);
		int64_t size;

		snprintf(value, sizeof value, "key %d", i);
		if (search_sizes_find(sizes, &step, 20000, &size)) {
			ck_assert_int_eq(size, i);
			found++;
		}
	}
	ck_assert_int_gt(found, 1000);
	search_sizes_free(sizes);
}
END_TEST

static Suite *
search_sizes_suite(void)
{
	Suite *suite = suite_create("calls/search_sizes");

	unit_add(suite, "kept for a minute", test_kept_for_a_minute);
	unit_add(suite, "others", test_others);
	unit_add(suite, "many", test_many);
	return suite;
}

UNIT_MAIN(search_sizes_suite)
