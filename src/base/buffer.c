#include "base/buffer.h"

#include <event2/buffer.h>
#include <string.h>

#include "base/memory.h"

void
buffer_add(struct evbuffer *out, const void *bytes, size_t length)
{
	struct evbuffer_iovec room;

	if (length == 0)
		return;
	if (evbuffer_reserve_space(out, (ev_ssize_t)length, &room, 1) != 1)
		memory_exhausted();
	memcpy(room.iov_base, bytes, length);
	room.iov_len = length;
	if (evbuffer_commit_space(out, &room, 1) != 0)
		memory_exhausted();
}
