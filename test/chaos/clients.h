/*
 * The clients of a run: all on one event loop in one thread, each with a connection of its own and
 * one request at a time. What they ask and what must come of it is that of their work.
 */
#ifndef RECORDINGD_TEST_CHAOS_CLIENTS_H
#define RECORDINGD_TEST_CHAOS_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger.h"
#include "wire.h"

struct client;

/* With the sanitizers everything takes longer: then all pauses are so many times as long. */
#ifdef __SANITIZE_ADDRESS__
#define CLIENTS_SLOWNESS 5
#else
#define CLIENTS_SLOWNESS 1
#endif

/* A request, worded by ask(). */
struct client_request {
	enum ledger_request kind;
	bool is_post;
	bool has_no_end; /* the answer is a stream */
	char target[160];
	char fields[96]; /* more header fields, each with its CRLF */
	char body[512];
	/* What the request is about: for check(). */
	long subject, first, last;
};

struct client_work {
	/* Words the next request. */
	void (*ask)(struct client *client, void *state, struct client_request *request);
	/* Looks at an answer with status 200, 201 or 206. */
	void (*check)(struct client *client, void *state, const struct client_request *request,
		const struct wire_answer *answer);
	/* As wire_hooks.on_part. NULL: no streams. */
	size_t (*take)(struct client *client, void *state, const struct wire_answer *answer);
	long pause_ms;	  /* longest, between two requests */
	bool is_followed; /* goes on until the last row of cel */
};

/* Adds one, before clients_start(). state is owned by the work. */
void clients_add(const struct client_work *work, void *state);

void clients_start(int port);

/* No new requests but by those whose work is_followed; returns when the others have their answers.
 */
void clients_rest(void);

void clients_stop(void);

/* Inside of hooks: */
unsigned client_random(struct client *client);

/* The request's id, "client.turn". */
const char *client_request_id(const struct client *client);

/* Something wrong about the answer, of which the text shows the beginning. */
void client_wrong(const struct client *client, const struct wire_answer *answer, const char *what);

#endif
