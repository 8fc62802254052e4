#include "api/parameters.h"

#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "http/percent.h"

/* Decodes one name or value to *out and moves it behind the final NUL. NULL: not valid. */
static char *
decode_text(const char *text, size_t length, char **out)
{
	char *start = *out;
	size_t decoded;

	if (!percent_decode_form(text, length, start, &decoded) || !utf8_is_text(start, decoded))
		return NULL;
	start[decoded] = '\0';
	*out = start + decoded + 1;
	return start;
}

/* A '+' in a URL is a blank, and a phone number never begins with one. */
static void
restore_plus(const struct field *field, char *value)
{
	if (field->type == FIELD_PHONE && *value == ' ')
		*value = '+';
}

/* The row of a decoded name; NULL: error says that there is none, or that it was given before. */
static const struct field *
find_parameter(const struct exchange *exchange, const char *name, struct error *error)
{
	const struct endpoint *endpoint = exchange->endpoint;
	size_t i = field_find(endpoint->parameters, endpoint->parameter_count, name);

	if (i == endpoint->parameter_count) {
		(void)field_refuse_unknown(endpoint->parameters, endpoint->parameter_count,
			"URL parameter", name, error);
		return NULL;
	}
	if (exchange->parameters[i].is_present) {
		(void)error_set(error, ERROR_INVALID_PARAMETER, "%s must be given once", name);
		return NULL;
	}
	return &endpoint->parameters[i];
}

static bool
take_value(struct exchange *exchange, const struct field *field, char *value, struct error *error)
{
	size_t i = (size_t)(field - exchange->endpoint->parameters);

	if (value == NULL) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"%s must be percent-encoded UTF-8 without U+0000", field->name);
	}
	restore_plus(field, value);
	if (*value == '\0' && field->type != FIELD_INTEGER) {
		return error_set(
			error, ERROR_INVALID_PARAMETER, "%s must not be empty", field->name);
	}
	return field_check_text(
		field, exchange->api->settings, value, &exchange->parameters[i], error);
}

static bool
decode_pair(
	struct exchange *exchange, const char *pair, size_t length, char **out, struct error *error)
{
	const char *equals = memchr(pair, '=', length);
	size_t name_length = equals == NULL ? length : (size_t)(equals - pair);
	const char *value = equals == NULL ? "" : equals + 1;
	size_t value_length = equals == NULL ? 0 : length - name_length - 1;
	const char *name = decode_text(pair, name_length, out);
	const struct field *field;

	if (name == NULL) {
		return error_set(error, ERROR_UNKNOWN_FIELD,
			"the name of a URL parameter is not percent-encoded UTF-8");
	}
	field = find_parameter(exchange, name, error);
	return field != NULL &&
	       take_value(exchange, field, decode_text(value, value_length, out), error);
}

bool
parameters_decode(struct exchange *exchange, const char *query, struct error *error)
{
	const struct endpoint *endpoint = exchange->endpoint;
	char *out;

	if (query != NULL) {
		/* Decoding never makes longer; each pair gets two NULs, at most one for each byte.
		 */
		exchange->query_text = memory_resized(NULL, strlen(query) * 3 + 2, 1);
		out = exchange->query_text;
		while (*query != '\0') {
			size_t length = strcspn(query, "&");

			if (length > 0 && !decode_pair(exchange, query, length, &out, error))
				return false;
			query += length;
			query += *query == '&';
		}
	}
	return field_check_required(
		endpoint->parameters, endpoint->parameter_count, exchange->parameters, error);
}
