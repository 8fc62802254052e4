/*
 * What the API counts for /recording/metrics: requests by route and status with their durations,
 * and audio. Memory for all of it is there from the start; counting allocates nothing.
 */
#ifndef RECORDINGD_API_MEASURES_H
#define RECORDINGD_API_MEASURES_H

#include <time.h>

#include "base/histogram.h"
#include "http/connection.h"

enum audio_action {
	AUDIO_ACTION_RESULT,
	AUDIO_ACTION_LISTEN,
	AUDIO_ACTION_DOWNLOAD,
	AUDIO_ACTION_COUNT,
};

extern const char *const audio_action_names[AUDIO_ACTION_COUNT];

/* Room for all routes; a test compares. */
#define MEASURES_ROUTES_MAX 24

/* Requests that belong to no route, and polls that waited because they were asked to. */
enum { MEASURES_NO_ROUTE, MEASURES_WAITED, MEASURES_FIRST_ROUTE };

struct measures {
	time_t started_at;
	struct histogram requests[MEASURES_ROUTES_MAX][RESPONSE_STATUSES];
	uint64_t abandoned; /* requests whose client went before the answer */
	uint64_t audio_actions[AUDIO_ACTION_COUNT];
	uint64_t audio_bytes[AUDIO_ACTION_COUNT];
};

struct measures *measures_new(void);
void measures_free(struct measures *measures);

/* note is that of the answered request. */
void measures_count(struct measures *measures, const struct request_note *note,
	const struct http_answer *answer);

/* The value of the label "route" for a row of requests; NULL: there is none. */
const char *measures_route(size_t row);

#endif
