/*
 * Statements that were joined for a request, kept under names of their own so that each connection
 * plans them once. Requests of the same shape have the same text.
 *
 * A bounded number is kept: where there is no room, the one goes that was not asked for for longest
 * and that no query borrows. Its name never comes again; connections forget it in their own time
 * (db/prepared.h).
 */
#ifndef RECORDINGD_DB_SHAPES_H
#define RECORDINGD_DB_SHAPES_H

#include "db/statement.h"

/* More than clients ask in practice; each costs PostgreSQL some 100 KiB for each connection. */
#define DB_SHAPES_MAX 128

#define DB_SHAPE_NAME_SIZE 32

struct db_shapes;

struct db_shapes *db_shapes_new(void);
void db_shapes_free(struct db_shapes *shapes);

/*
 * The statement of this text, which is copied; NULL when there are too many that queries borrow. It
 * lives until the next call, and longer while *users is not 0.
 */
const struct db_statement *db_shapes_find(
	struct db_shapes *shapes, const char *text, enum db_lane lane);

/* By which PostgreSQL knows the shape of this number. */
void db_shape_name(uint64_t shape, char name[static DB_SHAPE_NAME_SIZE]);

#endif
