#include "support/pooler.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/harness.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/wait.h"

/* Part of the name of the socket only. */
#define PORT 6432

#define LOG "pgbouncer.log"

#define TIMEOUT_MS 20000

static pid_t pooler;

static char *
folder(void)
{
	return harness_path("pooler");
}

char *
pooler_conninfo(const char *user, const char *database)
{
	return scratch_format("host=%s port=%d user=%s dbname=%s", folder(), PORT, user, database);
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		harness_fail("%s cannot be written", path);
}

static void
write_configuration(int sessions)
{
	const char *users = scratch_format("%s/users", folder());

	mkdir(folder(), 0755);
	if (chown(folder(), process_postgres_user(), process_postgres_group()) != 0)
		harness_fail("chown failed");
	write_file(users, "\"recordingd\" \"\"\n\"postgres\" \"\"\n");
	write_file(scratch_format("%s/pgbouncer.ini", folder()),
		scratch_format("[databases]\n* = host=%s\n[pgbouncer]\n"
			       "listen_addr =\nlisten_port = %d\nunix_socket_dir = %s\n"
			       "pool_mode = transaction\nauth_type = trust\nauth_file = %s\n"
			       "max_client_conn = 500\ndefault_pool_size = %d\n"
			       "server_login_retry = 1\n",
			harness_path("socket"), PORT, folder(), users, sessions));
}

static bool
is_up(void *unused)
{
	(void)unused;
	return PQping(pooler_conninfo("postgres", CLUSTER_DATABASE)) == PQPING_OK;
}

void
pooler_start(int sessions)
{
	const char *const arguments[] = { "/usr/sbin/pgbouncer",
		scratch_format("%s/pgbouncer.ini", folder()), NULL };

	pooler_stop();
	write_configuration(sessions);
	pooler = process_start(&(struct process_options){ .arguments = arguments,
		.output_file = harness_path(LOG),
		.directory = "/",
		.as_postgres = true,
		.death_signal = SIGTERM });
	if (!wait_until(is_up, NULL, TIMEOUT_MS))
		harness_fail("PgBouncer did not start: %s", scratch_file(harness_path(LOG)));
}

void
pooler_stop(void)
{
	if (pooler == 0)
		return;
	kill(pooler, SIGTERM);
	if (process_wait(pooler, TIMEOUT_MS) == -1) {
		kill(pooler, SIGKILL);
		process_wait(pooler, TIMEOUT_MS);
	}
	pooler = 0;
}
