/*
 * The recordingd under test, started with a configuration file of the tests' own.
 *
 * Each end is checked: SIGTERM must lead to exit status 0, and standard error must hold no report
 * of a sanitizer.
 */
#ifndef RECORDINGD_TEST_DAEMON_H
#define RECORDINGD_TEST_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

#define DAEMON_LOG	"recordingd.log"
#define DAEMON_TOKEN	"s3cret-token"
#define DAEMON_PASSWORD "s3cret-word" /* in database.conninfo; nobody asks for it */

/* Ready for requests in the default test configuration, without a restart when it already is. */
void daemon_ensure_default(void);

/*
 * Restarts it with other values: pairs of "section.key" and value, then NULL. A value that begins
 * with + is added to the default one, behind a comma. Returns when health answers 200.
 */
void daemon_restart(const char *key, ...) __attribute__((sentinel));

/* The same; returns as soon as health answers anything. */
void daemon_restart_degraded(const char *key, ...) __attribute__((sentinel));

/* Rewrites the configuration file of the running daemon; the caller sends SIGHUP. */
void daemon_configure(const char *key, ...) __attribute__((sentinel));

/* The text of such a configuration file. */
char *daemon_configuration(const char *key, ...) __attribute__((sentinel));

void daemon_signal(int number);

/* Waits for the end of a daemon that was told to end; its exit status, -1 when it goes on. */
int daemon_wait(long timeout_ms);

/* Ends it without a farewell. */
void daemon_kill(void);

/* After daemon_kill(): as it was, at the same address. Returns as soon as health answers anything.
 */
void daemon_start_again(void);

bool daemon_is_running(void);
pid_t daemon_pid(void);
int daemon_port(void);

/* "http://127.0.0.1:port" */
char *daemon_url(void);

/* Standard error since the last start. */
char *daemon_log(void);

/* True once the log holds text; waits up to two seconds. */
bool daemon_logs(const char *text);

/*
 * Ends it at the end of the program; false, with a message, when it did not end well, or when a log
 * holds the token or the password.
 */
bool daemon_finish(void);

/* Kills it, for exits in the middle of anything. */
void daemon_abandon(void);

/* A port of 127.0.0.1 that is free now. */
int daemon_free_port(void);

#endif
