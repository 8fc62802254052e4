/*
 * Child processes of the tests. Each is killed by the kernel when the test program dies, whatever
 * killed it, and has its standard output and error in files.
 */
#ifndef RECORDINGD_TEST_PROCESS_H
#define RECORDINGD_TEST_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#define PROCESS_DESCRIPTORS_MAX 8

struct process_options {
	const char *const *arguments;	/* NULL terminated; [0] is the program */
	const char *const *environment; /* "NAME=value", or "NAME" to unset; NULL: as it is */
	const char *output_file;	/* appended to; NULL: /dev/null */
	const char *error_file;		/* appended to; NULL: like output_file */
	const int *descriptors;		/* become 3 and so on, told by LISTEN_FDS and LISTEN_PID */
	int descriptor_count;
	const char *directory; /* working directory; NULL: as it is */
	bool as_postgres;      /* PostgreSQL refuses to run as root */
	int death_signal;      /* when the test program dies */
};

pid_t process_start(const struct process_options *options);

/*
 * Waits for the end. The exit status, 128 + number for a signal, or -1 when it still runs after
 * timeout_ms (it goes on running).
 */
int process_wait(pid_t pid, long timeout_ms);

/* process_start() and process_wait(); kills the process after timeout_ms. */
int process_run(const struct process_options *options, long timeout_ms);

/* The user that runs PostgreSQL when the tests run as root. */
uid_t process_postgres_user(void);
gid_t process_postgres_group(void);

#endif
