#include "api/token.h"

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "api/token_file.h"
#include "base/memory.h"

#define TOKEN_RANDOM_BYTES 32

/* Room for them in base64, with padding, and a NUL. */
#define TOKEN_TEXT_SIZE (BASE64_ENCODE_RAW_LENGTH(TOKEN_RANDOM_BYTES) + 1)

struct token_set {
	size_t count;
	struct token tokens[TOKENS_MAX];
};

static void
digest_of(const char *text, unsigned char digest[static TOKEN_DIGEST_BYTES])
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, strlen(text), (const uint8_t *)text);
	sha256_digest(&context, TOKEN_DIGEST_BYTES, digest);
}

/*
 * One past the number of the token with this digest, or 0. Looks at all of them and takes no
 * branch: as no two are the same, at most one number gets through.
 */
static size_t
place_of(const struct token_set *set, const unsigned char digest[static TOKEN_DIGEST_BYTES])
{
	size_t place = 0;

	for (size_t i = 0; i < set->count; i++) {
		size_t is_equal = (size_t)memeql_sec(
			set->tokens[i].digest, digest, TOKEN_DIGEST_BYTES);

		place |= (0 - is_equal) & (i + 1);
	}
	return place;
}

static bool
add(struct token_set *set, const struct token *token, struct error *error)
{
	size_t place = place_of(set, token->digest);

	if (place > 0 && set->tokens[place - 1].line == 0)
		return error_set(
			error, ERROR_INVALID_PARAMETER, "the token is auth.token, which opens all");
	if (place > 0)
		return error_set(error, ERROR_INVALID_PARAMETER, "the token is that of line %u",
			set->tokens[place - 1].line);
	if (set->count == TOKENS_MAX)
		return error_set(error, ERROR_INVALID_PARAMETER, "there are more than %d tokens",
			TOKENS_MAX);
	set->tokens[set->count++] = *token;
	return true;
}

static bool
on_token(const struct token *token, void *context, struct error *error)
{
	return add(context, token, error);
}

struct token_set *
token_set_new(const char *shared, const char *file, struct error *error)
{
	struct token_set *set = memory_zeroed(1, sizeof *set);
	struct token token = { .name = TOKEN_SHARED_NAME, .scopes = SCOPE_ALL };
	bool is_complete = true;

	if (*shared != '\0') {
		digest_of(shared, token.digest);
		is_complete = add(set, &token, error);
	}
	if (is_complete && *file != '\0')
		is_complete = token_file_read(file, on_token, set, error);
	if (is_complete && set->count == 0) {
		is_complete = error_set(error, ERROR_INVALID_PARAMETER,
			*file == '\0' ? "auth.token is empty: set it, PLAY_AUTH_TOKEN or "
					"auth.tokens_file"
				      : "auth.token is empty, and auth.tokens_file has no token");
	}
	if (is_complete)
		return set;
	token_set_free(set);
	return NULL;
}

void
token_set_free(struct token_set *set)
{
	free(set);
}

/* What stands behind "Bearer ", or NULL for another scheme (RFC 9110, 11.4). */
static const char *
bearer_token(const char *authorization)
{
	if (authorization == NULL || strncasecmp(authorization, "Bearer", 6) != 0 ||
		authorization[6] != ' ')
		return NULL;
	return authorization + 6 + strspn(authorization + 6, " ");
}

static const struct token *
token_of(const struct token_set *set, const char *given)
{
	unsigned char digest[TOKEN_DIGEST_BYTES];
	size_t place;

	digest_of(given, digest);
	place = place_of(set, digest);
	return place == 0 ? NULL : &set->tokens[place - 1];
}

const char *
token_given(const struct request *request)
{
	const char *header = request_field(request, "X-Auth-Token");

	return header != NULL ? header : bearer_token(request_field(request, "Authorization"));
}

const struct token *
token_set_find(const struct token_set *set, const struct request *request)
{
	const char *header = request_field(request, "X-Auth-Token");
	const char *bearer = bearer_token(request_field(request, "Authorization"));
	const struct token *token;

	if (header == NULL)
		return bearer == NULL ? NULL : token_of(set, bearer);
	token = token_of(set, header);
	if (bearer != NULL && token_of(set, bearer) != token)
		return NULL;
	return token;
}

/* base64url (RFC 4648, 5). */
static void
encode(char *text, const uint8_t *bytes, size_t length)
{
	struct base64_encode_ctx context;
	size_t written;

	base64url_encode_init(&context);
	written = base64_encode_update(&context, text, length, bytes);
	written += base64_encode_final(&context, text + written);
	text[written] = '\0';
	/* The padding would only make a token longer. */
	text[strcspn(text, "=")] = '\0';
}

/* From the kernel's generator, which waits for its seed only in the first moments of a boot. */
static bool
random_token(char text[static TOKEN_TEXT_SIZE])
{
	uint8_t bytes[TOKEN_RANDOM_BYTES];
	size_t length = sizeof bytes;

	/* Up to 256 bytes come whole or not at all (getrandom(2)). */
	if (getrandom(bytes, length, 0) != (ssize_t)length)
		return false;
	encode(text, bytes, length);
	return true;
}

bool
token_print_new(FILE *out, const char *name, const char *scopes, struct error *error)
{
	char text[TOKEN_TEXT_SIZE];
	unsigned char digest[TOKEN_DIGEST_BYTES];
	unsigned mask;

	if (!token_name_is_valid(name))
		return error_set(error, ERROR_INVALID_PARAMETER,
			"a token's name has 1 to %d letters, digits, \".\", \"_\" or \"-\", and is "
			"not \"" TOKEN_SHARED_NAME "\"",
			TOKEN_NAME_MAX);
	if (!scopes_parse(scopes, &mask))
		return error_set(error, ERROR_INVALID_PARAMETER,
			"scopes are some of " SCOPE_NAMES ", comma separated");
	if (!random_token(text))
		return error_set(error, ERROR_INTERNAL, "no randomness: %s", strerror(errno));
	digest_of(text, digest);
	fprintf(out, "%s\n%s %s " TOKEN_DIGEST_PREFIX, text, name, scopes);
	for (size_t i = 0; i < sizeof digest; i++)
		fprintf(out, "%02x", digest[i]);
	fputc('\n', out);
	if (fflush(out) != 0 || ferror(out) != 0)
		return error_set(
			error, ERROR_INTERNAL, "the token cannot be printed: %s", strerror(errno));
	return true;
}
