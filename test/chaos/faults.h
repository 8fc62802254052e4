/*
 * The faults, one after the other, in an order that follows from the seed: every kind once, then
 * all of them again in another order.
 */
#ifndef RECORDINGD_TEST_CHAOS_FAULTS_H
#define RECORDINGD_TEST_CHAOS_FAULTS_H

#include <stdbool.h>

/* How many kinds there are. */
int faults_count(void);

/*
 * Folders of their own for audio and access log, as mounts where this process may mount. To be
 * called behind known_load(), before daemon and clients are started.
 */
void faults_prepare(unsigned seed);

/*
 * Lets the next fault happen, and waits until all is well again. is_short: of ./dev test.
 * may_kill: the daemon may be killed; else another fault takes its turn. False when recordingd does
 * not recover.
 */
bool faults_next(bool is_short, bool may_kill);

/* By kind: how often, and the longest recovery. */
void faults_print(void);

long faults_happened(void);
long faults_worst_recovery_ms(void);

#endif
