/*
 * Clients that attach data: each write two pairs with keys of its own, which nothing changes later,
 * to one of the calls that belong to this client alone; then the call is read back.
 *
 * So a write that was acknowledged must be there for ever, once; one whose answer was an error may
 * be there or not, but only as a whole; and there is nothing else.
 */
#ifndef RECORDINGD_TEST_CHAOS_WRITERS_H
#define RECORDINGD_TEST_CHAOS_WRITERS_H

void writers_add(int count);

struct writers_result {
	long acknowledged;
	long uncertain;	     /* an error, or no answer */
	long uncertain_done; /* … that happened */
};

/* After clients_stop(): holds what they know against the table, and notes what differs as wrong. */
struct writers_result writers_check(void);

#endif
