#include "support/wait.h"

#include <time.h>

long
wait_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
wait_ms(long duration_ms)
{
	struct timespec duration = { duration_ms / 1000, duration_ms % 1000 * 1000000 };

	nanosleep(&duration, NULL);
}

bool
wait_until(bool (*happened)(void *context), void *context, long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;

	while (!happened(context)) {
		if (wait_now_ms() >= deadline_ms)
			return false;
		wait_ms(10);
	}
	return true;
}
