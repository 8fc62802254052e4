/*
 * Load while servers come and go: threads that ask recordingd again and again, each on a connection
 * of its own, and note what they get. They assert nothing, as only the test's own thread may.
 */
#ifndef RECORDINGD_TEST_LOAD_H
#define RECORDINGD_TEST_LOAD_H

#include <stdbool.h>

enum load_kind {
	/* Attaches a number to a call of its own, one higher each time, and reads it back. */
	LOAD_WRITES,
	/* A search whose answer is always the same. */
	LOAD_SEARCHES,
	/* A range of channel events, the same. */
	LOAD_EVENTS,
};

struct load;

/* A call with a recording whose uniqueid is "load-<id>"; its id. */
long load_new_call(void);

/* call: of a writer, made by load_new_call(). */
struct load *load_start(enum load_kind kind, long call);

/* Returns after its last request. */
void load_stop(struct load *load);

/* After load_stop(): */
struct load_result {
	long answers;	    /* that were right */
	long refusals;	    /* 503 */
	long pause_ms;	    /* longest time without an answer; of a writer, to its writes */
	long read_pause_ms; /* of a writer: longest time without an answer to its reads */
	long acknowledged;  /* of a writer: the last number that recordingd has taken */
	long attempted;	    /* … that was sent */
	char wrong[512];    /* the first answer that was wrong; "" for none */
};
const struct load_result *load_result(const struct load *load);

/*
 * The longest time that this machine let a thread wait that only wanted to sleep a little, since
 * the first load was started: no pause shorter than this is recordingd's.
 */
long load_machine_pause_ms(void);

#endif
