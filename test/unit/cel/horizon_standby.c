/* Whom a gap waits for, when looks at a primary and at a standby follow each other. */
#include "cel/horizon.h"

#include "unit.h"

#define GAP_TIMEOUT_US 10000
#define SETTLE_TIME_US 500

static struct horizon *horizon;

/* A look at a primary, with one writer or none. */
static int64_t
look(int64_t highest, const char *writer, int64_t now_us)
{
	char given_up[HORIZON_WRITER_SIZE];

	horizon_begin(horizon);
	if (writer != NULL)
		horizon_writer(horizon, writer, now_us);
	ck_assert(!horizon_end(horizon, highest, false, now_us, given_up));
	return horizon_id(horizon);
}

static int64_t
look_at_standby(int64_t highest, int64_t now_us)
{
	char given_up[HORIZON_WRITER_SIZE];

	horizon_begin(horizon);
	ck_assert(!horizon_end(horizon, highest, true, now_us, given_up));
	return horizon_id(horizon);
}

static void
set_up(void)
{
	horizon = horizon_new(&(struct horizon_settings){
		.gap_timeout_us = GAP_TIMEOUT_US, .settle_time_us = SETTLE_TIME_US });
	ck_assert_int_eq(look(10, NULL, 0), 10);
}

static void
tear_down(void)
{
	horizon_free(horizon);
}

START_TEST(test_settles)
{
	ck_assert_int_eq(look_at_standby(12, 100), 10);
	ck_assert_int_eq(look_at_standby(14, 300), 10);
	ck_assert_int_eq(look_at_standby(14, 599), 10);
	ck_assert_int_eq(look_at_standby(14, 600), 12);
	ck_assert_int_eq(look_at_standby(14, 799), 12);
	ck_assert_int_eq(look_at_standby(14, 800), 14);
}
END_TEST

/* On a standby nobody is seen: who writes when the primary is back may have begun before. */
START_TEST(test_back_on_primary)
{
	ck_assert_int_eq(look_at_standby(12, 100), 10);
	ck_assert_int_eq(look(12, "1/1", 200), 10);
	ck_assert_int_eq(look(12, "1/1", 5000), 10);
	ck_assert_int_eq(look(12, NULL, 5001), 12);
}
END_TEST

START_TEST(test_promoted)
{
	ck_assert_int_eq(look_at_standby(12, 100), 10);
	ck_assert_int_eq(look(12, NULL, 101), 12);
}
END_TEST

/* A look at a standby does not end the transactions of the primary. */
START_TEST(test_standby_between)
{
	ck_assert_int_eq(look(12, "1/1", 100), 10);
	ck_assert_int_eq(look_at_standby(12, 200), 10);
	ck_assert_int_eq(look(12, "1/1", 300), 10);
	ck_assert_int_eq(look(12, NULL, 400), 12);
}
END_TEST

static Suite *
horizon_standby_suite(void)
{
	Suite *suite = suite_create("cel/horizon_standby");
	TCase *standby = tcase_create("standby");

	tcase_add_checked_fixture(standby, set_up, tear_down);
	tcase_add_test(standby, test_settles);
	tcase_add_test(standby, test_back_on_primary);
	tcase_add_test(standby, test_promoted);
	tcase_add_test(standby, test_standby_between);
	suite_add_tcase(suite, standby);
	return suite;
}

UNIT_MAIN(horizon_standby_suite)
