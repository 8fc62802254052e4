#include "calls/search_cursor.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Enough that nobody guesses one within the life of a service. */
#define HASH_BYTES 12

/* "START|ID", then the hash. */
#define PLACE_SIZE (SEARCH_CURSOR_START_SIZE + SEARCH_CURSOR_ID_SIZE)

static void
hash_of(const struct search_cursor_bond *bond, const char *place, size_t length,
	uint8_t hash[static HASH_BYTES])
{
	struct hmac_sha256_ctx context;

	hmac_sha256_set_key(&context, strlen(bond->secret), (const uint8_t *)bond->secret);
	hmac_sha256_update(&context, length, (const uint8_t *)place);
	/* Each text with its NUL, so that no two searches make the same bytes. */
	for (size_t i = 0; i < bond->count; i++) {
		const char *text = bond->texts[i];

		hmac_sha256_update(&context, 1, (const uint8_t *)(text == NULL ? "-" : "+"));
		if (text != NULL)
			hmac_sha256_update(&context, strlen(text) + 1, (const uint8_t *)text);
	}
	hmac_sha256_digest(&context, HASH_BYTES, hash);
}

bool
search_cursor_write(const struct search_cursor_bond *bond, const char *start, const char *id,
	char text[static SEARCH_CURSOR_SIZE])
{
	uint8_t bytes[PLACE_SIZE + HASH_BYTES];
	struct base64_encode_ctx encoder;
	size_t length;
	size_t written;

	if (strlen(start) >= SEARCH_CURSOR_START_SIZE || strlen(id) >= SEARCH_CURSOR_ID_SIZE)
		return false;
	length = (size_t)snprintf((char *)bytes, PLACE_SIZE, "%s|%s", start, id);
	hash_of(bond, (const char *)bytes, length, bytes + length);
	base64url_encode_init(&encoder);
	written = base64_encode_update(&encoder, text, length + HASH_BYTES, bytes);
	written += base64_encode_final(&encoder, text + written);
	/* Padding needs escapes in a URL, and tells nothing. */
	while (written > 0 && text[written - 1] == '=')
		written--;
	text[written] = '\0';
	return true;
}

/* Splits "START|ID". */
static bool
split(const char *place, size_t length, struct search_cursor *cursor)
{
	const char *bar = memchr(place, '|', length);
	size_t start_length;
	size_t id_length;

	if (bar == NULL)
		return false;
	start_length = (size_t)(bar - place);
	id_length = length - start_length - 1;
	if (start_length >= sizeof cursor->start || id_length >= sizeof cursor->id)
		return false;
	memcpy(cursor->start, place, start_length);
	cursor->start[start_length] = '\0';
	memcpy(cursor->id, bar + 1, id_length);
	cursor->id[id_length] = '\0';
	return true;
}

bool
search_cursor_read(
	const struct search_cursor_bond *bond, const char *text, struct search_cursor *cursor)
{
	uint8_t bytes[BASE64_DECODE_LENGTH(SEARCH_CURSOR_SIZE)];
	char wanted[SEARCH_CURSOR_SIZE];
	struct base64_decode_ctx decoder;
	size_t text_length = strlen(text);
	size_t length = sizeof bytes;

	if (text_length >= SEARCH_CURSOR_SIZE)
		return false;
	base64url_decode_init(&decoder);
	/* Without padding this is no end to base64; what counts is whether it is written the same.
	 */
	if (base64_decode_update(&decoder, &length, bytes, text_length, text) != 1 ||
		length <= HASH_BYTES || !split((const char *)bytes, length - HASH_BYTES, cursor) ||
		!search_cursor_write(bond, cursor->start, cursor->id, wanted))
		return false;
	return strlen(wanted) == text_length && memeql_sec(wanted, text, text_length) == 1;
}
