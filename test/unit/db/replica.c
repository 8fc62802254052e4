/* Which standby may answer, by positions of the log. */
#include "db/replica.h"

#include "unit.h"

#define MAX_LAG_MS 1000

static const struct {
	const char *text;
	uint64_t position;
} position_cases[] = {
	{ "0/0", 0 },
	{ "0/30", 0x30 },
	{ "16/B374D848", UINT64_C(0x16b374d848) },
	{ "FFFFFFFF/FFFFFFFF", UINT64_MAX },
	{ "1/0", UINT64_C(1) << 32 },
	{ "", 0 },
	{ "12", 0 },
	/* The heads of pages, the first of a file and others, and what is right behind. */
	{ "0/A000000", 0xA000000 },
	{ "0/A000028", 0xA000000 },
	{ "0/A000030", 0xA000030 },
	{ "2/A002018", UINT64_C(0x20a002000) },
	{ "2/A001FF8", UINT64_C(0x20a001ff8) },
};

START_TEST(test_position)
{
	struct db_position position = db_position_read("12", position_cases[_i].text);

	ck_assert_uint_eq(position.timeline, 12);
	ck_assert_uint_eq(position.place, position_cases[_i].position);
	ck_assert_uint_eq(db_position_read("", position_cases[_i].text).timeline, 0);
}
END_TEST

static struct db_position
at(uint32_t timeline, uint64_t place)
{
	return (struct db_position){ .timeline = timeline, .place = place };
}

/* Most of the time all are on one timeline. */
static void
saw(struct db_replica *replica, uint64_t place, uint64_t primary, int64_t now_ms)
{
	db_replica_saw(replica, at(1, place), at(1, primary), now_ms, MAX_LAG_MS);
}

static bool
may_answer(const struct db_replica *replica, uint64_t written)
{
	return db_replica_may_answer(replica, at(1, written), true);
}

START_TEST(test_written)
{
	struct db_replica replica = { 0 };

	ck_assert(!may_answer(&replica, 0));
	saw(&replica, 100, 100, 0);
	ck_assert(may_answer(&replica, 0));
	ck_assert(may_answer(&replica, 100));
	ck_assert(!may_answer(&replica, 101));
	saw(&replica, 101, 101, 1);
	ck_assert(may_answer(&replica, 101));
}
END_TEST

/* One that is behind at first must reach where the primary was then. */
START_TEST(test_starts_behind)
{
	struct db_replica replica = { 0 };

	saw(&replica, 50, 100, 0);
	ck_assert(!may_answer(&replica, 0));
	saw(&replica, 99, 120, 10);
	ck_assert(!may_answer(&replica, 0));
	saw(&replica, 100, 150, 20);
	ck_assert(may_answer(&replica, 0));
}
END_TEST

/* Without a primary nobody knows better. */
START_TEST(test_without_primary)
{
	struct db_replica replica = { 0 };

	db_replica_saw(&replica, at(3, 50), at(0, 0), 0, MAX_LAG_MS);
	ck_assert(db_replica_follows(&replica, at(0, 0), false));
	ck_assert(db_replica_may_answer(&replica, at(0, 0), false));
}
END_TEST

START_TEST(test_lag)
{
	struct db_replica replica = { 0 };

	saw(&replica, 100, 100, 0);
	/* Always behind, never for long. */
	for (int i = 1; i < 20; i++) {
		saw(&replica, 100 + 10 * (uint64_t)(i - 1), 100 + 10 * (uint64_t)i, i * 900);
		ck_assert(may_answer(&replica, 0));
	}
	/* Now it stands still. */
	saw(&replica, 280, 500, 18000);
	ck_assert(may_answer(&replica, 0));
	saw(&replica, 280, 500, 17100 + MAX_LAG_MS - 1);
	ck_assert(may_answer(&replica, 0));
	saw(&replica, 280, 500, 17100 + MAX_LAG_MS);
	ck_assert(!may_answer(&replica, 0));
	saw(&replica, 500, 500, 19000);
	ck_assert(may_answer(&replica, 0));
}
END_TEST

START_TEST(test_lost)
{
	struct db_replica replica = { 0 };

	saw(&replica, 100, 100, 0);
	db_replica_lost(&replica);
	ck_assert(!may_answer(&replica, 0));
	saw(&replica, 100, 100, 1);
	ck_assert(may_answer(&replica, 0));
}
END_TEST

/* A new primary begins lower: the old goal would never be reached. */
START_TEST(test_new_primary)
{
	struct db_replica replica = { 0 };

	saw(&replica, 100, 200, 0);
	saw(&replica, 200, 300, 1);
	db_replica_reset(&replica, at(2, 150), 2);
	db_replica_saw(&replica, at(2, 150), at(2, 150), MAX_LAG_MS * 5, MAX_LAG_MS);
	ck_assert(db_replica_may_answer(&replica, at(2, 150), true));
}
END_TEST

/* Higher than the new primary, on the timeline of the old one: it has other data. */
START_TEST(test_left_behind)
{
	struct db_replica replica = { 0 };

	saw(&replica, 200, 200, 0);
	db_replica_reset(&replica, at(2, 150), 1);
	for (int i = 2; i < 5; i++) {
		for (int answers = 0; answers < 2; answers++) {
			ck_assert(!db_replica_follows(&replica, at(2, 150), answers));
			ck_assert(!db_replica_may_answer(&replica, at(2, 150), answers));
		}
		db_replica_saw(&replica, at(1, 200), at(2, 160), i, MAX_LAG_MS);
		ck_assert(replica.is_apart);
	}
	/* Copied anew from the new primary, it must first get to where that is. */
	db_replica_saw(&replica, at(2, 155), at(2, 170), 6, MAX_LAG_MS);
	ck_assert(!replica.is_apart);
	ck_assert(!db_replica_may_answer(&replica, at(2, 165), true));
	db_replica_saw(&replica, at(2, 170), at(2, 170), 7, MAX_LAG_MS);
	ck_assert(db_replica_may_answer(&replica, at(2, 165), true));
}
END_TEST

/* It was never at the primary's place before it came to its timeline. */
START_TEST(test_comes_behind)
{
	struct db_replica replica = { 0 };

	db_replica_saw(&replica, at(1, 100), at(2, 200), 0, MAX_LAG_MS);
	ck_assert(!db_replica_follows(&replica, at(2, 200), true));
	db_replica_saw(&replica, at(2, 190), at(2, 300), 1, MAX_LAG_MS);
	ck_assert(!db_replica_follows(&replica, at(2, 200), true));
	db_replica_saw(&replica, at(2, 210), at(2, 310), 2, MAX_LAG_MS);
	ck_assert(db_replica_follows(&replica, at(2, 200), true));
}
END_TEST

/* One that was promoted, or follows one that was, before the new primary is found. */
START_TEST(test_ahead)
{
	struct db_replica replica = { 0 };

	saw(&replica, 200, 200, 0);
	db_replica_saw(&replica, at(2, 150), at(1, 200), 1, MAX_LAG_MS);
	/* The old one still answers: two primaries, of which this is not the one that is asked. */
	ck_assert(!db_replica_follows(&replica, at(1, 200), true));
	ck_assert(!db_replica_may_answer(&replica, at(1, 200), true));
	ck_assert(db_replica_follows(&replica, at(1, 200), false));
	ck_assert(db_replica_may_answer(&replica, at(1, 200), false));
	db_replica_lost(&replica);
	ck_assert(!db_replica_may_answer(&replica, at(1, 200), false));
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
	unit_add(suite, "left behind", test_left_behind);
	unit_add(suite, "comes behind", test_comes_behind);
	unit_add(suite, "ahead", test_ahead);
	return suite;
}

UNIT_MAIN(replica_suite)
