/* Durations as the API shows them: HH:MM:SS, hours may pass 99, never below zero. */
#ifndef RECORDINGD_CALLS_DURATION_H
#define RECORDINGD_CALLS_DURATION_H

#include <stdint.h>

#define DURATION_SIZE 32

void duration_format(int64_t seconds, char text[static DURATION_SIZE]);

#endif
