#include "calls/search_statement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "calls/search_bounds.h"
#include "calls/search_lists.h"
#include "db/template.h"
#include "statements.h"

/* How many parameters records_search.sql always has; $16 only where it is walked. */
#define PARAMETERS 15

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
	if (walk == SEARCH_WALK_STATUS || search_is_of_queue_and_status(conditions, walk)) {
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
	char *pair_times = search_pair_times(conditions, walk);
	char *lists = search_lists(conditions, walk);
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
