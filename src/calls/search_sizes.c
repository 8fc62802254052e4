#include "calls/search_sizes.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A power of two. Each entry is 32 bytes. */
#define ENTRIES 4096

#define KEPT_MS 60000

struct entry {
	uint64_t hash; /* of statement and values; 0: empty */
	int64_t size;
	int64_t counted_ms;
};

struct search_sizes {
	struct entry entries[ENTRIES];
};

struct search_sizes *
search_sizes_new(void)
{
	return memory_zeroed(1, sizeof(struct search_sizes));
}

void
search_sizes_free(struct search_sizes *sizes)
{
	free(sizes);
}

/* FNV-1a. That two searches may share an entry costs time, and never a wrong answer. */
static uint64_t
hash_bytes(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	while (*text++ != '\0');
	return hash;
}

static uint64_t
hash_of(const struct db_step *step)
{
	uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325), step->statement->name);

	for (int i = 0; i < step->parameters.count; i++)
		hash = hash_bytes(hash, step->parameters.values[i]);
	return hash | 1;
}

bool
search_sizes_find(
	const struct search_sizes *sizes, const struct db_step *step, int64_t now_ms, int64_t *size)
{
	uint64_t hash = hash_of(step);
	const struct entry *entry = &sizes->entries[(hash >> 32) % ENTRIES];

	if (entry->hash != hash || now_ms - entry->counted_ms >= KEPT_MS)
		return false;
	*size = entry->size;
	return true;
}

void
search_sizes_keep(
	struct search_sizes *sizes, const struct db_step *step, int64_t now_ms, int64_t size)
{
	uint64_t hash = hash_of(step);

	sizes->entries[(hash >> 32) % ENTRIES] = (struct entry){
		.hash = hash, .size = size, .counted_ms = now_ms
	};
}
