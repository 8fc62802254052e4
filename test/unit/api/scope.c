/* Lists of scopes. */
#include "api/scope.h"

#include "unit.h"

static const struct {
	const char *text;
	unsigned scopes; /* 0: refused */
} cases[] = {
	{ "records", 1 },
	{ "audio", 2 },
	{ "history", 4 },
	{ "cel", 8 },
	{ "write", 16 },
	{ "metrics", 32 },
	{ "all", 63 },
	{ "records,audio", 3 },
	{ "audio,records", 3 },
	{ "cel,cel", 8 },
	{ "all,cel", 63 },
	{ "", 0 },
	{ ",", 0 },
	{ "cel,", 0 },
	{ ",cel", 0 },
	{ "cel,,audio", 0 },
	{ "cel, audio", 0 },
	{ "cel audio", 0 },
	{ "Cel", 0 },
	{ "ce", 0 },
	{ "cels", 0 },
	{ "none", 0 },
};

START_TEST(test_parse)
{
	unsigned scopes;
	bool is_parsed = scopes_parse(cases[_i].text, &scopes);

	ck_assert_msg(is_parsed == (cases[_i].scopes != 0), "\"%s\"", cases[_i].text);
	if (is_parsed)
		ck_assert_uint_eq(scopes, cases[_i].scopes);
}
END_TEST

START_TEST(test_name)
{
	ck_assert_str_eq(scope_name(SCOPE_RECORDS), "records");
	ck_assert_str_eq(scope_name(SCOPE_METRICS), "metrics");
	ck_assert_str_eq(scope_name(SCOPE_ALL), "all");
}
END_TEST

static Suite *
scope_suite(void)
{
	Suite *suite = suite_create("api/scope");

	unit_add_loop(suite, "parse", test_parse, UNIT_COUNT(cases));
	unit_add(suite, "name", test_name);
	return suite;
}

UNIT_MAIN(scope_suite)
