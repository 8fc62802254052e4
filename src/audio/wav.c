#include "audio/wav.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "audio/read.h"

/* A file has two or three chunks before its data; more than this is not worth reading. */
#define CHUNKS_MAX 64

/* Recorders that cannot seek back leave the size of the data like this. */
#define SIZE_UNKNOWN UINT32_MAX

struct wav_reader {
	int fd;
	uint64_t file_bytes;
	uint64_t position;  /* of the next chunk */
	uint32_t byte_rate; /* 0: no format chunk yet */
	struct wav_info *info;
};

static bool
read_at(const struct wav_reader *reader, uint64_t offset, void *bytes, size_t length)
{
	if (offset > reader->file_bytes || reader->file_bytes - offset < length) {
		errno = 0;
		return false;
	}
	return audio_read(reader->fd, offset, bytes, length);
}

static uint32_t
little32(const unsigned char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof number);
	return le32toh(number);
}

/* "fmt ": format tag, channels, sample rate, byte rate, … */
static bool
read_format(struct wav_reader *reader, uint64_t offset, uint32_t size)
{
	unsigned char format[16];

	if (size < sizeof format || !read_at(reader, offset, format, sizeof format))
		return false;
	reader->info->channels = (uint32_t)(format[2] | format[3] << 8);
	reader->info->sample_rate = little32(format + 4);
	reader->byte_rate = little32(format + 8);
	return reader->info->channels != 0 && reader->info->sample_rate != 0 &&
	       reader->byte_rate != 0;
}

/* A file that was cut off has the bytes that are there; one still being written no size yet. */
static void
read_data(struct wav_reader *reader, uint64_t offset, uint32_t size)
{
	uint64_t present = reader->file_bytes - offset;
	uint64_t bytes = size < present ? size : present;

	if (size == SIZE_UNKNOWN || (size == 0 && present > 0))
		return;
	reader->info->has_duration = true;
	reader->info->duration_seconds = bytes / reader->byte_rate;
}

/* False, with errno, when a chunk cannot be read. */
static bool
read_chunks(struct wav_reader *reader)
{
	unsigned char header[8];

	for (int i = 0; i < CHUNKS_MAX; i++) {
		uint64_t offset = reader->position + sizeof header;
		uint32_t size;

		if (!read_at(reader, reader->position, header, sizeof header))
			return errno == 0;
		size = little32(header + 4);
		if (memcmp(header, "fmt ", 4) == 0 && !read_format(reader, offset, size))
			return false;
		if (memcmp(header, "data", 4) == 0) {
			if (reader->byte_rate != 0)
				read_data(reader, offset, size);
			break;
		}
		/* Chunks begin at even offsets. 64 bits cannot overflow: each step adds 2^32. */
		reader->position = offset + size + size % 2;
	}
	return true;
}

bool
wav_parse(int fd, uint64_t file_bytes, struct wav_info *info)
{
	struct wav_reader reader = {
		.fd = fd, .file_bytes = file_bytes, .position = 12, .info = info
	};
	unsigned char header[12];

	*info = (struct wav_info){ 0 };
	if (!read_at(&reader, 0, header, sizeof header) || memcmp(header, "RIFF", 4) != 0 ||
		memcmp(header + 8, "WAVE", 4) != 0)
		return false;
	return read_chunks(&reader) && reader.byte_rate != 0;
}
