#include "calls/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/template.h"
#include "statements.h"

/* What tells the sides apart. */
struct side {
	const char *leg;
	const char *caller;
	const char *named[2]; /* lists of calls that name the side; NULL: no more */
};

static const struct side sides[] = {
	[HISTORY_OF_INTERFACE] = {
		.leg = sql_history_calls_interface_leg,
		.caller = sql_history_calls_interface_calls,
		.named = { sql_history_calls_interface_calls, NULL },
	},
	[HISTORY_OF_AGENT] = {
		.leg = sql_history_calls_agent_leg,
		.caller = sql_history_calls_agent_calls,
		.named = { sql_history_calls_agent_calls, sql_history_calls_agent_takes },
	},
};

static char *
lists_text(const struct side *side)
{
	char *lists[2] = { NULL, NULL };
	char *joined;

	for (size_t i = 0; i < 2 && side->named[i] != NULL; i++) {
		const struct template_slot slot = { "/*named*/", side->named[i] };

		lists[i] = template_fill(sql_history_calls_list, &slot, 1);
	}
	joined = template_join((const char *const *)lists, 2);
	free(lists[0]);
	free(lists[1]);
	return joined;
}

char *
history_statement(const struct history_request *request, struct history_numbers *numbers,
	struct db_parameters *parameters)
{
	const struct side *side = &sides[request->side];
	const char *const parts[] = { sql_history_calls_calls, sql_history_calls_side,
		sql_history_entry };
	char *lists = lists_text(side);
	char *joined = template_join(parts, sizeof parts / sizeof *parts);
	bool has_days = request->days >= 0;
	const struct template_slot slots[] = {
		{ "/*lists*/", lists },
		{ "/*call*/", sql_history_calls_call_of_leg },
		{ "/*leg*/", side->leg },
		{ "/*caller*/", side->caller },
		{ "/*since_leg*/", has_days ? sql_history_calls_since_leg : "" },
		{ "/*since_call*/", has_days ? sql_history_calls_since_call : "" },
		{ "/*depth*/", template_row_limit(request->size, "$2::bigint") },
	};
	char *statement = template_fill(joined, slots, sizeof slots / sizeof *slots);

	free(lists);
	free(joined);
	snprintf(numbers->size, sizeof numbers->size, "%" PRId64, request->size);
	snprintf(numbers->days, sizeof numbers->days, "%" PRId64, request->days);
	*parameters = (struct db_parameters){
		.count = has_days ? 3 : 2,
		.values = { request->name, numbers->size, numbers->days },
	};
	return statement;
}
