/* The ranges of the second byte are table 3-7 of the Unicode standard, "Well-Formed UTF-8". */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* The number of bytes of ASCII that text begins with, found eight at a time. */
static size_t
ascii_length(const unsigned char *text, size_t length)
{
	size_t i = 0;
	uint64_t word;

	for (; length - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, text + i, sizeof(word));
		if ((word & HIGH_BITS) != 0)
			break;
	}
	while (i < length && text[i] < 0x80)
		i++;
	return i;
}

/* The length that a first byte announces; 0 when no character begins with it. */
static size_t
announced_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xC2)
		return 0;
	if (first < 0xE0)
		return 2;
	if (first < 0xF0)
		return 3;
	return first < 0xF5 ? 4 : 0;
}

/* Whether second may follow first: shuts out overlong forms, surrogates and the unassignable. */
static bool
second_is_valid(unsigned char first, unsigned char second)
{
	unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
	unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;

	return second >= low && second <= high;
}

/* The length of the character of several bytes at text; 0 when it is malformed or cut off. */
static size_t
multibyte_length(const unsigned char *text, size_t length)
{
	size_t wanted = announced_length(text[0]);

	if (wanted < 2 || wanted > length || !second_is_valid(text[0], text[1]))
		return 0;
	for (size_t i = 2; i < wanted; i++) {
		if ((text[i] & 0xC0) != 0x80)
			return 0;
	}
	return wanted;
}

bool
utf8_is_valid(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t i = 0;

	while (i < length) {
		size_t step = ascii_length(bytes + i, length - i);

		if (step == 0)
			step = multibyte_length(bytes + i, length - i);
		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

bool
utf8_is_text(const char *text, size_t length)
{
	/* memchr() must not see the NULL of an empty text. */
	return length == 0 || (memchr(text, '\0', length) == NULL && utf8_is_valid(text, length));
}

void
utf8_trim_partial(char *text)
{
	size_t length = strlen(text);
	size_t tail = 0; /* continuation bytes at the end */

	while (tail < 3 && tail < length && ((unsigned char)text[length - tail - 1] & 0xC0) == 0x80)
		tail++;
	if (tail == length)
		return;
	if (announced_length((unsigned char)text[length - tail - 1]) > tail + 1)
		text[length - tail - 1] = '\0';
}

size_t
utf8_prefix(const char *text, size_t max_bytes)
{
	size_t length = strnlen(text, max_bytes);

	/* Where a continuation byte follows, the last character is not whole. */
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

const char *
utf8_suffix(const char *text, size_t max_bytes)
{
	size_t length = strlen(text);
	const char *suffix = length > max_bytes ? text + length - max_bytes : text;

	/* A continuation byte is the rest of a character that is not whole. */
	while (((unsigned char)*suffix & 0xc0) == 0x80)
		suffix++;
	return suffix;
}

size_t
utf8_length(const char *text)
{
	size_t length = 0;

	/* Every byte but a continuation byte begins a character. */
	for (; *text != '\0'; text++)
		length += ((unsigned char)*text & 0xc0) != 0x80;
	return length;
}
