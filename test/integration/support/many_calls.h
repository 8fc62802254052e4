/*
 * A database of many calls (test/integration/many_calls.sql) with the indexes of etc/indexes.sql,
 * and what the contract says of it, reckoned in plain SQL (test/integration/contract.sql).
 *
 * A condition is a field of a search's body with a value; all that meet it are marked in a text of
 * '0' and '1', one for each record, newest first.
 */
#ifndef RECORDINGD_TEST_MANY_CALLS_H
#define RECORDINGD_TEST_MANY_CALLS_H

#include <stdbool.h>

enum many_field {
	MANY_AGENT,
	MANY_QUEUE,
	MANY_STATUS,
	MANY_START,
	MANY_END,
	MANY_CALLEE,
	MANY_CALLER,
	MANY_DIRECTION,
	MANY_KEY, /* with or without a value */
};

struct many_condition {
	enum many_field field;
	const char *given; /* an expression of SQL, for times that move with the day */
	const char *value; /* of the key; NULL: none */
};

/* Of each field frequent, rare and absent values, old ones and new ones. */
extern const struct many_condition many_conditions[];
extern const int many_condition_count;

/* Conditions by their position in the table, at most four. */
#define MANY_CHOSEN_MAX 4

struct many_search {
	int chosen[MANY_CHOSEN_MAX];
	int count;
};

/* Whether no two conditions are of the same field. */
bool many_search_is_possible(const struct many_search *search);

/* Fills the database once; later calls do nothing. */
void many_calls_load(void);

/* The body of the request; ' stands for ". */
char *many_search_body(const struct many_search *search);

/* Which records meet all conditions. Lives until the end of the test. */
char *many_search_marks(const struct many_search *search);

/* The file-ids of the records that are marked, but the first skipped, at most count; blanks
 * between.
 */
char *many_files(const char *marks, long skipped, long count);

long many_count(const char *marks);

#endif
