#include "calls/search_bounds.h"

#include "db/template.h"
#include "statements.h"

/* Whether a key, or a key and value, tells between which times to walk something else. */
static bool
is_bound_by_pair(const struct search_conditions *conditions, enum search_walk walk)
{
	return conditions->key != NULL && !search_is_of_recording(conditions) &&
	       walk != SEARCH_WALK_PAIR && walk != SEARCH_WALK_KEY;
}

static char *
call_bounds(const struct search_conditions *conditions, enum search_walk walk)
{
	struct template_parts bounds = { 0 };

	/* The end and the call before the page are bounds as they are, and among the filters. */
	if (conditions->start != NULL)
		template_add(&bounds, sql_records_search_calls_since);
	if (is_bound_by_pair(conditions, walk))
		template_add(&bounds, sql_records_search_calls_of_pair);
	return template_parts_join(&bounds);
}

/* Of calls that are looked at by their starts, but not filtered yet. */
static char *
recent_bounds(const struct search_conditions *conditions, enum search_walk walk)
{
	struct template_parts bounds = { 0 };

	if (conditions->start != NULL)
		template_add(&bounds, sql_records_search_calls_since);
	if (conditions->end != NULL)
		template_add(&bounds, sql_records_search_filter_end);
	if (conditions->after.start != NULL)
		template_add(&bounds, sql_records_search_filter_after);
	if (is_bound_by_pair(conditions, walk))
		template_add(&bounds, sql_records_search_calls_of_pair);
	return template_parts_join(&bounds);
}

static char *
passage_bounds(const struct search_conditions *conditions, enum search_walk walk)
{
	struct template_parts bounds = { 0 };

	if (conditions->start != NULL)
		template_add(&bounds, sql_records_search_passages_since);
	if (conditions->end != NULL)
		template_add(&bounds, sql_records_search_passages_until_end);
	if (conditions->after.start != NULL)
		template_add(&bounds, sql_records_search_passages_until_after);
	if (is_bound_by_pair(conditions, walk))
		template_add(&bounds, sql_records_search_passages_of_pair);
	return template_parts_join(&bounds);
}

static char *
pair_bounds(const struct search_conditions *conditions)
{
	struct template_parts bounds = { 0 };

	if (conditions->start != NULL)
		template_add(&bounds, sql_records_search_pairs_since);
	if (conditions->end != NULL)
		template_add(&bounds, sql_records_search_pairs_until_end);
	if (conditions->after.start != NULL)
		template_add(&bounds, sql_records_search_pairs_until_after);
	return template_parts_join(&bounds);
}

char *
search_bounds(
	const struct search_conditions *conditions, enum search_walk walk, enum search_order order)
{
	switch (order) {
	case SEARCH_LIST_OF_NEWEST:
		return recent_bounds(conditions, walk);
	case SEARCH_LIST_OF_PASSAGES:
		return passage_bounds(conditions, walk);
	case SEARCH_LIST_OF_PAIRS:
		return pair_bounds(conditions);
	case SEARCH_LIST_OF_CALLS:
		break;
	}
	return call_bounds(conditions, walk);
}

char *
search_pair_times(const struct search_conditions *conditions, enum search_walk walk)
{
	const char *template = is_bound_by_pair(conditions, walk) ? sql_records_search_pair_times
								  : "";
	const struct template_slot slot = { "/*condition*/",
		conditions->value == NULL ? sql_records_search_by_key
					  : sql_records_search_by_key_and_value };

	return template_fill(template, &slot, 1);
}
