/* The requests that are made while something fails: every route, every format, every refusal. */
#ifndef RECORDINGD_TEST_STEPS_H
#define RECORDINGD_TEST_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "talk.h"

struct step {
	const char *name;

	/* "{n}" in target and body stands for the number; ' in the body for ". */
	const char *method; /* NULL: GET, or POST with a body */
	const char *target;
	const char *body;
	const char *fields; /* more header fields, each with its line end; NULL: none */
	const char *token;  /* NULL: the one that opens everything; "": none */
	const char *raw;    /* instead of all that */

	int status;	   /* of the first answer, when nothing fails */
	int answers;	   /* 0: one */
	const char *until; /* of a stream */
	bool awaits_word;  /* the client sends its body when it is told to */
	bool varies;	   /* the answer is never the same: its status is all that is compared */
	bool may_degrade;  /* it tells what has failed: 503 is no refusal */
	long pause_ms;	   /* before it, so that what was read is forgotten */

	/* The number of the next request; NULL: none. */
	long (*number)(void);
	/* What else happens once the request is sent. */
	void (*act)(long number);
	/* What is wrong behind the answer, which may be incomplete; NULL: nothing. */
	const char *(*check)(const struct talk *talk, long number);
};

/* While what was read is forgotten soon: everything is read anew. */
extern const struct step cold_steps[];
extern const size_t cold_step_count;

/* While it is remembered, and a proxy sends the recordings. */
extern const struct step warm_steps[];
extern const size_t warm_step_count;

/* While it is remembered for 300 ms: what is asked for again goes into the memory file. */
extern const struct step twice_steps[];
extern const size_t twice_step_count;

/* Rows, files and tokens that they need. */
void steps_prepare(void);

/* What is sent; until the end of the test or scratch_release(). */
char *step_text(const struct step *step, long number);

#endif
