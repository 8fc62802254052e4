#include "cel/block.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"

/* Offsets of the file that each block has to itself; unwritten ones take no memory. */
#define WINDOW_BYTES (INT64_C(2) * CEL_BLOCK_BYTES)

#define PAGE_BYTES 4096

static void
heap_text_release(struct cel_heap_text *heap)
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

static void
extent_cleanup_cb(const struct evbuffer_file_segment *segment, int flags, void *context)
{
	struct cel_extent *extent = context;

	(void)segment;
	(void)flags;
	/* Pages that a socket still holds stay with it; the file gives up its own. */
	if (fallocate(extent->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, extent->offset,
		    extent->length) != 0)
		log_write(LOG_LEVEL_ERROR, "cannot give back cache memory: %s", strerror(errno));
	free(extent);
}

/* Gives the block a window of the file with room for so many bytes of text. */
static void
open_window(struct cel_file *file, struct cel_block *block, int64_t room)
{
	struct cel_extent *extent = memory_zeroed(1, sizeof *extent);

	if (room < WINDOW_BYTES)
		room = WINDOW_BYTES;
	room = (room + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	extent->file = file->file;
	extent->offset = file->next_offset;
	extent->length = room;
	file->next_offset += room;
	block->extent = extent;
	block->segment = evbuffer_file_segment_new(
		file->file, extent->offset, room, EVBUF_FS_DISABLE_LOCKING);
	if (block->segment == NULL)
		memory_exhausted();
	evbuffer_file_segment_add_cleanup_cb(block->segment, extent_cleanup_cb, extent);
}

struct cel_block *
cel_block_in_file(struct cel_file *file, size_t bytes)
{
	struct cel_block *block = memory_zeroed(1, sizeof *block);

	open_window(file, block, (int64_t)bytes);
	return block;
}

void
cel_block_free(struct cel_block *block)
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

size_t
cel_block_charge(const struct cel_block *block)
{
	size_t pages = (block->bytes + PAGE_BYTES - 1) / PAGE_BYTES;

	return sizeof *block + pages * PAGE_BYTES +
	       block->capacity * (sizeof *block->ids + sizeof *block->ends);
}

size_t
cel_block_room(const struct cel_block *block)
{
	return (size_t)block->extent->length - block->bytes;
}

unsigned
cel_block_row_from(const struct cel_block *block, int64_t from)
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
write_text(const struct cel_extent *extent, size_t begin, const char *text, size_t length)
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

void
cel_block_move_to_file(struct cel_file *file, struct cel_block *block)
{
	open_window(file, block, (int64_t)block->bytes);
	if (write_text(block->extent, 0, block->heap->bytes, block->bytes)) {
		heap_text_release(block->heap);
		block->heap = NULL;
		return;
	}
	evbuffer_file_segment_free(block->segment);
	block->segment = NULL;
	block->extent = NULL;
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

unsigned
cel_batch_rows_that_fit(const struct cel_batch *batch, size_t room)
{
	unsigned count = 0;

	while (batch->first + count < batch->rows &&
		batch->ends[batch->first + count] - batch->begin <= room)
		count++;
	return count == 0 && batch->first < batch->rows ? 1 : count;
}

static void
append_rows(struct cel_block *block, struct cel_batch *batch, unsigned count, size_t end)
{
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
}

static size_t
end_of_rows(const struct cel_batch *batch, unsigned count)
{
	return count == 0 ? batch->begin : batch->ends[batch->first + count - 1];
}

bool
cel_block_take(struct cel_block *block, struct cel_batch *batch, unsigned count)
{
	size_t end = end_of_rows(batch, count);

	if (!write_text(
		    block->extent, block->bytes, batch->text + batch->begin, end - batch->begin))
		return false;
	append_rows(block, batch, count, end);
	return true;
}

struct cel_block *
cel_block_in_memory(struct cel_batch *batch, char *text)
{
	struct cel_block *block = memory_zeroed(1, sizeof *block);

	block->heap = memory_zeroed(1, sizeof *block->heap);
	block->heap->references = 1;
	append_rows(block, batch, batch->rows, end_of_rows(batch, batch->rows));
	/* It was rendered with room for the worst. */
	block->heap->bytes = memory_resized(text, block->bytes + 1, 1);
	return block;
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

void
cel_block_copy(struct cel_block *block, size_t begin, size_t length, struct evbuffer *out)
{
	const char *text = block_text(block);

	if (text == NULL)
		read_text(block, begin, length, out);
	else
		buffer_add(out, text + begin, length);
}

void
cel_block_refer(const struct cel_block *block, size_t begin, size_t length, struct evbuffer *out)
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
