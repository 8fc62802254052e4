/* The first page of Opus (RFC 7845, 5.1) and Vorbis (Vorbis I, 4.2.2) streams. */
#include "audio/ogg.h"

#include <stdio.h>
#include <unistd.h>

#include "unit.h"

#define BYTES(literal) literal, sizeof(literal) - 1

/* RFC 3533, 6: version, first page of a stream, granule, serial, sequence, checksum; one segment.
 */
#define PAGE(segment_bytes)                                                                        \
	"OggS\0\x02\0\0\0\0\0\0\0\0"                                                               \
	"abcd\0\0\0\0"                                                                             \
	"efgh\x01" segment_bytes

#define RATE_0	   "\0\0\0\0"
#define RATE_8000  "\x40\x1f\0\0"
#define RATE_16000 "\x80\x3e\0\0"
#define RATE_44100 "\x44\xac\0\0"

/* Version, channels, pre-skip, rate of the input, gain, mapping family. */
#define OPUS(channels, rate) PAGE("\x13") "OpusHead\x01" channels "\x38\x01" rate "\0\0\0"

/* Version, channels, rate, three bit rates, block sizes, framing. */
#define VORBIS(channels, rate)                                                                     \
	PAGE("\x1e") "\x01vorbis\0\0\0\0" channels rate "\0\0\0\0\0\0\0\0\0\0\0\0\xb8\x01"

/* The page of the comments. */
#define NEXT PAGE("\x10") "................"

static const struct {
	const char *bytes;
	size_t length;
	uint32_t sample_rate; /* 0: not told */
	uint32_t channels;
} cases[] = {
	{ BYTES(OPUS("\x01", RATE_16000) NEXT), 16000, 1 },
	{ BYTES(OPUS("\x02", RATE_44100) NEXT), 44100, 2 },
	{ BYTES(OPUS("\xff", RATE_8000) NEXT), 8000, 255 },
	{ BYTES(OPUS("\x01", RATE_0) NEXT), 48000, 1 }, /* unspecified: that of the decoder */
	{ BYTES(OPUS("\0", RATE_16000) NEXT), 0, 0 },
	{ BYTES(VORBIS("\x01", RATE_8000) NEXT), 8000, 1 },
	{ BYTES(VORBIS("\x02", RATE_44100) NEXT), 44100, 2 },
	{ BYTES(VORBIS("\0", RATE_44100) NEXT), 0, 0 },
	{ BYTES(VORBIS("\x02", RATE_0) NEXT), 0, 0 },

	/* Minor versions are compatible, others may have the fields elsewhere (RFC 7845, 5.1). */
	{ BYTES(PAGE("\x13") "OpusHead\x0f\x02\x38\x01" RATE_16000 "\0\0\0" NEXT), 16000, 2 },
	{ BYTES(PAGE("\x13") "OpusHead\x10\x02\x38\x01" RATE_16000 "\0\0\0" NEXT), 0, 0 },
	{ BYTES(PAGE("\x1e") "\x01vorbis\x01\0\0\0\x02" RATE_44100 NEXT), 0, 0 },

	/* Others in an Ogg file, and no Ogg file. */
	{ BYTES(PAGE("\x50") "Speex   1.2.0..............................................."), 0,
		0 },
	{ BYTES(PAGE("\x33") "\x7f"
			     "FLAC\x01\0\0\x01"
			     "fLaC......................" NEXT),
		0, 0 },
	{ BYTES(PAGE("\x1e") "\x03vorbis\0\0\0\0\x02" RATE_44100 NEXT), 0, 0 }, /* comments */
	{ BYTES(PAGE("\x13") "OpusTags\x01\x02\x38\x01" RATE_16000 "\0\0\0" NEXT), 0, 0 },
	{ BYTES(NEXT NEXT), 0, 0 },
	{ BYTES("RIFF" OPUS("\x01", RATE_16000)), 0, 0 },
	{ BYTES("oggs\0\x02\0\0\0\0\0\0\0\0abcd\0\0\0\0efgh\x01\x13OpusHead\x01\x01\x38"
		"\x01" RATE_16000 "\0\0\0"),
		0, 0 },
	{ BYTES(""), 0, 0 },
	{ BYTES("OggS"), 0, 0 },
};

static int
file_of(const char *bytes, size_t length)
{
	FILE *file = tmpfile();
	int fd;

	ck_assert_ptr_nonnull(file);
	fd = dup(fileno(file));
	fclose(file);
	ck_assert_int_eq(pwrite(fd, bytes, length, 0), (ssize_t)length);
	return fd;
}

START_TEST(test_parse)
{
	int fd = file_of(cases[_i].bytes, cases[_i].length);
	uint32_t sample_rate = 0;
	uint32_t channels = 0;

	if (cases[_i].sample_rate == 0) {
		ck_assert(!ogg_parse(fd, cases[_i].length, &sample_rate, &channels));
	} else {
		ck_assert(ogg_parse(fd, cases[_i].length, &sample_rate, &channels));
		ck_assert_uint_eq(sample_rate, cases[_i].sample_rate);
		ck_assert_uint_eq(channels, cases[_i].channels);
	}
	close(fd);
}
END_TEST

/* Cut after every byte up to the last field that is read, and a size that is not true. */
START_TEST(test_truncated)
{
	static const char bytes[] = OPUS("\x01", RATE_16000);
	const size_t rate_end = 28 + 16;

	for (size_t length = 0; length < rate_end; length++) {
		int fd = file_of(bytes, length);
		uint32_t sample_rate;
		uint32_t channels;

		ck_assert(!ogg_parse(fd, length, &sample_rate, &channels));
		ck_assert(!ogg_parse(fd, sizeof bytes, &sample_rate, &channels));
		close(fd);
	}
}
END_TEST

static Suite *
ogg_suite(void)
{
	Suite *suite = suite_create("audio/ogg");

	unit_add_loop(suite, "parse", test_parse, UNIT_COUNT(cases));
	unit_add(suite, "truncated", test_truncated);
	return suite;
}

UNIT_MAIN(ogg_suite)
