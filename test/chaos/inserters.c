#include "inserters.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "known.h"
#include "ledger.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define INSERTERS_MAX 8
#define ROWS_MAX      12

/* Between two transactions: as many rows as a busy call centre's. */
#define PAUSE_MS (240 * CLIENTS_SLOWNESS)

/* Of what became of a row; by its id. */
enum fate {
	FATE_UNKNOWN,
	FATE_COMMITTED,
	FATE_ROLLED_BACK,
};

struct inserter {
	pthread_t thread;
	PGconn *connection;
	unsigned seed;
	long ids[ROWS_MAX];
	int rows;
};

static struct inserter inserters[INSERTERS_MAX];
static int inserter_count;
static char conninfo[512];
static atomic_bool stopping;

static pthread_mutex_t fates_lock = PTHREAD_MUTEX_INITIALIZER;
static char *fates;
static long fate_count;

static void
note_fate(long id, enum fate fate)
{
	pthread_mutex_lock(&fates_lock);
	if (id >= fate_count) {
		long count = id * 2 + 1000;

		fates = realloc(fates, (size_t)count);
		if (fates == NULL)
			harness_fail("out of memory");
		memset(fates + fate_count, FATE_UNKNOWN, (size_t)(count - fate_count));
		fate_count = count;
	}
	fates[id] = (char)fate;
	pthread_mutex_unlock(&fates_lock);
}

static void
ignore_notice(void *context, const char *message)
{
	(void)context;
	(void)message;
}

static bool
run_sql(struct inserter *inserter, const char *statement)
{
	PGresult *result = PQexec(inserter->connection, statement);
	ExecStatusType status = PQresultStatus(result);
	bool is_done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (status == PGRES_TUPLES_OK && PQntuples(result) == 1)
		inserter->ids[inserter->rows++] = atol(PQgetvalue(result, 0, 0));
	PQclear(result);
	return is_done;
}

static bool
insert_rows(struct inserter *inserter)
{
	int rows = 1 + rand_r(&inserter->seed) % ROWS_MAX;

	inserter->rows = 0;
	if (!run_sql(inserter, "BEGIN"))
		return false;
	while (inserter->rows < rows) {
		if (!run_sql(inserter, KNOWN_EVENT_INSERT "RETURNING id"))
			return false;
		if (rand_r(&inserter->seed) % 4 == 0)
			wait_ms(rand_r(&inserter->seed) % 4);
	}
	wait_ms(rand_r(&inserter->seed) % 40);
	return true;
}

static void
run_transaction(struct inserter *inserter)
{
	bool gives_up = rand_r(&inserter->seed) % 5 == 0;
	enum fate fate = gives_up ? FATE_ROLLED_BACK : FATE_UNKNOWN;

	/* Without the word of its end a transaction is none. */
	if (!insert_rows(inserter))
		fate = FATE_ROLLED_BACK;
	else if (run_sql(inserter, gives_up ? "ROLLBACK" : "COMMIT"))
		fate = gives_up ? FATE_ROLLED_BACK : FATE_COMMITTED;
	for (int i = 0; i < inserter->rows; i++)
		note_fate(inserter->ids[i], fate);
}

static void *
run(void *context)
{
	struct inserter *inserter = context;

	while (!atomic_load(&stopping)) {
		if (PQstatus(inserter->connection) != CONNECTION_OK) {
			PQfinish(inserter->connection);
			wait_ms(20);
			inserter->connection = PQconnectdb(conninfo);
			PQsetNoticeProcessor(inserter->connection, ignore_notice, NULL);
			continue;
		}
		run_transaction(inserter);
		wait_ms(rand_r(&inserter->seed) % PAUSE_MS);
	}
	PQfinish(inserter->connection);
	return NULL;
}

void
inserters_start(const char *to, int count)
{
	snprintf(conninfo, sizeof conninfo, "%s", to);
	inserter_count = count;
	for (int i = 0; i < count; i++) {
		inserters[i].seed = (unsigned)i + 1;
		if (pthread_create(&inserters[i].thread, NULL, run, &inserters[i]) != 0)
			harness_fail("no thread");
	}
}

void
inserters_stop(void)
{
	atomic_store(&stopping, true);
	for (int i = 0; i < inserter_count; i++)
		pthread_join(inserters[i].thread, NULL);
}

/* Marks the rows that are there: bit by bit, an id and whether it is in the table. */
static void
check_id(long id, bool is_there)
{
	if (id >= fate_count)
		return;
	if (fates[id] == FATE_COMMITTED && !is_there)
		ledger_wrong("the committed row %ld of cel is lost", id);
	if (fates[id] == FATE_ROLLED_BACK && is_there)
		ledger_wrong("the row %ld of cel was never committed", id);
}

long
inserters_check(void)
{
	PGconn *session = sql_session();
	PGresult *result = PQexec(session,
		scratch_format("SELECT id FROM cel WHERE id > %d ORDER BY id", KNOWN_EVENTS));
	long next = KNOWN_EVENTS + 1;
	long committed = 0;

	for (int row = 0; row < PQntuples(result); row++) {
		long id = atol(PQgetvalue(result, row, 0));

		while (next < id)
			check_id(next++, false);
		check_id(next++, true);
	}
	while (next < fate_count)
		check_id(next++, false);
	for (long id = 0; id < fate_count; id++)
		committed += fates[id] == FATE_COMMITTED;
	PQclear(result);
	sql_session_close(session);
	return committed;
}
