/* One byte range of RFC 9110, 14. */
#ifndef RECORDINGD_HTTP_BYTE_RANGE_H
#define RECORDINGD_HTTP_BYTE_RANGE_H

#include <stdint.h>

enum byte_range_kind {
	BYTE_RANGE_WHOLE, /* no range, several, another unit or bad syntax: the field is ignored */
	BYTE_RANGE_PART,  /* first and last are set, both within size */
	BYTE_RANGE_UNSATISFIABLE,
};

/* value is the Range field or NULL. */
enum byte_range_kind byte_range_parse(
	const char *value, uint64_t size, uint64_t *first, uint64_t *last);

#endif
