/* What the first page of an Ogg file tells: Opus (RFC 7845, 5.1) and Vorbis. */
#ifndef RECORDINGD_AUDIO_OGG_H
#define RECORDINGD_AUDIO_OGG_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the identification header; a duration stands only in the last page, so it is not told.
 * False when it is neither, with errno 0, or cannot be read, with errno.
 */
bool ogg_parse(int fd, uint64_t file_bytes, uint32_t *sample_rate, uint32_t *channels);

#endif
