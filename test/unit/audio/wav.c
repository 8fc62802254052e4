/*
 * WAVE headers as recorders write them, as they are while they are still being written, and as
 * nobody should write them.
 */
#include "audio/wav.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define BYTES(literal) literal, sizeof(literal) - 1

/* Little-endian numbers. */
#define RATE_8000  "\x40\x1f\0\0"
#define RATE_16000 "\x80\x3e\0\0"
#define RATE_44100 "\x44\xac\0\0"
#define UNKNOWN	   "\xff\xff\xff\xff"

#define RIFF "RIFF\0\0\0\0WAVE"

/* Signed 16 bit, mono, 8000 Hz: 16000 bytes a second. */
#define PCM   "\x01\0\x01\0" RATE_8000 RATE_16000 "\x02\0\x10\0"
#define FMT   "fmt \x10\0\0\0" PCM
#define LIST  "LIST\x04\0\0\0INFO"
#define DATA  "data"
#define TWO_S "\0\x7d\0\0" /* 32000 */

/* GSM in WAVE: 1625 bytes a second, and an extension of two bytes in the format. */
#define FMT_GSM "fmt \x14\0\0\0\x31\0\x01\0" RATE_8000 "\x59\x06\0\0\x41\0\0\0\x02\0\x40\x01"

/* WAVE_FORMAT_EXTENSIBLE, stereo, 44100 Hz, 24 bit: 264600 bytes a second. */
#define FMT_EXTENSIBLE                                                                             \
	"fmt \x28\0\0\0\xfe\xff\x02\0" RATE_44100                                                  \
	"\x98\x09\x04\0\x06\0\x18\0\x16\0\x18\0\x03\0\0\0"                                         \
	"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"

static const struct {
	const char *header;
	size_t length;
	uint64_t audio_bytes; /* zeros behind the header */
	uint32_t sample_rate;
	uint32_t channels;
	int64_t seconds; /* -1: no duration */
} cases[] = {
	{ BYTES(RIFF FMT DATA TWO_S), 32000, 8000, 1, 2 },
	{ BYTES(RIFF FMT DATA "\xff\x7c\0\0"), 31999, 8000, 1, 1 }, /* whole seconds */
	{ BYTES(RIFF FMT DATA "\x7f\x3e\0\0"), 15999, 8000, 1, 0 },
	{ BYTES(RIFF FMT_GSM DATA "\x5a\x06\0\0"), 1626, 8000, 1, 1 },
	{ BYTES(RIFF FMT_EXTENSIBLE DATA "\x98\x09\x04\0"), 264600, 44100, 2, 1 },

	/* Chunks in between, of odd sizes with their padding, of no size, and behind the data. */
	{ BYTES(RIFF LIST FMT DATA TWO_S), 32000, 8000, 1, 2 },
	{ BYTES(RIFF FMT LIST DATA TWO_S), 32000, 8000, 1, 2 },
	{ BYTES(RIFF "junk\x01\0\0\0x\0" FMT DATA TWO_S), 32000, 8000, 1, 2 },
	{ BYTES(RIFF "junk\x03\0\0\0xyz\0" FMT "junk\x01\0\0\0x\0" DATA TWO_S), 32000, 8000, 1, 2 },
	{ BYTES(RIFF "junk\0\0\0\0" FMT DATA TWO_S), 32000, 8000, 1, 2 },
	{ BYTES(RIFF "fmt \x11\0\0\0" PCM "x\0" DATA TWO_S), 32000, 8000, 1, 2 },
	{ BYTES(RIFF FMT DATA "\x02\0\0\0"
			      "ab" LIST),
		0, 8000, 1, 0 },
	{ BYTES(RIFF "junk\x14\0\0\0" DATA UNKNOWN "fmt \x10\0\0\0...." FMT DATA TWO_S), 32000,
		8000, 1, 2 }, /* what stands in a chunk is no chunk */

	/* Still being written: no size yet. An empty recording has a size, which is 0. */
	{ BYTES(RIFF FMT DATA "\0\0\0\0"), 32000, 8000, 1, -1 },
	{ BYTES(RIFF FMT DATA UNKNOWN), 32000, 8000, 1, -1 },
	{ BYTES(RIFF FMT DATA UNKNOWN), 0, 8000, 1, -1 },
	{ BYTES("RIFF" UNKNOWN "WAVE" FMT DATA UNKNOWN), 32000, 8000, 1, -1 },
	{ BYTES(RIFF FMT DATA "\0\0\0\0"), 0, 8000, 1, 0 },
	{ BYTES(RIFF FMT), 0, 8000, 1, -1 },
	{ BYTES(RIFF FMT LIST), 0, 8000, 1, -1 },
	{ BYTES(RIFF FMT "dat"), 0, 8000, 1, -1 },
	{ BYTES(RIFF FMT DATA "\0\x7d\0"), 0, 8000, 1, -1 },

	/* Lies: of a file that was cut off, the bytes that are there count. */
	{ BYTES(RIFF FMT DATA TWO_S), 16000, 8000, 1, 1 },
	{ BYTES(RIFF FMT DATA TWO_S), 0, 8000, 1, 0 },
	{ BYTES(RIFF FMT DATA "\xfe\xff\xff\xff"), 48000, 8000, 1, 3 },
	{ BYTES(RIFF FMT "junk" UNKNOWN DATA TWO_S), 32000, 8000, 1, -1 },
	{ BYTES(RIFF FMT "junk\0\0\0\x80" DATA TWO_S), 32000, 8000, 1, -1 },

	/* The largest numbers a format can hold. */
	{ BYTES(RIFF "fmt \x10\0\0\0\x01\0\xff\xff" UNKNOWN UNKNOWN "\x02\0\x10\0" DATA TWO_S),
		32000, UINT32_MAX, 65535, 0 },
};

/* An unnamed file of a header and zeros. */
static int
file_of(const char *header, size_t length, uint64_t audio_bytes)
{
	FILE *file = tmpfile();
	int fd;

	ck_assert_ptr_nonnull(file);
	fd = dup(fileno(file));
	fclose(file);
	ck_assert_int_eq(pwrite(fd, header, length, 0), (ssize_t)length);
	ck_assert_int_eq(ftruncate(fd, (off_t)(length + audio_bytes)), 0);
	return fd;
}

START_TEST(test_parse)
{
	int fd = file_of(cases[_i].header, cases[_i].length, cases[_i].audio_bytes);
	struct wav_info info;

	ck_assert(wav_parse(fd, cases[_i].length + cases[_i].audio_bytes, &info));
	ck_assert_uint_eq(info.sample_rate, cases[_i].sample_rate);
	ck_assert_uint_eq(info.channels, cases[_i].channels);
	ck_assert_int_eq(info.has_duration, cases[_i].seconds >= 0);
	if (info.has_duration)
		ck_assert_uint_eq(info.duration_seconds, (uint64_t)cases[_i].seconds);
	close(fd);
}
END_TEST

static const struct {
	const char *header;
	size_t length;
} refused_cases[] = {
	{ BYTES("") },
	{ BYTES("RIFF") },
	{ BYTES(RIFF) },
	{ BYTES("RIFF\0\0\0\0AVI " FMT DATA TWO_S) },
	{ BYTES("RIFX\0\0\0\0WAVE" FMT DATA TWO_S) }, /* numbers the other way round */
	{ BYTES("riff\0\0\0\0WAVE" FMT DATA TWO_S) },
	{ BYTES("OggS\0\0\0\0WAVE" FMT DATA TWO_S) },
	{ BYTES(" " RIFF FMT DATA TWO_S) },

	/* No format, or not before the data. */
	{ BYTES(RIFF DATA TWO_S) },
	{ BYTES(RIFF DATA "\0\0\0\0" FMT) },
	{ BYTES(RIFF LIST LIST) },
	{ BYTES(RIFF "junk" UNKNOWN FMT DATA TWO_S) },
	{ BYTES(RIFF "junk\x03\0\0\0xyz" FMT DATA TWO_S) }, /* the padding is missing */
	{ BYTES(RIFF "FMT \x10\0\0\0" PCM DATA TWO_S) },

	/* Half a format. */
	{ BYTES(RIFF "fmt ") },
	{ BYTES(RIFF "fmt \x10\0\0\0") },
	{ BYTES(RIFF "fmt \x10\0\0\0\x01\0\x01\0" RATE_8000 RATE_16000 "\x02\0\x10") },
	{ BYTES(RIFF "fmt \x0f\0\0\0" PCM DATA TWO_S) },
	{ BYTES(RIFF "fmt \0\0\0\0" DATA TWO_S) },

	/* Zeros that would divide, or say nothing. */
	{ BYTES(RIFF "fmt \x10\0\0\0\x01\0\0\0" RATE_8000 RATE_16000 "\x02\0\x10\0" DATA TWO_S) },
	{ BYTES(RIFF "fmt \x10\0\0\0\x01\0\x01\0\0\0\0\0" RATE_16000 "\x02\0\x10\0" DATA TWO_S) },
	{ BYTES(RIFF "fmt \x10\0\0\0\x01\0\x01\0" RATE_8000 "\0\0\0\0\x02\0\x10\0" DATA TWO_S) },
};

START_TEST(test_refused)
{
	int fd = file_of(refused_cases[_i].header, refused_cases[_i].length, 0);
	struct wav_info info;

	ck_assert(!wav_parse(fd, refused_cases[_i].length, &info));
	close(fd);
}
END_TEST

/* A good file cut after every byte of its header tells what it still can, or nothing. */
START_TEST(test_truncated)
{
	static const char header[] = RIFF LIST FMT DATA TWO_S;
	const size_t format_end = sizeof(RIFF LIST FMT) - 1;

	for (size_t length = 0; length < sizeof(header); length++) {
		int fd = file_of(header, length, 0);
		struct wav_info info;
		bool is_told = wav_parse(fd, length, &info);

		ck_assert_msg(is_told == (length >= format_end), "%zu bytes", length);
		close(fd);
	}
}
END_TEST

/* The file has become shorter, or has become longer, since its size was asked for. */
START_TEST(test_other_size)
{
	static const char header[] = RIFF FMT DATA TWO_S;
	int fd = file_of(header, sizeof(header) - 1, 32000);
	struct wav_info info;

	ck_assert(wav_parse(fd, sizeof(header) - 1 + 16000, &info));
	ck_assert_uint_eq(info.duration_seconds, 1);
	ck_assert(!wav_parse(fd, 20, &info));
	ck_assert_int_eq(ftruncate(fd, 20), 0);
	ck_assert(!wav_parse(fd, 32044, &info));
	close(fd);
}
END_TEST

/* Endless small chunks, and chunks whose sizes add up to more than 32 bits, both end. */
START_TEST(test_many_chunks)
{
	static char chunks[12 + 8 * 100000];
	struct wav_info info;
	int fd;

	memcpy(chunks, RIFF, 12);
	for (size_t i = 12; i < sizeof chunks; i += 8)
		memcpy(chunks + i, "junk", 4);
	fd = file_of(chunks, sizeof chunks, 0);
	ck_assert(!wav_parse(fd, sizeof chunks, &info));
	close(fd);
	/* If the position wrapped around, the same chunk would be read again. */
	fd = file_of(BYTES(RIFF "junk\xf4\xff\xff\xff" FMT DATA TWO_S), 0);
	ck_assert(!wav_parse(fd, UINT64_MAX, &info));
	close(fd);
}
END_TEST

static Suite *
wav_suite(void)
{
	Suite *suite = suite_create("audio/wav");

	unit_add_loop(suite, "parse", test_parse, UNIT_COUNT(cases));
	unit_add_loop(suite, "refused", test_refused, UNIT_COUNT(refused_cases));
	unit_add(suite, "truncated", test_truncated);
	unit_add(suite, "other size", test_other_size);
	unit_add(suite, "many chunks", test_many_chunks);
	return suite;
}

UNIT_MAIN(wav_suite)
