/* What the daemon has of the machine's. */
#ifndef RECORDINGD_TEST_CHAOS_MEMORY_H
#define RECORDINGD_TEST_CHAOS_MEMORY_H

/* Resident memory without what is shared, in KiB: the daemon's cache of channel events is not in
 * it. */
long memory_kib(void);

/* Open descriptors. */
long memory_descriptors(void);

/* Notes what the daemon's memory is now; what was noted of an earlier daemon is forgotten. */
void memory_note(void);

/* What was noted, its earlier half beside its later: what grows shows, and what only comes and
 * goes. */
void memory_print_noted(void);

#endif
