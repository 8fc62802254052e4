/*
 * A Range field beside a second reading of RFC 9110, 14. Eight bytes of size, then the field.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/byte_range.h"
#include "support/fuzz.h"

/* The number at *text, moved past its digits; UINT64_MAX for what is larger; false: none. */
static bool
take_number(const char **text, uint64_t *number)
{
	const char *start = *text;

	*number = 0;
	for (; isdigit((unsigned char)**text); (*text)++) {
		if (__builtin_mul_overflow(*number, 10, number) ||
			__builtin_add_overflow(*number, (uint64_t)(**text - '0'), number)) {
			*text += strspn(*text, "0123456789");
			*number = UINT64_MAX;
			return true;
		}
	}
	return *text > start;
}

static enum byte_range_kind
expect(const char *value, uint64_t size, uint64_t *first, uint64_t *last)
{
	bool has_first;
	bool has_last;

	if (strncasecmp(value, "bytes=", 6) != 0)
		return BYTE_RANGE_WHOLE;
	value += 6;
	has_first = take_number(&value, first);
	if (*value++ != '-')
		return BYTE_RANGE_WHOLE;
	has_last = take_number(&value, last);
	if (*value != '\0' || (!has_first && !has_last))
		return BYTE_RANGE_WHOLE;
	if (!has_first) {
		if (*last == 0 || size == 0)
			return BYTE_RANGE_UNSATISFIABLE;
		*first = *last > size ? 0 : size - *last;
		*last = size - 1;
		return BYTE_RANGE_PART;
	}
	if (has_last && *last < *first)
		return BYTE_RANGE_WHOLE;
	if (*first >= size)
		return BYTE_RANGE_UNSATISFIABLE;
	if (!has_last || *last >= size)
		*last = size - 1;
	return BYTE_RANGE_PART;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	uint64_t bytes = 0;
	uint64_t first = 0;
	uint64_t last = 0;
	uint64_t wanted_first = 0;
	uint64_t wanted_last = 0;
	enum byte_range_kind kind;
	enum byte_range_kind wanted;
	char *value;

	for (int i = 0; i < 8; i++)
		bytes = bytes << 8 | fuzz_byte(&input);
	value = fuzz_rest(&input);
	kind = byte_range_parse(value, bytes, &first, &last);
	wanted = expect(value, bytes, &wanted_first, &wanted_last);
	fuzz_require(kind == wanted, "%d, not %d: %s", wanted, kind, value);
	if (kind == BYTE_RANGE_PART) {
		fuzz_require(first <= last && last < bytes, "within the file: %s", value);
		fuzz_require(
			first == wanted_first && last == wanted_last, "the same part: %s", value);
	}
	free(value);
	return 0;
}
