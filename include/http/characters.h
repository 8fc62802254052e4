/* Which characters HTTP allows where. One table, looked up by byte. */
#ifndef RECORDINGD_HTTP_CHARACTERS_H
#define RECORDINGD_HTTP_CHARACTERS_H

#include <stdbool.h>

/* tchar of RFC 9110, 5.6.2: methods, field names. */
bool character_is_token(unsigned char character);

/* What a request target may hold: RFC 3986 pchar, "/", "?", "%" and the brackets of an address. */
bool character_is_target(unsigned char character);

/* field-vchar, SP and HTAB of RFC 9110, 5.5. */
bool character_is_field_value(unsigned char character);

/* 0 to 15, or -1. */
int character_hex_value(unsigned char character);

#endif
