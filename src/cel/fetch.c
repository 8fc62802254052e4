/* Reads ranges that no block covers: each once, for all who wait for it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cel/log_internal.h"
#include "cel/row.h"
#include "json/writer.h"

/* What a row has more as JSON than as a joined text, unless it needs escapes. */
#define ROW_OVERHEAD_BYTES 400

struct cel_fetch {
	TAILQ_ENTRY(cel_fetch) link;
	struct cel_log *log;
	struct db_query *query;
	int64_t first_id;
	int64_t last_id;
	unsigned limit;
	int64_t began_us;
	uint64_t generation;
	bool is_unsettled; /* the horizon is not known: only ids without a hole are settled */
	bool is_joined;	   /* by cel_joined.sql */
	bool is_ambiguous; /* what that gave; cel.sql is next */
	struct cel_reader_list readers;
};

static bool
write_row(struct json_writer *writer, const PGresult *result, int row)
{
	if (PQnfields(result) == 1)
		return cel_row_write_joined(writer, result, row);
	cel_row_write(writer, result, row);
	return true;
}

bool
cel_rows_render(struct cel_rows *rows, const PGresult *result, int first, int end)
{
	size_t count = (size_t)(end - first);
	struct json_writer writer;
	bool is_readable = true;

	rows->ids = memory_zeroed(count + 1, sizeof *rows->ids);
	rows->ends = memory_zeroed(count + 1, sizeof *rows->ends);
	rows->count = (unsigned)count;
	json_writer_open_memory(&writer, PQresultMemorySize(result) + count * ROW_OVERHEAD_BYTES);
	for (int row = first; row < end && is_readable; row++) {
		json_raw_bytes(&writer, ",", 1);
		is_readable = write_row(&writer, result, row);
		/* A joined row begins with its id, too. */
		rows->ids[row - first] = strtoll(PQgetvalue(result, row, 0), NULL, 10);
		rows->ends[row - first] = json_writer_length(&writer);
	}
	rows->text = json_writer_take_memory(&writer);
	if (!is_readable)
		cel_rows_free(rows);
	return is_readable;
}

void
cel_rows_free(struct cel_rows *rows)
{
	free(rows->text);
	free(rows->ids);
	free(rows->ends);
}

/* The end of the ids that follow first_id without a hole. */
static unsigned
contiguous_rows(const struct cel_rows *rows, int64_t first_id)
{
	unsigned count = 0;

	while (count < rows->count && rows->ids[count] == first_id + count)
		count++;
	return count;
}

static bool
on_result(const PGresult *result, void *context)
{
	struct cel_fetch *fetch = context;
	struct cel_log *log = fetch->log;
	struct cel_rows rows;
	int64_t last_id = fetch->last_id;

	if (PQnfields(result) != (fetch->is_joined ? 1 : CEL_COLUMNS))
		return false;
	if (fetch->generation != log->generation)
		return true;
	if (!cel_rows_render(&rows, result, 0, PQntuples(result))) {
		fetch->is_ambiguous = true;
		return true;
	}
	if (fetch->is_unsettled) {
		rows.count = contiguous_rows(&rows, fetch->first_id);
		last_id = fetch->first_id + rows.count - 1;
	} else if (rows.count >= fetch->limit) {
		last_id = rows.ids[rows.count - 1];
	}
	cel_store_add(log->store, fetch->first_id, last_id, rows.text, rows.ids, rows.ends,
		rows.count, fetch->began_us, false);
	rows.text = NULL;
	cel_rows_free(&rows);
	return true;
}

static bool send_fetch(struct cel_fetch *fetch, bool is_joined);

static void
on_done(enum db_outcome outcome, void *context)
{
	struct cel_fetch *fetch = context;
	struct cel_log *log = fetch->log;

	if (outcome == DB_OUTCOME_DONE && fetch->is_ambiguous) {
		if (send_fetch(fetch, false))
			return;
		outcome = DB_OUTCOME_UNAVAILABLE;
	}
	TAILQ_REMOVE(&log->fetches, fetch, link);
	cel_readers_continue(&fetch->readers, outcome);
	free(fetch);
	cel_store_trim(log->store);
}

static const struct db_query_hooks fetch_hooks = { .on_result = on_result, .on_done = on_done };

/* False when too many queries wait. */
static bool
send_fetch(struct cel_fetch *fetch, bool is_joined)
{
	char first[24];
	char last[24];
	char limit[24];
	struct db_step step = {
		.statement = is_joined ? &cel_joined_statement : &cel_statement,
		.parameters = { .count = 3, .values = { first, last, limit } },
	};

	fetch->is_joined = is_joined;
	fetch->is_ambiguous = false;
	snprintf(first, sizeof first, "%" PRId64, fetch->first_id);
	snprintf(last, sizeof last, "%" PRId64, fetch->last_id);
	snprintf(limit, sizeof limit, "%u", fetch->limit);
	fetch->query = db_query_start(fetch->log->pool, &step, 1, &fetch_hooks, fetch);
	return fetch->query != NULL;
}

/* Whether the answer under way will cover id: at least one id for each row that it may have. */
static bool
will_cover(const struct cel_fetch *fetch, const struct cel_reader *reader)
{
	const struct cel_log *log = fetch->log;
	int64_t id = reader->next_id;

	return fetch->generation == log->generation && !fetch->is_unsettled &&
	       fetch->first_id <= id && id <= fetch->last_id &&
	       id - fetch->first_id < (int64_t)fetch->limit &&
	       fetch->began_us >= reader->started_us - log->settings.cache_ttl_us;
}

static unsigned
rows_to_fetch(unsigned rows_wanted)
{
	if (rows_wanted < CEL_FETCH_ROWS_MIN)
		return CEL_FETCH_ROWS_MIN;
	return rows_wanted > CEL_FETCH_ROWS_MAX ? CEL_FETCH_ROWS_MAX : rows_wanted;
}

bool
cel_fetch_join(struct cel_log *log, struct cel_reader *reader, int64_t last_id, bool is_unsettled)
{
	struct cel_fetch *fetch;

	for (fetch = TAILQ_FIRST(&log->fetches); fetch != NULL; fetch = TAILQ_NEXT(fetch, link)) {
		if (!is_unsettled && will_cover(fetch, reader)) {
			log->counters.joined++;
			cel_reader_put(&fetch->readers, reader);
			return true;
		}
	}
	fetch = memory_zeroed(1, sizeof *fetch);
	fetch->log = log;
	fetch->first_id = reader->next_id;
	fetch->last_id = last_id;
	fetch->limit = rows_to_fetch(reader->rows_left);
	fetch->began_us = clock_now_us();
	fetch->generation = log->generation;
	fetch->is_unsettled = is_unsettled;
	TAILQ_INIT(&fetch->readers);
	if (!send_fetch(fetch, true)) {
		free(fetch);
		return false;
	}
	log->counters.misses++;
	TAILQ_INSERT_TAIL(&log->fetches, fetch, link);
	cel_reader_put(&fetch->readers, reader);
	return true;
}

static void
close_fetch(struct cel_fetch *fetch)
{
	TAILQ_REMOVE(&fetch->log->fetches, fetch, link);
	db_query_abandon(fetch->query);
	free(fetch);
}

void
cel_fetch_abandon(struct cel_log *log, const struct cel_reader_list *readers)
{
	struct cel_fetch *fetch;

	for (fetch = TAILQ_FIRST(&log->fetches); fetch != NULL; fetch = TAILQ_NEXT(fetch, link)) {
		if (&fetch->readers == readers) {
			close_fetch(fetch);
			return;
		}
	}
}

void
cel_fetch_close_all(struct cel_log *log)
{
	struct cel_fetch *fetch = TAILQ_FIRST(&log->fetches);

	while (fetch != NULL) {
		struct cel_fetch *next = TAILQ_NEXT(fetch, link);

		close_fetch(fetch);
		fetch = next;
	}
}
