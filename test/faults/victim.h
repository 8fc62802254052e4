/*
 * The recordingd that faults are done to: a second one beside the harness' own, started with
 * inject.c in front of its libraries, in the same database.
 */
#ifndef RECORDINGD_TEST_VICTIM_H
#define RECORDINGD_TEST_VICTIM_H

#include <stdbool.h>

#include "inject.h"

/* Its connections to the database, and its sessions there: one more, for control. */
#define VICTIM_CONNECTIONS "2"
#define VICTIM_SESSIONS	   3

/* What became of it. */
enum victim_end {
	VICTIM_RUNS,
	VICTIM_STOPPED,	      /* exit status 0 */
	VICTIM_OUT_OF_MEMORY, /* exit status 1, and the log says so */
	VICTIM_DID_NOT_START, /* exit status 1 or 2, and the log says why */
	VICTIM_FAILED,	      /* anything else: a signal, a sanitizer's report, silence */
};

/* Makes the page and chooses the port; once. */
void victim_open(void);

struct fault_page *victim_page(void);
int victim_port(void);

/* What differs from one start or reload to the next. */
struct victim_settings {
	const char *cache_ttl;
	const char *accel_prefix;
	const char *application;       /* name of the database connections */
	const char *statement_timeout; /* NULL: 6 s */
};

/* The daemon's settings from its next start or reload on. */
void victim_configure(const struct victim_settings *settings);

/* Starts it and returns at once. */
void victim_launch(void);

/* Starts it when it does not run; false, with the log, when it does not become healthy. */
bool victim_ensure(void);

/* True once health answers 200, false when it does not in time or the daemon has ended. */
bool victim_becomes_healthy(long timeout_ms);

void victim_signal(int number);

/* How it ended when that was seen by one of these functions; VICTIM_RUNS as long as it was not. */
enum victim_end victim_last_end(void);

/* How it ended, waiting up to timeout_ms for that; VICTIM_RUNS when it goes on. */
enum victim_end victim_end(long timeout_ms);

/* False when it did not end well on SIGTERM. */
bool victim_stop(void);

/* Kills it. */
void victim_abandon(void);

/*
 * Waits until the loop waits for events and as many descriptors are open as after the start; false
 * when some are left over, or it does not come to rest.
 */
bool victim_comes_to_rest(long timeout_ms);

/* The same, without a look at the descriptors, after a turn of the loop that is yet to come. */
void victim_finish_turn(unsigned long turns_before);

/* Milliseconds of CPU that it has used. */
long victim_cpu_ms(void);

/* Its log since the start. */
char *victim_log(void);
bool victim_has_report(void);

#endif
