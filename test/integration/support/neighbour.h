/*
 * A well-behaved client: a thread that asks recordingd for channel events and for a last agent, in
 * turn and over one connection, some hundred times a second, and notes how long the answers take.
 * It asserts nothing, as only the test's own thread may.
 */
#ifndef RECORDINGD_TEST_NEIGHBOUR_H
#define RECORDINGD_TEST_NEIGHBOUR_H

#include <stdbool.h>

struct neighbour;

struct neighbour_result {
	long answers;
	long p50_us;
	long p99_us;
	long slowest_us;
	char wrong[256]; /* the first answer that was none or another; "": none */
};

/* connects: every fourth request comes by a connection of its own, which counts into its time. */
struct neighbour *neighbour_start(bool connects);

/* Ends it; the result lives until the end of the test. */
const struct neighbour_result *neighbour_stop(struct neighbour *neighbour);

#endif
