/*
 * An endpoint: what one URL does. It is declared, not wired: its parameters and body fields are
 * tables, and its functions follow the way of a request.
 *
 *   start   the request is decoded and checked; usually starts a query with exchange_query()
 *   row     for each row of the answer: renders it
 *   done    the query is over: completes the reply
 *
 * Adding one is a file in src/api, a row in routes.c and a .sql file.
 */
#ifndef RECORDINGD_API_ENDPOINT_H
#define RECORDINGD_API_ENDPOINT_H

#include "api/field.h"
#include "api/format.h"

struct exchange;

enum endpoint_body {
	ENDPOINT_BODY_OBJECT, /* an object of body_fields; empty means {} */
	ENDPOINT_BODY_ARRAY,  /* an array, which the endpoint reads itself */
};

struct endpoint {
	const struct field *parameters;
	size_t parameter_count;
	enum endpoint_body body;
	const struct field *body_fields;
	size_t body_field_count;
	unsigned formats;    /* besides JSON: FORMAT_BIT() of each */
	bool has_own_format; /* sends what it has, or asks itself what the request accepts */
	void (*start)(struct exchange *exchange);
	/* For an endpoint that streams: all it has sent is on its way. */
	void (*drained)(struct exchange *exchange);
};

extern const struct endpoint endpoint_attached_data;
extern const struct endpoint endpoint_audio;
extern const struct endpoint endpoint_cel;
extern const struct endpoint endpoint_cel_stream;
extern const struct endpoint endpoint_health;
extern const struct endpoint endpoint_history;
extern const struct endpoint endpoint_history_agent;
extern const struct endpoint endpoint_history_customer;
extern const struct endpoint endpoint_last_agent;
extern const struct endpoint endpoint_metrics;
extern const struct endpoint endpoint_records_callid_search;
extern const struct endpoint endpoint_records_search;

#endif
