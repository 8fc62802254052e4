/*
 * A wall clock that jumps (libfaketime): processes that are started between fake_clock_enter() and
 * fake_clock_leave() take the time of day from a file, which the test rewrites while they run.
 * Their monotonic clock stays true, and so does the test's own time.
 */
#ifndef RECORDINGD_TEST_FAKE_CLOCK_H
#define RECORDINGD_TEST_FAKE_CLOCK_H

#include <stdbool.h>
#include <time.h>

/* Processes started from now on live by the fake clock; at first it goes like the true one. */
void fake_clock_enter(void);
void fake_clock_leave(void);

/* How far the clock is from the true one from now on. */
void fake_clock_shift(long seconds);

/* What the clock shows from now on: UTC, as "2026-03-29 00:59:58"; it goes on from there. */
void fake_clock_set(const char *utc);

/* What it shows now. */
time_t fake_clock_now(void);

#endif
