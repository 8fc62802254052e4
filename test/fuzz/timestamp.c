/*
 * A timestamp, beside the calendar of the C library: what is taken is a moment of it, in its one
 * form, and is taken again unchanged.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/timestamp.h"
#include "support/fuzz.h"

/* What the calendar makes of the parts; true when they are a moment already. */
static bool
is_moment(const char *text)
{
	struct tm parts = { 0 };
	char again[40];
	time_t time;

	if (sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
		    &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
		return false;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	time = timegm(&parts);
	fuzz_require(gmtime_r(&time, &parts) != NULL, "a time");
	snprintf(again, sizeof again, "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900,
		parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
	return strcmp(again, text) == 0;
}

/* The shape alone: digits where d stands. */
static bool
has_shape(const char *text, const char *shape)
{
	if (strlen(text) != strlen(shape))
		return false;
	for (; *shape != '\0'; text++, shape++) {
		if (*shape == 'd' ? !isdigit((unsigned char)*text) : *text != *shape)
			return false;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	char *text = fuzz_rest(&input);
	char out[TIMESTAMP_SIZE] = "untouched";
	char again[TIMESTAMP_SIZE];
	char full[64] = "";

	/* All three forms as the longest. */
	if (has_shape(text, "dddd-dd-dd"))
		snprintf(full, sizeof full, "%s 00:00:00", text);
	else if (has_shape(text, "dddd-dd-dd dd:dd:dd") || has_shape(text, "dddd-dd-ddTdd:dd:dd"))
		snprintf(full, sizeof full, "%.10s %s", text, text + 11);
	if (timestamp_normalise(text, out)) {
		fuzz_require(strcmp(out, full) == 0, "%s is %s", text, out);
		fuzz_require(timestamp_normalise(out, again) && strcmp(out, again) == 0, "%s stays",
			out);
		fuzz_require(is_moment(out), "%s is in the calendar", out);
	} else {
		fuzz_require(strcmp(out, "untouched") == 0, "untouched");
		fuzz_require(*full == '\0' || strncmp(full, "0000", 4) == 0 || !is_moment(full),
			"%s is a moment", full);
	}
	free(text);
	return 0;
}
