/*
 * What every integration test program shares: a folder of its own under /tmp, a PostgreSQL cluster
 * and a recordingd in it, and their end.
 *
 * A program is one file with one suite, its tests added by harness_add(), and ends in
 * HARNESS_MAIN(x_suite). Tests run in this process (no fork), one after the other, each with a
 * healthy recordingd in the default test configuration, unless it starts another (daemon.h).
 *
 * When a test fails, the tails of the logs are printed. However the program ends, a guardian
 * process removes the folder.
 *
 * Environment: TEST_DAEMON is the recordingd to test, TEST_DAEMON_WRAPPER a program to start
 * instead, which becomes it, TEST_SOURCE_ROOT the source tree, TEST_BUILD_ROOT the build tree.
 */
#ifndef RECORDINGD_TEST_HARNESS_H
#define RECORDINGD_TEST_HARNESS_H

#include <check.h>
#include <stdbool.h>

/* The number of elements of a table. */
#define HARNESS_COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* Adds a test case that runs once. */
void harness_add(Suite *suite, const char *name, const TTest *test);

/* Adds a test case that runs once per row of a table, with the row's number in _i. */
void harness_add_loop(Suite *suite, const char *name, const TTest *test, int count);

/* Adds a test case for one row of a table, with a name of its own that outlives the suite. */
void harness_add_row(Suite *suite, const char *name, const TTest *test, int row);

/* The program's folder; holds the access log, the audio files and the configuration. */
const char *harness_directory(void);

/* <directory>/<name>, until the end of the test. */
char *harness_path(const char *name);

/* A file of the source tree. */
char *harness_source(const char *name);

/* A file of the build tree. */
char *harness_build(const char *name);

/* The recordingd to test. */
const char *harness_daemon(void);

/* Whether that is another program's, which has descriptors and memory of its own (test/valgrind).
 */
bool harness_is_wrapped(void);

/* For what is wrong with the surroundings, not with recordingd. Ends the program. */
_Noreturn void harness_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

int harness_run(Suite *suite);

#define HARNESS_MAIN(suite_function)                                                               \
	int main(void)                                                                             \
	{                                                                                          \
		return harness_run(suite_function());                                              \
	}

#endif
