/*
 * The channel event log of a hot standby, which does not see who may still fill a gap: every gap
 * waits for cel.settle_time. Then the standby is promoted.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "support/cel_rows.h"
#include "support/cel_writers.h"
#include "support/cluster.h"
#include "support/collector.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/standby.h"
#include "support/wait.h"

/* Nothing that waits this long is seen in a test. */
#define SETTLE_LONG "1h"

#define SETTLE_SHORT	"1500ms"
#define SETTLE_SHORT_MS 1500

/* Long enough for the transactions of the writers, also on a busy machine. */
#define SETTLE_WRITERS "5s"

#define SOON_MS 20000

#define WRITERS	   4
#define COLLECTORS 8

static struct standby *
follower(void)
{
	static struct standby *standby;

	if (standby == NULL)
		standby = standby_create("follower");
	return standby;
}

/* What the daemon knows when a test begins: nothing yet, or the log up to its last id. */
enum { UNKNOWN, KNOWN, BEGINNINGS };

/* The last id of a log at rest, whose standby a daemon serves. */
static long
begin(int beginning, const char *settle_time)
{
	struct standby *standby = follower();
	char *conninfo = standby_conninfo(standby, "recordingd", CLUSTER_DATABASE);
	long last = cel_rows_clear_end();

	standby_await(standby);
	daemon_restart("database.conninfo", conninfo, "cel.settle_time",
		beginning == KNOWN ? "0" : settle_time, NULL);
	expect_status(http_get(scratch_format("/recording/cel?from=%ld", last)), 200);
	if (beginning == KNOWN) {
		daemon_configure(
			"database.conninfo", conninfo, "cel.settle_time", settle_time, NULL);
		daemon_signal(SIGHUP);
		ck_assert(daemon_logs("reloaded"));
	}
	return last;
}

static const char *
poll_ids(long from)
{
	const struct reply *reply = http_get(scratch_format("/recording/cel?from=%ld", from));

	expect_status(reply, 200);
	return json_column(reply, "", "id");
}

struct hope {
	long from;
	const char *ids;
};

static bool
are_ids(void *context)
{
	const struct hope *hope = context;

	return strcmp(poll_ids(hope->from), hope->ids) == 0;
}

/* Waits until a poll gets exactly these; how long that took. */
static long
await_ids(long from, const char *ids, long timeout_ms)
{
	struct hope hope = { .from = from, .ids = ids };
	long begin_ms = wait_now_ms();

	ck_assert_msg(wait_until(are_ids, &hope, timeout_ms), "got \"%s\" instead of \"%s\"",
		poll_ids(from), ids);
	return wait_now_ms() - begin_ms;
}

START_TEST(test_contiguous)
{
	long last = begin(_i, SETTLE_LONG);

	for (int i = 0; i < 20; i++) {
		cel_rows_insert(2, "BELOW");
		standby_await(follower());
		ck_assert_str_eq(poll_ids(last + 1), scratch_format("%ld %ld", last + 1, last + 2));
		last += 2;
	}
}
END_TEST

static PGconn *
open_writer(void)
{
	PGconn *writer = sql_session();

	sql_session_run(writer, "BEGIN");
	sql_session_run(writer, CEL_INSERT);
	return writer;
}

/* A gap holds what is above it, not what is below, and not longer than it must. */
START_TEST(test_gap)
{
	long last = begin(_i, SETTLE_SHORT);
	long begin_ms;

	begin_ms = wait_now_ms();
	cel_rows_insert(1, "BELOW");
	cel_rows_skip_id();
	cel_rows_insert(1, "ABOVE");
	standby_await(follower());
	if (wait_now_ms() - begin_ms < SETTLE_SHORT_MS / 2)
		ck_assert_str_eq(poll_ids(last + 1), scratch_format("%ld", last + 1));
	await_ids(last + 2, scratch_format("%ld", last + 3), SOON_MS);
	ck_assert_int_ge(wait_now_ms() - begin_ms, SETTLE_SHORT_MS);
}
END_TEST

/* Each gap has its own time, also one that opens while another is waited for. */
START_TEST(test_two_gaps)
{
	long last = begin(_i, SETTLE_SHORT);
	long second_ms;

	cel_rows_skip_id();
	cel_rows_insert(1, "FIRST");
	standby_await(follower());
	poll_ids(last + 1);
	wait_ms(SETTLE_SHORT_MS / 2);
	second_ms = wait_now_ms();
	cel_rows_skip_id();
	cel_rows_insert(1, "SECOND");
	standby_await(follower());
	await_ids(last + 3, scratch_format("%ld", last + 4), SOON_MS);
	ck_assert_int_ge(wait_now_ms() - second_ms, SETTLE_SHORT_MS);
	ck_assert_str_eq(poll_ids(last + 1), scratch_format("%ld %ld", last + 2, last + 4));
}
END_TEST

/* A transaction that commits in time: all of it, at once, and what it held back. */
START_TEST(test_filled)
{
	long last = begin(_i, SETTLE_LONG);
	PGconn *writer = open_writer();

	cel_rows_insert(1, "ABOVE");
	sql_session_run(writer, CEL_INSERT);
	cel_rows_insert(1, "ABOVE");
	standby_await(follower());
	ck_assert_str_eq(poll_ids(last + 1), "");
	wait_ms(100);
	ck_assert_str_eq(poll_ids(last + 1), "");
	sql_session_run(writer, "COMMIT");
	standby_await(follower());
	ck_assert_str_eq(poll_ids(last + 1),
		scratch_format("%ld %ld %ld %ld", last + 1, last + 2, last + 3, last + 4));
}
END_TEST

/* Collectors of every kind follow a standby, which becomes the primary on the way. */
START_TEST(test_promoted)
{
	struct standby *standby = standby_create("promoted");
	char *conninfo = standby_conninfo(standby, "postgres", CLUSTER_DATABASE);
	struct collector *collectors[COLLECTORS];
	struct cel_writers *writers;
	long base = cel_rows_clear_end();
	long last;

	standby_await(standby);
	daemon_restart("database.conninfo",
		standby_conninfo(standby, "recordingd", CLUSTER_DATABASE), "cel.settle_time",
		SETTLE_WRITERS, "cel.cache_ttl", "10s", "cel.max_staleness", "5ms", NULL);
	for (int i = 0; i < COLLECTORS; i++)
		collectors[i] = collector_start(
			(enum collector_kind)(i % COLLECTOR_KINDS), base + 1, i % 3 == 2);
	writers = cel_writers_start(cluster_conninfo("postgres", CLUSTER_DATABASE), WRITERS);
	wait_ms(2000);
	ck_assert_str_eq(cel_writers_stop(writers), "");
	/* A gap that is still waited for, and one of the sequence, whose numbers are logged ahead.
	 */
	cel_rows_skip_id();
	cel_rows_insert(1, "ABOVE");
	standby_await(standby);
	standby_promote(standby);
	writers = cel_writers_start(conninfo, WRITERS);
	wait_ms(2000);
	ck_assert_str_eq(cel_writers_stop(writers), "");
	last = atol(standby_value(standby, "SELECT max(id) FROM cel"));
	for (int i = 0; i < COLLECTORS; i++)
		ck_assert(collector_await(collectors[i], last, SOON_MS));
	collectors_stop(collectors, COLLECTORS);
	for (int i = 0; i < COLLECTORS; i++) {
		collector_expect(collectors[i], i, base + 1, sql_session_at(conninfo));
		collector_free(collectors[i]);
	}
	ck_assert_int_ge(last - base, 400);
	/* A primary knows who writes: a gap takes no time any more. */
	sql_session_run(sql_session_at(conninfo), "SELECT nextval('cel_id_seq'); " CEL_INSERT);
	await_ids(last + 1, standby_value(standby, "SELECT max(id) FROM cel"), 4000);
}
END_TEST

static Suite *
cel_standby_suite(void)
{
	Suite *suite = suite_create("cel_standby");

	harness_add_loop(suite, "contiguous", test_contiguous, BEGINNINGS);
	harness_add_loop(suite, "gap", test_gap, BEGINNINGS);
	harness_add_loop(suite, "two gaps", test_two_gaps, BEGINNINGS);
	harness_add_loop(suite, "filled", test_filled, BEGINNINGS);
	harness_add(suite, "promoted", test_promoted);
	return suite;
}

HARNESS_MAIN(cel_standby_suite)
