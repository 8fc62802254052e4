/*
 * One request on its way through an endpoint, and the reply that grows for it.
 *
 * An exchange is made when the head of a request is complete, and ends exactly once: with an answer
 * (exchange_reply(), exchange_refuse()) or because the client has gone. The pointer is dead after
 * either. An endpoint's own data hangs on state and is released by free_state.
 */
#ifndef RECORDINGD_API_EXCHANGE_H
#define RECORDINGD_API_EXCHANGE_H

#include "api/api.h"
#include "api/routes.h"
#include "csv/writer.h"
#include "db/pool.h"
#include "http/connection.h"
#include "json/writer.h"

/* Renders row number row; false when it is not what was asked for. */
typedef bool exchange_row_function(struct exchange *exchange, const PGresult *result, int row);
typedef void exchange_done_function(struct exchange *exchange);

struct exchange {
	/* Borrowed: all outlive the exchange. */
	struct api *api;
	struct connection *connection;
	const struct endpoint *endpoint;

	enum format format; /* of the answer, but for an endpoint that has its own */

	/* Owned: released by exchange_free(). */
	char *captures[ROUTE_CAPTURES_MAX]; /* decoded segments of the path */
	char *query_text;		    /* decoded names and values of the URL's parameters */
	struct json_object *json;	    /* the body */
	void *state;
	void (*free_state)(void *state); /* NULL when state is NULL */

	/* Decoded and checked before the endpoint starts; in the order of the endpoint's tables. */
	struct field_value parameters[FIELDS_MAX];
	struct field_value body[FIELDS_MAX];

	/* The reply: owned; open from the start of the endpoint to its end. */
	struct response response;
	struct json_writer writer; /* open on response.body; unused for CSV */
	struct csv_writer csv;	   /* the same for CSV */
	bool is_due; /* sent whatever waits: it tells of what was done, or how the server is */

	/* Shared life: NULL while no query runs. db_query_abandon() cuts both ends. */
	struct db_query *query;
	int columns; /* that each row must have */
	exchange_row_function *on_row;
	exchange_done_function *on_done;
	/* Instead of on_done, when a parameter is no value of its column's type and so equals none;
	 * NULL: a failure like any other. */
	exchange_done_function *on_no_such_value;
};

struct exchange *exchange_new(
	struct api *api, struct connection *connection, const struct endpoint *endpoint);
void exchange_free(struct exchange *exchange);

/* Opens the reply and starts the endpoint. */
void exchange_start(struct exchange *exchange);

/*
 * Runs a query of count steps. Each row of its results must have so many columns and goes to
 * on_row; then on_done is called. A failure of any kind is answered here. columns 0: no rows
 * wanted.
 */
void exchange_query(struct exchange *exchange, const struct db_step *steps, size_t count,
	int columns, exchange_row_function *on_row, exchange_done_function *on_done);

/* The usual case of one statement. */
void exchange_query_one(struct exchange *exchange, const struct db_statement *statement,
	const struct db_parameters *parameters, int columns, exchange_row_function *on_row,
	exchange_done_function *on_done);

/*
 * Whether what the writer has written may be sent; false: too much waits for slow readers, and the
 * exchange is refused. exchange_reply() sees to it, but for endpoints that must know before. Small
 * answers always fit, as there are at most server.max_connections of them, and so does one that is
 * due.
 */
bool exchange_fits(struct exchange *exchange) MUST_CHECK;

/*
 * The same for a statement without a name, that was joined for the request: it is prepared like any
 * other where requests of this shape are usual. before, unless NULL, runs first in the same
 * transaction, and has no columns.
 */
void exchange_query_joined(struct exchange *exchange, const struct db_statement *before,
	const struct db_statement *joined, const struct db_parameters *parameters, int columns,
	exchange_row_function *on_row, exchange_done_function *on_done);

/* Sends what the writer has written. */
void exchange_reply(struct exchange *exchange, unsigned status);

/*
 * Sends the reply's head and keeps the exchange, whose endpoint goes on with
 * connection_stream_send() and its drained function. False: the head is all, and the exchange is
 * gone.
 */
bool exchange_stream(struct exchange *exchange) MUST_CHECK;

/* Drops what has been written and answers with the error. */
void exchange_refuse(struct exchange *exchange, const struct error *error);

/* A given parameter's number, or the default. */
int64_t exchange_integer(const struct field_value *value, int64_t default_value);

#endif
