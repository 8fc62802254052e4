/* The three forms of RFC 9110, 5.6.7, and the one that is written. */
#include "http/http_date.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

/* Seconds were reckoned with date -u -d, apart from the code under test. */
static const struct {
	const char *text;
	time_t time;
} valid_cases[] = {
	/* The RFC's examples: one moment in three forms. */
	{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
	{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
	{ "Sun Nov  6 08:49:37 1994", 784111777 },

	{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
	{ "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
	{ "Thu, 29 Feb 2024 12:00:00 GMT", 1709208000 },
	{ "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
	{ "Tue, 19 Jan 2038 03:14:08 GMT", 2147483648 },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
	{ "Sat Jan 31 11:24:41 2026", 1769858681 },
	{ "Saturday, 31-Jan-26 11:24:41 GMT", 1769858681 },
	/* A leap second is the first of the next minute. */
	{ "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
};

/* Forms and values that no clock and no calendar shows. */
static const char *const invalid_cases[] = {
	"",
	"0",
	"784111777",
	"1994-11-06 08:49:37",
	"Sun, 06 Nov 1994 08:49:37",
	"Sun, 06 Nov 1994 08:49:37 GM",
	"Sun, 06 Nov 1994 08:49:37 GMT ",
	"Sun, 06 Nov 1994 08:49:37 GMTx",
	" Sun, 06 Nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 1994 08:49:37 UTC",
	"Sun, 06 Nov 1994 08:49:37 +0000",
	"Sun, 06 Nov 1994 08:49:37 gmt", /* case-sensitive */
	"sun, 06 Nov 1994 08:49:37 GMT",
	"Sun, 06 nov 1994 08:49:37 GMT",
	"Sun, 06 NOV 1994 08:49:37 GMT",
	"Sun,06 Nov 1994 08:49:37 GMT",
	"Sun  06 Nov 1994 08:49:37 GMT",
	"Son, 06 Nov 1994 08:49:37 GMT",
	"Sun, 6 Nov 1994 08:49:37 GMT",
	"Sun,  6 Nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 94 08:49:37 GMT",
	"Sun, 06 Nov 19940 08:49:37 GMT",
	"Sun, 06 Okt 1994 08:49:37 GMT",
	"Sun, 06 Nov 1994 8:49:37 GMT",
	"Sun, 06 Nov 1994 08:49 GMT",
	"Sun, 06 Nov 1994 08.49.37 GMT",
	"Sun, 06 Nov 1994 -8:49:37 GMT",
	"Sun, 00 Nov 1994 08:49:37 GMT",
	"Thu, 31 Nov 1994 08:49:37 GMT",
	"Sun, 32 Oct 1994 08:49:37 GMT",
	"Thu, 29 Feb 2023 08:49:37 GMT",
	"Thu, 29 Feb 1900 08:49:37 GMT",
	"Fri, 30 Feb 2024 08:49:37 GMT",
	"Fri, 30 Feb 2024 08:49:60 GMT", /* nor in a leap second */
	"Sun, 00 Nov 1994 23:59:60 GMT",
	"Sun, 06 Nov 1994 24:00:00 GMT",
	"Sun, 06 Nov 1994 08:60:00 GMT",
	"Sun, 06 Nov 1994 08:49:61 GMT",
	"Sun, 06-Nov-94 08:49:37 GMT",
	"Sunday, 06 Nov 1994 08:49:37 GMT",
	"Sunday, 06-Nov-1994 08:49:37 GMT",
	"Sunday, 06-Nov-9 08:49:37 GMT",
	"Sunday, 06-Nov-94 08:49:37",
	"Sunday, 31-Nov-94 08:49:37 GMT",
	"Sun Nov  6 08:49:37 94",
	"Sun Nov 6 08:49:37 1994",
	"Sun Nov   6 08:49:37 1994",
	"Sun Nov  6 08:49:37 1994 GMT",
	"Sun Nov  6 08:49:37 19944",
	"Sun, Nov  6 08:49:37 1994",
	"Thu Nov 31 08:49:37 1994",
};

START_TEST(test_valid)
{
	time_t time = 77;

	ck_assert(http_date_parse(valid_cases[_i].text, &time));
	ck_assert_int_eq(time, valid_cases[_i].time);
}
END_TEST

START_TEST(test_invalid)
{
	time_t time = 77;

	ck_assert_msg(!http_date_parse(invalid_cases[_i], &time), "%s", invalid_cases[_i]);
	ck_assert_int_eq(time, 77);
}
END_TEST

/* RFC 850: what would be more than 50 years ahead is the last year that ends so. */
START_TEST(test_two_digit_year)
{
	time_t now = time(NULL);
	struct tm utc;
	struct tm wanted = { .tm_mday = 1 };
	char text[64];
	time_t parsed = 77;
	int year;

	ck_assert_ptr_nonnull(gmtime_r(&now, &utc));
	year = utc.tm_year + 1900 + _i;
	/* In the next century both readings are within 50 years: the RFC leaves it open. */
	if (_i > 0 && year / 100 != (utc.tm_year + 1900) / 100)
		return;
	/* Every other weekday is as good: a name that is wrong tells nothing. */
	snprintf(text, sizeof text, "Monday, 01-Jan-%02d 00:00:00 GMT", year % 100);
	ck_assert(http_date_parse(text, &parsed));
	wanted.tm_year = year - 1900;
	ck_assert_msg(parsed == timegm(&wanted), "%s is %lld", text, (long long)parsed);
}
END_TEST

static const struct {
	time_t time;
	const char *text;
} format_cases[] = {
	{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
	{ -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
	{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
	{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
	{ 1769858681, "Sat, 31 Jan 2026 11:24:41 GMT" },
	{ 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT" },
	/* Later there is no form. */
	{ 253402300800, "Thu, 01 Jan 1970 00:00:00 GMT" },
	{ INT64_MAX, "Thu, 01 Jan 1970 00:00:00 GMT" },
	{ INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT" },
	{ -62167219200, "Sat, 01 Jan 0000 00:00:00 GMT" },
	{ -62167219201, "Thu, 01 Jan 1970 00:00:00 GMT" },
};

START_TEST(test_format)
{
	char text[HTTP_DATE_SIZE];

	http_date_format(format_cases[_i].time, text);
	ck_assert_str_eq(text, format_cases[_i].text);
}
END_TEST

/* Each month and weekday by its name, there and back again, whatever the zone of the process. */
START_TEST(test_round)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	char text[HTTP_DATE_SIZE];

	ck_assert_int_eq(setenv("TZ", "Pacific/Auckland", 1), 0);
	tzset();
	for (time_t day = 0; day < 366; day++) {
		time_t time = day * 86400 + 86399;
		time_t parsed = 0;

		http_date_format(time, text);
		ck_assert_uint_eq(strlen(text), HTTP_DATE_SIZE - 1);
		ck_assert_int_eq(strncmp(text, days[day % 7], 3), 0);
		if (day % 31 == 0) /* from 1 January every 31 days: in each month once */
			ck_assert_int_eq(strncmp(text + 8, months[day / 31], 3), 0);
		ck_assert(http_date_parse(text, &parsed));
		ck_assert_int_eq(parsed, time);
	}
}
END_TEST

static Suite *
http_date_suite(void)
{
	Suite *suite = suite_create("http/http_date");
	TCase *years = tcase_create("two digit year");

	tcase_add_loop_test(years, test_two_digit_year, -49, 51);
	suite_add_tcase(suite, years);
	unit_add_loop(suite, "valid", test_valid, UNIT_COUNT(valid_cases));
	unit_add_loop(suite, "invalid", test_invalid, UNIT_COUNT(invalid_cases));
	unit_add_loop(suite, "format", test_format, UNIT_COUNT(format_cases));
	unit_add(suite, "round", test_round);
	return suite;
}

UNIT_MAIN(http_date_suite)
