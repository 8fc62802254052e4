#include "cel/store.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

/* Offsets of the file that each block has to itself; unwritten ones take no memory. */
#define WINDOW_BYTES (INT64_C(2) * CEL_BLOCK_BYTES)

/* A batch up to this size is kept as it is, in one block. */
#define HEAP_BLOCK_BYTES ((size_t)2 * CEL_BLOCK_BYTES)

#define PAGE_BYTES 4096

/* A slice up to this size is copied: cheaper than a system call of its own. */
#define COPY_MAX 8192

/* Where a block's text lies. Lives until the last reference to it in an evbuffer is gone. */
struct extent {
	int file;
	int64_t offset;
	int64_t length;
};

/* A block's text in memory. Lives until the last reference to it in an evbuffer is gone. */
struct heap_text {
	char *bytes; /* owned */
	unsigned references;
};

struct cel_block {
	TAILQ_ENTRY(cel_block) link; /* in the order of use */

	/* Owned: one of the two, shared with the replies that refer to it. */
	struct heap_text *heap;		       /* until it is asked for a second time */
	struct evbuffer_file_segment *segment; /* from then on */
	int64_t *ids;
	size_t *ends; /* of the rows, from the begin of the text */

	char *mapped; /* the window, which is only read; NULL until it was copied from */

	/* Borrowed. */
	const struct extent *extent; /* of the segment; NULL without one */

	int64_t first_id;
	int64_t last_id;
	int64_t read_at_us; /* of its oldest row */
	unsigned rows;
	unsigned capacity;
	size_t bytes; /* of text */
	bool was_asked_for;
};

TAILQ_HEAD(block_list, cel_block);

struct cel_store {
	int file;
	size_t max_bytes;
	size_t used_bytes;
	int64_t next_offset;
	struct block_list by_use; /* least recently used first */
	struct cel_block **by_id; /* owned; sorted by first_id */
	size_t count;
	size_t capacity;
};

static size_t
block_charge(const struct cel_block *block)
{
	size_t pages = (block->bytes + PAGE_BYTES - 1) / PAGE_BYTES;

	return sizeof *block + pages * PAGE_BYTES +
	       block->capacity * (sizeof *block->ids + sizeof *block->ends);
}

static void
extent_cleanup_cb(const struct evbuffer_file_segment *segment, int flags, void *context)
{
	struct extent *extent = context;

	(void)segment;
	(void)flags;
	/* Pages that a socket still holds stay with it; the file gives up its own. */
	if (fallocate(extent->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, extent->offset,
		    extent->length) != 0)
		log_write(LOG_LEVEL_ERROR, "cannot give back cache memory: %s", strerror(errno));
	free(extent);
}

static void
heap_text_release(struct heap_text *heap)
{
	if (--heap->references > 0)
		return;
	free(heap->bytes);
	free(heap);
}

static void
heap_cleanup_cb(const void *bytes, size_t length, void *context)
{
	(void)bytes;
	(void)length;
	heap_text_release(context);
}

/* Gives the block a window of the file with room for so many bytes of text. */
static void
open_window(struct cel_store *store, struct cel_block *block, int64_t room)
{
	struct extent *extent = memory_zeroed(1, sizeof *extent);

	if (room < WINDOW_BYTES)
		room = WINDOW_BYTES;
	room = (room + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	extent->file = store->file;
	extent->offset = store->next_offset;
	extent->length = room;
	store->next_offset += room;
	block->extent = extent;
	block->segment = evbuffer_file_segment_new(
		store->file, extent->offset, room, EVBUF_FS_DISABLE_LOCKING);
	if (block->segment == NULL)
		memory_exhausted();
	evbuffer_file_segment_add_cleanup_cb(block->segment, extent_cleanup_cb, extent);
}

static void
block_free(struct cel_block *block)
{
	if (block->mapped != NULL)
		(void)munmap(block->mapped, (size_t)block->extent->length);
	if (block->segment != NULL)
		evbuffer_file_segment_free(block->segment);
	if (block->heap != NULL)
		heap_text_release(block->heap);
	free(block->ids);
	free(block->ends);
	free(block);
}

/* How many blocks begin at or below id. */
static size_t
blocks_up_to(const struct cel_store *store, int64_t id)
{
	size_t low = 0;
	size_t high = store->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (store->by_id[middle]->first_id <= id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
drop_block(struct cel_store *store, size_t position)
{
	struct cel_block *block = store->by_id[position];

	store->used_bytes -= block_charge(block);
	store->count--;
	memmove(store->by_id + position, store->by_id + position + 1,
		(store->count - position) * sizeof(struct cel_block *));
	TAILQ_REMOVE(&store->by_use, block, link);
	block_free(block);
}

static void
insert_block(struct cel_store *store, struct cel_block *block)
{
	size_t position = blocks_up_to(store, block->first_id);

	if (store->count == store->capacity) {
		store->capacity = store->capacity == 0 ? 64 : store->capacity * 2;
		store->by_id = memory_resized(
			store->by_id, store->capacity, sizeof(struct cel_block *));
	}
	memmove(store->by_id + position + 1, store->by_id + position,
		(store->count - position) * sizeof(struct cel_block *));
	store->by_id[position] = block;
	store->count++;
	TAILQ_INSERT_TAIL(&store->by_use, block, link);
	store->used_bytes += block_charge(block);
}

/* The first row with an id at or above from; block->rows when there is none. */
static unsigned
row_from(const struct cel_block *block, int64_t from)
{
	unsigned low = 0;
	unsigned high = block->rows;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (block->ids[middle] < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
write_text(const struct extent *extent, size_t begin, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = pwrite(
			extent->file, text, length, extent->offset + (int64_t)begin);

		if (written <= 0) {
			log_write(LOG_LEVEL_ERROR, "cannot write to cache memory: %s",
				strerror(errno));
			return false;
		}
		text += written;
		begin += (size_t)written;
		length -= (size_t)written;
	}
	return true;
}

/* It is worth its place there. Without room for it, it stays where it is. */
static void
move_to_file(struct cel_store *store, struct cel_block *block)
{
	open_window(store, block, (int64_t)block->bytes);
	if (write_text(block->extent, 0, block->heap->bytes, block->bytes)) {
		heap_text_release(block->heap);
		block->heap = NULL;
		return;
	}
	evbuffer_file_segment_free(block->segment);
	block->segment = NULL;
	block->extent = NULL;
}

bool
cel_store_find(struct cel_store *store, int64_t from, unsigned max_rows, int64_t not_before_us,
	struct cel_slice *slice)
{
	size_t position = blocks_up_to(store, from);
	struct cel_block *block;

	if (position == 0)
		return false;
	block = store->by_id[position - 1];
	if (block->last_id < from)
		return false;
	if (block->read_at_us < not_before_us) {
		drop_block(store, position - 1);
		return false;
	}
	if (TAILQ_NEXT(block, link) != NULL) {
		TAILQ_REMOVE(&store->by_use, block, link);
		TAILQ_INSERT_TAIL(&store->by_use, block, link);
	}
	if (block->heap != NULL && block->was_asked_for)
		move_to_file(store, block);
	block->was_asked_for = true;
	slice->block = block;
	slice->first_row = row_from(block, from);
	slice->rows = block->rows - slice->first_row;
	slice->next_id = block->last_id + 1;
	if (slice->rows > max_rows) {
		slice->rows = max_rows;
		slice->next_id = block->ids[slice->first_row + max_rows - 1] + 1;
	}
	return true;
}

int64_t
cel_store_next_covered(const struct cel_store *store, int64_t id)
{
	size_t position = blocks_up_to(store, id);

	return position < store->count ? store->by_id[position]->first_id : INT64_MAX;
}

static void
reserve_rows(struct cel_block *block, unsigned rows)
{
	unsigned wanted = block->rows + rows;

	if (wanted <= block->capacity)
		return;
	/* What is read at once mostly stays as it is; what grows, grows by half. */
	if (block->capacity > 0 && wanted < block->capacity + block->capacity / 2)
		wanted = block->capacity + block->capacity / 2;
	block->ids = memory_resized(block->ids, wanted, sizeof *block->ids);
	block->ends = memory_resized(block->ends, wanted, sizeof *block->ends);
	block->capacity = wanted;
}

/* Some rows of a batch: those from first on, whose text begins at begin. */
struct batch {
	const char *text;
	const int64_t *ids;
	const size_t *ends;
	unsigned rows;
	unsigned first;
	size_t begin;
};

/* The rows from batch->first on that fit into one block of room bytes; at least one. */
static unsigned
rows_that_fit(const struct batch *batch, size_t room)
{
	unsigned count = 0;

	while (batch->first + count < batch->rows &&
		batch->ends[batch->first + count] - batch->begin <= room)
		count++;
	return count == 0 && batch->first < batch->rows ? 1 : count;
}

/* Moves count rows of the batch behind those of the block. */
static bool
block_take(struct cel_block *block, struct batch *batch, unsigned count)
{
	size_t end = count == 0 ? batch->begin : batch->ends[batch->first + count - 1];

	if (block->heap == NULL && !write_text(block->extent, block->bytes,
					   batch->text + batch->begin, end - batch->begin))
		return false;
	reserve_rows(block, count);
	for (unsigned i = 0; i < count; i++) {
		block->ids[block->rows + i] = batch->ids[batch->first + i];
		block->ends[block->rows + i] = block->bytes + batch->ends[batch->first + i] -
					       batch->begin;
	}
	block->rows += count;
	block->bytes += end - batch->begin;
	batch->first += count;
	batch->begin = end;
	return true;
}

/* The block that ends right before first_id and can take more; NULL when there is none. */
static struct cel_block *
growing_block(const struct cel_store *store, int64_t first_id)
{
	size_t position = blocks_up_to(store, first_id);
	struct cel_block *block = position == 0 ? NULL : store->by_id[position - 1];

	if (block == NULL || block->heap != NULL || block->last_id + 1 != first_id ||
		block->bytes >= CEL_BLOCK_BYTES)
		return NULL;
	return block;
}

/* False when text is lost: part of it may have been written. */
static bool
grow_block(struct cel_store *store, struct cel_block *block, struct batch *batch, int64_t last_id)
{
	unsigned count = rows_that_fit(batch, CEL_BLOCK_BYTES - block->bytes);
	bool is_taken;

	/* One row alone may be larger than what is left of the window. */
	if (count > 0 && batch->ends[batch->first + count - 1] - batch->begin >
				 (size_t)block->extent->length - block->bytes)
		return true;
	store->used_bytes -= block_charge(block);
	is_taken = block_take(block, batch, count);
	if (is_taken)
		block->last_id = batch->first == batch->rows ? last_id
							     : block->ids[block->rows - 1];
	store->used_bytes += block_charge(block);
	return is_taken;
}

/* Cuts the range short where other blocks cover it; false when nothing is left. */
static bool
cut_to_uncovered(
	const struct cel_store *store, int64_t first_id, int64_t *last_id, struct batch *batch)
{
	size_t position = blocks_up_to(store, first_id);
	int64_t next = cel_store_next_covered(store, first_id);

	if (position > 0 && store->by_id[position - 1]->last_id >= first_id)
		return false;
	if (*last_id >= next)
		*last_id = next - 1;
	while (batch->rows > 0 && batch->ids[batch->rows - 1] > *last_id)
		batch->rows--;
	return true;
}

/* What was read later is right: rows change after they were written. */
static void
drop_older(struct cel_store *store, int64_t first_id, int64_t last_id, int64_t read_at_us)
{
	size_t position = blocks_up_to(store, last_id);

	while (position > 0 && store->by_id[position - 1]->last_id >= first_id) {
		if (store->by_id[--position]->read_at_us < read_at_us)
			drop_block(store, position);
	}
}

/* The next rows of the batch, as many as fit, as a block of the file. False when there is no room.
 */
static bool
add_file_block(struct cel_store *store, int64_t first_id, int64_t last_id, struct batch *batch,
	int64_t read_at_us)
{
	unsigned count = rows_that_fit(batch, CEL_BLOCK_BYTES);
	size_t bytes = count == 0 ? 0 : batch->ends[batch->first + count - 1] - batch->begin;
	struct cel_block *block = memory_zeroed(1, sizeof *block);

	open_window(store, block, (int64_t)bytes);
	if (!block_take(block, batch, count)) {
		block_free(block);
		return false;
	}
	block->first_id = first_id;
	block->last_id = batch->first == batch->rows ? last_id : block->ids[block->rows - 1];
	block->read_at_us = read_at_us;
	insert_block(store, block);
	return true;
}

/* The whole batch as a block that takes its text over. */
static void
add_heap_block(struct cel_store *store, int64_t first_id, int64_t last_id, struct batch *batch,
	char *text, int64_t read_at_us)
{
	struct cel_block *block = memory_zeroed(1, sizeof *block);

	block->heap = memory_zeroed(1, sizeof *block->heap);
	block->heap->references = 1;
	(void)block_take(block, batch, batch->rows);
	/* It was rendered with room for the worst. */
	block->heap->bytes = memory_resized(text, block->bytes + 1, 1);
	block->first_id = first_id;
	block->last_id = last_id;
	block->read_at_us = read_at_us;
	insert_block(store, block);
}

static void
add_file_blocks(struct cel_store *store, int64_t first_id, int64_t last_id, struct batch *batch,
	int64_t read_at_us, bool is_tail)
{
	struct cel_block *block = is_tail ? growing_block(store, first_id) : NULL;

	if (block != NULL) {
		if (!grow_block(store, block, batch, last_id))
			return;
		first_id = block->last_id + 1;
	}
	while (first_id <= last_id && add_file_block(store, first_id, last_id, batch, read_at_us))
		first_id = batch->first == batch->rows ? last_id + 1
						       : batch->ids[batch->first - 1] + 1;
}

void
cel_store_add(struct cel_store *store, int64_t first_id, int64_t last_id, char *text,
	const int64_t *ids, const size_t *ends, unsigned rows, int64_t read_at_us, bool is_tail)
{
	struct batch batch = { .text = text, .ids = ids, .ends = ends, .rows = rows };

	if (first_id <= last_id)
		drop_older(store, first_id, last_id, read_at_us);
	if (first_id > last_id || !cut_to_uncovered(store, first_id, &last_id, &batch)) {
		free(text);
		return;
	}
	if (!is_tail && (batch.rows == 0 || ends[batch.rows - 1] <= HEAP_BLOCK_BYTES)) {
		add_heap_block(store, first_id, last_id, &batch, text, read_at_us);
		return;
	}
	add_file_blocks(store, first_id, last_id, &batch, read_at_us, is_tail);
	free(text);
}

void
cel_store_trim(struct cel_store *store)
{
	while (store->used_bytes > store->max_bytes && store->count > 0) {
		const struct cel_block *oldest = TAILQ_FIRST(&store->by_use);

		drop_block(store, blocks_up_to(store, oldest->first_id) - 1);
	}
}

void
cel_store_clear(struct cel_store *store)
{
	while (store->count > 0)
		drop_block(store, store->count - 1);
}

void
cel_store_set_size(struct cel_store *store, size_t max_bytes)
{
	store->max_bytes = max_bytes;
	cel_store_trim(store);
}

size_t
cel_store_bytes(const struct cel_store *store)
{
	return store->used_bytes;
}

struct cel_store *
cel_store_new(size_t max_bytes)
{
	struct cel_store *store;
	int file = memfd_create("channel events", MFD_CLOEXEC);

	if (file < 0)
		return NULL;
	store = memory_zeroed(1, sizeof *store);
	store->file = file;
	store->max_bytes = max_bytes;
	TAILQ_INIT(&store->by_use);
	return store;
}

void
cel_store_free(struct cel_store *store)
{
	if (store == NULL)
		return;
	cel_store_clear(store);
	(void)close(store->file);
	free(store->by_id);
	free(store);
}

/* Where a row's text begins: at its comma. */
static size_t
row_begin(const struct cel_block *block, unsigned row)
{
	return row == 0 ? 0 : block->ends[row - 1];
}

/*
 * The block's text, mapped at its first small copy: readers of single rows come again and again.
 * NULL when the kernel maps no more, as it does beyond vm.max_map_count.
 */
static const char *
block_text(struct cel_block *block)
{
	if (block->heap != NULL)
		return block->heap->bytes;
	if (block->mapped == NULL) {
		void *mapped = mmap(NULL, (size_t)block->extent->length, PROT_READ, MAP_SHARED,
			block->extent->file, block->extent->offset);

		if (mapped != MAP_FAILED)
			block->mapped = mapped;
	}
	return block->mapped;
}

/* Copies text that could not be mapped. */
static void
read_text(const struct cel_block *block, size_t begin, size_t length, struct evbuffer *out)
{
	struct evbuffer_iovec room;

	if (evbuffer_reserve_space(out, (ev_ssize_t)length, &room, 1) != 1)
		memory_exhausted();
	room.iov_len = length;
	/* Memory, not a disk: reading it cannot fall short. */
	if (pread(block->extent->file, room.iov_base, length,
		    block->extent->offset + (int64_t)begin) != (ssize_t)length) {
		log_write(LOG_LEVEL_CRITICAL, "cannot read cache memory: %s", strerror(errno));
		abort();
	}
	if (evbuffer_commit_space(out, &room, 1) != 0)
		memory_exhausted();
}

static void
copy_text(struct cel_block *block, size_t begin, size_t length, struct evbuffer *out)
{
	const char *text = block_text(block);

	if (text == NULL)
		read_text(block, begin, length, out);
	else if (evbuffer_add(out, text + begin, length) != 0)
		memory_exhausted();
}

static void
refer_to_text(const struct cel_block *block, size_t begin, size_t length, struct evbuffer *out)
{
	int result;

	if (block->heap != NULL) {
		block->heap->references++;
		result = evbuffer_add_reference(
			out, block->heap->bytes + begin, length, heap_cleanup_cb, block->heap);
	} else {
		result = evbuffer_add_file_segment(
			out, block->segment, (ev_off_t)begin, (ev_off_t)length);
	}
	if (result != 0)
		memory_exhausted();
}

void
cel_slice_add(const struct cel_slice *slice, bool with_comma, struct evbuffer *out)
{
	struct cel_block *block = slice->block;
	size_t begin;
	size_t length;

	if (slice->rows == 0)
		return;
	begin = row_begin(block, slice->first_row) + (with_comma ? 0 : 1);
	length = block->ends[slice->first_row + slice->rows - 1] - begin;
	if (length <= COPY_MAX)
		copy_text(block, begin, length, out);
	else
		refer_to_text(block, begin, length, out);
}

void
cel_slice_copy_row(
	const struct cel_slice *slice, unsigned row, const char *end, struct evbuffer *out)
{
	struct cel_block *block = slice->block;
	size_t begin;

	row += slice->first_row;
	begin = row_begin(block, row) + 1;
	copy_text(block, begin, block->ends[row] - begin, out);
	if (evbuffer_add(out, end, strlen(end)) != 0)
		memory_exhausted();
}

int64_t
cel_slice_id(const struct cel_slice *slice, unsigned row)
{
	return slice->block->ids[slice->first_row + row];
}
