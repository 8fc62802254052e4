#include "api/token.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "http/request.h"

/* Looks at every byte of what was given, whatever it is; only its length shows in the time. */
static bool
is_equal(const char *given, const char *token)
{
	size_t given_length = strlen(given);
	size_t token_length = strlen(token);
	volatile unsigned char difference = given_length != token_length;

	for (size_t i = 0; i < given_length; i++) {
		unsigned char expected = (unsigned char)
			token[i < token_length ? i : token_length - 1];

		difference |= (unsigned char)given[i] ^ expected;
	}
	return difference == 0;
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

bool
token_is_given(const struct request *request, const char *token)
{
	const char *header = request_field(request, "X-Auth-Token");
	const char *bearer = bearer_token(request_field(request, "Authorization"));

	if (header == NULL && bearer == NULL)
		return false;
	/* An empty token is refused at start; here it would index before the text. */
	if (*token == '\0')
		return false;
	return (header == NULL || is_equal(header, token)) &&
	       (bearer == NULL || is_equal(bearer, token));
}
