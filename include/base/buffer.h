/*
 * Bytes behind those of an evbuffer; instead of evbuffer_add(), which is not used.
 *
 * Behind a part of a file evbuffer_add() of libevent 2.1 allocates as many bytes as the part's
 * offset in its file, and behind foreign memory as many as that has: it takes the size of the last
 * chain for one that it has chosen itself.
 */
#ifndef RECORDINGD_BASE_BUFFER_H
#define RECORDINGD_BASE_BUFFER_H

#include <stddef.h>

struct evbuffer;

/* Adds a copy; out of memory ends the process. */
void buffer_add(struct evbuffer *out, const void *bytes, size_t length);

#endif
