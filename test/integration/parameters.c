/* What is refused in the URL of each request: unknown, repeated, missing and wrong parameters. */
#include <stdlib.h>
#include <string.h>

#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"

struct endpoint_row {
	const char *method;
	const char *path;
	const char *parameters; /* needed ones, "" or "a=b&" */
	const char *body;	/* NULL: none */
};

static const struct endpoint_row endpoints[] = {
	{ "POST", "/recording/records/search", "", "{}" },
	{ "POST", "/recording/records/callid_search", "callid=1&", NULL },
	{ "GET", "/recording/records/rec-1/audio/result", "", NULL },
	{ "GET", "/recording/records/rec-1/audio/listen", "", NULL },
	{ "GET", "/recording/records/rec-1/audio/download", "", NULL },
	{ "POST", "/recording/call_data/1/attached_data", "", "[{'key':'x','value':'y'}]" },
	{ "POST", "/recording/history", "", "{'interface':'SIP/az9kf7'}" },
	{ "POST", "/recording/history/agent", "", "{'agentNum':'1004'}" },
	{ "POST", "/recording/history/customer", "", "{}" },
	{ "GET", "/recording/last_agent", "callerNo=1&", NULL },
	{ "GET", "/recording/cel", "", NULL },
	{ "GET", "/recording/health", "", NULL },
};

static const struct reply *
send_row(const struct endpoint_row *row, const char *more)
{
	return http_send(&(struct http_request){ .method = row->method,
		.target = scratch_format("%s?%s%s", row->path, row->parameters, more),
		.body = row->body == NULL ? NULL : scratch_quotes(row->body) });
}

START_TEST(test_unknown)
{
	expect_error(send_row(&endpoints[_i], "bogus=1"), 400, "unknown_field", "bogus", NULL);
	expect_error(send_row(&endpoints[_i], "bogus"), 400, "unknown_field", "bogus", NULL);
}
END_TEST

struct number_row {
	int endpoint; /* index in endpoints[] */
	const char *name;
	const char *minimum;
	const char *maximum;
	const char *above;
};

static const struct number_row numbers[] = {
	{ 0, "page", "1", "2147483647", "2147483648" },
	{ 0, "pageSize", "1", "1000", "1001" },
	{ 6, "size", "1", "1000", "1001" },
	{ 6, "days", "0", "36500", "36501" },
	{ 7, "size", "1", "1000", "1001" },
	{ 7, "days", "0", "36500", "36501" },
	{ 9, "since", "0", "36500", "36501" },
	{ 10, "from", "0", "2147483647", "2147483648" },
	{ 10, "limit", "1", "10000", "10001" },
};

/* None of them is a whole number of the contract's range. */
static const char *const bad_numbers[] = { "", "-1", "-0", "+5", "%2B5", "abc", "1.5", "1e2",
	"0x10", "5%20", "%205", "+", "1%00", "%00", "99999999999999999999", "18446744073709551617",
	"4294967297", "-9223372036854775809", "%D9%A1", "%FF", "1,000", "NaN", "null" };

static const struct reply *
send_number(const struct number_row *row, const char *value)
{
	return send_row(&endpoints[row->endpoint], scratch_format("%s=%s", row->name, value));
}

START_TEST(test_number)
{
	const struct number_row *row = &numbers[_i];
	bool from_one = strcmp(row->minimum, "1") == 0;
	long good = row->endpoint == 9 ? 404 : 200;

	expect_status(send_number(row, row->minimum), good);
	expect_status(send_number(row, row->maximum), good);
	expect_error(send_number(row, row->above), 400, "invalid_parameter", row->name, NULL);
	if (from_one)
		expect_error(send_number(row, "0"), 400, "invalid_parameter", row->name, NULL);
	for (size_t i = 0; i < sizeof bad_numbers / sizeof bad_numbers[0]; i++) {
		const struct reply *reply = send_number(row, bad_numbers[i]);

		ck_assert_msg(reply->status == 400, "%s=%s: %ld", row->name, bad_numbers[i],
			reply->status);
		expect_error(reply, 400, "invalid_parameter", row->name, NULL);
	}
	expect_error(send_number(row, scratch_format("1&%s=1", row->name)), 400,
		"invalid_parameter", row->name, NULL);
}
END_TEST

struct refused_row {
	int endpoint;
	const char *target;
	const char *word; /* in the message */
};

static const struct refused_row refused[] = {
	{ 1, "/recording/records/callid_search", "callid" },
	{ 1, "/recording/records/callid_search?callid=%FF", "callid" },
	{ 1, "/recording/records/callid_search?callid=%ED%A0%80", "callid" },
	{ 1, "/recording/records/callid_search?callid=%C0%80", "callid" },
	{ 1, "/recording/records/callid_search?callid=a%00b", "callid" },
	{ 6, "/recording/history?size=1&days=1", "days" },
	{ 9, "/recording/last_agent", "callerNo" },
	{ 9, "/recording/last_agent?since=1", "callerNo" },
	{ 9, "/recording/last_agent?callerNo=1&callerNo=1", "callerNo" },
	{ 9, "/recording/last_agent?callerNo=%F4%90%80%80", "callerNo" },
	{ 9, "/recording/last_agent?callerNo=%00", "callerNo" },
};

START_TEST(test_refused)
{
	const struct endpoint_row *row = &endpoints[refused[_i].endpoint];

	expect_error(http_send(&(struct http_request){ .method = row->method,
			     .target = refused[_i].target,
			     .body = row->body == NULL ? NULL : scratch_quotes(row->body) }),
		400, "invalid_parameter", refused[_i].word, NULL);
}
END_TEST

/* A bad escape cannot be decoded: which of the 400 it is, the contract leaves open. */
START_TEST(test_bad_escape)
{
	static const char *const targets[] = { "/recording/cel?limit=%", "/recording/cel?limit=%1",
		"/recording/cel?limit=%zz", "/recording/cel?%=1", "/recording/cel?limit=1%" };

	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
		expect_status(http_get(targets[i]), 400);
}
END_TEST

/* Parameter names are exact. */
START_TEST(test_names)
{
	expect_error(http_get("/recording/cel?Limit=1"), 400, "unknown_field", "Limit", NULL);
	expect_error(http_get("/recording/cel?limit%20=1"), 400, "unknown_field", NULL);
	expect_error(http_post("/recording/records/search?pagesize=1", "{}"), 400, "unknown_field",
		"pagesize", NULL);
	expect_error(http_get("/recording/last_agent?callerno=1"), 400, "unknown_field", "callerno",
		NULL);
	/* not a name at all: which of the two codes, the contract leaves open */
	expect_status(http_get("/recording/cel?%FF=1"), 400);
}
END_TEST

static Suite *
parameters_suite(void)
{
	Suite *suite = suite_create("parameters");

	harness_add_loop(suite, "unknown", test_unknown, HARNESS_COUNT(endpoints));
	harness_add_loop(suite, "number", test_number, HARNESS_COUNT(numbers));
	harness_add_loop(suite, "refused", test_refused, HARNESS_COUNT(refused));
	harness_add(suite, "bad escape", test_bad_escape);
	harness_add(suite, "names", test_names);
	return suite;
}

HARNESS_MAIN(parameters_suite)
