/*
 * The statements behind the history of a customer (customer_history.sql): how many calls pass every
 * filter, and the newest of them.
 *
 * A key and the value right after it speak of the same pair: they are one condition. The condition
 * that fewest calls meet is walked, that of a number or that of a pair; all else is asked of the
 * calls met on the way.
 *
 * Order of calls: fill a struct customer_filters; customer_way_find(), which says whose sizes are
 * worth knowing; customer_way_choose(); customer_total_statement(); customer_list_statement().
 */
#ifndef RECORDINGD_CALLS_CUSTOMER_H
#define RECORDINGD_CALLS_CUSTOMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calls/search.h"
#include "db/statement.h"

/* Enough for any form a person fills in; each may cost a lookup for every call. */
#define CUSTOMER_FILTERS_MAX 20

enum customer_field {
	CUSTOMER_SRC_NUM,
	CUSTOMER_KEY,
	CUSTOMER_VALUE,
	CUSTOMER_FIELDS,
};

enum customer_operator {
	CUSTOMER_EQUALS,
	CUSTOMER_BELOW,
	CUSTOMER_ABOVE,
	CUSTOMER_OPERATORS,
};

struct customer_filter {
	enum customer_field field;
	enum customer_operator comparison;
	const char *value; /* borrowed */
};

struct customer_filters {
	size_t count;
	struct customer_filter items[CUSTOMER_FILTERS_MAX];
};

/* What is walked. Filters are named by their place. */
struct customer_way {
	bool has_number; /* some number is asked for */
	bool has_pair;	 /* some pair is, by a key or a value that it equals */
	size_t number;
	size_t pair;
	bool is_of_pairs; /* the pair is walked */
	bool is_short;	  /* it has few calls */
};

/*
 * Fills the way from the filters. True when the sizes of lists decide: then sizes is what to ask
 * for with search_size_step(), SEARCH_WALK_PAIR and, with has_number, SEARCH_WALK_CALLER.
 */
bool customer_way_find(const struct customer_filters *filters, struct customer_way *way,
	struct search_conditions *sizes);

/* The rows of the two lists; numbers only with has_number. */
void customer_way_choose(struct customer_way *way, int64_t pairs, int64_t numbers);

/*
 * Whether the planner must know the values: nothing that is asked for leads to few calls, and what
 * is best depends on them.
 */
bool customer_way_is_open(const struct customer_way *way);

/* Texts, which the caller frees; parameters are in the builder, which the caller closes. */
char *customer_total_statement(const struct customer_filters *filters,
	const struct customer_way *way, struct statement_builder *builder);

/* The newest of total calls, at most size. */
char *customer_list_statement(const struct customer_filters *filters,
	const struct customer_way *way, int64_t total, int64_t size,
	struct statement_builder *builder);

#endif
