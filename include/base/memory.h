/*
 * Allocation that cannot fail: out of memory ends the process with a log line, and systemd starts
 * it again. Untrusted sizes are bounded before they reach these functions.
 */
#ifndef RECORDINGD_BASE_MEMORY_H
#define RECORDINGD_BASE_MEMORY_H

#include <stddef.h>

/* The returned memory is zeroed and owned by the caller, who releases it with free(). */
void *memory_zeroed(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* As reallocarray(3); the new part is not zeroed. */
void *memory_resized(void *memory, size_t count, size_t size) __attribute__((returns_nonnull));

/* A copy of length bytes with a final NUL. */
char *memory_text(const char *text, size_t length) __attribute__((malloc, returns_nonnull));

/* Logs and ends the process: for results of libraries that are NULL only when memory is out. */
_Noreturn void memory_exhausted(void);

#endif
