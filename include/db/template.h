/*
 * SQL templates: statements of src/sql with places in them, written as comments such as
 * "/ *filters* /" without the blanks, which other fragments of src/sql fill. So a statement can be
 * read as a whole although parts of it depend on the request. Values never get in this way: they
 * travel as parameters.
 */
#ifndef RECORDINGD_DB_TEMPLATE_H
#define RECORDINGD_DB_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

/* What stands for a place; a text may hold places itself, of any slot behind its own. */
struct template_slot {
	const char *place; /* with its comment marks */
	const char *text;
};

/* Fills the places slot after slot; the caller frees the result. */
char *template_fill(const char *template, const struct template_slot *slots, size_t count);

/*
 * A literal for LIMIT that is at least so many rows, where the planner can see it; beyond 1001 it
 * is other. Few different ones, as each makes another statement.
 */
const char *template_row_limit(int64_t rows, const char *other);

/* What one request may need at the same place. */
#define TEMPLATE_PARTS_MAX 16

/* Texts to be joined, borrowed. Begins as { 0 }. */
struct template_parts {
	size_t count;
	const char *texts[TEMPLATE_PARTS_MAX];
};

/* There must be room: who adds knows how many there can be. */
void template_add(struct template_parts *parts, const char *text);

/* The caller frees the result. */
char *template_parts_join(const struct template_parts *parts);

/* Texts joined one after the other; NULL ones are left out. The caller frees the result. */
char *template_join(const char *const *texts, size_t count);

#endif
