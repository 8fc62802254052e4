/*
 * The tests' own way into the database, as its superuser: fixtures, independent answers, locks.
 * An error in a statement ends the program: it is an error of the test.
 */
#ifndef RECORDINGD_TEST_SQL_H
#define RECORDINGD_TEST_SQL_H

#include <libpq-fe.h>

/* Runs one or several statements. */
void sql_run(const char *statements);
void sql_runf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs a file of statements. */
void sql_run_file(const char *path);

/* The first column of the first row as text; "" for NULL or no row. Lives until the test ends. */
char *sql_value(const char *format, ...) __attribute__((format(printf, 1, 2)));
long sql_number(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first column of all rows, with blanks between. */
char *sql_list(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Another session, for locks and transactions of its own; closed after the test. */
PGconn *sql_session(void);
void sql_session_run(PGconn *session, const char *statements);

/* The same on another server. */
PGconn *sql_session_at(const char *conninfo);

/* The first column of the first row as text; "" for NULL or no row. Lives until the test ends. */
char *sql_session_value(PGconn *session, const char *statement);
void sql_session_close(PGconn *session);

/* The number of recordingd's sessions that run a statement now, but for the one that asks about
 * others. */
long sql_active_statements(void);

/* Forgets the connection, because the cluster was stopped or restarted. */
void sql_reconnect(void);

void sql_close_sessions(void);
void sql_close_all(void);

#endif
