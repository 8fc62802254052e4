/* Query strings: form-decoding, what is refused with which code, and that nothing passes twice. */
#include "api/parameters.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

enum { PARAMETER_CALLER, PARAMETER_CALLID, PARAMETER_SIZE, PARAMETER_SINCE, PARAMETER_COUNT };

static const struct field fields[PARAMETER_COUNT] = {
	[PARAMETER_CALLER] = { .name = "callerNo", .type = FIELD_PHONE },
	[PARAMETER_CALLID] = { .name = "call id", .type = FIELD_TEXT },
	[PARAMETER_SIZE] = { .name = "size",
		.type = FIELD_INTEGER,
		.minimum = 1,
		.maximum_setting = offsetof(struct api_settings, history_max_size) },
	[PARAMETER_SINCE] = { .name = "since", .type = FIELD_TIMESTAMP },
};

static const struct field required[] = {
	{ .name = "callid", .type = FIELD_TEXT, .is_required = true },
};

static const struct endpoint endpoint = { .parameters = fields,
	.parameter_count = PARAMETER_COUNT };
static const struct endpoint endpoint_required = { .parameters = required, .parameter_count = 1 };
static const struct endpoint endpoint_bare = { 0 };

static const struct api_settings settings = { .history_max_size = 100 };
static struct api api = { .settings = &settings };
static struct error error;

/* Only what decoding looks at; query_text is the caller's to free. */
static void
prepare(struct exchange *exchange, const struct endpoint *of)
{
	memset(exchange, 0, sizeof *exchange);
	exchange->api = &api;
	exchange->endpoint = of;
}

static const struct {
	const char *query;
	const char *caller;
	const char *call_id;
	int64_t size;
	const char *since;
} cases[] = {
	{ NULL, NULL, NULL, 0, NULL },
	{ "", NULL, NULL, 0, NULL },
	{ "&", NULL, NULL, 0, NULL },
	{ "&&size=1&&", NULL, NULL, 1, NULL },
	{ "size=100", NULL, NULL, 100, NULL },
	{ "%73ize=%31%30", NULL, NULL, 10, NULL },
	{ "callerNo=1002&size=2", "1002", NULL, 2, NULL },
	{ "size=2&callerNo=1002", "1002", NULL, 2, NULL },

	/* '+' is a blank, and a leading blank of a phone number a '+'. */
	{ "callerNo=+33155", "+33155", NULL, 0, NULL },
	{ "callerNo=%2B33155", "+33155", NULL, 0, NULL },
	{ "callerNo=%2b33155", "+33155", NULL, 0, NULL },
	{ "callerNo=%2033155", "+33155", NULL, 0, NULL },
	{ "callerNo=1+2", "1 2", NULL, 0, NULL },
	{ "call+id=+a+b+", NULL, " a b ", 0, NULL },
	{ "call%20id=a%2Bb", NULL, "a+b", 0, NULL },

	/* Escapes are decoded once, and what they stand for separates nothing. */
	{ "call+id=%2541", NULL, "%41", 0, NULL },
	{ "call+id=a%26size%3D5", NULL, "a&size=5", 0, NULL },
	{ "call+id=a=b==", NULL, "a=b==", 0, NULL },
	{ "call+id=a;b", NULL, "a;b", 0, NULL },
	{ "call+id=J%C3%B6", NULL, "J\xc3\xb6", 0, NULL },
	{ "call+id=J\xc3\xb6", NULL, "J\xc3\xb6", 0, NULL },
	{ "since=2026-01-31", NULL, NULL, 0, "2026-01-31 00:00:00" },
	{ "since=2026-01-31+08:30:00", NULL, NULL, 0, "2026-01-31 08:30:00" },
	{ "since=2026-01-31T08%3A30%3A00", NULL, NULL, 0, "2026-01-31 08:30:00" },
};

static void
check_value(const struct field_value *value, const char *expected)
{
	ck_assert_int_eq(value->is_present, expected != NULL);
	if (expected != NULL)
		ck_assert_str_eq(value->text, expected);
}

START_TEST(test_decode)
{
	struct exchange exchange;
	bool is_right;

	prepare(&exchange, &endpoint);
	is_right = parameters_decode(&exchange, cases[_i].query, &error);
	ck_assert_msg(is_right, "%s: %s", cases[_i].query, error.message);
	check_value(&exchange.parameters[PARAMETER_CALLER], cases[_i].caller);
	check_value(&exchange.parameters[PARAMETER_CALLID], cases[_i].call_id);
	check_value(&exchange.parameters[PARAMETER_SINCE], cases[_i].since);
	ck_assert_int_eq(exchange.parameters[PARAMETER_SIZE].is_present, cases[_i].size != 0);
	ck_assert_int_eq(exchange.parameters[PARAMETER_SIZE].integer, cases[_i].size);
	free(exchange.query_text);
}
END_TEST

static const struct {
	const struct endpoint *endpoint;
	const char *query;
	enum error_code code;
	const char *name; /* in the message */
} refused_cases[] = {
	{ &endpoint, "x=1", ERROR_UNKNOWN_FIELD, "\"x\"" },
	{ &endpoint, "x", ERROR_UNKNOWN_FIELD, "\"x\"" },
	{ &endpoint, "=1", ERROR_UNKNOWN_FIELD, "\"\"" },
	{ &endpoint, "=", ERROR_UNKNOWN_FIELD, "\"\"" },
	{ &endpoint, "Size=1", ERROR_UNKNOWN_FIELD, "size" },
	{ &endpoint, "size%00=1", ERROR_UNKNOWN_FIELD, "URL parameter" },
	{ &endpoint, "%FF=1", ERROR_UNKNOWN_FIELD, "URL parameter" },
	{ &endpoint, "%=1", ERROR_UNKNOWN_FIELD, "URL parameter" },
	{ &endpoint_bare, "size=1", ERROR_UNKNOWN_FIELD, "\"size\"" },
	{ &endpoint, "size=1&size=1", ERROR_INVALID_PARAMETER, "size" },
	{ &endpoint, "size=1&%73ize=2", ERROR_INVALID_PARAMETER, "size" },
	{ &endpoint, "callerNo=1&size=1&callerNo=2", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "size=", ERROR_INVALID_PARAMETER, "size must be a whole number" },
	{ &endpoint, "size", ERROR_INVALID_PARAMETER, "size must be a whole number" },
	{ &endpoint, "size=0", ERROR_INVALID_PARAMETER, "from 1 to 100" },
	{ &endpoint, "size=101", ERROR_INVALID_PARAMETER, "from 1 to 100" },
	{ &endpoint, "size=+1", ERROR_INVALID_PARAMETER, "from 1 to 100" },
	{ &endpoint, "size=%2B1", ERROR_INVALID_PARAMETER, "from 1 to 100" },
	{ &endpoint, "callerNo=", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "call+id", ERROR_INVALID_PARAMETER, "call id" },
	{ &endpoint, "since=", ERROR_INVALID_PARAMETER, "since" },
	{ &endpoint, "since=now", ERROR_INVALID_PARAMETER, "since must be a time" },
	{ &endpoint, "callerNo=%", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "callerNo=%4", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "callerNo=%4&size=1", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "callerNo=%zz", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "callerNo=10%", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "callerNo=a%00b", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "callerNo=%C3", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "callerNo=%C0%80", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "callerNo=%ED%A0%80", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint, "callerNo=\xff", ERROR_INVALID_PARAMETER, "callerNo" },
	{ &endpoint_required, NULL, ERROR_INVALID_PARAMETER, "callid" },
	{ &endpoint_required, "", ERROR_INVALID_PARAMETER, "callid" },
	{ &endpoint_required, "callid=", ERROR_INVALID_PARAMETER, "callid" },
};

START_TEST(test_refused)
{
	struct exchange exchange;

	prepare(&exchange, refused_cases[_i].endpoint);
	ck_assert(!parameters_decode(&exchange, refused_cases[_i].query, &error));
	ck_assert_int_eq(error.code, refused_cases[_i].code);
	ck_assert_msg(strstr(error.message, refused_cases[_i].name) != NULL, "%s", error.message);
	free(exchange.query_text);
}
END_TEST

/* Every value keeps its own text, however many pairs there are and however short. */
START_TEST(test_neighbours)
{
	static const struct field letters[] = {
		{ .name = "a", .type = FIELD_TEXT },
		{ .name = "b", .type = FIELD_TEXT },
		{ .name = "c", .type = FIELD_TEXT },
		{ .name = "", .type = FIELD_TEXT },
	};
	static const struct endpoint of = { .parameters = letters, .parameter_count = 4 };
	struct exchange exchange;

	prepare(&exchange, &of);
	ck_assert(parameters_decode(&exchange, "a=1&=4&b=%32&c=3", &error));
	ck_assert_str_eq(exchange.parameters[0].text, "1");
	ck_assert_str_eq(exchange.parameters[1].text, "2");
	ck_assert_str_eq(exchange.parameters[2].text, "3");
	ck_assert_str_eq(exchange.parameters[3].text, "4");
	free(exchange.query_text);
}
END_TEST

static Suite *
parameters_suite(void)
{
	Suite *suite = suite_create("api/parameters");

	unit_add_loop(suite, "decode", test_decode, UNIT_COUNT(cases));
	unit_add_loop(suite, "refused", test_refused, UNIT_COUNT(refused_cases));
	unit_add(suite, "neighbours", test_neighbours);
	return suite;
}

UNIT_MAIN(parameters_suite)
