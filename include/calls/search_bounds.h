/*
 * Between which times a list of a records search is walked. Lists that are not in the order of the
 * calls' starts begin earlier and end later than what is asked for; how much rests on what the
 * head of records_search.sql says of the data.
 */
#ifndef RECORDINGD_CALLS_SEARCH_BOUNDS_H
#define RECORDINGD_CALLS_SEARCH_BOUNDS_H

#include "calls/search.h"

enum search_order {
	SEARCH_LIST_OF_CALLS,	 /* in the order of their starts */
	SEARCH_LIST_OF_NEWEST,	 /* the same, looked at before any filter */
	SEARCH_LIST_OF_PASSAGES, /* in the order of passages */
	SEARCH_LIST_OF_PAIRS,	 /* in the order of the calls' ids */
};

/* The bounds of a list in this order, as parts of its statement; the caller frees the text. */
char *search_bounds(
	const struct search_conditions *conditions, enum search_walk walk, enum search_order order);

/* What bounds beside a key refer to, in front of the lists; the caller frees the text. */
char *search_pair_times(const struct search_conditions *conditions, enum search_walk walk);

#endif
