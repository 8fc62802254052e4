#include "followers.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "known.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define FOLLOWERS_MAX 100

/* Of a poll that does not wait. */
#define POLL_PAUSE_MS (200 * CLIENTS_SLOWNESS)

#define ROWS_MAX 10000

struct follower {
	enum ledger_request kind;
	long *ids;
	long count, room;
	atomic_long newest;
};

static struct follower followers[FOLLOWERS_MAX];
static int follower_count;

static long
next_id(const struct follower *follower)
{
	return follower->count == 0 ? KNOWN_EVENTS + 1 : follower->ids[follower->count - 1] + 1;
}

static void
take_ids(struct follower *follower, const long *ids, long count)
{
	if (count == 0)
		return;
	while (follower->count + count > follower->room) {
		follower->room = follower->room == 0 ? 1024 : follower->room * 2;
		follower->ids = realloc(follower->ids, (size_t)follower->room * sizeof(long));
		if (follower->ids == NULL)
			harness_fail("out of memory");
	}
	memcpy(follower->ids + follower->count, ids, (size_t)count * sizeof *ids);
	follower->count += count;
	atomic_store(&follower->newest, ids[count - 1]);
}

static void
ask(struct client *client, void *state, struct client_request *request)
{
	static const char *const queries[LEDGER_REQUESTS] = {
		[LEDGER_POLL] = "?limit=700&from=",
		[LEDGER_WAIT] = "?wait=1&from=",
		[LEDGER_LINES] = "?wait=2&limit=50&from=",
		[LEDGER_STREAM] = "/stream?from=",
	};
	struct follower *follower = state;

	(void)client;
	request->kind = follower->kind;
	request->has_no_end = follower->kind == LEDGER_STREAM;
	snprintf(request->target, sizeof request->target, "/recording/cel%s%ld",
		queries[follower->kind], next_id(follower));
	if (follower->kind == LEDGER_LINES)
		snprintf(request->fields, sizeof request->fields,
			"Accept: application/x-ndjson\r\n");
}

static bool
take_rows(struct client *client, struct follower *follower, const struct wire_answer *answer)
{
	static long ids[ROWS_MAX];
	long count = known_read_events(answer->body, ids, ROWS_MAX);

	if (count < 0) {
		client_wrong(client, answer, "a row with the content of another");
		return false;
	}
	take_ids(follower, ids, count);
	return true;
}

static void
check(struct client *client, void *state, const struct client_request *request,
	const struct wire_answer *answer)
{
	(void)request;
	take_rows(client, state, answer);
}

/* Whole events; what is left of the last one stays. */
static size_t
take(struct client *client, void *state, const struct wire_answer *answer)
{
	struct follower *follower = state;
	const char *end = memrchr(answer->body, '\n', answer->body_bytes);
	size_t length;
	char *events;

	while (end != NULL && end > answer->body && end[-1] != '\n')
		end = memrchr(answer->body, '\n', (size_t)(end - answer->body));
	if (end == NULL || end == answer->body)
		return 0;
	length = (size_t)(end + 1 - answer->body);
	events = strndup(answer->body, length);
	if (events == NULL)
		harness_fail("out of memory");
	if (take_rows(client, follower,
		    &(struct wire_answer){ .status = 200, .body = events, .body_bytes = length }))
		ledger_good(LEDGER_STREAM, wait_now_ms());
	free(events);
	return length;
}

static const struct client_work poll_work = {
	.ask = ask,
	.check = check,
	.pause_ms = POLL_PAUSE_MS,
	.is_followed = true,
};

static const struct client_work wait_work = {
	.ask = ask,
	.check = check,
	.take = take,
	.is_followed = true,
};

void
followers_add(int count)
{
	if (count > FOLLOWERS_MAX)
		harness_fail("more than %d followers", FOLLOWERS_MAX);
	follower_count = count;
	for (int i = 0; i < count; i++) {
		followers[i].kind = LEDGER_POLL + (unsigned)i % 4;
		clients_add(
			followers[i].kind == LEDGER_POLL ? &poll_work : &wait_work, &followers[i]);
	}
}

static bool
have_all(void *last)
{
	for (int i = 0; i < follower_count; i++) {
		if (atomic_load(&followers[i].newest) < *(long *)last)
			return false;
	}
	return true;
}

bool
followers_await(long last, long timeout_ms)
{
	return wait_until(have_all, &last, timeout_ms);
}

static void
check_follower(int number, const PGresult *result)
{
	const struct follower *follower = &followers[number];
	long wanted_count = PQntuples(result);

	for (long i = 0; i < follower->count && i < wanted_count; i++) {
		long wanted = atol(PQgetvalue(result, (int)i, 0));

		if (follower->ids[i] != wanted) {
			ledger_wrong("follower %d (kind %d): row %ld has id %ld instead of %ld",
				number, (int)follower->kind - LEDGER_POLL, i, follower->ids[i],
				wanted);
			return;
		}
	}
	if (follower->count != wanted_count)
		ledger_wrong("follower %d (kind %d): %ld rows instead of %ld", number,
			(int)follower->kind - LEDGER_POLL, follower->count, wanted_count);
}

long
followers_check(void)
{
	PGconn *session = sql_session();
	PGresult *result = PQexec(session,
		scratch_format("SELECT id FROM cel WHERE id > %d ORDER BY id", KNOWN_EVENTS));
	long delivered = 0;

	for (int i = 0; i < follower_count; i++) {
		check_follower(i, result);
		delivered += followers[i].count;
	}
	PQclear(result);
	sql_session_close(session);
	return delivered;
}
