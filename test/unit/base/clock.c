/* The clock of timeouts. */
#include "base/clock.h"

#include <unistd.h>

#include "unit.h"

START_TEST(test_forward)
{
	int64_t before_ms = clock_now_ms();

	ck_assert_int_eq(usleep(20000), 0);
	ck_assert_int_ge(clock_now_ms() - before_ms, 19);
}
END_TEST

static const struct {
	int64_t duration_ms;
	long seconds;
	long microseconds;
} cases[] = {
	{ -1, 0, 0 },
	{ INT64_MIN, 0, 0 },
	{ 0, 0, 0 },
	{ 1, 0, 1000 },
	{ 999, 0, 999000 },
	{ 1000, 1, 0 },
	{ 75001, 75, 1000 },
	{ 3600000, 3600, 0 },
};

START_TEST(test_timeval)
{
	struct timeval duration = clock_timeval(cases[_i].duration_ms);

	ck_assert_int_eq(duration.tv_sec, cases[_i].seconds);
	ck_assert_int_eq(duration.tv_usec, cases[_i].microseconds);
}
END_TEST

static Suite *
clock_suite(void)
{
	Suite *suite = suite_create("base/clock");

	unit_add(suite, "forward", test_forward);
	unit_add_loop(suite, "timeval", test_timeval, UNIT_COUNT(cases));
	return suite;
}

UNIT_MAIN(clock_suite)
