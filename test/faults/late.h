/* What has come from PostgreSQL while something was sent there. */
#ifndef RECORDINGD_TEST_LATE_H
#define RECORDINGD_TEST_LATE_H

#include <stdbool.h>

/*
 * Whether a request is answered whose result comes while the next one's query is sent on the same
 * connection, and before the result of that.
 */
bool late_is_answered(void);

#endif
