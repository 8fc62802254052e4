/*
 * Which condition of a records search is walked, newest call first, while the others are filters on
 * the calls met on the way (calls/search_statement.h).
 *
 * What is walked should be what few calls meet. A condition that fewer than SEARCH_SIZE_MAX rows
 * meet is found by asking how many; between longer ones a fixed order decides: numbers, pairs,
 * agents, queues, statuses, keys, patterns.
 *
 * Order of calls: fill a struct search_conditions; search_walks_asked() and the queries it names,
 * unless there is at most one; search_choose().
 */
#ifndef RECORDINGD_CALLS_SEARCH_H
#define RECORDINGD_CALLS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/pool.h"

/* Rows up to which a list's size is counted. */
#define SEARCH_SIZE_MAX 20000

/* More agents or queues than this are no list, but a filter: some of them have called lately. */
#define SEARCH_NAMES_MAX 8

/* What can be walked, in the order that decides between long lists. */
enum search_walk {
	SEARCH_WALK_CALLER,
	SEARCH_WALK_CALLEE,
	SEARCH_WALK_PAIR,
	SEARCH_WALK_AGENT,
	SEARCH_WALK_QUEUE, /* with a status: passages that match both */
	SEARCH_WALK_STATUS,
	SEARCH_WALK_KEY,
	SEARCH_WALK_CALLEE_PATTERN,
	SEARCH_WALK_CALLER_PATTERN,
	SEARCH_WALK_DIRECTION, /* never asked for its size: walked when there is nothing better */
	SEARCH_WALK_TIME,
	SEARCH_WALKS,
};

/* Where a page begins: behind this call. */
struct search_position {
	const char *start; /* as PostgreSQL writes it, to the microsecond */
	const char *id;
};

/* All texts are borrowed; NULL: not asked for. */
struct search_conditions {
	const char *agents; /* array literals */
	size_t agent_count;
	const char *queues;
	size_t queue_count;
	const char *status;
	const char *start;
	const char *end;
	const char *callee;
	bool callee_is_pattern; /* for LIKE */
	const char *caller;
	bool caller_is_pattern;
	const char *direction; /* not "all" */
	const char *key;
	const char *value;
	struct search_position after;
};

/* Whether the key asked for is the one that every recorded call has. */
bool search_is_of_recording(const struct search_conditions *conditions);

/* Whether what is walked are passages that match a queue and a status. */
bool search_is_of_queue_and_status(
	const struct search_conditions *conditions, enum search_walk walk);

/* Whether what is walked is a pattern whose begin leads to few numbers. */
bool search_is_by_prefix(const struct search_conditions *conditions, enum search_walk walk);

/* The lists whose size is worth asking for: how many, and which. */
size_t search_walks_asked(
	const struct search_conditions *conditions, enum search_walk walks[SEARCH_WALKS]);

/* The query for a list's size: one row, one column. */
struct db_step search_size_step(const struct search_conditions *conditions, enum search_walk walk);

/* Of the lists asked for, the one with the smallest size. */
enum search_walk search_choose(const struct search_conditions *conditions,
	const enum search_walk *walks, const int64_t *sizes, size_t count);

/* What must run before the query for a size, or before the statement, in the same transaction;
 * NULL: nothing. */
const struct db_statement *search_size_before(enum search_walk walk);
const struct db_statement *search_statement_before(
	const struct search_conditions *conditions, enum search_walk walk);

#endif
