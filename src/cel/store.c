#include "cel/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "cel/block.h"

/* A batch up to this size is kept as it is, in one block. */
#define HEAP_BLOCK_BYTES ((size_t)2 * CEL_BLOCK_BYTES)

TAILQ_HEAD(block_list, cel_block);

struct cel_store {
	struct cel_file file;
	size_t max_bytes;
	size_t used_bytes;
	struct block_list by_use; /* least recently used first */
	struct cel_block **by_id; /* owned; sorted by first_id */
	size_t count;
	size_t capacity;
};

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

	store->used_bytes -= cel_block_charge(block);
	store->count--;
	memmove(store->by_id + position, store->by_id + position + 1,
		(store->count - position) * sizeof(struct cel_block *));
	TAILQ_REMOVE(&store->by_use, block, link);
	cel_block_free(block);
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
	store->used_bytes += cel_block_charge(block);
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
	/* What is asked for again is worth its place there. */
	if (block->heap != NULL && block->was_asked_for)
		cel_block_move_to_file(&store->file, block);
	block->was_asked_for = true;
	slice->block = block;
	slice->first_row = cel_block_row_from(block, from);
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
grow_block(
	struct cel_store *store, struct cel_block *block, struct cel_batch *batch, int64_t last_id)
{
	unsigned count = cel_batch_rows_that_fit(batch, CEL_BLOCK_BYTES - block->bytes);
	bool is_taken;

	/* One row alone may be larger than what is left of the window. */
	if (count > 0 &&
		batch->ends[batch->first + count - 1] - batch->begin > cel_block_room(block))
		return true;
	store->used_bytes -= cel_block_charge(block);
	is_taken = cel_block_take(block, batch, count);
	if (is_taken)
		block->last_id = batch->first == batch->rows ? last_id
							     : block->ids[block->rows - 1];
	store->used_bytes += cel_block_charge(block);
	return is_taken;
}

/* Cuts the range short where other blocks cover it; false when nothing is left. */
static bool
cut_to_uncovered(
	const struct cel_store *store, int64_t first_id, int64_t *last_id, struct cel_batch *batch)
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
add_file_block(struct cel_store *store, int64_t first_id, int64_t last_id, struct cel_batch *batch,
	int64_t read_at_us)
{
	unsigned count = cel_batch_rows_that_fit(batch, CEL_BLOCK_BYTES);
	size_t bytes = count == 0 ? 0 : batch->ends[batch->first + count - 1] - batch->begin;
	struct cel_block *block = cel_block_in_file(&store->file, bytes);

	if (!cel_block_take(block, batch, count)) {
		cel_block_free(block);
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
add_heap_block(struct cel_store *store, int64_t first_id, int64_t last_id, struct cel_batch *batch,
	char *text, int64_t read_at_us)
{
	struct cel_block *block = cel_block_in_memory(batch, text);

	block->first_id = first_id;
	block->last_id = last_id;
	block->read_at_us = read_at_us;
	insert_block(store, block);
}

static void
add_file_blocks(struct cel_store *store, int64_t first_id, int64_t last_id, struct cel_batch *batch,
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
	struct cel_batch batch = { .text = text, .ids = ids, .ends = ends, .rows = rows };

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
	store->file.file = file;
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
	(void)close(store->file.file);
	free(store->by_id);
	free(store);
}
