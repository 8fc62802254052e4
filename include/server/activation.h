/*
 * Sockets that the service manager opened and passed on (sd_listen_fds(3)): they stay open while
 * recordingd restarts, so that clients wait for a moment and nobody is refused.
 *
 * LISTEN_FDS in the environment says how many there are, from descriptor 3 on, LISTEN_FDNAMES how
 * the manager calls them, and LISTEN_PID which process they are for.
 */
#ifndef RECORDINGD_SERVER_ACTIVATION_H
#define RECORDINGD_SERVER_ACTIVATION_H

#include "base/error.h"

/*
 * Calls take for each passed socket; it takes the descriptor over when it returns true. False when
 * take says so, or the variables are none of the protocol's: error is for the operator. Nothing was
 * passed: true.
 */
bool activation_take_sockets(
	bool (*take)(int descriptor, const char *name, void *context, struct error *error),
	void *context, struct error *error) MUST_CHECK;

#endif
