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

static bool
take_pair(struct exchange *exchange, const char *name, char *value, struct error *error)
{
	const struct endpoint *endpoint = exchange->endpoint;
	size_t i = field_find(endpoint->parameters, endpoint->parameter_count, name);
	const struct field *field = &endpoint->parameters[i];

	if (i == endpoint->parameter_count) {
		return field_refuse_unknown(endpoint->parameters, endpoint->parameter_count,
			"URL parameter", name, error);
	}
	if (exchange->parameters[i].is_present) {
		return error_set(
			error, ERROR_INVALID_PARAMETER, "%s must be given once", field->name);
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
	char *name = decode_text(pair, name_length, out);
	char *value;

	if (equals == NULL)
		value = decode_text("", 0, out);
	else
		value = decode_text(equals + 1, length - name_length - 1, out);
	if (name == NULL || value == NULL) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"URL parameters must be percent-encoded UTF-8 without U+0000");
	}
	return take_pair(exchange, name, value, error);
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
