/*
 * Every committed channel event, exactly once, in the order of ids, for every kind of collector,
 * while several writers insert at once and one in five rolls back.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "support/cel_rows.h"
#include "support/collector.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define WRITERS	   8
#define COLLECTORS 50
#define ROWS_MAX   20

/* In ./dev test; TRUTH_SECONDS changes it. */
#define SECONDS 20

static atomic_bool writers_stop;

struct writer {
	pthread_t thread;
	PGconn *connection;
	unsigned seed;
	bool failed;
};

static void
run_sql(struct writer *writer, const char *statement)
{
	PGresult *result = PQexec(writer->connection, statement);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		writer->failed = true;
	PQclear(result);
}

static void *
write_rows(void *context)
{
	struct writer *writer = context;

	while (!atomic_load(&writers_stop) && !writer->failed) {
		int rows = 1 + rand_r(&writer->seed) % ROWS_MAX;

		run_sql(writer, "BEGIN");
		for (int i = 0; i < rows; i++) {
			run_sql(writer, CEL_INSERT);
			if (rand_r(&writer->seed) % 4 == 0)
				wait_ms(rand_r(&writer->seed) % 4);
		}
		wait_ms(rand_r(&writer->seed) % 40);
		run_sql(writer, rand_r(&writer->seed) % 5 == 0 ? "ROLLBACK" : "COMMIT");
	}
	return NULL;
}

/* What everybody does without recordingd: the rows above the last id, straight from the table. */
struct naive {
	pthread_t thread;
	PGconn *connection;
	long next;
	long count;
};

static void *
poll_naively(void *context)
{
	struct naive *naive = context;

	while (!atomic_load(&writers_stop)) {
		char statement[128];
		PGresult *result;

		snprintf(statement, sizeof statement,
			"SELECT id FROM cel WHERE id >= %ld ORDER BY id LIMIT 1000", naive->next);
		result = PQexec(naive->connection, statement);
		naive->count += PQntuples(result);
		if (PQntuples(result) > 0)
			naive->next = 1 + atol(PQgetvalue(result, PQntuples(result) - 1, 0));
		PQclear(result);
		wait_ms(5);
	}
	return NULL;
}

static void
start_writers(struct writer *writers)
{
	atomic_store(&writers_stop, false);
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ .connection = sql_session(),
			.seed = (unsigned)i + 1 };
		pthread_create(&writers[i].thread, NULL, write_rows, &writers[i]);
	}
}

static void
stop_writers(struct writer *writers)
{
	atomic_store(&writers_stop, true);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	for (int i = 0; i < WRITERS; i++)
		ck_assert_msg(!writers[i].failed, "writer %d has failed", i);
}

static long *
committed_ids(long from, size_t *count)
{
	PGconn *session = sql_session();
	PGresult *result = PQexec(
		session, scratch_format("SELECT id FROM cel WHERE id >= %ld ORDER BY id", from));
	long *ids;

	*count = (size_t)PQntuples(result);
	ids = scratch_new(*count * sizeof *ids + 1);
	for (size_t i = 0; i < *count; i++)
		ids[i] = atol(PQgetvalue(result, (int)i, 0));
	PQclear(result);
	sql_session_close(session);
	return ids;
}

static void
expect_all(const struct collector *collector, int number, long first)
{
	size_t wanted_count, count;
	const long *wanted = committed_ids(first, &wanted_count);
	const long *ids = collector_ids(collector, &count);

	ck_assert_msg(collector_failure(collector)[0] == '\0', "collector %d: %s", number,
		collector_failure(collector));
	for (size_t i = 0; i < count && i < wanted_count; i++)
		ck_assert_msg(ids[i] == wanted[i],
			"collector %d (%d): row %zu has id %ld instead of %ld", number, number % 5,
			i, ids[i], wanted[i]);
	ck_assert_msg(count == wanted_count, "collector %d: %zu rows instead of %zu", number, count,
		wanted_count);
}

static long
seconds(void)
{
	const char *given = getenv("TRUTH_SECONDS");

	return given == NULL ? SECONDS : atol(given);
}

START_TEST(test_truth)
{
	struct collector *collectors[COLLECTORS];
	struct writer writers[WRITERS];
	struct naive naive;
	long base, last, committed;

	base = cel_rows_clear_end();
	daemon_restart("cel.cache_ttl", "10s", "cel.max_staleness", "5ms", NULL);
	start_writers(writers);
	naive = (struct naive){ .connection = sql_session(), .next = base + 1 };
	pthread_create(&naive.thread, NULL, poll_naively, &naive);
	for (int i = 0; i < COLLECTORS; i++)
		collectors[i] = collector_start((enum collector_kind)(i % COLLECTOR_KINDS),
			i % 3 == 0 ? 0 : base + 1, i % 5 == 4);
	wait_ms(seconds() * 1000);
	stop_writers(writers);
	pthread_join(naive.thread, NULL);
	last = sql_number("SELECT max(id) FROM cel");
	committed = sql_number("SELECT count(*) FROM cel WHERE id > %ld", base);
	for (int i = 0; i < COLLECTORS; i++)
		collector_await(collectors[i], last, 60000);
	collectors_stop(collectors, COLLECTORS);
	for (int i = 0; i < COLLECTORS; i++)
		expect_all(collectors[i], i, i % 3 == 0 ? 0 : base + 1);
	/* The load is one that a plain query does not survive. */
	ck_assert_int_ge(committed, seconds() * 100);
	ck_assert_msg(naive.count < committed, "the naive query has got %ld of %ld rows",
		naive.count, committed);
	printf("%ld rows committed; a query for the rows above the last id got %ld of them\n",
		committed, naive.count);
	for (int i = 0; i < COLLECTORS; i++)
		collector_free(collectors[i]);
}
END_TEST

static Suite *
cel_truth_suite(void)
{
	Suite *suite = suite_create("cel_truth");

	harness_add(suite, "truth", test_truth);
	return suite;
}

HARNESS_MAIN(cel_truth_suite)
