/*
 * Durations, counted in buckets: what Prometheus calls a histogram. Observing one takes a few
 * instructions and no memory, so that it can be done for each request.
 */
#ifndef RECORDINGD_BASE_HISTOGRAM_H
#define RECORDINGD_BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BOUNDS 16

/* The upper bounds of all buckets but the last, which has none; in ascending order. */
extern const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS];

struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* each for itself, not of all below */
	uint64_t sum_us;
};

void histogram_observe(struct histogram *histogram, int64_t duration_us);

/* Adds what other has counted. */
void histogram_add(struct histogram *histogram, const struct histogram *other);

/* How many were observed. */
uint64_t histogram_count(const struct histogram *histogram);

#endif
