/* Who waits for a connection: in which order, how long, and what hooks may do meanwhile. */
#include "db/waiting.h"

#include <event2/event.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"

/* Apart enough for a busy machine. */
#define SHORT_MS 20
#define LONG_MS	 500

#define ASKERS	    4
#define WAITING_MAX 10000

/* A request that asks for something. */
struct asker {
	struct db_query *query; /* NULL once it is over */
	struct asker *leaves;	/* whom its hook takes along; NULL: nobody */
	struct asker *begins;	/* whose query its hook starts; NULL: nobody's */
	enum db_outcome outcome;
	unsigned ended; /* as the how-manieth; 0: has not */
	int64_t ended_ms;
};

static const struct db_statement reading = { .name = "reading", .text = "SELECT 1" };
static const struct db_statement writing = {
	.name = "writing",
	.text = "DELETE FROM cel",
	.writes = true,
};
static const struct db_statement searching = {
	.name = "searching",
	.text = "SELECT 2",
	.lane = DB_LANE_LONG,
};

static struct event_base *base;
static struct db_waiting *waiting;
static struct asker askers[ASKERS];
static unsigned ends;
static unsigned dispatches;
static struct asker *next_sent; /* dispatch takes it out; NULL: nobody */

static void on_done(enum db_outcome outcome, void *context);

static struct db_query *
new_query(struct asker *asker, const struct db_statement *statement)
{
	static const struct db_query_hooks hooks = { .on_done = on_done };
	const struct db_step step = { .statement = statement };

	return db_query_new(NULL, &step, 1, &hooks, asker);
}

static void
ask(struct asker *asker, const struct db_statement *statement, int64_t timeout_ms)
{
	asker->query = new_query(asker, statement);
	ck_assert(db_waiting_add(waiting, asker->query, timeout_ms));
}

/* As a query whose connection was lost. */
static void
ask_again(struct asker *asker, const struct db_statement *statement, int64_t timeout_ms)
{
	asker->query = new_query(asker, statement);
	asker->query->moved = true;
	db_waiting_add_first(waiting, asker->query, timeout_ms);
}

static void
leave(struct asker *asker)
{
	db_waiting_take(waiting, asker->query);
	db_query_free(asker->query);
	asker->query = NULL;
}

static void
on_done(enum db_outcome outcome, void *context)
{
	struct asker *asker = context;

	asker->query = NULL;
	asker->outcome = outcome;
	asker->ended = ++ends;
	asker->ended_ms = clock_now_ms();
	if (asker->leaves != NULL)
		leave(asker->leaves);
	if (asker->begins != NULL)
		ask(asker->begins, &reading, SHORT_MS);
}

static void
dispatch(struct db_pool *pool)
{
	ck_assert_ptr_null(pool);
	dispatches++;
	if (next_sent != NULL)
		leave(next_sent);
	next_sent = NULL;
}

static void
open_waiting(void)
{
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	waiting = db_waiting_new(base, dispatch, NULL);
}

static void
close_waiting(void)
{
	db_waiting_end(waiting);
	db_waiting_free(waiting);
	event_base_free(base);
}

/* Until nobody waits and no timer is left. */
static void
run(void)
{
	ck_assert_int_ge(event_base_dispatch(base), 0);
	for (enum db_lane lane = DB_LANE_SHORT; lane < DB_LANE_COUNT; lane++)
		ck_assert_uint_eq(db_waiting_count(waiting, lane), 0);
}

/* All whose time was short expire in one turn. */
static void
expire_together(void)
{
	(void)usleep(2 * SHORT_MS * 1000);
	ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
}

static struct db_query *
first(enum db_lane lane, enum db_route route)
{
	return db_waiting_first(waiting, lane, route);
}

START_TEST(test_order)
{
	open_waiting();
	ask(&askers[0], &reading, LONG_MS);
	ask(&askers[1], &reading, LONG_MS);
	ask(&askers[2], &writing, LONG_MS);
	ask(&askers[3], &searching, LONG_MS);
	ck_assert_uint_eq(db_waiting_count(waiting, DB_LANE_SHORT), 3);
	ck_assert_uint_eq(db_waiting_count(waiting, DB_LANE_LONG), 1);
	ck_assert_ptr_eq(first(DB_LANE_SHORT, DB_ROUTE_READ), askers[0].query);
	ck_assert_ptr_eq(first(DB_LANE_SHORT, DB_ROUTE_WRITE), askers[2].query);
	ck_assert_ptr_null(first(DB_LANE_SHORT, DB_ROUTE_PRIMARY));
	ck_assert_ptr_eq(first(DB_LANE_LONG, DB_ROUTE_READ), askers[3].query);
	leave(&askers[0]);
	ck_assert_ptr_eq(first(DB_LANE_SHORT, DB_ROUTE_READ), askers[1].query);
	ck_assert_uint_eq(db_waiting_count(waiting, DB_LANE_SHORT), 2);
	close_waiting();
}
END_TEST

/* Each at its own time, not with the first, nor with the last. */
START_TEST(test_deadlines)
{
	int64_t began_ms = clock_now_ms();

	open_waiting();
	ask(&askers[0], &reading, SHORT_MS);
	ask(&askers[1], &reading, LONG_MS);
	ask(&askers[2], &writing, LONG_MS);
	run();
	ck_assert_uint_eq(askers[0].ended, 1);
	ck_assert_int_ge(askers[0].ended_ms - began_ms, SHORT_MS);
	ck_assert_int_lt(askers[0].ended_ms - began_ms, LONG_MS);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(askers[i].outcome, DB_OUTCOME_UNAVAILABLE);
	for (int i = 1; i < 3; i++) {
		ck_assert_uint_ge(askers[i].ended, 2);
		ck_assert_int_ge(askers[i].ended_ms - began_ms, LONG_MS);
	}
	close_waiting();
}
END_TEST

/* What could be sent at the last moment is. */
START_TEST(test_dispatch_first)
{
	open_waiting();
	ask(&askers[0], &reading, SHORT_MS);
	next_sent = &askers[0];
	run();
	ck_assert_uint_ge(dispatches, 1);
	ck_assert_uint_eq(ends, 0);
	close_waiting();
}
END_TEST

/* Nobody is left to wake up for. */
START_TEST(test_no_timer)
{
	open_waiting();
	ask(&askers[0], &reading, LONG_MS);
	ck_assert_int_eq(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 1);
	leave(&askers[0]);
	ck_assert_int_eq(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0);
	close_waiting();
}
END_TEST

/* It is sent first, and at once, but does not keep those behind it longer than their time. */
START_TEST(test_moved)
{
	open_waiting();
	ask(&askers[0], &reading, LONG_MS);
	ask_again(&askers[1], &reading, 2 * LONG_MS);
	ask_again(&askers[2], &reading, 3 * LONG_MS / 2);
	ck_assert_ptr_eq(first(DB_LANE_SHORT, DB_ROUTE_READ), askers[2].query);
	ck_assert_uint_eq(dispatches, 0);
	ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	ck_assert_uint_ge(dispatches, 1);
	ck_assert_uint_eq(ends, 0);
	run();
	ck_assert_uint_eq(askers[0].ended, 1);
	ck_assert_uint_eq(askers[2].ended, 2);
	ck_assert_uint_eq(askers[1].ended, 3);
	close_waiting();
}
END_TEST

/* A hook takes out one whose time is over, too, or would not be yet. */
static const struct {
	int64_t timeouts_ms[3];
	int leaver;
	int left;
} leave_cases[] = {
	{ { SHORT_MS, SHORT_MS, SHORT_MS }, 0, 1 },
	{ { SHORT_MS, SHORT_MS, SHORT_MS }, 0, 2 },
	{ { SHORT_MS, SHORT_MS, SHORT_MS }, 1, 2 },
	{ { SHORT_MS, SHORT_MS, LONG_MS }, 1, 2 },
};

START_TEST(test_hook_takes)
{
	int left = leave_cases[_i].left;

	open_waiting();
	askers[leave_cases[_i].leaver].leaves = &askers[left];
	for (int i = 0; i < 3; i++)
		ask(&askers[i], &reading, leave_cases[_i].timeouts_ms[i]);
	expire_together();
	ck_assert_uint_eq(ends, 2);
	ck_assert_uint_eq(askers[left].ended, 0);
	ck_assert_uint_eq(db_waiting_count(waiting, DB_LANE_SHORT), 0);
	ck_assert_int_eq(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0);
	close_waiting();
}
END_TEST

/* What a hook adds has its whole time. */
START_TEST(test_hook_adds)
{
	open_waiting();
	askers[0].begins = &askers[2];
	ask(&askers[0], &reading, SHORT_MS);
	ask(&askers[1], &reading, SHORT_MS);
	expire_together();
	ck_assert_uint_eq(ends, 2);
	ck_assert_uint_eq(db_waiting_count(waiting, DB_LANE_SHORT), 1);
	run();
	ck_assert_uint_eq(askers[2].ended, 3);
	ck_assert_int_ge(askers[2].ended_ms - askers[0].ended_ms, SHORT_MS);
	close_waiting();
}
END_TEST

/* What was sent already is not turned away. */
START_TEST(test_full)
{
	struct db_query *query;

	open_waiting();
	for (int i = 0; i < WAITING_MAX; i++)
		ask(&askers[0], &reading, LONG_MS);
	query = new_query(&askers[1], &reading);
	ck_assert(!db_waiting_add(waiting, query, LONG_MS));
	db_query_free(query);
	ask(&askers[2], &writing, LONG_MS);
	ask_again(&askers[3], &reading, LONG_MS);
	ck_assert_uint_eq(db_waiting_count(waiting, DB_LANE_SHORT), WAITING_MAX + 2);
	db_waiting_end(waiting);
	ck_assert_uint_eq(ends, WAITING_MAX + 2);
	ck_assert_uint_eq(askers[1].ended, 0);
	close_waiting();
}
END_TEST

START_TEST(test_end)
{
	open_waiting();
	askers[0].leaves = &askers[1];
	for (int i = 0; i < 3; i++)
		ask(&askers[i], &reading, LONG_MS);
	ask(&askers[3], &searching, LONG_MS);
	db_waiting_end(waiting);
	ck_assert_uint_eq(ends, 3);
	ck_assert_uint_eq(askers[1].ended, 0);
	ck_assert_int_eq(askers[3].outcome, DB_OUTCOME_UNAVAILABLE);
	run();
	close_waiting();
}
END_TEST

static Suite *
waiting_suite(void)
{
	Suite *suite = suite_create("db/waiting");

	unit_add(suite, "order", test_order);
	unit_add(suite, "deadlines", test_deadlines);
	unit_add(suite, "dispatch first", test_dispatch_first);
	unit_add(suite, "no timer", test_no_timer);
	unit_add(suite, "moved", test_moved);
	unit_add_loop(suite, "hook takes", test_hook_takes, UNIT_COUNT(leave_cases));
	unit_add(suite, "hook adds", test_hook_adds);
	unit_add(suite, "full", test_full);
	unit_add(suite, "end", test_end);
	return suite;
}

UNIT_MAIN(waiting_suite)
