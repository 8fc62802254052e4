/*
 * The request log: a line on standard error for each answer when log.requests is on, and for slow
 * ones (log.slow_ms) in any case.
 *
 * The path is shown, as nothing else tells requests of one route apart. What stands behind its
 * question mark is not: phone numbers, call ids, and now and then a token that a client has put
 * there. Bodies are not, either.
 */
#ifndef RECORDINGD_API_REQUEST_LOG_H
#define RECORDINGD_API_REQUEST_LOG_H

#include "api/api.h"
#include "http/connection.h"

void request_log_answer(
	const struct api *api, struct connection *connection, const struct http_answer *answer);

/* The client behind the proxies; FORWARDED_CLIENT_SIZE bytes. */
void request_log_client(
	const struct api *api, struct connection *connection, char *client, size_t size);

#endif
