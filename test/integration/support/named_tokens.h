/* Files of named tokens (auth.tokens_file) for tests. */
#ifndef RECORDINGD_TEST_NAMED_TOKENS_H
#define RECORDINGD_TEST_NAMED_TOKENS_H

#define NAMED_TOKENS_SCOPES 6

/* Every scope but "all". */
extern const char *const named_tokens_scopes[NAMED_TOKENS_SCOPES];

/* The line for a token; its SHA-256 is reckoned independently of recordingd. */
char *named_token_line(const char *name, const char *scopes, const char *token);

/* Writes the file, closed to others; its path. */
char *named_tokens_write(const char *text);

/*
 * The text of a file with a token for each scope and "all", each called by its name, and one for
 * all scopes but one: "no-records" and so on.
 */
char *named_tokens_each(void);

#endif
