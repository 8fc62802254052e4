#include "late.h"

#include <signal.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "victim.h"

/* Far less than a statement may take. */
#define ANSWER_MS 3000

#define FIELDS " HTTP/1.1\r\nHost: a\r\nX-Auth-Token: " DAEMON_TOKEN "\r\n\r\n"

static const char first[] = "GET /recording/last_agent?callerNo=0612345678&since=36500" FIELDS;
static const char second[] = "GET /recording/cel?from=10&limit=3" FIELDS;

static struct raw_client *
ask(const char *text)
{
	struct raw_client *client = raw_open_at(scratch_format("%d", victim_port()));

	if (!raw_send(client, text))
		harness_fail("a request cannot be sent");
	return client;
}

static bool
is_answered(struct raw_client *client, long timeout_ms)
{
	const struct reply *reply = raw_reply(client, timeout_ms);

	return reply != NULL && reply->status == 200;
}

/* Once before, so that all is prepared, and each of the two is sent in one piece. */
static bool
warm_up(const char *text)
{
	struct raw_client *client = ask(text);
	bool is_good = is_answered(client, ANSWER_MS);

	raw_close(client);
	return is_good;
}

static void
order(void)
{
	struct fault_page *page = victim_page();

	page->struck = 0;
	page->counts[FAULT_SEND] = 0;
	page->call = FAULT_SEND;
	page->error = FAULT_LATE;
	page->is_lasting = false;
	page->at = 2;
	page->is_armed = true;
}

bool
late_is_answered(void)
{
	PGconn *session = sql_session();
	struct raw_client *answered;
	struct raw_client *waiting;
	bool is_good;

	if (!victim_ensure() || !warm_up(first) || !warm_up(second) ||
		!victim_comes_to_rest(ANSWER_MS))
		harness_fail("nothing fails, and there is no answer");
	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	/* Both are there when the loop turns. */
	victim_signal(SIGSTOP);
	order();
	answered = ask(first);
	waiting = ask(second);
	victim_signal(SIGCONT);
	is_good = is_answered(answered, ANSWER_MS);
	victim_page()->is_armed = false;
	sql_session_run(session, "ROLLBACK");
	sql_session_close(session);
	return is_answered(waiting, ANSWER_MS) && victim_page()->struck == 1 && is_good;
}
