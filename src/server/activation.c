#include "server/activation.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define FIRST_DESCRIPTOR 3

/* More would be a mistake: each is an address to listen on. */
#define DESCRIPTORS_MAX 1000

/* A decimal number up to maximum; -1: none. */
static long
parse_number(const char *text, long maximum)
{
	char *end;
	long number;

	if (*text < '0' || *text > '9')
		return -1;
	number = strtol(text, &end, 10);
	return *end == '\0' && number <= maximum ? number : -1;
}

/* Variables that were meant for another process, such as a wrapper that did not remove them. */
static bool
is_for_us(void)
{
	const char *process = getenv("LISTEN_PID");

	return process != NULL && parse_number(process, LONG_MAX) == getpid();
}

bool
activation_take_sockets(
	bool (*take)(int descriptor, const char *name, void *context, struct error *error),
	void *context, struct error *error)
{
	const char *given = getenv("LISTEN_FDS");
	const char *given_names = getenv("LISTEN_FDNAMES");
	long count;
	char *names;
	char *rest;
	bool taken = true;

	if (given == NULL || !is_for_us())
		return true;
	count = parse_number(given, DESCRIPTORS_MAX);
	if (count < 0) {
		return error_set(error, ERROR_INTERNAL, "LISTEN_FDS is not a number up to %d",
			DESCRIPTORS_MAX);
	}
	if (given_names == NULL)
		given_names = "";
	names = memory_text(given_names, strlen(given_names));
	rest = names;
	for (int i = 0; i < count && taken; i++) {
		const char *name = strsep(&rest, ":");

		if (name == NULL || *name == '\0')
			name = "unknown";
		taken = take(FIRST_DESCRIPTOR + i, name, context, error);
	}
	free(names);
	return taken;
}
