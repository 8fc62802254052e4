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

/* "0.5" is 500 (RFC 9110, 12.4.2); what is no number counts as 1. */
static unsigned
parse_quality(const char *text)
{
	unsigned quality = *text == '0' ? 0 : 1000;
	unsigned unit = 100;

	if (*text != '0' || text[1] != '.')
		return quality;
	for (text += 2; *text >= '0' && *text <= '9' && unit > 0; text++, unit /= 10)
		quality += (unsigned)(*text - '0') * unit;
	return quality;
}

/* The weight among the parameters of one range, which end at length. */
static unsigned
range_quality(const char *range, size_t length)
{
	for (size_t i = 0; i + 2 < length; i++) {
		if (range[i] != ';')
			continue;
		i += 1 + strspn(range + i + 1, " \t");
		if ((range[i] == 'q' || range[i] == 'Q') && range[i + 1] == '=')
			return parse_quality(range + i + 2);
		i--;
	}
	return 1000;
}

/* 3: the type itself, 2: "text/" with a star, 1: any type, 0: another one. */
static int
closeness(const char *range, const char *type)
{
	size_t length = strcspn(range, ";, \t");
	size_t main_length = strcspn(type, "/") + 1;

	if (is(range, length, type))
		return 3;
	if (length == main_length + 1 && range[main_length] == '*' &&
		strncasecmp(range, type, main_length) == 0)
		return 2;
	return is(range, length, "*/*") ? 1 : 0;
}

unsigned
media_type_quality(const char *accept, const char *type)
{
	unsigned quality = 0;
	int closest = 0;

	if (accept == NULL)
		return 1000;
	for (;;) {
		size_t length;
		int close;

		accept += strspn(accept, ", \t");
		if (*accept == '\0')
			return quality;
		length = strcspn(accept, ",");
		close = closeness(accept, type);
		if (close > closest) {
			closest = close;
			quality = range_quality(accept, length);
		}
		accept += length;
	}
}
