/*
 * POST /recording/call_data/{id}/attached_data, body [{"key":"color","value":"green"},…]
 *
 * Gives a call pairs, all of them or none: 201 with the call's pairs as an object, after the
 * commit. A key the call already has gets the new value, so a repeated request changes nothing.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/body.h"
#include "api/exchange.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "statements.h"

#define PAIRS_MAX	     100
#define KEY_CHARACTERS_MAX   128
#define VALUE_CHARACTERS_MAX 256

/* XiVO's own key: it ties a call to its audio. */
#define RESERVED_KEY "recording"

enum { ITEM_KEY, ITEM_VALUE, ITEM_COUNT };

static const struct field item_fields[ITEM_COUNT] = {
	[ITEM_KEY] = { .name = "key", .type = FIELD_TEXT, .is_required = true },
	[ITEM_VALUE] = { .name = "value",
		.type = FIELD_TEXT,
		.is_required = true,
		.empty_is_value = true },
};

/* Writes, so it has a connection to itself: a lock held by others delays nobody else. */
static const struct db_statement lock_statement = {
	.name = "attached_data_lock",
	.text = sql_attached_data_lock,
	.lane = DB_LANE_LONG,
};

static const struct db_statement write_statement = {
	.name = "attached_data_write",
	.text = sql_attached_data_write,
	.lane = DB_LANE_LONG,
	.writes = true,
};

static const struct db_statement pairs_statement = {
	.name = "attached_data_pairs",
	.text = sql_attached_data_pairs,
	.lane = DB_LANE_LONG,
};

#define PAIRS_COLUMNS 2

struct pairs {
	size_t count;
	const char *keys[PAIRS_MAX]; /* borrowed from the body */
	const char *values[PAIRS_MAX];
	int64_t shown; /* rows of the call's pairs after the change */
};

static bool
read_pair(const struct exchange *exchange, struct json_object *json, const char **key,
	const char **value, struct error *error)
{
	struct field_value values[ITEM_COUNT] = { 0 };

	if (!json_object_is_type(json, json_type_object)) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"the body must hold objects with key and value");
	}
	if (!body_decode_object(
		    json, item_fields, ITEM_COUNT, exchange->api->settings, values, error))
		return false;
	*key = values[ITEM_KEY].text;
	*value = values[ITEM_VALUE].text;
	/* body_decode_object() has seen to what is required; the analyzer has not. */
	if (*key == NULL || *value == NULL)
		return error_set(error, ERROR_INTERNAL, "a pair could not be read");
	if (utf8_length(*key) > KEY_CHARACTERS_MAX) {
		return error_set(error, ERROR_INVALID_PARAMETER, "key must have 1 to %d characters",
			KEY_CHARACTERS_MAX);
	}
	if (utf8_length(*value) > VALUE_CHARACTERS_MAX) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"value must have at most %d characters", VALUE_CHARACTERS_MAX);
	}
	if (strcmp(*key, RESERVED_KEY) == 0) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"key must not be " RESERVED_KEY ", which is the system's");
	}
	return true;
}

/* The same key twice in a request: the last counts. */
static void
add_pair(struct pairs *pairs, const char *key, const char *value)
{
	size_t i = 0;

	while (i < pairs->count && strcmp(pairs->keys[i], key) != 0)
		i++;
	pairs->keys[i] = key;
	pairs->values[i] = value;
	if (i == pairs->count)
		pairs->count++;
}

static bool
read_pairs(const struct exchange *exchange, struct pairs *pairs, struct error *error)
{
	size_t count = json_object_array_length(exchange->json);

	if (count < 1 || count > PAIRS_MAX) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"the body must hold 1 to %d pairs of key and value", PAIRS_MAX);
	}
	for (size_t i = 0; i < count; i++) {
		struct json_object *json = json_object_array_get_idx(exchange->json, i);
		const char *key = "";
		const char *value = "";

		if (!read_pair(exchange, json, &key, &value, error))
			return false;
		add_pair(pairs, key, value);
	}
	return true;
}

/* An id that no call can have is an unknown one. */
static bool
is_call_id(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits <= 18 && text[digits] == '\0' &&
	       strtoll(text, NULL, 10) <= FIELD_NUMBER_MAX;
}

static void
refuse_unknown_call(struct exchange *exchange)
{
	struct error error;

	(void)error_set(&error, ERROR_NOT_FOUND, "there is no call with this id");
	exchange_refuse(exchange, &error);
}

static bool
row(struct exchange *exchange, const PGresult *result, int index)
{
	struct pairs *pairs = exchange->state;

	json_raw(&exchange->writer, pairs->shown++ == 0 ? "{" : ",");
	json_text(&exchange->writer, PQgetvalue(result, index, 0));
	json_raw(&exchange->writer, ":");
	json_text(&exchange->writer, PQgetvalue(result, index, 1));
	return true;
}

static void
done(struct exchange *exchange)
{
	const struct pairs *pairs = exchange->state;

	if (pairs->shown == 0) {
		refuse_unknown_call(exchange);
		return;
	}
	json_raw(&exchange->writer, "}");
	exchange_reply(exchange, 201);
}

/* One query, so one transaction: lock, write, and what the call has then. */
static void
write_pairs(struct exchange *exchange, const struct pairs *pairs)
{
	const char *id = exchange->captures[0];
	char *keys = db_array_literal(pairs->keys, pairs->count);
	char *values = db_array_literal(pairs->values, pairs->count);
	const struct db_step steps[] = {
		{ &lock_statement, { .count = 1, .values = { id } } },
		{ &write_statement, { .count = 3, .values = { id, keys, values } } },
		{ &pairs_statement, { .count = 1, .values = { id } } },
	};

	exchange_query(exchange, steps, sizeof steps / sizeof *steps, PAIRS_COLUMNS, row, done);
	free(keys);
	free(values);
}

static void
start(struct exchange *exchange)
{
	struct pairs *pairs;
	struct error error;

	if (!is_call_id(exchange->captures[0])) {
		refuse_unknown_call(exchange);
		return;
	}
	pairs = memory_zeroed(1, sizeof *pairs);
	exchange->state = pairs;
	/* What has been committed is not answered with an error. */
	exchange->is_due = true;
	exchange->free_state = free;
	/* The call was deleted while its pairs were written. */
	exchange->on_no_such_value = refuse_unknown_call;
	if (!read_pairs(exchange, pairs, &error)) {
		exchange_refuse(exchange, &error);
		return;
	}
	write_pairs(exchange, pairs);
}

const struct endpoint endpoint_attached_data = {
	.body = ENDPOINT_BODY_ARRAY,
	.start = start,
};
