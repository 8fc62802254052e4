/* One request on its way through store, fetch and refresh. */
#include <event2/buffer.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cel/csv.h"
#include "cel/log_internal.h"
#include "csv/writer.h"

/* A range that was read this often and is still not there cannot be kept: memory is out. */
#define FETCHES_WITHOUT_PROGRESS_MAX 3

enum step {
	STEP_DONE,
	STEP_WAITS,  /* in a list */
	STEP_FAILED, /* too many queries wait */
};

void
cel_reader_put(struct cel_reader_list *list, struct cel_reader *reader)
{
	struct cel_log *log = reader->log;

	TAILQ_INSERT_TAIL(list, reader, link);
	reader->list = list;
	if (list != &log->watching)
		return;
	log->watching_count++;
	if (reader->wait_until_us < log->wake.next_us)
		log->wake.next_us = reader->wait_until_us;
	/* It may have been late for the rows that are there: it is looked at, too. */
	if (reader->next_id <= horizon_id(log->horizon))
		log->wake.next_us = 0;
}

void
cel_reader_take(struct cel_reader *reader)
{
	if (reader->list == NULL)
		return;
	if (reader->list == &reader->log->watching)
		reader->log->watching_count--;
	TAILQ_REMOVE(reader->list, reader, link);
	reader->list = NULL;
}

static void
add_events(const struct cel_slice *slice, struct evbuffer *out)
{
	for (unsigned row = 0; row < slice->rows; row++) {
		if (evbuffer_add_printf(out, "id: %" PRId64 "\ndata: ", cel_slice_id(slice, row)) <
			0)
			memory_exhausted();
		cel_slice_copy_row(slice, row, "\n\n", out);
	}
}

static void
add_csv(const struct cel_slice *slice, struct evbuffer *out)
{
	struct evbuffer *copy = evbuffer_new();
	struct csv_writer csv;

	if (copy == NULL)
		memory_exhausted();
	csv_writer_open(&csv, out);
	for (unsigned row = 0; row < slice->rows; row++) {
		cel_slice_copy_row(slice, row, "", copy);
		cel_csv_row(&csv, copy);
	}
	csv_writer_close(&csv);
	evbuffer_free(copy);
}

static void
add_slice(struct cel_reader *reader, const struct cel_slice *slice)
{
	switch (reader->format) {
	case CEL_FORMAT_JSON:
		cel_slice_add(slice, reader->rows > 0, reader->out);
		break;
	case CEL_FORMAT_LINES:
		for (unsigned row = 0; row < slice->rows; row++)
			cel_slice_copy_row(slice, row, "\n", reader->out);
		break;
	case CEL_FORMAT_EVENTS:
		add_events(slice, reader->out);
		break;
	case CEL_FORMAT_CSV:
		add_csv(slice, reader->out);
		break;
	}
	reader->rows += slice->rows;
	reader->rows_left -= slice->rows;
	reader->next_id = slice->next_id;
	reader->fetches = 0;
}

/* Takes what memory has from next_id on. */
static void
take_blocks(struct cel_reader *reader)
{
	struct cel_log *log = reader->log;
	struct cel_slice slice;

	while (reader->rows_left > 0 &&
		cel_store_find(log->store, reader->next_id, reader->rows_left,
			reader->started_us - log->settings.cache_ttl_us, &slice))
		add_slice(reader, &slice);
}

static enum step
fetch(struct cel_reader *reader)
{
	struct cel_log *log = reader->log;
	bool is_unsettled = !horizon_is_known(log->horizon);
	int64_t last_id = is_unsettled ? CEL_ID_MAX : horizon_id(log->horizon);
	int64_t next_covered = cel_store_next_covered(log->store, reader->next_id);

	if (last_id >= next_covered)
		last_id = next_covered - 1;
	if (reader->fetches++ == FETCHES_WITHOUT_PROGRESS_MAX)
		return STEP_FAILED;
	reader->used_database = true;
	return cel_fetch_join(log, reader, last_id, is_unsettled) ? STEP_WAITS : STEP_FAILED;
}

/* All that is settled was taken: wait for more, or be content. */
static enum step
at_end(struct cel_reader *reader)
{
	struct cel_log *log = reader->log;

	if (!cel_refresh_is_fresh(log, reader->started_us)) {
		reader->used_database = true;
		cel_refresh_join(log, reader);
		return STEP_WAITS;
	}
	if (!horizon_is_known(log->horizon) && reader->fetches == 0)
		return fetch(reader);
	if (reader->rows > 0 || reader->wait_until_us == 0 || log->waits_ended)
		return STEP_DONE;
	cel_reader_put(&log->watching, reader);
	cel_refresh_schedule(log);
	return STEP_WAITS;
}

/* Takes rows out again: what goes before them is moved aside meanwhile. */
static void
drop_rows(const struct cel_reader *reader)
{
	struct evbuffer *before = evbuffer_new();

	if (before == NULL)
		memory_exhausted();
	if (evbuffer_remove_buffer(reader->out, before, reader->bytes_before) < 0 ||
		evbuffer_drain(reader->out, evbuffer_get_length(reader->out)) != 0 ||
		evbuffer_add_buffer(reader->out, before) != 0)
		memory_exhausted();
	evbuffer_free(before);
}

/*
 * The table turned out to be another one: rows of the old one must not be answered. Whoever follows
 * the log goes on at its end, as ids begin again below.
 */
static void
begin_again(struct cel_reader *reader)
{
	const struct cel_log *log = reader->log;

	if (reader->rows > 0)
		drop_rows(reader);
	reader->rows = 0;
	/* What was under way is not used: that was no try. */
	reader->fetches = 0;
	reader->rows_left = reader->rows_wanted;
	reader->next_id = reader->first_id;
	reader->generation = log->generation;
	reader->goal_id = -1;
	reader->is_displaced = reader->follows;
}

static void
find_end(struct cel_reader *reader)
{
	int64_t end = horizon_id(reader->log->horizon) + 1;

	reader->is_displaced = false;
	if (reader->next_id > end)
		reader->next_id = end;
}

/*
 * What is settled once memory is fresh enough for the request is what it asked for. Later rows are
 * taken along where they are in memory; to fetch them, and by then others, could go on for ever.
 */
static bool
has_enough(struct cel_reader *reader)
{
	const struct cel_log *log = reader->log;

	if (reader->goal_id < 0 && horizon_is_known(log->horizon) &&
		cel_refresh_is_fresh(log, reader->started_us))
		reader->goal_id = horizon_id(log->horizon);
	if (reader->rows_left == 0)
		return true;
	return reader->goal_id >= 0 && reader->next_id > reader->goal_id &&
	       (reader->rows > 0 || reader->wait_until_us == 0);
}

static enum step
go_on(struct cel_reader *reader)
{
	if (reader->generation != reader->log->generation)
		begin_again(reader);
	if (reader->is_displaced && horizon_is_known(reader->log->horizon))
		find_end(reader);
	take_blocks(reader);
	if (has_enough(reader))
		return STEP_DONE;
	if (horizon_is_known(reader->log->horizon) &&
		reader->next_id <= horizon_id(reader->log->horizon))
		return fetch(reader);
	return at_end(reader);
}

static void
open_reader(struct cel_log *log, struct cel_reader *reader)
{
	cel_reader_take(reader);
	/* One that was started before may have read from the table before this one. */
	if (reader->log == NULL)
		reader->generation = log->generation;
	reader->log = log;
	reader->first_id = reader->next_id;
	reader->rows_wanted = reader->rows_left;
	reader->bytes_before = evbuffer_get_length(reader->out);
	reader->started_us = clock_now_us();
	reader->goal_id = -1;
	reader->rows = 0;
	reader->fetches = 0;
	reader->used_database = false;
}

void
cel_reader_watch(struct cel_log *log, struct cel_reader *reader)
{
	open_reader(log, reader);
	cel_reader_put(&log->watching, reader);
	cel_refresh_schedule(log);
}

bool
cel_reader_start(struct cel_log *log, struct cel_reader *reader)
{
	open_reader(log, reader);
	log->refresh.asked_us = reader->started_us;
	switch (go_on(reader)) {
	case STEP_DONE:
		log->counters.hits++;
		return true;
	case STEP_FAILED:
		/* Not from here: the caller does not expect on_done yet. */
		cel_reader_put(&log->failed, reader);
		event_active(log->timer, EV_TIMEOUT, 0);
		return false;
	case STEP_WAITS:
		break;
	}
	return false;
}

static void
end_reader(struct cel_reader *reader, enum db_outcome outcome)
{
	if (outcome == DB_OUTCOME_DONE && !reader->used_database)
		reader->log->counters.hits++;
	reader->on_done(reader, outcome);
}

static void
continue_reader(struct cel_reader *reader, enum db_outcome outcome)
{
	cel_reader_take(reader);
	if (outcome != DB_OUTCOME_DONE) {
		end_reader(reader, outcome);
		return;
	}
	switch (go_on(reader)) {
	case STEP_DONE:
		end_reader(reader, DB_OUTCOME_DONE);
		break;
	case STEP_FAILED:
		end_reader(reader, DB_OUTCOME_UNAVAILABLE);
		break;
	case STEP_WAITS:
		break;
	}
}

void
cel_readers_continue(struct cel_reader_list *list, enum db_outcome outcome)
{
	struct cel_reader_list ready = TAILQ_HEAD_INITIALIZER(ready);
	struct cel_reader *reader;

	/* A list of its own: a reader may come back to this one, or close another one. */
	while ((reader = TAILQ_FIRST(list)) != NULL) {
		cel_reader_take(reader);
		cel_reader_put(&ready, reader);
	}
	while ((reader = TAILQ_FIRST(&ready)) != NULL)
		continue_reader(reader, outcome);
}

/* Those who waited long enough get what there is: nothing, or that nobody knows. */
static void
expire(struct cel_log *log, struct cel_reader_list *expired)
{
	enum db_outcome outcome = log->refresh.has_failed ? DB_OUTCOME_UNAVAILABLE
							  : DB_OUTCOME_DONE;
	struct cel_reader *reader;

	while ((reader = TAILQ_FIRST(expired)) != NULL) {
		cel_reader_take(reader);
		end_reader(reader, outcome);
	}
}

static void
move_to(struct cel_reader_list *list, struct cel_reader *reader)
{
	cel_reader_take(reader);
	cel_reader_put(list, reader);
}

void
cel_readers_wake(struct cel_log *log)
{
	struct cel_reader_list ready = TAILQ_HEAD_INITIALIZER(ready);
	struct cel_reader_list expired = TAILQ_HEAD_INITIALIZER(expired);
	struct cel_reader *reader = TAILQ_FIRST(&log->watching);
	int64_t now_us = clock_now_us();
	int64_t settled = horizon_id(log->horizon);
	bool is_another = horizon_is_known(log->horizon) && log->wake.generation != log->generation;

	/* Thousands wait, and hardly ever is it time for one of them. */
	if (settled == log->wake.settled && now_us < log->wake.next_us && !is_another)
		reader = NULL;
	else
		log->wake.next_us = INT64_MAX;
	log->wake.settled = settled;
	if (is_another)
		log->wake.generation = log->generation;
	while (reader != NULL) {
		struct cel_reader *next = TAILQ_NEXT(reader, link);

		if (reader->next_id <= settled || is_another)
			move_to(&ready, reader);
		else if (reader->wait_until_us <= now_us)
			move_to(&expired, reader);
		else if (reader->wait_until_us < log->wake.next_us)
			log->wake.next_us = reader->wait_until_us;
		reader = next;
	}
	cel_readers_continue(&ready, DB_OUTCOME_DONE);
	expire(log, &expired);
	cel_readers_continue(&log->failed, DB_OUTCOME_UNAVAILABLE);
}

void
cel_reader_close(struct cel_reader *reader)
{
	struct cel_reader_list *list = reader->list;

	cel_reader_take(reader);
	/* A query that nobody waits for any more is cancelled. */
	if (list != NULL && TAILQ_EMPTY(list)) {
		cel_fetch_abandon(reader->log, list);
		cel_refresh_abandon(reader->log);
	}
}
