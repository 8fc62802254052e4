/* What the header of a RIFF/WAVE file tells. */
#ifndef RECORDINGD_AUDIO_WAV_H
#define RECORDINGD_AUDIO_WAV_H

#include <stdbool.h>
#include <stdint.h>

struct wav_info {
	uint32_t sample_rate;	   /* Hz, not 0 */
	uint32_t channels;	   /* not 0 */
	bool has_duration;	   /* false while the file is still being written */
	uint64_t duration_seconds; /* whole seconds */
};

/*
 * Reads the chunks of a regular file of file_bytes with pread(2). Every size in it is untrusted.
 * False when it is no WAVE file or has no usable format, with errno 0, or cannot be read, with
 * errno.
 */
bool wav_parse(int fd, uint64_t file_bytes, struct wav_info *info);

#endif
