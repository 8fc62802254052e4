#include "support/fake_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/harness.h"

/* $LIB is for the loader; this is where Debian has it for each architecture. */
#define LIBRARY "/usr/$LIB/faketime/libfaketime.so.1"

static long shift_seconds;

/* In one step, as it is read at any moment. */
void
fake_clock_shift(long seconds)
{
	FILE *file = fopen(harness_path("clock.new"), "w");

	shift_seconds = seconds;
	if (file == NULL || fprintf(file, "%+ld\n", seconds) < 0 || fclose(file) != 0 ||
		rename(harness_path("clock.new"), harness_path("clock")) != 0)
		harness_fail("the clock cannot be written");
}

void
fake_clock_set(const char *utc)
{
	struct tm wanted = { 0 };
	const char *end = strptime(utc, "%Y-%m-%d %H:%M:%S", &wanted);

	if (end == NULL || *end != '\0')
		harness_fail("\"%s\" is no time", utc);
	fake_clock_shift(timegm(&wanted) - time(NULL));
}

time_t
fake_clock_now(void)
{
	return time(NULL) + shift_seconds;
}

static void
set(const char *name, const char *value)
{
	if (setenv(name, value, 1) != 0)
		harness_fail("setenv failed");
}

void
fake_clock_enter(void)
{
	fake_clock_shift(0);
	set("FAKETIME_TIMESTAMP_FILE", harness_path("clock"));
	set("FAKETIME_NO_CACHE", "1");
	set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
	/* Times of files are no clock. */
	set("NO_FAKE_STAT", "1");
	set("LD_PRELOAD", LIBRARY);
}

void
fake_clock_leave(void)
{
	if (unsetenv("LD_PRELOAD") != 0)
		harness_fail("unsetenv failed");
}
