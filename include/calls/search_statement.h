/*
 * The statement of a records search, made of the parts of records_search.sql, once it is known what
 * is walked (calls/search.h).
 *
 * Statements of the same shape have the same text, so that they can be prepared; values are
 * parameters.
 */
#ifndef RECORDINGD_CALLS_SEARCH_STATEMENT_H
#define RECORDINGD_CALLS_SEARCH_STATEMENT_H

#include "calls/search.h"

struct search_page {
	int64_t size;
	int64_t passed; /* calls passed over */
};

/*
 * The statement, with record.sql at its end. The text is the caller's to free; values are borrowed
 * from the conditions, or from numbers, which must live as long as the values are used.
 */
struct search_numbers {
	char depth[24];
	char limit[24];
	char passed[24];
	char direction[24]; /* an array literal */
};

char *search_statement(const struct search_conditions *conditions, enum search_walk walk,
	const struct search_page *page, struct search_numbers *numbers,
	struct db_parameters *parameters);

#endif
