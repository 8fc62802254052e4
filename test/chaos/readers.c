#include "readers.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "known.h"
#include "support/harness.h"
#include "support/scratch.h"

/* 300 readers with this pause ask some 600 times a second. */
#define PAUSE_MS (1000 * CLIENTS_SLOWNESS)

#define HISTORY_SIZE 10
#define EVENTS_MAX   300

#define ID_BYTES 32

/* A kind of request: how it is worded, and what comes of it. */
struct reading {
	void (*ask)(struct client *client, struct client_request *request);
	bool (*is_right)(const struct client_request *request, const struct wire_answer *answer);
};

/* The requests whose audio was sent. */
static char (*sent_ids)[ID_BYTES];
static size_t sent_count, sent_room;

static void
post(struct client_request *request, const char *target)
{
	request->is_post = true;
	snprintf(request->target, sizeof request->target, "/recording%s", target);
}

static long
any_call(struct client *client)
{
	return client_random(client) % KNOWN_CALLS;
}

/* The expectation is text that is put together: out of an array of what is known of calls. */
static bool
is_same_json(const struct wire_answer *answer, const char *expected)
{
	struct json_object *got = json_tokener_parse(answer->body);
	struct json_object *wanted = json_tokener_parse(expected);
	bool is_same;

	if (wanted == NULL)
		harness_fail("no JSON: %s", expected);
	is_same = got != NULL && json_object_equal(got, wanted) == 1;
	json_object_put(got);
	json_object_put(wanted);
	return is_same;
}

/* Calls newest first: from last down to first. */
static bool
is_record_page(const struct wire_answer *answer, long first, long last)
{
	static char expected[KNOWN_GROUP_CALLS * 512];
	size_t length = 0;

	length += (size_t)snprintf(expected, sizeof expected, "{\"hasNext\":false,\"records\":[");
	for (long call = last; call >= first; call--) {
		known_record(call, expected + length, sizeof expected - length);
		length += strlen(expected + length);
		if (call > first)
			expected[length++] = ',';
	}
	snprintf(expected + length, sizeof expected - length, "]}");
	return is_same_json(answer, expected);
}

static bool
is_record_of_subject(const struct client_request *request, const struct wire_answer *answer)
{
	return is_record_page(answer, request->subject, request->subject);
}

/* Searches ------------------------------------------------------------------------------------- */

static void
ask_pair(struct client *client, struct client_request *request)
{
	request->subject = any_call(client);
	post(request, "/records/search?pageSize=40");
	snprintf(request->body, sizeof request->body, "{\"key\":\"ticket\",\"value\":\"t%ld\"}",
		request->subject);
}

static void
ask_caller(struct client *client, struct client_request *request)
{
	request->subject = any_call(client);
	post(request, "/records/search");
	snprintf(request->body, sizeof request->body, "{\"caller\":\"%ld\"}",
		7000000 + request->subject);
}

static void
ask_group(struct client *client, struct client_request *request)
{
	request->subject = any_call(client) / KNOWN_GROUP_CALLS;
	post(request, "/records/search?pageSize=40");
	snprintf(request->body, sizeof request->body, "{\"key\":\"group\",\"value\":\"g%ld\"}",
		request->subject);
}

static bool
is_group(const struct client_request *request, const struct wire_answer *answer)
{
	long first = request->subject * KNOWN_GROUP_CALLS;

	return is_record_page(answer, first, first + KNOWN_GROUP_CALLS - 1);
}

static void
ask_callid(struct client *client, struct client_request *request)
{
	request->subject = any_call(client);
	request->is_post = true;
	snprintf(request->target, sizeof request->target,
		"/recording/records/callid_search?callid=c%ld", request->subject);
}

/* Histories ------------------------------------------------------------------------------------ */

static bool
is_history(const struct wire_answer *answer, long last, const char *status)
{
	static char expected[HISTORY_SIZE * 512];
	size_t length = 1;

	expected[0] = '[';
	for (long i = 0; i < HISTORY_SIZE; i++) {
		known_history_entry(last - i, status, expected + length, sizeof expected - length);
		length += strlen(expected + length);
		expected[length++] = i < HISTORY_SIZE - 1 ? ',' : ']';
	}
	expected[length] = '\0';
	return is_same_json(answer, expected);
}

static void
ask_history(struct client *client, struct client_request *request)
{
	request->subject = any_call(client) / KNOWN_INTERFACE_CALLS;
	post(request, "/history?size=10");
	snprintf(request->body, sizeof request->body, "{\"interface\":\"SIP/c%ld\"}",
		request->subject);
}

static bool
is_history_of_interface(const struct client_request *request, const struct wire_answer *answer)
{
	return is_history(answer, (request->subject + 1) * KNOWN_INTERFACE_CALLS - 1, "emitted");
}

static void
ask_history_agent(struct client *client, struct client_request *request)
{
	request->subject = any_call(client) / KNOWN_AGENT_CALLS;
	post(request, "/history/agent?size=10&days=36500");
	snprintf(request->body, sizeof request->body, "{\"agentNum\":\"%ld\"}",
		known_agent(request->subject * KNOWN_AGENT_CALLS));
}

static bool
is_history_of_agent(const struct client_request *request, const struct wire_answer *answer)
{
	return is_history(answer, (request->subject + 1) * KNOWN_AGENT_CALLS - 1, "answered");
}

static void
ask_history_customer(struct client *client, struct client_request *request)
{
	request->subject = any_call(client);
	post(request, "/history/customer");
	snprintf(request->body, sizeof request->body,
		"{\"filters\":[{\"field\":\"src_num\",\"operator\":\"=\",\"value\":\"%ld\"}],"
		"\"size\":10}",
		7000000 + request->subject);
}

static bool
is_history_of_customer(const struct client_request *request, const struct wire_answer *answer)
{
	char entry[512];
	char expected[600];

	known_customer_entry(request->subject, entry, sizeof entry);
	snprintf(expected, sizeof expected, "{\"total\":1,\"list\":[%s]}", entry);
	return is_same_json(answer, expected);
}

static void
ask_last_agent(struct client *client, struct client_request *request)
{
	request->subject = any_call(client);
	snprintf(request->target, sizeof request->target,
		"/recording/last_agent?callerNo=%ld&since=36500", 7000000 + request->subject);
}

static bool
is_last_agent(const struct client_request *request, const struct wire_answer *answer)
{
	char expected[64];

	snprintf(expected, sizeof expected, "{\"agentNumber\":\"%ld\"}",
		known_agent(request->subject));
	return is_same_json(answer, expected);
}

/* Channel events that have been there for long --------------------------------------------------
 */

static void
ask_events(struct client *client, struct client_request *request)
{
	request->last = 1 + client_random(client) % EVENTS_MAX;
	request->first = 1 + client_random(client) % (KNOWN_EVENTS - request->last);
	snprintf(request->target, sizeof request->target, "/recording/cel?from=%ld&limit=%ld",
		request->first, request->last);
}

static bool
is_events(const struct client_request *request, const struct wire_answer *answer)
{
	long ids[EVENTS_MAX + 1];
	long count = known_read_events(answer->body, ids, EVENTS_MAX + 1);

	if (count != request->last)
		return false;
	for (long i = 0; i < count; i++) {
		if (ids[i] != request->first + i)
			return false;
	}
	return true;
}

/* Audio ---------------------------------------------------------------------------------------- */

static void
ask_audio(struct client *client, struct client_request *request, const char *action)
{
	request->subject = client_random(client) % KNOWN_FILES;
	snprintf(request->target, sizeof request->target, "/recording/records/c%ld/audio/%s",
		request->subject, action);
}

static void
ask_part(struct client *client, struct client_request *request)
{
	long size;

	ask_audio(client, request, "download");
	size = (long)known_file_bytes(request->subject);
	request->first = client_random(client) % size;
	request->last = request->first + client_random(client) % (size - request->first);
	snprintf(request->fields, sizeof request->fields, "Range: bytes=%ld-%ld\r\n",
		request->first, request->last);
}

static bool
is_part(const struct client_request *request, const struct wire_answer *answer)
{
	size_t count = (size_t)(request->last - request->first + 1);
	char range[64];

	snprintf(range, sizeof range, "bytes %ld-%ld/%zu", request->first, request->last,
		known_file_bytes(request->subject));
	return answer->status == 206 && strcmp(answer->content_range, range) == 0 &&
	       answer->body_bytes == count &&
	       known_is_audio(
		       request->subject, (size_t)request->first, answer->body, answer->body_bytes);
}

static void
ask_whole(struct client *client, struct client_request *request)
{
	ask_audio(client, request, "listen");
}

static bool
is_whole(const struct client_request *request, const struct wire_answer *answer)
{
	return answer->status == 200 && answer->body_bytes == known_file_bytes(request->subject) &&
	       known_is_audio(request->subject, 0, answer->body, answer->body_bytes);
}

static void
ask_result(struct client *client, struct client_request *request)
{
	ask_audio(client, request, "result");
}

/* The record alone: the rest of the answer is the file's. */
static bool
is_result(const struct client_request *request, const struct wire_answer *answer)
{
	struct json_object *got = json_tokener_parse(answer->body);
	struct json_object *record = json_object_object_get(got, "record");
	char expected[512];
	bool is_right;

	known_record(request->subject, expected, sizeof expected);
	is_right = record != NULL &&
		   is_same_json(&(struct wire_answer){ .body = json_object_to_json_string(record) },
			   expected) &&
		   json_object_get_int64(json_object_object_get(got, "size")) ==
			   (int64_t)known_file_bytes(request->subject);
	json_object_put(got);
	return is_right;
}

static void
ask_health(struct client *client, struct client_request *request)
{
	(void)client;
	snprintf(request->target, sizeof request->target, "/recording/health");
}

static bool
is_healthy(const struct client_request *request, const struct wire_answer *answer)
{
	(void)request;
	return strncmp(answer->body, "{\"status\":\"ok\",", 15) == 0;
}

/* ---------------------------------------------------------------------------------------------- */

static const struct reading readings[] = {
	[LEDGER_SEARCH_PAIR] = { ask_pair, is_record_of_subject },
	[LEDGER_SEARCH_GROUP] = { ask_group, is_group },
	[LEDGER_SEARCH_CALLER] = { ask_caller, is_record_of_subject },
	[LEDGER_CALLID] = { ask_callid, is_record_of_subject },
	[LEDGER_HISTORY] = { ask_history, is_history_of_interface },
	[LEDGER_HISTORY_AGENT] = { ask_history_agent, is_history_of_agent },
	[LEDGER_HISTORY_CUSTOMER] = { ask_history_customer, is_history_of_customer },
	[LEDGER_LAST_AGENT] = { ask_last_agent, is_last_agent },
	[LEDGER_EVENTS] = { ask_events, is_events },
	[LEDGER_AUDIO_PART] = { ask_part, is_part },
	[LEDGER_AUDIO_WHOLE] = { ask_whole, is_whole },
	[LEDGER_AUDIO_RESULT] = { ask_result, is_result },
	[LEDGER_HEALTH] = { ask_health, is_healthy },
};

static void
ask(struct client *client, void *state, struct client_request *request)
{
	unsigned kind = client_random(client) % (unsigned)HARNESS_COUNT(readings);

	(void)state;
	request->kind = (enum ledger_request)kind;
	readings[kind].ask(client, request);
}

static void
note_sent(const char *request_id)
{
	if (sent_count == sent_room) {
		sent_room = sent_room == 0 ? 1024 : sent_room * 2;
		sent_ids = realloc(sent_ids, sent_room * ID_BYTES);
		if (sent_ids == NULL)
			harness_fail("out of memory");
	}
	snprintf(sent_ids[sent_count++], ID_BYTES, "%s", request_id);
}

static void
check(struct client *client, void *state, const struct client_request *request,
	const struct wire_answer *answer)
{
	(void)state;
	if (!readings[request->kind].is_right(request, answer))
		client_wrong(client, answer, "not the answer to this request");
	if (request->kind == LEDGER_AUDIO_PART || request->kind == LEDGER_AUDIO_WHOLE)
		note_sent(client_request_id(client));
}

static const struct client_work reader = {
	.ask = ask,
	.check = check,
	.pause_ms = PAUSE_MS,
};

void
readers_add(int count)
{
	for (int i = 0; i < count; i++)
		clients_add(&reader, NULL);
}

/* The access log --------------------------------------------------------------------------------
 */

/* The id of a line, which ends with it; false for a line that was cut off by a full disk. */
static bool
read_request_id(const char *line, char id[static ID_BYTES])
{
	const char *mark = strstr(line, "\"request_id\":\"");
	size_t length;

	if (mark == NULL || line[strlen(line) - 1] != '}')
		return false;
	mark += strlen("\"request_id\":\"");
	length = strcspn(mark, "\"");
	if (length >= ID_BYTES || mark[length] == '\0')
		return false;
	memcpy(id, mark, length);
	id[length] = '\0';
	return true;
}

static int
compare_ids(const void *one, const void *other)
{
	return strcmp(one, other);
}

static size_t
read_logged_ids(char *text, char (*ids)[ID_BYTES])
{
	size_t count = 0;
	char *rest = text;
	const char *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line != '\0' && read_request_id(line, ids[count]))
			count++;
	}
	return count;
}

static size_t
count_lines(const char *text)
{
	size_t count = 1;

	while ((text = strchr(text, '\n')) != NULL) {
		text++;
		count++;
	}
	return count;
}

long
readers_check_access_log(const char *file)
{
	char *text = scratch_file(file);
	char(*ids)[ID_BYTES] = scratch_new(count_lines(text) * ID_BYTES);
	size_t count = read_logged_ids(text, ids);

	qsort(ids, count, ID_BYTES, compare_ids);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(ids[i - 1], ids[i]) == 0)
			ledger_wrong("two lines of the access log for %s", ids[i]);
	}
	for (size_t i = 0; i < sent_count; i++) {
		if (bsearch(sent_ids[i], ids, count, ID_BYTES, compare_ids) == NULL)
			ledger_wrong("no line of the access log for %s", sent_ids[i]);
	}
	return (long)sent_count;
}
