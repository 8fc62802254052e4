#include "http/host.h"

#include <arpa/inet.h>
#include <string.h>

#include "http/characters.h"

#define PORT_MAX 65535

/* "" or ":" or ":8080" (RFC 3986: the port may be empty). */
static bool
port_is_valid(const char *text, size_t length)
{
	unsigned port = 0;

	if (length == 0)
		return true;
	if (*text != ':' || length > 6)
		return false;
	for (size_t i = 1; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return port <= PORT_MAX;
}

/* "[::1]:8080"; future address formats are none of ours. */
static bool
literal_is_valid(const char *text, size_t length)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr parsed;
	const char *bracket = memchr(text, ']', length);
	size_t address_length;

	if (bracket == NULL)
		return false;
	address_length = (size_t)(bracket - text) - 1;
	if (address_length >= sizeof address)
		return false;
	memcpy(address, text + 1, address_length);
	address[address_length] = '\0';
	return inet_pton(AF_INET6, address, &parsed) == 1 &&
	       port_is_valid(bracket + 1, length - address_length - 2);
}

/* unreserved and sub-delims of RFC 3986 */
static bool
is_name_character(unsigned char character)
{
	return character_is_target(character) && strchr("%:@/?[]", character) == NULL;
}

bool
host_is_valid(const char *text, size_t length)
{
	size_t i = 0;

	if (length == 0 || memchr(text, '\0', length) != NULL)
		return false;
	if (*text == '[')
		return literal_is_valid(text, length);
	while (i < length && text[i] != ':') {
		/* An empty label is none; nginx refuses it too. */
		if (text[i] == '.' && i + 1 < length && text[i + 1] == '.')
			return false;
		if (text[i] == '%') {
			if (length - i < 3 || character_hex_value((unsigned char)text[i + 1]) < 0 ||
				character_hex_value((unsigned char)text[i + 2]) < 0)
				return false;
			i += 3;
		} else if (!is_name_character((unsigned char)text[i++])) {
			return false;
		}
	}
	return i > 0 && port_is_valid(text + i, length - i);
}
