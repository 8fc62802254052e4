/*
 * What it takes to add a few bytes behind a part of a file, or behind memory of others: libevent's
 * allocator is this program's own and notes the largest size.
 */
#include "base/buffer.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#define FAR	((ev_off_t)1 << 30)
#define FEW	16384
#define FOREIGN (1 << 20)

static size_t largest;

static void *
note_malloc(size_t size)
{
	if (size > largest)
		largest = size;
	return malloc(size);
}

static void *
note_realloc(void *memory, size_t size)
{
	if (size > largest)
		largest = size;
	return realloc(memory, size);
}

static struct evbuffer *
open_buffer(void)
{
	struct evbuffer *buffer;

	event_set_mem_functions(note_malloc, note_realloc, free);
	buffer = evbuffer_new();
	ck_assert_ptr_nonnull(buffer);
	ck_assert_int_eq(evbuffer_set_flags(buffer, EVBUFFER_FLAG_DRAINS_TO_FD), 0);
	return buffer;
}

START_TEST(test_behind_file)
{
	struct evbuffer *buffer = open_buffer();
	int file = memfd_create("far", MFD_CLOEXEC);
	struct evbuffer_file_segment *segment;

	ck_assert_int_eq(ftruncate(file, FAR + 4), 0);
	ck_assert_int_eq(pwrite(file, "file", 4, FAR), 4);
	segment = evbuffer_file_segment_new(file, FAR, 4, EVBUF_FS_CLOSE_ON_FREE);
	ck_assert_ptr_nonnull(segment);
	buffer_add(buffer, "before ", 7);
	ck_assert_int_eq(evbuffer_add_file_segment(buffer, segment, 0, 4), 0);
	evbuffer_file_segment_free(segment);
	largest = 0;
	buffer_add(buffer, " behind", 7);
	ck_assert_uint_gt(largest, 0);
	ck_assert_uint_lt(largest, FEW);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 18);
	evbuffer_free(buffer);
}
END_TEST

START_TEST(test_behind_foreign)
{
	struct evbuffer *buffer = open_buffer();
	char *foreign = malloc(FOREIGN);

	memset(foreign, 'f', FOREIGN);
	ck_assert_int_eq(evbuffer_add_reference(buffer, foreign, FOREIGN, NULL, NULL), 0);
	largest = 0;
	buffer_add(buffer, "behind", 6);
	ck_assert_uint_gt(largest, 0);
	ck_assert_uint_lt(largest, FEW);
	ck_assert_mem_eq(evbuffer_pullup(buffer, -1) + FOREIGN - 1, "fbehind", 7);
	evbuffer_free(buffer);
	free(foreign);
}
END_TEST

/* Of all sizes, as they come: in this order, and nothing else. */
START_TEST(test_many)
{
	struct evbuffer *buffer = open_buffer();
	char *wanted = malloc(1000 * 1000);
	size_t length = 0;

	for (size_t i = 0; i < 1000; i++) {
		memset(wanted + length, (int)('a' + i % 26), i);
		buffer_add(buffer, wanted + length, i);
		length += i;
	}
	ck_assert_uint_eq(evbuffer_get_length(buffer), length);
	ck_assert_mem_eq(evbuffer_pullup(buffer, -1), wanted, length);
	evbuffer_free(buffer);
	free(wanted);
}
END_TEST

static Suite *
buffer_suite(void)
{
	Suite *suite = suite_create("base/buffer");

	unit_add(suite, "behind file", test_behind_file);
	unit_add(suite, "behind foreign", test_behind_foreign);
	unit_add(suite, "many", test_many);
	return suite;
}

UNIT_MAIN(buffer_suite)
