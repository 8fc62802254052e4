/*
 * The file of named tokens: a line each, "name scope,scope sha256:<64 hexadecimal digits>", in
 * which "#" begins a comment.
 *
 * Two lines may have one name: the old and the new token of the same client while it changes over.
 */
#ifndef RECORDINGD_API_TOKEN_FILE_H
#define RECORDINGD_API_TOKEN_FILE_H

#include "base/error.h"

struct token;

#define TOKEN_DIGEST_PREFIX "sha256:"

/* Called for each token, in the order of the file; error is then completed with the place. */
typedef bool token_file_function(const struct token *token, void *context, struct error *error);

/*
 * False: error->message names file and line. Only a regular file of root or of the process's user
 * that others can neither read nor write is read.
 */
bool token_file_read(const char *file, token_file_function *on_token, void *context,
	struct error *error) MUST_CHECK;

/* Whether a file may have a token of that name. */
bool token_name_is_valid(const char *name);

#endif
