#include "api/body.h"

#include <json-c/json.h>
#include <math.h>

#include "json/syntax.h"
#include "json/tree.h"

/* Largest whole number a double holds exactly; larger ones are out of every range. */
#define EXACT_DOUBLE_MAX 9007199254740992.0

/* JSON has one kind of number: 10, 10.0 and 1e1 are the same. */
static bool
whole_number(struct json_object *json, int64_t *number)
{
	double given;

	if (json_object_is_type(json, json_type_int)) {
		*number = json_object_get_int64(json);
		return true;
	}
	if (!json_object_is_type(json, json_type_double))
		return false;
	given = json_object_get_double(json);
	if (!(fabs(given) <= EXACT_DOUBLE_MAX) || given != floor(given))
		return false;
	*number = (int64_t)given;
	return true;
}

static bool
decode_value(const struct field *field, const struct api_settings *settings,
	struct json_object *json, struct field_value *value, struct error *error)
{
	int64_t number;

	if (json == NULL)
		return true;
	switch (json_object_get_type(json)) {
	case json_type_string:
		if (json_object_get_string_len(json) == 0 && !field->empty_is_value)
			return true;
		if (field->type == FIELD_INTEGER)
			break;
		return field_check_text(
			field, settings, json_object_get_string(json), value, error);
	case json_type_int:
	case json_type_double:
		if (field->type != FIELD_INTEGER || !whole_number(json, &number))
			break;
		return field_check_integer(field, settings, number, value, error);
	case json_type_array:
		if (field->type != FIELD_ARRAY)
			break;
		value->is_present = true;
		value->json = json;
		return true;
	default:
		break;
	}
	return field_refuse(field, settings, error);
}

bool
body_decode_object(struct json_object *object, const struct field *fields, size_t count,
	const struct api_settings *settings, struct field_value *values, struct error *error)
{
	json_object_object_foreach (object, name, json) {
		size_t i = field_find(fields, count, name);

		if (i == count)
			return field_refuse_unknown(fields, count, "field", name, error);
		if (!decode_value(&fields[i], settings, json, &values[i], error))
			return false;
	}
	return field_check_required(fields, count, values, error);
}

static bool
decode_body_object(struct exchange *exchange, struct error *error)
{
	const struct endpoint *endpoint = exchange->endpoint;

	if (!json_object_is_type(exchange->json, json_type_object)) {
		return error_set(error, ERROR_INVALID_PARAMETER, "the body must be a JSON object");
	}
	return body_decode_object(exchange->json, endpoint->body_fields, endpoint->body_field_count,
		exchange->api->settings, exchange->body, error);
}

bool
body_decode(struct exchange *exchange, const char *text, size_t length, struct error *error)
{
	const struct endpoint *endpoint = exchange->endpoint;

	if (length == 0 && endpoint->body == ENDPOINT_BODY_OBJECT) {
		return field_check_required(
			endpoint->body_fields, endpoint->body_field_count, exchange->body, error);
	}
	if (!json_syntax_check(text, length, error))
		return false;
	exchange->json = json_tree_read(text);
	if (endpoint->body == ENDPOINT_BODY_OBJECT)
		return decode_body_object(exchange, error);
	if (!json_object_is_type(exchange->json, json_type_array)) {
		return error_set(error, ERROR_INVALID_PARAMETER, "the body must be a JSON array");
	}
	return true;
}
