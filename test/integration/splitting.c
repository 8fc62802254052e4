/*
 * Response splitting: whatever a request or a file's name brings along, the head of the answer has
 * the fields of recordingd and no others, each in one line of its own.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"

#define TOKEN_FIELD "Host: x\r\nX-Auth-Token: " DAEMON_TOKEN "\r\n"

/* Everything that recordingd ever says. */
static const char *const known_fields[] = { "Accept-Ranges", "Allow", "Cache-Control", "Connection",
	"Content-Disposition", "Content-Length", "Content-Range", "Content-Type", "Date", "ETag",
	"Last-Modified", "Link", "Retry-After", "Transfer-Encoding", "Vary", "WWW-Authenticate",
	"X-Accel-Buffering", "X-Accel-Redirect", "X-Request-Id", "X-Total-Count" };

static bool
is_known(const char *line, size_t length)
{
	for (int i = 0; i < HARNESS_COUNT(known_fields); i++) {
		if (strlen(known_fields[i]) == length &&
			strncasecmp(known_fields[i], line, length) == 0)
			return true;
	}
	return false;
}

static void
expect_line(const char *head, const char *line, size_t length, const char *sent)
{
	for (size_t i = 0; i < length; i++)
		ck_assert_msg((unsigned char)line[i] >= 0x20 && (unsigned char)line[i] < 0x7f,
			"%s: byte %02x in the head of the answer: %s", sent, (unsigned char)line[i],
			head);
	ck_assert_msg(
		is_known(line, strcspn(line, ":\r")), "%s: a line of a stranger: %s", sent, head);
}

/* Status line and known fields, none of them twice, without control or foreign characters. */
static void
expect_own_head(const struct reply *reply, const char *sent)
{
	const char *line = strstr(reply->head, "\r\n");

	ck_assert_msg(strncmp(reply->head, "HTTP/1.1 ", 9) == 0 && line != NULL, "%s: %s", sent,
		reply->head);
	for (line += 2; strcmp(line, "\r\n") != 0;) {
		const char *end = strstr(line, "\r\n");
		size_t name = strcspn(line, ":");

		ck_assert_msg(end != NULL, "%s: no end: %s", sent, reply->head);
		expect_line(reply->head, line, (size_t)(end - line), sent);
		for (const char *other = strstr(end, "\r\n"); other != NULL;
			other = strstr(other + 2, "\r\n"))
			ck_assert_msg(strncasecmp(other + 2, line, name + 1) != 0,
				"%s: a field twice: %s", sent, reply->head);
		line = end + 2;
	}
}

/* As they stand in a URL or a body. */
static const char *const payloads[] = {
	"%0d%0aX-Evil:%201",
	"%0D%0A%0D%0A%3Chtml%3E",
	"%0aX-Evil:%201",
	"%0dX-Evil:%201",
	"%0d%0a%20X-Evil:%201",
	"%E5%98%8A%E5%98%8DX-Evil:%201", /* U+560A U+560D: CR LF when cut to bytes */
	"%C4%8D%C4%8AX-Evil:%201",	 /* U+010D U+010A */
	"%E2%80%A8X-Evil:%201",		 /* line separator */
	"%C2%85X-Evil:%201",		 /* next line */
	"%250d%250aX-Evil:%201",
	"%00%0d%0aX-Evil:%201",
	"%0b%0cX-Evil:%201",
	"%22%0d%0aX-Evil:%201%22",
	"%5cr%5cnX-Evil:%201",
	"1%0d%0aX-Evil:%201",
	"%3E;%20rel=%22next%22%0d%0aX-Evil:%201",
};

struct hole {
	const char *method;
	const char *target; /* %s: the payload */
	const char *body;
	const char *field; /* one more, or NULL */
};

/* Every part of every target. */
static const struct hole holes[] = {
	{ "GET", "/%s", NULL, NULL },
	{ "GET", "/recording/%s", NULL, NULL },
	{ "GET", "/recording/health?%s", NULL, NULL },
	{ "GET", "/recording/metrics?%s=1", NULL, NULL },
	{ "GET", "/recording/cel?from=%s", NULL, NULL },
	{ "GET", "/recording/cel?limit=%s", NULL, NULL },
	{ "GET", "/recording/cel?wait=%s", NULL, NULL },
	{ "GET", "/recording/cel?%s=1", NULL, NULL },
	{ "GET", "/recording/cel?limit=%s", NULL, "Accept: text/csv" },
	{ "GET", "/recording/cel/stream?from=%s", NULL, NULL },
	{ "GET", "/recording/last_agent?callerNo=%s", NULL, NULL },
	{ "GET", "/recording/last_agent?callerNo=1&since=%s", NULL, NULL },
	{ "POST", "/recording/records/search?page=%s", "{}", NULL },
	{ "POST", "/recording/records/search?pageSize=%s", "{}", "Accept: text/csv" },
	{ "POST", "/recording/records/search?pageSize=1&after=%s", "{}", "Accept: text/csv" },
	{ "POST", "/recording/records/search?pageSize=1&%s", "{}", "Accept: text/csv" },
	{ "POST", "/recording/records/callid_search?callid=%s", "", NULL },
	{ "POST", "/recording/history?size=%s", "{'interface':'SIP/az9kf7'}", NULL },
	{ "POST", "/recording/history?days=%s", "{'interface':'SIP/az9kf7'}", "Accept: text/csv" },
	{ "POST", "/recording/history/agent?size=%s", "{'agentNum':'1004'}", NULL },
	{ "POST", "/recording/history/customer?%s", "{}", "Accept: text/csv" },
	{ "POST", "/recording/call_data/%s/attached_data", "[{'key':'a','value':'b'}]", NULL },
	{ "POST", "/recording/call_data/1%s/attached_data", "[{'key':'a','value':'b'}]", NULL },
	{ "GET", "/recording/records/%s/audio/listen", NULL, NULL },
	{ "GET", "/recording/records/%s/audio/download", NULL, NULL },
	{ "GET", "/recording/records/rec-1/audio/%s", NULL, NULL },
	{ "DELETE", "/recording/cel?%s", NULL, NULL },
};

START_TEST(test_hole)
{
	const struct hole *hole = &holes[_i];
	const char *place = strstr(hole->target, "%s");
	const char *const fields[] = { hole->field, NULL };

	fixture_audio("rec-1.wav", "x", 1);
	for (int i = 0; i < HARNESS_COUNT(payloads); i++) {
		char *target = scratch_format("%.*s%s%s", (int)(place - hole->target), hole->target,
			payloads[i], place + 2);

		expect_own_head(
			http_send(&(struct http_request){ .method = hole->method,
				.target = target,
				.body = hole->body == NULL ? NULL : scratch_quotes(hole->body),
				.fields = fields }),
			target);
	}
}
END_TEST

/* Texts of a body come back in JSON and CSV alone. */
START_TEST(test_bodies)
{
	static const char *const bodies[] = { "{'agent':'\\r\\nX-Evil: 1'}",
		"{'\\r\\nX-Evil: 1':'a'}", "{'start':'\\r\\nX-Evil: 1'}",
		"{'direction':'\\u000d\\u000aX-Evil: 1'}",
		"{'key':'\\r\\nX-Evil: 1','value':'\\r\\n\\r\\n'}" };
	static const char *const fields[] = { "Accept: text/csv", NULL };

	for (int i = 0; i < HARNESS_COUNT(bodies); i++) {
		expect_own_head(
			http_post("/recording/records/search?pageSize=1", bodies[i]), bodies[i]);
		expect_own_head(http_send(&(struct http_request){
					.target = "/recording/records/search?pageSize=1",
					.body = scratch_quotes(bodies[i]),
					.fields = fields }),
			bodies[i]);
	}
}
END_TEST

/* Fields that have a say in the answer, or come back in it. */
static const char *const request_fields[] = { "X-Request-Id", "X-Forwarded-For", "Accept", "Range",
	"If-Range", "If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since",
	"Last-Event-ID", "Authorization", "Connection", "Origin", "User-Agent", "Referer" };

/* In the bytes of a field's value; what is no HTTP is refused and the connection closed. */
static const struct {
	const char *value;
	bool is_refused;
} values[] = {
	{ "a\rX-Evil: 1", true },
	{ "a\nX-Evil: 1", true },
	{ "a\r\n X-Evil: 1", true },
	{ "a\r\n\tX-Evil: 1", true },
	{ "a\r\r\nX-Evil: 1", true },
	{ "a\vX-Evil: 1", true },
	{ "a\x7fX-Evil: 1", true },
	{ "a\x1fX-Evil: 1", true },
	{ "a%0d%0aX-Evil: 1", false },
	{ "a\\r\\nX-Evil: 1", false },
	{ "a\xe5\x98\x8a\xe5\x98\x8dX-Evil: 1", false },
	{ "a\xc2\x85X-Evil: 1", false },
	{ "a\x8d\x8aX-Evil: 1", false },
	{ "\"a\", W/\"b\x8d\x8a\"", false },
};

START_TEST(test_field)
{
	fixture_audio("rec-1.wav", "0123456789", 10);
	for (int i = 0; i < HARNESS_COUNT(values); i++) {
		const char *text = scratch_format(
			"GET /recording/records/rec-1/audio/download HTTP/1.1\r\n" TOKEN_FIELD
			"%s: %s\r\n\r\n",
			request_fields[_i], values[i].value);
		const struct reply *reply = raw_exchange(text);

		expect_own_head(reply, text);
		ck_assert_msg((reply->status == 400) == values[i].is_refused, "%s: %ld", text,
			reply->status);
	}
}
END_TEST

/* A NUL ends no line, and hides nothing behind it. */
START_TEST(test_nul)
{
	static const char text[] = "GET /recording/health HTTP/1.1\r\nHost: x\r\n"
				   "X-Request-Id: a\0\r\nX-Evil: 1\r\n\r\n";
	struct raw_client *client = raw_open();
	const struct reply *reply;

	ck_assert(raw_send_bytes(client, text, sizeof text - 1));
	reply = raw_reply(client, 5000);
	ck_assert_ptr_nonnull(reply);
	expect_status(reply, 400);
	expect_own_head(reply, "NUL");
}
END_TEST

static char *
percent_encoded(const char *text)
{
	char *encoded = scratch_new(3 * strlen(text) + 1);

	for (size_t i = 0; text[i] != '\0'; i++)
		sprintf(encoded + 3 * i, "%%%02X", (unsigned char)text[i]);
	return encoded;
}

/* In every way that a name is sent: as it is, and for nginx to send the file. */
static void
expect_name(const char *name)
{
	const char *id = percent_encoded(name);
	static const char *const actions[] = { "result", "listen", "download" };

	for (int i = 0; i < HARNESS_COUNT(actions); i++) {
		const char *target = scratch_format(
			"/recording/records/%s/audio/%s", id, actions[i]);
		const struct reply *reply = http_get(target);

		expect_status(reply, 200);
		expect_own_head(reply, target);
	}
}

/* A file that somebody has put there may be called anything that is UTF-8. */
static void
try_names(void)
{
	static const char *const names[] = { "two\r\nX-Evil: 1", "\r\n\r\n<html>", "\n", "\r",
		"a\"; filename=\"b", "a\"\r\nX-Evil: 1\"", "\xe5\x98\x8a\xe5\x98\x8d",
		"\xc4\x8d\xc4\x8aX-Evil: 1", "\xc2\x85", "\xe2\x80\xa8", "a;b=c", "a,b", "'",
		"%0d%0a", "%" };

	for (int i = 0; i < HARNESS_COUNT(names); i++) {
		fixture_audio(scratch_format("%s.wav", names[i]), "x", 1);
		expect_name(names[i]);
	}
	for (int byte = 1; byte < 0x80; byte++) {
		if (byte == '/' || byte == '\\')
			continue;
		fixture_audio(scratch_format("n%c1.wav", byte), "x", 1);
		expect_name(scratch_format("n%c1", byte));
	}
}

START_TEST(test_names)
{
	try_names();
}
END_TEST

START_TEST(test_names_for_nginx)
{
	daemon_restart("audio.accel_prefix", "/recordings/", NULL);
	try_names();
	ck_assert_ptr_nonnull(
		reply_field(http_get("/recording/records/n%0A1/audio/listen"), "X-Accel-Redirect"));
}
END_TEST

static Suite *
splitting_suite(void)
{
	Suite *suite = suite_create("splitting");

	harness_add_loop(suite, "hole", test_hole, HARNESS_COUNT(holes));
	harness_add(suite, "bodies", test_bodies);
	harness_add_loop(suite, "field", test_field, HARNESS_COUNT(request_fields));
	harness_add(suite, "NUL", test_nul);
	harness_add(suite, "names", test_names);
	harness_add(suite, "names for nginx", test_names_for_nginx);
	return suite;
}

HARNESS_MAIN(splitting_suite)
