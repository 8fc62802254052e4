/* Content-Type of RFC 9110, 8.3, and Accept with its weights, 12.4.2 and 12.5.1. */
#include "http/media_type.h"

#include <stddef.h>

#include "unit.h"

static const struct {
	const char *value;
	bool is_json;
} json_cases[] = {
	{ "application/json", true },
	{ "Application/JSON", true },
	{ "text/json", true },
	{ "application/problem+json", true },
	{ "application/vnd.example.v1+JSON", true },
	{ "application/json;charset=utf-8", true },
	{ "application/json; charset=UTF-8", true },
	{ "application/json \t;\t charset=\"utf-8\"", true },
	{ "application/json; charset=utf-8; profile=\"a;b=c\"", true },
	{ "application/json; a=\"\\\"\"", true },
	{ "application/json; a=\"\"", true },
	/* 5.6.6: a parameter may be missing between the semicolons. */
	{ "application/json;", true },
	{ "application/json; ;charset=utf-8;", true },
	{ "application/json ", true },

	{ "", false },
	{ "/", false },
	{ "json", false },
	{ "/json", false },
	{ "application", false },
	{ "application/", false },
	{ "application/jso", false },
	{ "application/json5", false },
	{ "application/jsonl", false },
	{ "application/x-json", false },
	{ "application/+json", false }, /* nothing in front of the suffix */
	{ "application/json+xml", false },
	{ "application/x+json+xml", false },
	{ "text/x+json", false },
	{ "image/json", false },
	{ "xapplication/json", false },
	{ "text/plain", false },
	{ "application/x-www-form-urlencoded", false },
	{ "multipart/form-data; boundary=json", false },
	{ "*/*", false },
	{ "application/*", false },
	{ "application /json", false },
	{ "application/ json", false },
	{ " application/json", false },
	{ "application/json/json", false },
	{ "application/json, text/plain", false },
	{ "application/json, application/json", false },
	{ "application/json charset=utf-8", false },
	{ "application/json; charset", false },
	{ "application/json; charset=", false },
	{ "application/json; =utf-8", false },
	{ "application/json; charset =utf-8", false },
	{ "application/json; charset= utf-8", false },
	{ "application/json; charset=\"utf-8", false },
	{ "application/json; charset=\"utf-8\\\"", false },
	{ "application/json; charset=\"utf-8\\", false },
	{ "application/json; charset=\"utf\"-8", false },
	{ "application/json; charset=utf-8 x", false },
	{ "application/json; charset=utf/8", false },
	{ "application/j\xc3\xb6son", false },
};

START_TEST(test_json)
{
	ck_assert_msg(media_type_is_json(json_cases[_i].value) == json_cases[_i].is_json, "\"%s\"",
		json_cases[_i].value);
}
END_TEST

#define WANTED "application/x-ndjson"

/* How much WANTED is wanted. */
static const struct {
	const char *accept;
	unsigned quality;
} quality_cases[] = {
	{ NULL, 1000 },
	{ WANTED, 1000 },
	{ "Application/X-NDJSON", 1000 },
	{ "application/*", 1000 },
	{ "APPLICATION/*", 1000 },
	{ "*/*", 1000 },
	{ "application/json", 0 },
	{ "text/*", 0 },
	{ "application/x-ndjson5", 0 },
	{ "application/x-ndjso", 0 },
	{ "application/x", 0 },
	{ "*", 0 },
	{ "*/x-ndjson", 0 },
	{ "app/*", 0 },

	/* 12.4.2: 0 to 1 with up to three decimals. */
	{ WANTED ";q=1", 1000 },
	{ WANTED ";q=1.000", 1000 },
	{ WANTED ";q=0", 0 },
	{ WANTED ";q=0.", 0 },
	{ WANTED ";q=0.000", 0 },
	{ WANTED ";q=0.5", 500 },
	{ WANTED ";q=0.25", 250 },
	{ WANTED ";q=0.125", 125 },
	{ WANTED ";q=0.001", 1 },
	{ WANTED ";q=0.999", 999 },
	{ WANTED ";Q=0.5", 500 },
	{ WANTED " ; q=0.5", 500 },
	{ WANTED ";\tq=0.5", 500 },
	{ WANTED "; charset=utf-8; q=0.5", 500 },
	{ WANTED ";;q=0.5", 500 },
	{ WANTED ";seq=0.1;q=0.5", 500 },
	/* What is no number counts as 1. */
	{ WANTED ";q=", 1000 },
	{ WANTED ";q=x", 1000 },
	{ WANTED ";q=2", 1000 },
	{ WANTED ";q", 1000 },
	{ WANTED ";", 1000 },

	/* The range that names it most closely decides, wherever it stands (12.5.1). */
	{ "text/html, " WANTED, 1000 },
	{ "*/*;q=0.1, " WANTED ";q=0.7", 700 },
	{ WANTED ";q=0.7, */*;q=0.1", 700 },
	{ "application/*;q=0.3, */*;q=0.9", 300 },
	{ "*/*;q=0.9, application/*;q=0.3", 300 },
	{ "application/*, " WANTED ";q=0", 0 },
	{ "*/*, application/*;q=0", 0 },
	{ "text/*;q=0.4, */*;q=0.2", 200 },
	{ "application/json;q=0.4," WANTED ";q=0.6", 600 },
	{ "application/json, text/plain;q=0.4", 0 },
	/* A weight belongs to its own range. */
	{ WANTED ", text/html;q=0.2", 1000 },
	{ "text/html;q=0.2, " WANTED, 1000 },
	/* Empty elements of the list (5.6.1). */
	{ ",, " WANTED ";q=0.5 ,,", 500 },
	{ "", 0 },
};

START_TEST(test_quality)
{
	ck_assert_msg(
		media_type_quality(quality_cases[_i].accept, WANTED) == quality_cases[_i].quality,
		"%s: %u", quality_cases[_i].accept,
		media_type_quality(quality_cases[_i].accept, WANTED));
}
END_TEST

static Suite *
media_type_suite(void)
{
	Suite *suite = suite_create("http/media_type");

	unit_add_loop(suite, "json", test_json, UNIT_COUNT(json_cases));
	unit_add_loop(suite, "quality", test_quality, UNIT_COUNT(quality_cases));
	return suite;
}

UNIT_MAIN(media_type_suite)
