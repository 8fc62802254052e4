/*
 * What every fuzz target shares. A target is one file with one function, LLVMFuzzerTestOneInput(),
 * which takes any bytes, gives them to a part of recordingd, and requires what must hold whatever
 * they are. With clang it is linked with libFuzzer (./dev fuzz); everywhere else with replay.c,
 * which gives it the files of its corpus once (./dev test).
 */
#ifndef RECORDINGD_TEST_FUZZ_H
#define RECORDINGD_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_COUNT(table) (sizeof(table) / sizeof *(table))

/* libFuzzer's name for it. Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process when a condition that must hold does not; libFuzzer then keeps the input. */
#define fuzz_require(condition, ...)                                                               \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__);                    \
	} while (0)

_Noreturn void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Bytes that are taken from the front. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

/* The next byte, 0 behind the end. */
uint8_t fuzz_byte(struct fuzz_input *input);

/* The next bytes as a text, up to a line feed, which is dropped, or the end; NULs become blanks.
 * The caller frees it. */
char *fuzz_line(struct fuzz_input *input);

/* All that is left, as above but with its line feeds. */
char *fuzz_rest(struct fuzz_input *input);

/* A file in memory with these bytes; valid until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size, int *descriptor);

/* A folder of this process, removed when it ends. */
const char *fuzz_folder(void);

/* Writes a file into it. */
void fuzz_folder_add(const char *name, const char *content);

/* Log lines are dropped, as many as there would be; FUZZ_LOG in the environment shows them. */
void fuzz_without_log(void);

#endif
