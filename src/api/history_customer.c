/*
 * POST /recording/history/customer, body {"filters":[{"field","operator","value"},…],"size":10}
 *
 * How many calls pass every filter, and the newest of them: {"total":N,"list":[…]}.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "api/body.h"
#include "api/exchange.h"
#include "base/memory.h"
#include "calls/history_entry.h"
#include "statements.h"

/* Enough for any form a person fills in; each may cost a lookup for every call. */
#define FILTERS_MAX 20

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

/* A key and the value right after it speak of the same pair. */
static void
append_filters(struct statement_builder *builder, const struct filter_list *filters)
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
		statement_builder_append(builder, sql_customer_history_pair_end, 0);
	}
}

static bool
list_row(struct exchange *exchange, const PGresult *result, int index)
{
	entry_write(&exchange->writer, list_columns, LIST_COLUMNS, result, index);
	return true;
}

static void
list_done(struct exchange *exchange)
{
	json_raw(&exchange->writer, "]}");
	exchange_reply(exchange, 200);
}

/* wanted ends the statement: what is asked of the calls that pass. limit 0: it has none. */
static void
query_calls(struct exchange *exchange, const char *wanted, int64_t limit, int columns,
	exchange_row_function *on_row, exchange_done_function *on_done)
{
	const struct filter_list *filters = exchange->state;
	struct db_statement statement = { .lane = DB_LANE_LONG };
	struct statement_builder builder;
	struct db_parameters values;

	statement_builder_open(&builder);
	statement_builder_append(&builder, sql_customer_history_calls, 0);
	append_filters(&builder, filters);
	if (limit > 0)
		statement_builder_append_number(&builder, wanted, limit);
	else
		statement_builder_append(&builder, wanted, 0);
	statement.text = builder.text;
	values = statement_builder_parameters(&builder);
	exchange_query_one(exchange, &statement, &values, columns, on_row, on_done);
	statement_builder_close(&builder);
}

static bool
total_row(struct exchange *exchange, const PGresult *result, int index)
{
	json_raw(&exchange->writer, "{\"total\":");
	json_raw(&exchange->writer, PQgetvalue(result, index, 0));
	json_raw(&exchange->writer, ",\"list\":[");
	return true;
}

static void
total_done(struct exchange *exchange)
{
	int64_t size = exchange_integer(
		&exchange->body[BODY_SIZE], exchange->api->settings->history_default_size);

	query_calls(exchange, sql_customer_history_newest, size, LIST_COLUMNS, list_row, list_done);
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
	query_calls(exchange, sql_customer_history_total, 0, 1, total_row, total_done);
}

const struct endpoint endpoint_history_customer = {
	.body_fields = body_fields,
	.body_field_count = BODY_COUNT,
	.start = start,
};
