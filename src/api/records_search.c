/*
 * POST /recording/records/search?page=1&pageSize=10, or ?after=…&pageSize=10
 *
 * The recorded and answered calls that meet every condition of the body, newest first:
 * {"hasNext":bool,"records":[…],"next":"…"}. Names of agents and queues are resolved first; then
 * the condition is found that fewest calls meet, and walked (calls/search.h). next is where the
 * page behind this one begins, when there is one. In CSV there is no place for either: a Link field
 * says where the next page is.
 */
#include <assert.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/token.h"
#include "base/clock.h"
#include "base/memory.h"
#include "calls/names.h"
#include "calls/pattern.h"
#include "calls/record.h"
#include "calls/search.h"
#include "calls/search_cursor.h"
#include "calls/search_sizes.h"
#include "calls/search_statement.h"

/* Of the route, for links. */
#define PATH "/recording/records/search"

enum { PARAMETER_PAGE, PARAMETER_PAGE_SIZE, PARAMETER_AFTER, PARAMETER_COUNT };

static const struct field parameters[PARAMETER_COUNT] = {
	[PARAMETER_PAGE] = { .name = "page",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum = FIELD_NUMBER_MAX },
	[PARAMETER_PAGE_SIZE] = { .name = "pageSize",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum_setting = offsetof(struct api_settings, records_max_page_size) },
	[PARAMETER_AFTER] = { .name = "after", .type = FIELD_TEXT },
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

	/* Owned texts of the conditions, which borrow the others from the body. */
	char *agents_literal;
	char *queues_literal;
	char *callee_pattern;
	char *caller_pattern;
	struct search_cursor after;
	struct search_conditions conditions;

	enum search_walk walks[SEARCH_WALKS];
	size_t walk_count;
	int64_t sizes[SEARCH_WALKS]; /* of walks */
	size_t asked[SEARCH_WALKS];  /* positions in walks of which the size was not known */
	size_t asked_count;
	size_t answered;

	struct record_list list;
};

static_assert(SEARCH_WALK_DIRECTION + 1 <= DB_STEPS_MAX, "each size is a step of one query");

static void
free_search(void *state)
{
	struct search *search = state;

	record_list_release(&search->list);
	name_set_close(&search->agents);
	name_set_close(&search->queues);
	free(search->agents_literal);
	free(search->queues_literal);
	free(search->callee_pattern);
	free(search->caller_pattern);
	free(search);
}

static bool
record_row(struct exchange *exchange, const PGresult *result, int index)
{
	struct search *search = exchange->state;

	return record_list_row(&search->list, &exchange->writer, result, index);
}

/*
 * What a cursor is tied to: every condition, to the letter, and the token of the client, so that it
 * goes on after a reload, a restart or at another recordingd, and is nobody else's.
 */
static void
bind_cursor(const struct exchange *exchange, const char *texts[static BODY_COUNT],
	struct search_cursor_bond *bond)
{
	for (size_t i = 0; i < BODY_COUNT; i++)
		texts[i] = exchange->body[i].text;
	bond->secret = token_given(connection_request(exchange->connection));
	bond->texts = texts;
	bond->count = BODY_COUNT;
}

/* Where the page behind this one begins; false: there is none. */
static bool
find_next(struct exchange *exchange, char next[static SEARCH_CURSOR_SIZE])
{
	const struct search *search = exchange->state;
	const char *texts[BODY_COUNT];
	struct search_cursor_bond bond;

	if (search->list.count <= search->list.limit)
		return false;
	bind_cursor(exchange, texts, &bond);
	return search_cursor_write(&bond, search->list.moment, search->list.last_id, next);
}

static void
csv_done(struct exchange *exchange)
{
	const struct search *search = exchange->state;
	char next[SEARCH_CURSOR_SIZE];

	if (find_next(exchange, next)) {
		response_field(&exchange->response, "Link",
			"<" PATH "?after=%s&pageSize=%" PRId64 ">; rel=\"next\"", next,
			search->list.limit);
	}
	exchange_reply(exchange, 200);
}

/* Whether there is a next page is known only now, and stands in front. */
static void
json_done(struct exchange *exchange)
{
	const struct search *search = exchange->state;
	const char *head = "{\"hasNext\":false,\"records\":[";
	char next[SEARCH_CURSOR_SIZE];

	json_raw(&exchange->writer, "]");
	if (find_next(exchange, next)) {
		json_raw(&exchange->writer, ",\"next\":");
		json_text(&exchange->writer, next);
	}
	json_raw(&exchange->writer, "}");
	json_writer_close(&exchange->writer);
	if (search->list.count > search->list.limit)
		head = "{\"hasNext\":true,\"records\":[";
	if (evbuffer_prepend(exchange->response.body, head, strlen(head)) != 0)
		memory_exhausted();
	exchange_reply(exchange, 200);
}

static void
records_done(struct exchange *exchange)
{
	struct search *search = exchange->state;

	record_list_close(&search->list, &exchange->writer);
	if (exchange->format == FORMAT_CSV)
		csv_done(exchange);
	else
		json_done(exchange);
}

/* Conditions ---------------------------------------------------------------------------------- */

/* NULL when the number is not asked for; what LIKE takes is kept until the search is over. */
static const char *
number_condition(const struct field_value *value, char **pattern)
{
	if (!value->is_present || !pattern_has_wildcard(value->text))
		return value->text;
	*pattern = pattern_for_like(value->text);
	return *pattern;
}

static void
fill_conditions(struct exchange *exchange)
{
	const struct field_value *body = exchange->body;
	struct search *search = exchange->state;
	struct search_conditions *conditions = &search->conditions;

	if (body[BODY_AGENT].is_present) {
		search->agents_literal = name_set_literal(&search->agents);
		conditions->agents = search->agents_literal;
		conditions->agent_count = name_set_count(&search->agents);
	}
	if (body[BODY_QUEUE].is_present) {
		search->queues_literal = name_set_literal(&search->queues);
		conditions->queues = search->queues_literal;
		conditions->queue_count = name_set_count(&search->queues);
	}
	conditions->status = body[BODY_QUEUE_STATUS].text;
	conditions->start = body[BODY_START].text;
	conditions->end = body[BODY_END].text;
	conditions->callee = number_condition(&body[BODY_CALLEE], &search->callee_pattern);
	conditions->callee_is_pattern = search->callee_pattern != NULL;
	conditions->caller = number_condition(&body[BODY_CALLER], &search->caller_pattern);
	conditions->caller_is_pattern = search->caller_pattern != NULL;
	if (body[BODY_DIRECTION].is_present && strcmp(body[BODY_DIRECTION].text, "all") != 0)
		conditions->direction = body[BODY_DIRECTION].text;
	conditions->key = body[BODY_KEY].text;
	conditions->value = body[BODY_VALUE].text;
}

/* The search --------------------------------------------------------------------------------- */

static void
search_calls(struct exchange *exchange, enum search_walk walk)
{
	struct search *search = exchange->state;
	int64_t page = exchange_integer(&exchange->parameters[PARAMETER_PAGE], 1);
	/* At most 2^31 pages of 10^5: far below 2^63. */
	struct search_page wanted = {
		.size = search->list.limit,
		.passed = (page - 1) * search->list.limit,
	};
	struct search_numbers numbers = { 0 };
	struct db_parameters values;
	char *text = search_statement(&search->conditions, walk, &wanted, &numbers, &values);
	const struct db_statement joined = { .text = text, .lane = DB_LANE_LONG };

	exchange_query_joined(exchange, search_statement_before(&search->conditions, walk), &joined,
		&values, RECORD_COLUMNS, record_row, records_done);
	free(text);
}

static void
run(struct exchange *exchange)
{
	const struct search *search = exchange->state;

	search_calls(exchange, search_choose(&search->conditions, search->walks, search->sizes,
				       search->walk_count));
}

/* The answers come in the order in which they were asked for. */
static bool
size_row(struct exchange *exchange, const PGresult *result, int index)
{
	struct search *search = exchange->state;
	struct db_step step;
	size_t position;

	if (search->answered == search->asked_count)
		return false;
	position = search->asked[search->answered++];
	search->sizes[position] = strtoll(PQgetvalue(result, index, 0), NULL, 10);
	step = search_size_step(&search->conditions, search->walks[position]);
	search_sizes_keep(
		exchange->api->search_sizes, &step, clock_now_ms(), search->sizes[position]);
	return true;
}

struct size_steps {
	size_t count;
	bool has_before;
	struct db_step steps[DB_STEPS_MAX];
};

/* Adds the query for a size, unless it was counted lately. */
static void
ask_size(struct exchange *exchange, size_t position, struct size_steps *sizes)
{
	struct search *search = exchange->state;
	enum search_walk walk = search->walks[position];
	struct db_step step = search_size_step(&search->conditions, walk);
	const struct db_statement *before = search_size_before(walk);

	if (search_sizes_find(
		    exchange->api->search_sizes, &step, clock_now_ms(), &search->sizes[position]))
		return;
	/* Said once, it holds for the rest of the transaction. */
	if (before != NULL && !sizes->has_before)
		sizes->steps[sizes->count++].statement = before;
	sizes->has_before = sizes->has_before || before != NULL;
	sizes->steps[sizes->count++] = step;
	search->asked[search->asked_count++] = position;
}

/* Of several lists it pays to know the shortest. */
static void
choose(struct exchange *exchange)
{
	struct search *search = exchange->state;
	struct size_steps sizes = { 0 };

	fill_conditions(exchange);
	search->walk_count = search_walks_asked(&search->conditions, search->walks);
	for (size_t i = 0; i < search->walk_count && search->walk_count > 1; i++)
		ask_size(exchange, i, &sizes);
	if (search->asked_count == 0)
		run(exchange);
	else
		exchange_query(exchange, sizes.steps, sizes.count, 1, size_row, run);
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
		choose(exchange);
		return;
	}
	name_set_open(&search->queues, exchange->body[BODY_QUEUE].text);
	exchange_query_one(
		exchange, &names_queues_statement, &none, NAMES_QUEUE_COLUMNS, queue_row, choose);
}

static bool
agent_row(struct exchange *exchange, const PGresult *result, int index)
{
	struct search *search = exchange->state;

	name_set_agent_row(&search->agents, result, index);
	return true;
}

/* Where the page begins, when the request has a cursor. */
static bool
read_cursor(const struct exchange *exchange, struct search *search, struct error *error)
{
	const struct field_value *after = &exchange->parameters[PARAMETER_AFTER];
	const char *texts[BODY_COUNT];
	struct search_cursor_bond bond;

	if (!after->is_present)
		return true;
	if (exchange->parameters[PARAMETER_PAGE].is_present) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"page and after exclude each other: give one of them");
	}
	bind_cursor(exchange, texts, &bond);
	if (!search_cursor_read(&bond, after->text, &search->after)) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"after must be \"next\" of an answer to this very search");
	}
	search->conditions.after = (struct search_position){ .start = search->after.start,
		.id = search->after.id };
	return true;
}

static bool
check_search(struct exchange *exchange, struct error *error)
{
	struct search *search = exchange->state;

	if (exchange->body[BODY_VALUE].is_present && !exchange->body[BODY_KEY].is_present)
		return error_set(error, ERROR_INVALID_PARAMETER, "value needs a key beside it");
	search->list.limit = exchange_integer(&exchange->parameters[PARAMETER_PAGE_SIZE],
		exchange->api->settings->records_default_page_size);
	return read_cursor(exchange, search, error);
}

static void
start(struct exchange *exchange)
{
	static const struct db_parameters none = { 0 };
	struct search *search = memory_zeroed(1, sizeof *search);
	struct error error;

	exchange->state = search;
	exchange->free_state = free_search;
	/* A status or direction that the database's enum lacks: no call has it. */
	exchange->on_no_such_value = records_done;
	if (!check_search(exchange, &error)) {
		exchange_refuse(exchange, &error);
		return;
	}
	if (exchange->format == FORMAT_CSV)
		record_list_open_csv(&search->list, &exchange->csv);
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
	.formats = FORMAT_BIT(FORMAT_CSV),
	.start = start,
};
