/* README.md's requests: each curl line, pasted into a shell, gets rows or sound of the demo data.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/sql.h"

#define LINE_START "\n    curl "

/* What README has now; more may come, and are pasted as well. */
#define LINES_MIN 16

/* A line for a stream, which has no end of its own. */
#define STREAM "curl -N "

#define RUN_LIMIT_MS 180000

static int
run(const char *const *arguments)
{
	return process_run(&(struct process_options){ .arguments = arguments,
				   .output_file = harness_path("run.out"),
				   .error_file = harness_path("run.err"),
				   .directory = harness_path("paste") },
		RUN_LIMIT_MS);
}

static void
load(const char *file)
{
	const char *const arguments[] = { "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d",
		cluster_conninfo("postgres", "demo"), "-f", harness_source(file), NULL };

	if (run(arguments) != 0)
		harness_fail("%s: %s", file, scratch_file(harness_path("run.err")));
}

/* As ./dev run does it, in a database beside that of the fixture. */
static void
serve_demo(void)
{
	(void)mkdir(harness_path("paste"), 0755);
	sql_run("DROP DATABASE IF EXISTS demo");
	sql_run("CREATE DATABASE demo");
	load("etc/schema.sql");
	load("etc/demo/data.sql");
	load("etc/grants.sql");
	fixture_wav("xivocc_gateway-1420717200.10.wav", 8000, 1, 1000);
	daemon_restart("database.conninfo", cluster_conninfo("recordingd", "demo"), NULL);
}

/* One channel event more, for the line that waits for one. */
static void
add_event(void)
{
	const char *const arguments[] = { "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d",
		cluster_conninfo("postgres", "demo"), "-c",
		"UPDATE cel SET id = 100001 WHERE id = (SELECT max(id) FROM cel)", NULL };

	if (run(arguments) != 0)
		harness_fail("%s", scratch_file(harness_path("run.err")));
}

/* What the line prints, or the file it saves. */
static const char *
paste(const char *line)
{
	const char *script = scratch_format(
		"rm -f *.wav; URL=%s/recording; AUTH='X-Auth-Token: %s'; "
		"JSON='Content-Type: application/json'; "
		"%s -s -S --fail%s && cat *.wav 2>/dev/null || true",
		daemon_url(), DAEMON_TOKEN, line,
		strncmp(line, STREAM, strlen(STREAM)) == 0 ? " --max-time 2" : "");
	const char *const arguments[] = { "bash", "-c", script, NULL };

	(void)unlink(harness_path("run.out"));
	(void)unlink(harness_path("run.err"));
	ck_assert_msg(run(arguments) == 0, "%s", line);
	return scratch_file(harness_path("run.out"));
}

static void
expect_something(const char *line)
{
	static const char *const nothing[] = { "", "[]", "{\"hasNext\":false,\"records\":[]}",
		"{\"total\":0,\"list\":[]}" };
	const char *output = paste(line);

	for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
		ck_assert_msg(strcmp(output, nothing[i]) != 0, "%s\nprints \"%s\"\n%s", line,
			output, scratch_file(harness_path("run.err")));
	}
}

START_TEST(test_lines)
{
	const char *at = scratch_file(harness_source("README.md"));
	int count = 0;

	serve_demo();
	add_event();
	for (; (at = strstr(at, LINE_START)) != NULL; count++) {
		at += strspn(at, "\n ");
		expect_something(scratch_format("%.*s", (int)strcspn(at, "\n"), at));
	}
	ck_assert_int_ge(count, LINES_MIN);
}
END_TEST

static Suite *
readme_suite(void)
{
	Suite *suite = suite_create("readme");

	harness_add(suite, "lines", test_lines);
	return suite;
}

HARNESS_MAIN(readme_suite)
