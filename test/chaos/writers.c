#include "writers.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "known.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/sql.h"

#define WRITERS_MAX 100
#define PAUSE_MS    (800 * CLIENTS_SLOWNESS)

/* Calls of one writer, and how many writes one gets before the next. */
#define CALLS	    (KNOWN_WRITTEN_CALLS / WRITERS_MAX)
#define CALL_WRITES 20

/* Of a write, by its number. */
enum fate {
	FATE_UNCERTAIN,
	FATE_ACKNOWLEDGED,
};

struct writer {
	int number;
	long count; /* of writes that were begun: the last has this number less one */
	char *fates;
	long room;
	bool reads_next;
};

static struct writer writers[WRITERS_MAX];
static int writer_count;

static long
call_of(const struct writer *writer, long write)
{
	return KNOWN_WRITTEN_FIRST + writer->number * CALLS + write / CALL_WRITES % CALLS;
}

static void
format_value(const struct writer *writer, long write, char text[static 32])
{
	snprintf(text, 32, "%d.%ld", writer->number, write);
}

static void
begin_write(struct writer *writer)
{
	if (writer->count == writer->room) {
		writer->room = writer->room == 0 ? 256 : writer->room * 2;
		writer->fates = realloc(writer->fates, (size_t)writer->room);
		if (writer->fates == NULL)
			harness_fail("out of memory");
	}
	writer->fates[writer->count++] = FATE_UNCERTAIN;
}

static void
ask_write(struct writer *writer, struct client_request *request)
{
	char value[32];

	request->kind = LEDGER_WRITE;
	request->is_post = true;
	request->subject = writer->count;
	begin_write(writer);
	format_value(writer, request->subject, value);
	snprintf(request->target, sizeof request->target, "/recording/call_data/%ld/attached_data",
		call_of(writer, request->subject));
	snprintf(request->body, sizeof request->body,
		"[{\"key\":\"a%ld\",\"value\":\"%s\"},{\"key\":\"b%ld\",\"value\":\"%s\"}]",
		request->subject, value, request->subject, value);
}

static void
ask_read(struct writer *writer, struct client_request *request)
{
	request->kind = LEDGER_READ_BACK;
	request->is_post = true;
	request->subject = writer->count - 1;
	snprintf(request->target, sizeof request->target,
		"/recording/records/callid_search?callid=w%ld", call_of(writer, request->subject));
}

static void
ask(struct client *client, void *state, struct client_request *request)
{
	struct writer *writer = state;

	(void)client;
	if (writer->reads_next)
		ask_read(writer, request);
	else
		ask_write(writer, request);
	writer->reads_next = !writer->reads_next;
}

/* Whether a pair is one that this writer has sent to this call; which write it is of. */
static bool
is_own_pair(const struct writer *writer, long call, const char *key, const char *value, long *write)
{
	char wanted[32];
	char *end;

	*write = strtol(key + 1, &end, 10);
	if ((*key != 'a' && *key != 'b') || *end != '\0' || *write < 0 || *write >= writer->count)
		return false;
	format_value(writer, *write, wanted);
	return strcmp(value, wanted) == 0 && call_of(writer, *write) == call;
}

static bool
has_pair(struct json_object *pairs, char key, long write)
{
	char name[32];

	snprintf(name, sizeof name, "%c%ld", key, write);
	return json_object_object_get_ex(pairs, name, NULL);
}

/* All that was acknowledged, whole writes only, and nothing else. */
static const char *
find_fault(const struct writer *writer, long last_write, struct json_object *pairs)
{
	long call = call_of(writer, last_write);
	char recording[32];
	long write;

	if (!json_object_is_type(pairs, json_type_object))
		return "no object of pairs";
	snprintf(recording, sizeof recording, "w%ld", call);
	json_object_object_foreach (pairs, key, value) {
		const char *text = json_object_get_string(value);

		if (strcmp(key, "recording") == 0 ? strcmp(text, recording) != 0
						  : !is_own_pair(writer, call, key, text, &write))
			return "a pair that was not attached to this call";
	}
	for (write = last_write - last_write % CALL_WRITES; write <= last_write; write++) {
		bool is_there = has_pair(pairs, 'a', write);

		if (is_there != has_pair(pairs, 'b', write))
			return "half of a write";
		if (!is_there && writer->fates[write] == FATE_ACKNOWLEDGED)
			return "an acknowledged write is not there";
	}
	return NULL;
}

static void
check(struct client *client, void *state, const struct client_request *request,
	const struct wire_answer *answer)
{
	struct writer *writer = state;
	struct json_object *got = json_tokener_parse(answer->body);
	struct json_object *pairs = got;
	const char *fault;

	if (request->kind == LEDGER_WRITE) {
		writer->fates[request->subject] = FATE_ACKNOWLEDGED;
		if (answer->status != 201)
			client_wrong(client, answer, "not 201");
	} else {
		struct json_object *records = json_object_object_get(got, "records");

		pairs = json_object_object_get(json_object_is_type(records, json_type_array)
						       ? json_object_array_get_idx(records, 0)
						       : NULL,
			"attached_data");
	}
	fault = find_fault(writer, request->subject, pairs);
	if (fault != NULL)
		client_wrong(client, answer, fault);
	json_object_put(got);
}

static const struct client_work work = {
	.ask = ask,
	.check = check,
	.pause_ms = PAUSE_MS,
};

void
writers_add(int count)
{
	if (count > WRITERS_MAX)
		harness_fail("more than %d writers", WRITERS_MAX);
	writer_count = count;
	for (int i = 0; i < count; i++) {
		writers[i].number = i;
		clients_add(&work, &writers[i]);
	}
}

/* The table --------------------------------------------------------------------------------------
 */

/* Rows of one write: 2 when it happened. In the order of call, number and key. */
struct rows {
	const PGresult *result;
	int next;
};

static void
check_row(struct rows *rows, char *seen_a, char *seen_b)
{
	long call = atol(PQgetvalue(rows->result, rows->next, 0));
	const char *key = PQgetvalue(rows->result, rows->next, 1);
	const char *value = PQgetvalue(rows->result, rows->next, 2);
	struct writer *writer = &writers[(call - KNOWN_WRITTEN_FIRST) / CALLS];
	char *seen = *key == 'a' ? seen_a : seen_b;
	long write;

	rows->next++;
	if (writer->count == 0 || !is_own_pair(writer, call, key, value, &write)) {
		ledger_wrong("nobody has attached %s=%s to %ld", key, value, call);
		return;
	}
	if (seen[write]++ != 0)
		ledger_wrong("%s is attached to %ld twice", key, call);
}

static void
check_writer(struct writer *writer, struct rows *rows, struct writers_result *result)
{
	char *seen_a = scratch_new((size_t)writer->count + 1);
	char *seen_b = scratch_new((size_t)writer->count + 1);
	long end = KNOWN_WRITTEN_FIRST + (writer->number + 1) * CALLS;

	while (rows->next < PQntuples(rows->result) &&
		atol(PQgetvalue(rows->result, rows->next, 0)) < end)
		check_row(rows, seen_a, seen_b);
	for (long write = 0; write < writer->count; write++) {
		bool is_acknowledged = writer->fates[write] == FATE_ACKNOWLEDGED;

		if (seen_a[write] != seen_b[write])
			ledger_wrong("half of write %ld of %d", write, writer->number);
		if (is_acknowledged && seen_a[write] == 0)
			ledger_wrong(
				"the acknowledged write %ld of %d is lost", write, writer->number);
		result->acknowledged += is_acknowledged;
		result->uncertain += !is_acknowledged;
		result->uncertain_done += !is_acknowledged && seen_a[write] != 0;
	}
}

struct writers_result
writers_check(void)
{
	PGconn *session = sql_session();
	struct writers_result all = { 0 };
	struct rows rows = { 0 };
	PGresult *result = PQexec(
		session, scratch_format("SELECT id_call_data, key, value FROM attached_data WHERE "
					"id_call_data >= %d AND key <> 'recording' ORDER BY 1",
				 KNOWN_WRITTEN_FIRST));

	rows.result = result;
	for (int i = 0; i < writer_count; i++)
		check_writer(&writers[i], &rows, &all);
	if (rows.next != PQntuples(result))
		ledger_wrong("attached data of calls that nobody writes to");
	PQclear(result);
	sql_session_close(session);
	return all;
}
