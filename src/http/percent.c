#include "http/percent.h"

#include <string.h>

#include "http/characters.h"

static bool
decode(const char *text, size_t length, char plus, char *out, size_t *out_length)
{
	char *start = out;

	for (size_t i = 0; i < length; i++) {
		int high;
		int low;

		if (text[i] != '%') {
			*out++ = text[i] == '+' ? plus : text[i];
			continue;
		}
		if (length - i < 3)
			return false;
		high = character_hex_value((unsigned char)text[i + 1]);
		low = character_hex_value((unsigned char)text[i + 2]);
		if (high < 0 || low < 0)
			return false;
		*out++ = (char)((unsigned)high << 4 | (unsigned)low);
		i += 2;
	}
	*out_length = (size_t)(out - start);
	return true;
}

bool
percent_decode(const char *text, size_t length, char *out, size_t *out_length)
{
	return decode(text, length, '+', out, out_length);
}

bool
percent_decode_form(const char *text, size_t length, char *out, size_t *out_length)
{
	return decode(text, length, ' ', out, out_length);
}

/* RFC 3986, 2.3. */
static bool
is_unreserved(unsigned char byte)
{
	return ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || (byte >= '0' && byte <= '9') ||
	       (byte != '\0' && strchr("-._~", byte) != NULL);
}

void
percent_encode(const char *text, char *out)
{
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (is_unreserved(byte)) {
			*out++ = *text;
			continue;
		}
		*out++ = '%';
		*out++ = "0123456789ABCDEF"[byte >> 4];
		*out++ = "0123456789ABCDEF"[byte & 0xf];
	}
	*out = '\0';
}
