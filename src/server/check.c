#include "server/check.h"

#include <event2/event.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "db/pool.h"
#include "server/config.h"
#include "statements.h"

#define CHECK_COLUMNS 2

/* How often, and how long at most, it looks whether standbys are connected. */
#define LOOK_INTERVAL_MS 20
#define LOOK_MS		 5000

struct check {
	struct event_base *base; /* borrowed */
	struct db_pool *pool;	 /* borrowed */
	struct event *timer;
	int64_t deadline_ms;
	unsigned missing;
	bool has_answer;
};

static const struct db_statement check_statement = {
	.name = "check",
	.text = sql_check,
	.lane = DB_LANE_SHORT,
	.on_primary = true,
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

/* Standbys are reported, too: they may take as long as a connection takes. */
static void
look_at_servers(struct check *check)
{
	struct timeval delay = clock_timeval(LOOK_INTERVAL_MS);
	bool is_over = true;

	for (unsigned i = 1; i < db_pool_servers(check->pool); i++) {
		struct db_pool_server server = db_pool_server(check->pool, i);

		is_over &= server.is_connected || *server.last_failure != '\0';
	}
	if (is_over || clock_now_ms() >= check->deadline_ms)
		(void)event_base_loopbreak(check->base);
	else if (evtimer_add(check->timer, &delay) != 0)
		memory_exhausted();
}

static void
timer_cb(evutil_socket_t socket, short what, void *context)
{
	(void)socket;
	(void)what;
	look_at_servers(context);
}

static void
on_done(enum db_outcome outcome, void *context)
{
	struct check *check = context;

	check->has_answer = outcome == DB_OUTCOME_DONE;
	look_at_servers(check);
}

static const struct db_query_hooks hooks = { .on_result = on_result, .on_done = on_done };

/* The role of a server is what it says; a standby that cannot be reached is left out of reads. */
static void
print_servers(const struct db_pool *pool)
{
	for (unsigned i = 0; i < db_pool_servers(pool); i++) {
		struct db_pool_server server = db_pool_server(pool, i);

		if (server.is_connected)
			printf("%s: connected to %s, a %s\n", i == 0 ? "database" : "reads",
				server.name, server.is_standby ? "standby" : "primary");
		else
			printf("%s: not connected to %s: %s\n", i == 0 ? "database" : "reads",
				server.name, server.last_failure);
	}
}

static bool
report(const struct check *check, const struct db_pool *pool)
{
	if (!check->has_answer) {
		const char *failure = db_pool_last_failure(pool);

		printf("the database cannot be checked: %s\n",
			*failure == '\0' ? "the statement failed" : failure);
		return false;
	}
	print_servers(pool);
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
		.read_conninfo = config->database.read_conninfo,
		.connections = 1,
		.statement_timeout_ms = (int64_t)config->database.statement_timeout_ms,
		.queue_timeout_ms = (int64_t)config->database.queue_timeout_ms,
		.read_max_lag_ms = (int64_t)config->database.read_max_lag_ms,
	};
	const struct db_step step = { .statement = &check_statement };
	struct db_pool *pool;
	bool passed = false;

	if (base == NULL)
		memory_exhausted();
	pool = db_pool_new(base, &settings);
	check.pool = pool;
	check.deadline_ms = clock_now_ms() + LOOK_MS;
	check.timer = evtimer_new(base, timer_cb, &check);
	if (check.timer == NULL)
		memory_exhausted();
	db_pool_start(pool);
	if (db_query_start(pool, &step, 1, &hooks, &check) != NULL) {
		(void)event_base_dispatch(base);
		passed = report(&check, pool);
	}
	db_pool_free(pool);
	event_free(check.timer);
	event_base_free(base);
	return passed;
}
