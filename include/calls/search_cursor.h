/*
 * Where the next page of a search begins, as an opaque text for clients: the last call of a page,
 * tied to the search by a keyed hash, so that a forged one or one of another search is noticed.
 */
#ifndef RECORDINGD_CALLS_SEARCH_CURSOR_H
#define RECORDINGD_CALLS_SEARCH_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

/* A start as PostgreSQL writes it, to the microsecond, with room for odd years. */
#define SEARCH_CURSOR_START_SIZE 40
#define SEARCH_CURSOR_ID_SIZE	 12

/* base64url of start, id and hash, and its NUL. */
#define SEARCH_CURSOR_SIZE 128

struct search_cursor {
	char start[SEARCH_CURSOR_START_SIZE];
	char id[SEARCH_CURSOR_ID_SIZE];
};

/* What a cursor is tied to: a secret, and the texts of the search (NULL: not asked for). */
struct search_cursor_bond {
	const char *secret;
	const char *const *texts;
	size_t count;
};

/* False when the call's start or id is too long to be one. */
bool search_cursor_write(const struct search_cursor_bond *bond, const char *start, const char *id,
	char text[static SEARCH_CURSOR_SIZE]);

/* False when this is no cursor of this search. */
bool search_cursor_read(
	const struct search_cursor_bond *bond, const char *text, struct search_cursor *cursor);

#endif
