/*
 * Requests over libcurl. Every reply is held against what the contract says of all replies: Date,
 * Content-Length, the shape of an error, WWW-Authenticate, Allow, Retry-After.
 *
 * Replies live until the end of the test. A request that gets no reply fails the test.
 */
#ifndef RECORDINGD_TEST_HTTP_CLIENT_H
#define RECORDINGD_TEST_HTTP_CLIENT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct reply {
	long status;
	char *head; /* status line and fields */
	char *body; /* with a 0 behind it */
	size_t body_bytes;
	struct json_object *json; /* NULL: the body is no JSON */
};

struct http_request {
	const char *method; /* NULL: GET, or POST with a body */
	const char *target; /* sent as it is */
	const char *body;
	size_t body_bytes;	   /* 0: strlen(body) */
	const char *content_type;  /* NULL: application/json; "": none */
	bool without_token;	   /* fields may then hold one */
	const char *const *fields; /* more header fields, NULL terminated */
	long timeout_ms;	   /* 0: 20 s */
	const char *url;	   /* NULL: recordingd's own */
	const char *authority;	   /* file of the certificate that an https url needs */
	const char *from;	   /* the client's address; NULL: any */
};

const struct reply *http_send(const struct http_request *request);

/* With the token. */
const struct reply *http_get(const char *target);

/* With the token; ' in the body stands for ". */
const struct reply *http_post(const char *target, const char *body);

/* The value of a field, or NULL. */
char *reply_field(const struct reply *reply, const char *name);

/* A connection of its own for each request, instead of one that is kept. */
void http_forget_connection(void);

/* The status of health, 0 without a reply; fails nothing. */
long http_probe(void);

/*
 * A request that goes on while the test does something else. http_finish() waits for the reply;
 * http_leave() closes the connection instead.
 */
struct http_pending;
struct http_pending *http_begin(const struct http_request *request);
const struct reply *http_finish(struct http_pending *pending);
void http_leave(struct http_pending *pending);

/* What has come of the body so far, once that holds text; NULL when it does not in time. */
const char *http_await_text(struct http_pending *pending, const char *text, long timeout_ms);

#endif
