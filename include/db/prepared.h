/*
 * What one connection has prepared: inside src/db only. Shapes that were not used for long make
 * room for others, as PostgreSQL keeps a plan for each until it is told to forget it; fixed
 * statements stay.
 */
#ifndef RECORDINGD_DB_PREPARED_H
#define RECORDINGD_DB_PREPARED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "db/shapes.h"
#include "db/statement.h"

/* More fixed statements than src/sql has, and as many shapes as are kept. */
#define DB_PREPARED_MAX (48 + DB_SHAPES_MAX)

/* All zero: nothing. */
struct db_prepared {
	unsigned count;
	uint64_t uses; /* so far */
	struct {
		const char *name; /* of a fixed statement; NULL: of a shape */
		uint64_t shape;	  /* its number */
		uint64_t last_use;
	} items[DB_PREPARED_MAX];
};

/* Whether it is prepared; if so, it counts as used. */
bool db_prepared_use(struct db_prepared *prepared, const struct db_statement *statement);

/* False: there is no room. */
bool db_prepared_add(struct db_prepared *prepared, const struct db_statement *statement) MUST_CHECK;

void db_prepared_forget(struct db_prepared *prepared, const struct db_statement *statement);

/*
 * Forgets the shape that was not used for longest, where there is no room for count more; its
 * number is what PostgreSQL must forget. False: there is room, or no shape.
 */
bool db_prepared_make_room(struct db_prepared *prepared, unsigned count, uint64_t *shape);

#endif
