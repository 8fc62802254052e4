/* Time for tests that wait for something to happen. */
#ifndef RECORDINGD_TEST_WAIT_H
#define RECORDINGD_TEST_WAIT_H

#include <stdbool.h>

/* A clock that only goes forward. */
long wait_now_ms(void);

void wait_ms(long duration_ms);

/* True once happened(context) is; false when it is not within timeout_ms. */
bool wait_until(bool (*happened)(void *context), void *context, long timeout_ms);

#endif
