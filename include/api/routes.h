/* Every URL recordingd answers. */
#ifndef RECORDINGD_API_ROUTES_H
#define RECORDINGD_API_ROUTES_H

#include <stddef.h>

#include "api/endpoint.h"
#include "api/scope.h"

/* Captured segments a pattern may have. */
#define ROUTE_CAPTURES_MAX 2

enum route_method {
	ROUTE_GET, /* and HEAD */
	ROUTE_POST,
};

struct route {
	enum route_method method;
	const char *pattern; /* a segment in braces is captured, in order */
	const struct endpoint *endpoint;
	enum scope scope; /* that a token needs */
};

extern const struct route routes[];
extern const size_t route_count;

#endif
