/*
 * A block of the store: rows next to each other, their text, and where that lies. Inside src/cel
 * only; cel/store.h says what blocks are for.
 *
 * Text lies in memory, or in a window of the memory file that each such block has to itself. Either
 * outlives the block as long as a reply refers to it.
 */
#ifndef RECORDINGD_CEL_BLOCK_H
#define RECORDINGD_CEL_BLOCK_H

#include <event2/buffer.h>
#include <sys/queue.h>

#include "base/error.h"
#include "cel/store.h"

/* Where a block's text lies. Lives until the last reference to it in an evbuffer is gone. */
struct cel_extent {
	int file;
	int64_t offset;
	int64_t length;
};

/* A block's text in memory. Lives until the last reference to it in an evbuffer is gone. */
struct cel_heap_text {
	char *bytes; /* owned */
	unsigned references;
};

struct cel_block {
	TAILQ_ENTRY(cel_block) link; /* in the order of use */

	/* Owned: one of the two, shared with the replies that refer to it. */
	struct cel_heap_text *heap;	       /* until it is asked for a second time */
	struct evbuffer_file_segment *segment; /* from then on */
	int64_t *ids;
	size_t *ends; /* of the rows, from the begin of the text */

	char *mapped; /* the window, which is only read; NULL until it was copied from */

	/* Borrowed. */
	const struct cel_extent *extent; /* of the segment; NULL without one */

	int64_t first_id;
	int64_t last_id;
	int64_t read_at_us; /* of its oldest row */
	unsigned rows;
	unsigned capacity;
	size_t bytes; /* of text */
	bool was_asked_for;
};

/* The memory file, and the offset from which on it was never written. */
struct cel_file {
	int file;
	int64_t next_offset;
};

/* Some rows of a batch: those from first on, whose text begins at begin. */
struct cel_batch {
	const char *text;
	const int64_t *ids;
	const size_t *ends;
	unsigned rows;
	unsigned first;
	size_t begin;
};

/* An empty block with a window of the file that has room for so many bytes of text, or more. */
struct cel_block *cel_block_in_file(struct cel_file *file, size_t bytes);

/* The whole batch as a block that takes its text over. */
struct cel_block *cel_block_in_memory(struct cel_batch *batch, char *text);

void cel_block_free(struct cel_block *block);

/* Moves text that lies in memory into the file; where there is no room, it stays. */
void cel_block_move_to_file(struct cel_file *file, struct cel_block *block);

/* What it takes, with its share of the file in whole pages. */
size_t cel_block_charge(const struct cel_block *block);

/* Bytes of text that its window can still take. */
size_t cel_block_room(const struct cel_block *block);

/* The first row with an id at or above from; block->rows when there is none. */
unsigned cel_block_row_from(const struct cel_block *block, int64_t from);

/*
 * Moves count rows of the batch behind those of a block in the file. False when text is lost: part
 * of it may have been written.
 */
bool cel_block_take(struct cel_block *block, struct cel_batch *batch, unsigned count) MUST_CHECK;

/* The rows from batch->first on that fit into one block of room bytes; at least one. */
unsigned cel_batch_rows_that_fit(const struct cel_batch *batch, size_t room);

/* Adds part of the block's text to out: a copy, or a reference to it. */
void cel_block_copy(struct cel_block *block, size_t begin, size_t length, struct evbuffer *out);
void cel_block_refer(
	const struct cel_block *block, size_t begin, size_t length, struct evbuffer *out);

#endif
