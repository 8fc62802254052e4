/* Cursors: read back as written, and only with the same bond. */
#include "calls/search_cursor.h"

#include <string.h>

#include "unit.h"

static const char *const texts[] = { "1500", NULL, "a" };
static const struct search_cursor_bond bond = { .secret = "s3cret", .texts = texts, .count = 3 };

static const struct {
	const char *start;
	const char *id;
} places[] = {
	{ "2026-01-31 11:24:41", "5" },
	{ "2026-01-31 11:24:41.123456", "2147483647" },
	{ "2026-01-31 11:24:41.1", "12" },
	{ "0044-03-15 10:00:00.123456 BC", "1" },
	{ "294276-12-31 23:59:59.999999", "-2147483648" },
	{ "", "" },
	{ "-infinity", "0" },
};

START_TEST(test_round_trip)
{
	struct search_cursor cursor;
	char text[SEARCH_CURSOR_SIZE];

	ck_assert(search_cursor_write(&bond, places[_i].start, places[_i].id, text));
	/* Needs no escape in a URL. */
	ck_assert_uint_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_"),
		strlen(text));
	ck_assert(search_cursor_read(&bond, text, &cursor));
	ck_assert_str_eq(cursor.start, places[_i].start);
	ck_assert_str_eq(cursor.id, places[_i].id);
}
END_TEST

START_TEST(test_too_long)
{
	char text[SEARCH_CURSOR_SIZE];

	ck_assert(
		!search_cursor_write(&bond, "0123456789012345678901234567890123456789", "1", text));
	ck_assert(!search_cursor_write(&bond, "2026-01-31 11:24:41", "012345678901", text));
	/* The longest that fit. */
	ck_assert(search_cursor_write(
		&bond, "012345678901234567890123456789012345678", "01234567890", text));
}
END_TEST

static const char *const other_texts[][4] = {
	{ "1501", NULL, "a" },
	{ "1500", "", "a" },
	{ "1500", NULL, "" },
	{ "1500", NULL, NULL },
	{ NULL, "1500", "a" },
	{ "1500", "a", NULL },
	{ "1500a", NULL, "" },
	{ "1500-", "a", NULL },
};

START_TEST(test_other_texts)
{
	struct search_cursor_bond other = {
		.secret = "s3cret", .texts = other_texts[_i], .count = 3
	};
	struct search_cursor cursor;
	char text[SEARCH_CURSOR_SIZE];

	ck_assert(search_cursor_write(&bond, "2026-01-31 11:24:41", "5", text));
	ck_assert(!search_cursor_read(&other, text, &cursor));
}
END_TEST

START_TEST(test_other_secret)
{
	static const char *const secrets[] = { "", "s3cre", "s3cret1", "S3cret" };
	struct search_cursor cursor;
	char text[SEARCH_CURSOR_SIZE];

	ck_assert(search_cursor_write(&bond, "2026-01-31 11:24:41", "5", text));
	for (int i = 0; i < UNIT_COUNT(secrets); i++) {
		struct search_cursor_bond other = bond;

		other.secret = secrets[i];
		ck_assert(!search_cursor_read(&other, text, &cursor));
	}
}
END_TEST

/* Every byte with every other value, and every length. */
START_TEST(test_forged)
{
	struct search_cursor cursor;
	char text[SEARCH_CURSOR_SIZE];
	char forged[SEARCH_CURSOR_SIZE];

	ck_assert(search_cursor_write(&bond, "2026-01-31 11:24:41.5", "512", text));
	for (size_t i = 0; i < strlen(text); i++) {
		for (int byte = 1; byte < 256; byte++) {
			strcpy(forged, text);
			forged[i] = (char)byte;
			ck_assert_int_eq(
				search_cursor_read(&bond, forged, &cursor), forged[i] == text[i]);
		}
		strcpy(forged, text);
		forged[i] = '\0';
		ck_assert(!search_cursor_read(&bond, forged, &cursor));
	}
	strcat(strcpy(forged, text), "A");
	ck_assert(!search_cursor_read(&bond, forged, &cursor));
	strcat(strcpy(forged, text), "=");
	ck_assert(!search_cursor_read(&bond, forged, &cursor));
}
END_TEST

START_TEST(test_no_cursors)
{
	char text[600];
	struct search_cursor cursor;

	for (size_t length = 0; length < sizeof text; length++) {
		memset(text, 'A', length);
		text[length] = '\0';
		ck_assert(!search_cursor_read(&bond, text, &cursor));
		memset(text, '_', length);
		ck_assert(!search_cursor_read(&bond, text, &cursor));
	}
}
END_TEST

static Suite *
search_cursor_suite(void)
{
	Suite *suite = suite_create("calls/search_cursor");

	unit_add_loop(suite, "round trip", test_round_trip, UNIT_COUNT(places));
	unit_add(suite, "too long", test_too_long);
	unit_add_loop(suite, "other texts", test_other_texts, UNIT_COUNT(other_texts));
	unit_add(suite, "other secret", test_other_secret);
	unit_add(suite, "forged", test_forged);
	unit_add(suite, "no cursors", test_no_cursors);
	return suite;
}

UNIT_MAIN(search_cursor_suite)
