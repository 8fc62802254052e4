/*
 * What went wrong, worded where it is known and answered in one place.
 *
 * A function that can fail returns false and fills a struct error; its caller either handles it or
 * passes it on untouched. Only http/response.c turns an error into an answer, so the codes are
 * those of the API. The message is for the client: it names the field and what is allowed, and
 * never holds SQL, a path or a token.
 */
#ifndef RECORDINGD_BASE_ERROR_H
#define RECORDINGD_BASE_ERROR_H

#include <stdbool.h>

#define MUST_CHECK		  __attribute__((warn_unused_result))
#define PRINTF_LIKE(index, first) __attribute__((format(printf, index, first)))

enum error_code {
	ERROR_NONE,
	ERROR_BAD_REQUEST,	      /* 400, not HTTP: the connection closes, but for a path */
	ERROR_INVALID_JSON,	      /* 400 */
	ERROR_INVALID_PARAMETER,      /* 400 */
	ERROR_UNKNOWN_FIELD,	      /* 400 */
	ERROR_UNAUTHORIZED,	      /* 401 */
	ERROR_FORBIDDEN,	      /* 403 */
	ERROR_NOT_FOUND,	      /* 404 */
	ERROR_METHOD_NOT_ALLOWED,     /* 405 */
	ERROR_NOT_ACCEPTABLE,	      /* 406 */
	ERROR_REQUEST_TIMEOUT,	      /* 408 */
	ERROR_PRECONDITION_FAILED,    /* 412 */
	ERROR_BODY_TOO_LARGE,	      /* 413 */
	ERROR_URI_TOO_LONG,	      /* 414 */
	ERROR_UNSUPPORTED_MEDIA_TYPE, /* 415 */
	ERROR_RANGE_NOT_SATISFIABLE,  /* 416 */
	ERROR_TOO_MANY_REQUESTS,      /* 429 with Retry-After */
	ERROR_HEADERS_TOO_LARGE,      /* 431 */
	ERROR_INTERNAL,		      /* 500 */
	ERROR_UNAVAILABLE,	      /* 503 with Retry-After */
	ERROR_TIMEOUT,		      /* 504 */
	ERROR_CODE_COUNT,
};

struct error {
	enum error_code code;
	char message[256]; /* UTF-8, one sentence without a final stop */
	const char *allow; /* ERROR_METHOD_NOT_ALLOWED: the methods there are; a constant */
};

/* Fills error and returns false, so that a refusal is one line: return error_set(...). */
bool error_set(struct error *error, enum error_code code, const char *format, ...)
	PRINTF_LIKE(3, 4);

#endif
