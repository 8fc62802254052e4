/* Which condition of a search is walked, and how the sizes that decide it are asked. */
#include "calls/search.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

/* What a search may ask for. */
#define AGENT	       .agents = "{1500}", .agent_count = 1
#define NO_AGENT       .agents = "{}", .agent_count = 0
#define MANY_AGENTS    .agents = "{1,2,3,4,5,6,7,8,9}", .agent_count = SEARCH_NAMES_MAX + 1
#define QUEUES	       .queues = "{a,b}", .queue_count = 2
#define STATUS	       .status = "answered"
#define CALLEE	       .callee = "3001"
#define CALLEE_PATTERN .callee = "%123%", .callee_is_pattern = true
#define CALLEE_ANY     .callee = "%1%", .callee_is_pattern = true
#define CALLER	       .caller = "1002"
#define CALLER_PATTERN .caller = "06%", .caller_is_pattern = true
#define CALLER_ANY     .caller = "%", .caller_is_pattern = true
#define DIRECTION      .direction = "incoming"
#define KEY	       .key = "color"
#define PAIR	       .key = "color", .value = "green"
#define RECORDING      .key = "recording"
#define FILE_ID	       .key = "recording", .value = "r1"
#define TIMES	       .start = "2026-01-01", .end = "2026-02-01"

#define LISTS_MAX 6

static const struct {
	struct search_conditions conditions;
	size_t asked_count;
	enum search_walk asked[LISTS_MAX];
	int64_t sizes[LISTS_MAX];
	enum search_walk chosen;
} choices[] = {
	/* nothing to walk but the starts */
	{ { 0 }, 0, { 0 }, { 0 }, SEARCH_WALK_TIME },
	{ { TIMES }, 0, { 0 }, { 0 }, SEARCH_WALK_TIME },
	{ { CALLEE_ANY, CALLER_ANY }, 0, { 0 }, { 0 }, SEARCH_WALK_TIME },
	{ { RECORDING }, 0, { 0 }, { 0 }, SEARCH_WALK_TIME },
	{ { MANY_AGENTS }, 0, { 0 }, { 0 }, SEARCH_WALK_TIME },

	/* a direction, when there is nothing better */
	{ { DIRECTION, TIMES }, 0, { 0 }, { 0 }, SEARCH_WALK_DIRECTION },
	{ { DIRECTION, MANY_AGENTS }, 0, { 0 }, { 0 }, SEARCH_WALK_DIRECTION },
	{ { DIRECTION, KEY }, 1, { SEARCH_WALK_KEY }, { 20000 }, SEARCH_WALK_KEY },

	/* one; none is a list, too */
	{ { NO_AGENT }, 1, { SEARCH_WALK_AGENT }, { 0 }, SEARCH_WALK_AGENT },
	{ { AGENT }, 1, { SEARCH_WALK_AGENT }, { 0 }, SEARCH_WALK_AGENT },
	{ { QUEUES }, 1, { SEARCH_WALK_QUEUE }, { 0 }, SEARCH_WALK_QUEUE },
	{ { QUEUES, STATUS }, 1, { SEARCH_WALK_QUEUE }, { 0 }, SEARCH_WALK_QUEUE },
	{ { STATUS }, 1, { SEARCH_WALK_STATUS }, { 0 }, SEARCH_WALK_STATUS },
	{ { CALLEE }, 1, { SEARCH_WALK_CALLEE }, { 0 }, SEARCH_WALK_CALLEE },
	{ { CALLER }, 1, { SEARCH_WALK_CALLER }, { 0 }, SEARCH_WALK_CALLER },
	{ { CALLEE_PATTERN }, 1, { SEARCH_WALK_CALLEE_PATTERN }, { 0 },
		SEARCH_WALK_CALLEE_PATTERN },
	{ { CALLER_PATTERN }, 1, { SEARCH_WALK_CALLER_PATTERN }, { 0 },
		SEARCH_WALK_CALLER_PATTERN },
	{ { PAIR }, 1, { SEARCH_WALK_PAIR }, { 0 }, SEARCH_WALK_PAIR },
	{ { FILE_ID }, 1, { SEARCH_WALK_PAIR }, { 0 }, SEARCH_WALK_PAIR },

	/* the shortest, and between equal ones the first */
	{ { AGENT, CALLER }, 2, { SEARCH_WALK_CALLER, SEARCH_WALK_AGENT }, { 10, 9 },
		SEARCH_WALK_AGENT },
	{ { AGENT, CALLER }, 2, { SEARCH_WALK_CALLER, SEARCH_WALK_AGENT }, { 9, 10 },
		SEARCH_WALK_CALLER },
	{ { AGENT, CALLER }, 2, { SEARCH_WALK_CALLER, SEARCH_WALK_AGENT }, { 20000, 20000 },
		SEARCH_WALK_CALLER },
	{ { AGENT, QUEUES, STATUS, CALLEE, CALLER, PAIR }, 5,
		{ SEARCH_WALK_CALLER, SEARCH_WALK_CALLEE, SEARCH_WALK_PAIR, SEARCH_WALK_AGENT,
			SEARCH_WALK_QUEUE },
		{ 5, 4, 3, 2, 1 }, SEARCH_WALK_QUEUE },
	{ { STATUS, CALLEE_PATTERN, CALLER_PATTERN, KEY }, 4,
		{ SEARCH_WALK_STATUS, SEARCH_WALK_KEY, SEARCH_WALK_CALLEE_PATTERN,
			SEARCH_WALK_CALLER_PATTERN },
		{ 20000, 20000, 20000, 0 }, SEARCH_WALK_CALLER_PATTERN },
};

START_TEST(test_choice)
{
	const struct search_conditions *conditions = &choices[_i].conditions;
	enum search_walk walks[SEARCH_WALKS];
	size_t count = search_walks_asked(conditions, walks);

	ck_assert_uint_eq(count, choices[_i].asked_count);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(walks[i], choices[_i].asked[i]);
	ck_assert_int_eq(
		search_choose(conditions, walks, choices[_i].sizes, count), choices[_i].chosen);
}
END_TEST

/* A size is asked with the condition's own values. */
START_TEST(test_size_steps)
{
	const struct search_conditions conditions = { AGENT, QUEUES, STATUS, CALLEE, CALLER, PAIR };
	static const struct {
		enum search_walk walk;
		const char *values[2];
	} steps[] = {
		{ SEARCH_WALK_AGENT, { "{1500}" } },
		{ SEARCH_WALK_QUEUE, { "{a,b}", "answered" } },
		{ SEARCH_WALK_STATUS, { "answered" } },
		{ SEARCH_WALK_CALLEE, { "3001" } },
		{ SEARCH_WALK_CALLER, { "1002" } },
		{ SEARCH_WALK_KEY, { "color" } },
		{ SEARCH_WALK_PAIR, { "color", "green" } },
		{ SEARCH_WALK_CALLEE_PATTERN, { "3001" } },
		{ SEARCH_WALK_CALLER_PATTERN, { "1002" } },
	};

	for (int i = 0; i < UNIT_COUNT(steps); i++) {
		struct db_step step = search_size_step(&conditions, steps[i].walk);

		ck_assert_int_eq(step.parameters.count, steps[i].values[1] == NULL ? 1 : 2);
		ck_assert_str_eq(step.parameters.values[0], steps[i].values[0]);
		if (steps[i].values[1] != NULL)
			ck_assert_str_eq(step.parameters.values[1], steps[i].values[1]);
		ck_assert_ptr_nonnull(step.statement->name);
		ck_assert_ptr_nonnull(step.statement->text);
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(step.statement->name,
				search_size_step(&conditions, steps[j].walk).statement->name);
	}
}
END_TEST

/* Without a status, a queue's is that of all its passages. */
START_TEST(test_size_of_queue)
{
	const struct search_conditions conditions = { QUEUES };
	const struct search_conditions with_status = { QUEUES, STATUS };
	struct db_step step = search_size_step(&conditions, SEARCH_WALK_QUEUE);

	ck_assert_int_eq(step.parameters.count, 1);
	ck_assert_str_eq(step.parameters.values[0], "{a,b}");
	ck_assert_str_ne(step.statement->name,
		search_size_step(&with_status, SEARCH_WALK_QUEUE).statement->name);
}
END_TEST

/* Trigrams are read by bitmaps; the begin of a number is not. */
START_TEST(test_before)
{
	const struct search_conditions parts = { .caller = "%123%",
		.caller_is_pattern = true,
		.callee = "%456%",
		.callee_is_pattern = true };
	const struct search_conditions begins = { .caller = "0142%",
		.caller_is_pattern = true,
		.callee = "0155%",
		.callee_is_pattern = true };

	for (enum search_walk walk = 0; walk < SEARCH_WALKS; walk++) {
		bool is_pattern = walk == SEARCH_WALK_CALLEE_PATTERN ||
				  walk == SEARCH_WALK_CALLER_PATTERN;

		ck_assert_int_eq(search_size_before(walk) != NULL, is_pattern);
		ck_assert_int_eq(search_statement_before(&parts, walk) != NULL, is_pattern);
		ck_assert_ptr_null(search_statement_before(&begins, walk));
		ck_assert(!search_is_by_prefix(&parts, walk));
		ck_assert_int_eq(search_is_by_prefix(&begins, walk), is_pattern);
	}
}
END_TEST

static Suite *
search_suite(void)
{
	Suite *suite = suite_create("calls/search");

	unit_add_loop(suite, "choice", test_choice, UNIT_COUNT(choices));
	unit_add(suite, "size steps", test_size_steps);
	unit_add(suite, "size of a queue", test_size_of_queue);
	unit_add(suite, "before", test_before);
	return suite;
}

UNIT_MAIN(search_suite)
