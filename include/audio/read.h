/* A piece of a sound file, read whole or not at all. */
#ifndef RECORDINGD_AUDIO_READ_H
#define RECORDINGD_AUDIO_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * False when the file has no length bytes at offset, or when they cannot be read: only then errno
 * is not 0, and what they are is not known.
 */
bool audio_read(int descriptor, uint64_t offset, void *bytes, size_t length);

#endif
