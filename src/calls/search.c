#include "calls/search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls/pattern.h"
#include "db/template.h"
#include "statements.h"

/* How many parameters records_search.sql always has; $16 only where it is walked. */
#define PARAMETERS 15

/* Fragments that one request may need at the same place. */
#define FRAGMENTS_MAX 16

struct fragments {
	size_t count;
	const char *texts[FRAGMENTS_MAX];
};

static void
add(struct fragments *fragments, const char *text)
{
	/* Each condition adds one, and there are fewer conditions. */
	if (fragments->count < FRAGMENTS_MAX)
		fragments->texts[fragments->count++] = text;
}

static char *
join(const struct fragments *fragments)
{
	return template_join(fragments->texts, fragments->count);
}

/* What can be walked -------------------------------------------------------------------------- */

/* The key that every recorded call has. */
static bool
is_recording(const struct search_conditions *conditions)
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
		       !is_recording(conditions);
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

/* Passages that match both. */
static bool
is_of_queue_and_status(const struct search_conditions *conditions, enum search_walk walk)
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
	if (is_of_queue_and_status(conditions, walk)) {
		step.statement = &queue_and_status_size_statement;
		step.parameters.values[step.parameters.count++] = conditions->status;
	}
	return step;
}

const struct db_statement *
search_statement_before(enum search_walk walk)
{
	static const struct db_statement allow_bitmaps = {
		.name = "allow_bitmaps",
		.text = sql_allow_bitmaps,
	};

	return walk == SEARCH_WALK_CALLEE_PATTERN || walk == SEARCH_WALK_CALLER_PATTERN
		       ? &allow_bitmaps
		       : NULL;
}

/* Filters ------------------------------------------------------------------------------------- */

static void
add_passage_filters(struct fragments *filters, const struct search_conditions *conditions,
	enum search_walk walk)
{
	if (walk == SEARCH_WALK_QUEUE || walk == SEARCH_WALK_STATUS)
		return;
	if (conditions->queues != NULL && conditions->status != NULL)
		add(filters, sql_records_search_filter_queue_and_status);
	else if (conditions->queues != NULL)
		add(filters, sql_records_search_filter_queue);
	else if (conditions->status != NULL)
		add(filters, sql_records_search_filter_status);
}

static void
add_number_filters(struct fragments *filters, const struct search_conditions *conditions,
	enum search_walk walk)
{
	if (conditions->callee != NULL && walk != SEARCH_WALK_CALLEE)
		add(filters, conditions->callee_is_pattern
				     ? sql_records_search_filter_callee_pattern
				     : sql_records_search_filter_callee);
	if (conditions->caller != NULL && walk != SEARCH_WALK_CALLER)
		add(filters, conditions->caller_is_pattern
				     ? sql_records_search_filter_caller_pattern
				     : sql_records_search_filter_caller);
}

/* Those that look into other tables than the call's. */
static void
add_filters_of_others(struct fragments *filters, const struct search_conditions *conditions,
	enum search_walk walk)
{
	if (conditions->agents != NULL && walk != SEARCH_WALK_AGENT)
		add(filters, sql_records_search_filter_agent);
	add_passage_filters(filters, conditions, walk);
	if (conditions->value != NULL && walk != SEARCH_WALK_PAIR)
		add(filters, sql_records_search_filter_key_and_value);
	else if (conditions->value == NULL && conditions->key != NULL && walk != SEARCH_WALK_KEY &&
		 !is_recording(conditions))
		add(filters, sql_records_search_filter_key);
}

/* Joins filters of the call, or of the passage, that is known by this uniqueid. */
static char *
join_filters(const struct fragments *filters, const char *callid)
{
	const struct template_slot slot = { "/*callid*/", callid };
	char *joined = join(filters);
	char *text = template_fill(joined, &slot, 1);

	free(joined);
	return text;
}

/* Of a list of passages, what can be told of each without its call. */
static char *
filters_of_passages(const struct search_conditions *conditions, enum search_walk walk)
{
	struct fragments filters = { 0 };

	add_passage_filters(&filters, conditions, walk);
	return join_filters(&filters, "passage.callid");
}

/* Every condition but the one that is walked; SEARCH_WALK_TIME: all of them. */
static char *
filters_beside(const struct search_conditions *conditions, enum search_walk walk)
{
	struct fragments filters = { 0 };
	size_t before;

	if (conditions->start != NULL)
		add(&filters, sql_records_search_filter_start);
	if (conditions->end != NULL)
		add(&filters, sql_records_search_filter_end);
	if (conditions->after.start != NULL)
		add(&filters, sql_records_search_filter_after);
	add_number_filters(&filters, conditions, walk);
	if (conditions->direction != NULL && walk != SEARCH_WALK_DIRECTION)
		add(&filters, sql_records_search_filter_direction);
	add(&filters, sql_records_search_filter_in_order);
	before = filters.count;
	add_filters_of_others(&filters, conditions, walk);
	if (filters.count > before)
		add(&filters, sql_records_search_filter_in_order_recorded);
	else
		filters.texts[before - 1] = sql_records_search_filter_recorded;
	return join_filters(&filters, "call.uniqueid");
}

/* Bounds -------------------------------------------------------------------------------------- */

/* Whether a key, or a key and value, tells between which times to walk something else. */
static bool
is_bound_by_pair(const struct search_conditions *conditions, enum search_walk walk)
{
	return conditions->key != NULL && !is_recording(conditions) && walk != SEARCH_WALK_PAIR &&
	       walk != SEARCH_WALK_KEY;
}

static char *
call_bounds(const struct search_conditions *conditions, enum search_walk walk)
{
	struct fragments bounds = { 0 };

	/* The end and the call before the page are bounds as they are, and among the filters. */
	if (conditions->start != NULL)
		add(&bounds, sql_records_search_calls_since);
	if (is_bound_by_pair(conditions, walk))
		add(&bounds, sql_records_search_calls_of_pair);
	return join(&bounds);
}

/* Of calls that are looked at by their starts, but not filtered yet. */
static char *
recent_bounds(const struct search_conditions *conditions, enum search_walk walk)
{
	struct fragments bounds = { 0 };

	if (conditions->start != NULL)
		add(&bounds, sql_records_search_calls_since);
	if (conditions->end != NULL)
		add(&bounds, sql_records_search_filter_end);
	if (conditions->after.start != NULL)
		add(&bounds, sql_records_search_filter_after);
	if (is_bound_by_pair(conditions, walk))
		add(&bounds, sql_records_search_calls_of_pair);
	return join(&bounds);
}

static char *
passage_bounds(const struct search_conditions *conditions, enum search_walk walk)
{
	struct fragments bounds = { 0 };

	if (conditions->start != NULL)
		add(&bounds, sql_records_search_passages_since);
	if (conditions->end != NULL)
		add(&bounds, sql_records_search_passages_until_end);
	if (conditions->after.start != NULL)
		add(&bounds, sql_records_search_passages_until_after);
	if (is_bound_by_pair(conditions, walk))
		add(&bounds, sql_records_search_passages_of_pair);
	return join(&bounds);
}

static char *
pair_bounds(const struct search_conditions *conditions)
{
	struct fragments bounds = { 0 };

	if (conditions->start != NULL)
		add(&bounds, sql_records_search_pairs_since);
	if (conditions->end != NULL)
		add(&bounds, sql_records_search_pairs_until_end);
	if (conditions->after.start != NULL)
		add(&bounds, sql_records_search_pairs_until_after);
	return join(&bounds);
}

/* Lists --------------------------------------------------------------------------------------- */

enum list_order {
	LIST_OF_CALLS,	  /* in the order of their starts */
	LIST_BY_PATTERN,  /* of calls, in none */
	LIST_OF_PASSAGES, /* in the order of passages */
	LIST_OF_PAIRS,	  /* in the order of the calls' ids */
};

struct list {
	enum list_order order;
	const char *template;
	const char *condition;
	const char *wanted;	  /* the values, one after the other; "" without any */
	const char *order_before; /* of calls: what goes before their starts */
};

/* The lists that together have every call that meets the condition. */
#define LISTS_MAX 3

static size_t
add_list(struct list *lists, size_t count, enum list_order order, const char *template,
	const char *condition, const char *wanted)
{
	lists[count] = (struct list){
		.order = order,
		.template = template,
		.condition = condition,
		.wanted = wanted,
		.order_before = condition == sql_records_search_by_direction
					? sql_records_search_order_direction
					: "",
	};
	return count + 1;
}

/*
 * First where most of the page is to be expected, as the others end where it does: the calls that
 * an agent took, or made.
 */
static size_t
lists_of_agents(const struct search_conditions *conditions, struct list lists[LISTS_MAX])
{
	const char *calls = sql_records_search_calls_of_agent;
	const char *took = sql_records_search_by_dst_agent;
	const char *made = sql_records_search_by_src_agent;
	bool is_outgoing = conditions->direction != NULL &&
			   strcmp(conditions->direction, "outgoing") == 0;
	size_t count = 0;

	count = add_list(lists, count, LIST_OF_CALLS, calls, is_outgoing ? made : took, "$4");
	count = add_list(lists, count, LIST_OF_PASSAGES, sql_records_search_passages,
		sql_records_search_by_passage_agent, "$4");
	return add_list(lists, count, LIST_OF_CALLS, calls, is_outgoing ? took : made, "$4");
}

static size_t
lists_of(const struct search_conditions *conditions, enum search_walk walk,
	struct list lists[LISTS_MAX])
{
	const char *calls = sql_records_search_calls;
	const char *pairs = sql_records_search_pairs;
	const char *passages = sql_records_search_passages;
	const char *pattern = sql_records_search_calls_by_pattern;

	switch (walk) {
	case SEARCH_WALK_CALLER:
		return add_list(lists, 0, LIST_OF_CALLS, calls, sql_records_search_by_caller, "");
	case SEARCH_WALK_CALLEE:
		return add_list(lists, 0, LIST_OF_CALLS, calls, sql_records_search_by_callee, "");
	case SEARCH_WALK_DIRECTION:
		return add_list(
			lists, 0, LIST_OF_CALLS, calls, sql_records_search_by_direction, "");
	case SEARCH_WALK_CALLEE_PATTERN:
		return add_list(lists, 0, LIST_BY_PATTERN, pattern,
			sql_records_search_by_callee_pattern, "");
	case SEARCH_WALK_CALLER_PATTERN:
		return add_list(lists, 0, LIST_BY_PATTERN, pattern,
			sql_records_search_by_caller_pattern, "");
	case SEARCH_WALK_AGENT:
		return lists_of_agents(conditions, lists);
	case SEARCH_WALK_QUEUE:
		return add_list(lists, 0, LIST_OF_PASSAGES, passages,
			conditions->status == NULL ? sql_records_search_by_queue
						   : sql_records_search_by_queue_and_status,
			"$5");
	case SEARCH_WALK_STATUS:
		return add_list(lists, 0, LIST_OF_PASSAGES, passages, sql_records_search_by_status,
			"ARRAY[0]");
	case SEARCH_WALK_KEY:
		return add_list(lists, 0, LIST_OF_PAIRS, pairs, sql_records_search_by_key, "");
	case SEARCH_WALK_PAIR:
		return add_list(lists, 0, LIST_OF_PAIRS, pairs,
			is_recording(conditions) ? sql_records_search_by_recording
						 : sql_records_search_by_key_and_value,
			"");
	case SEARCH_WALK_TIME:
	case SEARCH_WALKS:
		break;
	}
	return add_list(lists, 0, LIST_OF_CALLS, calls, "", "");
}

static char *
bounds_of(const struct search_conditions *conditions, enum search_walk walk, enum list_order order)
{
	switch (order) {
	case LIST_BY_PATTERN:
		return recent_bounds(conditions, walk);
	case LIST_OF_PASSAGES:
		return passage_bounds(conditions, walk);
	case LIST_OF_PAIRS:
		return pair_bounds(conditions);
	case LIST_OF_CALLS:
		break;
	}
	return call_bounds(conditions, walk);
}

static char *
list_text(const struct search_conditions *conditions, enum search_walk walk,
	const struct list *list, const char *filters)
{
	char *bounds = bounds_of(conditions, walk, list->order);
	char *passage_filters = filters_of_passages(conditions, walk);
	const struct template_slot slots[] = {
		{ "/*call*/", list->order == LIST_OF_PAIRS ? sql_records_search_call_of_pair
							   : sql_records_search_call_of_passage },
		{ "/*order*/", list->order_before },
		{ "/*condition*/", list->condition },
		{ "/*bounds*/", bounds },
		{ "/*passage_filters*/", passage_filters },
		{ "/*filters*/", filters },
	};
	char *text = template_fill(list->template, slots, sizeof slots / sizeof *slots);

	free(passage_filters);
	free(bounds);
	return text;
}

/* Calls longer than the bounds of the lists allow for. */
static bool
needs_long_calls(const struct search_conditions *conditions, const struct list *lists, size_t count)
{
	bool is_walked_by_others = false;

	for (size_t i = 0; i < count; i++)
		is_walked_by_others |= lists[i].order == LIST_OF_PASSAGES ||
				       lists[i].order == LIST_OF_PAIRS;
	return is_walked_by_others && (conditions->end != NULL || conditions->after.start != NULL);
}

/* The statement ------------------------------------------------------------------------------- */

static char *
long_calls_text(const struct search_conditions *conditions, const char *template)
{
	char *filters = filters_beside(conditions, SEARCH_WALK_TIME);
	const struct template_slot slot = { "/*filters*/", filters };
	char *text = template_fill(template, &slot, 1);

	free(filters);
	return text;
}

/* Pairs are a call's own, passages are of all with its uniqueid. */
static char *
long_calls_around_text(const struct search_conditions *conditions, const struct list *lists)
{
	const char *const parts[] = { sql_records_search_long_calls_around,
		lists[0].order == LIST_OF_PAIRS ? NULL : sql_records_search_twins_around };
	char *joined = template_join(parts, sizeof parts / sizeof *parts);
	char *text = long_calls_text(conditions, joined);

	free(joined);
	return text;
}

/* What bounds by a pair refer to; nothing without any. */
static char *
pair_times_text(const struct search_conditions *conditions, enum search_walk walk)
{
	const char *template = is_bound_by_pair(conditions, walk) ? sql_records_search_pair_times
								  : "";
	const struct template_slot slot = { "/*condition*/",
		conditions->value == NULL ? sql_records_search_by_key
					  : sql_records_search_by_key_and_value };

	return template_fill(template, &slot, 1);
}

static char *
page_text(const struct search_conditions *conditions, const struct search_page *page)
{
	const struct template_slot slots[] = {
		{ "/*long_calls*/",
			conditions->start == NULL ? "" : sql_records_search_long_calls },
		{ "/*most*/", template_row_limit(page->size + 1, "ALL") },
	};

	return template_fill(sql_records_search_page, slots, sizeof slots / sizeof *slots);
}

static bool
is_of_values(const struct list *list)
{
	return *list->wanted != '\0';
}

/* Takes before, the best calls of the lists before this one; with those of this one they are more.
 */
static char *
values_text(const struct list *list, const char *text, char *before)
{
	const struct template_slot slots[] = {
		{ "/*before*/", before },
		{ "/*list*/", text },
		{ "/*wanted*/", list->wanted },
	};
	char *best = template_fill(
		sql_records_search_calls_of_values, slots, sizeof slots / sizeof *slots);

	free(before);
	return best;
}

/* Lists of values, one behind the other. */
static char *
best_calls_text(const struct search_conditions *conditions, enum search_walk walk,
	const struct list *lists, size_t count, const char *filters)
{
	char *best = template_fill(sql_records_search_no_calls, NULL, 0);
	char *text;

	for (size_t i = 0; i < count; i++) {
		char *list = list_text(conditions, walk, &lists[i], filters);

		best = values_text(&lists[i], list, best);
		free(list);
	}
	text = template_fill(
		sql_records_search_best_calls, &(struct template_slot){ "/*before*/", best }, 1);
	free(best);
	return text;
}

/* Everything between open and page. */
static char *
lists_text(const struct search_conditions *conditions, enum search_walk walk)
{
	struct list lists[LISTS_MAX];
	size_t count = lists_of(conditions, walk, lists);
	char *filters = filters_beside(conditions, walk);
	char *walked = is_of_values(&lists[0])
			       ? best_calls_text(conditions, walk, lists, count, filters)
			       : list_text(conditions, walk, &lists[0], filters);
	char *around = NULL;
	char *long_calls = NULL;
	struct fragments parts = { 0 };
	char *joined;

	add(&parts, walked);
	if (needs_long_calls(conditions, lists, count)) {
		around = long_calls_around_text(conditions, lists);
		add(&parts, sql_records_search_next_list);
		add(&parts, around);
	}
	if (conditions->start != NULL)
		long_calls = long_calls_text(conditions, sql_records_search_and_long_calls);
	add(&parts, long_calls == NULL ? sql_records_search_close : long_calls);
	joined = join(&parts);
	free(long_calls);
	free(around);
	free(walked);
	free(filters);
	return joined;
}

static void
fill_parameters(const struct search_conditions *conditions, enum search_walk walk,
	struct search_numbers *numbers, struct db_parameters *parameters)
{
	*parameters = (struct db_parameters){
		.count = PARAMETERS,
		.values = { numbers->depth, numbers->limit, numbers->passed, conditions->agents,
			conditions->queues, conditions->status, conditions->start, conditions->end,
			conditions->callee, conditions->caller, conditions->direction,
			conditions->key, conditions->value, conditions->after.start,
			conditions->after.id },
	};
	if (walk == SEARCH_WALK_STATUS || is_of_queue_and_status(conditions, walk)) {
		parameters->values[parameters->count++] = conditions->status;
	} else if (walk == SEARCH_WALK_DIRECTION) {
		snprintf(numbers->direction, sizeof numbers->direction, "{%s}",
			conditions->direction);
		parameters->values[parameters->count++] = numbers->direction;
	}
}

char *
search_statement(const struct search_conditions *conditions, enum search_walk walk,
	const struct search_page *page, struct search_numbers *numbers,
	struct db_parameters *parameters)
{
	int64_t depth = page->passed + page->size + 1;
	const struct template_slot slot = { "/*depth*/", template_row_limit(depth, "$1") };
	char *pair_times = pair_times_text(conditions, walk);
	char *lists = lists_text(conditions, walk);
	char *paged = page_text(conditions, page);
	const char *parts[] = { sql_records_search_open, pair_times, sql_records_search_newest,
		lists, paged, sql_record };
	char *joined = template_join(parts, sizeof parts / sizeof *parts);
	char *statement = template_fill(joined, &slot, 1);

	free(pair_times);
	free(lists);
	free(paged);
	free(joined);
	snprintf(numbers->limit, sizeof numbers->limit, "%" PRId64, page->size + 1);
	snprintf(numbers->passed, sizeof numbers->passed, "%" PRId64, page->passed);
	snprintf(numbers->depth, sizeof numbers->depth, "%" PRId64, page->passed + page->size + 1);
	fill_parameters(conditions, walk, numbers, parameters);
	return statement;
}
