#include "support/standby.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/harness.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define TIMEOUT_MS 60000

struct standby {
	char name[32];
	pid_t server; /* 0: does not run */
	bool is_frozen;
};

static struct standby standbys[STANDBYS_MAX];
static int standby_count;

static char *
data_folder(const struct standby *standby)
{
	return harness_path(scratch_format("%s-data", standby->name));
}

char *
standby_host(const struct standby *standby)
{
	return harness_path(scratch_format("%s-socket", standby->name));
}

char *
standby_conninfo(const struct standby *standby, const char *user, const char *database)
{
	return scratch_format("host=%s user=%s dbname=%s", standby_host(standby), user, database);
}

char *
standby_value(struct standby *standby, const char *statement)
{
	PGconn *session = sql_session_at(standby_conninfo(standby, "postgres", CLUSTER_DATABASE));
	char *value = sql_session_value(session, statement);

	sql_session_close(session);
	return value;
}

static void
make_folder(const char *path, mode_t mode)
{
	if (mkdir(path, mode) != 0 ||
		chown(path, process_postgres_user(), process_postgres_group()) != 0)
		harness_fail("no folder %s", path);
}

static void
copy_cluster(const struct standby *standby)
{
	const char *log = harness_path("basebackup.log");
	const char *const arguments[] = { cluster_program("pg_basebackup"), "-D",
		data_folder(standby), "-h", harness_path("socket"), "-U", "postgres", "-R", "-X",
		"stream", "-c", "fast", "--no-sync", NULL };
	int status;

	make_folder(data_folder(standby), 0700);
	make_folder(standby_host(standby), 0755);
	status = process_run(&(struct process_options){ .arguments = arguments,
				     .output_file = log,
				     .directory = "/",
				     .as_postgres = true },
		TIMEOUT_MS);
	if (status != 0)
		harness_fail("pg_basebackup ended with %d: %s", status, scratch_file(log));
}

static bool
is_up(void *standby)
{
	return PQping(standby_conninfo(standby, "postgres", "postgres")) == PQPING_OK;
}

void
standby_start(struct standby *standby)
{
	if (standby->server != 0)
		return;
	standby->server = cluster_run_server(
		data_folder(standby), standby_host(standby), standby->name);
	if (!wait_until(is_up, standby, TIMEOUT_MS))
		harness_fail("the standby %s did not start: %s", standby->name,
			scratch_file(harness_path(CLUSTER_LOG)));
}

struct standby *
standby_create(const char *name)
{
	struct standby *standby = &standbys[standby_count];

	if (standby_count == STANDBYS_MAX)
		harness_fail("more than %d standbys", STANDBYS_MAX);
	snprintf(standby->name, sizeof standby->name, "%s", name);
	sql_run("ALTER DATABASE " CLUSTER_DATABASE " SET synchronous_commit = on");
	sql_reconnect();
	copy_cluster(standby);
	standby_count++;
	standby_start(standby);
	return standby;
}

void
standby_stop(struct standby *standby)
{
	if (standby->server == 0)
		return;
	if (standby->is_frozen)
		standby_freeze(standby, false);
	cluster_end_server(standby->server, SIGQUIT);
	standby->server = 0;
}

void
standby_freeze(struct standby *standby, bool is_frozen)
{
	cluster_freeze_server(standby->server, is_frozen);
	standby->is_frozen = is_frozen;
}

void
standby_promote(struct standby *standby)
{
	if (strcmp(standby_value(standby, "SELECT pg_promote(true, 60)"), "t") != 0)
		harness_fail("the standby %s was not promoted", standby->name);
}

void
standby_follow(struct standby *standby, const struct standby *primary)
{
	standby_value(standby,
		scratch_format("ALTER SYSTEM SET primary_conninfo = 'host=%s user=postgres'",
			standby_host(primary)));
	standby_value(standby, "SELECT pg_reload_conf()");
}

struct position {
	PGconn *session;
	const char *statement;
};

static bool
is_reached(void *context)
{
	const struct position *position = context;

	return strcmp(sql_session_value(position->session, position->statement), "t") == 0;
}

void
standby_await(struct standby *standby)
{
	struct position position = {
		.session = sql_session_at(standby_conninfo(standby, "postgres", CLUSTER_DATABASE)),
		.statement = scratch_format("SELECT pg_last_wal_replay_lsn() >= '%s'",
			sql_value("SELECT pg_current_wal_lsn()")),
	};

	if (!wait_until(is_reached, &position, TIMEOUT_MS))
		harness_fail("the standby %s does not follow: %s", standby->name,
			scratch_file(harness_path(CLUSTER_LOG)));
	sql_session_close(position.session);
}

void
standby_pause_replay(struct standby *standby, bool is_paused)
{
	standby_value(standby,
		is_paused ? "SELECT pg_wal_replay_pause()" : "SELECT pg_wal_replay_resume()");
}

void
standbys_stop(void)
{
	for (int i = 0; i < standby_count; i++)
		standby_stop(&standbys[i]);
}
