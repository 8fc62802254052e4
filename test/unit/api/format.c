/* Which format an Accept field wants of those there are. */
#include "api/format.h"

#include <string.h>

#include "unit.h"

#define NONE  0U
#define CSV   FORMAT_BIT(FORMAT_CSV)
#define LINES FORMAT_BIT(FORMAT_LINES)

/* In place of a format: none is acceptable. */
#define REFUSED FORMAT_COUNT

static const struct {
	const char *accept;
	unsigned offered;
	enum format format;
} cases[] = {
	/* Who says nothing gets JSON, whatever there is. */
	{ NULL, NONE, FORMAT_JSON },
	{ NULL, CSV | LINES, FORMAT_JSON },
	{ "", NONE, FORMAT_JSON },
	{ "", CSV, FORMAT_JSON },
	{ " \t", CSV, FORMAT_JSON },
	{ ", ,", CSV, FORMAT_JSON },
	{ "*/*", CSV | LINES, FORMAT_JSON },
	{ "application/*", CSV | LINES, FORMAT_JSON },
	{ "application/json", CSV, FORMAT_JSON },
	{ "application/json; charset=utf-8", NONE, FORMAT_JSON },
	{ "text/html,application/xhtml+xml,*/*;q=0.8", CSV, FORMAT_JSON },

	{ "text/csv", CSV, FORMAT_CSV },
	{ "Text/CSV; header=present", CSV, FORMAT_CSV },
	{ "text/*", CSV, FORMAT_CSV },
	{ "text/csv;q=0.001", CSV, FORMAT_CSV },
	{ "text/html, text/csv;q=0.5", CSV, FORMAT_CSV },
	{ "application/x-ndjson", CSV | LINES, FORMAT_LINES },
	{ "application/x-ndjson", LINES, FORMAT_LINES },
	{ "application/x-ndjson, text/csv;q=0.9", CSV | LINES, FORMAT_LINES },
	{ "application/x-ndjson;q=0.8, text/csv;q=0.9", CSV | LINES, FORMAT_CSV },

	/* Of what is wanted alike, JSON. */
	{ "text/csv, application/json", CSV, FORMAT_JSON },
	{ "text/csv, */*", CSV, FORMAT_JSON },
	{ "text/csv;q=0.5, application/json;q=0.5", CSV, FORMAT_JSON },
	{ "text/csv, application/json;q=0.9", CSV, FORMAT_CSV },
	{ "text/csv, */*;q=0.1", CSV, FORMAT_CSV },
	{ "text/csv;q=0.9, application/json", CSV, FORMAT_JSON },
	{ "*/*, application/json;q=0", CSV, FORMAT_CSV },
	{ "*/*, application/json;q=0, text/csv;q=0", CSV | LINES, FORMAT_LINES },

	/* Not here. */
	{ "text/csv", NONE, REFUSED },
	{ "text/csv", LINES, REFUSED },
	{ "text/*", NONE, REFUSED },
	{ "application/x-ndjson", CSV, REFUSED },
	{ "application/json;q=0", CSV, REFUSED },
	{ "text/csv;q=0", CSV, REFUSED },
	{ "*/*;q=0", CSV | LINES, REFUSED },
	{ "*/*, application/json;q=0", NONE, REFUSED },
	{ "text/html", CSV | LINES, REFUSED },
	{ "image/*, text/plain", CSV | LINES, REFUSED },
	{ "csv", CSV, REFUSED },
};

START_TEST(test_choose)
{
	enum format format = FORMAT_COUNT;
	struct error error = { .code = ERROR_NONE };
	bool is_chosen = format_choose(cases[_i].accept, cases[_i].offered, &format, &error);

	ck_assert_msg(is_chosen == (cases[_i].format != REFUSED), "%s", cases[_i].accept);
	if (is_chosen) {
		ck_assert_msg(format == cases[_i].format, "%s: %d", cases[_i].accept, (int)format);
		return;
	}
	ck_assert_int_eq(error.code, ERROR_NOT_ACCEPTABLE);
	/* It says what there is. */
	ck_assert_ptr_nonnull(strstr(error.message, "application/json"));
	ck_assert((strstr(error.message, "text/csv") != NULL) == ((cases[_i].offered & CSV) != 0));
	ck_assert((strstr(error.message, "application/x-ndjson") != NULL) ==
		  ((cases[_i].offered & LINES) != 0));
}
END_TEST

START_TEST(test_content_type)
{
	ck_assert_str_eq(format_content_type(FORMAT_JSON), "application/json");
	ck_assert_str_eq(
		format_content_type(FORMAT_CSV), "text/csv; charset=utf-8; header=present");
	ck_assert_str_eq(format_content_type(FORMAT_LINES), "application/x-ndjson");
}
END_TEST

static Suite *
format_suite(void)
{
	Suite *suite = suite_create("api/format");

	unit_add_loop(suite, "choose", test_choose, UNIT_COUNT(cases));
	unit_add(suite, "content type", test_content_type);
	return suite;
}

UNIT_MAIN(format_suite)
