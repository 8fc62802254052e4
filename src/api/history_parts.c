#include "api/history_parts.h"

#include <stdlib.h>

#include "api/entries.h"

const struct field history_parameters[HISTORY_PARAMETERS] = {
	[HISTORY_SIZE] = { .name = "size",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum_setting = offsetof(struct api_settings, history_max_size) },
	[HISTORY_DAYS] = { .name = "days", .type = FIELD_INTEGER, .maximum = FIELD_DAYS_MAX },
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

void
history_answer(struct exchange *exchange, const struct history_request *request)
{
	struct history_numbers numbers = { 0 };
	struct db_parameters values;
	char *text = history_statement(request, &numbers, &values);
	const struct db_statement joined = { .text = text, .lane = DB_LANE_LONG };

	entries_open(exchange, "[", history_entry_columns, HISTORY_ENTRY_COLUMNS);
	exchange_query_joined(exchange, NULL, &joined, &values, HISTORY_ENTRY_COLUMNS, row, done);
	free(text);
}
