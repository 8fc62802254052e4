#include "calls/search.h"

#include <string.h>

#include "calls/pattern.h"
#include "statements.h"

/* What can be walked -------------------------------------------------------------------------- */

bool
search_is_of_recording(const struct search_conditions *conditions)
{
	return conditions->key != NULL && strcmp(conditions->key, "recording") == 0;
}

/* None is a list as well: of no call at all. */
static bool
is_list(size_t names)
{
	return names <= SEARCH_NAMES_MAX;
}

/* Whether the conditions have what this walks. */
static bool
can_walk(const struct search_conditions *conditions, enum search_walk walk)
{
	switch (walk) {
	case SEARCH_WALK_CALLER:
		return conditions->caller != NULL && !conditions->caller_is_pattern;
	case SEARCH_WALK_CALLEE:
		return conditions->callee != NULL && !conditions->callee_is_pattern;
	case SEARCH_WALK_PAIR:
		return conditions->value != NULL;
	case SEARCH_WALK_AGENT:
		return conditions->agents != NULL && is_list(conditions->agent_count);
	case SEARCH_WALK_QUEUE:
		return conditions->queues != NULL && is_list(conditions->queue_count);
	case SEARCH_WALK_STATUS:
		return conditions->status != NULL && conditions->queues == NULL;
	case SEARCH_WALK_KEY:
		return conditions->key != NULL && conditions->value == NULL &&
		       !search_is_of_recording(conditions);
	case SEARCH_WALK_CALLEE_PATTERN:
		return conditions->callee_is_pattern && pattern_has_trigram(conditions->callee);
	case SEARCH_WALK_CALLER_PATTERN:
		return conditions->caller_is_pattern && pattern_has_trigram(conditions->caller);
	case SEARCH_WALK_DIRECTION:
		return conditions->direction != NULL;
	case SEARCH_WALK_TIME:
		return true;
	case SEARCH_WALKS:
		break;
	}
	return false;
}

size_t
search_walks_asked(const struct search_conditions *conditions, enum search_walk walks[SEARCH_WALKS])
{
	size_t count = 0;

	for (enum search_walk walk = 0; walk < SEARCH_WALK_DIRECTION; walk++) {
		if (can_walk(conditions, walk))
			walks[count++] = walk;
	}
	return count;
}

enum search_walk
search_choose(const struct search_conditions *conditions, const enum search_walk *walks,
	const int64_t *sizes, size_t count)
{
	size_t best = 0;

	if (count == 0)
		return can_walk(conditions, SEARCH_WALK_DIRECTION) ? SEARCH_WALK_DIRECTION
								   : SEARCH_WALK_TIME;
	for (size_t i = 1; i < count; i++) {
		if (sizes[i] < sizes[best])
			best = i;
	}
	return walks[best];
}

/* Sizes --------------------------------------------------------------------------------------- */

bool
search_is_of_queue_and_status(const struct search_conditions *conditions, enum search_walk walk)
{
	return walk == SEARCH_WALK_QUEUE && conditions->status != NULL;
}

static const struct db_statement size_statements[SEARCH_WALK_DIRECTION] = {
	[SEARCH_WALK_CALLER] = { .name = "size_caller", .text = sql_records_search_size_caller },
	[SEARCH_WALK_CALLEE] = { .name = "size_callee", .text = sql_records_search_size_callee },
	[SEARCH_WALK_PAIR] = { .name = "size_pair", .text = sql_records_search_size_pair },
	[SEARCH_WALK_AGENT] = { .name = "size_agent", .text = sql_records_search_size_agent },
	[SEARCH_WALK_QUEUE] = { .name = "size_queue", .text = sql_records_search_size_queue },
	[SEARCH_WALK_STATUS] = { .name = "size_status", .text = sql_records_search_size_status },
	[SEARCH_WALK_KEY] = { .name = "size_key", .text = sql_records_search_size_key },
	[SEARCH_WALK_CALLEE_PATTERN] = { .name = "size_callee_pattern",
		.text = sql_records_search_size_callee_pattern,
		.lane = DB_LANE_LONG },
	[SEARCH_WALK_CALLER_PATTERN] = { .name = "size_caller_pattern",
		.text = sql_records_search_size_caller_pattern,
		.lane = DB_LANE_LONG },
};

static const struct db_statement queue_and_status_size_statement = {
	.name = "size_queue_and_status",
	.text = sql_records_search_size_queue_and_status,
};

struct db_step
search_size_step(const struct search_conditions *conditions, enum search_walk walk)
{
	const char *const values[SEARCH_WALK_DIRECTION] = {
		[SEARCH_WALK_CALLER] = conditions->caller,
		[SEARCH_WALK_CALLEE] = conditions->callee,
		[SEARCH_WALK_PAIR] = conditions->key,
		[SEARCH_WALK_AGENT] = conditions->agents,
		[SEARCH_WALK_QUEUE] = conditions->queues,
		[SEARCH_WALK_STATUS] = conditions->status,
		[SEARCH_WALK_KEY] = conditions->key,
		[SEARCH_WALK_CALLEE_PATTERN] = conditions->callee,
		[SEARCH_WALK_CALLER_PATTERN] = conditions->caller,
	};
	struct db_step step = {
		.statement = &size_statements[walk],
		.parameters = { .count = 1, .values = { values[walk] } },
	};

	if (walk == SEARCH_WALK_PAIR)
		step.parameters.values[step.parameters.count++] = conditions->value;
	if (search_is_of_queue_and_status(conditions, walk)) {
		step.statement = &queue_and_status_size_statement;
		step.parameters.values[step.parameters.count++] = conditions->status;
	}
	return step;
}

static bool
is_pattern(enum search_walk walk)
{
	return walk == SEARCH_WALK_CALLEE_PATTERN || walk == SEARCH_WALK_CALLER_PATTERN;
}

bool
search_is_by_prefix(const struct search_conditions *conditions, enum search_walk walk)
{
	return is_pattern(walk) &&
	       pattern_has_prefix(walk == SEARCH_WALK_CALLEE_PATTERN ? conditions->callee
								     : conditions->caller);
}

static const struct db_statement allow_bitmaps = {
	.name = "allow_bitmaps",
	.text = sql_allow_bitmaps,
};

const struct db_statement *
search_size_before(enum search_walk walk)
{
	return is_pattern(walk) ? &allow_bitmaps : NULL;
}

const struct db_statement *
search_statement_before(const struct search_conditions *conditions, enum search_walk walk)
{
	return is_pattern(walk) && !search_is_by_prefix(conditions, walk) ? &allow_bitmaps : NULL;
}
