#include "audio/read.h"

#include <errno.h>
#include <unistd.h>

bool
audio_read(int descriptor, uint64_t offset, void *bytes, size_t length)
{
	size_t got = 0;

	while (got < length) {
		ssize_t piece = pread(
			descriptor, (char *)bytes + got, length - got, (off_t)(offset + got));

		if (piece < 0 && errno == EINTR)
			continue;
		if (piece <= 0) {
			errno = piece == 0 ? 0 : errno;
			return false;
		}
		got += (size_t)piece;
	}
	errno = 0;
	return true;
}
