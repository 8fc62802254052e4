/*
 * Makes the demo's recordings: reads file-ids, one on a line, and writes FOLDER/<file-id>.wav for
 * each: 8 kHz, mono, 16 bit, a ringing tone and then a melody that differs from file to file.
 */
#include <endian.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE		 8000
#define SECONDS_MIN	 4
#define SECONDS_MAX	 15
#define HEADER_BYTES	 44
#define NOTES_PER_SECOND 4

/* A pentatonic scale in Hz: any order of its notes sounds well. */
static const double scale[] = { 261.63, 293.66, 329.63, 392.00, 440.00, 523.25, 587.33, 659.25 };

static void
put16(unsigned char *out, uint16_t number)
{
	number = htole16(number);
	memcpy(out, &number, sizeof number);
}

static void
put32(unsigned char *out, uint32_t number)
{
	number = htole32(number);
	memcpy(out, &number, sizeof number);
}

static void
make_header(unsigned char header[HEADER_BYTES], uint32_t data_bytes)
{
	memcpy(header, "RIFF", 4);
	put32(header + 4, data_bytes + HEADER_BYTES - 8);
	memcpy(header + 8, "WAVEfmt ", 8);
	put32(header + 16, 16);
	put16(header + 20, 1);
	put16(header + 22, 1);
	put32(header + 24, RATE);
	put32(header + 28, RATE * 2);
	put16(header + 32, 2);
	put16(header + 34, 16);
	memcpy(header + 36, "data", 4);
	put32(header + 40, data_bytes);
}

/* The same file-id always sounds the same. */
static uint32_t
seed_of(const char *file_id)
{
	uint32_t seed = 2166136261U;

	for (; *file_id != '\0'; file_id++)
		seed = (seed ^ (unsigned char)*file_id) * 16777619U;
	return seed;
}

/* The ringing tone for a second, then one note after the other, each fading out. */
static double
sample_at(uint32_t seed, uint32_t i)
{
	const double turn = 6.283185307179586;
	double time = (double)i / RATE;
	uint32_t note;
	double into_note;

	if (i < RATE)
		return 0.3 * sin(turn * 440.0 * time) * (time < 0.9 ? 1.0 : (1.0 - time) * 10);
	note = (uint32_t)(time * NOTES_PER_SECOND);
	into_note = time * NOTES_PER_SECOND - note;
	return 0.5 * sin(turn * scale[(seed >> note % 24) % 8] * time) * exp(-3.0 * into_note) *
	       fmin(1.0, into_note * 20);
}

static int
write_file(const char *folder, const char *file_id)
{
	uint32_t seed = seed_of(file_id);
	uint32_t samples = RATE * (SECONDS_MIN + seed % (SECONDS_MAX - SECONDS_MIN + 1));
	unsigned char bytes[HEADER_BYTES];
	char path[4096];
	FILE *file;

	if (snprintf(path, sizeof path, "%s/%s.wav", folder, file_id) >= (int)sizeof path)
		return -1;
	file = fopen(path, "wb");
	if (file == NULL)
		return -1;
	make_header(bytes, samples * 2);
	(void)fwrite(bytes, HEADER_BYTES, 1, file);
	for (uint32_t i = 0; i < samples; i++) {
		put16(bytes, (uint16_t)(int16_t)(sample_at(seed, i) * 20000));
		(void)fwrite(bytes, 2, 1, file);
	}
	if (ferror(file) != 0) {
		(void)fclose(file);
		return -1;
	}
	return fclose(file);
}

int
main(int argc, char **argv)
{
	char file_id[512];

	if (argc != 2) {
		fprintf(stderr, "usage: make_audio FOLDER <file-ids\n");
		return 2;
	}
	while (fgets(file_id, sizeof file_id, stdin) != NULL) {
		file_id[strcspn(file_id, "\n")] = '\0';
		if (write_file(argv[1], file_id) != 0) {
			perror(file_id);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
