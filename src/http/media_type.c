#include "http/media_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "http/characters.h"

static size_t
token_length(const char *text)
{
	size_t length = 0;

	while (character_is_token((unsigned char)text[length]))
		length++;
	return length;
}

static bool
is(const char *text, size_t length, const char *wanted)
{
	return strlen(wanted) == length && strncasecmp(text, wanted, length) == 0;
}

/* The length of a quoted string, or 0 (RFC 9110, 5.6.4). */
static size_t
quoted_length(const char *text)
{
	size_t i = 1;

	if (*text != '"')
		return 0;
	for (; text[i] != '"'; i++) {
		if (text[i] == '\\')
			i++;
		if (text[i] == '\0')
			return 0;
	}
	return i + 1;
}

/* *( OWS ";" OWS [ name "=" value ] ) */
static bool
parameters_are_valid(const char *text)
{
	for (;;) {
		size_t length;

		text += strspn(text, " \t");
		if (*text == '\0')
			return true;
		if (*text++ != ';')
			return false;
		text += strspn(text, " \t");
		length = token_length(text);
		if (length == 0)
			continue;
		text += length;
		if (*text++ != '=')
			return false;
		length = *text == '"' ? quoted_length(text) : token_length(text);
		if (length == 0)
			return false;
		text += length;
	}
}

bool
media_type_is_json(const char *value)
{
	size_t type_length = token_length(value);
	const char *subtype = value + type_length + 1;
	size_t length;
	bool is_application;

	if (value[type_length] != '/')
		return false;
	length = token_length(subtype);
	is_application = is(value, type_length, "application");
	if (!is(subtype, length, "json") &&
		!(is_application && length > 5 &&
			strncasecmp(subtype + length - 5, "+json", 5) == 0))
		return false;
	if (!is_application && !is(value, type_length, "text"))
		return false;
	return parameters_are_valid(subtype + length);
}
