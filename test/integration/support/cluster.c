#include "support/cluster.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/wait.h"

#define START_TIMEOUT_MS 60000
#define STOP_TIMEOUT_MS	 20000

static pid_t postmaster;
static char program_directory[512];
static char settings[CLUSTER_SETTINGS_MAX][64];
static int setting_count;
static bool cluster_is_frozen;

/* Where initdb and postgres are: Debian keeps them out of PATH. */
static void
find_programs(void)
{
	FILE *output = popen(
		"{ pg_config --bindir; ls -d /usr/lib/postgresql/*/bin; } 2>/dev/null", "r");
	char directory[sizeof program_directory];

	if (output == NULL)
		harness_fail("popen failed");
	while (fgets(directory, sizeof directory, output) != NULL) {
		directory[strcspn(directory, "\n")] = '\0';
		if (program_directory[0] == '\0' &&
			access(scratch_format("%s/initdb", directory), X_OK) == 0)
			memcpy(program_directory, directory, sizeof directory);
	}
	pclose(output);
	if (program_directory[0] == '\0')
		harness_fail("PostgreSQL's initdb was not found");
}

static void
create_cluster(void)
{
	const char *log = harness_path("initdb.log");
	const char *data = harness_path("data");
	const char *const arguments[] = { cluster_program("initdb"), "-D", data, "-U", "postgres",
		"-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=icu",
		"--icu-locale=en-US", "--no-sync", "--no-instructions", NULL };
	FILE *file = fopen(log, "w");
	int status;

	if (file == NULL || mkdir(data, 0700) != 0 || mkdir(harness_path("socket"), 0755) != 0)
		harness_fail("no folder for PostgreSQL");
	fclose(file);
	if (chown(data, process_postgres_user(), process_postgres_group()) != 0 ||
		chown(harness_path("socket"), process_postgres_user(), process_postgres_group()) !=
			0 ||
		chown(log, process_postgres_user(), process_postgres_group()) != 0)
		harness_fail("chown failed");
	status = process_run(&(struct process_options){ .arguments = arguments,
				     .output_file = log,
				     .directory = "/",
				     .as_postgres = true },
		START_TIMEOUT_MS);
	if (status != 0)
		harness_fail("initdb ended with %d: %s", status, scratch_file(log));
}

/* POSIX signs: Etc/GMT-3 is three hours east of Greenwich. */
static char *
noon_zone(void)
{
	time_t now = time(NULL);
	struct tm utc;
	int hours_east;

	gmtime_r(&now, &utc);
	hours_east = 12 - utc.tm_hour;
	return scratch_format("timezone=Etc/GMT%+d", -hours_east);
}

static bool
is_up(void *unused)
{
	(void)unused;
	return PQping(cluster_conninfo("postgres", "postgres")) == PQPING_OK;
}

void
cluster_set(const char *setting)
{
	if (setting_count == CLUSTER_SETTINGS_MAX)
		harness_fail("more than %d settings", CLUSTER_SETTINGS_MAX);
	snprintf(settings[setting_count++], sizeof settings[0], "%s", setting);
}

pid_t
cluster_run_server(const char *data, const char *sockets, const char *name)
{
	const char *arguments[32 + 2 * CLUSTER_SETTINGS_MAX] = { cluster_program("postgres"), "-D",
		data, "-k", sockets, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
		"synchronous_commit=off", "-c", "full_page_writes=off", "-c", "autovacuum=off",
		"-c", "max_connections=60", "-c", "shared_buffers=16MB", "-c",
		"log_min_messages=warning", "-c", noon_zone(), "-c",
		"wal_retrieve_retry_interval=100ms", "-c", "wal_keep_size=128MB", "-c",
		scratch_format("cluster_name=%s", name) };
	int count = 0;

	while (arguments[count] != NULL)
		count++;
	/* The last word counts. */
	for (int i = 0; i < setting_count; i++) {
		arguments[count++] = "-c";
		arguments[count++] = settings[i];
	}
	return process_start(&(struct process_options){
		.arguments = arguments,
		.output_file = harness_path(CLUSTER_LOG),
		.directory = "/",
		.as_postgres = true,
		.death_signal = SIGQUIT,
	});
}

void
cluster_end_server(pid_t server, int number)
{
	kill(server, number);
	if (process_wait(server, STOP_TIMEOUT_MS) == -1) {
		kill(server, SIGQUIT);
		process_wait(server, STOP_TIMEOUT_MS);
	}
}

/* The postmaster and its children, which have process groups of their own. */
void
cluster_freeze_server(pid_t server, bool is_frozen)
{
	const char *command = scratch_format("kill -%s %d $(cat /proc/%d/task/%d/children)",
		is_frozen ? "STOP" : "CONT", (int)server, (int)server, (int)server);

	if (system(command) != 0)
		harness_fail("\"%s\" failed", command);
}

void
cluster_freeze(bool is_frozen)
{
	cluster_freeze_server(postmaster, is_frozen);
	cluster_is_frozen = is_frozen;
}

void
cluster_await(void)
{
	if (!wait_until(is_up, NULL, START_TIMEOUT_MS))
		harness_fail(
			"PostgreSQL did not start: %s", scratch_file(harness_path(CLUSTER_LOG)));
}

static void
start_server(void)
{
	postmaster = cluster_run_server(harness_path("data"), harness_path("socket"), "cluster");
	cluster_await();
}

void
cluster_start(void)
{
	find_programs();
	create_cluster();
	start_server();
}

void
cluster_ensure(void)
{
	if (postmaster == 0)
		start_server();
}

static void
end_with(int number)
{
	if (postmaster == 0)
		return;
	if (cluster_is_frozen)
		cluster_freeze(false);
	cluster_end_server(postmaster, number);
	postmaster = 0;
}

void
cluster_stop(void)
{
	end_with(SIGINT);
}

void
cluster_crash(void)
{
	end_with(SIGQUIT);
}

char *
cluster_program(const char *program)
{
	return scratch_format("%s/%s", program_directory, program);
}

char *
cluster_conninfo(const char *user, const char *database)
{
	return scratch_format(
		"host=%s/socket user=%s dbname=%s", harness_directory(), user, database);
}
