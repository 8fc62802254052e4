/*
 * Collectors: threads that follow the channel event log over HTTP, each in its own way, and note
 * the ids they get. They assert nothing, as only the test's own thread may; it looks at what they
 * have found when they have stopped.
 */
#ifndef RECORDINGD_TEST_COLLECTOR_H
#define RECORDINGD_TEST_COLLECTOR_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

enum collector_kind {
	COLLECTOR_PLAIN,  /* asks again and again */
	COLLECTOR_WAIT,	  /* wait= */
	COLLECTOR_LINES,  /* wait= and application/x-ndjson */
	COLLECTOR_STREAM, /* server-sent events */
	COLLECTOR_KINDS,
};

struct collector;

/*
 * Follows the log from the id first on. restarts: leaves now and then, and comes back with the last
 * id that it knows.
 */
struct collector *collector_start(enum collector_kind kind, long first, bool restarts);

/* Waits until it has got the row with this id; false when it has not within timeout_ms. */
bool collector_await(struct collector *collector, long last, long timeout_ms);

void collectors_stop(struct collector **collectors, int count);

/* What it got, in the order of getting; after collectors_stop(). */
const long *collector_ids(const struct collector *collector, size_t *count);

/* What went wrong; "" for nothing. */
const char *collector_failure(const struct collector *collector);

/*
 * Fails the test, whose number of the collector it names, unless it has got every row of a server
 * from the id first on, each once and in the order of the ids.
 */
void collector_expect(const struct collector *collector, int number, long first, PGconn *session);

void collector_free(struct collector *collector);

#endif
