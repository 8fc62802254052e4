/*
 * One client connection: a socket, and one request at a time on it.
 *
 * A connection is made by a listener and frees itself. connection_close() is its only way out; the
 * memory is released when the event at hand is over, as callers up the stack may still look at it.
 *
 * While a request is answered, the bytes that arrive behind it are kept up to a bound and then left
 * in the socket. An idle connection holds no buffers.
 */
#ifndef RECORDINGD_HTTP_CONNECTION_H
#define RECORDINGD_HTTP_CONNECTION_H

#include <sys/socket.h>

#include "http/response.h"
#include "http/server.h"

/* Awaited, the timer that runs, what comes next. */
enum connection_state {
	CONNECTION_IDLE,      /* a first byte; idle_timeout: close; HEAD */
	CONNECTION_HEAD,      /* the end of the head; header_timeout: 408; BODY or HANDLING */
	CONNECTION_BODY,      /* the end of the body; body_timeout: 408; HANDLING */
	CONNECTION_HANDLING,  /* connection_respond(); none, the database has deadlines; WRITING */
	CONNECTION_WRITING,   /* the client's reading; idle_timeout without progress: close; IDLE or
			       * LINGERING */
	CONNECTION_STREAMING, /* connection_stream_send(), the client's reading; idle_timeout
			       * without progress while something waits: close; WRITING its end */
	CONNECTION_LINGERING, /* the client's end: what it still sends is dropped, as closing over
			       * unread bytes would reset the answer; a fixed time: close */
	CONNECTION_CLOSED,    /* parked until the end of the loop's turn */
};

/* Takes over the socket, which must be non-blocking. */
void connection_open(
	struct http_server *server, int socket, const struct sockaddr *peer, socklen_t peer_length);

/* reason is for the log. */
void connection_close(struct connection *connection, const char *reason);

/* The request at hand; valid from on_head until connection_respond(). */
struct request *connection_request(struct connection *connection);

/* The id of the request at hand, which its answer carries: one is made if it has none. */
const char *connection_request_id(struct connection *connection);

/* The address of the other end; borrowed. */
const struct sockaddr *connection_peer(const struct connection *connection);

/* What the layer above keeps beside the request; NULL at the start of each. */
void connection_set_context(struct connection *connection, void *context);
void *connection_context(const struct connection *connection);

/* The server it belongs to. */
const struct http_server *connection_server(const struct connection *connection);

/* Answers the request at hand and takes over the response's body. */
void connection_respond(struct connection *connection, struct response *response);

/*
 * Answers with a stream: a body without a known end (RFC 9112, 7.1), in HTTP/1.0 until the
 * connection closes. The response's body must be empty. Returns false when there will be no more
 * than the head: the request wants none (HEAD), the client sends no more or has gone, or the server
 * is stopping. on_gone has been called by then; otherwise the context stays until it is.
 */
bool connection_stream_open(struct connection *connection, struct response *response);

/* Sends what piece holds, and empties it. The connection may close, and on_gone be called. */
void connection_stream_send(struct connection *connection, struct evbuffer *piece);

/* Bytes that wait for the client; 0: give it more now, otherwise when on_drained is called. */
size_t connection_stream_backlog(const struct connection *connection);

#endif
