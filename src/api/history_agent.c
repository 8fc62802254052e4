/*
 * POST /recording/history/agent?size=10&days=7, body {"agentNum":"1004"}
 *
 * The newest calls of an agent since midnight some days ago: an array of entries, or CSV.
 */
#include "api/history_parts.h"

enum { BODY_AGENT, BODY_COUNT };

static const struct field body_fields[BODY_COUNT] = {
	[BODY_AGENT] = { .name = "agentNum", .type = FIELD_TEXT, .is_required = true },
};

static void
start(struct exchange *exchange)
{
	const struct api_settings *settings = exchange->api->settings;
	const struct field_value *given = exchange->parameters;
	const struct history_request request = {
		.side = HISTORY_OF_AGENT,
		.name = exchange->body[BODY_AGENT].text,
		.size = exchange_integer(&given[HISTORY_SIZE], settings->history_default_size),
		.days = exchange_integer(&given[HISTORY_DAYS], settings->history_default_days),
	};

	history_answer(exchange, &request);
}

const struct endpoint endpoint_history_agent = {
	.parameters = history_parameters,
	.parameter_count = HISTORY_PARAMETERS,
	.body_fields = body_fields,
	.body_field_count = BODY_COUNT,
	.formats = FORMAT_BIT(FORMAT_CSV),
	.start = start,
};
