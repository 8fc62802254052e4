#include "http/characters.h"

enum {
	IS_TOKEN = 1,
	IS_TARGET = 2,
};

/* Letters and digits are allowed everywhere; the rest is listed. */
static const unsigned char classes[256] = {
	['!'] = IS_TOKEN | IS_TARGET,
	['#'] = IS_TOKEN,
	['$'] = IS_TOKEN | IS_TARGET,
	['%'] = IS_TOKEN | IS_TARGET,
	['&'] = IS_TOKEN | IS_TARGET,
	['\''] = IS_TOKEN | IS_TARGET,
	['*'] = IS_TOKEN | IS_TARGET,
	['+'] = IS_TOKEN | IS_TARGET,
	['-'] = IS_TOKEN | IS_TARGET,
	['.'] = IS_TOKEN | IS_TARGET,
	['^'] = IS_TOKEN,
	['_'] = IS_TOKEN | IS_TARGET,
	['`'] = IS_TOKEN,
	['|'] = IS_TOKEN,
	['~'] = IS_TOKEN | IS_TARGET,
	['('] = IS_TARGET,
	[')'] = IS_TARGET,
	[','] = IS_TARGET,
	[';'] = IS_TARGET,
	['='] = IS_TARGET,
	[':'] = IS_TARGET,
	['@'] = IS_TARGET,
	['/'] = IS_TARGET,
	['?'] = IS_TARGET,
	['['] = IS_TARGET,
	[']'] = IS_TARGET,
};

static bool
is_letter_or_digit(unsigned char character)
{
	unsigned char lower = character | 0x20;

	return (lower >= 'a' && lower <= 'z') || (character >= '0' && character <= '9');
}

bool
character_is_token(unsigned char character)
{
	return is_letter_or_digit(character) || (classes[character] & IS_TOKEN) != 0;
}

bool
character_is_target(unsigned char character)
{
	return is_letter_or_digit(character) || (classes[character] & IS_TARGET) != 0;
}

bool
character_is_field_value(unsigned char character)
{
	return (character >= 0x20 && character != 0x7f) || character == '\t';
}

int
character_hex_value(unsigned char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return -1;
}
