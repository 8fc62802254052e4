/*
 * The channel event log in a table that is partitioned by ranges of the id, as large installations
 * have it: old partitions are dropped while collectors poll, and no statement looks at more
 * partitions than it must.
 */
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
#include "support/wait.h"

#define PARTITIONS     10
#define PARTITION_ROWS 10000

/* Rows that are there at first: up to the middle of the last partition. */
#define ROWS 95000

#define WRITERS	   4
#define COLLECTORS 4

#define SOON_MS 20000

/* Partition n has the ids from n * PARTITION_ROWS on. */
static void
partition_cel(void)
{
	sql_run("ALTER SEQUENCE cel_id_seq OWNED BY NONE;"
		"ALTER TABLE cel RENAME TO cel_whole;"
		"CREATE TABLE cel (LIKE cel_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
		" PARTITION BY RANGE (id);"
		"ALTER TABLE cel ADD PRIMARY KEY (id);"
		"DROP TABLE cel_whole;"
		"GRANT SELECT ON cel TO recordingd");
	for (int i = 0; i < PARTITIONS; i++)
		sql_runf("CREATE TABLE cel_%d PARTITION OF cel FOR VALUES FROM (%d) TO (%d)", i,
			i * PARTITION_ROWS,
			i == PARTITIONS - 1 ? 1000000 : (i + 1) * PARTITION_ROWS);
	sql_runf("SELECT setval('cel_id_seq', 1, false); " CEL_INSERT_COLUMNS
		 "SELECT 'OLD', " CEL_INSERT_VALUES " FROM generate_series(1, %d)",
		ROWS);
	sql_run("ANALYZE cel");
}

static void
ensure_partitions(void)
{
	static bool is_done;

	if (!is_done)
		partition_cel();
	is_done = true;
}

static const char *
first_ids(long from)
{
	const struct reply *reply = http_get(
		scratch_format("/recording/cel?limit=2&from=%ld", from));

	expect_status(reply, 200);
	return json_column(reply, "", "id");
}

/* Which partitions a statement of src/sql looks at, in the plan that is made for all values. */
static const char *
plan(const char *file, const char *types, const char *values)
{
	PGconn *session = sql_session();
	PGresult *result;
	char *text = scratch_format("%s", "");

	sql_session_run(session, "SET plan_cache_mode = force_generic_plan");
	sql_session_run(session, scratch_format("PREPARE asked (%s) AS %s", types,
					 scratch_file(harness_source(file))));
	result = PQexec(
		session, scratch_format("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)"
					" EXECUTE asked (%s)",
				 values));
	for (int row = 0; row < PQntuples(result); row++)
		text = scratch_format("%s%s\n", text, PQgetvalue(result, row, 0));
	PQclear(result);
	sql_session_close(session);
	return text;
}

static int
count(const char *text, const char *word)
{
	int found = 0;

	while ((text = strstr(text, word)) != NULL) {
		found++;
		text += strlen(word);
	}
	return found;
}

START_TEST(test_prunes)
{
	const char *page, *tail, *writers;

	ensure_partitions();
	page = plan("src/sql/cel.sql", "bigint, bigint, bigint", "25000, 25999, 1000");
	ck_assert_msg(count(page, "using cel_") == 1 && count(page, "Seq Scan") == 0, "%s", page);
	tail = plan("src/sql/cel.sql", "bigint, bigint, bigint", "94990, 2147483647, 1001");
	ck_assert_msg(count(tail, "using cel_") == 1 && count(tail, "Seq Scan") == 0, "%s", tail);
	/* The highest id: of every partition its last row at most, by the index. */
	writers = plan("src/sql/cel_writers.sql", "bigint", "94990");
	ck_assert_msg(count(writers, "Seq Scan on cel") == 0, "%s", writers);
	ck_assert_msg(count(writers, "using cel_") <= PARTITIONS + 1, "%s", writers);
}
END_TEST

START_TEST(test_pages)
{
	ensure_partitions();
	daemon_restart(NULL, NULL);
	for (long at = 0; at < PARTITIONS - 1; at++) {
		long boundary = (at + 1) * PARTITION_ROWS;

		ck_assert_str_eq(
			first_ids(boundary - 1), scratch_format("%ld %ld", boundary - 1, boundary));
	}
}
END_TEST

/* The old ones go, one after the other; who reads at the end or anywhere is not disturbed. */
START_TEST(test_dropped)
{
	struct collector *collectors[COLLECTORS];
	struct cel_writers *writers;
	long base, last;

	ensure_partitions();
	base = sql_number("SELECT max(id) FROM cel");
	daemon_restart("cel.cache_ttl", "0", "cel.max_staleness", "5ms", NULL);
	for (int i = 0; i < COLLECTORS; i++)
		collectors[i] = collector_start(
			(enum collector_kind)(i % COLLECTOR_KINDS), base - 4000, false);
	writers = cel_writers_start(cluster_conninfo("postgres", CLUSTER_DATABASE), WRITERS);
	for (long i = 0; i < PARTITIONS / 2; i++) {
		long next = (i + 1) * PARTITION_ROWS;

		wait_ms(300);
		if (i % 2 == 0) {
			sql_runf("DROP TABLE cel_%ld", i);
		} else {
			sql_runf("ALTER TABLE cel DETACH PARTITION cel_%ld CONCURRENTLY", i);
			sql_runf("DROP TABLE cel_%ld", i);
		}
		ck_assert_str_eq(first_ids(0), scratch_format("%ld %ld", next, next + 1));
	}
	ck_assert_str_eq(cel_writers_stop(writers), "");
	last = sql_number("SELECT max(id) FROM cel");
	ck_assert_int_gt(last - base, 100);
	for (int i = 0; i < COLLECTORS; i++)
		ck_assert(collector_await(collectors[i], last, SOON_MS));
	collectors_stop(collectors, COLLECTORS);
	for (int i = 0; i < COLLECTORS; i++) {
		collector_expect(collectors[i], i, base - 4000, sql_session());
		collector_free(collectors[i]);
	}
}
END_TEST

/* A gap is held for whoever inserts through the table, whatever partition the row goes to. */
START_TEST(test_gap)
{
	PGconn *writer = sql_session();
	long last;

	ensure_partitions();
	last = sql_number("SELECT max(id) FROM cel");
	daemon_restart("cel.gap_timeout", "1h", NULL);
	first_ids(last);
	sql_session_run(writer, "BEGIN; " CEL_INSERT);
	last = sql_number("SELECT last_value FROM cel_id_seq");
	cel_rows_insert(1, "ABOVE");
	ck_assert_str_eq(first_ids(last), "");
	wait_ms(100);
	ck_assert_str_eq(first_ids(last), "");
	sql_session_run(writer, "COMMIT");
	for (long begin_ms = wait_now_ms();
		strcmp(first_ids(last), scratch_format("%ld %ld", last, last + 1)) != 0;
		wait_ms(10))
		ck_assert_int_lt(wait_now_ms() - begin_ms, SOON_MS);
}
END_TEST

static Suite *
cel_partitions_suite(void)
{
	Suite *suite = suite_create("cel_partitions");

	harness_add(suite, "prunes", test_prunes);
	harness_add(suite, "pages", test_pages);
	harness_add(suite, "dropped", test_dropped);
	harness_add(suite, "gap", test_gap);
	return suite;
}

HARNESS_MAIN(cel_partitions_suite)
