/* Entity tags of RFC 9110, 8.8.3, in If-Match and If-None-Match. */
#ifndef RECORDINGD_HTTP_ENTITY_TAG_H
#define RECORDINGD_HTTP_ENTITY_TAG_H

#include <stdbool.h>

/*
 * Whether a list of entity tags, or "*", holds a strong tag (with its quotes). A weak tag in the
 * list only counts for the weak comparison. A malformed list matches nothing.
 */
bool entity_tag_list_matches(const char *list, const char *tag, bool weak_comparison);

#endif
