/*
 * 500 clients of every kind, while everything that recordingd stands on breaks, one after the
 * other: PostgreSQL, the network to it, the folder of recordings, the disk of the access log, and
 * recordingd itself.
 *
 * No answer is wrong or another client's, no acknowledged write and no line of the access log is
 * lost or there twice, every collector gets every channel event once and in order, errors are those
 * of the README, and all is well again soon after each fault.
 *
 * CHAOS_SECONDS: for how long; without it each fault happens once, for a short time. CHAOS_SEED:
 * another order, and other times. CHAOS_FAULT: only the faults whose names hold this text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clients.h"
#include "faults.h"
#include "followers.h"
#include "inserters.h"
#include "known.h"
#include "ledger.h"
#include "memory.h"
#include "readers.h"
#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/proxy.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"
#include "writers.h"

#define READERS	  340
#define WRITERS	  100
#define FOLLOWERS 60
#define INSERTERS 4

/* Of the order in which recordingd is killed early, so that there is time to look at its memory. */
#define SEED 4

/* recordingd's times: so that a silent server is noticed within two seconds. */
#define STATEMENT_TIMEOUT "1500ms"
#define QUEUE_TIMEOUT	  "2s"

/* All clients are there, and everything was asked for once. */
#define WARM_UP_MS 60000

/* Followers are behind by what they could not get. */
#define CATCH_UP_MS 60000

/* Growth that is none: the allocator's, at another moment of the same load. */
#define MEMORY_SLACK_KIB (16 << 10)

/*
 * Of all requests, at most one in so many has an error that no fault explains: the machine may be
 * slow, too.
 */
#define UNEXPLAINED_SHARE 10

/* Connections to the database that are not made yet when descriptors are first counted. */
#define DATABASE_CONNECTIONS 10

#ifdef __SANITIZE_ADDRESS__
/* It keeps what was freed. */
#define MEMORY_IS_TRUE false
#else
#define MEMORY_IS_TRUE true
#endif

struct memory_look {
	int faults; /* until the first look */
	long first_kib;
	pid_t pid;
};

static long
number_of(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text == NULL || *text == '\0' ? otherwise : atol(text);
}

/* What is committed stays, also when PostgreSQL is killed in the middle of a page. */
static void
make_cluster_durable(void)
{
	cluster_set("synchronous_commit=on");
	cluster_set("full_page_writes=on");
	cluster_stop();
	sql_reconnect();
	cluster_ensure();
}

static void
start_daemon(void)
{
	int port = proxy_start(harness_path("socket/.s.PGSQL.5432"));

	daemon_restart("database.conninfo",
		scratch_format("host=127.0.0.1 port=%d user=recordingd dbname=" CLUSTER_DATABASE
			       " sslmode=disable gssencmode=disable",
			port),
		"database.statement_timeout", STATEMENT_TIMEOUT, "database.queue_timeout",
		QUEUE_TIMEOUT, "access_log.file", harness_path("log/access.log"), "cel.cache_ttl",
		"10s", "cel.max_staleness", "5ms", NULL);
}

static void
start_clients(void)
{
	readers_add(READERS);
	writers_add(WRITERS);
	followers_add(FOLLOWERS);
	inserters_start(cluster_conninfo("postgres", CLUSTER_DATABASE), INSERTERS);
	clients_start(daemon_port());
}

static bool
is_warm(void *unused)
{
	(void)unused;
	return ledger_recovery_ms() >= 0;
}

/* The first look at a daemon's memory comes after a few faults, as they have a price once. */
static void
look_at_memory(struct memory_look *look)
{
	if (look->pid != daemon_pid()) {
		*look = (struct memory_look){ .pid = daemon_pid() };
		return;
	}
	if (++look->faults == 4)
		look->first_kib = memory_kib();
}

/* False when recordingd did not recover. */
static bool
let_faults_happen(long seconds, struct memory_look *look)
{
	long begin_ms = wait_now_ms();
	bool is_short = seconds == 0;

	for (int i = 0; is_short ? i < faults_count() : wait_now_ms() - begin_ms < seconds * 1000;
		i++) {
		/* Later its memory is looked at. */
		bool may_kill = is_short || wait_now_ms() - begin_ms < seconds * 500;

		if (!faults_next(is_short, may_kill))
			return false;
		look_at_memory(look);
		memory_note();
	}
	return true;
}

static bool
has_no_clients(void *descriptors)
{
	return memory_descriptors() <= *(long *)descriptors;
}

static void
finish_clients(void)
{
	long last;

	inserters_stop();
	last = sql_number("SELECT max(id) FROM cel");
	clients_rest();
	if (!followers_await(last, CATCH_UP_MS))
		ledger_wrong("not every follower gets the last row");
	clients_stop();
}

/* Holds all that was noted against the tables and the access log. */
static void
check_books(void)
{
	long committed = inserters_check();
	long delivered = followers_check();
	long sent = readers_check_access_log(harness_path("log/access.log"));
	struct writers_result writes = writers_check();

	ledger_print();
	printf("writes acknowledged: %ld; uncertain: %ld, of which %ld happened\n",
		writes.acknowledged, writes.uncertain, writes.uncertain_done);
	printf("channel events committed: %ld; delivered to %d followers: %ld\n", committed,
		FOLLOWERS, delivered);
	printf("recordings sent and logged: %ld; connections cut by the network: %ld\n\n", sent,
		proxy_cuts());
	faults_print();
}

static void
check_memory(const struct memory_look *look, long last_kib)
{
	printf("memory of its own: %ld KiB after the warm-up, %ld KiB at the end\n",
		look->first_kib, last_kib);
	memory_print_noted();
	if (MEMORY_IS_TRUE && look->first_kib != 0)
		ck_assert_int_le(last_kib, look->first_kib * 5 / 4 + MEMORY_SLACK_KIB);
}

START_TEST(test_chaos)
{
	long seconds = number_of("CHAOS_SECONDS", 0);
	struct memory_look look = { 0 };
	long descriptors, last_kib;
	bool recovers;

	known_load(harness_path("audio"));
	faults_prepare((unsigned)number_of("CHAOS_SEED", SEED));
	make_cluster_durable();
	start_daemon();
	descriptors = memory_descriptors() + DATABASE_CONNECTIONS;
	start_clients();
	ck_assert_msg(wait_until(is_warm, NULL, WARM_UP_MS), "the clients get no answers");
	recovers = let_faults_happen(seconds, &look);
	last_kib = memory_kib();
	finish_clients();
	check_books();
	ck_assert_msg(recovers, "recordingd does not recover");
	ck_assert_msg(ledger_wrong_count() == 0, "%ld wrong, the first: %s", ledger_wrong_count(),
		ledger_first_wrong());
	ck_assert_int_le(ledger_unexcused_count() * UNEXPLAINED_SHARE, ledger_request_count());
	check_memory(&look, last_kib);
	ck_assert_msg(wait_until(has_no_clients, &descriptors, 10000),
		"%ld descriptors without clients instead of up to %ld", memory_descriptors(),
		descriptors);
}
END_TEST

static Suite *
chaos_suite(void)
{
	Suite *suite = suite_create("chaos");

	harness_add(suite, "chaos", test_chaos);
	return suite;
}

HARNESS_MAIN(chaos_suite)
