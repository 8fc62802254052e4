/* Values against the rows that declare them: every type, every bound, and the words of refusals. */
#include "api/field.h"

#include <stdio.h>
#include <string.h>

#include "api/settings.h"
#include "base/utf8.h"
#include "unit.h"

static const char *const directions[] = { "incoming", "outgoing", "all", NULL };
static const char *const one_choice[] = { "only", NULL };

enum {
	FIELD_PAGE,
	FIELD_PAGE_SIZE,
	FIELD_DAYS,
	FIELD_AGENT,
	FIELD_CALLER,
	FIELD_START,
	FIELD_DIRECTION,
	FIELD_ONLY,
	FIELD_FILTERS,
	FIELD_COUNT,
};

static const struct field fields[FIELD_COUNT] = {
	[FIELD_PAGE] = { .name = "page",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum = FIELD_NUMBER_MAX },
	[FIELD_PAGE_SIZE] = { .name = "pageSize",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum_setting = offsetof(struct api_settings, records_max_page_size) },
	[FIELD_DAYS] = { .name = "days", .type = FIELD_INTEGER, .maximum = FIELD_DAYS_MAX },
	[FIELD_AGENT] = { .name = "agent", .type = FIELD_TEXT, .is_required = true },
	[FIELD_CALLER] = { .name = "caller", .type = FIELD_PHONE },
	[FIELD_START] = { .name = "start", .type = FIELD_TIMESTAMP },
	[FIELD_DIRECTION] = { .name = "direction", .type = FIELD_CHOICE, .choices = directions },
	[FIELD_ONLY] = { .name = "only", .type = FIELD_CHOICE, .choices = one_choice },
	[FIELD_FILTERS] = { .name = "filters", .type = FIELD_ARRAY },
};

static const struct api_settings settings = {
	.records_default_page_size = 10,
	.records_max_page_size = 50,
	.history_max_size = 60,
};

static const char *const allowed[FIELD_COUNT] = {
	[FIELD_PAGE] = "page must be a whole number from 1 to 2147483647",
	[FIELD_PAGE_SIZE] = "pageSize must be a whole number from 1 to 50",
	[FIELD_DAYS] = "days must be a whole number from 0 to 36500",
};

static struct error error;

START_TEST(test_find)
{
	ck_assert_uint_eq(field_find(fields, FIELD_COUNT, fields[_i].name), (size_t)_i);
}
END_TEST

START_TEST(test_find_none)
{
	static const char *const names[] = { "", "Page", "pag", "pages", "PAGESIZE", " page" };

	for (int i = 0; i < UNIT_COUNT(names); i++)
		ck_assert_uint_eq(field_find(fields, FIELD_COUNT, names[i]), FIELD_COUNT);
	ck_assert_uint_eq(field_find(fields, FIELD_PAGE, "page"), 0);
	ck_assert_uint_eq(field_find(NULL, 0, "page"), 0);
}
END_TEST

static const struct {
	int field;
	int64_t given;
	bool is_right;
} integer_cases[] = {
	{ FIELD_PAGE, 1, true },
	{ FIELD_PAGE, 0, false },
	{ FIELD_PAGE, -1, false },
	{ FIELD_PAGE, 2147483647, true },
	{ FIELD_PAGE, 2147483648, false },
	{ FIELD_PAGE, 4294967297, false },
	{ FIELD_PAGE, INT64_MAX, false },
	{ FIELD_PAGE, INT64_MIN, false },
	{ FIELD_PAGE_SIZE, 0, false },
	{ FIELD_PAGE_SIZE, 1, true },
	{ FIELD_PAGE_SIZE, 50, true }, /* the setting */
	{ FIELD_PAGE_SIZE, 51, false },
	{ FIELD_DAYS, 0, true },
	{ FIELD_DAYS, 36500, true },
	{ FIELD_DAYS, 36501, false },
	{ FIELD_DAYS, -1, false },
};

START_TEST(test_integer)
{
	const struct field *field = &fields[integer_cases[_i].field];
	struct field_value value = { 0 };

	ck_assert_int_eq(
		field_check_integer(field, &settings, integer_cases[_i].given, &value, &error),
		integer_cases[_i].is_right);
	ck_assert_int_eq(value.is_present, integer_cases[_i].is_right);
	if (integer_cases[_i].is_right) {
		ck_assert_int_eq(value.integer, integer_cases[_i].given);
	} else {
		ck_assert_int_eq(error.code, ERROR_INVALID_PARAMETER);
		ck_assert_str_eq(error.message, allowed[integer_cases[_i].field]);
	}
}
END_TEST

/* A number is no value for any other type. */
START_TEST(test_integer_of_other_type)
{
	for (int i = FIELD_AGENT; i < FIELD_COUNT; i++) {
		struct field_value value = { 0 };

		ck_assert(!field_check_integer(&fields[i], &settings, 1, &value, &error));
		ck_assert_int_eq(error.code, ERROR_INVALID_PARAMETER);
		ck_assert(!value.is_present);
	}
}
END_TEST

static const struct {
	int field;
	const char *text;
	int64_t integer;
} digits_cases[] = {
	{ FIELD_PAGE, "1", 1 },
	{ FIELD_PAGE, "10", 10 },
	{ FIELD_PAGE, "007", 7 },
	{ FIELD_PAGE, "2147483647", 2147483647 },
	{ FIELD_PAGE_SIZE, "50", 50 },
	{ FIELD_DAYS, "0", 0 },
};

START_TEST(test_digits)
{
	struct field_value value = { 0 };

	ck_assert(field_check_text(
		&fields[digits_cases[_i].field], &settings, digits_cases[_i].text, &value, &error));
	ck_assert(value.is_present);
	ck_assert_int_eq(value.integer, digits_cases[_i].integer);
}
END_TEST

static const struct {
	int field;
	const char *text;
	const char *expected;
} text_cases[] = {
	{ FIELD_AGENT, "dalton", "dalton" },
	{ FIELD_AGENT, "", "" },
	{ FIELD_AGENT, " a ", " a " },
	{ FIELD_AGENT, "J\xc3\xb6", "J\xc3\xb6" },
	{ FIELD_CALLER, "+33155", "+33155" },
	{ FIELD_CALLER, " 33155", " 33155" }, /* only a URL turns '+' into a blank */
	{ FIELD_CALLER, "10%", "10%" },
	{ FIELD_START, "2026-01-31", "2026-01-31 00:00:00" },
	{ FIELD_START, "2026-01-31T08:30:00", "2026-01-31 08:30:00" },
	{ FIELD_START, "2026-01-31 08:30:00", "2026-01-31 08:30:00" },
	{ FIELD_DIRECTION, "incoming", "incoming" },
	{ FIELD_DIRECTION, "all", "all" },
	{ FIELD_ONLY, "only", "only" },
};

START_TEST(test_text)
{
	struct field_value value = { 0 };

	ck_assert(field_check_text(
		&fields[text_cases[_i].field], &settings, text_cases[_i].text, &value, &error));
	ck_assert(value.is_present);
	ck_assert_str_eq(value.text, text_cases[_i].expected);
}
END_TEST

#define NOT_A_PAGE  "page must be a whole number from 1 to 2147483647"
#define NOT_A_START "start must be a time such as 2026-01-31 or 2026-01-31 08:30:00"
#define NO_CHOICE   "direction must be incoming, outgoing or all"

static const struct {
	int field;
	const char *text;
	const char *message;
} refused_cases[] = {
	{ FIELD_PAGE, "", NOT_A_PAGE },
	{ FIELD_PAGE, "0", NOT_A_PAGE },
	{ FIELD_PAGE, "-1", NOT_A_PAGE },
	{ FIELD_PAGE, "+1", NOT_A_PAGE },
	{ FIELD_PAGE, " 1", NOT_A_PAGE },
	{ FIELD_PAGE, "1 ", NOT_A_PAGE },
	{ FIELD_PAGE, "1.0", NOT_A_PAGE },
	{ FIELD_PAGE, "1e1", NOT_A_PAGE },
	{ FIELD_PAGE, "0x1", NOT_A_PAGE },
	{ FIELD_PAGE, "one", NOT_A_PAGE },
	{ FIELD_PAGE, "1,000", NOT_A_PAGE },
	{ FIELD_PAGE, "\xd9\xa1", NOT_A_PAGE }, /* an Arabic one */
	{ FIELD_PAGE, "2147483648", NOT_A_PAGE },
	{ FIELD_PAGE, "18446744073709551617", NOT_A_PAGE }, /* 1, if it wrapped around */
	{ FIELD_PAGE, "99999999999999999999999999999999999999999999", NOT_A_PAGE },
	{ FIELD_PAGE_SIZE, "51", "pageSize must be a whole number from 1 to 50" },
	{ FIELD_DAYS, "36501", "days must be a whole number from 0 to 36500" },
	{ FIELD_START, "", NOT_A_START },
	{ FIELD_START, "yesterday", NOT_A_START },
	{ FIELD_START, "2026-02-30", NOT_A_START },
	{ FIELD_START, "2026-01-31 24:00:00", NOT_A_START },
	{ FIELD_DIRECTION, "", NO_CHOICE },
	{ FIELD_DIRECTION, "Incoming", NO_CHOICE },
	{ FIELD_DIRECTION, "in", NO_CHOICE },
	{ FIELD_DIRECTION, "incoming,outgoing", NO_CHOICE },
	{ FIELD_ONLY, "other", "only must be only" },
	{ FIELD_FILTERS, "[]", "filters must be an array" },
};

START_TEST(test_refused)
{
	const struct field *field = &fields[refused_cases[_i].field];
	struct field_value value = { 0 };
	bool is_right = field_check_text(field, &settings, refused_cases[_i].text, &value, &error);

	ck_assert_msg(!is_right, "%s \"%s\"", field->name, refused_cases[_i].text);
	ck_assert(!value.is_present);
	ck_assert_int_eq(error.code, ERROR_INVALID_PARAMETER);
	ck_assert_str_eq(error.message, refused_cases[_i].message);
}
END_TEST

/* Whatever the type, a refusal names the field. */
START_TEST(test_refuse)
{
	size_t length = strlen(fields[_i].name);

	ck_assert(!field_refuse(&fields[_i], &settings, &error));
	ck_assert_int_eq(error.code, ERROR_INVALID_PARAMETER);
	ck_assert_int_eq(strncmp(error.message, fields[_i].name, length), 0);
	ck_assert_int_eq(strncmp(error.message + length, " must be ", 9), 0);
}
END_TEST

START_TEST(test_unknown)
{
	ck_assert(!field_refuse_unknown(fields, FIELD_COUNT, "field", "agnet", &error));
	ck_assert_int_eq(error.code, ERROR_UNKNOWN_FIELD);
	ck_assert_ptr_nonnull(strstr(error.message, "no field \"agnet\""));
	for (int i = 0; i < FIELD_COUNT; i++)
		ck_assert_ptr_nonnull(strstr(error.message, fields[i].name));
	ck_assert(!field_refuse_unknown(NULL, 0, "URL parameter", "x", &error));
	ck_assert_int_eq(error.code, ERROR_UNKNOWN_FIELD);
	ck_assert_ptr_nonnull(strstr(error.message, "no URL parameter \"x\""));
}
END_TEST

/* A message is UTF-8 even where a long name is cut: at no length may half a character be left. */
START_TEST(test_unknown_long_name)
{
	static const char *const characters[] = { "x", "\xc3\xa4", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80" };

	for (size_t before = 0; before < 4; before++) {
		char name[512] = "aaa";

		name[before] = '\0';
		for (int i = 0; i < 100; i++)
			strcat(name, characters[_i]);
		ck_assert(!field_refuse_unknown(fields, FIELD_COUNT, "field", name, &error));
		ck_assert_msg(
			utf8_is_valid(error.message, strlen(error.message)), "%s", error.message);
		ck_assert_ptr_nonnull(strstr(error.message, "allowed: page, pageSize"));
	}
}
END_TEST

START_TEST(test_required)
{
	struct field_value values[FIELD_COUNT] = { 0 };

	ck_assert(!field_check_required(fields, FIELD_COUNT, values, &error));
	ck_assert_int_eq(error.code, ERROR_INVALID_PARAMETER);
	ck_assert_ptr_nonnull(strstr(error.message, "agent"));
	values[FIELD_PAGE].is_present = true;
	ck_assert(!field_check_required(fields, FIELD_COUNT, values, &error));
	values[FIELD_AGENT].is_present = true;
	ck_assert(field_check_required(fields, FIELD_COUNT, values, &error));
	ck_assert(field_check_required(fields, FIELD_AGENT, values, &error));
	ck_assert(field_check_required(NULL, 0, NULL, &error));
}
END_TEST

static Suite *
field_suite(void)
{
	Suite *suite = suite_create("api/field");

	unit_add_loop(suite, "find", test_find, FIELD_COUNT);
	unit_add(suite, "find none", test_find_none);
	unit_add_loop(suite, "integer", test_integer, UNIT_COUNT(integer_cases));
	unit_add(suite, "integer of other type", test_integer_of_other_type);
	unit_add_loop(suite, "digits", test_digits, UNIT_COUNT(digits_cases));
	unit_add_loop(suite, "text", test_text, UNIT_COUNT(text_cases));
	unit_add_loop(suite, "refused", test_refused, UNIT_COUNT(refused_cases));
	unit_add_loop(suite, "refuse", test_refuse, FIELD_COUNT);
	unit_add(suite, "unknown", test_unknown);
	unit_add_loop(suite, "unknown long name", test_unknown_long_name, 4);
	unit_add(suite, "required", test_required);
	return suite;
}

UNIT_MAIN(field_suite)
