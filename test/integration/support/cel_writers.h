/*
 * Threads that insert channel events as several Asterisk servers do: transactions of 1 to 20 rows
 * with pauses between the rows and before the end, one in five rolled back.
 */
#ifndef RECORDINGD_TEST_CEL_WRITERS_H
#define RECORDINGD_TEST_CEL_WRITERS_H

struct cel_writers;

struct cel_writers *cel_writers_start(const char *conninfo, int count);

/* Ends them after their last transaction. What went wrong; "" for nothing. */
const char *cel_writers_stop(struct cel_writers *writers);

#endif
