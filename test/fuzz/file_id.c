/*
 * A file-id, and what it opens: a file of the folder, under that name, and never one elsewhere.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/file.h"
#include "support/fuzz.h"

static const char extensions[] = "wav,ogg,mp3";

static char folder[PATH_MAX];

static void
remove_links(void)
{
	char path[PATH_MAX + 32];
	static const char *const names[] = { "out.wav", "in.wav", "up.wav", "absolute.wav",
		"sub/b.wav", "sub" };

	for (size_t i = 0; i < FUZZ_COUNT(names); i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		(void)remove(path);
	}
}

static void
add_link(const char *target, const char *name)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	fuzz_require(symlink(target, path) == 0, "a link");
}

static void
prepare(void)
{
	char path[PATH_MAX + 32];
	FILE *file;

	if (folder[0] != '\0')
		return;
	fuzz_without_log();
	fuzz_require(realpath(fuzz_folder(), folder) != NULL, "the folder");
	/* Before the folder itself goes. */
	(void)atexit(remove_links);
	fuzz_folder_add("a.wav", "a");
	fuzz_folder_add("call-1.2.ogg", "b");
	fuzz_folder_add(" %2e.mp3", "c");
	snprintf(path, sizeof path, "%s/sub", folder);
	fuzz_require(mkdir(path, 0700) == 0, "a folder in it");
	snprintf(path, sizeof path, "%s/sub/b.wav", folder);
	file = fopen(path, "we");
	fuzz_require(file != NULL && fclose(file) == 0, "a file in that");
	add_link("/etc/passwd", "out.wav");
	add_link("a.wav", "in.wav");
	add_link("../../etc/passwd", "up.wav");
	snprintf(path, sizeof path, "%s/a.wav", folder);
	add_link(path, "absolute.wav");
}

static void
check_open(const struct audio_file *file, const char *file_id)
{
	char link[64];
	char path[PATH_MAX];
	ssize_t length;
	struct stat status;

	snprintf(link, sizeof link, "/proc/self/fd/%d", file->descriptor);
	length = readlink(link, path, sizeof path - 1);
	fuzz_require(length > 0, "where it is");
	path[length] = '\0';
	fuzz_require(strncmp(path, folder, strlen(folder)) == 0 && path[strlen(folder)] == '/',
		"%s opens %s", file_id, path);
	fuzz_require(fstat(file->descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
			     (uint64_t)status.st_size == file->bytes,
		"a regular file");
	fuzz_require(strncmp(file->name, file_id, strlen(file_id)) == 0 &&
			     file->name[strlen(file_id)] == '.' &&
			     strcmp(file->name + strlen(file_id) + 1, file->extension) == 0,
		"%s under the name %s", file_id, file->name);
	fuzz_require(strchr(file_id, '/') == NULL, "one path component");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	struct audio_file file;
	struct error error;
	char *file_id;

	prepare();
	file_id = fuzz_rest(&input);
	if (audio_file_open(&file, folder, extensions, file_id, &error)) {
		check_open(&file, file_id);
		audio_file_close(&file);
	} else {
		fuzz_require(error.code == ERROR_NOT_FOUND, "%s", error.message);
	}
	fuzz_require(file.descriptor == -1, "closed");
	free(file_id);
	return 0;
}
