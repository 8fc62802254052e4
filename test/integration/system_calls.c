/*
 * server.seccomp: that the running daemon is restricted, and that everything which it does seldom
 * still works then. What is restricted is in test/unit/server/system_calls.c; that everything else
 * works is what all other tests show, which run with it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#ifdef HAVE_SECCOMP

/* A line of the daemon's /proc/PID/status; "" for none. */
static char *
status_line(const char *name)
{
	FILE *file = fopen(scratch_format("/proc/%d/status", (int)daemon_pid()), "r");
	char line[256];
	char *value = scratch_format("%s", "");

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, name, strlen(name)) == 0)
			value = scratch_format(
				"%s", line + strlen(name) + strspn(line + strlen(name), "\t "));
	}
	fclose(file);
	value[strcspn(value, "\n")] = '\0';
	return value;
}

/* 2: a filter; nor can it be got rid of by a program that has more rights. */
START_TEST(test_filter)
{
	ck_assert_str_eq(status_line("Seccomp:"), "2");
	ck_assert_str_eq(status_line("NoNewPrivs:"), "1");
	daemon_restart("server.seccomp", "off", NULL);
	ck_assert_str_eq(status_line("Seccomp:"), "0");
	daemon_restart("server.seccomp", "on", NULL);
	ck_assert_str_eq(status_line("Seccomp:"), "2");
}
END_TEST

static bool
is_healthy(void *unused)
{
	(void)unused;
	return http_probe() == 200;
}

/* All that a configuration names is opened anew. */
START_TEST(test_reload)
{
	fixture_audio("rec-1.wav", "x", 1);
	daemon_configure("access_log.file", harness_path("other.log"), "cel.cache_size", "1MiB",
		"server.max_connections", "50", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("reloaded"));
	expect_status(http_get("/recording/records/rec-1/audio/listen"), 200);
	ck_assert_ptr_nonnull(strstr(scratch_file(harness_path("other.log")), "\"rec-1\""));
	/* It does not take effect, and the log says so. */
	daemon_configure("server.seccomp", "off", NULL);
	daemon_signal(SIGHUP);
	ck_assert(daemon_logs("server.seccomp takes effect at the next start"));
	ck_assert_str_eq(status_line("Seccomp:"), "2");
}
END_TEST

START_TEST(test_rotation)
{
	fixture_audio("rec-1.wav", "x", 1);
	ck_assert_int_eq(rename(harness_path("access.log"), harness_path("access.log.1")), 0);
	daemon_signal(SIGUSR1);
	ck_assert(daemon_logs("channel events: "));
	expect_status(http_get("/recording/records/rec-1/audio/listen"), 200);
	ck_assert_ptr_nonnull(strstr(scratch_file(harness_path("access.log")), "\"rec-1\""));
}
END_TEST

START_TEST(test_reconnection)
{
	cluster_stop();
	sql_reconnect();
	expect_status(http_get("/recording/health"), 503);
	cluster_ensure();
	ck_assert(wait_until(is_healthy, NULL, 15000));
	expect_status(http_post("/recording/records/search", "{}"), 200);
}
END_TEST

/* By name: libpq asks the resolver. Nobody listens there, but the name is found. */
START_TEST(test_host_name)
{
	daemon_restart_degraded("database.conninfo",
		scratch_format(
			"host=localhost port=%d dbname=x sslmode=prefer", daemon_free_port()),
		NULL);
	ck_assert(daemon_logs("onnection refused"));
	ck_assert_str_eq(status_line("Seccomp:"), "2");
	ck_assert_ptr_null(strstr(daemon_log(), "could not translate"));
	ck_assert_ptr_null(strstr(daemon_log(), "Function not implemented"));
}
END_TEST

START_TEST(test_drain)
{
	struct http_pending *poll;

	sql_run("DELETE FROM cel WHERE id = 2147483647");
	daemon_restart(
		"server.listen", scratch_format("+unix:%s", harness_path("http.socket")), NULL);
	poll = http_begin(
		&(struct http_request){ .target = "/recording/cel?from=2147483647&wait=30" });
	daemon_signal(SIGTERM);
	expect_json(http_finish(poll), 200, "[]");
	ck_assert_int_eq(daemon_wait(10000), 0);
	/* The socket's file is gone, too. */
	ck_assert_int_ne(access(harness_path("http.socket"), F_OK), 0);
}
END_TEST

#else

/* This daemon was built without: it says so, and serves. */
START_TEST(test_without)
{
	daemon_restart("server.seccomp", "on", NULL);
	ck_assert(daemon_logs("built without libseccomp"));
	expect_status(http_get("/recording/cel?limit=1"), 200);
}
END_TEST

#endif

static Suite *
system_calls_suite(void)
{
	Suite *suite = suite_create("system_calls");

#ifdef HAVE_SECCOMP
	harness_add(suite, "filter", test_filter);
	harness_add(suite, "reload", test_reload);
	harness_add(suite, "rotation", test_rotation);
	harness_add(suite, "reconnection", test_reconnection);
	harness_add(suite, "host name", test_host_name);
	harness_add(suite, "drain", test_drain);
#else
	harness_add(suite, "without", test_without);
#endif
	return suite;
}

HARNESS_MAIN(system_calls_suite)
