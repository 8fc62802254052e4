/*
 * Turns what a search was given for an agent or a queue into what the calls hold: agent numbers or
 * queue references. The configuration tables are small, so they are read whole and compared here,
 * where upper and lower case follow Unicode whatever the database's locale is.
 *
 * Order of calls: name_set_open(), name_set_agent_row() or name_set_queue_row() for each row of
 * agents.sql or queues.sql, name_set_literal(), name_set_close().
 */
#ifndef RECORDINGD_CALLS_NAMES_H
#define RECORDINGD_CALLS_NAMES_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "db/statement.h"

#define NAMES_AGENT_COLUMNS 2
#define NAMES_QUEUE_COLUMNS 3

extern const struct db_statement names_agents_statement;
extern const struct db_statement names_queues_statement;

struct name_set {
	char *wanted;	    /* owned: what was given, in lower case */
	const char *given;  /* borrowed: what was given, to the letter */
	bool is_configured; /* a row has the given text as what calls hold */
	char **found;	    /* owned, each and all */
	size_t count;
	size_t size;
};

/* given is kept until name_set_close(). */
void name_set_open(struct name_set *set, const char *given);
void name_set_close(struct name_set *set);

/* Adds the agent's number when the number is the given text or the name holds it. */
void name_set_agent_row(struct name_set *set, const PGresult *result, int row);

/* Adds the queue's reference when the number is the given text or the name holds it. */
void name_set_queue_row(struct name_set *set, const PGresult *result, int row);

/*
 * The set as a PostgreSQL array literal, which the caller frees. An agent or queue that has no
 * configuration row is found by its number or reference itself, so that is in it as well.
 */
char *name_set_literal(const struct name_set *set);

/* How many entries the literal has. */
size_t name_set_count(const struct name_set *set);

/* Whether a name holds a text, upper and lower case being the same. Valid UTF-8. */
bool name_contains(const char *name, const char *lower_case_part);

/* A copy in lower case; the caller frees it. */
char *name_lower_case(const char *name);

#endif
