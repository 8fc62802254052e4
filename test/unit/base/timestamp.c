/* Timestamps of clients: the three forms, the calendar, and what merely looks like one. */
#include "base/timestamp.h"

#include "unit.h"

static const struct {
	const char *text;
	const char *normal; /* NULL: refused */
} cases[] = {
	{ "2024-05-17", "2024-05-17 00:00:00" },
	{ "2024-05-17 08:09:10", "2024-05-17 08:09:10" },
	{ "2024-05-17T08:09:10", "2024-05-17 08:09:10" },
	{ "2024-05-17T23:59:59", "2024-05-17 23:59:59" },
	{ "2024-05-17 24:00:00", NULL },
	{ "2024-05-17 23:60:00", NULL },
	{ "2024-05-17 23:59:60", NULL },
	{ "0001-01-01", "0001-01-01 00:00:00" },
	{ "9999-12-31 23:59:59", "9999-12-31 23:59:59" },
	{ "0000-01-01", NULL },
	{ "10000-01-01", NULL },
	{ "2024-00-01", NULL },
	{ "2024-13-01", NULL },
	{ "2024-01-00", NULL },
	{ "2024-01-31", "2024-01-31 00:00:00" },
	{ "2024-01-32", NULL },
	{ "2024-04-30", "2024-04-30 00:00:00" },
	{ "2024-04-31", NULL },
	{ "2024-02-29", "2024-02-29 00:00:00" },
	{ "2024-02-30", NULL },
	{ "2023-02-28", "2023-02-28 00:00:00" },
	{ "2023-02-29", NULL },
	{ "1900-02-29", NULL },
	{ "2000-02-29", "2000-02-29 00:00:00" },
	{ "2024-06-31", NULL },
	{ "2024-09-31", NULL },
	{ "2024-11-31", NULL },
	{ "2024-12-31", "2024-12-31 00:00:00" },
	{ "", NULL },
	{ "2024", NULL },
	{ "2024-05", NULL },
	{ "2024-5-17", NULL },
	{ "24-05-17", NULL },
	{ "2024/05/17", NULL },
	{ "20240517", NULL },
	{ "17.05.2024", NULL },
	{ "2024-05-17 ", NULL },
	{ " 2024-05-17", NULL },
	{ "2024-05-17 08:09", NULL },
	{ "2024-05-17 8:09:10", NULL },
	{ "2024-05-17t08:09:10", NULL },
	{ "2024-05-17  08:09:10", NULL },
	{ "2024-05-17_08:09:10", NULL },
	{ "2024-05-17 08:09:10 ", NULL },
	{ "2024-05-17 08:09:10Z", NULL },
	{ "2024-05-17T08:09:10+02:00", NULL },
	{ "2024-05-17 08:09:10.5", NULL },
	{ "2024-05-17 -8:09:10", NULL },
	{ "2024-05-17 08-09-10", NULL },
	{ "-024-05-17", NULL },
	{ "+024-05-17", NULL },
	{ "now", NULL },
	{ "today", NULL },
	{ "infinity", NULL },
	{ "0000-00-00", NULL },
	{ "\xd9\xa2\xd9\xa0"
	  "24-05-17",
		NULL },
};

START_TEST(test_normalise)
{
	char out[TIMESTAMP_SIZE] = "untouched";
	bool is_timestamp = timestamp_normalise(cases[_i].text, out);

	ck_assert_msg(is_timestamp == (cases[_i].normal != NULL), "\"%s\"", cases[_i].text);
	ck_assert_str_eq(out, is_timestamp ? cases[_i].normal : "untouched");
}
END_TEST

static Suite *
timestamp_suite(void)
{
	Suite *suite = suite_create("base/timestamp");

	unit_add_loop(suite, "normalise", test_normalise, UNIT_COUNT(cases));
	return suite;
}

UNIT_MAIN(timestamp_suite)
