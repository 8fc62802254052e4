/*
 * The channel event log: pages from memory, one query for whoever asks for the same, and no row
 * before its turn.
 *
 *   store      rendered rows in blocks (cel/store.h)
 *   horizon    up to which id rows may be given out (cel/horizon.h)
 *   refresh    the look at the end of the table, one at a time for all who ask
 *   fetch      reads a range that no block covers, once for all who wait for it
 *   reader     one request on its way through these
 *
 * A reader completes at once when memory has everything, and from the loop when not.
 */
#ifndef RECORDINGD_CEL_LOG_H
#define RECORDINGD_CEL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "db/pool.h"

struct cel_log;
struct cel_reader;
struct evbuffer;

struct cel_settings {
	size_t cache_bytes;
	int64_t max_staleness_us;
	int64_t cache_ttl_us;
	int64_t gap_timeout_us;
	int64_t settle_time_us;
};

struct cel_counters {
	uint64_t hits;	       /* answers from memory */
	uint64_t misses;       /* ranges read from the database */
	uint64_t joined;       /* requests that waited for a query of another one */
	uint64_t refreshes;    /* looks at the end of the table */
	uint64_t held_rows;    /* rows seen above a gap, counted at each look */
	uint64_t skipped_gaps; /* times that a transaction was no longer waited for */
	uint64_t resets;       /* times that the highest id went down */
	size_t cache_bytes;    /* now */
	uint64_t waiting;      /* clients now */
	int64_t horizon;       /* id */
};

enum cel_format {
	CEL_FORMAT_JSON,   /* rows with commas between them */
	CEL_FORMAT_LINES,  /* rows with a line feed behind each */
	CEL_FORMAT_EVENTS, /* server-sent events, each with its id */
	CEL_FORMAT_CSV,	   /* lines of RFC 4180, without the names of the columns */
};

/*
 * One request; embedded by its owner, who may end it at any time with cel_reader_close() and must
 * do so when it is over.
 */
struct cel_reader {
	TAILQ_ENTRY(cel_reader) link; /* in the list that it waits in */
	struct cel_reader_list *list; /* NULL: in none */
	struct cel_log *log;

	/* What is wanted: set by the owner, moved on by reading. */
	int64_t next_id;
	unsigned rows_left;
	enum cel_format format;
	int64_t wait_until_us; /* clock_now_us(); 0: an empty answer is one */
	bool follows; /* it has come to next_id by reading, and goes on with what is new when the
		       * table is replaced by another one */
	struct evbuffer *out; /* borrowed; holds only what goes before the rows */

	/* Called once, from the loop, unless cel_reader_start() completed it. */
	void (*on_done)(struct cel_reader *reader, enum db_outcome outcome);

	/* As it was at the start: another table means to begin again. */
	int64_t first_id;
	unsigned rows_wanted;
	size_t bytes_before;
	uint64_t generation;
	bool is_displaced; /* follows, and has yet to find the end of another table */

	int64_t started_us;
	int64_t goal_id; /* behind it the answer may end, though there is more; -1: not known yet */
	unsigned rows;	 /* in out by now */
	unsigned fetches; /* since the last row */
	bool used_database;
};

TAILQ_HEAD(cel_reader_list, cel_reader);

/* NULL, with errno, when there is no memory file to be had. */
struct cel_log *cel_log_new(
	struct event_base *base, struct db_pool *pool, const struct cel_settings *settings);
void cel_log_free(struct cel_log *log);
void cel_log_set_settings(struct cel_log *log, const struct cel_settings *settings);

void cel_log_counters(const struct cel_log *log, struct cel_counters *counters);

/* Readers that wait for rows end now, as if their time were over; later ones do not wait. */
void cel_log_end_waits(struct cel_log *log);

/* Returns true when the answer is complete: on_done is then not called. */
bool cel_reader_start(struct cel_log *log, struct cel_reader *reader);

/* Waits until there may be more rows, or wait_until_us; completes from the loop only. */
void cel_reader_watch(struct cel_log *log, struct cel_reader *reader);

/* Whatever it waits for is no longer wanted. Allowed at any time after cel_reader_start(). */
void cel_reader_close(struct cel_reader *reader);

#endif
