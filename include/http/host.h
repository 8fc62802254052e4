/* The host of a request: RFC 9110, 7.2 and RFC 3986, 3.2.2. */
#ifndef RECORDINGD_HTTP_HOST_H
#define RECORDINGD_HTTP_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* host [ ":" port ], not empty, without userinfo. */
bool host_is_valid(const char *text, size_t length);

#endif
