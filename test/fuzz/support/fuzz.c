#include "support/fuzz.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

#define FILES_MAX 16

static struct {
	char path[64];
	char files[FILES_MAX][96];
	size_t count;
} folder;

_Noreturn void
fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%d: must hold: %s: ", file, line, condition);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

uint8_t
fuzz_byte(struct fuzz_input *input)
{
	if (input->size == 0)
		return 0;
	input->size--;
	return *input->data++;
}

static char *
take_text(struct fuzz_input *input, size_t length)
{
	char *text = memory_text((const char *)input->data, length);

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\0')
			text[i] = ' ';
	}
	input->data += length;
	input->size -= length;
	return text;
}

char *
fuzz_line(struct fuzz_input *input)
{
	const uint8_t *end = input->size == 0 ? NULL : memchr(input->data, '\n', input->size);
	char *text = take_text(input, end == NULL ? input->size : (size_t)(end - input->data));

	(void)fuzz_byte(input);
	return text;
}

char *
fuzz_rest(struct fuzz_input *input)
{
	return take_text(input, input->size);
}

const char *
fuzz_file(const uint8_t *data, size_t size, int *descriptor)
{
	static int file = -1;
	static char path[64];

	if (file < 0) {
		file = memfd_create("fuzz", MFD_CLOEXEC);
		fuzz_require(file >= 0 && fchmod(file, 0600) == 0, "a file in memory");
		snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	}
	fuzz_require(ftruncate(file, 0) == 0 &&
			     (size == 0 || pwrite(file, data, size, 0) == (ssize_t)size),
		"writing it");
	if (descriptor != NULL)
		*descriptor = file;
	return path;
}

static void
remove_folder(void)
{
	for (size_t i = 0; i < folder.count; i++)
		(void)unlink(folder.files[i]);
	(void)rmdir(folder.path);
}

const char *
fuzz_folder(void)
{
	if (folder.path[0] == '\0') {
		strcpy(folder.path, "/tmp/recordingd-fuzz.XXXXXX");
		fuzz_require(mkdtemp(folder.path) != NULL, "a folder in /tmp");
		(void)atexit(remove_folder);
	}
	return folder.path;
}

void
fuzz_folder_add(const char *name, const char *content)
{
	char *path = folder.files[folder.count++];
	FILE *file;

	fuzz_require(folder.count < FILES_MAX, "room for one more file");
	snprintf(path, sizeof folder.files[0], "%s/%s", fuzz_folder(), name);
	file = fopen(path, "we");
	fuzz_require(file != NULL && fputs(content, file) >= 0 && fclose(file) == 0, "%s", path);
}

void
fuzz_without_log(void)
{
	log_set_level(getenv("FUZZ_LOG") == NULL ? LOG_LEVEL_CRITICAL : LOG_LEVEL_DEBUG);
}
