#include "audio/ogg.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "audio/read.h"

/* Page header, one segment length, and the fields needed of either identification header. */
#define PAGE_HEADER_BYTES 28
#define HEAD_BYTES	  (PAGE_HEADER_BYTES + 16)

/* Opus always decodes at this rate; the header may name that of the input. */
#define OPUS_RATE 48000

/* The last version whose header has this shape (RFC 7845, 5.1). */
#define OPUS_VERSION_MAX 15

static uint32_t
little32(const unsigned char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof number);
	return le32toh(number);
}

bool
ogg_parse(int fd, uint64_t file_bytes, uint32_t *sample_rate, uint32_t *channels)
{
	unsigned char head[HEAD_BYTES];
	const unsigned char *packet = head + PAGE_HEADER_BYTES;

	errno = 0;
	if (file_bytes < sizeof head || !audio_read(fd, 0, head, sizeof head))
		return false;
	/* The identification header has a page of its own: one segment. */
	if (memcmp(head, "OggS", 4) != 0 || head[26] != 1)
		return false;
	/* Other versions may have other fields there: Opus counts minor ones in the low bits. */
	if (memcmp(packet, "OpusHead", 8) == 0 && packet[8] <= OPUS_VERSION_MAX) {
		*channels = packet[9];
		*sample_rate = little32(packet + 12);
		if (*sample_rate == 0)
			*sample_rate = OPUS_RATE;
	} else if (memcmp(packet, "\x01vorbis\0\0\0\0", 11) == 0) {
		*channels = packet[11];
		*sample_rate = little32(packet + 12);
	} else {
		return false;
	}
	return *channels != 0 && *sample_rate != 0;
}
