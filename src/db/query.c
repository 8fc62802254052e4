#include "db/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void
copy_step(struct db_query_step *copy, const struct db_step *step)
{
	const struct db_parameters *parameters = &step->parameters;

	copy->statement = *step->statement;
	if (copy->statement.name == NULL)
		copy->statement.text = memory_text(
			copy->statement.text, strlen(copy->statement.text));
	if (copy->statement.users != NULL)
		++*copy->statement.users;
	copy->count = parameters->count;
	copy->values = memory_zeroed((size_t)parameters->count + 1, sizeof *copy->values);
	for (int i = 0; i < parameters->count; i++) {
		const char *value = parameters->values[i];

		if (value != NULL)
			copy->values[i] = memory_text(value, strlen(value));
	}
}

struct db_query *
db_query_new(struct db_pool *pool, const struct db_step *steps, size_t count,
	const struct db_query_hooks *hooks, void *context)
{
	struct db_query *query = memory_zeroed(1, sizeof *query);

	query->route = DB_ROUTE_READ;
	for (size_t i = 0; i < count; i++) {
		copy_step(&query->steps[i], &steps[i]);
		if (steps[i].statement->lane > query->lane)
			query->lane = steps[i].statement->lane;
		if (steps[i].statement->on_primary && query->route > DB_ROUTE_PRIMARY)
			query->route = DB_ROUTE_PRIMARY;
		if (steps[i].statement->writes)
			query->route = DB_ROUTE_WRITE;
	}
	query->step_count = count;
	query->pool = pool;
	query->hooks = hooks;
	query->context = context;
	return query;
}

void
db_query_free(struct db_query *query)
{
	if (query == NULL)
		return;
	for (size_t i = 0; i < query->step_count; i++) {
		struct db_query_step *step = &query->steps[i];

		for (int v = 0; v < step->count; v++)
			free(step->values[v]);
		free(step->values);
		if (step->statement.name == NULL)
			free((char *)step->statement.text);
		if (step->statement.users != NULL)
			--*step->statement.users;
	}
	free(query);
}

void
db_query_finish(struct db_query *query)
{
	const struct db_query_hooks *hooks = query->hooks;
	void *context = query->context;
	enum db_outcome outcome = query->outcome;

	/* Freed first: the hook may start the next query, and must not find this one. */
	db_query_free(query);
	if (hooks != NULL)
		hooks->on_done(outcome, context);
}

bool
db_query_writes(const struct db_query *query)
{
	return query->route == DB_ROUTE_WRITE;
}

bool
db_query_can_move(const struct db_query *query)
{
	if (query->hooks == NULL || query->moved || query->is_bound)
		return false;
	/* It was rolled back as a whole. */
	if (query->was_refused)
		return !query->has_rows;
	return !query->delivered && !db_query_writes(query);
}

void
db_query_reset(struct db_query *query)
{
	query->connection = NULL;
	query->outcome = DB_OUTCOME_DONE;
	query->results_seen = 0;
	query->preamble = 0;
	query->tag = 0;
	query->delivered = false;
	query->wants_second_try = false;
	query->was_refused = false;
	query->asks_position = false;
	query->is_at_position = false;
	for (size_t i = 0; i < query->step_count; i++)
		query->steps[i].preparing = false;
}
