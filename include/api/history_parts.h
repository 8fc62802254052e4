/*
 * What the histories of an interface and of an agent share: their parameters and their answer, an
 * array of entries or CSV.
 */
#ifndef RECORDINGD_API_HISTORY_PARTS_H
#define RECORDINGD_API_HISTORY_PARTS_H

#include "api/exchange.h"
#include "calls/history.h"

enum { HISTORY_SIZE, HISTORY_DAYS, HISTORY_PARAMETERS };

extern const struct field history_parameters[HISTORY_PARAMETERS];

/* Answers with the entries that are asked for. */
void history_answer(struct exchange *exchange, const struct history_request *request);

#endif
