/*
 * A clock that stands still unless it is told to move, for everything that waits: timers of
 * libevent, deadlines, ages. It stands in front of the C library's clock_gettime(), so a test of a
 * timeout takes no time, and the same input always does the same. The wall clock is the real one.
 *
 * Also epoll_wait(), to see whether a turn of the loop had anything to do, and that it does not
 * turn for ever while time stands still; and libevent's random bytes, which are none here.
 */
#ifndef RECORDINGD_TEST_FUZZ_CLOCK_H
#define RECORDINGD_TEST_FUZZ_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Back to the start. */
void fuzz_clock_reset(void);
void fuzz_clock_advance_ms(int64_t duration_ms);

/* Whether epoll_wait() has told of anything since the last call. */
bool fuzz_loop_was_busy(void);

#endif
