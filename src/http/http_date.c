#include "http/http_date.h"

#include <stdio.h>
#include <string.h>

static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

static const char *const long_days[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
	"Friday", "Saturday" };

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
	"Oct", "Nov", "Dec" };

void
http_date_format(time_t time, char text[static HTTP_DATE_SIZE])
{
	struct tm utc;

	/* Times before the year 0 or after 9999 have no form; no file has them. */
	if (gmtime_r(&time, &utc) == NULL || utc.tm_year < -1900 || utc.tm_year > 8099) {
		time = 0;
		(void)gmtime_r(&time, &utc);
	}
	/* Not strftime: its names follow the locale. The remainders tell the compiler the sizes. */
	snprintf(text, HTTP_DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday],
		utc.tm_mday % 100, months[utc.tm_mon], (utc.tm_year + 1900) % 10000,
		utc.tm_hour % 100, utc.tm_min % 100, utc.tm_sec % 100);
}

/* Each of these reads one piece, moves on and says whether it was there. */
static bool
take(const char **text, const char *literal)
{
	size_t length = strlen(literal);

	if (strncmp(*text, literal, length) != 0)
		return false;
	*text += length;
	return true;
}

static bool
take_name(const char **text, const char *const *names, int count, int *index)
{
	for (*index = 0; *index < count; (*index)++) {
		if (take(text, names[*index]))
			return true;
	}
	return false;
}

static bool
take_digits(const char **text, int digits, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

static bool
take_time_of_day(const char **text, struct tm *utc)
{
	return take_digits(text, 2, &utc->tm_hour) && take(text, ":") &&
	       take_digits(text, 2, &utc->tm_min) && take(text, ":") &&
	       take_digits(text, 2, &utc->tm_sec);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool
parse_fixdate(const char *text, struct tm *utc)
{
	return take_name(&text, days, 7, &utc->tm_wday) && take(&text, ", ") &&
	       take_digits(&text, 2, &utc->tm_mday) && take(&text, " ") &&
	       take_name(&text, months, 12, &utc->tm_mon) && take(&text, " ") &&
	       take_digits(&text, 4, &utc->tm_year) && take(&text, " ") &&
	       take_time_of_day(&text, utc) && take(&text, " GMT") && *text == '\0';
}

/* A year of two digits that seems more than 50 years ahead is in the past. */
static int
full_year(int two_digits)
{
	time_t now = time(NULL);
	struct tm utc;
	int year;

	if (gmtime_r(&now, &utc) == NULL)
		return 1900 + two_digits;
	year = (utc.tm_year + 1900) / 100 * 100 + two_digits;
	return year > utc.tm_year + 1900 + 50 ? year - 100 : year;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static bool
parse_rfc850(const char *text, struct tm *utc)
{
	if (!take_name(&text, long_days, 7, &utc->tm_wday) || !take(&text, ", ") ||
		!take_digits(&text, 2, &utc->tm_mday) || !take(&text, "-") ||
		!take_name(&text, months, 12, &utc->tm_mon) || !take(&text, "-") ||
		!take_digits(&text, 2, &utc->tm_year) || !take(&text, " ") ||
		!take_time_of_day(&text, utc) || !take(&text, " GMT") || *text != '\0')
		return false;
	utc->tm_year = full_year(utc->tm_year);
	return true;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool
parse_asctime(const char *text, struct tm *utc)
{
	int day_digits = 2;

	if (!take_name(&text, days, 7, &utc->tm_wday) || !take(&text, " ") ||
		!take_name(&text, months, 12, &utc->tm_mon) || !take(&text, " "))
		return false;
	if (take(&text, " "))
		day_digits = 1;
	return take_digits(&text, day_digits, &utc->tm_mday) && take(&text, " ") &&
	       take_time_of_day(&text, utc) && take(&text, " ") &&
	       take_digits(&text, 4, &utc->tm_year) && *text == '\0';
}

bool
http_date_parse(const char *text, time_t *time)
{
	struct tm utc = { 0 };
	struct tm normalised;
	time_t minute;

	if (!parse_fixdate(text, &utc) && !parse_rfc850(text, &utc) && !parse_asctime(text, &utc))
		return false;
	utc.tm_year -= 1900;
	if (utc.tm_hour > 23 || utc.tm_min > 59 || utc.tm_sec > 60)
		return false;
	/* Without its seconds, as a leap second is the next minute's and may move the date. */
	normalised = utc;
	normalised.tm_sec = 0;
	minute = timegm(&normalised);
	/* A day that does not exist comes back as another. */
	if (normalised.tm_mday != utc.tm_mday || normalised.tm_mon != utc.tm_mon)
		return false;
	*time = minute + utc.tm_sec;
	return true;
}
