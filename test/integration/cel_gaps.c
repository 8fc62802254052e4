/* Which rows are held back, how long, and which are not. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "support/cel_rows.h"
#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

/* The ids that a poll from an id on gets. */
static const char *
poll_ids(long from)
{
	const struct reply *reply = http_get(scratch_format("/recording/cel?from=%ld", from));

	expect_status(reply, 200);
	return json_column(reply, "", "id");
}

static void
expect_ids(long from, const char *ids)
{
	ck_assert_str_eq(poll_ids(from), ids);
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

/* Gets them, if not at once. */
static void
expect_ids_soon(long from, const char *ids)
{
	struct hope hope = { .from = from, .ids = ids };

	ck_assert_msg(
		wait_until(are_ids, &hope, 3000), "got %s instead of %s", poll_ids(from), ids);
}

static const struct {
	const char *ttl;
	const char *staleness;
	const char *cache_size;
} settings[] = {
	{ "10s", "5ms", "64MiB" }, { "10s", "0", "64MiB" },
	{ "0", "0", "0" }, /* every row from the database */
};

/* The last id of a log at rest; the daemon has seen it. */
static long
begin(int row)
{
	long last = cel_rows_clear_end();

	daemon_restart("cel.cache_ttl", settings[row].ttl, "cel.max_staleness",
		settings[row].staleness, "cel.cache_size", settings[row].cache_size,
		"cel.gap_timeout", "2s", NULL);
	expect_ids(last, scratch_format("%ld", last));
	return last;
}

static PGconn *
open_writer(void)
{
	PGconn *writer = sql_session();

	sql_session_run(writer, "BEGIN");
	sql_session_run(writer, CEL_INSERT);
	return writer;
}

START_TEST(test_commit)
{
	long last = begin(_i);
	PGconn *writer = open_writer();

	cel_rows_insert(2, "ABOVE");
	expect_ids(last + 1, "");
	wait_ms(100);
	expect_ids(last + 1, "");
	sql_session_run(writer, "COMMIT");
	expect_ids_soon(last + 1, scratch_format("%ld %ld %ld", last + 1, last + 2, last + 3));
}
END_TEST

START_TEST(test_rollback)
{
	long last = begin(_i);
	PGconn *writer = open_writer();

	cel_rows_insert(2, "ABOVE");
	expect_ids(last + 1, "");
	sql_session_run(writer, "ROLLBACK");
	expect_ids_soon(last + 1, scratch_format("%ld %ld", last + 2, last + 3));
}
END_TEST

/* A hole that nobody can fill any more holds nothing, not even once. */
START_TEST(test_old_hole)
{
	long last = begin(_i);

	cel_rows_skip_id();
	cel_rows_insert(1, "ABOVE");
	wait_ms(10);
	expect_ids(last + 1, scratch_format("%ld", last + 2));
}
END_TEST

/* Ids above the gap have one digit more: it is a gap all the same, and not another table. */
START_TEST(test_another_digit)
{
	long last;
	PGconn *writer;

	begin(_i);
	sql_run("SELECT setval('cel_id_seq', 999997)");
	last = cel_rows_insert(1, "BELOW");
	expect_ids_soon(last, "999998");
	writer = open_writer();
	cel_rows_insert(2, "ABOVE");
	expect_ids(last, "999998");
	sql_session_run(writer, "COMMIT");
	expect_ids_soon(last + 1, "999999 1000000 1000001");
	ck_assert_ptr_null(strstr(daemon_log(), "starting anew"));
}
END_TEST

/* Rows below the gap go out, and rows that follow each other are never held. */
START_TEST(test_contiguous)
{
	long last = begin(_i);
	PGconn *idle = sql_session();
	PGconn *writer;

	/* Holds the lock, but its id is the last of all. */
	cel_rows_insert(3, "BELOW");
	sql_session_run(idle, "BEGIN; UPDATE cel SET call_log_id = 1 WHERE id = 10");
	wait_ms(10);
	expect_ids(last + 1, scratch_format("%ld %ld %ld", last + 1, last + 2, last + 3));
	writer = open_writer();
	cel_rows_insert(1, "ABOVE");
	wait_ms(10);
	expect_ids(last + 1, scratch_format("%ld %ld %ld", last + 1, last + 2, last + 3));
	sql_session_run(writer, "ROLLBACK");
	sql_session_run(idle, "ROLLBACK");
	expect_ids_soon(last + 3, scratch_format("%ld %ld", last + 3, last + 5));
}
END_TEST

/* Who began after the gap was seen does not prolong it. */
START_TEST(test_later_writers)
{
	long last = begin(_i);
	PGconn *writer = open_writer();
	PGconn *later = sql_session();

	cel_rows_insert(1, "ABOVE");
	expect_ids(last + 1, "");
	sql_session_run(later, "BEGIN");
	sql_session_run(later, CEL_INSERT);
	sql_session_run(writer, "ROLLBACK");
	expect_ids_soon(last + 1, scratch_format("%ld", last + 2));
	sql_session_run(later, "COMMIT");
	expect_ids_soon(last + 1, scratch_format("%ld %ld", last + 2, last + 3));
}
END_TEST

/* Transactions that only read cel, or write elsewhere, cannot fill a gap. */
START_TEST(test_bystanders)
{
	long last = begin(_i);
	PGconn *reader = sql_session();
	PGconn *elsewhere = sql_session();

	sql_session_run(reader, "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM cel");
	sql_session_run(elsewhere,
		"BEGIN; INSERT INTO attached_data (id_call_data, key, value) VALUES (1, 'b', 'c')");
	cel_rows_skip_id();
	cel_rows_insert(1, "ABOVE");
	wait_ms(10);
	expect_ids(last + 1, scratch_format("%ld", last + 2));
	sql_session_run(elsewhere, "ROLLBACK");
	sql_session_run(reader, "ROLLBACK");
}
END_TEST

/* Somebody took an id and has not written yet: no list of transaction ids knows of it. */
START_TEST(test_id_before_row)
{
	long last = begin(_i);
	PGconn *lock = sql_session();
	PGconn *writer = sql_session();

	/* The writer gets its id, then waits for the trigger's lock. */
	sql_run("CREATE OR REPLACE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS"
		" $$BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NEW; END$$");
	sql_run("CREATE TRIGGER wait_here BEFORE INSERT ON cel FOR EACH ROW"
		" WHEN (NEW.eventtype = 'SLOW') EXECUTE FUNCTION wait_here()");
	sql_session_run(lock, "SELECT pg_advisory_lock(7)");
	ck_assert_int_eq(
		PQsendQuery(writer, CEL_INSERT_COLUMNS "VALUES ('SLOW', " CEL_INSERT_VALUES ")"),
		1);
	while (sql_number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
			  " AND NOT granted") == 0)
		wait_ms(5);
	cel_rows_insert(1, "ABOVE");
	expect_ids(last + 1, "");
	wait_ms(50);
	expect_ids(last + 1, "");
	sql_session_run(lock, "SELECT pg_advisory_unlock(7)");
	expect_ids_soon(last + 1, scratch_format("%ld %ld", last + 1, last + 2));
	PQclear(PQgetResult(writer));
	sql_run("DROP TRIGGER wait_here ON cel");
}
END_TEST

/* A transaction that stays open is not waited for for ever, and named once. */
START_TEST(test_gap_timeout)
{
	long last = begin(_i);
	PGconn *writer = open_writer();
	long begin_ms = wait_now_ms();
	const char *log;

	cel_rows_insert(1, "ABOVE");
	expect_ids(last + 1, "");
	while (strcmp(poll_ids(last + 1), scratch_format("%ld", last + 2)) != 0) {
		ck_assert_int_lt(wait_now_ms() - begin_ms, 6000);
		wait_ms(20);
	}
	ck_assert_int_ge(wait_now_ms() - begin_ms, 1900);
	ck_assert(daemon_logs("no longer waiting for transaction"));
	log = strstr(daemon_log(), "no longer waiting");
	ck_assert_ptr_nonnull(strstr(log, scratch_format("%ld-%ld", last + 1, last + 1)));
	/* The next gap does not wait for it again. */
	cel_rows_skip_id();
	cel_rows_insert(1, "NEXT");
	expect_ids_soon(last + 3, scratch_format("%ld", last + 4));
	ck_assert_int_lt(wait_now_ms() - begin_ms, 5000);
	ck_assert_ptr_null(strstr(log + 1, "no longer waiting"));
	sql_session_run(writer, "ROLLBACK");
}
END_TEST

/* At the start nothing is known yet: rows without a hole go out all the same. */
START_TEST(test_start_with_writer)
{
	long last;
	PGconn *writer;

	cel_rows_clear_end();
	last = cel_rows_insert(2, "BELOW");
	writer = open_writer();
	cel_rows_insert(1, "ABOVE");
	daemon_restart("cel.cache_ttl", settings[_i].ttl, "cel.max_staleness",
		settings[_i].staleness, "cel.cache_size", settings[_i].cache_size, NULL);
	expect_ids(last - 1, scratch_format("%ld %ld", last - 1, last));
	expect_ids(last + 1, "");
	sql_session_run(writer, "COMMIT");
	expect_ids_soon(last, scratch_format("%ld %ld %ld", last, last + 1, last + 2));
}
END_TEST

static char *
transaction_name(PGconn *session)
{
	return sql_session_value(session,
		"SELECT virtualtransaction FROM pg_locks WHERE pid = pg_backend_pid() LIMIT 1");
}

/* The session in the place of another server process; every place is taken in turn. */
static PGconn *
session_in_place(const char *place)
{
	for (int i = 0; i < 90; i++) {
		PGconn *session = sql_session();

		sql_session_run(session, "BEGIN");
		if (strncmp(transaction_name(session), place, strlen(place)) == 0)
			return session;
	}
	ck_abort_msg("no session is in place %s", place);
}

static long
transaction_number(const char *name)
{
	const char *slash = strchr(name, '/');

	ck_assert_ptr_nonnull(slash);
	return strtol(slash + 1, NULL, 10);
}

/* A transaction of this name, which must not have been used yet. */
static PGconn *
transaction_named(const char *name)
{
	PGconn *session = session_in_place(scratch_format("%ld/", strtol(name, NULL, 10)));

	while (strcmp(transaction_name(session), name) != 0) {
		ck_assert_int_lt(
			transaction_number(transaction_name(session)), transaction_number(name));
		sql_session_run(session, "ROLLBACK; BEGIN");
	}
	return session;
}

/* PostgreSQL restarts, and the name of one that was given up comes again. */
START_TEST(test_name_again)
{
	long last = begin(0);
	PGconn *writer = open_writer();
	const char *name = transaction_name(writer);
	const char *ids;

	cel_rows_insert(1, "ABOVE");
	ck_assert(wait_until(
		are_ids, &(struct hope){ last + 1, scratch_format("%ld", last + 2) }, 6000));
	/* So that it takes no place before the test does. */
	ck_assert_int_eq(kill(daemon_pid(), SIGSTOP), 0);
	cluster_stop();
	sql_reconnect();
	cluster_ensure();
	writer = transaction_named(name);
	ck_assert_int_eq(kill(daemon_pid(), SIGCONT), 0);
	sql_session_run(writer, CEL_INSERT);
	cel_rows_insert(1, "ABOVE AGAIN");
	for (long begin_ms = wait_now_ms(); wait_now_ms() - begin_ms < 1000; wait_ms(20)) {
		const struct reply *reply = http_get(
			scratch_format("/recording/cel?from=%ld", last + 3));

		ck_assert_msg(
			reply->status == 503 || strcmp(reply->body, "[]") == 0, "%s", reply->body);
	}
	sql_session_run(writer, "COMMIT");
	ids = sql_list("SELECT id FROM cel WHERE id > %ld ORDER BY id", last + 2);
	expect_ids_soon(last + 3, ids);
}
END_TEST

/* Rows without a hole wait for nobody, however many have come at once. */
START_TEST(test_many_behind_a_writer)
{
	long last = begin(_i);
	PGconn *writer = sql_session();
	const struct reply *reply;

	sql_session_run(writer, "BEGIN; LOCK TABLE cel IN ROW EXCLUSIVE MODE");
	cel_rows_insert(5000, "MANY");
	wait_ms(10);
	reply = http_get(scratch_format("/recording/cel?from=%ld&limit=10000", last + 1));
	expect_status(reply, 200);
	ck_assert_uint_eq(json_object_array_length(reply->json), 5000);
	sql_session_run(writer, "ROLLBACK");
}
END_TEST

/* Many small gaps, each a rollback, in rows that are all there. */
START_TEST(test_many_holes)
{
	long last = begin(_i);
	const char *ids;

	for (int i = 0; i < 50; i++) {
		cel_rows_skip_id();
		cel_rows_insert(1 + i % 3, "HOLES");
	}
	wait_ms(10);
	ids = sql_list("SELECT id FROM cel WHERE id > %ld ORDER BY id", last);
	expect_ids_soon(last + 1, ids);
}
END_TEST

static Suite *
cel_gaps_suite(void)
{
	Suite *suite = suite_create("cel_gaps");
	int count = HARNESS_COUNT(settings);

	harness_add_loop(suite, "commit", test_commit, count);
	harness_add_loop(suite, "rollback", test_rollback, count);
	harness_add_loop(suite, "old hole", test_old_hole, count);
	harness_add_loop(suite, "another digit", test_another_digit, count);
	harness_add_loop(suite, "contiguous", test_contiguous, count);
	harness_add_loop(suite, "later writers", test_later_writers, count);
	harness_add_loop(suite, "bystanders", test_bystanders, count);
	harness_add_loop(suite, "id before row", test_id_before_row, count);
	harness_add_loop(suite, "gap_timeout", test_gap_timeout, count);
	harness_add(suite, "name again", test_name_again);
	harness_add_loop(suite, "start with writer", test_start_with_writer, count);
	harness_add_loop(suite, "many behind a writer", test_many_behind_a_writer, count);
	harness_add_loop(suite, "many holes", test_many_holes, count);
	return suite;
}

HARNESS_MAIN(cel_gaps_suite)
