/* Numbers with wildcards: only '%' stands for anything, whatever else LIKE knows. */
#include "calls/pattern.h"

#include "unit.h"

static const struct {
	const char *number;
	const char *pattern;
	bool has_wildcard;
} cases[] = {
	{ "", "", false },
	{ "1002", "1002", false },
	{ "+33155", "+33155", false },
	{ "*10", "*10", false },
	{ "%", "%", true },
	{ "%02", "%02", true },
	{ "10%", "10%", true },
	{ "1%2", "1%2", true },
	{ "%%", "%%", true },
	{ "1_2", "1\\_2", false },
	{ "_", "\\_", false },
	{ "__%__", "\\_\\_%\\_\\_", true },
	{ "\\", "\\\\", false },
	{ "10\\", "10\\\\", false },
	{ "\\%", "\\\\%", true }, /* a backslash and then anything */
	{ "\\_", "\\\\\\_", false },
	{ "a'b\"c;--", "a'b\"c;--", false },
	{ "j\xc3\xa4rv", "j\xc3\xa4rv", false },
};

START_TEST(test_pattern)
{
	char *pattern = pattern_for_like(cases[_i].number);

	ck_assert_str_eq(pattern, cases[_i].pattern);
	ck_assert_int_eq(pattern_has_wildcard(cases[_i].number), cases[_i].has_wildcard);
	free(pattern);
}
END_TEST

/* Three digits in a row, or two where the number begins or ends. */
static const struct {
	const char *pattern;
	bool has_trigram;
} trigram_cases[] = {
	{ "", false },
	{ "%", false },
	{ "%1%", false },
	{ "%12%", false },
	{ "%123%", true },
	{ "%1%2%3%", false },
	{ "%12%34%", false },
	{ "%12%345%", true },
	{ "12%", true },
	{ "%12", true },
	{ "1%", false },
	{ "%1", false },
	{ "1%2", false },
	{ "1%23", true },
	{ "12%3", true },
	{ "+33%", false }, /* what is no digit is no word */
	{ "+331%", true },
	{ "1\\_2%", false },
	{ "a%b", false },
};

START_TEST(test_trigram)
{
	ck_assert_int_eq(
		pattern_has_trigram(trigram_cases[_i].pattern), trigram_cases[_i].has_trigram);
}
END_TEST

/* Four digits that all such numbers begin with, or fewer and nothing better. */
static const struct {
	const char *pattern;
	bool has_prefix;
} prefix_cases[] = {
	{ "", false },
	{ "%", false },
	{ "%0142%", false },
	{ "014%2", true }, /* no trigram behind it */
	{ "014%234", false },
	{ "014%23", false },
	{ "014%23%", true },
	{ "+%", true },
	{ "0142%", true },
	{ "+331%", true },
	{ "0142%777", true },
	{ "014\\_2%", true },
	{ "\\_0142%", false },
	{ "014a%", true },
	{ "a014%", false },
};

START_TEST(test_prefix)
{
	ck_assert_int_eq(pattern_has_prefix(prefix_cases[_i].pattern), prefix_cases[_i].has_prefix);
}
END_TEST

/* Less than three digits in a row. */
static const struct {
	const char *pattern;
	bool is_weak;
} weak_cases[] = {
	{ "%", true },
	{ "%58", true },
	{ "04%2", true },
	{ "%12%34%", true },
	{ "+3%3", true },
	{ "014%", false },
	{ "+331%", false },
	{ "%020%", false },
	{ "%1%234", false },
};

START_TEST(test_weak)
{
	ck_assert_int_eq(pattern_is_weak(weak_cases[_i].pattern), weak_cases[_i].is_weak);
}
END_TEST

static Suite *
pattern_suite(void)
{
	Suite *suite = suite_create("calls/pattern");

	unit_add_loop(suite, "pattern", test_pattern, UNIT_COUNT(cases));
	unit_add_loop(suite, "trigram", test_trigram, UNIT_COUNT(trigram_cases));
	unit_add_loop(suite, "prefix", test_prefix, UNIT_COUNT(prefix_cases));
	unit_add_loop(suite, "weak", test_weak, UNIT_COUNT(weak_cases));
	return suite;
}

UNIT_MAIN(pattern_suite)
