/*
 * Statements that were joined for a request, kept under names of their own so that each connection
 * plans them once. Requests of the same shape have the same text.
 *
 * A bounded number is kept, those that came first; what comes after them is planned each time. A
 * statement lives until db_shapes_free().
 */
#ifndef RECORDINGD_DB_SHAPES_H
#define RECORDINGD_DB_SHAPES_H

#include "db/statement.h"

/* Beyond what clients ask in practice; each costs PostgreSQL some 100 KiB for each connection. */
#define DB_SHAPES_MAX 128

struct db_shapes;

struct db_shapes *db_shapes_new(void);
void db_shapes_free(struct db_shapes *shapes);

/* The statement of this text, which is copied; NULL when there are too many already. */
const struct db_statement *db_shapes_find(
	struct db_shapes *shapes, const char *text, enum db_lane lane);

#endif
