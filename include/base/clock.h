/* Time that only moves forward, for timeouts: a changed wall clock must not fire or stall them. */
#ifndef RECORDINGD_BASE_CLOCK_H
#define RECORDINGD_BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_now_ms(void);

/* Microseconds of the same clock. */
int64_t clock_now_us(void);

/* For evtimer_add(); a negative duration counts as zero. */
struct timeval clock_timeval(int64_t duration_ms);

#endif
