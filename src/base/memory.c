#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

_Noreturn void
memory_exhausted(void)
{
	log_write(LOG_LEVEL_CRITICAL, "out of memory");
	exit(EXIT_FAILURE);
}

void *
memory_zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL)
		memory_exhausted();
	return memory;
}

void *
memory_resized(void *memory, size_t count, size_t size)
{
	void *resized = reallocarray(memory, count, size);

	if (resized == NULL)
		memory_exhausted();
	return resized;
}

char *
memory_text(const char *text, size_t length)
{
	char *copy = memory_resized(NULL, length + 1, 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}
