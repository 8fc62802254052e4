/* Lists of entity tags: RFC 9110, 8.8.3, and its two comparisons, 8.8.3.2. */
#include "http/entity_tag.h"

#include "unit.h"

static const struct {
	const char *list;
	const char *tag;
	bool strong;
	bool weak;
} cases[] = {
	/* The table of 8.8.3.2, as far as the own tag is strong. */
	{ "W/\"1\"", "\"1\"", false, true },
	{ "\"1\"", "\"1\"", true, true },
	{ "W/\"2\"", "\"1\"", false, false },
	{ "\"2\"", "\"1\"", false, false },

	{ "*", "\"1\"", true, true },
	{ "\"*\"", "\"1\"", false, false },
	{ "\"*\"", "\"*\"", true, true },
	{ "", "\"1\"", false, false },
	{ "\"\"", "\"\"", true, true },
	{ "\"\"", "\"1\"", false, false },

	/* To the letter and over the whole length. */
	{ "\"a\"", "\"A\"", false, false },
	{ "\"ab\"", "\"a\"", false, false },
	{ "\"a\"", "\"ab\"", false, false },

	/* Lists (5.6.1): blanks around, empty elements. */
	{ "\"1\", \"2\", \"3\"", "\"1\"", true, true },
	{ "\"1\", \"2\", \"3\"", "\"2\"", true, true },
	{ "\"1\", \"2\", \"3\"", "\"3\"", true, true },
	{ "\"1\", \"2\", \"3\"", "\"4\"", false, false },
	{ "\"1\",\"2\"", "\"2\"", true, true },
	{ "\"1\" \t,\t \"2\" ", "\"2\"", true, true },
	{ ",, \"1\",, ", "\"1\"", true, true },
	{ "W/\"1\", \"2\"", "\"2\"", true, true },
	{ "\"2\", W/\"1\"", "\"1\"", false, true },
	{ "W/\"1\", \"1\"", "\"1\"", true, true },

	/* etagc has commas, blanks have it not; obs-text and "W/" may be inside. */
	{ "\"a,b\"", "\"a,b\"", true, true },
	{ "\"a,b\"", "\"a\"", false, false },
	{ "\"x,\", \"y\"", "\"y\"", true, true },
	{ "\"\xc3\xa4\"", "\"\xc3\xa4\"", true, true },
	{ "\"W/\"", "\"W/\"", true, true },
	{ "\"a\\\"", "\"a\\\"", true, true }, /* a backslash escapes nothing here */
	{ "\"a b\"", "\"a b\"", false, false },
	{ "\"a\tb\"", "\"a\tb\"", false, false },
	{ "\"a\x7f\"", "\"a\x7f\"", false, false },

	/* Malformed lists match nothing, even when the tag is in them. */
	{ "1", "\"1\"", false, false },
	{ "\"1", "\"1\"", false, false },
	{ "1\"", "\"1\"", false, false },
	{ "'1'", "\"1\"", false, false },
	{ "w/\"1\"", "\"1\"", false, false }, /* case-sensitive */
	{ "W\"1\"", "\"1\"", false, false },
	{ "W/", "\"1\"", false, false },
	{ "W/ \"1\"", "\"1\"", false, false },
	{ "W/W/\"1\"", "\"1\"", false, false },
	{ "\"1\" \"2\"", "\"1\"", false, false },
	{ "\"1\"\"2\"", "\"1\"", false, false },
	{ "\"1\"x", "\"1\"", false, false },
	{ "\"1\", 2", "\"1\"", false, false },
	{ "\"1\", \"2", "\"1\"", false, false },
	{ "\"1\"; \"2\"", "\"1\"", false, false },
	{ "\"1\", *", "\"1\"", false, false },
	{ "*, \"1\"", "\"1\"", false, false },
	{ "**", "\"1\"", false, false },
};

START_TEST(test_list)
{
	ck_assert_msg(
		entity_tag_list_matches(cases[_i].list, cases[_i].tag, false) == cases[_i].strong,
		"strong: %s", cases[_i].list);
	ck_assert_msg(
		entity_tag_list_matches(cases[_i].list, cases[_i].tag, true) == cases[_i].weak,
		"weak: %s", cases[_i].list);
}
END_TEST

static Suite *
entity_tag_suite(void)
{
	Suite *suite = suite_create("http/entity_tag");

	unit_add_loop(suite, "list", test_list, UNIT_COUNT(cases));
	return suite;
}

UNIT_MAIN(entity_tag_suite)
