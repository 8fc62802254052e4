#include "api/measures.h"

#include <stdlib.h>

#include "api/routes.h"
#include "base/memory.h"

const char *const audio_action_names[AUDIO_ACTION_COUNT] = {
	[AUDIO_ACTION_RESULT] = "result",
	[AUDIO_ACTION_LISTEN] = "listen",
	[AUDIO_ACTION_DOWNLOAD] = "download",
};

struct measures *
measures_new(void)
{
	struct measures *measures = memory_zeroed(1, sizeof *measures);

	measures->started_at = time(NULL);
	return measures;
}

void
measures_free(struct measures *measures)
{
	free(measures);
}

/* A poll that waits for a minute says nothing about how fast others are. */
static size_t
row_of(const struct request_note *note)
{
	if (note->patience_us > 0)
		return MEASURES_WAITED;
	return note->route == 0 ? MEASURES_NO_ROUTE : MEASURES_FIRST_ROUTE + note->route - 1;
}

void
measures_count(struct measures *measures, const struct request_note *note,
	const struct http_answer *answer)
{
	if (answer->status == 0) {
		measures->abandoned++;
		return;
	}
	histogram_observe(&measures->requests[row_of(note)][response_status_index(answer->status)],
		answer->duration_us);
}

const char *
measures_route(size_t row)
{
	if (row == MEASURES_NO_ROUTE)
		return "none";
	if (row == MEASURES_WAITED)
		return "/recording/cel?wait";
	row -= MEASURES_FIRST_ROUTE;
	return row < route_count ? routes[row].pattern : NULL;
}
