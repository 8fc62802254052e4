/*
 * POST /recording/history?size=10 or ?days=7, body {"interface":"SIP/az9kf7"}
 *
 * The newest calls that an interface made or was rung for, or all since midnight some days ago up
 * to history.max_size: an array of entries, or CSV.
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

enum { BODY_INTERFACE, BODY_COUNT };

static const struct field body_fields[BODY_COUNT] = {
	[BODY_INTERFACE] = { .name = "interface", .type = FIELD_TEXT, .is_required = true },
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
	const struct history_request request = {
		.side = HISTORY_OF_INTERFACE,
		.name = exchange->body[BODY_INTERFACE].text,
		.size = entry_limit(exchange),
		.days = exchange_integer(&exchange->parameters[PARAMETER_DAYS], -1),
	};
	struct history_numbers numbers = { 0 };
	struct db_parameters values;
	char *text = history_statement(&request, &numbers, &values);
	const struct db_statement joined = { .text = text, .lane = DB_LANE_LONG };

	exchange_query_joined(exchange, NULL, &joined, &values, HISTORY_ENTRY_COLUMNS, row, done);
	free(text);
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
	entries_open(exchange, "[", history_entry_columns, HISTORY_ENTRY_COLUMNS);
	query_entries(exchange);
}

const struct endpoint endpoint_history = {
	.parameters = parameters,
	.parameter_count = PARAMETER_COUNT,
	.body_fields = body_fields,
	.body_field_count = BODY_COUNT,
	.formats = FORMAT_BIT(FORMAT_CSV),
	.start = start,
};
