/*
 * GET /recording/cel?from=10&limit=1000&wait=30
 *
 * The channel events with id >= from in id order, at most limit: an array of objects, or as
 * Accept wants it CSV, or an object per line. wait: seconds for which an answer without any waits
 * for some.
 */
#include <event2/buffer.h>
#include <stdlib.h>

#include "api/exchange.h"
#include "base/clock.h"
#include "base/memory.h"
#include "cel/csv.h"
#include "cel/log.h"

#define WAIT_MAX_S 60

enum { PARAMETER_FROM, PARAMETER_LIMIT, PARAMETER_WAIT, PARAMETER_COUNT };

static const struct field parameters[PARAMETER_COUNT] = {
	[PARAMETER_FROM] = { .name = "from", .type = FIELD_INTEGER, .maximum = FIELD_NUMBER_MAX },
	[PARAMETER_LIMIT] = { .name = "limit",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum_setting = offsetof(struct api_settings, cel_max_limit) },
	[PARAMETER_WAIT] = { .name = "wait",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum = WAIT_MAX_S },
};

/* The exchange's state. */
struct page {
	struct cel_reader reader;
	struct exchange *exchange;
};

static void
page_free(void *state)
{
	struct page *page = state;

	cel_reader_close(&page->reader);
	free(page);
}

static void
reply(struct exchange *exchange, const struct cel_reader *reader)
{
	if (reader->format == CEL_FORMAT_JSON)
		json_raw_bytes(&exchange->writer, "]", 1);
	exchange_reply(exchange, 200);
}

static void
on_done(struct cel_reader *reader, enum db_outcome outcome)
{
	struct exchange *exchange = ((struct page *)reader)->exchange;
	struct error error;

	if (outcome == DB_OUTCOME_DONE) {
		reply(exchange, reader);
		return;
	}
	db_outcome_error(outcome, &error);
	exchange_refuse(exchange, &error);
}

/* What stands before the rows. */
static void
open_rows(struct exchange *exchange, struct cel_reader *reader)
{
	static const enum cel_format formats[FORMAT_COUNT] = {
		[FORMAT_JSON] = CEL_FORMAT_JSON,
		[FORMAT_CSV] = CEL_FORMAT_CSV,
		[FORMAT_LINES] = CEL_FORMAT_LINES,
	};

	reader->format = formats[exchange->format];
	if (exchange->format == FORMAT_CSV)
		cel_csv_head(&exchange->csv);
	if (exchange->format == FORMAT_JSON)
		json_raw_bytes(&exchange->writer, "[", 1);
	/* The rows go into the same buffer. */
	json_writer_close(&exchange->writer);
}

static void
start(struct exchange *exchange)
{
	const struct field_value *values = exchange->parameters;
	struct page *page = memory_zeroed(1, sizeof *page);
	struct cel_reader *reader = &page->reader;

	exchange->state = page;
	exchange->free_state = page_free;
	page->exchange = exchange;
	reader->next_id = exchange_integer(&values[PARAMETER_FROM], 0);
	reader->rows_left = (unsigned)exchange_integer(
		&values[PARAMETER_LIMIT], exchange->api->settings->cel_default_limit);
	if (values[PARAMETER_WAIT].is_present) {
		int64_t wait_us = values[PARAMETER_WAIT].integer * 1000000;

		reader->wait_until_us = clock_now_us() + wait_us;
		request_note(connection_request(exchange->connection))->patience_us = wait_us;
	}
	reader->out = exchange->response.body;
	reader->on_done = on_done;
	open_rows(exchange, reader);
	if (cel_reader_start(exchange->api->cel_log, reader))
		reply(exchange, reader);
}

const struct endpoint endpoint_cel = {
	.parameters = parameters,
	.parameter_count = PARAMETER_COUNT,
	.formats = FORMAT_BIT(FORMAT_CSV) | FORMAT_BIT(FORMAT_LINES),
	.start = start,
};
