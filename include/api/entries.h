/* The entries of a history, as JSON objects or CSV lines of the same columns. */
#ifndef RECORDINGD_API_ENTRIES_H
#define RECORDINGD_API_ENTRIES_H

#include "api/exchange.h"
#include "calls/history_entry.h"

/* Begins the list: JSON with this text, CSV with the names of the columns. */
void entries_open(struct exchange *exchange, const char *json, const struct entry_column *columns,
	size_t count);

void entries_row(struct exchange *exchange, const struct entry_column *columns, size_t count,
	const PGresult *result, int row);

/* Ends the list, JSON with this text, and sends the answer. */
void entries_reply(struct exchange *exchange, const char *json);

#endif
