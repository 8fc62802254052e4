#include "base/timestamp.h"

#include <string.h>

#define DATE_LENGTH 10
#define FULL_LENGTH 19

/* A 0 in the pattern stands for a digit, every other character for itself. */
static bool
matches(const char *text, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, text++) {
		if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern)
			return false;
	}
	return *text == '\0';
}

static int
number_at(const char *digits, int count)
{
	int number = 0;

	for (int i = 0; i < count; i++)
		number = number * 10 + (digits[i] - '0');
	return number;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool
date_exists(const char *date)
{
	int year = number_at(date, 4);
	int month = number_at(date + 5, 2);
	int day = number_at(date + 8, 2);

	return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days_in_month(year, month);
}

static bool
time_exists(const char *time)
{
	return number_at(time, 2) <= 23 && number_at(time + 3, 2) <= 59 &&
	       number_at(time + 6, 2) <= 59;
}

bool
timestamp_normalise(const char *text, char out[static TIMESTAMP_SIZE])
{
	bool date_only = matches(text, "0000-00-00");

	if (!date_only && !matches(text, "0000-00-00 00:00:00") &&
		!matches(text, "0000-00-00T00:00:00"))
		return false;
	if (!date_exists(text) || (!date_only && !time_exists(text + DATE_LENGTH + 1)))
		return false;
	memcpy(out, text, DATE_LENGTH);
	memcpy(out + DATE_LENGTH, " 00:00:00", FULL_LENGTH - DATE_LENGTH + 1);
	if (!date_only)
		memcpy(out + DATE_LENGTH + 1, text + DATE_LENGTH + 1,
			FULL_LENGTH - DATE_LENGTH - 1);
	return true;
}
