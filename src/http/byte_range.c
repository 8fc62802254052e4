#include "http/byte_range.h"

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

/* Reads digits; a number beyond 64 bits stays at the largest. False without a digit. */
static bool
read_number(const char **text, uint64_t *number)
{
	const char *start = *text;

	*number = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		uint64_t digit = (uint64_t)(**text - '0');

		if (*number > (UINT64_MAX - digit) / 10)
			*number = UINT64_MAX;
		else
			*number = *number * 10 + digit;
	}
	return *text != start;
}

/* "-500": the last bytes. */
static enum byte_range_kind
suffix_range(const char *text, uint64_t size, uint64_t *first, uint64_t *last)
{
	uint64_t length;

	if (!read_number(&text, &length) || *text != '\0')
		return BYTE_RANGE_WHOLE;
	if (length == 0 || size == 0)
		return BYTE_RANGE_UNSATISFIABLE;
	*first = length < size ? size - length : 0;
	*last = size - 1;
	return BYTE_RANGE_PART;
}

enum byte_range_kind
byte_range_parse(const char *value, uint64_t size, uint64_t *first, uint64_t *last)
{
	uint64_t end = UINT64_MAX;

	if (value == NULL || strncasecmp(value, "bytes=", 6) != 0)
		return BYTE_RANGE_WHOLE;
	value += 6;
	if (*value == '-')
		return suffix_range(value + 1, size, first, last);
	if (!read_number(&value, first) || *value++ != '-')
		return BYTE_RANGE_WHOLE;
	if (*value != '\0' && (!read_number(&value, &end) || *value != '\0' || end < *first))
		return BYTE_RANGE_WHOLE;
	if (*first >= size)
		return BYTE_RANGE_UNSATISFIABLE;
	*last = end < size ? end : size - 1;
	return BYTE_RANGE_PART;
}
