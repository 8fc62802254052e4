/* Dates of RFC 9110, 5.6.7. */
#ifndef RECORDINGD_HTTP_HTTP_DATE_H
#define RECORDINGD_HTTP_HTTP_DATE_H

#include <stdbool.h>
#include <time.h>

#define HTTP_DATE_SIZE 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" and its NUL */

void http_date_format(time_t time, char text[static HTTP_DATE_SIZE]);

/* All three forms: IMF-fixdate, RFC 850 and asctime. False, and time untouched, for anything else.
 */
bool http_date_parse(const char *text, time_t *time);

#endif
