/*
 * The HTTP server: listeners, and the connections they accepted.
 *
 * Order of calls: http_server_new(), http_server_adopt() for each socket that is open already,
 * http_server_listen() for each address, the loop, http_server_drain() to stop, http_server_free()
 * when it says that it is idle.
 */
#ifndef RECORDINGD_HTTP_SERVER_H
#define RECORDINGD_HTTP_SERVER_H

#include <stdint.h>

#include "base/error.h"
#include "http/request.h"

struct connection;
struct event_base;
struct http_server;
struct proxy_list;

struct http_settings {
	uint64_t max_connections;
	uint64_t max_connections_per_client;	  /* 0: no limit */
	const struct proxy_list *trusted_proxies; /* borrowed until the next settings */
	int64_t header_timeout_ms;
	int64_t body_timeout_ms;
	int64_t idle_timeout_ms;
	uint64_t output_budget_bytes; /* answers that wait for slow readers, all together */
	struct request_limits limits;
};

/* An answer, as logs and metrics see it. */
struct http_answer {
	unsigned status;     /* 0: the client went before there was one */
	uint64_t bytes;	     /* of its body; of a stream none, as it only begins */
	int64_t duration_us; /* from the request's first byte until the answer's first can leave */
};

struct http_counters {
	uint64_t connections; /* now */
	uint64_t max_connections;
	uint64_t accepted;
	uint64_t refused; /* connections and requests beyond max_connections_per_client */
	uint64_t sent_bytes;
	uint64_t output_bytes; /* that wait for slow readers now */
	uint64_t output_budget_bytes;
};

/* What the server asks of the layer above; context is the one given to http_server_new(). */
struct http_handler {
	/*
	 * The head is complete. False: error says what the answer is; the rest of the message is
	 * read and dropped first, as far as the limits allow, so that the connection can stay.
	 */
	bool (*on_head)(struct connection *connection, void *context, struct error *error);
	/* The message is complete; connection_respond() must follow, now or later. */
	void (*on_request)(struct connection *connection, void *context);
	/*
	 * The request ends without an answer from above: the client has gone, or the message could
	 * not be read to its end. Called only while the connection has a context, which must be
	 * released; connection_respond() must not follow.
	 */
	void (*on_gone)(struct connection *connection, void *context);
	/* A stream has sent all it was given: it may be given more. */
	void (*on_drained)(struct connection *connection, void *context);
	/*
	 * A request has its answer, whoever gave it. The request is still there; what the layer
	 * above kept beside it may be gone.
	 */
	void (*on_answered)(
		struct connection *connection, const struct http_answer *answer, void *context);
};

struct http_server *http_server_new(struct event_base *base, const struct http_settings *settings,
	const struct http_handler *handler, void *context);
void http_server_free(struct http_server *server);

/*
 * Whether http_server_listen() understands an address: "host:port", "[v6]:port" or "unix:/path";
 * the host is numeric or "localhost".
 */
bool http_listen_address_check(const char *address, struct error *error) MUST_CHECK;

/*
 * Accepts from a socket that somebody else opened, such as the service manager; name says which one
 * for the log. It must be a listening stream socket, and belongs to the server from then on; a
 * socket file stays. False: error is for the operator, and the socket still the caller's.
 */
bool http_server_adopt(
	struct http_server *server, int socket, const char *name, struct error *error) MUST_CHECK;

/*
 * Listens, unless an adopted socket has that address already. A socket file that nobody listens on
 * any more is replaced.
 */
bool http_server_listen(
	struct http_server *server, const char *address, struct error *error) MUST_CHECK;

/* New settings, for what comes next on each connection; max_connections at once. */
void http_server_set_settings(struct http_server *server, const struct http_settings *settings);

void http_server_counters(const struct http_server *server, struct http_counters *counters);

/* Whether an answer of so many bytes would go beyond the output budget if nobody read it. */
bool http_server_is_full(const struct http_server *server, size_t bytes);

/*
 * Stops listening and closes connections between two requests; the others close after their answer,
 * and those that have not asked for anything yet may do so for a second. on_idle is called from the
 * loop once no connection is left.
 */
void http_server_drain(struct http_server *server, void (*on_idle)(void *context), void *context);

#endif
