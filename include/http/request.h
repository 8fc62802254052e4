/*
 * One request: the head and body of an HTTP message, parsed once by framing and llhttp.
 *
 * A request belongs to its connection, from the first byte of its head until its answer has been
 * sent. Its texts are NUL-terminated, hold no NUL inside, and live as long as the request.
 *
 * Order of calls: request_new(), request_feed() until it says that the head and then the message is
 * complete, the accessors, request_free().
 */
#ifndef RECORDINGD_HTTP_REQUEST_H
#define RECORDINGD_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct request;

enum request_method {
	REQUEST_GET,
	REQUEST_HEAD,
	REQUEST_POST,
	REQUEST_OTHER, /* any other token: known to no route */
};

enum request_progress {
	REQUEST_INCOMPLETE,
	REQUEST_HEAD_COMPLETE, /* ask request_accept_body() before feeding more */
	REQUEST_COMPLETE,
	REQUEST_INVALID, /* the connection must answer with the error and close */
};

/* Room for the name of a token. */
#define REQUEST_TOKEN_NAME_SIZE 33

/* Longest id of a request, and room for one. */
#define REQUEST_ID_MAX	64
#define REQUEST_ID_SIZE (REQUEST_ID_MAX + 1)

/* What the layer above knows of a request, for logs and metrics. */
struct request_note {
	char token[REQUEST_TOKEN_NAME_SIZE]; /* its name; "": none */
	char id[REQUEST_ID_SIZE];	     /* "": made when it is needed */
	unsigned route;			     /* its number from 1 on; 0: none */
	int64_t patience_us;		     /* time for which the client asked to wait */
};

struct request_limits {
	size_t max_head_bytes;
	size_t max_target_bytes;
	size_t max_body_bytes;
};

struct request *request_new(const struct request_limits *limits);

/* NULL is allowed. */
void request_free(struct request *request);

/* Takes bytes up to the next thing to decide; used says how many. */
enum request_progress request_feed(struct request *request, const char *data, size_t length,
	size_t *used, struct error *error) MUST_CHECK;

/* Whether bytes of the body, or of its framing, are still to come. */
bool request_expects_body(const struct request *request);

/* Whether the announced body alone is larger than the limit. */
bool request_body_is_too_large(const struct request *request);

/* Drops the body instead of keeping it: the answer is already known. */
void request_discard_body(struct request *request);

enum request_method request_method(const struct request *request);
bool request_is_http_1_0(const struct request *request);

/* The client wants the connection to stay open, and nothing in the request forbids it. */
bool request_keeps_alive(const struct request *request);

/* The client waits for "100 Continue" before it sends the body (RFC 9110, 10.1.1). */
bool request_expects_continue(const struct request *request);

/*
 * The path of the target as it was sent, percent-escapes and all; it begins with '/', or is "*". ""
 * until the head is complete.
 */
const char *request_path(const struct request *request);

/* What stands behind the question mark, as it was sent; NULL without one. */
const char *request_query(const struct request *request);

/* The first field of that name, in any case; NULL if there is none. */
const char *request_field(const struct request *request, const char *name);

/* How many fields of that name there are. */
unsigned request_field_count(const struct request *request, const char *name);

/* All values of that name joined by ", " (RFC 9110, 5.3); the caller frees it. NULL: none. */
char *request_field_joined(const struct request *request, const char *name);

/* Written by the layer above; empty at first. */
struct request_note *request_note(struct request *request);

/*
 * The body, empty when it is dropped; a NUL stands behind it for convenience, but it may hold
 * others.
 */
const char *request_body(const struct request *request, size_t *length);

#endif
