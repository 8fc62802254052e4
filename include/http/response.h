/*
 * An answer before it is sent. It lives on the stack of whoever builds it: response_open(), fields
 * and body, then connection_respond(), which takes the body over.
 */
#ifndef RECORDINGD_HTTP_RESPONSE_H
#define RECORDINGD_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct evbuffer;

/* Enough for the longest set of fields, those of a download with a long file name. */
#define RESPONSE_FIELDS_MAX 2048

struct response {
	unsigned status;
	const char *content_type; /* NULL: none is sent; a constant */
	struct evbuffer *body;	  /* owned; complete before the first byte leaves; never NULL */
	bool is_on_disk;	  /* the body takes no memory, however slowly it is read */
	size_t fields_length;
	char fields[RESPONSE_FIELDS_MAX]; /* further field lines, each with its CRLF */
};

void response_open(struct response *response, unsigned status, const char *content_type);

/* For a response that is not sent after all. */
void response_discard(struct response *response);

/* Adds a field; the formatted value must hold no control characters. */
void response_field(struct response *response, const char *name, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* The only writer of error bodies: {"error":"…","message":"…"}. Opens the response. */
void response_error(struct response *response, const struct error *error);

/* The status that stands for a code. */
unsigned response_error_status(enum error_code code);

/* Every status that is sent has a number below this; 200 is 0. */
#define RESPONSE_STATUSES 22

/* The number of a status, and the status of a number. */
size_t response_status_index(unsigned status);
unsigned response_status_at(size_t index);

/* "OK" for 200. */
const char *response_reason(unsigned status);

#endif
