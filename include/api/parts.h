/* The parts without which recordingd cannot do all its work. */
#ifndef RECORDINGD_API_PARTS_H
#define RECORDINGD_API_PARTS_H

#include <stdbool.h>

struct api;

enum part { PART_DATABASE, PART_AUDIO_DIRECTORY, PART_ACCESS_LOG, PART_COUNT };

extern const char *const part_names[PART_COUNT];

/* Looks at each. */
void parts_look(const struct api *api, bool is_up[static PART_COUNT]);

#endif
