/*
 * How long the lists of a search were when they were counted last: people ask for the same agents,
 * queues and keys again and again, and a size need not be exact, as it only decides how a search is
 * run and never what it answers.
 *
 * A fixed number is kept, each for a minute; a newer one takes the place of an older.
 */
#ifndef RECORDINGD_CALLS_SEARCH_SIZES_H
#define RECORDINGD_CALLS_SEARCH_SIZES_H

#include <stdbool.h>
#include <stdint.h>

#include "db/pool.h"

struct search_sizes;

struct search_sizes *search_sizes_new(void);
void search_sizes_free(struct search_sizes *sizes);

/* The size that a step (search_size_step()) would tell; false: not known, or too long ago. */
bool search_sizes_find(const struct search_sizes *sizes, const struct db_step *step, int64_t now_ms,
	int64_t *size);

void search_sizes_keep(
	struct search_sizes *sizes, const struct db_step *step, int64_t now_ms, int64_t size);

#endif
