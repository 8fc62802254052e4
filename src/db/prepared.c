#include "db/prepared.h"

/* A fixed statement is known by the address of its name, which is a constant. */
static unsigned
position_of(const struct db_prepared *prepared, const struct db_statement *statement)
{
	const char *name = statement->shape == 0 ? statement->name : NULL;
	unsigned i = 0;

	while (i < prepared->count &&
		(prepared->items[i].name != name || prepared->items[i].shape != statement->shape))
		i++;
	return i;
}

bool
db_prepared_use(struct db_prepared *prepared, const struct db_statement *statement)
{
	unsigned position = position_of(prepared, statement);

	if (position == prepared->count)
		return false;
	prepared->items[position].last_use = ++prepared->uses;
	return true;
}

bool
db_prepared_add(struct db_prepared *prepared, const struct db_statement *statement)
{
	unsigned position = prepared->count;

	if (position == DB_PREPARED_MAX)
		return false;
	prepared->items[position].name = statement->shape == 0 ? statement->name : NULL;
	prepared->items[position].shape = statement->shape;
	prepared->items[position].last_use = ++prepared->uses;
	prepared->count++;
	return true;
}

static void
remove_item(struct db_prepared *prepared, unsigned position)
{
	prepared->items[position] = prepared->items[--prepared->count];
}

void
db_prepared_forget(struct db_prepared *prepared, const struct db_statement *statement)
{
	unsigned position = position_of(prepared, statement);

	if (position < prepared->count)
		remove_item(prepared, position);
}

bool
db_prepared_make_room(struct db_prepared *prepared, unsigned count, uint64_t *shape)
{
	unsigned oldest = prepared->count;

	if (prepared->count + count <= DB_PREPARED_MAX)
		return false;
	for (unsigned i = 0; i < prepared->count; i++) {
		if (prepared->items[i].shape != 0 &&
			(oldest == prepared->count ||
				prepared->items[i].last_use < prepared->items[oldest].last_use))
			oldest = i;
	}
	if (oldest == prepared->count)
		return false;
	*shape = prepared->items[oldest].shape;
	remove_item(prepared, oldest);
	return true;
}
