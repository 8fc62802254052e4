/*
 * What answers are written in: which formats there are, and which of them a request wants (Accept,
 * RFC 9110, 12.5.1). Errors are JSON whatever it wants.
 */
#ifndef RECORDINGD_API_FORMAT_H
#define RECORDINGD_API_FORMAT_H

#include <stdbool.h>

#include "base/error.h"

/* In the order that decides between those that are wanted alike. */
enum format {
	FORMAT_JSON,
	FORMAT_CSV,
	FORMAT_LINES, /* JSON, an object per line */
	FORMAT_COUNT,
};

/* In a set of formats. */
#define FORMAT_BIT(format) (1U << (format))

/*
 * The format that an Accept field, or NULL, wants most of JSON and the set offered besides. A field
 * without anything in it wants all alike. False: none of them is acceptable.
 */
bool format_choose(
	const char *accept, unsigned offered, enum format *format, struct error *error) MUST_CHECK;

/* For Content-Type. */
const char *format_content_type(enum format format);

#endif
