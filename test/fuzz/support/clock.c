#include "support/clock.h"

#include <event2/util.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support/fuzz.h"

/* Above 0, which stands for "never" in some places. */
#define START_MS 1000000

/* More turns than all that an input asks for can take while time stands still: the loop spins. */
#define TURNS_MAX 10000

static int64_t now_ms = START_MS;
static unsigned turns; /* of loops, at this time */
static bool was_busy;
static uint8_t next_random;

void
fuzz_clock_reset(void)
{
	now_ms = START_MS;
	turns = 0;
	next_random = 0;
}

void
fuzz_clock_advance_ms(int64_t duration_ms)
{
	now_ms += duration_ms;
	turns = 0;
}

bool
fuzz_loop_was_busy(void)
{
	bool was = was_busy;

	was_busy = false;
	return was;
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, clock, time);
	time->tv_sec = now_ms / 1000;
	time->tv_nsec = now_ms % 1000 * 1000000;
	return 0;
}

int
epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
	int ready = (int)syscall(SYS_epoll_wait, epoll, events, count, timeout);

	fuzz_require(++turns < TURNS_MAX, "the loop comes to rest");
	if (ready != 0)
		was_busy = true;
	return ready;
}

void
evutil_secure_rng_get_bytes(void *buffer, size_t length)
{
	memset(buffer, next_random++, length);
}
