#include "support/harness.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/pooler.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/standby.h"
#include "support/wait.h"

/* As much of a log as helps to understand a failure. */
#define TAIL_BYTES 6000

static char directory[] = "/tmp/rd-XXXXXX";
static int guardian_pipe = -1;
static pid_t guardian;

const char *
harness_directory(void)
{
	return directory;
}

char *
harness_path(const char *name)
{
	return scratch_format("%s/%s", directory, name);
}

static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL || *value == '\0')
		harness_fail("the environment variable %s must be set", name);
	return value;
}

char *
harness_source(const char *name)
{
	return scratch_format("%s/%s", environment("TEST_SOURCE_ROOT"), name);
}

char *
harness_build(const char *name)
{
	return scratch_format("%s/%s", environment("TEST_BUILD_ROOT"), name);
}

const char *
harness_daemon(void)
{
	return harness_is_wrapped() ? environment("TEST_DAEMON_WRAPPER")
				    : environment("TEST_DAEMON");
}

bool
harness_is_wrapped(void)
{
	return getenv("TEST_DAEMON_WRAPPER") != NULL;
}

void
harness_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

static void
show_tail(const char *name)
{
	const char *text = scratch_file(harness_path(name));
	size_t length = strlen(text);

	if (length == 0)
		return;
	printf("---- end of %s ----\n%s\n", name,
		length > TAIL_BYTES ? text + length - TAIL_BYTES : text);
}

/*
 * Outlives the test program by a moment. It has a session of its own, so that what ends the
 * program's group does not end it, and waits for the end of the pipe, which no other child holds.
 */
static _Noreturn void
guard(int pipe_end)
{
	char byte;
	char command[256];

	setsid();
	prctl(PR_SET_NAME, "test-guardian");
	for (int descriptor = 0; descriptor < 64; descriptor++) {
		if (descriptor != pipe_end)
			close(descriptor);
	}
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	while (read(pipe_end, &byte, 1) > 0)
		;
	snprintf(command, sizeof command,
		"for i in 1 2 3 4 5 6 7 8 9 10; do "
		"kill -CONT $(head -qn 1 %s/*data/postmaster.pid) >&2 || break; "
		"sleep 0.3; done; rm -rf %s",
		directory, directory);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void
start_guardian(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		harness_fail("pipe2 failed");
	guardian = fork();
	if (guardian == 0) {
		close(ends[1]);
		guard(ends[0]);
	}
	close(ends[0]);
	guardian_pipe = ends[1];
}

/* Also reached by exit() in the middle of anything. */
static void
clean_up(void)
{
	daemon_abandon();
	sql_close_all();
	pooler_stop();
	standbys_stop();
	cluster_stop();
	scratch_release();
	close(guardian_pipe);
	waitpid(guardian, NULL, 0);
}

static void
end_on_signal(int number)
{
	/* The children follow by their death signal, the folder by the guardian. */
	_exit(128 + number);
}

static void
begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, end_on_signal);
	signal(SIGINT, end_on_signal);
	umask(022);
	if (mkdtemp(directory) == NULL || chmod(directory, 0755) != 0)
		harness_fail("mkdtemp failed");
	start_guardian();
	atexit(clean_up);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	cluster_start();
	fixture_load();
}

static void
before_test(void)
{
	cluster_ensure();
	daemon_ensure_default();
}

static void
after_test(void)
{
	sql_close_sessions();
	scratch_release();
}

static TCase *
new_case(Suite *suite, const char *name)
{
	TCase *test_case = tcase_create(name);

	tcase_add_checked_fixture(test_case, before_test, after_test);
	suite_add_tcase(suite, test_case);
	return test_case;
}

void
harness_add(Suite *suite, const char *name, const TTest *test)
{
	tcase_add_test(new_case(suite, name), test);
}

void
harness_add_loop(Suite *suite, const char *name, const TTest *test, int count)
{
	tcase_add_loop_test(new_case(suite, name), test, 0, count);
}

void
harness_add_row(Suite *suite, const char *name, const TTest *test, int row)
{
	tcase_add_loop_test(new_case(suite, name), test, row, row + 1);
}

/* Once more behind the logs, as of long output only the end is shown. */
static void
show_failures(SRunner *runner)
{
	TestResult **failures = srunner_failures(runner);

	for (int i = 0; i < srunner_ntests_failed(runner); i++)
		printf("failed: %s: %s\n", tr_tcname(failures[i]), tr_msg(failures[i]));
	free(failures);
}

int
harness_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	bool ended_well;
	int failed;

	begin();
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	ended_well = daemon_finish();
	if (failed != 0 || !ended_well) {
		show_tail(DAEMON_LOG);
		show_tail(CLUSTER_LOG);
		show_failures(runner);
	}
	srunner_free(runner);
	curl_global_cleanup();
	return failed == 0 && ended_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
