/*
 * POST /recording/history?size=10 or ?days=7, body {"interface":"SIP/az9kf7"}
 *
 * The newest calls that an interface made or was rung for, or all since midnight some days ago up
 * to history.max_size: an array of entries, or CSV.
 */
#include "api/history_parts.h"

enum { BODY_INTERFACE, BODY_COUNT };

static const struct field body_fields[BODY_COUNT] = {
	[BODY_INTERFACE] = { .name = "interface", .type = FIELD_TEXT, .is_required = true },
};

/* How many entries: as many as asked for, all of the days, or the default. */
static int64_t
entry_limit(const struct exchange *exchange)
{
	const struct api_settings *settings = exchange->api->settings;

	if (exchange->parameters[HISTORY_DAYS].is_present)
		return settings->history_max_size;
	return exchange_integer(
		&exchange->parameters[HISTORY_SIZE], settings->history_default_size);
}

static void
start(struct exchange *exchange)
{
	const struct history_request request = {
		.side = HISTORY_OF_INTERFACE,
		.name = exchange->body[BODY_INTERFACE].text,
		.size = entry_limit(exchange),
		.days = exchange_integer(&exchange->parameters[HISTORY_DAYS], -1),
	};
	struct error error;

	if (exchange->parameters[HISTORY_SIZE].is_present &&
		exchange->parameters[HISTORY_DAYS].is_present) {
		(void)error_set(&error, ERROR_INVALID_PARAMETER,
			"size and days exclude each other: give one of them");
		exchange_refuse(exchange, &error);
		return;
	}
	history_answer(exchange, &request);
}

const struct endpoint endpoint_history = {
	.parameters = history_parameters,
	.parameter_count = HISTORY_PARAMETERS,
	.body_fields = body_fields,
	.body_field_count = BODY_COUNT,
	.formats = FORMAT_BIT(FORMAT_CSV),
	.start = start,
};
