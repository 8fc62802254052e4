/*
 * GET /recording/cel?from=10&limit=1000
 *
 * The channel events with id >= from in id order, at most limit: an array of objects.
 */
#include <inttypes.h>
#include <stdio.h>

#include "api/exchange.h"
#include "cel/row.h"

enum { PARAMETER_FROM, PARAMETER_LIMIT, PARAMETER_COUNT };

static const struct field parameters[PARAMETER_COUNT] = {
	[PARAMETER_FROM] = { .name = "from", .type = FIELD_INTEGER, .maximum = FIELD_NUMBER_MAX },
	[PARAMETER_LIMIT] = { .name = "limit",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum_setting = offsetof(struct api_settings, cel_max_limit) },
};

static bool
row(struct exchange *exchange, const PGresult *result, int index)
{
	if (index > 0)
		json_raw_bytes(&exchange->writer, ",", 1);
	cel_row_write(&exchange->writer, result, index);
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
	int64_t limit = exchange_integer(
		&exchange->parameters[PARAMETER_LIMIT], exchange->api->settings->cel_default_limit);
	char from_text[24];
	char limit_text[24];
	struct db_parameters values = { .count = 2, .values = { from_text, limit_text } };

	snprintf(from_text, sizeof from_text, "%" PRId64,
		exchange_integer(&exchange->parameters[PARAMETER_FROM], 0));
	snprintf(limit_text, sizeof limit_text, "%" PRId64, limit);
	json_raw(&exchange->writer, "[");
	exchange_query_one(exchange, &cel_statement, &values, CEL_COLUMNS, row, done);
}

const struct endpoint endpoint_cel = {
	.parameters = parameters,
	.parameter_count = PARAMETER_COUNT,
	.start = start,
};
