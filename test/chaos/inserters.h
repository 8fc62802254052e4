/*
 * Threads that insert channel events as several Asterisk servers do, and never give up: each knows
 * which of its rows are committed, which are not, and of which it was not told.
 */
#ifndef RECORDINGD_TEST_CHAOS_INSERTERS_H
#define RECORDINGD_TEST_CHAOS_INSERTERS_H

/* They go past the proxy. */
void inserters_start(const char *conninfo, int count);

/* After their last transaction. */
void inserters_stop(void);

/*
 * After inserters_stop(): holds what they know against the table, and notes what differs as wrong.
 * The number of rows that were committed for sure.
 */
long inserters_check(void);

#endif
