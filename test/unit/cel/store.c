/*
 * The cache of channel events: which ids it answers for and with which bytes, what goes first when
 * it is full, and what it does when the kernel refuses memory. mmap() and pwrite() are this
 * program's own, so that they can fail.
 */
#include "cel/store.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

#define MIB (1 << 20)

static bool maps_nothing;
static int maps;
static int writes_left = -1; /* before one is cut short and the next one fails; -1: all succeed */

void *
mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
	if ((flags & MAP_SHARED) != 0) {
		maps++;
		if (maps_nothing) {
			errno = ENOMEM;
			return MAP_FAILED;
		}
	}
	return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

ssize_t
pwrite(int file, const void *bytes, size_t length, off_t offset)
{
	if (writes_left == 0) {
		writes_left = -2;
		length = 1;
	} else if (writes_left == -2) {
		writes_left = -1;
		errno = ENOSPC;
		return -1;
	} else if (writes_left > 0) {
		writes_left--;
	}
	return syscall(SYS_pwrite64, file, bytes, length, offset);
}

/* The text of a row: a comma, its id, and letters that depend on the id up to length bytes. */
static void
row_text(int64_t id, size_t length, char *text)
{
	int used = sprintf(text, ",{\"id\":\"%" PRId64 "\",", id);

	for (size_t i = (size_t)used; i < length; i++)
		text[i] = (char)('a' + (id + (int64_t)i) % 26);
	text[length - 1] = '}';
}

/* Adds rows with these ids, each of length bytes; read_at is 100 if nobody cares. */
static void
add_rows(struct cel_store *store, int64_t first_id, int64_t last_id, const int64_t *ids,
	unsigned rows, size_t length, int64_t read_at, bool is_tail)
{
	char *text = malloc(rows * length + 64); /* the store's from cel_store_add() on */
	size_t *ends = calloc(rows + 1, sizeof *ends);

	for (unsigned i = 0; i < rows; i++) {
		row_text(ids[i], length, text + i * length);
		ends[i] = (i + 1) * length;
	}
	cel_store_add(store, first_id, last_id, text, ids, ends, rows, read_at, is_tail);
	free(ends);
}

/* Adds a row for each id from first_id to last_id. */
static void
add_range(struct cel_store *store, int64_t first_id, int64_t last_id, size_t length,
	int64_t read_at, bool is_tail)
{
	unsigned rows = (unsigned)(last_id - first_id + 1);
	int64_t *ids = calloc(rows, sizeof *ids);

	for (unsigned i = 0; i < rows; i++)
		ids[i] = first_id + i;
	add_rows(store, first_id, last_id, ids, rows, length, read_at, is_tail);
	free(ids);
}

static bool
is_covered(struct cel_store *store, int64_t id)
{
	struct cel_slice slice;

	return cel_store_find(store, id, 1, INT64_MIN, &slice);
}

/* What an evbuffer sends, as it would to a client: through sendfile(2) into a file. */
static char *
sent(struct evbuffer *out)
{
	size_t length = evbuffer_get_length(out);
	int file = memfd_create("sent", MFD_CLOEXEC);
	char *text = malloc(length + 1);

	ck_assert_int_ge(file, 0);
	while (evbuffer_get_length(out) > 0)
		ck_assert_int_gt(evbuffer_write(out, file), 0);
	ck_assert_int_eq(pread(file, text, length + 1, 0), (ssize_t)length);
	text[length] = '\0';
	close(file);
	return text;
}

static struct evbuffer *
socket_buffer(void)
{
	struct evbuffer *out = evbuffer_new();

	ck_assert_int_eq(evbuffer_set_flags(out, EVBUFFER_FLAG_DRAINS_TO_FD), 0);
	return out;
}

/* The slice's rows have these bytes: all together, as they are sent and one by one. */
static void
check_bytes(const struct cel_slice *slice, size_t length)
{
	size_t total = slice->rows * length;
	char *expected = malloc(total + length + 64);
	char *text;

	for (unsigned i = 0; i < slice->rows; i++)
		row_text(cel_slice_id(slice, i), length, expected + i * length);
	for (int with_comma = 0; with_comma < 2; with_comma++) {
		for (int to_socket = 0; to_socket < 2; to_socket++) {
			struct evbuffer *out = to_socket ? socket_buffer() : evbuffer_new();
			size_t skipped = with_comma || slice->rows == 0 ? 0 : 1;

			cel_slice_add(slice, with_comma, out);
			ck_assert_uint_eq(evbuffer_get_length(out), total - skipped);
			text = sent(out);
			ck_assert_int_eq(memcmp(text, expected + skipped, total - skipped), 0);
			free(text);
			evbuffer_free(out);
		}
	}
	for (unsigned i = 0; i < slice->rows; i++) {
		struct evbuffer *out = evbuffer_new();

		cel_slice_copy_row(slice, i, "\r\n", out);
		ck_assert_uint_eq(evbuffer_get_length(out), length - 1 + 2);
		text = (char *)evbuffer_pullup(out, -1);
		ck_assert_int_eq(memcmp(text, expected + i * length + 1, length - 1), 0);
		ck_assert_int_eq(memcmp(text + length - 1, "\r\n", 2), 0);
		evbuffer_free(out);
	}
	free(expected);
}

/* Finds from here on, block after block: rows for exactly these ids, up to last_id. */
static void
check_walk(struct cel_store *store, int64_t first_id, int64_t last_id, size_t length)
{
	int64_t next = first_id;

	while (next <= last_id) {
		struct cel_slice slice;

		ck_assert_msg(
			cel_store_find(store, next, 1000000, INT64_MIN, &slice), "%" PRId64, next);
		ck_assert_uint_gt(slice.rows, 0);
		for (unsigned i = 0; i < slice.rows; i++)
			ck_assert_int_eq(cel_slice_id(&slice, i), next + i);
		ck_assert_int_eq(slice.next_id, next + slice.rows);
		check_bytes(&slice, length);
		next = slice.next_id;
	}
	ck_assert_int_eq(next, last_id + 1);
}

/* The blocks 10 to 20 with 10, 12 and 15, 31 to 40 with 31 and 40, and 50 to 59 with none. */
static struct cel_store *
store_of_three(void)
{
	static const int64_t first[] = { 10, 12, 15 };
	static const int64_t second[] = { 31, 40 };
	struct cel_store *store = cel_store_new(MIB);

	ck_assert_ptr_nonnull(store);
	add_rows(store, 31, 40, second, 2, 100, 100, false);
	add_rows(store, 10, 20, first, 3, 100, 100, false);
	add_rows(store, 50, 59, NULL, 0, 100, 100, false);
	return store;
}

static const struct {
	int64_t from;
	unsigned max_rows;
	unsigned rows; /* 99: not found */
	int64_t first; /* id */
	int64_t next_id;
} find_cases[] = {
	{ INT64_MIN, 9, 99, 0, 0 },
	{ 0, 9, 99, 0, 0 },
	{ 9, 9, 99, 0, 0 },
	{ 10, 9, 3, 10, 21 },
	{ 11, 9, 2, 12, 21 },
	{ 12, 9, 2, 12, 21 },
	{ 13, 9, 1, 15, 21 },
	{ 15, 9, 1, 15, 21 },
	{ 16, 9, 0, 0, 21 },
	{ 20, 9, 0, 0, 21 },
	{ 21, 9, 99, 0, 0 },
	{ 30, 9, 99, 0, 0 },
	{ 31, 9, 2, 31, 41 },
	{ 32, 9, 1, 40, 41 },
	{ 40, 9, 1, 40, 41 },
	{ 41, 9, 99, 0, 0 },
	{ 50, 9, 0, 0, 60 },
	{ 59, 9, 0, 0, 60 },
	{ 60, 9, 99, 0, 0 },
	{ INT64_MAX, 9, 99, 0, 0 },
	/* Cut to max_rows: nothing is said about what comes behind the last of them. */
	{ 10, 1, 1, 10, 11 },
	{ 10, 2, 2, 10, 13 },
	{ 10, 3, 3, 10, 21 },
	{ 11, 1, 1, 12, 13 },
	{ 14, 1, 1, 15, 21 },
	{ 16, 1, 0, 0, 21 },
};

START_TEST(test_find)
{
	struct cel_store *store = store_of_three();
	struct cel_slice slice;
	bool is_found = cel_store_find(
		store, find_cases[_i].from, find_cases[_i].max_rows, 100, &slice);

	ck_assert_int_eq(is_found, find_cases[_i].rows != 99);
	if (is_found) {
		ck_assert_uint_eq(slice.rows, find_cases[_i].rows);
		ck_assert_int_eq(slice.next_id, find_cases[_i].next_id);
		if (slice.rows > 0)
			ck_assert_int_eq(cel_slice_id(&slice, 0), find_cases[_i].first);
		check_bytes(&slice, 100);
	}
	cel_store_free(store);
}
END_TEST

static const struct {
	int64_t id;
	int64_t next;
} covered_cases[] = {
	{ INT64_MIN, 10 },
	{ 9, 10 },
	{ 10, 31 },
	{ 15, 31 },
	{ 30, 31 },
	{ 31, 50 },
	{ 49, 50 },
	{ 50, INT64_MAX },
	{ 99, INT64_MAX },
};

START_TEST(test_next_covered)
{
	struct cel_store *store = store_of_three();

	ck_assert_int_eq(
		cel_store_next_covered(store, covered_cases[_i].id), covered_cases[_i].next);
	cel_store_clear(store);
	ck_assert_int_eq(cel_store_next_covered(store, covered_cases[_i].id), INT64_MAX);
	cel_store_free(store);
}
END_TEST

/*
 * Over rows 10 to 19, read at 100, come rows of another length for first to last. Which length each
 * id has afterwards tells whose it is: 50 the old, 60 the new, 0 nobody's.
 */
static const struct {
	int64_t first;
	int64_t last;
	int64_t read_at;
	size_t at_5, at_9, at_10, at_14, at_19, at_20, at_25;
} overlap_cases[] = {
	{ 5, 9, 100, 60, 60, 50, 50, 50, 0, 0 },
	{ 20, 25, 100, 0, 0, 50, 50, 50, 60, 60 },
	/* What is covered stays, and what comes behind it is not kept. */
	{ 5, 14, 100, 60, 60, 50, 50, 50, 0, 0 },
	{ 5, 25, 100, 60, 60, 50, 50, 50, 0, 0 },
	{ 10, 25, 100, 0, 0, 50, 50, 50, 0, 0 },
	{ 14, 25, 100, 0, 0, 50, 50, 50, 0, 0 },
	{ 10, 19, 99, 0, 0, 50, 50, 50, 0, 0 },
	{ 5, 25, 1, 60, 60, 50, 50, 50, 0, 0 },
	/* Unless it was read before: the whole block goes. */
	{ 10, 19, 101, 0, 0, 60, 60, 60, 0, 0 },
	{ 5, 25, 101, 60, 60, 60, 60, 60, 60, 60 },
	{ 14, 14, 101, 0, 0, 0, 60, 0, 0, 0 },
	{ 5, 10, 101, 60, 60, 60, 0, 0, 0, 0 },
	{ 19, 25, 101, 0, 0, 0, 0, 60, 60, 60 },
	/* Beside it nothing goes. */
	{ 5, 9, 101, 60, 60, 50, 50, 50, 0, 0 },
	{ 20, 25, 101, 0, 0, 50, 50, 50, 60, 60 },
	/* No range. */
	{ 15, 14, 101, 0, 0, 50, 50, 50, 0, 0 },
};

static size_t
length_of(struct cel_store *store, int64_t id)
{
	struct evbuffer *out = evbuffer_new();
	struct cel_slice slice;
	size_t length = 0;

	if (cel_store_find(store, id, 1, INT64_MIN, &slice)) {
		ck_assert_uint_eq(slice.rows, 1);
		ck_assert_int_eq(cel_slice_id(&slice, 0), id);
		cel_slice_copy_row(&slice, 0, "", out);
		length = evbuffer_get_length(out) + 1;
	}
	evbuffer_free(out);
	return length;
}

/* Every id has a row: a block tells what it holds, up to its end, which is before the next one. */
static void
check_block(struct cel_store *store, int64_t id)
{
	struct cel_slice slice;

	if (!cel_store_find(store, id, 1000, INT64_MIN, &slice))
		return;
	ck_assert_int_eq(slice.next_id, id + slice.rows);
	ck_assert_int_le(slice.next_id, cel_store_next_covered(store, id));
	for (unsigned i = 0; i < slice.rows; i++)
		ck_assert_int_eq(cel_slice_id(&slice, i), id + i);
}

START_TEST(test_overlap)
{
	struct cel_store *store = cel_store_new(MIB);

	add_range(store, 10, 19, 50, 100, false);
	add_range(store, overlap_cases[_i].first, overlap_cases[_i].last, 60,
		overlap_cases[_i].read_at, false);
	ck_assert_uint_eq(length_of(store, 5), overlap_cases[_i].at_5);
	ck_assert_uint_eq(length_of(store, 9), overlap_cases[_i].at_9);
	ck_assert_uint_eq(length_of(store, 10), overlap_cases[_i].at_10);
	ck_assert_uint_eq(length_of(store, 14), overlap_cases[_i].at_14);
	ck_assert_uint_eq(length_of(store, 19), overlap_cases[_i].at_19);
	ck_assert_uint_eq(length_of(store, 20), overlap_cases[_i].at_20);
	ck_assert_uint_eq(length_of(store, 25), overlap_cases[_i].at_25);
	for (int64_t id = 1; id < 30; id++)
		check_block(store, id);
	cel_store_free(store);
}
END_TEST

/* Between two blocks of different age. */
START_TEST(test_overlap_two)
{
	struct cel_store *store = cel_store_new(MIB);

	add_range(store, 10, 19, 50, 100, false);
	add_range(store, 20, 29, 50, 200, false);
	add_range(store, 15, 35, 60, 150, false); /* drops the first, ends before the second */
	ck_assert_uint_eq(length_of(store, 14), 0);
	ck_assert_uint_eq(length_of(store, 15), 60);
	ck_assert_uint_eq(length_of(store, 19), 60);
	ck_assert_uint_eq(length_of(store, 20), 50);
	ck_assert_uint_eq(length_of(store, 29), 50);
	ck_assert_uint_eq(length_of(store, 30), 0);
	cel_store_free(store);
}
END_TEST

/* What was read too long ago is dropped when it is asked for, and not before. */
START_TEST(test_read_at)
{
	struct cel_store *store = cel_store_new(MIB);
	struct cel_slice slice;

	add_range(store, 1, 9, 50, 100, false);
	add_range(store, 10, 19, 50, 200, false);
	ck_assert(cel_store_find(store, 1, 1, 100, &slice));
	ck_assert(!cel_store_find(store, 1, 1, 101, &slice));
	ck_assert(!cel_store_find(store, 1, 1, 0, &slice));
	ck_assert(cel_store_find(store, 10, 1, 200, &slice));
	ck_assert(!cel_store_find(store, 20, 1, 300, &slice));
	ck_assert(cel_store_find(store, 10, 1, 200, &slice));
	cel_store_free(store);
}
END_TEST

/* A block is as old as its oldest row. */
START_TEST(test_read_at_of_growing)
{
	struct cel_store *store = cel_store_new(MIB);
	struct cel_slice slice;

	add_range(store, 1, 9, 50, 100, true);
	add_range(store, 10, 19, 50, 200, true);
	ck_assert(cel_store_find(store, 10, 1, 100, &slice));
	ck_assert(!cel_store_find(store, 10, 1, 150, &slice));
	ck_assert(!is_covered(store, 1));
	cel_store_free(store);
}
END_TEST

/* The tail grows in one block; other ranges and those apart have blocks of their own. */
START_TEST(test_growing)
{
	struct cel_store *store = cel_store_new(MIB);
	struct cel_slice slice;

	for (int64_t id = 1; id <= 500; id++)
		add_range(store, id, id, 70, 100, true);
	ck_assert(cel_store_find(store, 1, 1000, 0, &slice));
	ck_assert_uint_eq(slice.rows, 500);
	check_walk(store, 1, 500, 70);
	/* Ids that never come. */
	add_rows(store, 501, 510, NULL, 0, 70, 100, true);
	ck_assert(cel_store_find(store, 500, 1000, 0, &slice));
	ck_assert_uint_eq(slice.rows, 1);
	ck_assert_int_eq(slice.next_id, 511);
	/* Not the tail, then one behind a hole. */
	add_range(store, 511, 520, 70, 100, false);
	ck_assert(cel_store_find(store, 505, 1000, 0, &slice));
	ck_assert_uint_eq(slice.rows, 0);
	ck_assert_int_eq(slice.next_id, 511);
	add_range(store, 522, 530, 70, 100, true);
	ck_assert(cel_store_find(store, 511, 1000, 0, &slice));
	ck_assert_int_eq(slice.next_id, 521);
	ck_assert(!is_covered(store, 521));
	/* Tail or not, what is covered stays. */
	add_range(store, 515, 521, 80, 100, true);
	ck_assert_uint_eq(length_of(store, 515), 70);
	ck_assert(!is_covered(store, 521));
	cel_store_free(store);
}
END_TEST

/* More than a block, at once and bit by bit: nothing is lost or doubled, blocks keep their size. */
START_TEST(test_many_blocks)
{
	struct cel_store *store = cel_store_new(64 * MIB);
	int64_t step = _i == 0 ? 3000 : 130;
	int64_t next = 1;

	for (int64_t id = 1; id <= 3000; id += step) {
		int64_t last = id + step - 1 > 3000 ? 3000 : id + step - 1;

		add_range(store, id, last, 1000, 100, true);
	}
	check_walk(store, 1, 3000, 1000);
	while (next <= 3000) {
		struct cel_slice slice;

		ck_assert(cel_store_find(store, next, 1000000, 0, &slice));
		ck_assert_uint_le(slice.rows * 1000, CEL_BLOCK_BYTES);
		/* Few sendfile(2) calls a page: all but the last block are nearly full. */
		if (slice.next_id <= 3000)
			ck_assert_uint_gt(slice.rows * 1000, CEL_BLOCK_BYTES / 2);
		next = slice.next_id;
	}
	cel_store_free(store);
}
END_TEST

/* Rows larger than a block, and than its room in the file. */
START_TEST(test_huge_rows)
{
	static const size_t lengths[] = { CEL_BLOCK_BYTES, CEL_BLOCK_BYTES + 1, 700 * 1024,
		2 * CEL_BLOCK_BYTES, 3 * CEL_BLOCK_BYTES + 5 };
	struct cel_store *store = cel_store_new(64 * MIB);

	add_range(store, 1, 400, 1000, 100, true); /* most of a block, which may grow */
	add_range(store, 401, 403, lengths[_i], 100, true);
	add_range(store, 404, 410, 1000, 100, true);
	check_walk(store, 401, 403, lengths[_i]);
	check_walk(store, 404, 410, 1000);
	/* The first of them may stand in the same block as these. */
	for (int64_t id = 1; id <= 400; id++)
		ck_assert_uint_eq(length_of(store, id), 1000);
	cel_store_free(store);
}
END_TEST

/* The least recently used goes first; adding alone drops nothing. */
START_TEST(test_least_recently_used)
{
	struct cel_store *store = cel_store_new(0);
	size_t bytes;

	for (int64_t id = 10; id <= 40; id += 10)
		add_range(store, id, id, 100, 100, false);
	bytes = cel_store_bytes(store);
	for (int64_t id = 40; id >= 10; id -= 10)
		ck_assert(is_covered(store, id)); /* so 40 was used longest ago */
	ck_assert(is_covered(store, 30));
	cel_store_set_size(store, bytes);
	ck_assert_uint_eq(cel_store_bytes(store), bytes);
	cel_store_set_size(store, bytes - 1); /* all blocks are alike: one must go */
	ck_assert_uint_eq(cel_store_bytes(store), bytes / 4 * 3);
	ck_assert(!is_covered(store, 40));
	ck_assert(is_covered(store, 30)); /* now the order is 20, 10, 30 */
	cel_store_set_size(store, bytes / 2);
	ck_assert(!is_covered(store, 20));
	ck_assert(is_covered(store, 10));
	ck_assert(is_covered(store, 30));
	/* A new one counts as used. */
	add_range(store, 50, 50, 100, 100, false);
	ck_assert_uint_eq(cel_store_bytes(store), bytes / 4 * 3);
	cel_store_trim(store);
	ck_assert(!is_covered(store, 10));
	ck_assert(is_covered(store, 30));
	ck_assert(is_covered(store, 50));
	cel_store_set_size(store, 0);
	ck_assert_uint_eq(cel_store_bytes(store), 0);
	ck_assert(!is_covered(store, 50));
	cel_store_trim(store);
	cel_store_free(store);
}
END_TEST

/* The memory file of the store; this program has no other. */
static int
store_file(void)
{
	for (int file = 3; file < 256; file++) {
		char path[64];
		char name[64] = "";

		snprintf(path, sizeof path, "/proc/self/fd/%d", file);
		if (readlink(path, name, sizeof(name) - 1) > 0 &&
			strncmp(name, "/memfd:channel events", 21) == 0)
			return file;
	}
	ck_abort_msg("no memory file");
}

static size_t
file_bytes(int file)
{
	struct stat status;

	ck_assert_int_eq(fstat(file, &status), 0);
	return (size_t)status.st_blocks * 512;
}

/* What it says to take is what it takes, and is given back. */
START_TEST(test_bytes)
{
	struct cel_store *store = cel_store_new(64 * MIB);
	int file = store_file();

	ck_assert_uint_eq(cel_store_bytes(store), 0);
	for (int64_t id = 1; id <= 100000; id += 100)
		add_range(store, id, id + 99, 100, 100, true);
	ck_assert_uint_ge(cel_store_bytes(store), 100000 * (100 + 16));
	ck_assert_uint_le(cel_store_bytes(store), 100000 * (100 + 16) * 3 / 2);
	ck_assert_uint_ge(file_bytes(file), 100000 * 100);
	ck_assert_uint_le(file_bytes(file), cel_store_bytes(store));
	cel_store_set_size(store, 4 * MIB);
	ck_assert_uint_le(cel_store_bytes(store), 4 * MIB);
	ck_assert_uint_gt(cel_store_bytes(store), 2 * MIB);
	ck_assert_uint_le(file_bytes(file), cel_store_bytes(store));
	cel_store_clear(store);
	ck_assert_uint_eq(cel_store_bytes(store), 0);
	ck_assert_uint_eq(file_bytes(file), 0);
	cel_store_free(store);
	cel_store_free(NULL);
}
END_TEST

/*
 * A reply on its way keeps its bytes, whatever becomes of the block and whatever is added since;
 * the room is given back when the reply is gone. The first time that rows are asked for they come
 * from the memory they were rendered into, the second time from the file.
 */
START_TEST(test_reply_outlives_block)
{
	struct cel_store *store = cel_store_new(64 * MIB);
	struct evbuffer *out = socket_buffer();
	int file = store_file();
	struct cel_slice slice;
	char expected[1000 + 64];
	char *text;
	size_t held;

	add_range(store, 1, 100, 1000, 100, false);
	for (int i = 0; i <= _i; i++)
		ck_assert(cel_store_find(store, 1, 1000, 0, &slice));
	cel_slice_add(&slice, true, out);
	cel_store_clear(store);
	held = file_bytes(file);
	ck_assert_uint_ge(held, _i == 0 ? 0 : 100 * 1000);
	ck_assert_uint_le(held, _i == 0 ? 0 : 101 * 1000 + 4096);
	for (int i = 0; i < 20; i++) {
		add_range(store, 1, 100, 1000 + (size_t)i, 100, false);
		cel_store_clear(store);
	}
	ck_assert_uint_eq(file_bytes(file), held);
	text = sent(out);
	for (int64_t id = 1; id <= 100; id++) {
		row_text(id, 1000, expected);
		ck_assert_int_eq(memcmp(text + (id - 1) * 1000, expected, 1000), 0);
	}
	ck_assert_uint_eq(file_bytes(file), 0);
	free(text);
	evbuffer_free(out);
	cel_store_free(store);
}
END_TEST

/* One reply from memory, the next from the file: the same bytes, and neither disturbs the other. */
START_TEST(test_asked_for_again)
{
	struct cel_store *store = cel_store_new(64 * MIB);
	struct evbuffer *out = socket_buffer();
	struct cel_slice slice;
	char *text;

	add_range(store, 1, 100, 1000, 100, false);
	for (int i = 0; i < 3; i++) {
		/* Without room in the file they stay where they are. */
		writes_left = _i == 0 ? -1 : 0;
		ck_assert(cel_store_find(store, 1, 1000, 0, &slice));
		ck_assert_uint_eq(slice.rows, 100);
		cel_slice_add(&slice, true, out);
	}
	writes_left = -1;
	cel_store_clear(store);
	ck_assert_uint_eq(evbuffer_get_length(out), 300000);
	text = sent(out);
	ck_assert_int_eq(memcmp(text, text + 100000, 100000), 0);
	ck_assert_int_eq(memcmp(text, text + 200000, 100000), 0);
	free(text);
	evbuffer_free(out);
	cel_store_free(store);
}
END_TEST

/* A block is mapped once for its small copies; without a mapping they are as right. */
START_TEST(test_mapping)
{
	struct cel_store *store = cel_store_new(64 * MIB);

	maps_nothing = _i != 0;
	add_range(store, 1, 50, 300, 100, true);
	for (int64_t id = 1; id <= 50; id++)
		ck_assert_uint_eq(length_of(store, id), 300);
	ck_assert_int_eq(maps, maps_nothing ? 50 : 1);
	/* The file has grown since. */
	add_range(store, 51, 900, 300, 100, true);
	for (int64_t id = 1; id <= 900; id++)
		ck_assert_uint_eq(length_of(store, id), 300);
	ck_assert_int_eq(maps, maps_nothing ? 950 : 1);
	for (int64_t id = 1; id <= 900; id += 20) {
		struct cel_slice slice;

		ck_assert(cel_store_find(store, id, 20, 0, &slice));
		check_bytes(&slice, 300);
	}
	/* Once the kernel maps again, so does the store. */
	maps_nothing = false;
	maps = 0;
	ck_assert_uint_eq(length_of(store, 7), 300);
	ck_assert_uint_eq(length_of(store, 8), 300);
	ck_assert_int_eq(maps, _i == 0 ? 0 : 1);
	cel_store_free(store);
}
END_TEST

/*
 * The kernel gives no memory after writes_left writes, one of which was cut short: what could not
 * be kept is not covered, and what is covered is right.
 */
START_TEST(test_write_fails)
{
	struct cel_store *store = cel_store_new(64 * MIB);
	int64_t next;

	add_range(store, 1, 100, 1000, 100, true);
	writes_left = _i;
	add_range(store, 101, 1700, 1000, 100, true);
	ck_assert_int_eq(writes_left, -1);
	for (next = 1; is_covered(store, next); next++)
		ck_assert_uint_eq(length_of(store, next), 1000);
	ck_assert_int_gt(next, 100);
	ck_assert_int_lt(next, 1700);
	check_walk(store, 1, next - 1, 1000);
	ck_assert_int_eq(cel_store_next_covered(store, next), INT64_MAX);
	/* The next time it goes well. */
	add_range(store, next, 1700, 1000, 100, true);
	check_walk(store, 1, 1700, 1000);
	cel_store_free(store);
}
END_TEST

static Suite *
store_suite(void)
{
	Suite *suite = suite_create("cel/store");

	unit_add_loop(suite, "find", test_find, UNIT_COUNT(find_cases));
	unit_add_loop(suite, "next covered", test_next_covered, UNIT_COUNT(covered_cases));
	unit_add_loop(suite, "overlap", test_overlap, UNIT_COUNT(overlap_cases));
	unit_add(suite, "overlap two", test_overlap_two);
	unit_add(suite, "read at", test_read_at);
	unit_add(suite, "read at of growing", test_read_at_of_growing);
	unit_add(suite, "growing", test_growing);
	unit_add_loop(suite, "many blocks", test_many_blocks, 2);
	unit_add_loop(suite, "huge rows", test_huge_rows, 5);
	unit_add(suite, "least recently used", test_least_recently_used);
	unit_add(suite, "bytes", test_bytes);
	unit_add_loop(suite, "reply outlives block", test_reply_outlives_block, 2);
	unit_add_loop(suite, "asked for again", test_asked_for_again, 2);
	unit_add_loop(suite, "mapping", test_mapping, 2);
	unit_add_loop(suite, "write fails", test_write_fails, 3);
	return suite;
}

UNIT_MAIN(store_suite)
