#include "base/clock.h"

#include <time.h>

int64_t
clock_now_ms(void)
{
	struct timespec now;

	/* Cannot fail: CLOCK_MONOTONIC exists on every Linux. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct timeval
clock_timeval(int64_t duration_ms)
{
	if (duration_ms < 0)
		duration_ms = 0;
	return (struct timeval){
		.tv_sec = duration_ms / 1000,
		.tv_usec = duration_ms % 1000 * 1000,
	};
}
