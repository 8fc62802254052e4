/*
 * Tokens: who may ask for what. They come in X-Auth-Token, or as the bearer token of RFC 6750.
 *
 * A set holds the shared token of the configuration, which opens everything, and the named tokens
 * of a file, each with its scopes:
 *
 *	# who   what           SHA-256 of the token
 *	crm     records,audio  sha256:9f86d081…
 *
 * Tokens themselves are kept nowhere, only their SHA-256: they are 256 random bits, so there is
 * nothing to guess that a slow hash would have to protect. nettle computes it, compares it and
 * writes base64url: the smallest of Debian's libraries with all three, no allocation, no state of
 * its own, and in every process with libpq already.
 *
 * A set never changes: a reload makes another one. What outlives it is copied from its tokens.
 */
#ifndef RECORDINGD_API_TOKEN_H
#define RECORDINGD_API_TOKEN_H

#include <stdio.h>

#include "api/scope.h"
#include "http/request.h"

#define TOKEN_DIGEST_BYTES 32

/* Letters, digits, '.', '_' and '-'. */
#define TOKEN_NAME_MAX (REQUEST_TOKEN_NAME_SIZE - 1)

/* The name of the shared token in logs. */
#define TOKEN_SHARED_NAME "default"

/* Each request is compared with all of them. */
#define TOKENS_MAX 256

struct token {
	char name[TOKEN_NAME_MAX + 1];
	unsigned scopes;
	unsigned line; /* of the file; 0: the shared token */
	unsigned char digest[TOKEN_DIGEST_BYTES];
};

struct token_set;

/*
 * shared and file may be "". NULL: error names file and line, for the operator; it never quotes
 * what may be a token. A set without any token is an error, and so is a file that others may read.
 */
struct token_set *token_set_new(const char *shared, const char *file, struct error *error);
void token_set_free(struct token_set *set);

/* What a request carries as its token, right or wrong; NULL without one. Lives as the request. */
const char *token_given(const struct request *request);

/*
 * The token that a request carries, or NULL. When both fields are there, both must be the same
 * right token; other Authorization schemes are somebody else's. The time it takes depends on the
 * length of what was given, not on which token it is like.
 */
const struct token *token_set_find(const struct token_set *set, const struct request *request);

/*
 * Makes a token of 256 random bits and prints it and, in a line of its own, what the file of tokens
 * must hold for it. False when name or scopes are none, or there is no randomness.
 */
bool token_print_new(
	FILE *out, const char *name, const char *scopes, struct error *error) MUST_CHECK;

#endif
