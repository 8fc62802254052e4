/*
 * The daemon's log: one line each on standard error, with the journal's <n> priority in front when
 * standard error is not a terminal (sd-daemon(3)). Control characters in a message are replaced, so
 * that one call is always one line. Messages never hold a token or a password.
 */
#ifndef RECORDINGD_BASE_LOG_H
#define RECORDINGD_BASE_LOG_H

#include "base/error.h"

/* The values are the priorities of syslog(3). */
enum log_level {
	LOG_LEVEL_CRITICAL = 2,
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* Looks whether standard error is a terminal; before it, lines carry no priority. */
void log_open(void);

/* Lines less urgent than level are dropped from now on; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);

void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
