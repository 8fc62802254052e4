/* Which standby may answer, by positions of the log. */
#include "db/replica.h"

#include "unit.h"

#define MAX_LAG_MS 1000

static const struct {
	const char *text;
	uint64_t position;
} position_cases[] = {
	{ "0/0", 0 },
	{ "0/1", 1 },
	{ "16/B374D848", UINT64_C(0x16b374d848) },
	{ "FFFFFFFF/FFFFFFFF", UINT64_MAX },
	{ "1/0", UINT64_C(1) << 32 },
	{ "", 0 },
	{ "12", 0 },
};

START_TEST(test_position)
{
	ck_assert_uint_eq(db_position_read(position_cases[_i].text), position_cases[_i].position);
}
END_TEST

static void
saw(struct db_replica *replica, uint64_t position, uint64_t primary, int64_t now_ms)
{
	db_replica_saw(replica, position, primary, now_ms, MAX_LAG_MS);
}

START_TEST(test_written)
{
	struct db_replica replica = { 0 };

	ck_assert(!db_replica_may_answer(&replica, 0));
	saw(&replica, 100, 100, 0);
	ck_assert(db_replica_may_answer(&replica, 0));
	ck_assert(db_replica_may_answer(&replica, 100));
	ck_assert(!db_replica_may_answer(&replica, 101));
	saw(&replica, 101, 101, 1);
	ck_assert(db_replica_may_answer(&replica, 101));
}
END_TEST

/* One that is behind at first must reach where the primary was then. */
START_TEST(test_starts_behind)
{
	struct db_replica replica = { 0 };

	saw(&replica, 50, 100, 0);
	ck_assert(!db_replica_may_answer(&replica, 0));
	saw(&replica, 99, 120, 10);
	ck_assert(!db_replica_may_answer(&replica, 0));
	saw(&replica, 100, 150, 20);
	ck_assert(db_replica_may_answer(&replica, 0));
}
END_TEST

/* Without a primary nobody knows better. */
START_TEST(test_without_primary)
{
	struct db_replica replica = { 0 };

	saw(&replica, 50, 0, 0);
	ck_assert(db_replica_may_answer(&replica, 0));
}
END_TEST

START_TEST(test_lag)
{
	struct db_replica replica = { 0 };

	saw(&replica, 100, 100, 0);
	/* Always behind, never for long. */
	for (int i = 1; i < 20; i++) {
		saw(&replica, 100 + 10 * (uint64_t)(i - 1), 100 + 10 * (uint64_t)i, i * 900);
		ck_assert(db_replica_may_answer(&replica, 0));
	}
	/* Now it stands still. */
	saw(&replica, 280, 500, 18000);
	ck_assert(db_replica_may_answer(&replica, 0));
	saw(&replica, 280, 500, 17100 + MAX_LAG_MS - 1);
	ck_assert(db_replica_may_answer(&replica, 0));
	saw(&replica, 280, 500, 17100 + MAX_LAG_MS);
	ck_assert(!db_replica_may_answer(&replica, 0));
	saw(&replica, 500, 500, 19000);
	ck_assert(db_replica_may_answer(&replica, 0));
}
END_TEST

START_TEST(test_lost)
{
	struct db_replica replica = { 0 };

	saw(&replica, 100, 100, 0);
	db_replica_lost(&replica);
	ck_assert(!db_replica_may_answer(&replica, 0));
	saw(&replica, 100, 100, 1);
	ck_assert(db_replica_may_answer(&replica, 0));
}
END_TEST

/* A new primary begins lower: the old goal would never be reached. */
START_TEST(test_new_primary)
{
	struct db_replica replica = { 0 };

	saw(&replica, 100, 200, 0);
	saw(&replica, 200, 300, 1);
	db_replica_reset(&replica, 150, 2);
	saw(&replica, 150, 150, MAX_LAG_MS * 5);
	ck_assert(db_replica_may_answer(&replica, 150));
}
END_TEST

static Suite *
replica_suite(void)
{
	Suite *suite = suite_create("db/replica");

	unit_add_loop(suite, "position", test_position, UNIT_COUNT(position_cases));
	unit_add(suite, "written", test_written);
	unit_add(suite, "starts behind", test_starts_behind);
	unit_add(suite, "without primary", test_without_primary);
	unit_add(suite, "lag", test_lag);
	unit_add(suite, "lost", test_lost);
	unit_add(suite, "new primary", test_new_primary);
	return suite;
}

UNIT_MAIN(replica_suite)
