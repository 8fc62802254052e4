/* Clients that follow the end of the channel event log, each in its own way, and never give up. */
#ifndef RECORDINGD_TEST_CHAOS_FOLLOWERS_H
#define RECORDINGD_TEST_CHAOS_FOLLOWERS_H

#include <stdbool.h>

/* A quarter of them of each kind: polls, waiting polls, the same with lines, streams. */
void followers_add(int count);

/* Waits until all of them have the row with this id. */
bool followers_await(long last, long timeout_ms);

/*
 * After clients_stop(): whether each has got every row of the table, once and in the order of the
 * ids; what differs is noted as wrong. The number of rows that were delivered.
 */
long followers_check(void);

#endif
