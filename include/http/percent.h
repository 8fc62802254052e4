/* Percent-encoding of RFC 3986, 2.1, and of forms. Each decodes once. */
#ifndef RECORDINGD_HTTP_PERCENT_H
#define RECORDINGD_HTTP_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes length bytes of text into out, which has room for as many and gets no NUL. False when a
 * percent sign has no two hexadecimal digits behind it.
 */
bool percent_decode(const char *text, size_t length, char *out, size_t *out_length);

/* The same for application/x-www-form-urlencoded, where '+' is a blank. */
bool percent_decode_form(const char *text, size_t length, char *out, size_t *out_length);

/* Room for the encoded form of a text of so many bytes, with its NUL. */
#define PERCENT_ENCODED_SIZE(length) ((length)*3 + 1)

/*
 * Writes text with all but letters, digits and "-._~" escaped, and a NUL; out has room for
 * PERCENT_ENCODED_SIZE(strlen(text)).
 */
void percent_encode(const char *text, char *out);

#endif
