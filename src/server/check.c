#include "server/check.h"

#include <event2/event.h>
#include <stdio.h>

#include "base/memory.h"
#include "db/pool.h"
#include "server/config.h"
#include "statements.h"

#define CHECK_COLUMNS 2

struct check {
	struct event_base *base; /* borrowed */
	unsigned missing;
	bool has_answer;
};

static const struct db_statement check_statement = {
	.name = "check",
	.text = sql_check,
	.lane = DB_LANE_SHORT,
};

static bool
on_result(const PGresult *result, void *context)
{
	struct check *check = context;

	if (PQnfields(result) != CHECK_COLUMNS)
		return false;
	for (int row = 0; row < PQntuples(result); row++) {
		printf("missing %s: %s\n", PQgetvalue(result, row, 0), PQgetvalue(result, row, 1));
		check->missing++;
	}
	return true;
}

static void
on_done(enum db_outcome outcome, void *context)
{
	struct check *check = context;

	check->has_answer = outcome == DB_OUTCOME_DONE;
	(void)event_base_loopbreak(check->base);
}

static const struct db_query_hooks hooks = { .on_result = on_result, .on_done = on_done };

static bool
report(const struct check *check, const struct db_pool *pool)
{
	if (!check->has_answer) {
		const char *failure = db_pool_last_failure(pool);

		printf("the database cannot be checked: %s\n",
			*failure == '\0' ? "the statement failed" : failure);
		return false;
	}
	if (check->missing > 0) {
		printf("%u missing; see etc/indexes.sql for the indexes\n", check->missing);
		return false;
	}
	printf("the database has everything recordingd uses\n");
	return true;
}

bool
check_database(const struct config *config)
{
	struct event_base *base = event_base_new();
	struct check check = { .base = base };
	const struct db_settings settings = {
		.conninfo = config->database.conninfo,
		.connections = 1,
		.statement_timeout_ms = (int64_t)config->database.statement_timeout_ms,
		.queue_timeout_ms = (int64_t)config->database.queue_timeout_ms,
	};
	const struct db_step step = { .statement = &check_statement };
	struct db_pool *pool;
	bool passed = false;

	if (base == NULL)
		memory_exhausted();
	pool = db_pool_new(base, &settings);
	db_pool_start(pool);
	if (db_query_start(pool, &step, 1, &hooks, &check) != NULL) {
		(void)event_base_dispatch(base);
		passed = report(&check, pool);
	}
	db_pool_free(pool);
	event_base_free(base);
	return passed;
}
