#include "db/shapes.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define NAME_SIZE 24

struct shape {
	uint64_t hash;
	char name[NAME_SIZE]; /* of the statement */
	struct db_statement statement;
};

struct db_shapes {
	size_t count;
	struct shape items[DB_SHAPES_MAX]; /* text is owned */
};

struct db_shapes *
db_shapes_new(void)
{
	return memory_zeroed(1, sizeof(struct db_shapes));
}

void
db_shapes_free(struct db_shapes *shapes)
{
	if (shapes == NULL)
		return;
	for (size_t i = 0; i < shapes->count; i++)
		free((char *)shapes->items[i].statement.text);
	free(shapes);
}

/* FNV-1a over eight bytes at a time: only to pass over most other texts. */
static uint64_t
hash_of(const char *text, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	while (length > 0) {
		uint64_t word = 0;
		size_t taken = length < sizeof word ? length : sizeof word;

		memcpy(&word, text, taken);
		hash = (hash ^ word) * UINT64_C(0x100000001b3);
		hash ^= hash >> 32;
		text += taken;
		length -= taken;
	}
	return hash;
}

const struct db_statement *
db_shapes_find(struct db_shapes *shapes, const char *text, enum db_lane lane)
{
	size_t length = strlen(text);
	uint64_t hash = hash_of(text, length);
	struct shape *shape;

	for (size_t i = 0; i < shapes->count; i++) {
		shape = &shapes->items[i];
		if (shape->hash == hash && shape->statement.lane == lane &&
			strcmp(shape->statement.text, text) == 0)
			return &shape->statement;
	}
	if (shapes->count == DB_SHAPES_MAX)
		return NULL;
	shape = &shapes->items[shapes->count++];
	shape->hash = hash;
	snprintf(shape->name, sizeof shape->name, "shape_%zu", shapes->count);
	shape->statement = (struct db_statement){
		.name = shape->name, .text = memory_text(text, length), .lane = lane
	};
	return &shape->statement;
}
