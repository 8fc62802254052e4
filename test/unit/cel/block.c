/* A block's text in a reply: copies of it behind references to it. */
#include "cel/block.h"

#include <event2/buffer.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#define ROWS 2

static const char text[] = ",{\"id\":\"1\"},{\"id\":\"2\"}";
static const int64_t ids[ROWS] = { 1, 2 };
static const size_t ends[ROWS] = { 11, 22 };

/*
 * After weeks windows lie far behind in the file: more than there is memory, which the reply's own
 * bytes must not take.
 */
START_TEST(test_copy_behind_reference)
{
	struct cel_file file = { memfd_create("blocks", MFD_CLOEXEC), INT64_C(1) << 50 };
	struct cel_block *block = cel_block_in_file(&file, sizeof text);
	struct cel_batch batch = { .text = text, .ids = ids, .ends = ends, .rows = ROWS };
	struct evbuffer *out = evbuffer_new();
	char reply[2 * sizeof text];

	ck_assert(cel_block_take(block, &batch, ROWS));
	ck_assert_int_eq(evbuffer_set_flags(out, EVBUFFER_FLAG_DRAINS_TO_FD), 0);
	cel_block_refer(block, 0, 22, out);
	cel_block_copy(block, 11, 11, out);
	ck_assert_uint_eq(evbuffer_get_length(out), 33);
	cel_block_free(block);
	/* The reference alone would be sent from the file. */
	ck_assert_int_eq(evbuffer_drain(out, 22), 0);
	ck_assert_int_eq(evbuffer_remove(out, reply, sizeof reply), 11);
	ck_assert_mem_eq(reply, text + 11, 11);
	evbuffer_free(out);
	close(file.file);
}
END_TEST

static Suite *
block_suite(void)
{
	Suite *suite = suite_create("cel/block");

	unit_add(suite, "copy behind reference", test_copy_behind_reference);
	return suite;
}

UNIT_MAIN(block_suite)
