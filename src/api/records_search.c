/*
 * POST /recording/records/search?page=1&pageSize=10
 *
 * The recorded and answered calls that meet every condition of the body, newest first:
 * {"hasNext":bool,"records":[…]}. Names of agents and queues are resolved before the calls are
 * searched.
 */
#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "base/memory.h"
#include "calls/names.h"
#include "calls/pattern.h"
#include "calls/record.h"
#include "statements.h"

enum { PARAMETER_PAGE, PARAMETER_PAGE_SIZE, PARAMETER_COUNT };

static const struct field parameters[PARAMETER_COUNT] = {
	[PARAMETER_PAGE] = { .name = "page",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum = FIELD_NUMBER_MAX },
	[PARAMETER_PAGE_SIZE] = { .name = "pageSize",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum_setting = offsetof(struct api_settings, records_max_page_size) },
};

static const char *const directions[] = { "incoming", "outgoing", "all", NULL };

static const char *const queue_statuses[] = { "abandoned", "answered", "divert_ca_ratio",
	"divert_waittime", "closed", "full", "joinempty", "leaveempty", "timeout", NULL };

enum {
	BODY_AGENT,
	BODY_QUEUE,
	BODY_START,
	BODY_END,
	BODY_CALLEE,
	BODY_CALLER,
	BODY_DIRECTION,
	BODY_QUEUE_STATUS,
	BODY_KEY,
	BODY_VALUE,
	BODY_COUNT,
};

static const struct field body_fields[BODY_COUNT] = {
	[BODY_AGENT] = { .name = "agent", .type = FIELD_TEXT },
	[BODY_QUEUE] = { .name = "queue", .type = FIELD_TEXT },
	[BODY_START] = { .name = "start", .type = FIELD_TIMESTAMP },
	[BODY_END] = { .name = "end", .type = FIELD_TIMESTAMP },
	[BODY_CALLEE] = { .name = "callee", .type = FIELD_TEXT },
	[BODY_CALLER] = { .name = "caller", .type = FIELD_TEXT },
	[BODY_DIRECTION] = { .name = "direction", .type = FIELD_CHOICE, .choices = directions },
	[BODY_QUEUE_STATUS] = { .name = "queueCallStatus",
		.type = FIELD_CHOICE,
		.choices = queue_statuses },
	[BODY_KEY] = { .name = "key", .type = FIELD_TEXT },
	[BODY_VALUE] = { .name = "value", .type = FIELD_TEXT, .empty_is_value = true },
};

struct search {
	struct name_set agents; /* open when the body has an agent */
	struct name_set queues; /* open when the body has a queue */
	struct record_list list;
};

static void
free_search(void *state)
{
	struct search *search = state;

	name_set_close(&search->agents);
	name_set_close(&search->queues);
	free(search);
}

static bool
record_row(struct exchange *exchange, const PGresult *result, int index)
{
	struct search *search = exchange->state;

	return record_list_row(&search->list, &exchange->writer, result, index);
}

/* Whether there is a next page is known only now, and stands in front. */
static void
records_done(struct exchange *exchange)
{
	struct search *search = exchange->state;
	const char *head = "{\"hasNext\":false,\"records\":[";

	record_list_close(&search->list, &exchange->writer);
	json_raw(&exchange->writer, "]}");
	json_writer_close(&exchange->writer);
	if (search->list.count > search->list.limit)
		head = "{\"hasNext\":true,\"records\":[";
	if (evbuffer_prepend(exchange->response.body, head, strlen(head)) != 0)
		memory_exhausted();
	exchange_reply(exchange, 200);
}

static void
append_names(struct statement_builder *builder, const char *fragment, const struct name_set *names)
{
	char *literal = name_set_literal(names);

	statement_builder_append(builder, fragment, 1, literal);
	free(literal);
}

static void
append_number(struct statement_builder *builder, const struct field_value *value, const char *exact,
	const char *like)
{
	char *pattern;

	if (!value->is_present)
		return;
	if (!pattern_has_wildcard(value->text)) {
		statement_builder_append(builder, exact, 1, value->text);
		return;
	}
	pattern = pattern_for_like(value->text);
	statement_builder_append(builder, like, 1, pattern);
	free(pattern);
}

/* With both, one passage must match both. */
static void
append_queue(struct statement_builder *builder, const struct exchange *exchange)
{
	const struct search *search = exchange->state;
	const struct field_value *status = &exchange->body[BODY_QUEUE_STATUS];
	bool has_queue = exchange->body[BODY_QUEUE].is_present;
	char *literal;

	if (has_queue && status->is_present) {
		literal = name_set_literal(&search->queues);
		statement_builder_append(
			builder, sql_records_search_queue_and_status, 2, literal, status->text);
		free(literal);
	} else if (has_queue) {
		append_names(builder, sql_records_search_queue, &search->queues);
	} else if (status->is_present) {
		statement_builder_append(builder, sql_records_search_queue_status, 1, status->text);
	}
}

static void
append_pair(struct statement_builder *builder, const struct field_value *key,
	const struct field_value *value)
{
	if (value->is_present)
		statement_builder_append(
			builder, sql_records_search_key_and_value, 2, key->text, value->text);
	else if (key->is_present)
		statement_builder_append(builder, sql_records_search_key, 1, key->text);
}

static void
append_conditions(struct statement_builder *builder, const struct exchange *exchange)
{
	const struct field_value *body = exchange->body;
	const struct search *search = exchange->state;

	if (body[BODY_AGENT].is_present)
		append_names(builder, sql_records_search_agent, &search->agents);
	append_queue(builder, exchange);
	if (body[BODY_START].is_present)
		statement_builder_append(
			builder, sql_records_search_start, 1, body[BODY_START].text);
	if (body[BODY_END].is_present)
		statement_builder_append(builder, sql_records_search_end, 1, body[BODY_END].text);
	append_number(builder, &body[BODY_CALLEE], sql_records_search_callee,
		sql_records_search_callee_pattern);
	append_number(builder, &body[BODY_CALLER], sql_records_search_caller,
		sql_records_search_caller_pattern);
	if (body[BODY_DIRECTION].is_present && strcmp(body[BODY_DIRECTION].text, "all") != 0)
		statement_builder_append(
			builder, sql_records_search_direction, 1, body[BODY_DIRECTION].text);
	append_pair(builder, &body[BODY_KEY], &body[BODY_VALUE]);
}

static void
search_calls(struct exchange *exchange)
{
	struct search *search = exchange->state;
	const struct field_value *given = exchange->parameters;
	int64_t page = exchange_integer(&given[PARAMETER_PAGE], 1);
	int64_t size = exchange_integer(
		&given[PARAMETER_PAGE_SIZE], exchange->api->settings->records_default_page_size);
	struct db_statement statement = { .lane = DB_LANE_LONG };
	struct statement_builder builder;
	struct db_parameters values;
	char limit[24];
	char offset[24];

	search->list.limit = size;
	snprintf(limit, sizeof limit, "%" PRId64, size + 1);
	/* At most 2^31 pages of 10^5: far below 2^63. */
	snprintf(offset, sizeof offset, "%" PRId64, (page - 1) * size);
	statement_builder_open(&builder);
	statement_builder_append(&builder, sql_records_search_base, 0);
	append_conditions(&builder, exchange);
	statement_builder_append(&builder, sql_records_search_page, 2, limit, offset);
	statement_builder_append(&builder, sql_record, 0);
	statement.text = builder.text;
	values = statement_builder_parameters(&builder);
	exchange_query_one(exchange, &statement, &values, RECORD_COLUMNS, record_row, records_done);
	statement_builder_close(&builder);
}

static bool
queue_row(struct exchange *exchange, const PGresult *result, int index)
{
	struct search *search = exchange->state;

	name_set_queue_row(&search->queues, result, index);
	return true;
}

static void
resolve_queue(struct exchange *exchange)
{
	static const struct db_parameters none = { 0 };
	struct search *search = exchange->state;

	if (!exchange->body[BODY_QUEUE].is_present) {
		search_calls(exchange);
		return;
	}
	name_set_open(&search->queues, exchange->body[BODY_QUEUE].text);
	exchange_query_one(exchange, &names_queues_statement, &none, NAMES_QUEUE_COLUMNS, queue_row,
		search_calls);
}

static bool
agent_row(struct exchange *exchange, const PGresult *result, int index)
{
	struct search *search = exchange->state;

	name_set_agent_row(&search->agents, result, index);
	return true;
}

static void
start(struct exchange *exchange)
{
	static const struct db_parameters none = { 0 };
	struct search *search;
	struct error error;

	if (exchange->body[BODY_VALUE].is_present && !exchange->body[BODY_KEY].is_present) {
		(void)error_set(&error, ERROR_INVALID_PARAMETER, "value needs a key beside it");
		exchange_refuse(exchange, &error);
		return;
	}
	search = memory_zeroed(1, sizeof *search);
	exchange->state = search;
	exchange->free_state = free_search;
	if (!exchange->body[BODY_AGENT].is_present) {
		resolve_queue(exchange);
		return;
	}
	name_set_open(&search->agents, exchange->body[BODY_AGENT].text);
	exchange_query_one(exchange, &names_agents_statement, &none, NAMES_AGENT_COLUMNS, agent_row,
		resolve_queue);
}

const struct endpoint endpoint_records_search = {
	.parameters = parameters,
	.parameter_count = PARAMETER_COUNT,
	.body_fields = body_fields,
	.body_field_count = BODY_COUNT,
	.start = start,
};
