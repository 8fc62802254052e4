#include "http/request_id.h"

#include <event2/util.h>
#include <stdint.h>
#include <string.h>

#define PROCESS_DIGITS 16
#define NUMBER_DIGITS  12

bool
request_id_is_well_formed(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._:=+/@-";
	size_t length = strnlen(text, REQUEST_ID_SIZE);

	return length >= 1 && length < REQUEST_ID_SIZE && strspn(text, allowed) == length;
}

/* The lowest digits of a number; every answer has an id, and printf(3) would take its time. */
static void
write_hexadecimal(char *out, int digits, uint64_t number)
{
	while (digits-- > 0) {
		out[digits] = "0123456789abcdef"[number & 0xf];
		number >>= 4;
	}
}

void
request_id_make(char id[static REQUEST_ID_SIZE])
{
	static char process[PROCESS_DIGITS];
	static uint64_t number;

	if (number == 0) {
		uint64_t random;

		evutil_secure_rng_get_bytes(&random, sizeof random);
		write_hexadecimal(process, PROCESS_DIGITS, random);
	}
	memcpy(id, process, PROCESS_DIGITS);
	write_hexadecimal(id + PROCESS_DIGITS, NUMBER_DIGITS, ++number);
	id[PROCESS_DIGITS + NUMBER_DIGITS] = '\0';
}
