#include "sessions.h"

#include <signal.h>
#include <stdlib.h>

#include "support/harness.h"
#include "support/sql.h"
#include "support/wait.h"
#include "victim.h"

/* More than recordingd has. */
#define SESSIONS_MAX 32

/* Until they have done what they were asked before. */
#define IDLE_MS 5000

/* The harness' own recordingd has given no name to its. */
#define OF_VICTIM "usename = 'recordingd' AND application_name <> 'recordingd'"

static pid_t frozen[SESSIONS_MAX];
static int frozen_count;

/* Whether all are there, without earlier ones, have been asked something, and wait for more. */
static bool
do_all_wait(void *unused)
{
	(void)unused;
	return sql_number("SELECT CASE WHEN count(*) = %d THEN count(*) FILTER"
			  " (WHERE query <> '' AND wait_event = 'ClientRead') END"
			  " FROM pg_stat_activity WHERE " OF_VICTIM,
		       VICTIM_SESSIONS) == VICTIM_SESSIONS;
}

void
sessions_freeze(void)
{
	char *rest;
	char *end;

	/* One that is frozen on the way there would count as at work, or as never set up. */
	if (!wait_until(do_all_wait, NULL, IDLE_MS))
		harness_fail("recordingd's sessions do not come to rest");
	rest = sql_list("SELECT pid FROM pg_stat_activity WHERE " OF_VICTIM);
	frozen_count = 0;
	for (pid_t pid; frozen_count < SESSIONS_MAX; rest = end) {
		pid = (pid_t)strtol(rest, &end, 10);
		if (end == rest)
			break;
		if (kill(pid, SIGSTOP) == 0)
			frozen[frozen_count++] = pid;
	}
}

void
sessions_thaw(void)
{
	for (int i = 0; i < frozen_count; i++)
		kill(frozen[i], SIGCONT);
	frozen_count = 0;
}
