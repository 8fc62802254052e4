/* Content-Type of RFC 9110, 8.3. */
#ifndef RECORDINGD_HTTP_MEDIA_TYPE_H
#define RECORDINGD_HTTP_MEDIA_TYPE_H

#include <stdbool.h>

/* application/json, text/json or application/…+json, with well-formed parameters or none. */
bool media_type_is_json(const char *value);

#endif
