#include "support/sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cluster.h"
#include "support/harness.h"
#include "support/scratch.h"

#define SESSIONS_MAX 16

static PGconn *own_session;
static PGconn *sessions[SESSIONS_MAX];

static PGconn *
checked(PGconn *session)
{
	if (PQstatus(session) != CONNECTION_OK)
		harness_fail("the tests cannot connect: %s", PQerrorMessage(session));
	return session;
}

static PGconn *
connect_superuser(void)
{
	PGconn *session = PQconnectdb(cluster_conninfo("postgres", CLUSTER_DATABASE));

	if (PQstatus(session) != CONNECTION_OK) {
		PQfinish(session);
		session = PQconnectdb(cluster_conninfo("postgres", "postgres"));
	}
	return checked(session);
}

static void
ignore_notice(void *context, const char *message)
{
	(void)context;
	(void)message;
}

static PGconn *
own(void)
{
	if (own_session == NULL) {
		own_session = connect_superuser();
		PQsetNoticeProcessor(own_session, ignore_notice, NULL);
	}
	return own_session;
}

static PGresult *
run_on(PGconn *session, const char *statements)
{
	PGresult *result = PQexec(session, statements);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		harness_fail("%s in: %.2000s", PQerrorMessage(session), statements);
	return result;
}

void
sql_run(const char *statements)
{
	PQclear(run_on(own(), statements));
}

void
sql_runf(const char *format, ...)
{
	va_list arguments;
	char *statement;

	va_start(arguments, format);
	if (vasprintf(&statement, format, arguments) < 0)
		harness_fail("out of memory");
	va_end(arguments);
	sql_run(statement);
	free(statement);
}

void
sql_run_file(const char *path)
{
	const char *text = scratch_file(path);

	if (*text == '\0')
		harness_fail("%s is missing", path);
	sql_run(text);
}

static char *
joined(const char *statement, int row_limit)
{
	PGresult *result = run_on(own(), statement);
	char *text = scratch_format("%s", "");

	for (int row = 0; row < PQntuples(result) && row < row_limit; row++)
		text = scratch_format(
			"%s%s%s", text, row == 0 ? "" : " ", PQgetvalue(result, row, 0));
	PQclear(result);
	return text;
}

static char *formatted(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static char *
formatted(const char *format, va_list arguments)
{
	char *statement;

	if (vasprintf(&statement, format, arguments) < 0)
		harness_fail("out of memory");
	scratch_own(statement, free);
	return statement;
}

char *
sql_value(const char *format, ...)
{
	va_list arguments;
	char *statement;

	va_start(arguments, format);
	statement = formatted(format, arguments);
	va_end(arguments);
	return joined(statement, 1);
}

long
sql_number(const char *format, ...)
{
	va_list arguments;
	char *statement;

	va_start(arguments, format);
	statement = formatted(format, arguments);
	va_end(arguments);
	return atol(joined(statement, 1));
}

char *
sql_list(const char *format, ...)
{
	va_list arguments;
	char *statement;

	va_start(arguments, format);
	statement = formatted(format, arguments);
	va_end(arguments);
	return joined(statement, 1 << 30);
}

static PGconn *
keep_session(PGconn *session)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i] == NULL)
			return sessions[i] = session;
	}
	harness_fail("more than %d sessions", SESSIONS_MAX);
}

PGconn *
sql_session(void)
{
	return keep_session(connect_superuser());
}

PGconn *
sql_session_at(const char *conninfo)
{
	return keep_session(checked(PQconnectdb(conninfo)));
}

void
sql_session_run(PGconn *session, const char *statements)
{
	PQclear(run_on(session, statements));
}

char *
sql_session_value(PGconn *session, const char *statement)
{
	PGresult *result = run_on(session, statement);
	char *text = scratch_format("%s", PQntuples(result) == 0 ? "" : PQgetvalue(result, 0, 0));

	PQclear(result);
	return text;
}

void
sql_session_close(PGconn *session)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (sessions[i] == session)
			sessions[i] = NULL;
	}
	PQfinish(session);
}

long
sql_active_statements(void)
{
	return sql_number("SELECT count(*) FROM pg_stat_activity"
			  " WHERE usename = 'recordingd' AND state = 'active'"
			  " AND query NOT LIKE '%%pg_stat_activity AS session%%'");
}

void
sql_close_sessions(void)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		PQfinish(sessions[i]);
		sessions[i] = NULL;
	}
}

void
sql_reconnect(void)
{
	PQfinish(own_session);
	own_session = NULL;
}

void
sql_close_all(void)
{
	sql_close_sessions();
	sql_reconnect();
}
