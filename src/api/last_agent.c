/*
 * GET /recording/last_agent?callerNo=1002&since=100
 *
 * The agent of the latest answer to a call from this number: {"agentNumber":"2000"}, or 404.
 */
#include <inttypes.h>
#include <stdio.h>

#include "api/exchange.h"
#include "statements.h"

#define DEFAULT_DAYS 7

enum { PARAMETER_CALLER, PARAMETER_SINCE, PARAMETER_COUNT };

static const struct field parameters[PARAMETER_COUNT] = {
	[PARAMETER_CALLER] = { .name = "callerNo", .type = FIELD_PHONE, .is_required = true },
	[PARAMETER_SINCE] = { .name = "since", .type = FIELD_INTEGER, .maximum = FIELD_DAYS_MAX },
};

static const struct db_statement last_agent_statement = {
	.name = "last_agent",
	.text = sql_last_agent,
	.lane = DB_LANE_SHORT,
};

static bool
row(struct exchange *exchange, const PGresult *result, int index)
{
	json_raw(&exchange->writer, "{\"agentNumber\":");
	json_text(&exchange->writer, PQgetvalue(result, index, 0));
	json_raw(&exchange->writer, "}");
	/* Any pointer will do: there is an agent. */
	exchange->state = exchange;
	return true;
}

static void
done(struct exchange *exchange)
{
	struct error error;

	if (exchange->state != NULL) {
		exchange_reply(exchange, 200);
		return;
	}
	(void)error_set(&error, ERROR_NOT_FOUND,
		"no agent has answered a call from this callerNo in this time");
	exchange_refuse(exchange, &error);
}

static void
start(struct exchange *exchange)
{
	char since[24];
	struct db_parameters values = {
		.count = 2,
		.values = { exchange->parameters[PARAMETER_CALLER].text, since },
	};

	snprintf(since, sizeof since, "%" PRId64,
		exchange_integer(&exchange->parameters[PARAMETER_SINCE], DEFAULT_DAYS));
	exchange_query_one(exchange, &last_agent_statement, &values, 1, row, done);
}

const struct endpoint endpoint_last_agent = {
	.parameters = parameters,
	.parameter_count = PARAMETER_COUNT,
	.start = start,
};
