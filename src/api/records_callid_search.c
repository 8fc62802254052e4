/*
 * POST /recording/records/callid_search?callid=1420717200.10
 *
 * The recorded calls, answered or not, with this callid: {"hasNext":false,"records":[…]}.
 */
#include <stdlib.h>

#include "api/exchange.h"
#include "base/memory.h"
#include "calls/record.h"
#include "statements.h"

enum { PARAMETER_CALLID, PARAMETER_COUNT };

static const struct field parameters[PARAMETER_COUNT] = {
	[PARAMETER_CALLID] = { .name = "callid", .type = FIELD_TEXT, .is_required = true },
};

static bool
row(struct exchange *exchange, const PGresult *result, int index)
{
	return record_list_row(exchange->state, &exchange->writer, result, index);
}

static void
done(struct exchange *exchange)
{
	record_list_close(exchange->state, &exchange->writer);
	json_raw(&exchange->writer, "]}");
	exchange_reply(exchange, 200);
}

static void
start(struct exchange *exchange)
{
	struct statement_builder builder;
	struct db_parameters values;
	struct db_statement statement = { .lane = DB_LANE_SHORT };

	exchange->state = memory_zeroed(1, sizeof(struct record_list));
	exchange->free_state = free;
	json_raw(&exchange->writer, "{\"hasNext\":false,\"records\":[");
	statement_builder_open(&builder);
	statement_builder_append(
		&builder, sql_records_by_call, 1, exchange->parameters[PARAMETER_CALLID].text);
	statement_builder_append(&builder, sql_record, 0);
	statement.text = builder.text;
	values = statement_builder_parameters(&builder);
	exchange_query_joined(exchange, NULL, &statement, &values, RECORD_COLUMNS, row, done);
	statement_builder_close(&builder);
}

const struct endpoint endpoint_records_callid_search = {
	.parameters = parameters,
	.parameter_count = PARAMETER_COUNT,
	.start = start,
};
