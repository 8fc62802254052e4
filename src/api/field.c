#include "api/field.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/settings.h"
#include "base/utf8.h"

/* An unknown name is quoted up to here: enough to recognise it. */
#define QUOTED_NAME_BYTES 40

/* More digits cannot be in range, and would overflow. */
#define INTEGER_DIGITS_MAX 18

size_t
field_find(const struct field *fields, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) == 0)
			break;
	}
	return i;
}

static int64_t
maximum(const struct field *field, const struct api_settings *settings)
{
	int64_t setting;

	if (field->maximum != 0)
		return field->maximum;
	memcpy(&setting, (const char *)settings + field->maximum_setting, sizeof setting);
	return setting;
}

/* "a, b or c" */
static void
list_choices(const char *const *choices, char *list, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; choices[i] != NULL && length < size; i++) {
		const char *separator = ", ";

		if (i == 0)
			separator = "";
		else if (choices[i + 1] == NULL)
			separator = " or ";
		length += (size_t)snprintf(
			list + length, size - length, "%s%s", separator, choices[i]);
	}
}

bool
field_refuse(const struct field *field, const struct api_settings *settings, struct error *error)
{
	char choices[160];

	switch (field->type) {
	case FIELD_INTEGER:
		return error_set(error, ERROR_INVALID_PARAMETER,
			"%s must be a whole number from %" PRId64 " to %" PRId64, field->name,
			field->minimum, maximum(field, settings));
	case FIELD_TIMESTAMP:
		return error_set(error, ERROR_INVALID_PARAMETER,
			"%s must be a time such as 2026-01-31 or 2026-01-31 08:30:00", field->name);
	case FIELD_CHOICE:
		list_choices(field->choices, choices, sizeof choices);
		return error_set(
			error, ERROR_INVALID_PARAMETER, "%s must be %s", field->name, choices);
	case FIELD_ARRAY:
		return error_set(
			error, ERROR_INVALID_PARAMETER, "%s must be an array", field->name);
	case FIELD_TEXT:
	case FIELD_PHONE:
		break;
	}
	return error_set(error, ERROR_INVALID_PARAMETER, "%s must be a text", field->name);
}

bool
field_refuse_unknown(const struct field *fields, size_t count, const char *what, const char *name,
	struct error *error)
{
	char allowed[160] = "";
	size_t length = 0;

	for (size_t i = 0; i < count && length < sizeof allowed; i++) {
		length += (size_t)snprintf(allowed + length, sizeof allowed - length, "%s%s",
			i == 0 ? "; allowed: " : ", ", fields[i].name);
	}
	return error_set(error, ERROR_UNKNOWN_FIELD, "there is no %s \"%.*s\" here%s", what,
		(int)utf8_prefix(name, QUOTED_NAME_BYTES), name,
		count == 0 ? "; none is allowed" : allowed);
}

bool
field_check_integer(const struct field *field, const struct api_settings *settings, int64_t given,
	struct field_value *value, struct error *error)
{
	if (field->type != FIELD_INTEGER || given < field->minimum ||
		given > maximum(field, settings))
		return field_refuse(field, settings, error);
	value->is_present = true;
	value->integer = given;
	return true;
}

static bool
check_digits(const struct field *field, const struct api_settings *settings, const char *text,
	struct field_value *value, struct error *error)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || text[digits] != '\0' || digits > INTEGER_DIGITS_MAX)
		return field_refuse(field, settings, error);
	return field_check_integer(field, settings, strtoll(text, NULL, 10), value, error);
}

static bool
is_choice(const struct field *field, const char *text)
{
	for (size_t i = 0; field->choices[i] != NULL; i++) {
		if (strcmp(field->choices[i], text) == 0)
			return true;
	}
	return false;
}

bool
field_check_text(const struct field *field, const struct api_settings *settings, const char *text,
	struct field_value *value, struct error *error)
{
	switch (field->type) {
	case FIELD_INTEGER:
		return check_digits(field, settings, text, value, error);
	case FIELD_ARRAY:
		return field_refuse(field, settings, error);
	case FIELD_TIMESTAMP:
		if (!timestamp_normalise(text, value->timestamp))
			return field_refuse(field, settings, error);
		text = value->timestamp;
		break;
	case FIELD_CHOICE:
		if (!is_choice(field, text))
			return field_refuse(field, settings, error);
		break;
	case FIELD_TEXT:
	case FIELD_PHONE:
		break;
	}
	value->is_present = true;
	value->text = text;
	return true;
}

bool
field_check_required(const struct field *fields, size_t count, const struct field_value *values,
	struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		if (fields[i].is_required && !values[i].is_present) {
			return error_set(
				error, ERROR_INVALID_PARAMETER, "%s is required", fields[i].name);
		}
	}
	return true;
}
