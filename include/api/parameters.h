/* Decodes a URL's query string into the values an endpoint declared. */
#ifndef RECORDINGD_API_PARAMETERS_H
#define RECORDINGD_API_PARAMETERS_H

#include "api/exchange.h"

/* Fills exchange->parameters; query is what stands behind the question mark, or NULL. */
bool parameters_decode(
	struct exchange *exchange, const char *query, struct error *error) MUST_CHECK;

#endif
