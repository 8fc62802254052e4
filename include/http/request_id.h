/*
 * X-Request-Id: one name for a request in the logs of the proxy, of recordingd and of the client.
 */
#ifndef RECORDINGD_HTTP_REQUEST_ID_H
#define RECORDINGD_HTTP_REQUEST_ID_H

#include <stdbool.h>

#include "http/request.h"

/*
 * Whether an id that came with a request may be taken over: 1 to REQUEST_ID_MAX letters, digits and
 * such punctuation as needs no escape in a log line, in JSON or in a header.
 */
bool request_id_is_well_formed(const char *text);

/* Makes one that no other request has: random bits of this process, then a number. */
void request_id_make(char id[static REQUEST_ID_SIZE]);

#endif
