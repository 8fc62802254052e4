/* The shared token of RFC 6750 and X-Auth-Token. */
#ifndef RECORDINGD_API_TOKEN_H
#define RECORDINGD_API_TOKEN_H

#include <stdbool.h>

struct request;

/*
 * Whether a request carries the token: in X-Auth-Token, or as Authorization: Bearer. When both are
 * there both must be right; other Authorization schemes are somebody else's. Compared in a time
 * that does not depend on where the texts differ.
 */
bool token_is_given(const struct request *request, const char *token);

#endif
