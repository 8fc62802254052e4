/*
 * recordingd --check: does this database have what the statements use?
 */
#ifndef RECORDINGD_SERVER_CHECK_H
#define RECORDINGD_SERVER_CHECK_H

#include <stdbool.h>

struct config;

/* Connects, prints what is missing on standard output, changes nothing. True: nothing is missing.
 */
bool check_database(const struct config *config);

#endif
