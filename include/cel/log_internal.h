/* What the files of src/cel share about the log; nobody else includes this. */
#ifndef RECORDINGD_CEL_LOG_INTERNAL_H
#define RECORDINGD_CEL_LOG_INTERNAL_H

#include <event2/event.h>

#include "cel/horizon.h"
#include "cel/log.h"
#include "cel/store.h"

/* How often the end of the table is looked at while clients wait for rows, or rows are held. */
#define CEL_WATCH_INTERVAL_MS 5

/* Pause after a look that failed. */
#define CEL_RETRY_MS 100

/* Rows that one look at the end takes along. */
#define CEL_TAIL_ROWS 1000

/* Least rows to read at once: a row costs far less than a query. */
#define CEL_FETCH_ROWS_MIN 64

/* Most, so that one request does not keep the others waiting for its rows. */
#define CEL_FETCH_ROWS_MAX 10000

/* The end of the ids: the column is an integer. */
#define CEL_ID_MAX INT32_MAX

enum cel_refresh_state {
	CEL_REFRESH_IDLE,    /* refresh_start(); TAIL or WRITERS */
	CEL_REFRESH_TAIL,    /* rows behind the horizon are on their way; IDLE */
	CEL_REFRESH_WRITERS, /* ids behind it and lock holders are on their way; IDLE */
};

TAILQ_HEAD(cel_fetch_list, cel_fetch);

struct cel_log {
	/* Borrowed. */
	struct event_base *base;
	struct db_pool *pool;

	/* Owned. */
	struct cel_store *store;
	struct horizon *horizon;
	struct event *timer; /* the next look, while somebody waits for one */

	struct cel_settings settings;
	struct cel_counters counters;

	struct {
		enum cel_refresh_state state;
		struct db_query *query; /* NULL while IDLE */
		int64_t began_us;
		int64_t reached_us;  /* when the newest look began that saw the end */
		int64_t last_row_id; /* a row that must be there at the next look; 0: none */
		bool has_gap;	     /* ids are missing behind the horizon */
		bool has_more;	     /* there was more than one look takes along */
		bool has_failed;
		bool was_abandoned;	       /* the last look: all who waited for it have left */
		int64_t asked_us;	       /* when a request came last */
		struct cel_reader_list joined; /* wait for the look after they came */
	} refresh;

	struct cel_fetch_list fetches;	 /* owned */
	struct cel_reader_list watching; /* wait for rows above the horizon */
	struct cel_reader_list failed;	 /* end as unavailable at the next turn */
	uint64_t watching_count;
	struct {
		int64_t settled;     /* at the last look through watching */
		uint64_t generation; /* then, or before when the horizon was not known */
		int64_t next_us;     /* when the first of them has waited long enough */
	} wake;
	bool waits_ended;    /* nobody waits for rows any more */
	uint64_t generation; /* moves on when the table turns out to be another one */
};

/* refresh.c ------------------------------------------------------------------------------------ */

/* Whether memory is as fresh as a request of started_us may expect. */
bool cel_refresh_is_fresh(const struct cel_log *log, int64_t started_us);

/* The reader goes on after the next look that is fresh enough for it. */
void cel_refresh_join(struct cel_log *log, struct cel_reader *reader);

/* Sees to it that there is a next look while somebody needs one. */
void cel_refresh_schedule(struct cel_log *log);

/* The next look is due, or a reader has failed. */
void cel_refresh_timer_cb(evutil_socket_t socket, short what, void *context);

/* Ends the look under way when nobody waits for it. */
void cel_refresh_abandon(struct cel_log *log);

/* fetch.c -------------------------------------------------------------------------------------- */

/*
 * The reader goes on after the rows from its next_id to last_id were read, or the first ones of
 * them. Unsettled: only as far as no id is missing. False when too many queries wait.
 */
bool cel_fetch_join(struct cel_log *log, struct cel_reader *reader, int64_t last_id,
	bool is_unsettled) MUST_CHECK;

/* Ends the fetch whose list this is, if there is one. */
void cel_fetch_abandon(struct cel_log *log, const struct cel_reader_list *readers);

void cel_fetch_close_all(struct cel_log *log);

/* Rows of a result, of cel.sql or cel_joined.sql, as cel_store_add() takes them. */
struct cel_rows {
	char *text; /* owned, until cel_store_add() */
	int64_t *ids;
	size_t *ends;
	unsigned count;
};

/* False, with nothing to free, when a joined row could not be read: cel.sql must tell. */
bool cel_rows_render(struct cel_rows *rows, const PGresult *result, int first, int end) MUST_CHECK;
void cel_rows_free(struct cel_rows *rows);

/* reader.c ------------------------------------------------------------------------------------- */

void cel_reader_put(struct cel_reader_list *list, struct cel_reader *reader);
void cel_reader_take(struct cel_reader *reader);

/* Continues all readers of a list; a failure ends them. */
void cel_readers_continue(struct cel_reader_list *list, enum db_outcome outcome);

/* The horizon has moved, or time has passed: those who wait for rows look again. */
void cel_readers_wake(struct cel_log *log);

#endif
