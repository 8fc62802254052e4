/*
 * The statement behind the histories of an interface and of an agent (history_calls.sql): which
 * calls are a side's own, newest first, and what an entry shows of each.
 */
#ifndef RECORDINGD_CALLS_HISTORY_H
#define RECORDINGD_CALLS_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "db/statement.h"

enum history_side {
	HISTORY_OF_INTERFACE,
	HISTORY_OF_AGENT,
};

/* What is asked for; days -1: since ever. */
struct history_request {
	enum history_side side;
	const char *name; /* of the interface, or the agent's number; borrowed */
	int64_t size;
	int64_t days;
};

/* Numbers as text, which live as long as the parameters are used. */
struct history_numbers {
	char size[24];
	char days[24];
};

/* The statement's text, which the caller frees, and its parameters. */
char *history_statement(const struct history_request *request, struct history_numbers *numbers,
	struct db_parameters *parameters);

#endif
