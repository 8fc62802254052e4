/*
 * Conditional requests and ranges of RFC 9110, 13 and 14, for something with an entity tag, a time
 * of modification and a size.
 */
#ifndef RECORDINGD_HTTP_CONDITIONAL_H
#define RECORDINGD_HTTP_CONDITIONAL_H

#include <stdint.h>
#include <time.h>

struct request;

enum condition {
	CONDITION_SEND,		 /* all of it */
	CONDITION_SEND_PART,	 /* from first to last */
	CONDITION_NOT_MODIFIED,	 /* 304 */
	CONDITION_FAILED,	 /* 412 */
	CONDITION_UNSATISFIABLE, /* 416 */
};

struct representation {
	const char *tag; /* a strong entity tag with its quotes */
	time_t modified;
	uint64_t bytes;
};

/* Weighs If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, If-Range and Range. */
enum condition condition_of(const struct request *request,
	const struct representation *representation, uint64_t *first, uint64_t *last);

#endif
