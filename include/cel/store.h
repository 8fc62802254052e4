/*
 * Channel events as JSON text, rendered once and sent any number of times.
 *
 * What is asked for again lies in a memory file (memfd_create(2)) and is sent from there with
 * sendfile(2): the kernel hands pages to the socket without copying them. What was asked for once
 * stays in the memory it was rendered into, as most of it is never asked for again. Rows belong to
 * blocks; a block covers a range of ids without a hole: every row with such an id that will ever
 * exist is in it. Blocks do not overlap. The least recently used ones go first when the store is
 * over its size.
 *
 * Pages handed to a socket may be read by the kernel long after sendfile() has returned. So no byte
 * of the file is ever written twice: new text goes to new offsets, and the room of a dropped block
 * is punched out of the file once the last reply that refers to it is gone.
 *
 * The store must outlive every evbuffer that cel_slice_add() has added to.
 */
#ifndef RECORDINGD_CEL_STORE_H
#define RECORDINGD_CEL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cel_store;
struct evbuffer;

/* A block is closed at this size: large enough for few sendfile(2) calls a page. */
#define CEL_BLOCK_BYTES (512 << 10)

struct cel_block;

/* Rows of one block, next to each other. */
struct cel_slice {
	struct cel_block *block; /* valid until the store changes */
	unsigned first_row;
	unsigned rows;
	int64_t next_id; /* the first id behind the slice that it says nothing about */
};

/* NULL, with errno, when there is no memory file to be had. */
struct cel_store *cel_store_new(size_t max_bytes);
void cel_store_free(struct cel_store *store);

void cel_store_set_size(struct cel_store *store, size_t max_bytes);

/* What the blocks take, with their share of the file in whole pages. */
size_t cel_store_bytes(const struct cel_store *store);

/*
 * Finds the rows with id >= from, at most max_rows, in the block that covers from. False when no
 * block does, or only one that was read before not_before_us: such a block is dropped.
 */
bool cel_store_find(struct cel_store *store, int64_t from, unsigned max_rows, int64_t not_before_us,
	struct cel_slice *slice);

/* The first covered id above id; INT64_MAX when there is none. */
int64_t cel_store_next_covered(const struct cel_store *store, int64_t id);

/*
 * Adds rows that cover the ids first_id to last_id. text, which the store takes over, holds them
 * one after the other, each with a comma in front; ids and ends are arrays of their ids and of
 * where each ends in text. What is covered already stays as it is, unless it was read before
 * read_at_us. The block joins the one before when there is room and is_tail says that this range
 * will go on growing.
 */
void cel_store_add(struct cel_store *store, int64_t first_id, int64_t last_id, char *text,
	const int64_t *ids, const size_t *ends, unsigned rows, int64_t read_at_us, bool is_tail);

/* Drops what is over the size. Apart from cel_store_add(), so that what was just read can be used.
 */
void cel_store_trim(struct cel_store *store);

void cel_store_clear(struct cel_store *store);

/* Adds the rows to out as they are, with the comma before the first only when asked for. */
void cel_slice_add(const struct cel_slice *slice, bool with_comma, struct evbuffer *out);

/* Adds a copy of one row without its comma, and end behind it. */
void cel_slice_copy_row(
	const struct cel_slice *slice, unsigned row, const char *end, struct evbuffer *out);
int64_t cel_slice_id(const struct cel_slice *slice, unsigned row);

#endif
