#include "calls/search_lists.h"

#include <stdlib.h>
#include <string.h>

#include "calls/pattern.h"
#include "calls/search_bounds.h"
#include "calls/search_filters.h"
#include "db/template.h"
#include "statements.h"

struct list {
	enum search_order order;
	const char *template;
	const char *condition;
	const char *wanted;	  /* the values, one after the other; "" without any */
	const char *order_before; /* of calls: what goes before their starts */
};

/* The lists that together have every call that meets the condition. */
#define LISTS_MAX 3

static size_t
add_list(struct list *lists, size_t count, enum search_order order, const char *template,
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

	count = add_list(
		lists, count, SEARCH_LIST_OF_CALLS, calls, is_outgoing ? made : took, "$4");
	count = add_list(lists, count, SEARCH_LIST_OF_PASSAGES, sql_records_search_passages,
		sql_records_search_by_passage_agent, "$4");
	return add_list(lists, count, SEARCH_LIST_OF_CALLS, calls, is_outgoing ? took : made, "$4");
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
		return add_list(
			lists, 0, SEARCH_LIST_OF_CALLS, calls, sql_records_search_by_caller, "");
	case SEARCH_WALK_CALLEE:
		return add_list(
			lists, 0, SEARCH_LIST_OF_CALLS, calls, sql_records_search_by_callee, "");
	case SEARCH_WALK_DIRECTION:
		return add_list(
			lists, 0, SEARCH_LIST_OF_CALLS, calls, sql_records_search_by_direction, "");
	case SEARCH_WALK_CALLEE_PATTERN:
		return add_list(lists, 0, SEARCH_LIST_OF_NEWEST, pattern,
			sql_records_search_by_callee_pattern, "");
	case SEARCH_WALK_CALLER_PATTERN:
		return add_list(lists, 0, SEARCH_LIST_OF_NEWEST, pattern,
			sql_records_search_by_caller_pattern, "");
	case SEARCH_WALK_AGENT:
		return lists_of_agents(conditions, lists);
	case SEARCH_WALK_QUEUE:
		return add_list(lists, 0, SEARCH_LIST_OF_PASSAGES, passages,
			conditions->status == NULL ? sql_records_search_by_queue
						   : sql_records_search_by_queue_and_status,
			"$5");
	case SEARCH_WALK_STATUS:
		return add_list(lists, 0, SEARCH_LIST_OF_PASSAGES, passages,
			sql_records_search_by_status, "ARRAY[0]");
	case SEARCH_WALK_KEY:
		return add_list(
			lists, 0, SEARCH_LIST_OF_PAIRS, pairs, sql_records_search_by_key, "");
	case SEARCH_WALK_PAIR:
		return add_list(lists, 0, SEARCH_LIST_OF_PAIRS, pairs,
			search_is_of_recording(conditions) ? sql_records_search_by_recording
							   : sql_records_search_by_key_and_value,
			"");
	case SEARCH_WALK_TIME:
	case SEARCH_WALKS:
		break;
	}
	return add_list(lists, 0, SEARCH_LIST_OF_CALLS, calls, "", "");
}

/* Of a pattern: where the index of numbers has those that begin so; "": anywhere. */
static const char *
prefix_text(const struct search_conditions *conditions, enum search_walk walk)
{
	if (!search_is_by_prefix(conditions, walk))
		return "";
	return walk == SEARCH_WALK_CALLEE_PATTERN ? sql_records_search_in_callee_prefix
						  : sql_records_search_in_caller_prefix;
}

/* Of a pattern: with how many among the newest calls the others are worth a look. */
static const char *
least_text(const struct search_conditions *conditions, enum search_walk walk)
{
	const char *number = walk == SEARCH_WALK_CALLEE_PATTERN ? conditions->callee
								: conditions->caller;

	return number != NULL && pattern_is_weak(number) ? "0" : sql_records_search_least_found;
}

static char *
list_text(const struct search_conditions *conditions, enum search_walk walk,
	const struct list *list, const char *filters)
{
	char *bounds = search_bounds(conditions, walk, list->order);
	char *passage_filters = search_passage_filters(conditions, walk);
	const struct template_slot slots[] = {
		{ "/*call*/", list->order == SEARCH_LIST_OF_PAIRS
				      ? sql_records_search_call_of_pair
				      : sql_records_search_call_of_passage },
		{ "/*other_lists*/", list->condition == sql_records_search_by_passage_agent
					     ? sql_records_search_not_by_call_agent
					     : "" },
		{ "/*order*/", list->order_before },
		{ "/*recent*/", sql_records_search_recent_calls },
		{ "/*newest*/", "2000" },
		{ "/*least*/", least_text(conditions, walk) },
		{ "/*prefix*/", prefix_text(conditions, walk) },
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
		is_walked_by_others |= lists[i].order == SEARCH_LIST_OF_PASSAGES ||
				       lists[i].order == SEARCH_LIST_OF_PAIRS;
	return is_walked_by_others && (conditions->end != NULL || conditions->after.start != NULL);
}

static char *
long_calls_text(const struct search_conditions *conditions, const char *template)
{
	char *filters = search_filters(conditions, SEARCH_WALK_TIME);
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
		lists[0].order == SEARCH_LIST_OF_PAIRS ? NULL : sql_records_search_twins_around };
	char *joined = template_join(parts, sizeof parts / sizeof *parts);
	char *text = long_calls_text(conditions, joined);

	free(joined);
	return text;
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

/*
 * A status is one of few, and the lists of some are so long that what lies beyond the bounds of a
 * page takes longer than the page.
 */
static char *
newest_before_lists(
	const struct search_conditions *conditions, enum search_walk walk, char *lists_text)
{
	char *bounds = search_bounds(conditions, walk, SEARCH_LIST_OF_NEWEST);
	char *filters = search_filters(conditions, SEARCH_WALK_TIME);
	const struct template_slot slots[] = {
		{ "/*recent*/", sql_records_search_recent_calls },
		{ "/*newest*/", "100" },
		{ "/*condition*/", "" }, /* it is among the filters */
		{ "/*bounds*/", bounds },
		{ "/*filters*/", filters },
		{ "/*lists*/", lists_text },
	};
	char *text = template_fill(
		sql_records_search_newest_before_lists, slots, sizeof slots / sizeof *slots);

	free(filters);
	free(bounds);
	free(lists_text);
	return text;
}

/* The lists of what is walked, and what lies beyond their bounds. */
static char *
walked_text(const struct search_conditions *conditions, enum search_walk walk)
{
	struct list lists[LISTS_MAX];
	size_t count = lists_of(conditions, walk, lists);
	char *filters = search_filters(conditions, walk);
	char *walked = is_of_values(&lists[0])
			       ? best_calls_text(conditions, walk, lists, count, filters)
			       : list_text(conditions, walk, &lists[0], filters);
	char *around = NULL;
	struct template_parts parts = { 0 };
	char *joined;

	template_add(&parts, walked);
	if (needs_long_calls(conditions, lists, count)) {
		around = long_calls_around_text(conditions, lists);
		template_add(&parts, sql_records_search_next_list);
		template_add(&parts, around);
	}
	joined = template_parts_join(&parts);
	free(around);
	free(walked);
	free(filters);
	return joined;
}

char *
search_lists(const struct search_conditions *conditions, enum search_walk walk)
{
	char *walked = walked_text(conditions, walk);
	char *long_calls = NULL;
	struct template_parts parts = { 0 };
	char *joined;

	if (walk == SEARCH_WALK_STATUS)
		walked = newest_before_lists(conditions, walk, walked);
	template_add(&parts, walked);
	if (conditions->start != NULL)
		long_calls = long_calls_text(conditions, sql_records_search_and_long_calls);
	template_add(&parts, long_calls == NULL ? sql_records_search_close : long_calls);
	joined = template_parts_join(&parts);
	free(long_calls);
	free(walked);
	return joined;
}
