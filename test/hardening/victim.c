/*
 * Writes one byte too many in the way that it is told to, built with the options of recordingd.
 * What guards against that must end it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger than what it is copied into; the compiler must not know the length. */
static char text[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static volatile size_t length = sizeof text - 1;

/* By hand and by a pointer that could be any, so that only the stack protector sees it. */
static void __attribute__((noinline)) overflow_stack(void)
{
	char small[16] = "";
	char *volatile place = small;

	for (size_t i = 0; i < length; i++)
		place[i] = text[i];
	printf("%c\n", small[0]);
}

static void __attribute__((noinline)) overflow_array(void)
{
	static char small[16];

	memcpy(small, text, length);
	printf("%c\n", small[0]);
}

static void __attribute__((noinline)) overflow_heap(size_t bytes)
{
	char *small = malloc(bytes);

	if (small == NULL)
		return;
	memcpy(small, text, length);
	printf("%c\n", small[0]);
	free(small);
}

int
main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "stack") == 0)
		overflow_stack();
	else if (strcmp(what, "array") == 0)
		overflow_array();
	else if (strcmp(what, "heap") == 0)
		overflow_heap(length - 1);
	return EXIT_SUCCESS;
}
