/*
 * What the files of src/http/connection*.c share; nobody else includes this.
 *
 * Each calls only those before it: connection_client.c, connection.c, connection_write.c,
 * connection_read.c, connection_events.c, which opens a connection and hears of its events first.
 * The layer above is called through the server's handler, and may close or answer from within.
 */
#ifndef RECORDINGD_HTTP_CONNECTION_INTERNAL_H
#define RECORDINGD_HTTP_CONNECTION_INTERNAL_H

#include <event2/event_struct.h>
#include <netinet/in.h>

#include "http/connection.h"
#include "http/server_internal.h"

struct connection {
	TAILQ_ENTRY(connection) link; /* in the server's connections, then in closed */

	/* Borrowed. */
	struct http_server *server;
	void *context;	       /* of the layer above, for the request at hand */
	struct client *client; /* where it is counted; NULL: nowhere */

	/* Owned. */
	int socket;		 /* -1 once closed */
	struct request *request; /* NULL while IDLE, but behind an empty line */
	struct evbuffer *output; /* NULL while nothing waits to be written */
	char *pending;		 /* bytes behind the request at hand; NULL without any */
	size_t pending_length;
	size_t unfed; /* bytes behind the request at hand that are being fed, and not pending yet */
	struct event read_event;  /* persistent; not pending once the client has ended */
	struct event write_event; /* pending while the socket is full */
	struct event timer;	  /* may fire early: deadline_ms decides */

	enum connection_state state;
	int64_t now_us;	     /* when a deadline was set last: one look at the clock serves both */
	int64_t started_us;  /* the first byte of the request at hand */
	int64_t deadline_ms; /* 0: none */
	int64_t timer_ms;    /* when timer fires; 0: not pending */
	bool is_processing;  /* connection_process() is on the stack */
	bool keeps_alive;    /* after the answer at hand */
	bool is_corked;	     /* TCP_CORK is set */
	bool is_metered;     /* what waits counts against the output budget */
	bool client_ended;   /* it sends no more */
	bool has_answered;   /* at least one request */
	bool is_lent;	     /* it is counted for the client of the request at hand alone */
	bool is_refused;     /* its client has too many: closed without lingering */
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	} peer;
	uint64_t metered_bytes; /* counted in the server's output_bytes now */
	struct error *error;	/* owned; what a refused head is answered with */
};

/* connection_client.c: for which client a connection counts ------------------------------------ */

/*
 * Counts the connection for its client, or that of the request at hand. False: the client has as
 * many as it may have.
 */
bool connection_enter_client(struct connection *connection, const char *forwarded_for) MUST_CHECK;

/*
 * Behind a proxy, which keeps connections and sends requests of all clients over them, a client has
 * a connection for as long as one answers its request. False: error says that it has too many.
 */
bool connection_enter_request(struct connection *connection, struct error *error) MUST_CHECK;

void connection_leave_client(struct connection *connection);

/* Fills error for a client that has too many, and returns false. */
bool connection_refuse_client(struct error *error);

/* connection.c: what a connection is in, until when, and its end ------------------------------- */

/* The only writer of the state; sets its deadline, too. */
void connection_set_state(struct connection *connection, enum connection_state state);

/* How long a connection may be in a state, from now on; 0: as long as it takes. */
int64_t connection_timeout_ms(const struct connection *connection, enum connection_state state);

/* Another deadline than that of the state; 0: none. */
void connection_set_deadline(struct connection *connection, int64_t duration_ms);

/* Unless the client has ended. */
void connection_start_reading(struct connection *connection);

void connection_drop_pending(struct connection *connection);
void connection_drop_request(struct connection *connection);

/* What the layer above keeps for the request is of no use any more. */
void connection_abandon_context(struct connection *connection);

/* Counts what waits for the client now. */
void connection_meter(struct connection *connection);

/* Tells the layer above what became of the request at hand; status 0: the client has gone. */
void connection_report(struct connection *connection, unsigned status, uint64_t bytes);

/* After the last answer: stop sending, and drop what the client still has on the way. */
void connection_linger(struct connection *connection);

/* connection_write.c: answers and streams going out -------------------------------------------- */

/* Answers with an error; for those of the connection itself, the connection ends with it. */
void connection_respond_error(struct connection *connection, const struct error *error);

/* RFC 9110, 10.1.1: the client waits for this before it sends the body. */
void connection_send_continue(struct connection *connection);

/* The end of a stream that is complete; its context was abandoned. */
void connection_end_stream(struct connection *connection);

/* While BODY, WRITING or STREAMING: the socket takes more. */
void connection_on_room(struct connection *connection);

/* connection_read.c: requests coming in, and what waits behind them ---------------------------- */

void connection_read_cb(evutil_socket_t socket, short what, void *context);

/* Takes up the bytes that waited behind the last request. */
void connection_process(struct connection *connection);

/* The message could not be read to its end: the answer is the last one. */
void connection_refuse(struct connection *connection, const struct error *error);

/* While HANDLING, past the deadline: whether the client is still worth its answer. */
void connection_check_peer(struct connection *connection);

#endif
