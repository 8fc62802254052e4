/*
 * Memory that lives until the end of the running test: texts, replies and JSON values, so that a
 * test reads as requests and expectations. harness.c releases it after each test, failed or not;
 * being reachable until then, nothing counts as a leak.
 */
#ifndef RECORDINGD_TEST_SCRATCH_H
#define RECORDINGD_TEST_SCRATCH_H

#include <stddef.h>

/* Zeroed; never NULL (out of memory ends the program). */
void *scratch_new(size_t bytes);

/* Calls release(object) when the scratch memory is released. */
void scratch_own(void *object, void (*release)(void *object));

char *scratch_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A copy with every ' replaced by ": JSON that is legible in C. */
char *scratch_quotes(const char *text);

/* count copies of piece, one after the other. */
char *scratch_repeat(const char *piece, size_t count);

/* The content of a file, with a 0 behind it; "" when it does not exist. */
char *scratch_file(const char *path);

void scratch_release(void);

#endif
