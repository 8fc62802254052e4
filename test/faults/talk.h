/*
 * One connection to the daemon under test: a request, and the answers to it as far as they come. It
 * asserts nothing, as a daemon that is made to fail may answer anything or nothing.
 */
#ifndef RECORDINGD_TEST_TALK_H
#define RECORDINGD_TEST_TALK_H

#include <stdbool.h>
#include <stddef.h>

#define TALK_ANSWERS_MAX 4

struct talk_request {
	const char *text;
	int answers;	   /* how many must come */
	bool is_head;	   /* they have no bodies */
	bool awaits_word;  /* the body is sent once something has come */
	const char *until; /* the answer is a stream, and complete when it has this; else NULL */
	long timeout_ms;

	/* After the request was sent; NULL: nothing. */
	void (*act)(void *context);
	/* When nothing has come for silence_ms; NULL: nothing. */
	long silence_ms;
	void (*on_silence)(void *context);
	void *context;
};

enum talk_end {
	TALK_COMPLETE,
	TALK_CLOSED, /* before the last answer was complete */
	TALK_STUCK,  /* nothing more came in time */
};

struct talk_answer {
	int status;
	char *text; /* head and body, but for Date and X-Request-Id; 0 behind it */
	const char *body;
};

struct talk {
	enum talk_end end;
	int count; /* of complete answers */
	struct talk_answer answers[TALK_ANSWERS_MAX];
};

void talk_run(const struct talk_request *request, int port, struct talk *talk);
void talk_free(struct talk *talk);

/* Replaces each number in the answers by "{n}". */
void talk_hide(struct talk *talk, long number);

#endif
