/*
 * POST /recording/history/agent?size=10&days=7, body {"agentNum":"1004"}
 *
 * The newest calls of an agent since midnight some days ago: an array of entries.
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

enum { BODY_AGENT, BODY_COUNT };

static const struct field body_fields[BODY_COUNT] = {
	[BODY_AGENT] = { .name = "agentNum", .type = FIELD_TEXT, .is_required = true },
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

static void
start(struct exchange *exchange)
{
	const struct api_settings *settings = exchange->api->settings;
	const struct field_value *given = exchange->parameters;
	const char *agent = exchange->body[BODY_AGENT].text;
	struct db_statement statement = { .lane = DB_LANE_LONG };
	struct statement_builder builder;
	struct db_parameters values;

	json_raw(&exchange->writer, "[");
	statement_builder_open(&builder);
	statement_builder_append(&builder, sql_history_agent_calls, 1, agent);
	statement_builder_append_number(&builder, sql_history_entry_since,
		exchange_integer(&given[PARAMETER_DAYS], settings->history_default_days));
	statement_builder_append_number(&builder, sql_history_entry_limit,
		exchange_integer(&given[PARAMETER_SIZE], settings->history_default_size));
	statement_builder_append(&builder, sql_history_agent_side, 1, agent);
	statement_builder_append(&builder, sql_history_entry_rows, 0);
	statement.text = builder.text;
	values = statement_builder_parameters(&builder);
	exchange_query_one(exchange, &statement, &values, HISTORY_ENTRY_COLUMNS, row, done);
	statement_builder_close(&builder);
}

const struct endpoint endpoint_history_agent = {
	.parameters = parameters,
	.parameter_count = PARAMETER_COUNT,
	.body_fields = body_fields,
	.body_field_count = BODY_COUNT,
	.start = start,
};
