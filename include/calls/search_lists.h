/*
 * The lists of a records search that together have every call that meets the condition which is
 * walked, and beside them the calls that lie beyond their bounds.
 */
#ifndef RECORDINGD_CALLS_SEARCH_LISTS_H
#define RECORDINGD_CALLS_SEARCH_LISTS_H

#include "calls/search.h"

/* What stands between newest and page of records_search.sql; the caller frees the text. */
char *search_lists(const struct search_conditions *conditions, enum search_walk walk);

#endif
