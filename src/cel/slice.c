#include <string.h>

#include "base/buffer.h"
#include "cel/block.h"

/* A slice up to this size is copied: cheaper than a system call of its own. */
#define COPY_MAX 8192

/* Where a row's text begins: at its comma. */
static size_t
row_begin(const struct cel_block *block, unsigned row)
{
	return row == 0 ? 0 : block->ends[row - 1];
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
		cel_block_copy(block, begin, length, out);
	else
		cel_block_refer(block, begin, length, out);
}

void
cel_slice_copy_row(
	const struct cel_slice *slice, unsigned row, const char *end, struct evbuffer *out)
{
	struct cel_block *block = slice->block;
	size_t begin;

	row += slice->first_row;
	begin = row_begin(block, row) + 1;
	cel_block_copy(block, begin, block->ends[row] - begin, out);
	buffer_add(out, end, strlen(end));
}

int64_t
cel_slice_id(const struct cel_slice *slice, unsigned row)
{
	return slice->block->ids[slice->first_row + row];
}
