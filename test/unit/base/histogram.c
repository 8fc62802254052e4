/* Durations in buckets: each on the right side of its bound. */
#include "base/histogram.h"

#include "unit.h"

START_TEST(test_bounds)
{
	for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
		struct histogram histogram = { 0 };

		/* "le": the bound itself belongs to its bucket. */
		histogram_observe(&histogram, histogram_bounds_us[i]);
		ck_assert_uint_eq(histogram.counts[i], 1);
		histogram_observe(&histogram, histogram_bounds_us[i] + 1);
		ck_assert_uint_eq(histogram.counts[i + 1], 1);
		ck_assert_uint_eq(histogram_count(&histogram), 2);
		ck_assert_uint_eq(histogram.sum_us, (uint64_t)histogram_bounds_us[i] * 2 + 1);
		if (i > 0)
			ck_assert_int_gt(histogram_bounds_us[i], histogram_bounds_us[i - 1]);
	}
}
END_TEST

START_TEST(test_extremes)
{
	struct histogram histogram = { 0 };

	histogram_observe(&histogram, 0);
	histogram_observe(&histogram, INT64_MAX / 2);
	ck_assert_uint_eq(histogram.counts[0], 1);
	ck_assert_uint_eq(histogram.counts[HISTOGRAM_BOUNDS], 1);
}
END_TEST

START_TEST(test_add)
{
	struct histogram one = { 0 };
	struct histogram other = { 0 };

	histogram_observe(&one, 50);
	histogram_observe(&other, 60);
	histogram_observe(&other, 3000);
	histogram_observe(&other, 100000000);
	histogram_add(&one, &other);
	ck_assert_uint_eq(histogram_count(&one), 4);
	ck_assert_uint_eq(one.counts[0], 2);
	ck_assert_uint_eq(one.counts[HISTOGRAM_BOUNDS], 1);
	ck_assert_uint_eq(one.sum_us, 50 + 60 + 3000 + 100000000);
	ck_assert_uint_eq(histogram_count(&other), 3);
}
END_TEST

static Suite *
histogram_suite(void)
{
	Suite *suite = suite_create("base/histogram");

	unit_add(suite, "bounds", test_bounds);
	unit_add(suite, "extremes", test_extremes);
	unit_add(suite, "add", test_add);
	return suite;
}

UNIT_MAIN(histogram_suite)
