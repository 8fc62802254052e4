/* Timestamps as clients give them: local times without a zone, as the database holds them. */
#ifndef RECORDINGD_BASE_TIMESTAMP_H
#define RECORDINGD_BASE_TIMESTAMP_H

#include <stdbool.h>

#define TIMESTAMP_SIZE 20 /* "YYYY-MM-DD HH:MM:SS" and its NUL */

/*
 * Writes "YYYY-MM-DD HH:MM:SS" for that form, the same with T for the blank, or YYYY-MM-DD alone,
 * which is midnight. False, and out untouched, for anything else and for what no calendar or clock
 * shows; a leap second counts as that, because PostgreSQL would move it to the next minute.
 */
bool timestamp_normalise(const char *text, char out[static TIMESTAMP_SIZE]);

#endif
