/*
 * The whole service in this process, from a client's bytes to its answers: the HTTP server, the
 * API, the channel event log and the pool, over a socketpair, a clock of our own (clock.h) and a
 * database that is none (database.h). It is built for each exchange and taken down after it, so
 * that the same bytes always do the same.
 *
 * Whatever is sent, this is required: answers as answers.h has them, no more than requests, what is
 * above the token shut without it, no spinning loop; and that at the end no connection, no query
 * and no reader is left.
 */
#ifndef RECORDINGD_TEST_FUZZ_SERVICE_H
#define RECORDINGD_TEST_FUZZ_SERVICE_H

#include "support/answers.h"
#include "support/database.h"

/* The shared token. */
#define SERVICE_TOKEN "fuzz"

#define SERVICE_ANSWERS_MAX 64

enum service_peer { SERVICE_PROXY, SERVICE_STRANGER, SERVICE_UNIX, SERVICE_PEERS };

/* How a client behaves, and its surroundings. */
struct service_plan {
	size_t piece;	  /* bytes that it sends at once; 0: all */
	int64_t pause_ms; /* between pieces */
	bool reads_late;  /* when it has sent everything */
	bool half_closes; /* when it has sent everything */
	bool leaves;	  /* the same, without reading */
	bool drains;	  /* the server stops in the middle */
	bool has_small_limits;
	bool hands_over;  /* audio.accel_prefix */
	bool has_readers; /* database.read_conninfo */
	bool has_company; /* another client sends the same at the same time */
	bool log_is_full; /* the access log cannot be written */
	enum service_peer peer;
	struct database_plan database;
};

#define SERVICE_PLAN_BYTES 8

struct service_result {
	size_t count;
	struct answer answers[SERVICE_ANSWERS_MAX]; /* valid until the next exchange */
	unsigned statements;
};

struct fuzz_input;

/* Takes a plan from the front of an input. */
void service_plan_read(struct service_plan *plan, struct fuzz_input *input);

void service_exchange(const struct service_plan *plan, const char *bytes, size_t length,
	struct service_result *result);

#endif
