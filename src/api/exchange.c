#include "api/exchange.h"

#include <event2/buffer.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "base/memory.h"

/* An answer up to this size is no matter of the output budget. */
#define SMALL_BYTES 4096

struct exchange *
exchange_new(struct api *api, struct connection *connection, const struct endpoint *endpoint)
{
	struct exchange *exchange = memory_zeroed(1, sizeof *exchange);

	exchange->api = api;
	exchange->connection = connection;
	exchange->endpoint = endpoint;
	return exchange;
}

void
exchange_free(struct exchange *exchange)
{
	if (exchange == NULL)
		return;
	if (exchange->query != NULL)
		db_query_abandon(exchange->query);
	if (exchange->free_state != NULL)
		exchange->free_state(exchange->state);
	csv_writer_close(&exchange->csv);
	if (exchange->response.body != NULL) {
		json_writer_close(&exchange->writer);
		response_discard(&exchange->response);
	}
	for (size_t i = 0; i < ROUTE_CAPTURES_MAX; i++)
		free(exchange->captures[i]);
	free(exchange->query_text);
	json_object_put(exchange->json);
	free(exchange);
}

void
exchange_start(struct exchange *exchange)
{
	response_open(&exchange->response, 200, format_content_type(exchange->format));
	if (exchange->endpoint->formats != 0)
		response_field(&exchange->response, "Vary", "Accept");
	json_writer_open(&exchange->writer, exchange->response.body);
	csv_writer_open(&exchange->csv, exchange->response.body);
	exchange->endpoint->start(exchange);
}

bool
exchange_fits(struct exchange *exchange)
{
	struct error error;
	size_t bytes;

	json_writer_close(&exchange->writer);
	bytes = evbuffer_get_length(exchange->response.body);
	if (exchange->response.is_on_disk || exchange->is_due || bytes <= SMALL_BYTES ||
		!http_server_is_full(connection_server(exchange->connection), bytes))
		return true;
	(void)error_set(&error, ERROR_UNAVAILABLE, "too much output is waiting for slow readers");
	exchange_refuse(exchange, &error);
	return false;
}

void
exchange_reply(struct exchange *exchange, unsigned status)
{
	struct connection *connection = exchange->connection;
	struct response response;

	if (!exchange_fits(exchange))
		return;
	exchange->response.status = status;
	response = exchange->response;
	exchange->response.body = NULL;
	/* The exchange goes first: answering may begin the next one on this connection. */
	connection_set_context(connection, NULL);
	exchange_free(exchange);
	connection_respond(connection, &response);
}

bool
exchange_stream(struct exchange *exchange)
{
	struct connection *connection = exchange->connection;
	struct response response = exchange->response;

	json_writer_close(&exchange->writer);
	exchange->response.body = NULL;
	return connection_stream_open(connection, &response);
}

void
exchange_refuse(struct exchange *exchange, const struct error *error)
{
	struct connection *connection = exchange->connection;
	struct response response;

	response_error(&response, error);
	connection_set_context(connection, NULL);
	exchange_free(exchange);
	connection_respond(connection, &response);
}

static bool
on_result(const PGresult *result, void *context)
{
	struct exchange *exchange = context;

	/* Without columns it was asked for its effect alone. */
	if (exchange->columns == 0 || PQnfields(result) == 0)
		return true;
	if (PQnfields(result) != exchange->columns)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		if (!exchange->on_row(exchange, result, row))
			return false;
	}
	return true;
}

static void
on_query_done(enum db_outcome outcome, void *context)
{
	struct exchange *exchange = context;
	struct error error;

	exchange->query = NULL;
	if (outcome == DB_OUTCOME_DONE) {
		exchange->on_done(exchange);
		return;
	}
	if (outcome == DB_OUTCOME_NO_SUCH_VALUE && exchange->on_no_such_value != NULL) {
		exchange->on_no_such_value(exchange);
		return;
	}
	db_outcome_error(outcome, &error);
	exchange_refuse(exchange, &error);
}

static const struct db_query_hooks query_hooks = {
	.on_result = on_result,
	.on_done = on_query_done,
};

void
exchange_query(struct exchange *exchange, const struct db_step *steps, size_t count, int columns,
	exchange_row_function *on_row, exchange_done_function *on_done)
{
	struct error error;

	exchange->columns = columns;
	exchange->on_row = on_row;
	exchange->on_done = on_done;
	exchange->query = db_query_start(exchange->api->pool, steps, count, &query_hooks, exchange);
	if (exchange->query == NULL) {
		(void)error_set(&error, ERROR_UNAVAILABLE, "too many requests are waiting");
		exchange_refuse(exchange, &error);
	}
}

void
exchange_query_one(struct exchange *exchange, const struct db_statement *statement,
	const struct db_parameters *parameters, int columns, exchange_row_function *on_row,
	exchange_done_function *on_done)
{
	struct db_step step = { .statement = statement, .parameters = *parameters };

	exchange_query(exchange, &step, 1, columns, on_row, on_done);
}

void
exchange_query_joined(struct exchange *exchange, const struct db_statement *before,
	const struct db_statement *joined, const struct db_parameters *parameters, int columns,
	exchange_row_function *on_row, exchange_done_function *on_done)
{
	const struct db_statement *kept = db_pool_statement(
		exchange->api->pool, joined->text, joined->lane);
	const struct db_step steps[] = {
		{ .statement = before },
		{ .statement = kept == NULL ? joined : kept, .parameters = *parameters },
	};

	if (before == NULL)
		exchange_query(exchange, steps + 1, 1, columns, on_row, on_done);
	else
		exchange_query(exchange, steps, 2, columns, on_row, on_done);
}

int64_t
exchange_integer(const struct field_value *value, int64_t default_value)
{
	return value->is_present ? value->integer : default_value;
}
