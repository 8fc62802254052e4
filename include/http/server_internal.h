/*
 * What the files of src/http share about a server; nobody else includes this.
 */
#ifndef RECORDINGD_HTTP_SERVER_INTERNAL_H
#define RECORDINGD_HTTP_SERVER_INTERNAL_H

#include <event2/event.h>
#include <sys/queue.h>

#include "http/server.h"

/* Read from a socket at once; one buffer serves all connections, as there is one thread. */
#define SERVER_READ_BYTES 16384

TAILQ_HEAD(connection_list, connection);
SLIST_HEAD(listener_list, listener);

struct http_server {
	/* Borrowed. */
	struct event_base *base;
	const struct http_handler *handler;
	void *handler_context;

	struct http_settings settings;

	/* connection_open() adds, connection_close() takes away and parks in closed. */
	struct connection_list connections;
	uint64_t connection_count;
	uint64_t connection_peak; /* most of these since memory was given back */
	uint64_t accepted;
	uint64_t refused; /* by max_connections_per_client */
	int64_t refusal_logged_ms;
	struct client_set *clients; /* owned; those that are counted */
	uint64_t sent_bytes;
	uint64_t output_bytes; /* of answers that wait for slow readers */
	uint64_t output_peak;  /* most of these since memory was given back */
	/* Freed by reaper, which the loop runs behind the event at hand: those of a closed
	 * connection are taken out before. */
	struct connection_list closed;
	struct event *reaper;

	struct listener_list listeners; /* owned */
	struct event *accept_pause;	/* pending while descriptors have run out */
	struct event *trim;		/* pending when large answers may have left memory behind */

	bool is_draining;
	void (*on_idle)(void *context);
	void *on_idle_context;

	char read_buffer[SERVER_READ_BYTES];
};

/* A large answer was made: what the allocator keeps of it goes back to the system in a while. */
void server_trim_later(struct http_server *server);

/* A connection was opened or closed: accept more or fewer. */
void listeners_update(struct http_server *server);

/* For a drain: takes whoever has connected, then no more. */
void listeners_stop(struct http_server *server);
void listeners_free(struct http_server *server);

/* Frees parked connections; from reaper and at the end. */
void connections_reap(struct http_server *server);

/*
 * Connections between two requests close now, the others after their answer; what is not the whole
 * head of a request a second later is not waited for.
 */
void connections_drain(struct http_server *server);

#endif
