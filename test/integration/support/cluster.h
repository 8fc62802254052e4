/*
 * The private PostgreSQL cluster of a test program: no network, a socket in the program's folder,
 * a clock zone in which it is about noon (so that no test runs across midnight, and "today" is
 * rarely the one of this process).
 */
#ifndef RECORDINGD_TEST_CLUSTER_H
#define RECORDINGD_TEST_CLUSTER_H

#define CLUSTER_LOG	 "postgresql.log"
#define CLUSTER_DATABASE "xivo_stats"

/* Creates the cluster and starts it. Failure ends the program. */
void cluster_start(void);

/* Ends PostgreSQL at once, dropping its clients; nothing when it does not run. */
void cluster_stop(void);

/* Starts PostgreSQL again after cluster_stop(); nothing when it runs. */
void cluster_ensure(void);

/* A libpq connection string. */
char *cluster_conninfo(const char *user, const char *database);

#endif
