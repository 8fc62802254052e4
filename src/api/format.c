#include "api/format.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "http/media_type.h"

static const struct {
	const char *media_type;
	const char *content_type;
} formats[FORMAT_COUNT] = {
	[FORMAT_JSON] = { "application/json", "application/json" },
	/* RFC 7111 and RFC 4180 name the parameters. */
	[FORMAT_CSV] = { "text/csv", "text/csv; charset=utf-8; header=present" },
	[FORMAT_LINES] = { "application/x-ndjson", "application/x-ndjson" },
};

static bool
is_offered(unsigned offered, enum format format)
{
	return format == FORMAT_JSON || (offered & FORMAT_BIT(format)) != 0;
}

static bool
refuse(unsigned offered, struct error *error)
{
	char list[128] = "";
	size_t length = 0;

	for (enum format i = FORMAT_JSON; i < FORMAT_COUNT; i++) {
		if (is_offered(offered, i))
			length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
				i == FORMAT_JSON ? "" : ", ", formats[i].media_type);
	}
	return error_set(
		error, ERROR_NOT_ACCEPTABLE, "Accept must allow what there is here: %s", list);
}

bool
format_choose(const char *accept, unsigned offered, enum format *format, struct error *error)
{
	unsigned best = 0;

	if (accept != NULL && accept[strspn(accept, ", \t")] == '\0')
		accept = NULL;
	for (enum format i = FORMAT_JSON; i < FORMAT_COUNT; i++) {
		unsigned quality = 0;

		if (is_offered(offered, i))
			quality = media_type_quality(accept, formats[i].media_type);
		if (quality > best) {
			best = quality;
			*format = i;
		}
	}
	return best > 0 || refuse(offered, error);
}

const char *
format_content_type(enum format format)
{
	return formats[format].content_type;
}
