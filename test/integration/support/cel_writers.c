#include "support/cel_writers.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "support/cel_rows.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define WRITERS_MAX 8
#define ROWS_MAX    20

struct writer {
	struct cel_writers *all;
	pthread_t thread;
	PGconn *connection;
	unsigned seed;
	bool has_failed;
};

struct cel_writers {
	atomic_bool stopping;
	int count;
	struct writer writers[WRITERS_MAX];
};

static void
run_sql(struct writer *writer, const char *statement)
{
	PGresult *result = PQexec(writer->connection, statement);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		writer->has_failed = true;
	PQclear(result);
}

static void *
write_rows(void *context)
{
	struct writer *writer = context;

	while (!atomic_load(&writer->all->stopping) && !writer->has_failed) {
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

struct cel_writers *
cel_writers_start(const char *conninfo, int count)
{
	struct cel_writers *writers = scratch_new(sizeof *writers);

	writers->count = count;
	for (int i = 0; i < count; i++) {
		struct writer *writer = &writers->writers[i];

		writer->all = writers;
		writer->connection = sql_session_at(conninfo);
		writer->seed = (unsigned)i + 1;
		if (pthread_create(&writer->thread, NULL, write_rows, writer) != 0)
			harness_fail("no thread");
	}
	return writers;
}

const char *
cel_writers_stop(struct cel_writers *writers)
{
	const char *failure = "";

	atomic_store(&writers->stopping, true);
	for (int i = 0; i < writers->count; i++) {
		struct writer *writer = &writers->writers[i];

		pthread_join(writer->thread, NULL);
		if (writer->has_failed)
			failure = scratch_format("%s", PQerrorMessage(writer->connection));
		sql_session_close(writer->connection);
	}
	return failure;
}
