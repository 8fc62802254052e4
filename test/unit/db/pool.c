/*
 * What a pool does with queries while none of its servers can be reached, as it is never started.
 * Tests of the daemon have a database, and cannot hit one turn of the loop.
 */
#include "db/pool.h"

#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

#include "unit.h"

#define QUEUE_TIMEOUT_MS 20

#define ASKERS 4

/* A request that asks for something. */
struct asker {
	struct db_query *query; /* NULL once it is over */
	struct asker *leaves;	/* whom its hook takes along; NULL: nobody */
	bool asks_again;	/* its hook starts another query */
	enum db_outcome outcome;
	unsigned ends;
};

static const struct db_statement reading = { .name = "reading", .text = "SELECT 1" };
static const struct db_statement writing = {
	.name = "writing",
	.text = "DELETE FROM cel",
	.writes = true,
};
static const struct db_step read_step = { .statement = &reading };
static const struct db_step write_step = { .statement = &writing };

static struct event_base *base;
static struct db_pool *pool;
static struct asker askers[ASKERS];

static void start(struct asker *asker, const struct db_step *step);

static void
leave(struct asker *asker)
{
	db_query_abandon(asker->query);
	asker->query = NULL;
}

static void
on_done(enum db_outcome outcome, void *context)
{
	struct asker *asker = context;

	asker->query = NULL;
	asker->outcome = outcome;
	asker->ends++;
	if (asker->leaves != NULL)
		leave(asker->leaves);
	if (asker->asks_again && asker->ends == 1)
		start(asker, &read_step);
}

static void
start(struct asker *asker, const struct db_step *step)
{
	static const struct db_query_hooks hooks = { .on_done = on_done };

	asker->query = db_query_start(pool, step, 1, &hooks, asker);
}

static void
ask(struct asker *asker, const struct db_step *step)
{
	start(asker, step);
	ck_assert_ptr_nonnull(asker->query);
}

static uint64_t
waiting_count(void)
{
	struct db_counters counters;

	db_pool_counters(pool, &counters);
	return counters.waiting[DB_LANE_SHORT];
}

static void
open_pool(void)
{
	const struct db_settings settings = {
		.conninfo = "host=/nowhere",
		.connections = 2,
		.statement_timeout_ms = 1000,
		.queue_timeout_ms = QUEUE_TIMEOUT_MS,
	};

	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	pool = db_pool_new(base, &settings);
}

static void
close_pool(void)
{
	db_pool_free(pool);
	event_base_free(base);
}

/* Until the deadlines of all that wait now have passed in one turn: nothing runs before. */
static void
expire_together(void)
{
	(void)usleep(2 * QUEUE_TIMEOUT_MS * 1000);
	ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
}

START_TEST(test_expires)
{
	open_pool();
	ask(&askers[0], &read_step);
	ask(&askers[1], &write_step);
	ck_assert_uint_eq(waiting_count(), 2);
	ck_assert_int_ge(event_base_dispatch(base), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(askers[i].ends, 1);
		ck_assert_int_eq(askers[i].outcome, DB_OUTCOME_UNAVAILABLE);
	}
	ck_assert_uint_eq(waiting_count(), 0);
	close_pool();
}
END_TEST

START_TEST(test_abandoned)
{
	open_pool();
	ask(&askers[0], &read_step);
	ask(&askers[1], &read_step);
	leave(&askers[0]);
	ck_assert_uint_eq(waiting_count(), 1);
	expire_together();
	ck_assert_uint_eq(askers[0].ends, 0);
	ck_assert_uint_eq(askers[1].ends, 1);
	close_pool();
}
END_TEST

/* Requests that wait for the same thing leave together when one of them fails. */
static const struct {
	const struct db_step *steps[3];
	int leaver;
	int left;
} leave_cases[] = {
	{ { &read_step, &read_step, &read_step }, 0, 1 },
	{ { &read_step, &read_step, &read_step }, 0, 2 },
	{ { &read_step, &read_step, &read_step }, 1, 2 },
	/* Writes wait in a list of their own, and end first. */
	{ { &write_step, &read_step, &read_step }, 0, 1 },
	{ { &write_step, &write_step, &read_step }, 0, 2 },
};

START_TEST(test_hook_abandons)
{
	int left = leave_cases[_i].left;

	open_pool();
	askers[leave_cases[_i].leaver].leaves = &askers[left];
	for (int i = 0; i < 3; i++)
		ask(&askers[i], leave_cases[_i].steps[i]);
	expire_together();
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(askers[i].ends, i == left ? 0 : 1);
	ck_assert_uint_eq(waiting_count(), 0);
	/* And it goes on. */
	ask(&askers[3], &read_step);
	ck_assert_uint_eq(waiting_count(), 1);
	ck_assert_int_ge(event_base_dispatch(base), 0);
	ck_assert_uint_eq(askers[3].ends, 1);
	close_pool();
}
END_TEST

/* What a hook starts waits as long as anything else. */
START_TEST(test_hook_starts)
{
	open_pool();
	askers[0].asks_again = true;
	ask(&askers[0], &read_step);
	ask(&askers[1], &read_step);
	expire_together();
	ck_assert_uint_eq(askers[0].ends, 1);
	ck_assert_uint_eq(askers[1].ends, 1);
	ck_assert_uint_eq(waiting_count(), 1);
	ck_assert_int_ge(event_base_dispatch(base), 0);
	ck_assert_uint_eq(askers[0].ends, 2);
	close_pool();
}
END_TEST

/* Nothing new is taken while the pool ends what waits. */
START_TEST(test_free)
{
	open_pool();
	askers[0].leaves = &askers[2];
	askers[1].asks_again = true;
	for (int i = 0; i < 3; i++)
		ask(&askers[i], &read_step);
	close_pool();
	ck_assert_uint_eq(askers[0].ends, 1);
	ck_assert_uint_eq(askers[1].ends, 1);
	ck_assert_uint_eq(askers[2].ends, 0);
	ck_assert_int_eq(askers[1].outcome, DB_OUTCOME_UNAVAILABLE);
	ck_assert_ptr_null(askers[1].query);
}
END_TEST

/* Who would wait behind 10,000 others is refused at once, and takes nobody's place. */
START_TEST(test_full)
{
	struct asker asker = { 0 };
	unsigned waiting = 0;

	open_pool();
	do
		start(&asker, &read_step);
	while (asker.query != NULL && ++waiting <= 10000);
	ck_assert_uint_eq(waiting, 10000);
	ck_assert_uint_eq(waiting_count(), 10000);
	ck_assert_uint_eq(asker.ends, 0);
	close_pool();
	ck_assert_uint_eq(asker.ends, 10000);
}
END_TEST

static Suite *
pool_suite(void)
{
	Suite *suite = suite_create("db/pool");

	unit_add(suite, "expires", test_expires);
	unit_add(suite, "abandoned", test_abandoned);
	unit_add_loop(suite, "hook abandons", test_hook_abandons, UNIT_COUNT(leave_cases));
	unit_add(suite, "hook starts", test_hook_starts);
	unit_add(suite, "full", test_full);
	unit_add(suite, "free", test_free);
	return suite;
}

UNIT_MAIN(pool_suite)
