/*
 * Gives each file of the folders that are named to the fuzz target, once: where there is no
 * libFuzzer, and for a single input that did harm.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "support/fuzz.h"

static unsigned replayed;

static void
replay_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat status;
	uint8_t *data;
	size_t size;

	fuzz_require(file != NULL && fstat(fileno(file), &status) == 0, "%s", path);
	/* Of the file's size to the byte, so that whoever reads on is seen. */
	size = (size_t)status.st_size;
	data = malloc(size == 0 ? 1 : size);
	fuzz_require(data != NULL && fread(data, 1, size, file) == size, "%s", path);
	fclose(file);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
	replayed++;
}

static void
replay(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char file[4096];

	if (folder == NULL) {
		replay_file(path);
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			replay_file(file);
	}
	closedir(folder);
}

int
main(int count, char **arguments)
{
	for (int i = 1; i < count; i++)
		replay(arguments[i]);
	fuzz_require(replayed > 0, "there are inputs");
	printf("%u inputs\n", replayed);
	return EXIT_SUCCESS;
}
