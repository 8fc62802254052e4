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
#include "base/log.h"
#include "base/memory.h"
#include "db/template.h"
#include "statements.h"

/* Enough for any form a person fills in; each may cost a lookup for every call. */
#define FILTERS_MAX 20

/* Programs ask for a number, or a pair. */
#define USUAL_FILTERS 2

/* So few calls are sorted sooner than they are met among all others. */
#define FOUND_MAX 1000

enum { BODY_FILTERS, BODY_SIZE, BODY_COUNT };

static const struct field body_fields[BODY_COUNT] = {
	[BODY_FILTERS] = { .name = "filters", .type = FIELD_ARRAY },
	[BODY_SIZE] = { .name = "size",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum_setting = offsetof(struct api_settings, history_max_size) },
};

enum filter_field { FILTER_SRC_NUM, FILTER_KEY, FILTER_VALUE, FILTER_FIELDS };
enum filter_operator { OPERATOR_EQUALS, OPERATOR_BELOW, OPERATOR_ABOVE, OPERATORS };

/* In the order of the enums above. */
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

static const char *const fragments[FILTER_FIELDS][OPERATORS] = {
	[FILTER_SRC_NUM] = { sql_customer_history_src_num_equals,
		sql_customer_history_src_num_below, sql_customer_history_src_num_above },
	[FILTER_KEY] = { sql_customer_history_key_equals, sql_customer_history_key_below,
		sql_customer_history_key_above },
	[FILTER_VALUE] = { sql_customer_history_value_equals, sql_customer_history_value_below,
		sql_customer_history_value_above },
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

struct filter {
	enum filter_field field;
	enum filter_operator comparison;
	const char *value; /* borrowed from the body */
};

struct filter_list {
	size_t count;
	struct filter items[FILTERS_MAX];
	bool has_total; /* PostgreSQL has told it */
	int64_t total;	/* calls that pass */
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
read_filter(const struct exchange *exchange, struct json_object *json, struct filter *filter,
	struct error *error)
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
read_filters(const struct exchange *exchange, struct filter_list *filters, struct error *error)
{
	struct json_object *array = exchange->body[BODY_FILTERS].json;
	size_t count = array == NULL ? 0 : json_object_array_length(array);

	if (count > FILTERS_MAX) {
		return error_set(
			error, ERROR_INVALID_PARAMETER, "filters may hold %d filters", FILTERS_MAX);
	}
	for (filters->count = 0; filters->count < count; filters->count++) {
		if (!read_filter(exchange, json_object_array_get_idx(array, filters->count),
			    &filters->items[filters->count], error))
			return false;
	}
	return true;
}

static void
append_filter(struct statement_builder *builder, const struct filter *filter)
{
	statement_builder_append(
		builder, fragments[filter->field][filter->comparison], 1, filter->value);
}

/* A key and the value right after it speak of the same pair, which pair_end closes. */
static void
append_filters(
	struct statement_builder *builder, const struct filter_list *filters, const char *pair_end)
{
	for (size_t i = 0; i < filters->count; i++) {
		const struct filter *filter = &filters->items[i];

		if (filter->field == FILTER_SRC_NUM) {
			append_filter(builder, filter);
			continue;
		}
		statement_builder_append(builder, sql_customer_history_pair, 0);
		append_filter(builder, filter);
		if (filter->field == FILTER_KEY && i + 1 < filters->count &&
			filters->items[i + 1].field == FILTER_VALUE)
			append_filter(builder, &filters->items[++i]);
		statement_builder_append(builder, pair_end, 0);
	}
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

static bool
is_of_one_number(const struct filter_list *filters)
{
	for (size_t i = 0; i < filters->count; i++) {
		if (filters->items[i].field == FILTER_SRC_NUM &&
			filters->items[i].comparison == OPERATOR_EQUALS)
			return true;
	}
	return false;
}

static const struct db_statement plan_freely = {
	.name = "plan_freely",
	.text = sql_plan_freely,
};

/* Of one number there is one way to find the calls; others are planned for their values. */
static void
query(struct exchange *exchange, const char *text, const struct statement_builder *builder,
	int columns, exchange_row_function *on_row, exchange_done_function *on_done)
{
	const struct filter_list *filters = exchange->state;
	const struct db_statement joined = { .text = text, .lane = DB_LANE_LONG };
	const struct db_parameters values = statement_builder_parameters(builder);
	const struct db_step steps[] = {
		{ .statement = &plan_freely },
		{ .statement = &joined, .parameters = values },
	};

	if (filters->count <= USUAL_FILTERS && is_of_one_number(filters))
		exchange_query_joined(exchange, NULL, &joined, &values, columns, on_row, on_done);
	else
		exchange_query(exchange, steps, 2, columns, on_row, on_done);
}

static void
query_list(struct exchange *exchange)
{
	struct filter_list *filters = exchange->state;
	int64_t size = exchange_integer(
		&exchange->body[BODY_SIZE], exchange->api->settings->history_default_size);
	bool is_walked = filters->total > FOUND_MAX || is_of_one_number(filters);
	const struct template_slot most = { "/*most*/", template_row_limit(size, "ALL") };
	struct statement_builder builder;
	char *text;

	statement_builder_open(&builder);
	statement_builder_append(&builder,
		is_walked ? sql_customer_history_walked_calls : sql_customer_history_found_calls,
		0);
	append_filters(&builder, filters,
		is_walked ? sql_customer_history_pair_walked_end : sql_customer_history_pair_end);
	statement_builder_append_number(&builder,
		is_walked ? sql_customer_history_walked_end : sql_customer_history_found_end, size);
	statement_builder_append(&builder, sql_customer_history_entries, 0);
	text = template_fill(builder.text, &most, 1);
	query(exchange, text, &builder, LIST_COLUMNS, list_row, list_done);
	free(text);
	statement_builder_close(&builder);
}

static bool
total_row(struct exchange *exchange, const PGresult *result, int index)
{
	struct filter_list *filters = exchange->state;
	char head[64];

	/* The answer begins with it, once. */
	if (filters->has_total)
		return false;
	filters->has_total = true;
	filters->total = strtoll(PQgetvalue(result, index, 0), NULL, 10);
	snprintf(head, sizeof head, "{\"total\":%" PRId64 ",\"list\":[", filters->total);
	if (exchange->format == FORMAT_CSV)
		response_field(&exchange->response, "X-Total-Count", "%" PRId64, filters->total);
	entries_open(exchange, head, list_columns, LIST_COLUMNS);
	return true;
}

static void
total_done(struct exchange *exchange)
{
	const struct filter_list *filters = exchange->state;
	struct error error;

	if (filters->has_total) {
		query_list(exchange);
		return;
	}
	log_write(LOG_LEVEL_ERROR, "a count answered without a row");
	db_outcome_error(DB_OUTCOME_FAILED, &error);
	exchange_refuse(exchange, &error);
}

static void
query_total(struct exchange *exchange)
{
	struct filter_list *filters = exchange->state;
	struct statement_builder builder;

	statement_builder_open(&builder);
	statement_builder_append(&builder, sql_customer_history_total_calls, 0);
	append_filters(&builder, filters, sql_customer_history_pair_end);
	query(exchange, builder.text, &builder, 1, total_row, total_done);
	statement_builder_close(&builder);
}

static void
start(struct exchange *exchange)
{
	struct filter_list *filters = memory_zeroed(1, sizeof *filters);
	struct error error;

	exchange->state = filters;
	exchange->free_state = free;
	if (!read_filters(exchange, filters, &error)) {
		exchange_refuse(exchange, &error);
		return;
	}
	query_total(exchange);
}

const struct endpoint endpoint_history_customer = {
	.body_fields = body_fields,
	.body_field_count = BODY_COUNT,
	.formats = FORMAT_BIT(FORMAT_CSV),
	.start = start,
};
