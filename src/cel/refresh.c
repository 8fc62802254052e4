/*
 * The look at the end of the table.
 *
 * TAIL reads the rows behind the horizon. As long as their ids follow each other that is all there
 * is to it. Where ids are missing, WRITERS follows at once: it reads the ids alone, and who could
 * still fill the gap; rows that it settles are then fetched like any others.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "cel/log_internal.h"
#include "cel/row.h"
#include "statements.h"

/* How long a gap is looked after when nobody has asked: collectors come back within seconds. */
#define GAP_INTEREST_US 1000000

/* Missing ids that a log line names, as ranges. */
#define RANGES_MAX 8

static const struct db_statement writers_statement = {
	.name = "cel_writers",
	.text = sql_cel_writers,
	.lane = DB_LANE_SHORT,
	.on_primary = true,
};

enum { WRITERS_KIND, WRITERS_VALUE, WRITERS_COLUMNS };

static const char *
state_name(enum cel_refresh_state state)
{
	static const char *const names[] = { "idle", "tail", "writers" };

	return names[state];
}

/* The only writer of the state. */
static void
set_state(struct cel_log *log, enum cel_refresh_state state)
{
	log_write(LOG_LEVEL_DEBUG, "channel events: refresh %s -> %s",
		state_name(log->refresh.state), state_name(state));
	log->refresh.state = state;
}

/* The highest id went down: a table that was truncated, or restored. */
static void
reset(struct cel_log *log)
{
	log_write(LOG_LEVEL_NOTICE, "channel events: row %" PRId64 " is gone, starting anew",
		log->refresh.last_row_id);
	cel_store_clear(log->store);
	horizon_reset(log->horizon);
	log->refresh.last_row_id = 0;
	log->refresh.has_gap = false;
	log->refresh.has_more = false;
	log->generation++;
	log->counters.resets++;
}

/* TAIL ----------------------------------------------------------------------------------------- */

static int64_t
row_id(const PGresult *result, int row)
{
	return strtoll(PQgetvalue(result, row, 0), NULL, 10);
}

/* How many rows from the given one on have ids that follow each other, beginning with expected. */
static int
count_contiguous(const PGresult *result, int row, int64_t expected)
{
	int first = row;

	while (row < PQntuples(result) && row_id(result, row) == expected) {
		row++;
		expected++;
	}
	return row - first;
}

/* False when it is the rows that are wrong. */
static bool
take_rows(struct cel_log *log, const PGresult *result, int first, int count)
{
	int64_t first_id = horizon_id(log->horizon) + 1;
	int64_t last_id = first_id + count - 1;
	struct cel_rows rows;

	if (count == 0)
		return true;
	if (!cel_rows_render(&rows, result, first, first + count))
		return false;
	cel_store_add(log->store, first_id, last_id, rows.text, rows.ids, rows.ends, rows.count,
		log->refresh.began_us, true);
	rows.text = NULL;
	cel_rows_free(&rows);
	horizon_extend(log->horizon, last_id);
	log->refresh.last_row_id = last_id;
	return true;
}

static bool
on_tail(const PGresult *result, void *context)
{
	struct cel_log *log = context;
	int total = PQntuples(result);
	int first = 0;
	int count;

	if (PQnfields(result) != CEL_COLUMNS)
		return false;
	if (log->refresh.last_row_id != 0) {
		if (total == 0 || row_id(result, 0) != log->refresh.last_row_id) {
			reset(log);
			return true;
		}
		first = 1;
	}
	/* Below the horizon: of a transaction that was no longer waited for. */
	while (first < total && row_id(result, first) <= horizon_id(log->horizon))
		first++;
	count = count_contiguous(result, first, horizon_id(log->horizon) + 1);
	if (!take_rows(log, result, first, count))
		return false;
	log->refresh.has_gap = first + count < total;
	log->refresh.has_more = !log->refresh.has_gap && total > CEL_TAIL_ROWS;
	return true;
}

/* WRITERS -------------------------------------------------------------------------------------- */

/* What one look has found; ids are borrowed from the result. */
struct look {
	const PGresult *result;
	bool is_standby;
	int64_t highest; /* 0: no rows */
	int first_id_row;
	int id_rows;
};

static int64_t
look_id(const struct look *look, int index)
{
	return strtoll(
		PQgetvalue(look->result, look->first_id_row + index, WRITERS_VALUE), NULL, 10);
}

static bool
read_look(struct cel_log *log, struct look *look, int64_t now_us)
{
	const PGresult *result = look->result;

	if (PQnfields(result) != WRITERS_COLUMNS)
		return false;
	horizon_begin(log->horizon);
	for (int row = 0; row < PQntuples(result); row++) {
		const char *kind = PQgetvalue(result, row, WRITERS_KIND);
		const char *value = PQgetvalue(result, row, WRITERS_VALUE);

		if (strcmp(kind, "server") == 0)
			horizon_server(log->horizon, value);
		else if (strcmp(kind, "standby") == 0)
			look->is_standby = strcmp(value, "true") == 0;
		else if (strcmp(kind, "highest") == 0)
			look->highest = strtoll(value, NULL, 10);
		else if (strcmp(kind, "writer") == 0)
			horizon_writer(log->horizon, value, now_us);
		else if (look->id_rows++ == 0)
			look->first_id_row = row;
	}
	return true;
}

/* Moves the horizon over the ids that follow it without a hole. */
static void
extend_over_ids(struct cel_log *log, const struct look *look)
{
	for (int i = 0; i < look->id_rows; i++) {
		int64_t id = look_id(look, i);

		if (id == horizon_id(log->horizon) + 1)
			horizon_extend(log->horizon, id);
		else if (id > horizon_id(log->horizon))
			break;
	}
}

/* Names what is missing above the old horizon, as far as it was skipped. */
static void
log_given_up(struct cel_log *log, const struct look *look, int64_t old_id, const char *writer)
{
	char text[RANGES_MAX * 48] = "";
	size_t length = 0;
	int64_t expected = old_id + 1;
	int ranges = 0;

	for (int i = 0; i < look->id_rows && ranges < RANGES_MAX; i++) {
		int64_t id = look_id(look, i);

		if (id > horizon_id(log->horizon))
			break;
		if (id > expected) {
			length += (size_t)snprintf(text + length, sizeof text - length,
				"%s%" PRId64 "-%" PRId64, ranges++ == 0 ? "" : ", ", expected,
				id - 1);
		}
		if (id >= expected)
			expected = id + 1;
	}
	log_write(LOG_LEVEL_WARNING,
		"channel events: no longer waiting for transaction %s, which may still add the ids "
		"%s",
		writer, text);
	log->counters.skipped_gaps++;
}

static void
count_held(struct cel_log *log, const struct look *look)
{
	for (int i = look->id_rows - 1; i >= 0; i--) {
		if (look_id(look, i) <= horizon_id(log->horizon))
			break;
		log->counters.held_rows++;
	}
}

static bool
is_another_table(const struct cel_log *log, const struct look *look)
{
	return log->refresh.last_row_id != 0 &&
	       (look->id_rows == 0 || look_id(look, 0) != log->refresh.last_row_id);
}

static bool
on_writers(const PGresult *result, void *context)
{
	struct cel_log *log = context;
	struct look look = { .result = result };
	int64_t now_us = clock_now_us();
	char writer[HORIZON_WRITER_SIZE];
	int64_t old_id;

	if (!read_look(log, &look, now_us))
		return false;
	if (horizon_is_known(log->horizon) && is_another_table(log, &look))
		reset(log);
	old_id = horizon_id(log->horizon);
	if (horizon_is_known(log->horizon))
		extend_over_ids(log, &look);
	if (horizon_end(log->horizon, look.highest, look.is_standby, now_us, writer))
		log_given_up(log, &look, old_id, writer);
	if (horizon_is_known(log->horizon)) {
		/* The horizon always stops at a row: at the end of a run, or at one once seen. */
		extend_over_ids(log, &look);
		log->refresh.last_row_id = horizon_id(log->horizon);
	}
	log->refresh.has_gap = look.highest > horizon_id(log->horizon);
	/* No id that was listed is missing, and the list was cut short: what is behind it may go
	 * on. */
	log->refresh.has_more = log->refresh.has_gap && look.id_rows > 0 &&
				look_id(&look, look.id_rows - 1) <= horizon_id(log->horizon);
	count_held(log, &look);
	return true;
}

/* The look ------------------------------------------------------------------------------------- */

static void start(struct cel_log *log);

static void
finish(struct cel_log *log, enum db_outcome outcome)
{
	set_state(log, CEL_REFRESH_IDLE);
	log->refresh.has_failed = outcome != DB_OUTCOME_DONE;
	if (outcome == DB_OUTCOME_DONE)
		log->refresh.reached_us = log->refresh.began_us;
	cel_readers_continue(&log->refresh.joined, outcome);
	cel_readers_wake(log);
	cel_store_trim(log->store);
	cel_refresh_schedule(log);
}

static void
on_done(enum db_outcome outcome, void *context)
{
	struct cel_log *log = context;
	bool was_tail = log->refresh.state == CEL_REFRESH_TAIL;

	log->refresh.query = NULL;
	/* Not the end yet: ids are missing, rows are left, or the table is another one. */
	if (outcome == DB_OUTCOME_DONE &&
		((was_tail && (log->refresh.has_gap || !horizon_is_known(log->horizon))) ||
			log->refresh.has_more)) {
		set_state(log, CEL_REFRESH_IDLE);
		start(log);
		return;
	}
	finish(log, outcome);
}

static const struct db_query_hooks tail_hooks = { .on_result = on_tail, .on_done = on_done };
static const struct db_query_hooks writers_hooks = { .on_result = on_writers, .on_done = on_done };

static struct db_query *
send_tail(struct cel_log *log)
{
	char first[24];
	char last[24];
	char limit[24];
	struct db_step step = {
		.statement = &cel_statement,
		.parameters = { .count = 3, .values = { first, last, limit } },
	};
	int64_t first_id = log->refresh.last_row_id != 0 ? log->refresh.last_row_id
							 : horizon_id(log->horizon) + 1;

	snprintf(first, sizeof first, "%" PRId64, first_id);
	snprintf(last, sizeof last, "%" PRId64, (int64_t)CEL_ID_MAX);
	snprintf(limit, sizeof limit, "%d", CEL_TAIL_ROWS + 1);
	return db_query_start(log->pool, &step, 1, &tail_hooks, log);
}

static struct db_query *
send_writers(struct cel_log *log)
{
	char first[24];
	struct db_step step = {
		.statement = &writers_statement,
		.parameters = { .count = 1, .values = { first } },
	};

	if (!horizon_is_known(log->horizon))
		step.parameters.values[0] = NULL;
	snprintf(first, sizeof first, "%" PRId64,
		log->refresh.last_row_id != 0 ? log->refresh.last_row_id
					      : horizon_id(log->horizon) + 1);
	return db_query_start(log->pool, &step, 1, &writers_hooks, log);
}

static void
start(struct cel_log *log)
{
	bool needs_writers = !horizon_is_known(log->horizon) || log->refresh.has_gap ||
			     log->refresh.has_more;

	log->counters.refreshes++;
	log->refresh.was_abandoned = false;
	log->refresh.began_us = clock_now_us();
	set_state(log, needs_writers ? CEL_REFRESH_WRITERS : CEL_REFRESH_TAIL);
	log->refresh.query = needs_writers ? send_writers(log) : send_tail(log);
	if (log->refresh.query == NULL) {
		/* Too many queries wait. Not from here: a reader may be on the stack. */
		log->refresh.has_failed = true;
		set_state(log, CEL_REFRESH_IDLE);
		cel_refresh_schedule(log);
	}
}

bool
cel_refresh_is_fresh(const struct cel_log *log, int64_t started_us)
{
	return log->refresh.reached_us != 0 &&
	       log->refresh.reached_us >= started_us - log->settings.max_staleness_us;
}

void
cel_refresh_join(struct cel_log *log, struct cel_reader *reader)
{
	cel_reader_put(&log->refresh.joined, reader);
	if (log->refresh.state != CEL_REFRESH_IDLE)
		log->counters.joined++;
	else if (log->refresh.was_abandoned)
		cel_refresh_schedule(log);
	else
		start(log);
}

/* Somebody waits for rows, or for an answer; or a gap is open and was asked for just now. */
static bool
is_wanted(const struct cel_log *log)
{
	return !TAILQ_EMPTY(&log->watching) || !TAILQ_EMPTY(&log->refresh.joined) ||
	       (log->refresh.has_gap && clock_now_us() - log->refresh.asked_us < GAP_INTEREST_US);
}

void
cel_refresh_schedule(struct cel_log *log)
{
	struct timeval delay = clock_timeval(
		log->refresh.has_failed ? CEL_RETRY_MS : CEL_WATCH_INTERVAL_MS);

	if (log->refresh.state == CEL_REFRESH_IDLE && is_wanted(log) &&
		!evtimer_pending(log->timer, NULL) && evtimer_add(log->timer, &delay) != 0)
		memory_exhausted();
}

void
cel_refresh_timer_cb(evutil_socket_t socket, short what, void *context)
{
	struct cel_log *log = context;

	(void)socket;
	(void)what;
	if (log->refresh.has_failed && log->refresh.state == CEL_REFRESH_IDLE)
		cel_readers_continue(&log->refresh.joined, DB_OUTCOME_UNAVAILABLE);
	if (log->refresh.state == CEL_REFRESH_IDLE && is_wanted(log))
		start(log);
	cel_readers_wake(log);
}

void
cel_refresh_abandon(struct cel_log *log)
{
	if (log->refresh.query == NULL || !TAILQ_EMPTY(&log->refresh.joined) ||
		!TAILQ_EMPTY(&log->watching))
		return;
	db_query_abandon(log->refresh.query);
	log->refresh.query = NULL;
	set_state(log, CEL_REFRESH_IDLE);
	/* Clients that ask and leave must not make one query after the other: the next has its
	 * time. */
	log->refresh.was_abandoned = true;
	log->refresh.has_failed = false;
}
