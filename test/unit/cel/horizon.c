/*
 * The reckoning of gaps as a table of stories: looks at the database one after the other, and where
 * the horizon stands after each. Every sentence of cel/horizon.h has one.
 */
#include "cel/horizon.h"

#include <stdio.h>

#include "unit.h"

#define GAP_TIMEOUT 100
#define SETTLE_TIME 50
#define UNKNOWN	    (-1)

enum act {
	END, /* of the story */
	LOOK,
	STANDBY, /* a look at a standby */
	EXTEND,
	RESET,
	SERVER,	 /* another one from now on */
	TIMEOUT, /* id is the new gap_timeout */
};

struct step {
	enum act act;
	int64_t id; /* the highest one that is visible */
	int64_t at;
	const char *writers; /* one letter each, in the order the database tells them */
	int64_t horizon;     /* afterwards */
	bool is_waiting;
	char given_up; /* the writer that is named; 0: none */
};

static const struct {
	const char *name;
	struct step steps[12];
} stories[] = {
	{ "an empty table", { { LOOK, 0, 0, "", 0, false, 0 } } },
	{ "an empty table somebody writes to",
		{ { LOOK, 0, 0, "a", UNKNOWN, true, 0 }, { LOOK, 0, 1, "a", UNKNOWN, true, 0 },
			{ LOOK, 0, 2, "", 0, false, 0 } } },
	{ "nobody writes: what is missing never comes",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 20, 1, "", 20, false, 0 } } },
	{ "ids that follow move it at once",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { EXTEND, 12, 0, "", 12, false, 0 },
			{ EXTEND, 11, 0, "", 12, false, 0 } } },
	{ "a gap waits for the writer",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 12, 1, "a", 10, true, 0 },
			{ LOOK, 12, 2, "a", 10, true, 0 }, { LOOK, 12, 3, "", 12, false, 0 } } },
	{ "at the start as well",
		{ { LOOK, 10, 0, "a", UNKNOWN, true, 0 }, { LOOK, 10, 1, "", 10, false, 0 } } },
	{ "it waits for all of them, in whatever order they end",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 12, 1, "abc", 10, true, 0 },
			{ LOOK, 12, 2, "cb", 10, true, 0 }, { LOOK, 12, 3, "b", 10, true, 0 },
			{ LOOK, 12, 4, "", 12, false, 0 } } },
	{ "those that began later do not count",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 12, 1, "a", 10, true, 0 },
			{ LOOK, 12, 2, "ab", 10, true, 0 }, { LOOK, 12, 3, "b", 12, false, 0 } } },
	{ "under constant writing it moves on, note by note",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 12, 1, "a", 10, true, 0 },
			{ LOOK, 14, 2, "ab", 10, true, 0 }, { LOOK, 16, 3, "bc", 12, true, 0 },
			{ LOOK, 18, 4, "cd", 14, true, 0 }, { LOOK, 20, 5, "de", 16, true, 0 },
			{ LOOK, 20, 6, "", 20, false, 0 } } },
	{ "an old one holds what was noted after it",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 12, 1, "a", 10, true, 0 },
			{ LOOK, 14, 2, "ab", 10, true, 0 }, { LOOK, 14, 3, "a", 10, true, 0 },
			{ LOOK, 14, 4, "", 14, false, 0 } } },
	{ "with the same writers what was seen since is settled together",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 12, 1, "a", 10, true, 0 },
			{ LOOK, 15, 2, "a", 10, true, 0 }, { LOOK, 15, 3, "b", 15, false, 0 } } },
	{ "a name that comes again is another transaction",
		{ { LOOK, 10, 0, "a", UNKNOWN, true, 0 }, { LOOK, 10, 1, "", 10, false, 0 },
			{ LOOK, 20, 2, "a", 10, true, 0 }, { LOOK, 20, 3, "", 20, false, 0 } } },
	{ "nothing above: nothing is awaited",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 10, 1, "a", 10, false, 0 },
			{ LOOK, 9, 2, "a", 10, false, 0 } } },
	{ "the gap is filled before the writer has ended",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 20, 1, "a", 10, true, 0 },
			{ EXTEND, 15, 1, "", 15, true, 0 }, { EXTEND, 20, 1, "", 20, false, 0 },
			{ LOOK, 20, 2, "a", 20, false, 0 } } },
	{ "filled in part",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 20, 1, "a", 10, true, 0 },
			{ EXTEND, 15, 1, "", 15, true, 0 }, { LOOK, 20, 2, "", 20, false, 0 } } },
	{ "filled up to the first of two notes",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 12, 1, "a", 10, true, 0 },
			{ LOOK, 14, 2, "ab", 10, true, 0 }, { EXTEND, 12, 2, "", 12, true, 0 },
			{ LOOK, 14, 3, "b", 12, true, 0 }, { LOOK, 14, 4, "", 14, false, 0 } } },

	{ "a writer is waited for so long and no longer, and named once",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 12, 10, "a", 10, true, 0 },
			{ LOOK, 12, 109, "a", 10, true, 0 }, { LOOK, 12, 110, "a", 12, false, 'a' },
			{ LOOK, 14, 111, "a", 14, false, 0 },
			{ LOOK, 16, 500, "a", 16, false, 0 } } },
	{ "one that ends in time is not named",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 12, 10, "a", 10, true, 0 },
			{ LOOK, 12, 110, "", 12, false, 0 } } },
	{ "the time runs from when it was first seen, whatever was missing then",
		{ { LOOK, 10, 0, "a", UNKNOWN, true, 0 }, { LOOK, 12, 99, "a", UNKNOWN, true, 0 },
			{ LOOK, 12, 100, "a", 12, false, 'a' } } },
	{ "each has its own time",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 12, 10, "a", 10, true, 0 },
			{ LOOK, 14, 60, "ab", 10, true, 0 }, { LOOK, 14, 110, "ab", 12, true, 'a' },
			{ LOOK, 14, 159, "ab", 12, true, 0 },
			{ LOOK, 14, 160, "ab", 14, false, 'b' } } },
	{ "beside one that was given up, others are waited for",
		{ { LOOK, 10, 0, "a", UNKNOWN, true, 0 }, { LOOK, 10, 100, "a", 10, false, 'a' },
			{ LOOK, 12, 110, "ab", 10, true, 0 },
			{ LOOK, 12, 120, "a", 12, false, 0 } } },
	{ "two at once are named one after the other",
		{ { LOOK, 10, 0, "ab", UNKNOWN, true, 0 }, { LOOK, 10, 100, "ab", 10, false, 'a' },
			{ LOOK, 12, 101, "ab", 12, false, 'b' },
			{ LOOK, 14, 102, "ab", 14, false, 0 } } },
	{ "no patience at all",
		{ { TIMEOUT, 0, 0, "", UNKNOWN, false, 0 }, { LOOK, 10, 0, "a", 10, false, 'a' },
			{ LOOK, 20, 0, "ab", 20, false, 'b' } } },
	{ "a new setting counts for those that are known",
		{ { LOOK, 10, 0, "a", UNKNOWN, true, 0 }, { TIMEOUT, 5, 0, "", UNKNOWN, true, 0 },
			{ LOOK, 10, 4, "a", UNKNOWN, true, 0 },
			{ LOOK, 10, 5, "a", 10, false, 'a' } } },

	{ "a standby sees no writers: every gap waits its time",
		{ { STANDBY, 10, 0, "", UNKNOWN, true, 0 },
			{ STANDBY, 10, 49, "", UNKNOWN, true, 0 },
			{ STANDBY, 10, 50, "", 10, false, 0 } } },
	{ "an empty standby",
		{ { STANDBY, 0, 0, "", UNKNOWN, true, 0 }, { STANDBY, 0, 50, "", 0, false, 0 } } },
	{ "on a standby each look has its own time",
		{ { STANDBY, 10, 0, "", UNKNOWN, true, 0 },
			{ STANDBY, 12, 30, "", UNKNOWN, true, 0 },
			{ STANDBY, 12, 50, "", 10, true, 0 }, { STANDBY, 12, 79, "", 10, true, 0 },
			{ STANDBY, 12, 80, "", 12, false, 0 } } },
	{ "on a standby, too, ids that follow move it at once",
		{ { STANDBY, 10, 0, "", UNKNOWN, true, 0 }, { STANDBY, 10, 50, "", 10, false, 0 },
			{ STANDBY, 20, 60, "", 10, true, 0 },
			{ EXTEND, 20, 60, "", 20, false, 0 } } },

	{ "another table: nothing is known, also lower ids",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { RESET, 0, 0, "", UNKNOWN, false, 0 },
			{ LOOK, 5, 1, "", 5, false, 0 } } },
	{ "what was noted about the old one is forgotten",
		{ { LOOK, 10, 0, "", 10, false, 0 }, { LOOK, 20, 1, "a", 10, true, 0 },
			{ RESET, 0, 0, "", UNKNOWN, false, 0 },
			{ LOOK, 3, 2, "a", UNKNOWN, true, 0 }, { LOOK, 3, 3, "", 3, false, 0 } } },
	{ "after a restart a name is another transaction's",
		{ { SERVER, 0, 0, "1", UNKNOWN, false, 0 }, { LOOK, 10, 0, "", 10, false, 0 },
			{ LOOK, 12, 10, "a", 10, true, 0 }, { LOOK, 12, 110, "a", 12, false, 'a' },
			{ SERVER, 0, 0, "2", 12, false, 0 }, { LOOK, 20, 120, "a", 12, true, 0 },
			{ LOOK, 20, 219, "a", 12, true, 0 },
			{ LOOK, 20, 220, "a", 20, false, 'a' } } },
	{ "and what was noted before waits for those who write now",
		{ { SERVER, 0, 0, "1", UNKNOWN, false, 0 }, { LOOK, 10, 0, "", 10, false, 0 },
			{ LOOK, 12, 1, "a", 10, true, 0 }, { SERVER, 0, 0, "2", 10, false, 0 },
			{ LOOK, 12, 2, "b", 10, true, 0 }, { LOOK, 12, 3, "", 12, false, 0 } } },
	{ "the same server again changes nothing",
		{ { SERVER, 0, 0, "1", UNKNOWN, false, 0 }, { LOOK, 10, 0, "", 10, false, 0 },
			{ LOOK, 12, 1, "a", 10, true, 0 }, { SERVER, 0, 0, "1", 10, true, 0 },
			{ LOOK, 12, 2, "ab", 10, true, 0 }, { LOOK, 12, 3, "b", 12, false, 0 } } },
	{ "reset before anything is known", { { RESET, 0, 0, "", UNKNOWN, false, 0 } } },
};

static bool
look(struct horizon *horizon, const struct step *step, char name[HORIZON_WRITER_SIZE])
{
	horizon_begin(horizon);
	for (const char *writer = step->writers; *writer != '\0'; writer++) {
		char one[2] = { *writer };

		horizon_writer(horizon, one, step->at);
	}
	return horizon_end(horizon, step->id, step->act == STANDBY, step->at, name);
}

static void
take(struct horizon *horizon, const struct step *step, const char *where)
{
	struct horizon_settings settings = { step->id, SETTLE_TIME };
	char name[HORIZON_WRITER_SIZE] = "?";
	bool has_given_up = false;

	switch (step->act) {
	case LOOK:
	case STANDBY:
		has_given_up = look(horizon, step, name);
		break;
	case EXTEND:
		horizon_extend(horizon, step->id);
		break;
	case RESET:
		horizon_reset(horizon);
		break;
	case SERVER:
		horizon_begin(horizon);
		horizon_server(horizon, step->writers);
		break;
	case TIMEOUT:
		horizon_set_settings(horizon, &settings);
		break;
	case END:
		break;
	}
	ck_assert_msg(horizon_is_known(horizon) == (step->horizon != UNKNOWN), "%s", where);
	ck_assert_msg(horizon_id(horizon) == (step->horizon == UNKNOWN ? 0 : step->horizon),
		"%s: %lld", where, (long long)horizon_id(horizon));
	ck_assert_msg(horizon_is_waiting(horizon) == step->is_waiting, "%s", where);
	ck_assert_msg(has_given_up == (step->given_up != 0), "%s: %s", where, name);
	if (has_given_up)
		ck_assert_msg(name[0] == step->given_up && name[1] == '\0', "%s: %s", where, name);
}

START_TEST(test_story)
{
	static const struct horizon_settings settings = { GAP_TIMEOUT, SETTLE_TIME };
	struct horizon *horizon = horizon_new(&settings);

	ck_assert(!horizon_is_known(horizon));
	ck_assert_int_eq(horizon_id(horizon), 0);
	ck_assert(!horizon_is_waiting(horizon));
	for (int i = 0; i < 12 && stories[_i].steps[i].act != END; i++) {
		char where[160];

		snprintf(where, sizeof where, "%s, step %d", stories[_i].name, i + 1);
		take(horizon, &stories[_i].steps[i], where);
	}
	horizon_free(horizon);
}
END_TEST

/* The names PostgreSQL gives, the longest ones, whole. */
static const char *const names[] = { "12/3456", "-1/3456", "2147483647/4294967295" };

START_TEST(test_name)
{
	static const struct horizon_settings settings = { 1, 1 };
	struct horizon *horizon = horizon_new(&settings);
	char name[HORIZON_WRITER_SIZE] = "";

	for (int at = 0; at < 2; at++) {
		horizon_begin(horizon);
		horizon_writer(horizon, names[_i], at);
		ck_assert_int_eq(horizon_end(horizon, 10, false, at, name), at == 1);
	}
	ck_assert_str_eq(name, names[_i]);
	horizon_free(horizon);
	horizon_free(NULL);
}
END_TEST

/*
 * A random history, against the truth: every transaction's ids are known here beforehand. No id may
 * appear at or below the horizon after the horizon has passed it, and at the end all is settled.
 */
struct transaction {
	int64_t id;
	int64_t begin;
	int64_t commit;
};

static bool
is_visible(const struct transaction *transaction, int64_t now)
{
	return transaction->commit <= now;
}

static void
check_random(unsigned seed)
{
	static const struct horizon_settings settings = { INT64_MAX, 1 };
	struct horizon *horizon = horizon_new(&settings);
	struct transaction transactions[60];
	char name[HORIZON_WRITER_SIZE];
	int64_t end = 0;

	srandom(seed);
	for (int i = 0; i < 60; i++) {
		transactions[i].id = i + 1;
		transactions[i].begin = i + random() % 2;
		transactions[i].commit = transactions[i].begin + random() % 15;
		if (transactions[i].commit > end)
			end = transactions[i].commit;
	}
	for (int64_t now = 0; now <= end + 1; now++) {
		int64_t before = horizon_id(horizon);
		int64_t highest = 0;

		horizon_begin(horizon);
		for (int i = 0; i < 60; i++) {
			if (is_visible(&transactions[i], now))
				highest = transactions[i].id;
		}
		for (int i = 0; i < 60; i++) {
			snprintf(name, sizeof name, "%d/%d", i % 5, i);
			if (transactions[i].begin <= now && !is_visible(&transactions[i], now))
				horizon_writer(horizon, name, now);
		}
		ck_assert(!horizon_end(horizon, highest, false, now, name));
		ck_assert_int_ge(horizon_id(horizon), before);
		for (int64_t id = 1; id <= horizon_id(horizon); id++)
			ck_assert_msg(is_visible(&transactions[id - 1], now),
				"%lld appears below %lld", (long long)id,
				(long long)horizon_id(horizon));
	}
	ck_assert_int_eq(horizon_id(horizon), 60);
	ck_assert(!horizon_is_waiting(horizon));
	horizon_free(horizon);
}

START_TEST(test_random)
{
	for (unsigned seed = 1; seed <= 200; seed++)
		check_random(seed);
}
END_TEST

static Suite *
horizon_suite(void)
{
	Suite *suite = suite_create("cel/horizon");

	unit_add_loop(suite, "story", test_story, UNIT_COUNT(stories));
	unit_add_loop(suite, "name", test_name, UNIT_COUNT(names));
	unit_add(suite, "random", test_random);
	return suite;
}

UNIT_MAIN(horizon_suite)
