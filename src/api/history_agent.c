/*
 * POST /recording/history/agent?size=10&days=7, body {"agentNum":"1004"}
 *
 * The newest calls of an agent since midnight some days ago: an array of entries, or CSV.
 */
#include <stdlib.h>

#include "api/entries.h"
#include "calls/history.h"

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
	entries_row(exchange, history_entry_columns, HISTORY_ENTRY_COLUMNS, result, index);
	return true;
}

static void
done(struct exchange *exchange)
{
	entries_reply(exchange, "]");
}

static void
start(struct exchange *exchange)
{
	const struct api_settings *settings = exchange->api->settings;
	const struct field_value *given = exchange->parameters;
	const struct history_request request = {
		.side = HISTORY_OF_AGENT,
		.name = exchange->body[BODY_AGENT].text,
		.size = exchange_integer(&given[PARAMETER_SIZE], settings->history_default_size),
		.days = exchange_integer(&given[PARAMETER_DAYS], settings->history_default_days),
	};
	struct history_numbers numbers = { 0 };
	struct db_parameters values;
	char *text = history_statement(&request, &numbers, &values);
	const struct db_statement joined = { .text = text, .lane = DB_LANE_LONG };

	entries_open(exchange, "[", history_entry_columns, HISTORY_ENTRY_COLUMNS);
	exchange_query_joined(exchange, NULL, &joined, &values, HISTORY_ENTRY_COLUMNS, row, done);
	free(text);
}

const struct endpoint endpoint_history_agent = {
	.parameters = parameters,
	.parameter_count = PARAMETER_COUNT,
	.body_fields = body_fields,
	.body_field_count = BODY_COUNT,
	.formats = FORMAT_BIT(FORMAT_CSV),
	.start = start,
};
