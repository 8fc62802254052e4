#include "cel/horizon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/memory.h"

/* A transaction that holds the lock. */
struct writer {
	TAILQ_ENTRY(writer) link; /* in the order of number */
	char name[HORIZON_WRITER_SIZE];
	uint64_t number; /* when it was first seen, among all */
	int64_t since_us;
	bool is_seen; /* in the look under way */
	bool is_given_up;
};

/* Ids up to highest are settled when the writers with numbers up to last_writer have ended. */
struct note {
	TAILQ_ENTRY(note) link; /* oldest first, so in the order of both its numbers */
	int64_t highest;
	uint64_t last_writer;
	int64_t since_us;
	bool is_blind; /* noted on a standby: last_writer knows nobody */
};

TAILQ_HEAD(writer_list, writer);
TAILQ_HEAD(note_list, note);

struct horizon {
	struct horizon_settings settings;
	bool is_known;
	int64_t id;
	uint64_t next_number;
	char server[HORIZON_SERVER_SIZE]; /* "" before the first look */
	struct writer_list writers;	  /* owned */
	/* Owned. Bounded by time: each is gone after gap_timeout, and only a new writer, or on a
	 * standby a new look, makes another one. */
	struct note_list notes;
};

struct horizon *
horizon_new(const struct horizon_settings *settings)
{
	struct horizon *horizon = memory_zeroed(1, sizeof *horizon);

	horizon->settings = *settings;
	TAILQ_INIT(&horizon->writers);
	TAILQ_INIT(&horizon->notes);
	return horizon;
}

static void
drop_notes(struct horizon *horizon)
{
	struct note *note = TAILQ_FIRST(&horizon->notes);

	TAILQ_INIT(&horizon->notes);
	while (note != NULL) {
		struct note *next = TAILQ_NEXT(note, link);

		free(note);
		note = next;
	}
}

void
horizon_begin(struct horizon *horizon)
{
	struct writer *writer;

	for (writer = TAILQ_FIRST(&horizon->writers); writer != NULL;
		writer = TAILQ_NEXT(writer, link))
		writer->is_seen = false;
}

/* Makes the list anew, of those that were seen in the look under way. */
static void
forget_ended_writers(struct horizon *horizon)
{
	struct writer *writer = TAILQ_FIRST(&horizon->writers);

	TAILQ_INIT(&horizon->writers);
	while (writer != NULL) {
		struct writer *next = TAILQ_NEXT(writer, link);

		if (writer->is_seen)
			TAILQ_INSERT_TAIL(&horizon->writers, writer, link);
		else
			free(writer);
		writer = next;
	}
}

void
horizon_server(struct horizon *horizon, const char *name)
{
	if (strcmp(horizon->server, name) == 0)
		return;
	snprintf(horizon->server, sizeof horizon->server, "%s", name);
	/* Of the look that has just begun nobody has been seen yet. */
	forget_ended_writers(horizon);
	drop_notes(horizon);
}

void
horizon_free(struct horizon *horizon)
{
	if (horizon == NULL)
		return;
	drop_notes(horizon);
	/* A look that sees nobody. */
	horizon_begin(horizon);
	forget_ended_writers(horizon);
	free(horizon);
}

void
horizon_set_settings(struct horizon *horizon, const struct horizon_settings *settings)
{
	horizon->settings = *settings;
}

bool
horizon_is_known(const struct horizon *horizon)
{
	return horizon->is_known;
}

int64_t
horizon_id(const struct horizon *horizon)
{
	return horizon->id;
}

void
horizon_extend(struct horizon *horizon, int64_t id)
{
	struct note *note = TAILQ_FIRST(&horizon->notes);

	if (id > horizon->id)
		horizon->id = id;
	/* What was noted and has been reached. */
	while (note != NULL && note->highest <= horizon->id) {
		struct note *next = TAILQ_NEXT(note, link);

		TAILQ_REMOVE(&horizon->notes, note, link);
		free(note);
		note = next;
	}
}

void
horizon_reset(struct horizon *horizon)
{
	drop_notes(horizon);
	horizon->is_known = false;
	horizon->id = 0;
}

bool
horizon_is_waiting(const struct horizon *horizon)
{
	return !TAILQ_EMPTY(&horizon->notes);
}

void
horizon_writer(struct horizon *horizon, const char *name, int64_t now_us)
{
	struct writer *writer;

	for (writer = TAILQ_FIRST(&horizon->writers); writer != NULL;
		writer = TAILQ_NEXT(writer, link)) {
		if (strcmp(writer->name, name) == 0) {
			writer->is_seen = true;
			return;
		}
	}
	writer = memory_zeroed(1, sizeof *writer);
	snprintf(writer->name, sizeof writer->name, "%s", name);
	writer->number = ++horizon->next_number;
	writer->since_us = now_us;
	writer->is_seen = true;
	TAILQ_INSERT_TAIL(&horizon->writers, writer, link);
}

/* The oldest writer that is waited for; 0 without one. */
static uint64_t
oldest_awaited(const struct horizon *horizon, int64_t now_us)
{
	const struct writer *writer;

	for (writer = TAILQ_FIRST(&horizon->writers); writer != NULL;
		writer = TAILQ_NEXT(writer, link)) {
		if (now_us - writer->since_us < horizon->settings.gap_timeout_us)
			return writer->number;
	}
	return 0;
}

static void
take_note(struct horizon *horizon, int64_t highest, bool is_standby, int64_t now_us)
{
	struct note *last = TAILQ_LAST(&horizon->notes, note_list);

	if (horizon->is_known && highest <= horizon->id)
		return;
	if (last != NULL && highest <= last->highest)
		return;
	/* The same writers: what was seen since is settled together with what was seen before. */
	if (last != NULL && !is_standby && !last->is_blind &&
		last->last_writer == horizon->next_number) {
		last->highest = highest;
		return;
	}
	last = memory_zeroed(1, sizeof *last);
	last->highest = highest;
	last->last_writer = horizon->next_number;
	last->since_us = now_us;
	last->is_blind = is_standby;
	TAILQ_INSERT_TAIL(&horizon->notes, last, link);
}

/*
 * A primary again: whoever writes there may have begun before what was noted on a standby, and its
 * settle time is no longer the rule.
 */
static void
see_notes(struct horizon *horizon)
{
	struct note *note;

	for (note = TAILQ_FIRST(&horizon->notes); note != NULL; note = TAILQ_NEXT(note, link)) {
		if (note->is_blind)
			note->last_writer = horizon->next_number;
		note->is_blind = false;
	}
}

/* The writer that a note no longer waits for, when there is one that was not named before. */
static bool
name_given_up(struct horizon *horizon, const struct note *note, char name[HORIZON_WRITER_SIZE])
{
	struct writer *writer;

	for (writer = TAILQ_FIRST(&horizon->writers); writer != NULL;
		writer = TAILQ_NEXT(writer, link)) {
		if (writer->number <= note->last_writer && !writer->is_given_up) {
			writer->is_given_up = true;
			memcpy(name, writer->name, HORIZON_WRITER_SIZE);
			return true;
		}
	}
	return false;
}

static bool
is_over(const struct horizon *horizon, const struct note *note, uint64_t awaited, bool is_standby,
	int64_t now_us)
{
	if (is_standby)
		return now_us - note->since_us >= horizon->settings.settle_time_us;
	return awaited == 0 || note->last_writer < awaited;
}

bool
horizon_end(struct horizon *horizon, int64_t highest, bool is_standby, int64_t now_us,
	char writer[HORIZON_WRITER_SIZE])
{
	uint64_t awaited;
	const struct note *note;
	const struct note *last = NULL;
	bool gave_up = false;

	/* Whom a standby does not show may go on all the same. */
	if (!is_standby) {
		forget_ended_writers(horizon);
		see_notes(horizon);
	}
	take_note(horizon, highest, is_standby, now_us);
	awaited = oldest_awaited(horizon, now_us);
	for (note = TAILQ_FIRST(&horizon->notes);
		note != NULL && is_over(horizon, note, awaited, is_standby, now_us);
		note = TAILQ_NEXT(note, link)) {
		if (!is_standby && !gave_up)
			gave_up = name_given_up(horizon, note, writer);
		horizon->is_known = true;
		last = note;
	}
	/* Takes those notes away, too. */
	if (last != NULL)
		horizon_extend(horizon, last->highest);
	return gave_up;
}
