/*
 * The header of a sound file, as WAVE and as Ogg, from a file of just these bytes and of one that
 * is said to be longer or shorter than it is. A byte that says which, then the file.
 */
#include "audio/ogg.h"
#include "audio/wav.h"
#include "support/fuzz.h"

static void
check_wav(int descriptor, uint64_t bytes)
{
	struct wav_info info;

	if (!wav_parse(descriptor, bytes, &info))
		return;
	fuzz_require(info.sample_rate != 0 && info.channels != 0, "a format");
	/* A second has a byte at least. */
	fuzz_require(!info.has_duration || info.duration_seconds <= bytes,
		"%llu seconds in %llu bytes", (unsigned long long)info.duration_seconds,
		(unsigned long long)bytes);
}

static void
check_ogg(int descriptor, uint64_t bytes)
{
	uint32_t sample_rate = 0;
	uint32_t channels = 0;

	if (ogg_parse(descriptor, bytes, &sample_rate, &channels))
		fuzz_require(sample_rate != 0 && channels != 0 && channels < 256, "a format");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	uint8_t choice = fuzz_byte(&input);
	uint64_t bytes = input.size;
	int descriptor;

	(void)fuzz_file(input.data, input.size, &descriptor);
	/* It grows or shrinks while it is being read. */
	if (choice % 4 == 1)
		bytes += choice;
	else if (choice % 4 == 2)
		bytes -= bytes < choice ? bytes : choice;
	else if (choice % 4 == 3)
		bytes = UINT64_MAX >> (choice / 4 % 32);
	check_wav(descriptor, bytes);
	check_ogg(descriptor, bytes);
	return 0;
}
