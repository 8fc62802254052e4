#include "calls/search_filters.h"

#include <stdlib.h>

#include "db/template.h"
#include "statements.h"

static void
add_passage_filters(struct template_parts *filters, const struct search_conditions *conditions,
	enum search_walk walk)
{
	if (walk == SEARCH_WALK_QUEUE || walk == SEARCH_WALK_STATUS)
		return;
	if (conditions->queues != NULL && conditions->status != NULL)
		template_add(filters, sql_records_search_filter_queue_and_status);
	else if (conditions->queues != NULL)
		template_add(filters, sql_records_search_filter_queue);
	else if (conditions->status != NULL)
		template_add(filters, sql_records_search_filter_status);
}

static void
add_number_filters(struct template_parts *filters, const struct search_conditions *conditions,
	enum search_walk walk)
{
	if (conditions->callee != NULL && walk != SEARCH_WALK_CALLEE)
		template_add(filters, conditions->callee_is_pattern
					      ? sql_records_search_filter_callee_pattern
					      : sql_records_search_filter_callee);
	if (conditions->caller != NULL && walk != SEARCH_WALK_CALLER)
		template_add(filters, conditions->caller_is_pattern
					      ? sql_records_search_filter_caller_pattern
					      : sql_records_search_filter_caller);
}

/* Those that look into other tables than the call's. */
static void
add_filters_of_others(struct template_parts *filters, const struct search_conditions *conditions,
	enum search_walk walk)
{
	if (conditions->agents != NULL && walk != SEARCH_WALK_AGENT)
		template_add(filters, sql_records_search_filter_agent);
	add_passage_filters(filters, conditions, walk);
	if (conditions->value != NULL && walk != SEARCH_WALK_PAIR)
		template_add(filters, sql_records_search_filter_key_and_value);
	else if (conditions->value == NULL && conditions->key != NULL && walk != SEARCH_WALK_KEY &&
		 !search_is_of_recording(conditions))
		template_add(filters, sql_records_search_filter_key);
}

/* Joins filters of the call, or of the passage, that is known by this uniqueid. */
static char *
join_filters(const struct template_parts *filters, const char *callid)
{
	const struct template_slot slot = { "/*callid*/", callid };
	char *joined = template_parts_join(filters);
	char *text = template_fill(joined, &slot, 1);

	free(joined);
	return text;
}

char *
search_passage_filters(const struct search_conditions *conditions, enum search_walk walk)
{
	struct template_parts filters = { 0 };

	add_passage_filters(&filters, conditions, walk);
	return join_filters(&filters, "passage.callid");
}

char *
search_filters(const struct search_conditions *conditions, enum search_walk walk)
{
	struct template_parts filters = { 0 };
	size_t before;

	if (conditions->start != NULL)
		template_add(&filters, sql_records_search_filter_start);
	if (conditions->end != NULL)
		template_add(&filters, sql_records_search_filter_end);
	if (conditions->after.start != NULL)
		template_add(&filters, sql_records_search_filter_after);
	add_number_filters(&filters, conditions, walk);
	if (conditions->direction != NULL && walk != SEARCH_WALK_DIRECTION)
		template_add(&filters, sql_records_search_filter_direction);
	template_add(&filters, sql_records_search_filter_in_order);
	before = filters.count;
	add_filters_of_others(&filters, conditions, walk);
	if (filters.count > before)
		template_add(&filters, sql_records_search_filter_in_order_recorded);
	else
		filters.texts[before - 1] = sql_records_search_filter_recorded;
	return join_filters(&filters, "call.uniqueid");
}
