#include "api/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/token.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "http/characters.h"

#define BLANKS " \t\r"

/* Ten times what the largest set needs; the rest is for comments. */
#define FILE_BYTES_MAX (256 << 10)

/* A longer path is shown by its end, so that the reason has room. */
#define SHOWN_PATH_MAX 80

enum { WORD_NAME, WORD_SCOPES, WORD_DIGEST, WORD_COUNT };

bool
token_name_is_valid(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t length = strlen(name);

	return length >= 1 && length <= TOKEN_NAME_MAX && strspn(name, allowed) == length &&
	       strcmp(name, TOKEN_SHARED_NAME) != 0;
}

/* Puts the place in front of a reason; line 0 is the file as a whole. Returns false. */
static bool
refuse(struct error *error, const char *file, unsigned line, const char *reason)
{
	const char *shown = utf8_suffix(file, SHOWN_PATH_MAX);
	const char *cut = shown > file ? "..." : "";

	if (line == 0)
		return error_set(error, ERROR_INVALID_PARAMETER, "auth.tokens_file: %s%s: %s", cut,
			shown, reason);
	return error_set(error, ERROR_INVALID_PARAMETER, "auth.tokens_file: %s%s:%u: %s", cut,
		shown, line, reason);
}

static bool
parse_digest(const char *text, unsigned char digest[static TOKEN_DIGEST_BYTES])
{
	size_t prefix = strlen(TOKEN_DIGEST_PREFIX);

	if (strncmp(text, TOKEN_DIGEST_PREFIX, prefix) != 0)
		return false;
	text += prefix;
	if (strlen(text) != (size_t)2 * TOKEN_DIGEST_BYTES)
		return false;
	for (size_t i = 0; i < TOKEN_DIGEST_BYTES; i++) {
		int high = character_hex_value((unsigned char)text[2 * i]);
		int low = character_hex_value((unsigned char)text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		digest[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* The words of a line, up to a comment; a word more than there is room for counts, too. */
static size_t
split(char *line, char *words[static WORD_COUNT])
{
	size_t count = 0;
	char *rest = NULL;

	for (char *word = strtok_r(line, BLANKS, &rest); word != NULL && *word != '#';
		word = strtok_r(NULL, BLANKS, &rest)) {
		if (count == WORD_COUNT)
			return count + 1;
		words[count++] = word;
	}
	return count;
}

/* What is wrong with the words of a line, or NULL. Says what is allowed and quotes nothing. */
static const char *
parse_words(char *words[static WORD_COUNT], size_t count, struct token *token)
{
	if (count != WORD_COUNT)
		return "a line has a name, scopes and " TOKEN_DIGEST_PREFIX
		       "…, with blanks between";
	if (!token_name_is_valid(words[WORD_NAME]))
		return "a name has 1 to 32 letters, digits, \".\", \"_\" or \"-\", and is not "
		       "\"" TOKEN_SHARED_NAME "\"";
	if (!scopes_parse(words[WORD_SCOPES], &token->scopes))
		return "scopes are some of " SCOPE_NAMES ", comma separated";
	if (!parse_digest(words[WORD_DIGEST], token->digest))
		return "the third word is " TOKEN_DIGEST_PREFIX " and 64 hexadecimal digits";
	strcpy(token->name, words[WORD_NAME]);
	return NULL;
}

static bool
read_text(char *text, const char *file, token_file_function *on_token, void *context,
	struct error *error)
{
	unsigned number = 0;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		struct token token = { .line = ++number };
		char *words[WORD_COUNT];
		size_t count = split(line, words);
		const char *reason;

		if (count == 0)
			continue;
		reason = parse_words(words, count, &token);
		if (reason != NULL)
			return refuse(error, file, number, reason);
		if (!on_token(&token, context, error)) {
			struct error first = *error;

			return refuse(error, file, number, first.message);
		}
	}
	return true;
}

/* Why a file is not to be trusted, or NULL. */
static const char *
distrust(int descriptor)
{
	struct stat status;

	if (fstat(descriptor, &status) != 0)
		return strerror(errno);
	if (!S_ISREG(status.st_mode))
		return "not a regular file";
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return "its owner must be root or the user that runs recordingd";
	if ((status.st_mode & S_IRWXO) != 0)
		return "others can get at it: take their rights away (chmod o=)";
	if (status.st_size > FILE_BYTES_MAX)
		return "larger than 256 KiB";
	return NULL;
}

/* The whole file with a NUL behind it, or NULL and the reason. */
static char *
load(int descriptor, const char **reason)
{
	char *text = memory_zeroed(FILE_BYTES_MAX + 1, 1);
	size_t length = 0;
	ssize_t got;

	do {
		got = read(descriptor, text + length, FILE_BYTES_MAX - length);
		length += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0)
		*reason = strerror(errno);
	else if (strlen(text) != length)
		*reason = "it holds a NUL byte";
	else
		return text;
	free(text);
	return NULL;
}

bool
token_file_read(const char *file, token_file_function *on_token, void *context, struct error *error)
{
	int descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *reason;
	char *text = NULL;
	bool is_read;

	if (descriptor < 0)
		return refuse(error, file, 0, strerror(errno));
	reason = distrust(descriptor);
	if (reason == NULL)
		text = load(descriptor, &reason);
	(void)close(descriptor);
	if (text == NULL)
		return refuse(error, file, 0, reason);
	is_read = read_text(text, file, on_token, context, error);
	free(text);
	return is_read;
}
