/*
 * The REST API: routes, tokens, and everything endpoints need.
 */
#ifndef RECORDINGD_API_API_H
#define RECORDINGD_API_API_H

#include "api/settings.h"

struct access_log;
struct cel_log;
struct db_pool;
struct http_handler;
struct measures;
struct search_sizes;

struct api {
	/* Borrowed: all outlive the API. */
	struct db_pool *pool;
	struct access_log *access_log;
	struct cel_log *cel_log;
	struct measures *measures;
	struct search_sizes *search_sizes;
	const struct api_settings *settings; /* replaced as a whole by a reload */
};

/* For http_server_new(), with a struct api as its context. */
extern const struct http_handler api_http_handler;

#endif
