/*
 * The filters of a records search: the conditions that are not walked, as parts of its statement.
 */
#ifndef RECORDINGD_CALLS_SEARCH_FILTERS_H
#define RECORDINGD_CALLS_SEARCH_FILTERS_H

#include "calls/search.h"

/*
 * Every condition but the one that is walked, of a call; SEARCH_WALK_TIME: all of them. The caller
 * frees the text.
 */
char *search_filters(const struct search_conditions *conditions, enum search_walk walk);

/*
 * Of a list of passages, what can be told of each without its call; these are among the filters of
 * the call as well. The caller frees the text.
 */
char *search_passage_filters(const struct search_conditions *conditions, enum search_walk walk);

#endif
