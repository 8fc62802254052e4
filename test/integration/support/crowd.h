/*
 * Many clients that mean no good, on non-blocking sockets of the test's own thread. They assert
 * nothing but that there are sockets.
 */
#ifndef RECORDINGD_TEST_CROWD_H
#define RECORDINGD_TEST_CROWD_H

#include <stdbool.h>
#include <stddef.h>

struct crowd;

/*
 * Room for count connections to the daemon under test from an address of 127.0.0.0/8.
 * receive_bytes: the size of the receive buffer, 0 for the usual one.
 */
struct crowd *crowd_new(int count, const char *from, int receive_bytes);

/*
 * Opens up to count more; they may still wait to be accepted. Sends text on each, NULL for none.
 * False: there is room for no more.
 */
bool crowd_grow(struct crowd *crowd, int count, const char *text);

/* How many were opened. */
int crowd_size(const struct crowd *crowd);

/* Sends text on each connection that takes it. */
void crowd_send(struct crowd *crowd, const char *text);

/* Sends nothing more. */
void crowd_shut_down(struct crowd *crowd);

/* Reads what there is, and forgets all but the beginning; returns how many have ended by now. */
int crowd_read(struct crowd *crowd);

/* Reads until all have ended; false when they have not within timeout_ms. */
bool crowd_await_end(struct crowd *crowd, long timeout_ms);

/* How many have got an answer that begins with text. */
int crowd_answered(const struct crowd *crowd, const char *text);

/* Before the end of the test, or at it. */
void crowd_close(struct crowd *crowd);

#endif
