/* One byte range of RFC 9110, 14.1.2 and 14.2: what is served, refused, and ignored. */
#include "http/byte_range.h"

#include "unit.h"

#define LARGEST UINT64_MAX

static const struct {
	const char *value;
	uint64_t size;
	enum byte_range_kind kind;
	uint64_t first;
	uint64_t last;
} cases[] = {
	/* No range. */
	{ NULL, 1000, BYTE_RANGE_WHOLE, 0, 0 }, { "", 1000, BYTE_RANGE_WHOLE, 0, 0 },

	/* int-range */
	{ "bytes=0-0", 1000, BYTE_RANGE_PART, 0, 0 },
	{ "bytes=0-499", 1000, BYTE_RANGE_PART, 0, 499 },
	{ "bytes=500-999", 1000, BYTE_RANGE_PART, 500, 999 },
	{ "bytes=999-999", 1000, BYTE_RANGE_PART, 999, 999 },
	{ "bytes=000500-000600", 1000, BYTE_RANGE_PART, 500, 600 },
	/* Without an end, or with one that is too large: up to the last byte. */
	{ "bytes=0-", 1000, BYTE_RANGE_PART, 0, 999 },
	{ "bytes=999-", 1000, BYTE_RANGE_PART, 999, 999 },
	{ "bytes=0-999", 1000, BYTE_RANGE_PART, 0, 999 },
	{ "bytes=0-1000", 1000, BYTE_RANGE_PART, 0, 999 },
	{ "bytes=9-18446744073709551615", 10, BYTE_RANGE_PART, 9, 9 },
	{ "bytes=0-18446744073709551616", 10, BYTE_RANGE_PART, 0, 9 },
	{ "bytes=0-99999999999999999999999999999999", 10, BYTE_RANGE_PART, 0, 9 },
	/* 2^64 + 1 is not 1. */
	{ "bytes=18446744073709551617-", 10, BYTE_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=18446744073709551614-", LARGEST, BYTE_RANGE_PART, LARGEST - 1, LARGEST - 1 },
	{ "bytes=0-", LARGEST, BYTE_RANGE_PART, 0, LARGEST - 1 },

	/* suffix-range */
	{ "bytes=-1", 1000, BYTE_RANGE_PART, 999, 999 },
	{ "bytes=-500", 1000, BYTE_RANGE_PART, 500, 999 },
	{ "bytes=-999", 1000, BYTE_RANGE_PART, 1, 999 },
	{ "bytes=-1000", 1000, BYTE_RANGE_PART, 0, 999 },
	{ "bytes=-1001", 1000, BYTE_RANGE_PART, 0, 999 },
	{ "bytes=-99999999999999999999", 1000, BYTE_RANGE_PART, 0, 999 },

	/* The unit is a token in any case (14.1). */
	{ "BYTES=1-2", 1000, BYTE_RANGE_PART, 1, 2 },
	{ "Bytes=-2", 1000, BYTE_RANGE_PART, 998, 999 },

	/* Behind the end. */
	{ "bytes=1000-", 1000, BYTE_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=1000-1000", 1000, BYTE_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=1000-2000", 1000, BYTE_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=-0", 1000, BYTE_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=0-", 0, BYTE_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=0-0", 0, BYTE_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=-1", 0, BYTE_RANGE_UNSATISFIABLE, 0, 0 },

	/* An invalid range, which is ignored: the end before the beginning. */
	{ "bytes=1-0", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=2000-1999", 1000, BYTE_RANGE_WHOLE, 0, 0 },

	/* Several. */
	{ "bytes=0-0,2-3", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=0-0, -1", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=-1,0-0", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=0-0, bytes=2-3", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=0-,", 1000, BYTE_RANGE_WHOLE, 0, 0 },

	/* Another unit. */
	{ "items=0-5", 1000, BYTE_RANGE_WHOLE, 0, 0 }, { "byte=0-5", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "none", 1000, BYTE_RANGE_WHOLE, 0, 0 },

	/* No syntax. */
	{ "bytes", 1000, BYTE_RANGE_WHOLE, 0, 0 }, { "bytes=", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=-", 1000, BYTE_RANGE_WHOLE, 0, 0 }, { "bytes=--1", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=5", 1000, BYTE_RANGE_WHOLE, 0, 0 }, { "bytes=+5-6", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=0-+5", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=0--5", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=0-5-", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=0-5x", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=0x1-5", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=a-b", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=-5x", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=0 - 5", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes =0-5", 1000, BYTE_RANGE_WHOLE, 0, 0 },
	{ "bytes=\xd9\xa0-", 1000, BYTE_RANGE_WHOLE, 0, 0 }, /* a digit, but none of ASCII's */
};

START_TEST(test_range)
{
	uint64_t first = 77;
	uint64_t last = 77;

	ck_assert_int_eq(
		byte_range_parse(cases[_i].value, cases[_i].size, &first, &last), cases[_i].kind);
	if (cases[_i].kind != BYTE_RANGE_PART)
		return;
	ck_assert_uint_eq(first, cases[_i].first);
	ck_assert_uint_eq(last, cases[_i].last);
}
END_TEST

static Suite *
byte_range_suite(void)
{
	Suite *suite = suite_create("http/byte_range");

	unit_add_loop(suite, "range", test_range, UNIT_COUNT(cases));
	return suite;
}

UNIT_MAIN(byte_range_suite)
