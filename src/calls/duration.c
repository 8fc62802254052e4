#include "calls/duration.h"

#include <inttypes.h>
#include <stdio.h>

void
duration_format(int64_t seconds, char text[static DURATION_SIZE])
{
	if (seconds < 0)
		seconds = 0;
	snprintf(text, DURATION_SIZE, "%02" PRId64 ":%02d:%02d", seconds / 3600,
		(int)(seconds / 60 % 60), (int)(seconds % 60));
}
