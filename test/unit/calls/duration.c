/* HH:MM:SS around every carry and at the ends of the range. */
#include "calls/duration.h"

#include "unit.h"

static const struct {
	int64_t seconds;
	const char *text;
} cases[] = {
	{ 0, "00:00:00" },
	{ 1, "00:00:01" },
	{ 59, "00:00:59" },
	{ 60, "00:01:00" },
	{ 61, "00:01:01" },
	{ 3599, "00:59:59" },
	{ 3600, "01:00:00" },
	{ 3661, "01:01:01" },
	{ 86399, "23:59:59" },
	{ 86400, "24:00:00" },
	{ 359999, "99:59:59" },
	{ 360000, "100:00:00" },
	{ INT64_C(36000000), "10000:00:00" },
	{ INT64_MAX, "2562047788015215:30:07" },
	{ -1, "00:00:00" },
	{ -86400, "00:00:00" },
	{ INT64_MIN, "00:00:00" },
};

START_TEST(test_format)
{
	char text[DURATION_SIZE];

	duration_format(cases[_i].seconds, text);
	ck_assert_str_eq(text, cases[_i].text);
}
END_TEST

static Suite *
duration_suite(void)
{
	Suite *suite = suite_create("calls/duration");

	unit_add_loop(suite, "format", test_format, UNIT_COUNT(cases));
	return suite;
}

UNIT_MAIN(duration_suite)
