#include "base/histogram.h"

/* From a poll that memory answers to a search that is about to time out. */
const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = { 100, 250, 500, 1000, 2500, 5000, 10000,
	25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000 };

/* Most are short: the search from below ends early. */
void
histogram_observe(struct histogram *histogram, int64_t duration_us)
{
	unsigned bucket = 0;

	while (bucket < HISTOGRAM_BOUNDS && duration_us > histogram_bounds_us[bucket])
		bucket++;
	histogram->counts[bucket]++;
	histogram->sum_us += (uint64_t)duration_us;
}

void
histogram_add(struct histogram *histogram, const struct histogram *other)
{
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		histogram->counts[i] += other->counts[i];
	histogram->sum_us += other->sum_us;
}

uint64_t
histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		count += histogram->counts[i];
	return count;
}
