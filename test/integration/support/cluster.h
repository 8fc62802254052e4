/*
 * The private PostgreSQL cluster of a test program: no network, a socket in the program's folder,
 * a clock zone in which it is about noon (so that no test runs across midnight, and "today" is
 * rarely the one of this process).
 */
#ifndef RECORDINGD_TEST_CLUSTER_H
#define RECORDINGD_TEST_CLUSTER_H

#include <stdbool.h>
#include <sys/types.h>

#define CLUSTER_LOG	 "postgresql.log"
#define CLUSTER_DATABASE "xivo_stats"

#define CLUSTER_SETTINGS_MAX 4

/* Creates the cluster and starts it. Failure ends the program. */
void cluster_start(void);

/* Ends PostgreSQL at once, dropping its clients; nothing when it does not run. */
void cluster_stop(void);

/* The same without a farewell: nothing more is written, and nothing sent to standbys. */
void cluster_crash(void);

/* Starts PostgreSQL again after cluster_stop(); nothing when it runs. */
void cluster_ensure(void);

/* Waits until PostgreSQL takes connections, which it does not while it restarts by itself. */
void cluster_await(void);

/* A setting, "name=value", of servers that are started from now on; at most CLUSTER_SETTINGS_MAX.
 */
void cluster_set(const char *setting);

/* Stops all its processes as they are: clients see nothing but silence. Ends with false. */
void cluster_freeze(bool is_frozen);

/* A libpq connection string. */
char *cluster_conninfo(const char *user, const char *database);

/* For other servers of a test (standby.h): a program of this PostgreSQL. */
char *cluster_program(const char *program);

/* A server with the settings of the cluster, on folders of its own; it may not be up yet. */
pid_t cluster_run_server(const char *data, const char *sockets, const char *name);

/* Ends such a server by a signal: SIGINT fast, SIGQUIT at once. */
void cluster_end_server(pid_t server, int number);

/* Freezes such a server, or lets it go on. */
void cluster_freeze_server(pid_t server, bool is_frozen);

#endif
