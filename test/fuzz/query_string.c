/*
 * A query string: decoding it as percent-escapes and as a form, and into the parameters of each
 * endpoint. A byte that chooses the route, then the query.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/parameters.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "http/percent.h"
#include "support/fuzz.h"

static const struct api_settings settings = {
	.records_max_page_size = 1000,
	.history_max_size = 1000,
	.cel_max_limit = 10000,
};

/* Encoded again, it is the same text: every byte was decoded once, and none got lost. */
static void
check_decoding(const char *text)
{
	size_t length = strlen(text);
	char *decoded = memory_zeroed(length + 1, 1);
	char *encoded = memory_zeroed(PERCENT_ENCODED_SIZE(length), 1);
	char *again = memory_zeroed(length + 1, 1);
	size_t decoded_length;
	size_t again_length;

	if (percent_decode(text, length, decoded, &decoded_length)) {
		fuzz_require(decoded_length <= length, "no longer than it was");
		decoded[decoded_length] = '\0';
		percent_encode(decoded, encoded);
		/* A NUL ends what percent_encode() sees. */
		fuzz_require(percent_decode(encoded, strlen(encoded), again, &again_length) &&
				     again_length == strlen(decoded) &&
				     memcmp(again, decoded, again_length) == 0,
			"%s comes back", text);
		fuzz_require(strpbrk(text, "%") != NULL || strcmp(text, decoded) == 0,
			"without escapes it is itself");
	}
	if (percent_decode_form(text, length, decoded, &decoded_length))
		fuzz_require(memchr(decoded, '+', decoded_length) == NULL ||
				     strstr(text, "%2B") != NULL || strstr(text, "%2b") != NULL,
			"a plus only from its escape");
	free(decoded);
	free(encoded);
	free(again);
}

static void
check_value(const struct field *field, const struct field_value *value, const char *query)
{
	int64_t maximum = field->maximum;

	fuzz_require(
		value->is_present || !field->is_required, "%s is required: %s", field->name, query);
	if (!value->is_present)
		return;
	if (maximum == 0 && field->type == FIELD_INTEGER)
		memcpy(&maximum, (const char *)&settings + field->maximum_setting, sizeof maximum);
	if (field->type == FIELD_INTEGER) {
		fuzz_require(value->integer >= field->minimum && value->integer <= maximum,
			"%s in its range: %s", field->name, query);
		return;
	}
	fuzz_require(utf8_is_text(value->text, strlen(value->text)) && *value->text != '\0',
		"%s is text: %s", field->name, query);
	fuzz_require(field->type != FIELD_PHONE || *value->text != ' ', "a plus comes back");
}

/* Every text is given again, encoded: the same values. */
static void
check_again(struct exchange *first)
{
	const struct endpoint *endpoint = first->endpoint;
	struct exchange *exchange = exchange_new(first->api, NULL, endpoint);
	char query[65536];
	size_t used = 0;
	struct error error;

	for (size_t i = 0; i < endpoint->parameter_count; i++) {
		const struct field_value *value = &first->parameters[i];
		char *encoded;

		if (!value->is_present)
			continue;
		used += (size_t)snprintf(
			query + used, sizeof query - used, "&%s=", endpoint->parameters[i].name);
		if (endpoint->parameters[i].type == FIELD_INTEGER) {
			used += (size_t)snprintf(query + used, sizeof query - used, "%lld",
				(long long)value->integer);
			continue;
		}
		encoded = memory_zeroed(PERCENT_ENCODED_SIZE(strlen(value->text)), 1);
		percent_encode(value->text, encoded);
		used += (size_t)snprintf(query + used, sizeof query - used, "%s", encoded);
		free(encoded);
	}
	query[used] = '\0';
	fuzz_require(parameters_decode(exchange, query, &error), "%s: %s", query, error.message);
	for (size_t i = 0; i < endpoint->parameter_count; i++) {
		const struct field_value *one = &first->parameters[i];
		const struct field_value *other = &exchange->parameters[i];

		fuzz_require(one->is_present == other->is_present && one->integer == other->integer,
			"the same values");
		fuzz_require(
			one->text == NULL || strcmp(one->text, other->text) == 0, "the same texts");
	}
	exchange_free(exchange);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	const struct route *route = &routes[fuzz_byte(&input) % route_count];
	struct api api = { .settings = &settings };
	struct exchange *exchange = exchange_new(&api, NULL, route->endpoint);
	struct error error = { 0 };
	char *query;

	/* As long as a target may be. */
	if (input.size > 8192)
		input.size = 8192;
	query = fuzz_rest(&input);
	check_decoding(query);
	if (parameters_decode(exchange, query, &error)) {
		for (size_t i = 0; i < route->endpoint->parameter_count; i++)
			check_value(
				&route->endpoint->parameters[i], &exchange->parameters[i], query);
		check_again(exchange);
	} else {
		fuzz_require(
			error.code == ERROR_INVALID_PARAMETER || error.code == ERROR_UNKNOWN_FIELD,
			"a client's error");
		fuzz_require(utf8_is_text(error.message, strlen(error.message)), "a message");
	}
	exchange_free(exchange);
	free(query);
	return 0;
}
