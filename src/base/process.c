#include "base/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER_OF_FILES "/proc/self/fd"

static void
read_memory(struct process_figures *figures)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char line[128];
	char *rest;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return;
	/* The first two of its numbers: all pages, and those that are resident. */
	if (fgets(line, sizeof line, file) != NULL) {
		figures->virtual_bytes = strtoull(line, &rest, 10) * page;
		figures->resident_bytes = strtoull(rest, NULL, 10) * page;
	}
	(void)fclose(file);
}

/* Since Linux 6.2 the folder says how many it has; before, it takes a look at each. */
static uint64_t
count_files(void)
{
	struct stat status;
	uint64_t count = 0;
	DIR *folder;

	if (stat(FOLDER_OF_FILES, &status) == 0 && status.st_size > 0)
		return (uint64_t)status.st_size;
	folder = opendir(FOLDER_OF_FILES);
	if (folder == NULL)
		return 0;
	while (readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	/* ".", ".." and the folder itself are none. */
	return count > 3 ? count - 3 : 0;
}

void
process_read_figures(struct process_figures *figures)
{
	struct timespec used = { 0 };
	struct rlimit limit = { 0 };

	*figures = (struct process_figures){ 0 };
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	figures->cpu_seconds = (double)used.tv_sec + (double)used.tv_nsec / 1e9;
	figures->max_files = limit.rlim_cur;
	figures->open_files = count_files();
	read_memory(figures);
}
