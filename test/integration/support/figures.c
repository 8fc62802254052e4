#include "support/figures.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/scratch.h"

char *
figures_line(const char *file, const char *word)
{
	FILE *opened = fopen(scratch_format("/proc/%d/%s", (int)daemon_pid(), file), "r");
	char line[512], *found = NULL;

	ck_assert_ptr_nonnull(opened);
	while (found == NULL && fgets(line, sizeof line, opened) != NULL) {
		if (strstr(line, word) != NULL)
			found = scratch_format("%s", strstr(line, word) + strlen(word));
	}
	fclose(opened);
	return found;
}

long
figures_resident_kib(void)
{
	return atol(figures_line("status", "RssAnon:"));
}

long
figures_open_files(void)
{
	DIR *folder = opendir(scratch_format("/proc/%d/fd", (int)daemon_pid()));
	long count = -2; /* . and .. */

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

bool
figures_are_instrumented(void)
{
	return harness_is_wrapped() || figures_line("maps", "libasan") != NULL;
}
