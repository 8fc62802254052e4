#include "memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/scratch.h"

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
