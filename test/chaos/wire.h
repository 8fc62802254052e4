/*
 * One client's connection to recordingd, on an event loop: a request, its answer, the next request.
 * It connects when there is something to send.
 *
 * Hooks may send the next request and drop the connection.
 */
#ifndef RECORDINGD_TEST_CHAOS_WIRE_H
#define RECORDINGD_TEST_CHAOS_WIRE_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct wire;

struct wire_answer {
	int status;
	long retry_after; /* 0: none */
	char request_id[64];
	char content_range[64];
	const char *body; /* with a 0 behind it */
	size_t body_bytes;
};

struct wire_hooks {
	/* A whole answer, however it was framed. */
	void (*on_answer)(const struct wire_answer *answer, void *context);
	/* What more there is of a body without an end, at the end of answer->body; how much of it
	 * from the beginning on is no longer needed. NULL: bodies end. */
	size_t (*on_part)(const struct wire_answer *answer, void *context);
	/* The connection ended, or could not be made, before the answer was complete. */
	void (*on_lost)(void *context);
	/* What came is no HTTP, or was not asked for. */
	void (*on_nonsense)(const char *what, void *context);
};

struct wire *wire_new(
	struct event_base *base, int port, const struct wire_hooks *hooks, void *context);
void wire_free(struct wire *wire);

/* One request. Bodies without an end: on_part is called if the status is 200. */
void wire_send(struct wire *wire, const char *request, size_t count, bool has_no_end);

/* Where an answer that does not come may be: what each side of the connection holds. */
void wire_describe(const struct wire *wire, char *text, size_t size);

/* Closes the connection, without a word. */
void wire_drop(struct wire *wire);

#endif
