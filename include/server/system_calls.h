/*
 * Which system calls recordingd may make once it serves: those that it and its libraries need, so
 * that somebody who gets to run code in it finds little to run it with.
 *
 * What is on no list is answered with ENOSYS, as by a kernel that is older than the call, and goes
 * into the kernel's log: a library that was updated falls back on an older call that is on the
 * list, and the daemon goes on. What only an intruder wants ends the process.
 */
#ifndef RECORDINGD_SERVER_SYSTEM_CALLS_H
#define RECORDINGD_SERVER_SYSTEM_CALLS_H

#include <stddef.h>

#include "base/error.h"

/* By name, in the order of SECURITY.md; those of other architectures among them. */
extern const char *const system_calls_allowed[];
extern const size_t system_calls_allowed_count;

/* End the process. */
extern const char *const system_calls_fatal[];
extern const size_t system_calls_fatal_count;

/*
 * Restricts the process, for good. Call it while there is one thread, after everything has been
 * opened that takes more. False: error says why, and nothing is restricted.
 */
bool system_calls_restrict(struct error *error) MUST_CHECK;

#endif
