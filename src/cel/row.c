#include "cel/row.h"

#include <arpa/inet.h>
#include <endian.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "statements.h"

/* The longest value that is not text: a timestamp with microseconds, or a 64 bit number. */
#define VALUE_MAX 32

/* PostgreSQL counts microseconds from 2000-01-01, day 730425 of the proleptic calendar. */
#define MICROSECONDS_PER_DAY INT64_C(86400000000)
#define DAYS_FROM_0000_03_01 INT64_C(730425)
#define DAYS_PER_ERA	     INT64_C(146097)

const struct db_statement cel_statement = {
	.name = "cel",
	.text = sql_cel,
	.lane = DB_LANE_SHORT,
	.binary = true,
};

enum cel_type {
	CEL_TEXT,
	CEL_INTEGER,
	CEL_TIME,
};

struct cel_column {
	const char *key; /* with all punctuation before the value */
	size_t key_length;
	enum cel_type type;
};

#define COLUMN(separator, name, type)                                                             \
	{                                                                                         \
		separator "\"" name "\":\"", sizeof separator "\"" name "\":\"" - 1, type         \
	}

static const struct cel_column columns[CEL_COLUMNS] = {
	COLUMN("{", "id", CEL_INTEGER),
	COLUMN("\",", "eventtype", CEL_TEXT),
	COLUMN("\",", "eventtime", CEL_TIME),
	COLUMN("\",", "userdeftype", CEL_TEXT),
	COLUMN("\",", "cid_name", CEL_TEXT),
	COLUMN("\",", "cid_num", CEL_TEXT),
	COLUMN("\",", "cid_ani", CEL_TEXT),
	COLUMN("\",", "cid_rdnis", CEL_TEXT),
	COLUMN("\",", "cid_dnid", CEL_TEXT),
	COLUMN("\",", "exten", CEL_TEXT),
	COLUMN("\",", "context", CEL_TEXT),
	COLUMN("\",", "channame", CEL_TEXT),
	COLUMN("\",", "appname", CEL_TEXT),
	COLUMN("\",", "appdata", CEL_TEXT),
	COLUMN("\",", "amaflags", CEL_INTEGER),
	COLUMN("\",", "accountcode", CEL_TEXT),
	COLUMN("\",", "peeraccount", CEL_TEXT),
	COLUMN("\",", "uniqueid", CEL_TEXT),
	COLUMN("\",", "linkedid", CEL_TEXT),
	COLUMN("\",", "userfield", CEL_TEXT),
	COLUMN("\",", "peer", CEL_TEXT),
	COLUMN("\",", "call_log_id", CEL_INTEGER),
	COLUMN("\",", "extra", CEL_TEXT),
};

/* XiVO has integer and bigint ids in the field. */
static bool
read_integer(const char *bytes, int length, int64_t *number)
{
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (length) {
	case 2:
		memcpy(&two, bytes, sizeof two);
		*number = (int16_t)be16toh(two);
		return true;
	case 4:
		memcpy(&four, bytes, sizeof four);
		*number = (int32_t)be32toh(four);
		return true;
	case 8:
		memcpy(&eight, bytes, sizeof eight);
		*number = (int64_t)be64toh(eight);
		return true;
	default:
		return false;
	}
}

/* Writes a number of so many digits, with zeros in front. */
static char *
write_digits(char *out, uint32_t number, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		out[i] = (char)('0' + number % 10);
		number /= 10;
	}
	return out + digits;
}

/*
 * The calendar date of a day counted from 0000-03-01 in eras of 400 years; years begin in March, so
 * that the leap day is the last of a year. The month lengths from March on repeat as 153 days in
 * five months.
 */
static char *
write_date(char *out, int64_t day)
{
	int64_t era = (day >= 0 ? day : day - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	uint32_t day_of_era = (uint32_t)(day - era * DAYS_PER_ERA);
	uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524
				       - day_of_era / 146096)
		/ 365;
	uint32_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint32_t march_month = (5 * day_of_year + 2) / 153;
	uint32_t month = march_month < 10 ? march_month + 3 : march_month - 9;
	int64_t year = (int64_t)year_of_era + era * 400 + (month <= 2);

	if (year < 10000)
		out = write_digits(out, (uint32_t)year, 4);
	else
		out += sprintf(out, "%" PRId64, year);
	*out++ = '-';
	out = write_digits(out, month, 2);
	*out++ = '-';
	return write_digits(out, day_of_year - (153 * march_month + 2) / 5 + 1, 2);
}

/* "YYYY-MM-DD HH:MM:SS.ffffff"; PostgreSQL's ends of time by their names. */
static bool
write_time(char **out, const char *bytes, int length)
{
	int64_t microseconds;
	int64_t day;
	int64_t rest;

	if (length != 8 || !read_integer(bytes, length, &microseconds))
		return false;
	if (microseconds == INT64_MAX || microseconds == INT64_MIN) {
		const char *name = microseconds == INT64_MAX ? "infinity" : "-infinity";

		*out = stpcpy(*out, name);
		return true;
	}
	day = microseconds / MICROSECONDS_PER_DAY;
	rest = microseconds % MICROSECONDS_PER_DAY;
	if (rest < 0) {
		rest += MICROSECONDS_PER_DAY;
		day--;
	}
	*out = write_date(*out, day + DAYS_FROM_0000_03_01);
	*(*out)++ = ' ';
	*out = write_digits(*out, (uint32_t)(rest / 3600000000), 2);
	*(*out)++ = ':';
	*out = write_digits(*out, (uint32_t)(rest / 60000000 % 60), 2);
	*(*out)++ = ':';
	*out = write_digits(*out, (uint32_t)(rest / 1000000 % 60), 2);
	*(*out)++ = '.';
	*out = write_digits(*out, (uint32_t)(rest % 1000000), 6);
	return true;
}

static bool
write_integer(char **out, const char *bytes, int length)
{
	int64_t number;
	uint64_t left;
	char digits[24];
	size_t count = 0;

	if (!read_integer(bytes, length, &number))
		return false;
	left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	do {
		digits[count++] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		*(*out)++ = '-';
	while (count > 0)
		*(*out)++ = digits[--count];
	return true;
}

/* NULL is an empty string, as every value is one. */
static bool
write_value(char **out, const struct cel_column *column, const PGresult *result, int row, int index)
{
	const char *bytes = PQgetvalue(result, row, index);
	int length = PQgetlength(result, row, index);

	if (length == 0)
		return column->type == CEL_TEXT || PQgetisnull(result, row, index) == 1;
	switch (column->type) {
	case CEL_INTEGER:
		return write_integer(out, bytes, length);
	case CEL_TIME:
		return write_time(out, bytes, length);
	case CEL_TEXT:
		break;
	}
	*out = json_escape(*out, bytes, (size_t)length);
	return true;
}

/* Room a row takes at most, so that the writer is asked once. */
static size_t
row_bytes_max(const PGresult *result, int row)
{
	size_t size = sizeof "\"}";

	for (int i = 0; i < CEL_COLUMNS; i++) {
		size += columns[i].key_length + VALUE_MAX
			+ (size_t)PQgetlength(result, row, i) * 6;
	}
	return size;
}

bool
cel_row_write(struct json_writer *writer, const PGresult *result, int row)
{
	char *out = json_reserve(writer, row_bytes_max(result, row));

	for (int i = 0; i < CEL_COLUMNS; i++) {
		memcpy(out, columns[i].key, columns[i].key_length);
		out += columns[i].key_length;
		if (!write_value(&out, &columns[i], result, row, i))
			return false;
	}
	*out++ = '"';
	*out++ = '}';
	writer->next = out;
	return true;
}
