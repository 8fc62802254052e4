#include "db/shapes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct shape {
	uint64_t hash;
	uint64_t last_use;
	unsigned users;
	char name[DB_SHAPE_NAME_SIZE];
	struct db_statement statement; /* its text is owned */
};

struct db_shapes {
	size_t count;
	uint64_t uses;			   /* so far */
	uint64_t last_number;		   /* of a shape */
	struct shape items[DB_SHAPES_MAX]; /* they stay where they are */
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

void
db_shape_name(uint64_t shape, char name[static DB_SHAPE_NAME_SIZE])
{
	snprintf(name, DB_SHAPE_NAME_SIZE, "shape_%" PRIu64, shape);
}

static struct shape *
find_kept(struct db_shapes *shapes, uint64_t hash, const char *text, enum db_lane lane)
{
	for (size_t i = 0; i < shapes->count; i++) {
		struct shape *shape = &shapes->items[i];

		if (shape->hash == hash && shape->statement.lane == lane &&
			strcmp(shape->statement.text, text) == 0)
			return shape;
	}
	return NULL;
}

/* NULL: queries borrow all of them. */
static struct shape *
find_room(struct db_shapes *shapes)
{
	struct shape *oldest = NULL;

	if (shapes->count < DB_SHAPES_MAX)
		return &shapes->items[shapes->count++];
	for (size_t i = 0; i < shapes->count; i++) {
		struct shape *shape = &shapes->items[i];

		if (shape->users == 0 && (oldest == NULL || shape->last_use < oldest->last_use))
			oldest = shape;
	}
	if (oldest != NULL)
		free((char *)oldest->statement.text);
	return oldest;
}

const struct db_statement *
db_shapes_find(struct db_shapes *shapes, const char *text, enum db_lane lane)
{
	size_t length = strlen(text);
	uint64_t hash = hash_of(text, length);
	struct shape *shape = find_kept(shapes, hash, text, lane);

	if (shape == NULL) {
		shape = find_room(shapes);
		if (shape == NULL)
			return NULL;
		shape->hash = hash;
		db_shape_name(++shapes->last_number, shape->name);
		shape->statement = (struct db_statement){
			.name = shape->name,
			.text = memory_text(text, length),
			.lane = lane,
			.shape = shapes->last_number,
			.users = &shape->users,
		};
	}
	shape->last_use = ++shapes->uses;
	return &shape->statement;
}
