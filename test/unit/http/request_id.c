/* Ids of requests: which may be taken over, and that made ones are unlike each other. */
#include "http/request_id.h"

#include <string.h>

#include "unit.h"

#define SIXTY_FOUR "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *text;
	bool is_well_formed;
} cases[] = {
	{ "a", true },
	{ "4f2a99", true },
	{ "6ba7b810-9dad-11d1-80b4-00c04fd430c8", true },
	{ "Root=1-67891233-abcdef012345678912345678", true },
	{ "a.b_c:d+e/f@g-h", true },
	{ SIXTY_FOUR, true },
	{ SIXTY_FOUR "0", false },
	{ "", false },
	{ "a b", false },
	{ "a,b", false },
	{ "a\tb", false },
	{ "a\"b", false },
	{ "a\\b", false },
	{ "a\nb", false },
	{ "a%0Ab", false },
	{ "a;b", false },
	{ "<a>", false },
	{ "\xC3\xA4", false },
	{ "\x7F", false },
};

START_TEST(test_well_formed)
{
	ck_assert_msg(request_id_is_well_formed(cases[_i].text) == cases[_i].is_well_formed,
		"\"%s\"", cases[_i].text);
}
END_TEST

START_TEST(test_made)
{
	char first[REQUEST_ID_SIZE];
	char last[REQUEST_ID_SIZE];
	char id[REQUEST_ID_SIZE];

	request_id_make(first);
	strcpy(last, first);
	for (int i = 0; i < 70000; i++) {
		request_id_make(id);
		/* In order, so that all are different. */
		ck_assert_int_gt(strcmp(id, last), 0);
		ck_assert_uint_eq(strlen(id), 28);
		ck_assert_uint_eq(strspn(id, "0123456789abcdef"), 28);
		strcpy(last, id);
	}
	ck_assert_int_eq(memcmp(first, last, 16), 0);
	ck_assert(request_id_is_well_formed(id));
}
END_TEST

static Suite *
request_id_suite(void)
{
	Suite *suite = suite_create("http/request_id");

	unit_add_loop(suite, "well formed", test_well_formed, UNIT_COUNT(cases));
	unit_add(suite, "made", test_made);
	return suite;
}

UNIT_MAIN(request_id_suite)
