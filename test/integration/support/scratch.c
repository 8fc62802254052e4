#include "support/scratch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct owned {
	void *object;
	void (*release)(void *object);
	struct owned *next;
};

static struct owned *all_owned;

static void *
checked(void *memory)
{
	if (memory == NULL) {
		fputs("out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return memory;
}

void
scratch_own(void *object, void (*release)(void *object))
{
	struct owned *owned = checked(malloc(sizeof *owned));

	*owned = (struct owned){ object, release, all_owned };
	all_owned = owned;
}

void *
scratch_new(size_t bytes)
{
	void *memory = checked(calloc(1, bytes == 0 ? 1 : bytes));

	scratch_own(memory, free);
	return memory;
}

char *
scratch_format(const char *format, ...)
{
	char *text;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		checked(NULL);
	scratch_own(text, free);
	return text;
}

char *
scratch_quotes(const char *text)
{
	char *copy = scratch_format("%s", text);

	for (char *quote = copy; (quote = strchr(quote, '\'')) != NULL;)
		*quote = '"';
	return copy;
}

char *
scratch_repeat(const char *piece, size_t count)
{
	size_t length = strlen(piece);
	char *text = scratch_new(length * count + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * length, piece, length);
	return text;
}

char *
scratch_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text;
	size_t size = 0;

	if (file == NULL)
		return scratch_new(1);
	fseek(file, 0, SEEK_END);
	size = (size_t)ftell(file);
	rewind(file);
	text = scratch_new(size + 1);
	size = fread(text, 1, size, file);
	text[size] = '\0';
	fclose(file);
	return text;
}

void
scratch_release(void)
{
	while (all_owned != NULL) {
		struct owned *owned = all_owned;

		all_owned = owned->next;
		owned->release(owned->object);
		free(owned);
	}
}
