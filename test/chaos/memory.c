#include "memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/scratch.h"

/* More faults than happen in hours. */
#define NOTES_MAX 10000

static struct {
	pid_t pid;
	long kib[NOTES_MAX];
	int count;
} notes;

long
memory_kib(void)
{
	FILE *status = fopen(scratch_format("/proc/%d/status", (int)daemon_pid()), "re");
	char line[128];
	long kib = 0;

	if (status == NULL)
		harness_fail("the daemon's memory cannot be read");
	while (fgets(line, sizeof line, status) != NULL) {
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = atol(line + 8);
	}
	fclose(status);
	return kib;
}

long
memory_descriptors(void)
{
	DIR *folder = opendir(scratch_format("/proc/%d/fd", (int)daemon_pid()));
	struct dirent *entry;
	long count = 0;

	if (folder == NULL)
		harness_fail("the daemon's descriptors cannot be read");
	while ((entry = readdir(folder)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

void
memory_note(void)
{
	if (notes.pid != daemon_pid()) {
		notes.pid = daemon_pid();
		notes.count = 0;
	}
	if (notes.count < NOTES_MAX)
		notes.kib[notes.count++] = memory_kib();
}

static int
compare(const void *one, const void *other)
{
	long one_kib = *(const long *)one;
	long other_kib = *(const long *)other;

	return (one_kib > other_kib) - (one_kib < other_kib);
}

static void
print_half(const char *name, long *kib, int count)
{
	if (count == 0)
		return;
	qsort(kib, (size_t)count, sizeof *kib, compare);
	printf("memory of its own behind the %s %d faults, KiB: least %ld, median %ld, most %ld\n",
		name, count, kib[0], kib[count / 2], kib[count - 1]);
}

void
memory_print_noted(void)
{
	int half = notes.count / 2;

	print_half("earlier", notes.kib, half);
	print_half("later", notes.kib + half, notes.count - half);
}
