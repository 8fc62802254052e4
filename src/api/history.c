/*
 * POST /recording/history?size=10 or ?days=7, body {"interface":"SIP/az9kf7"}
 *
 * The newest calls that an interface made or was rung for, or all since midnight some days ago up
 * to history.max_size: an array of entries.
 */
#include "api/exchange.h"
#include "calls/history_entry.h"
#include "statements.h"

enum { PARAMETER_SIZE, PARAMETER_DAYS, PARAMETER_COUNT };

static const struct field parameters[PARAMETER_COUNT] = {
	[PARAMETER_SIZE] = { .name = "size",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum_setting = offsetof(struct api_settings, history_max_size) },
	[PARAMETER_DAYS] = { .name = "days", .type = FIELD_INTEGER, .maximum = FIELD_DAYS_MAX },
};

enum { BODY_INTERFACE, BODY_COUNT };

static const struct field body_fields[BODY_COUNT] = {
	[BODY_INTERFACE] = { .name = "interface", .type = FIELD_TEXT, .is_required = true },
};

static bool
row(struct exchange *exchange, const PGresult *result, int index)
{
	entry_write(&exchange->writer, history_entry_columns, HISTORY_ENTRY_COLUMNS, result, index);
	return true;
}

static void
done(struct exchange *exchange)
{
	json_raw(&exchange->writer, "]");
	exchange_reply(exchange, 200);
}

/* How many entries: as many as asked for, all of the days, or the default. */
static int64_t
entry_limit(const struct exchange *exchange)
{
	const struct api_settings *settings = exchange->api->settings;

	if (exchange->parameters[PARAMETER_DAYS].is_present)
		return settings->history_max_size;
	return exchange_integer(
		&exchange->parameters[PARAMETER_SIZE], settings->history_default_size);
}

static void
query_entries(struct exchange *exchange)
{
	const struct field_value *days = &exchange->parameters[PARAMETER_DAYS];
	const char *interface = exchange->body[BODY_INTERFACE].text;
	struct db_statement statement = { .lane = DB_LANE_LONG };
	struct statement_builder builder;
	struct db_parameters values;

	statement_builder_open(&builder);
	statement_builder_append(&builder, sql_history_interface_calls, 1, interface);
	if (days->is_present)
		statement_builder_append_number(&builder, sql_history_entry_since, days->integer);
	statement_builder_append_number(&builder, sql_history_entry_limit, entry_limit(exchange));
	statement_builder_append(&builder, sql_history_interface_side, 1, interface);
	statement_builder_append(&builder, sql_history_entry_rows, 0);
	statement.text = builder.text;
	values = statement_builder_parameters(&builder);
	exchange_query_one(exchange, &statement, &values, HISTORY_ENTRY_COLUMNS, row, done);
	statement_builder_close(&builder);
}

static void
start(struct exchange *exchange)
{
	struct error error;

	if (exchange->parameters[PARAMETER_SIZE].is_present &&
		exchange->parameters[PARAMETER_DAYS].is_present) {
		(void)error_set(&error, ERROR_INVALID_PARAMETER,
			"size and days exclude each other: give one of them");
		exchange_refuse(exchange, &error);
		return;
	}
	json_raw(&exchange->writer, "[");
	query_entries(exchange);
}

const struct endpoint endpoint_history = {
	.parameters = parameters,
	.parameter_count = PARAMETER_COUNT,
	.body_fields = body_fields,
	.body_field_count = BODY_COUNT,
	.start = start,
};
