/*
 * Every committed channel event, exactly once, in the order of ids, for every kind of collector,
 * while several writers insert at once and one in five rolls back.
 */
#include <pthread.h>
#include <stdatomic.h>
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

#define WRITERS	   8
#define COLLECTORS 50

/* In ./dev test; TRUTH_SECONDS changes it. */
#define SECONDS 20

static atomic_bool naive_stop;

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

	while (!atomic_load(&naive_stop)) {
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

static long
seconds(void)
{
	const char *given = getenv("TRUTH_SECONDS");

	return given == NULL ? SECONDS : atol(given);
}

START_TEST(test_truth)
{
	struct collector *collectors[COLLECTORS];
	struct cel_writers *writers;
	struct naive naive;
	long base, last, committed;
	PGconn *session;

	base = cel_rows_clear_end();
	daemon_restart("cel.cache_ttl", "10s", "cel.max_staleness", "5ms", NULL);
	writers = cel_writers_start(cluster_conninfo("postgres", CLUSTER_DATABASE), WRITERS);
	naive = (struct naive){ .connection = sql_session(), .next = base + 1 };
	pthread_create(&naive.thread, NULL, poll_naively, &naive);
	for (int i = 0; i < COLLECTORS; i++)
		collectors[i] = collector_start((enum collector_kind)(i % COLLECTOR_KINDS),
			i % 3 == 0 ? 0 : base + 1, i % 5 == 4);
	wait_ms(seconds() * 1000);
	ck_assert_str_eq(cel_writers_stop(writers), "");
	atomic_store(&naive_stop, true);
	pthread_join(naive.thread, NULL);
	last = sql_number("SELECT max(id) FROM cel");
	committed = sql_number("SELECT count(*) FROM cel WHERE id > %ld", base);
	for (int i = 0; i < COLLECTORS; i++)
		collector_await(collectors[i], last, 60000);
	collectors_stop(collectors, COLLECTORS);
	session = sql_session();
	for (int i = 0; i < COLLECTORS; i++)
		collector_expect(collectors[i], i, i % 3 == 0 ? 0 : base + 1, session);
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
