#include "audio/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

/* Not blocking, so that a FIFO in the directory cannot stop the loop: it is refused afterwards. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static const struct {
	const char *extension;
	const char *content_type;
} content_types[] = {
	{ "wav", "audio/wav" },
	{ "ogg", "audio/ogg" },
	{ "opus", "audio/ogg" },
	{ "mp3", "audio/mpeg" },
	{ "gsm", "audio/gsm" },
};

static const char *
content_type_of(const char *extension)
{
	for (size_t i = 0; i < sizeof content_types / sizeof *content_types; i++) {
		if (strcasecmp(content_types[i].extension, extension) == 0)
			return content_types[i].content_type;
	}
	return "application/octet-stream";
}

/* One path component that cannot mean another place. */
static bool
is_file_id(const char *file_id)
{
	return *file_id != '\0' && strpbrk(file_id, "/\\") == NULL && strstr(file_id, "..") == NULL;
}

static int
open_directory(const char *directory)
{
	return open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The path of an open descriptor, links resolved; false when it cannot be told. */
static bool
path_of_descriptor(int descriptor, char target[static PATH_MAX])
{
	char own_link[64];
	ssize_t length;

	snprintf(own_link, sizeof own_link, "/proc/self/fd/%d", descriptor);
	length = readlink(own_link, target, PATH_MAX);
	if (length <= 0 || length >= PATH_MAX)
		return false;
	target[length] = '\0';
	return true;
}

/* What of path lies below directory, or NULL. */
static const char *
path_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (strcmp(directory, "/") == 0)
		return path + 1;
	if (strncmp(path, directory, length) != 0 || path[length] != '/')
		return NULL;
	return path + length + 1;
}

static int
open_beneath(int directory, const char *name)
{
	struct open_how how = {
		.flags = OPEN_FLAGS,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	long descriptor;

	/* A file system of a network or a program may be interrupted. */
	do {
		descriptor = syscall(SYS_openat2, directory, name, &how, sizeof how);
	} while (descriptor < 0 && errno == EINTR);
	return (int)descriptor;
}

/*
 * A link with an absolute target always counts as leaving for RESOLVE_BENEATH, even when it comes
 * back: resolve it here, and open what it means below the directory, again beneath.
 */
static int
open_absolute_link(int directory, const char *name)
{
	char directory_path[PATH_MAX];
	char link_path[PATH_MAX * 2];
	char real_path[PATH_MAX];
	const char *below;

	if (!path_of_descriptor(directory, directory_path)) {
		errno = EXDEV;
		return -1;
	}
	snprintf(link_path, sizeof link_path, "%s/%s", directory_path, name);
	if (realpath(link_path, real_path) == NULL)
		return -1;
	below = path_below(real_path, directory_path);
	if (below == NULL) {
		errno = EXDEV;
		return -1;
	}
	return open_beneath(directory, below);
}

/* For kernels before 5.6: open, and look where that led before a byte is read. */
static int
open_and_compare(int directory, const char *name)
{
	char directory_path[PATH_MAX];
	char path[PATH_MAX];
	int descriptor = openat(directory, name, OPEN_FLAGS);

	if (descriptor < 0)
		return -1;
	if (path_of_descriptor(directory, directory_path) && path_of_descriptor(descriptor, path) &&
		path_below(path, directory_path) != NULL)
		return descriptor;
	(void)close(descriptor);
	errno = EXDEV;
	return -1;
}

static int
open_inside(int directory, const char *name)
{
	int descriptor = open_beneath(directory, name);

	if (descriptor >= 0)
		return descriptor;
	if (errno == EXDEV)
		return open_absolute_link(directory, name);
	/* EPERM: a seccomp filter that does not know the call answers so. */
	if (errno == ENOSYS || errno == EPERM)
		return open_and_compare(directory, name);
	return -1;
}

/* Fills in what the descriptor tells. False, with errno, when it is no regular file. */
static bool
describe(struct audio_file *file)
{
	struct stat status;

	if (fstat(file->descriptor, &status) != 0)
		return false;
	if (!S_ISREG(status.st_mode)) {
		errno = ENOENT;
		return false;
	}
	file->bytes = (uint64_t)status.st_size;
	file->modified = status.st_mtim.tv_sec;
	file->content_type = content_type_of(file->extension);
	/* Inode, nanoseconds and size: a file that was replaced or appended to has another tag. */
	snprintf(file->tag, sizeof file->tag, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"",
		(uint64_t)status.st_ino,
		(uint64_t)status.st_mtim.tv_sec * 1000000000 + (uint64_t)status.st_mtim.tv_nsec,
		file->bytes);
	return true;
}

/* Opens with one extension. False without an error in errno worth reporting: try the next. */
static bool
open_with_extension(struct audio_file *file, int directory, const char *file_id)
{
	int length = snprintf(file->name, sizeof file->name, "%s.%s", file_id, file->extension);
	int reason;

	errno = ENOENT;
	if (length < 0 || (size_t)length >= sizeof file->name)
		return false;
	file->descriptor = open_inside(directory, file->name);
	if (file->descriptor < 0)
		return false;
	if (describe(file))
		return true;
	reason = errno;
	audio_file_close(file);
	errno = reason;
	return false;
}

/* The next of a comma separated list of extensions, which the configuration has checked. */
static bool
next_extension(const char **list, char *extension, size_t size)
{
	size_t length;

	*list += strspn(*list, ", \t");
	length = strcspn(*list, ", \t");
	if (length == 0 || length >= size)
		return false;
	memcpy(extension, *list, length);
	extension[length] = '\0';
	*list += length;
	return true;
}

/* What says that nothing is there that may be sent; anything else hides what is there. */
static bool
means_absent(int reason)
{
	static const int reasons[] = { ENOENT, ENOTDIR, EISDIR, ENAMETOOLONG, ELOOP, EXDEV, ENXIO,
		EACCES, EINVAL };

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if (reasons[i] == reason)
			return true;
	}
	return false;
}

static bool
refuse(int reason, const char *file_id, struct error *error)
{
	if (!means_absent(reason)) {
		log_write(LOG_LEVEL_ERROR, "cannot open the audio of %s: %s", file_id,
			strerror(reason));
		return error_set(error, ERROR_UNAVAILABLE, "audio is not available at the moment");
	}
	if (reason == EACCES)
		log_write(LOG_LEVEL_WARNING, "cannot open the audio of %s: %s", file_id,
			strerror(reason));
	return error_set(error, ERROR_NOT_FOUND, "there is no audio with this file-id");
}

bool
audio_file_open(struct audio_file *file, const char *directory, const char *extensions,
	const char *file_id, struct error *error)
{
	int reason = ENOENT;
	int folder;

	file->descriptor = -1;
	if (!is_file_id(file_id))
		return refuse(ENOENT, file_id, error);
	folder = open_directory(directory);
	if (folder < 0) {
		log_write(LOG_LEVEL_ERROR, "cannot open the audio directory: %s", strerror(errno));
		return error_set(error, ERROR_UNAVAILABLE,
			"the audio directory is not available at the moment");
	}
	while (next_extension(&extensions, file->extension, sizeof file->extension)) {
		if (open_with_extension(file, folder, file_id)) {
			(void)close(folder);
			return true;
		}
		if (errno != ENOENT)
			reason = errno;
	}
	(void)close(folder);
	return refuse(reason, file_id, error);
}

void
audio_file_close(struct audio_file *file)
{
	if (file->descriptor >= 0)
		(void)close(file->descriptor);
	file->descriptor = -1;
}

bool
audio_directory_is_there(const char *directory)
{
	int folder = open_directory(directory);

	if (folder < 0)
		return false;
	(void)close(folder);
	return access(directory, R_OK | X_OK) == 0;
}
