/*
 * POST /recording/history/customer, body {"filters":[{"field","operator","value"},…],"size":10}
 *
 * How many calls pass every filter, and the newest of them: {"total":N,"list":[…]}, or the list as
 * CSV and the number as X-Total-Count.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/body.h"
#include "api/entries.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "calls/customer.h"
#include "calls/search_sizes.h"
#include "statements.h"

/* Programs ask for a number, a pair, or both: statements of other shapes are not kept. */
#define USUAL_FILTERS 3

enum { BODY_FILTERS, BODY_SIZE, BODY_COUNT };

static const struct field body_fields[BODY_COUNT] = {
	[BODY_FILTERS] = { .name = "filters", .type = FIELD_ARRAY },
	[BODY_SIZE] = { .name = "size",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum_setting = offsetof(struct api_settings, history_max_size) },
};

/* In the order of the enums of calls/customer.h. */
static const char *const filter_fields[] = { "src_num", "key", "value", NULL };
static const char *const filter_operators[] = { "=", "<", ">", NULL };

enum { ITEM_FIELD, ITEM_OPERATOR, ITEM_VALUE, ITEM_COUNT };

static const struct field item_fields[ITEM_COUNT] = {
	[ITEM_FIELD] = { .name = "field",
		.type = FIELD_CHOICE,
		.is_required = true,
		.choices = filter_fields },
	[ITEM_OPERATOR] = { .name = "operator",
		.type = FIELD_CHOICE,
		.is_required = true,
		.choices = filter_operators },
	[ITEM_VALUE] = { .name = "value",
		.type = FIELD_TEXT,
		.is_required = true,
		.empty_is_value = true },
};

#define LIST_COLUMNS 8

static const struct entry_column list_columns[LIST_COLUMNS] = {
	{ "start", ENTRY_TEXT },
	{ "duration", ENTRY_DURATION },
	{ "wait_time", ENTRY_DURATION },
	{ "agent_name", ENTRY_TEXT },
	{ "agent_num", ENTRY_TEXT },
	{ "queue_name", ENTRY_TEXT },
	{ "queue_num", ENTRY_TEXT },
	{ "status", ENTRY_TEXT },
};

struct customer {
	struct customer_filters filters; /* borrow their values from the body */
	struct customer_way way;
	struct search_conditions sizes; /* whose lists are counted */
	enum search_walk asked[2];	/* what they were asked for */
	size_t asked_count;
	size_t answered;
	int64_t sizes_known[SEARCH_WALK_DIRECTION]; /* by list */
	bool has_total;				    /* PostgreSQL has told it */
	int64_t total;				    /* calls that pass */
};

static unsigned
choice_index(const char *const *choices, const char *text)
{
	unsigned i = 0;

	while (choices[i] != NULL && strcmp(choices[i], text) != 0)
		i++;
	/* The text is one of them: FIELD_CHOICE has seen to that. */
	return choices[i] == NULL ? 0 : i;
}

static bool
read_filter(const struct exchange *exchange, struct json_object *json,
	struct customer_filter *filter, struct error *error)
{
	struct field_value values[ITEM_COUNT] = { 0 };

	if (!json_object_is_type(json, json_type_object)) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"filters must hold objects with field, operator and value");
	}
	if (!body_decode_object(
		    json, item_fields, ITEM_COUNT, exchange->api->settings, values, error))
		return false;
	filter->field = choice_index(filter_fields, values[ITEM_FIELD].text);
	filter->comparison = choice_index(filter_operators, values[ITEM_OPERATOR].text);
	filter->value = values[ITEM_VALUE].text;
	return true;
}

static bool
read_filters(const struct exchange *exchange, struct customer_filters *filters, struct error *error)
{
	struct json_object *array = exchange->body[BODY_FILTERS].json;
	size_t count = array == NULL ? 0 : json_object_array_length(array);

	if (count > CUSTOMER_FILTERS_MAX) {
		return error_set(error, ERROR_INVALID_PARAMETER, "filters may hold %d filters",
			CUSTOMER_FILTERS_MAX);
	}
	for (filters->count = 0; filters->count < count; filters->count++) {
		if (!read_filter(exchange, json_object_array_get_idx(array, filters->count),
			    &filters->items[filters->count], error))
			return false;
	}
	return true;
}

static bool
list_row(struct exchange *exchange, const PGresult *result, int index)
{
	entries_row(exchange, list_columns, LIST_COLUMNS, result, index);
	return true;
}

static void
list_done(struct exchange *exchange)
{
	entries_reply(exchange, "]}");
}

/* Statements of the usual shapes are kept; of those that are open, each is planned for its values.
 */
static void
query(struct exchange *exchange, const char *text, const struct statement_builder *builder,
	int columns, exchange_row_function *on_row, exchange_done_function *on_done)
{
	static const struct db_statement plan_freely = {
		.name = "plan_freely",
		.text = sql_plan_freely,
	};
	const struct customer *customer = exchange->state;
	const struct db_statement joined = { .text = text,
		.lane = customer->way.is_short ? DB_LANE_SHORT : DB_LANE_LONG };
	const struct db_parameters values = statement_builder_parameters(builder);
	const struct db_step steps[] = {
		{ .statement = &plan_freely },
		{ .statement = &joined, .parameters = values },
	};

	if (customer_way_is_open(&customer->way))
		exchange_query(exchange, steps, 2, columns, on_row, on_done);
	else if (customer->filters.count > USUAL_FILTERS)
		exchange_query(exchange, steps + 1, 1, columns, on_row, on_done);
	else
		exchange_query_joined(exchange, NULL, &joined, &values, columns, on_row, on_done);
}

static void
query_list(struct exchange *exchange)
{
	const struct customer *customer = exchange->state;
	int64_t size = exchange_integer(
		&exchange->body[BODY_SIZE], exchange->api->settings->history_default_size);
	struct statement_builder builder;
	char *text = customer_list_statement(
		&customer->filters, &customer->way, customer->total, size, &builder);

	query(exchange, text, &builder, LIST_COLUMNS, list_row, list_done);
	free(text);
	statement_builder_close(&builder);
}

static bool
total_row(struct exchange *exchange, const PGresult *result, int index)
{
	struct customer *customer = exchange->state;
	char head[64];

	/* The answer begins with it, once. */
	if (customer->has_total)
		return false;
	customer->has_total = true;
	customer->total = strtoll(PQgetvalue(result, index, 0), NULL, 10);
	snprintf(head, sizeof head, "{\"total\":%" PRId64 ",\"list\":[", customer->total);
	if (exchange->format == FORMAT_CSV)
		response_field(&exchange->response, "X-Total-Count", "%" PRId64, customer->total);
	entries_open(exchange, head, list_columns, LIST_COLUMNS);
	return true;
}

/* Of no call there is no list. */
static void
total_done(struct exchange *exchange)
{
	const struct customer *customer = exchange->state;
	struct error error;

	if (!customer->has_total) {
		log_write(LOG_LEVEL_ERROR, "a count answered without a row");
		db_outcome_error(DB_OUTCOME_FAILED, &error);
		exchange_refuse(exchange, &error);
	} else if (customer->total == 0) {
		list_done(exchange);
	} else {
		query_list(exchange);
	}
}

static void
query_total(struct exchange *exchange)
{
	const struct customer *customer = exchange->state;
	struct statement_builder builder;
	char *text = customer_total_statement(&customer->filters, &customer->way, &builder);

	query(exchange, text, &builder, 1, total_row, total_done);
	free(text);
	statement_builder_close(&builder);
}

static void
choose(struct exchange *exchange)
{
	struct customer *customer = exchange->state;

	customer_way_choose(&customer->way, customer->sizes_known[SEARCH_WALK_PAIR],
		customer->sizes_known[SEARCH_WALK_CALLER]);
	query_total(exchange);
}

/* The answers come in the order in which they were asked for. */
static bool
size_row(struct exchange *exchange, const PGresult *result, int index)
{
	struct customer *customer = exchange->state;
	enum search_walk walk;
	struct db_step step;

	if (customer->answered == customer->asked_count)
		return false;
	walk = customer->asked[customer->answered++];
	customer->sizes_known[walk] = strtoll(PQgetvalue(result, index, 0), NULL, 10);
	step = search_size_step(&customer->sizes, walk);
	search_sizes_keep(
		exchange->api->search_sizes, &step, clock_now_ms(), customer->sizes_known[walk]);
	return true;
}

/* How long the lists are, unless they were counted lately. */
static void
query_sizes(struct exchange *exchange)
{
	static const enum search_walk walks[] = { SEARCH_WALK_PAIR, SEARCH_WALK_CALLER };
	struct customer *customer = exchange->state;
	struct db_step steps[2];

	for (size_t i = 0; i < (customer->way.has_number ? 2 : 1); i++) {
		struct db_step step = search_size_step(&customer->sizes, walks[i]);

		if (search_sizes_find(exchange->api->search_sizes, &step, clock_now_ms(),
			    &customer->sizes_known[walks[i]]))
			continue;
		steps[customer->asked_count] = step;
		customer->asked[customer->asked_count++] = walks[i];
	}
	if (customer->asked_count == 0)
		choose(exchange);
	else
		exchange_query(exchange, steps, customer->asked_count, 1, size_row, choose);
}

static void
start(struct exchange *exchange)
{
	struct customer *customer = memory_zeroed(1, sizeof *customer);
	struct error error;

	exchange->state = customer;
	exchange->free_state = free;
	if (!read_filters(exchange, &customer->filters, &error)) {
		exchange_refuse(exchange, &error);
		return;
	}
	if (customer_way_find(&customer->filters, &customer->way, &customer->sizes))
		query_sizes(exchange);
	else
		query_total(exchange);
}

const struct endpoint endpoint_history_customer = {
	.body_fields = body_fields,
	.body_field_count = BODY_COUNT,
	.formats = FORMAT_BIT(FORMAT_CSV),
	.start = start,
};
