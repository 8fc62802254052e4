/*
 * An audio file, found by its file-id inside the audio directory and nowhere else.
 *
 * A file-id is one path component. Symbolic links may stay inside the directory, not leave it: the
 * kernel enforces that where it has openat2(2), and a comparison of real paths elsewhere.
 */
#ifndef RECORDINGD_AUDIO_FILE_H
#define RECORDINGD_AUDIO_FILE_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"

/* NAME_MAX and a NUL. */
#define AUDIO_NAME_SIZE 256

/* A strong entity tag with its quotes. */
#define AUDIO_TAG_SIZE 64

struct audio_file {
	int descriptor; /* owned; -1 when closed */
	uint64_t bytes;
	time_t modified;
	const char *content_type;   /* a constant */
	char name[AUDIO_NAME_SIZE]; /* file-id and extension */
	char extension[17];
	char tag[AUDIO_TAG_SIZE];
};

/*
 * Opens the file of a file-id with the first of the comma separated extensions there is. Errors:
 * not_found, and unavailable when the directory itself cannot be opened, descriptors run out, or
 * the disk does not answer: nobody knows then what is there.
 */
bool audio_file_open(struct audio_file *file, const char *directory, const char *extensions,
	const char *file_id, struct error *error) MUST_CHECK;

/* Closes the descriptor unless it was given away by setting it to -1. */
void audio_file_close(struct audio_file *file);

/* Whether the directory can be opened. */
bool audio_directory_is_there(const char *directory);

#endif
