/*
 * A PostgreSQL that is none: it stands in front of libpq's connection functions, so that the whole
 * server runs without a database. Results are libpq's own. What it answers follows from the plan
 * alone: rows of the shape that the statement asks for, with values nobody would choose.
 *
 * It requires of every statement what PostgreSQL would: as many values as placeholders, UTF-8, no
 * statement outside a pipeline; and that no text of a client is ever part of one.
 */
#ifndef RECORDINGD_TEST_FUZZ_DATABASE_H
#define RECORDINGD_TEST_FUZZ_DATABASE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Clients may send this word as a value: it must never be seen in a statement's text. */
#define DATABASE_CANARY "zqxcanary"

/* Connections to this host are to a standby. */
#define DATABASE_STANDBY "/standby"

enum database_mood {
	DATABASE_WELL,
	DATABASE_SLOW,	   /* answers come with database_arrive() */
	DATABASE_SILENT,   /* connects, and never answers a statement */
	DATABASE_ABSENT,   /* refuses connections */
	DATABASE_LOST,	   /* a connection dies at its nth statement */
	DATABASE_FAILING,  /* the nth statement is an error */
	DATABASE_STRANGE,  /* the nth result has another number of columns */
	DATABASE_STALLING, /* as SLOW, but sending takes two turns */
	DATABASE_MOODS,
};

struct database_plan {
	enum database_mood mood;
	unsigned nth; /* counted from the second statement of a connection, after its session */
	bool is_pooled;
	bool is_standby;
	bool grows;	 /* the channel event log has one row more with each look at it */
	bool is_emptied; /* … and begins anew now and then */
	bool lags;	 /* standbys have not replayed what was written */
	uint32_t seed;	 /* of the values */
	unsigned rows;	 /* of each result, at most */
};

/* For the connections that are opened from now on. */
void database_reset(const struct database_plan *plan);

/* Lets what waits arrive. True: something did. */
bool database_arrive(void);

/* Statements of requests since the reset: not those of sessions and cancellations. */
unsigned database_statements(void);

/* A text for a value: valid UTF-8 without NUL, as PostgreSQL delivers it; borrowed. */
const char *database_text(uint32_t seed);

#endif
