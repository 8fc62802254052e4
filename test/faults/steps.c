#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/cel_rows.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/sql.h"

/* Channel events: so many with ids from 16 on, and then from here, where no other number has them.
 */
#define EVENTS	   300
#define NEXT_EVENT 77000001

/* What is attached to a call: numbers from here on. */
#define NEXT_VALUE 88000001

/* Its line in the file of tokens holds only its SHA-256. */
#define CRM_TOKEN "crm-0123456789abcdef0123456789abcdef"
#define CRM_LINE                                                                                   \
	"crm records sha256:f163eb6ebefb25c39a6f9194cb43af1489a006450648ec17c1889aebae986014\n"

#define CSV   "Accept: text/csv\r\n"
#define LINES "Accept: application/x-ndjson\r\n"

static long access_log_bytes;

static long
next_value(void)
{
	static long value = NEXT_VALUE;

	return value++;
}

/* Both or neither, and what was answered is there. */
static const char *
check_attached(const struct talk *talk, long number)
{
	/* One look, as the transaction of a request that was refused may still go on. */
	long written = sql_number(
		"SELECT CASE WHEN min(value) = max(value) AND count(*) = 2 THEN max(value)"
		" WHEN count(*) = 0 THEN '0' ELSE '-1' END FROM attached_data"
		" WHERE id_call_data = 2 AND key IN ('fault-one', 'fault-two')");

	if (written < 0)
		return "one pair of two was written";
	if (talk->count > 0 && talk->answers[0].status == 201 && written != number)
		return "what was acknowledged is not there";
	return NULL;
}

static long
next_event(void)
{
	return sql_number("SELECT last_value + is_called::int FROM cel_id_seq");
}

static void
insert_event(long number)
{
	(void)number;
	sql_run(CEL_INSERT);
}

static long
access_log_mark(void)
{
	access_log_bytes = (long)strlen(scratch_file(harness_path("victim.access.log")));
	return 0;
}

/* Whoever was given the bytes is in the log. */
static const char *
check_access(const struct talk *talk, long number)
{
	const char *log = scratch_file(harness_path("victim.access.log")) + access_log_bytes;
	const char *line;

	(void)number;
	if (talk->count == 0 || talk->answers[0].status / 100 != 2)
		return NULL;
	line = strstr(log, "\"file_id\":\"fault\"");
	return line == NULL || strstr(line, "}\n") == NULL ? "the access log has no line of this"
							   : NULL;
}

const struct step cold_steps[] = {
	{ .name = "health",
		.target = "/recording/health",
		.token = "",
		.status = 200,
		.may_degrade = true },
	{ .name = "health, HEAD",
		.method = "HEAD",
		.target = "/recording/health",
		.status = 200,
		.may_degrade = true },
	{ .name = "metrics", .target = "/recording/metrics", .status = 200, .varies = true },
	{ .name = "search",
		.target = "/recording/records/search?page=1&pageSize=5",
		.body = "{'agent':'Dalton','queue':'3555','direction':'incoming','callee':'35%'}",
		.status = 200 },
	{ .name = "search, all",
		.target = "/recording/records/search?pageSize=50",
		.body = "{}",
		.status = 200 },
	{ .name = "search, CSV",
		.target = "/recording/records/search?pageSize=3",
		.body = "{}",
		.fields = CSV,
		.status = 200 },
	{ .name = "search, status and pair",
		.target = "/recording/records/search",
		.body = "{'queueCallStatus':'answered','key':'color','value':'green','start':"
			"'2024-01-01','end':'2025-01-01T00:00:00'}",
		.status = 200 },
	{ .name = "search by callid",
		.method = "POST",
		.target = "/recording/records/callid_search?callid=1700000021.21",
		.status = 200 },
	{ .name = "audio, result",
		.target = "/recording/records/fault/audio/result",
		.status = 200,
		.number = access_log_mark,
		.check = check_access },
	{ .name = "audio, result of Ogg",
		.target = "/recording/records/opus/audio/result",
		.status = 200 },
	{ .name = "audio, listen",
		.target = "/recording/records/fault/audio/listen",
		.status = 200,
		.number = access_log_mark,
		.check = check_access },
	{ .name = "audio, Range",
		.target = "/recording/records/fault/audio/listen",
		.fields = "Range: bytes=1000-150000\r\n",
		.status = 206,
		.number = access_log_mark,
		.check = check_access },
	{ .name = "audio, download",
		.target = "/recording/records/opus/audio/download",
		.status = 200 },
	{ .name = "audio, HEAD",
		.method = "HEAD",
		.target = "/recording/records/fault/audio/listen",
		.status = 200 },
	{ .name = "audio, unchanged",
		.target = "/recording/records/fault/audio/listen",
		.fields = "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n",
		.status = 304 },
	{ .name = "audio, outside the file",
		.target = "/recording/records/fault/audio/listen",
		.fields = "Range: bytes=99999999-\r\n",
		.status = 416 },
	{ .name = "audio, none",
		.target = "/recording/records/nothing/audio/listen",
		.status = 404 },
	{ .name = "attached data",
		.target = "/recording/call_data/2/attached_data",
		.body = "[{'key':'fault-one','value':'{n}'},{'key':'fault-two','value':'{n}'}]",
		.status = 201,
		.number = next_value,
		.check = check_attached },
	{ .name = "attached data of no call",
		.target = "/recording/call_data/999999/attached_data",
		.body = "[{'key':'a','value':'b'}]",
		.status = 404 },
	{ .name = "history",
		.target = "/recording/history?size=5",
		.body = "{'interface':'SIP/az9kf7'}",
		.status = 200 },
	{ .name = "history by days",
		.target = "/recording/history?days=36500",
		.body = "{'interface':'SIP/bz1'}",
		.status = 200 },
	{ .name = "history, CSV",
		.target = "/recording/history?size=5",
		.body = "{'interface':'SIP/az9kf7'}",
		.fields = CSV,
		.status = 200 },
	{ .name = "history of an agent",
		.target = "/recording/history/agent?size=5&days=36500",
		.body = "{'agentNum':'1004'}",
		.status = 200 },
	{ .name = "history of a customer",
		.target = "/recording/history/customer",
		.body = "{'filters':[{'field':'src_num','operator':'=','value':'0655000001'}],"
			"'size':3}",
		.status = 200 },
	{ .name = "history of a customer by pairs",
		.target = "/recording/history/customer",
		.body = "{'filters':[{'field':'key','operator':'=','value':'tier'},{'field':"
			"'value','operator':'>','value':'gold'}]}",
		.status = 200 },
	{ .name = "last agent",
		.target = "/recording/last_agent?callerNo=0612345678&since=36500",
		.status = 200 },
	{ .name = "last agent, none", .target = "/recording/last_agent?callerNo=0", .status = 404 },
	{ .name = "channel events", .target = "/recording/cel?from=10&limit=3", .status = 200 },
	{ .name = "channel events, a page",
		.target = "/recording/cel?from=16&limit=200",
		.status = 200 },
	{ .name = "channel events, none",
		.target = "/recording/cel?from=2000000000",
		.status = 200 },
	{ .name = "channel events, lines",
		.target = "/recording/cel?from=10&limit=20",
		.fields = LINES,
		.status = 200 },
	{ .name = "channel events, CSV",
		.target = "/recording/cel?from=10&limit=20",
		.fields = CSV,
		.status = 200 },
	{ .name = "channel events, waited for",
		.target = "/recording/cel?from={n}&wait=5",
		.status = 200,
		.number = next_event,
		.act = insert_event },
	{ .name = "channel events, a stream",
		.target = "/recording/cel/stream?from={n}",
		.status = 200,
		.number = next_event,
		.act = insert_event,
		.until = "'extra':''}\n\n\r\n" },
	{ .name = "a kept connection",
		.raw = "GET /recording/cel?from=10&limit=2 HTTP/1.1\r\nHost: a\r\nX-Auth-Token: "
		       "" DAEMON_TOKEN "\r\n\r\nPOST /recording/history HTTP/1.1\r\nHost: a\r\n"
		       "X-Auth-Token: " DAEMON_TOKEN "\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n"
		       "{\"interfa\r\nf\r\nce\":\"SIP/az9kf7\r\n2\r\n\"}\r\n0\r\n\r\nGET "
		       "/recording/last_agent?callerNo=0612345678&since=36500 HTTP/1.0\r\n"
		       "Authorization: Bearer " DAEMON_TOKEN "\r\n\r\n",
		.status = 200,
		.answers = 3 },
	{ .name = "a body that is announced",
		.target = "/recording/history/agent?days=36500",
		.body = "{'agentNum':'1004'}",
		.fields = "Expect: 100-continue\r\n",
		.awaits_word = true,
		.status = 200 },
	{ .name = "no token", .target = "/recording/cel", .token = "", .status = 401 },
	{ .name = "a token without the scope",
		.target = "/recording/cel",
		.token = CRM_TOKEN,
		.status = 403 },
	{ .name = "a token with the scope",
		.target = "/recording/records/search?pageSize=1",
		.body = "{}",
		.token = CRM_TOKEN,
		.status = 200 },
	{ .name = "no such path", .target = "/recording/nothing", .status = 404 },
	{ .name = "no such method", .method = "DELETE", .target = "/recording/cel", .status = 405 },
	{ .name = "no such format",
		.target = "/recording/last_agent?callerNo=1",
		.fields = "Accept: image/png\r\n",
		.status = 406 },
	{ .name = "no JSON",
		.target = "/recording/history",
		.body = "{'interface':}",
		.status = 400 },
	{ .name = "an unknown field",
		.target = "/recording/history",
		.body = "{'interfaces':'a'}",
		.status = 400 },
	{ .name = "an unknown parameter", .target = "/recording/cel?form=1", .status = 400 },
	{ .name = "a wrong type",
		.target = "/recording/history/customer",
		.body = "{'size':'x'}",
		.status = 400 },
	{ .name = "a body of another type",
		.target = "/recording/history",
		.body = "a",
		.fields = "Content-Type: text/plain\r\n",
		.status = 415 },
	{ .name = "too large a body",
		.raw = "POST /recording/history HTTP/1.1\r\nHost: a\r\nX-Auth-Token: " DAEMON_TOKEN
		       "\r\nContent-Length: 100000000\r\n\r\n",
		.status = 413 },
	{ .name = "no HTTP", .raw = "nonsense\r\n\r\n", .status = 400 },
};
const size_t cold_step_count = sizeof cold_steps / sizeof *cold_steps;

const struct step warm_steps[] = {
	{ .name = "remembered channel events, a page",
		.target = "/recording/cel?from=16&limit=200",
		.status = 200 },
	{ .name = "remembered channel events, a few",
		.target = "/recording/cel?from=20&limit=5",
		.status = 200 },
	{ .name = "remembered channel events, CSV",
		.target = "/recording/cel?from=16&limit=100",
		.fields = CSV,
		.status = 200 },
	{ .name = "audio, by a proxy",
		.target = "/recording/records/fault/audio/listen",
		.status = 200,
		.number = access_log_mark,
		.check = check_access },
};
const size_t warm_step_count = sizeof warm_steps / sizeof *warm_steps;

#define PAGE                                                                                       \
	"GET /recording/cel?from=16&limit=200 HTTP/1.1\r\nHost: a\r\nX-Auth-Token: " DAEMON_TOKEN  \
	"\r\n\r\n"

const struct step twice_steps[] = {
	{ .name = "channel events, asked for again",
		.raw = PAGE PAGE PAGE,
		.answers = 3,
		.status = 200,
		.pause_ms = 350 },
};
const size_t twice_step_count = sizeof twice_steps / sizeof *twice_steps;

static void
write_tokens(void)
{
	FILE *file = fopen(harness_path("tokens"), "w");

	if (file == NULL || fchmod(fileno(file), 0600) != 0 || fputs(CRM_LINE, file) < 0 ||
		fclose(file) != 0)
		harness_fail("the tokens cannot be written");
}

/* An Opus file of 48 kHz and two channels: nothing behind its identification header. */
static void
write_opus(void)
{
	static const char head[64] = "OggS\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\23"
				     "OpusHead\1\2\0\0\x80\xbb\0\0";

	fixture_audio("opus.opus", head, sizeof head);
}

void
steps_prepare(void)
{
	cel_rows_clear_end();
	cel_rows_insert(EVENTS, "LINK");
	sql_runf("SELECT setval('cel_id_seq', %d)", NEXT_EVENT);
	write_tokens();
	write_opus();
	fixture_wav("fault.wav", 8000, 1, 100000);
}

static char *
with_number(const char *text, long number)
{
	char *result = scratch_format("%s", text);
	char *at;

	while ((at = strstr(result, "{n}")) != NULL)
		result = scratch_format("%.*s%ld%s", (int)(at - result), result, number, at + 3);
	return result;
}

char *
step_text(const struct step *step, long number)
{
	const char *token = step->token == NULL ? DAEMON_TOKEN : step->token;
	const char *fields = step->fields == NULL ? "" : step->fields;
	const char *method = step->method;
	const char *body = step->body == NULL ? "" : step->body;

	if (step->raw != NULL)
		return scratch_format("%s", step->raw);
	if (method == NULL)
		method = step->body == NULL ? "GET" : "POST";
	body = with_number(scratch_quotes(body), number);
	return scratch_format("%s %s HTTP/1.1\r\nHost: a\r\n%s%s%s%sContent-Length: %zu\r\n\r\n%s",
		method, with_number(step->target, number),
		*token == '\0' ? "" : "X-Auth-Token: ", token, *token == '\0' ? "" : "\r\n", fields,
		strlen(body), body);
}
