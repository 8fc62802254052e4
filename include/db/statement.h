/*
 * A statement: SQL text and where it runs. Values travel only as parameters.
 *
 * Fixed statements are constants built from src/sql (statements.h) and prepared once on each
 * connection. A statement shaped to a request is joined from fragments with a statement_builder;
 * what is asked for often is prepared like a fixed one (db/shapes.h).
 */
#ifndef RECORDINGD_DB_STATEMENT_H
#define RECORDINGD_DB_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many parameters a statement may have; the longest customer filter needs the most. */
#define DB_PARAMETERS_MAX 64

/* Which connections a statement may use. */
enum db_lane {
	DB_LANE_SHORT, /* milliseconds: shares a connection in pipeline mode */
	DB_LANE_LONG,  /* may take seconds or wait for a lock: has a connection to itself */
	DB_LANE_COUNT,
};

struct db_statement {
	const char *name; /* for PREPARE and the log; NULL: planned anew each time */
	const char *text;
	enum db_lane lane;
	bool writes;	 /* must not run a second time when its connection is lost */
	bool on_primary; /* reads what no hot standby shows */

	/* Of a shape, see db/shapes.h. */
	uint64_t shape;	 /* its number; 0: a fixed statement */
	unsigned *users; /* queries that borrow its name and text */
};

/* Parameters in text format; NULL is NULL. Borrowed until the call they are passed to returns. */
struct db_parameters {
	int count;
	const char *values[DB_PARAMETERS_MAX];
};

/*
 * Joins fragments into one statement. Each fragment numbers its own parameters from $1; append
 * shifts them behind those of the fragments before. Owns the text and the values it is given.
 */
struct statement_builder {
	char *text;
	size_t length;
	size_t size;
	int count;
	char *values[DB_PARAMETERS_MAX];
};

void statement_builder_open(struct statement_builder *builder);
void statement_builder_close(struct statement_builder *builder);

/* Appends a fragment whose parameters are the count values after it, each a const char *. */
void statement_builder_append(
	struct statement_builder *builder, const char *fragment, int count, ...);

/* As above for a number. */
void statement_builder_append_number(
	struct statement_builder *builder, const char *fragment, int64_t value);

/* The joined values, borrowed from the builder. */
struct db_parameters statement_builder_parameters(const struct statement_builder *builder);

/* A PostgreSQL array literal of texts; the caller frees it. */
char *db_array_literal(const char *const *texts, size_t count);

#endif
