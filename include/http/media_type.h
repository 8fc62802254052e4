/* Content-Type and Accept of RFC 9110, 8.3 and 12.5.1. */
#ifndef RECORDINGD_HTTP_MEDIA_TYPE_H
#define RECORDINGD_HTTP_MEDIA_TYPE_H

#include <stdbool.h>

/* application/json, text/json or application/…+json, with well-formed parameters or none. */
bool media_type_is_json(const char *value);

/*
 * How much an Accept field wants a type such as "text/csv": 0 (not at all) to 1000. The range that
 * names it most closely decides. Without the field (NULL) every type is wanted alike.
 */
unsigned media_type_quality(const char *accept, const char *type);

#endif
