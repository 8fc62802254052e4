/* Who carries which token: both fields, every way to be nearly right, and both at once; new ones.
 */
#include "api/token.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/request.h"
#include "unit.h"

#define TOKEN "s3cret-Token"

/* Each test has a process, and a file, of its own. */
#define FILE_NAME file_name()

static struct error error;
static char fields[128];

static const char *
file_name(void)
{
	static char name[64];

	snprintf(name, sizeof name, "/tmp/recordingd-token-%d", (int)getpid());
	return name;
}

static const struct {
	const char *fields;
	bool is_given;
} cases[] = {
	{ "", false },
	{ "X-Auth-Token: s3cret-Token\r\n", true },
	{ "x-auth-token:s3cret-Token\r\n", true },
	{ "X-AUTH-TOKEN: \t s3cret-Token \t\r\n", true }, /* blanks around are no part of it */
	{ "X-Auth-Token:\r\n", false },
	{ "X-Auth-Token: s\r\n", false },
	{ "X-Auth-Token: s3cret-Toke\r\n", false },
	{ "X-Auth-Token: s3cret-Tokenn\r\n", false }, /* repeats the last byte */
	{ "X-Auth-Token: s3cret-Tokens3cret-Token\r\n", false },
	{ "X-Auth-Token: S3cret-Token\r\n", false },
	{ "X-Auth-Token: s3cret-token\r\n", false },
	{ "X-Auth-Token: 3cret-Token\r\n", false },
	{ "X-Auth-Token: s3cret-Tokem\r\n", false },
	{ "X-Auth-Token: \"s3cret-Token\"\r\n", false },
	{ "X-Auth-Token: s3cret-Token, s3cret-Token\r\n", false },
	{ "X-Auth-Token: Bearer s3cret-Token\r\n", false },
	{ "Auth-Token: s3cret-Token\r\n", false },
	{ "X-Auth-Tokens: s3cret-Token\r\n", false },

	/* RFC 6750, 2.1; the scheme in any case (RFC 9110, 11.1), blanks between (11.4). */
	{ "Authorization: Bearer s3cret-Token\r\n", true },
	{ "authorization: bearer s3cret-Token\r\n", true },
	{ "Authorization: BEARER s3cret-Token\r\n", true },
	{ "Authorization: Bearer   s3cret-Token\r\n", true },
	{ "Authorization: Bearer\r\n", false },
	{ "Authorization: Bearer \r\n", false },
	{ "Authorization: Bearers3cret-Token\r\n", false },
	{ "Authorization: Bearer s3cret-Toke\r\n", false },
	{ "Authorization: Bearer s3cret-Tokenn\r\n", false },
	{ "Authorization: Bearer s3cret-Token x\r\n", false },
	{ "Authorization: s3cret-Token\r\n", false },
	{ "Authorization: Basic s3cret-Token\r\n", false },
	{ "Authorization: Token s3cret-Token\r\n", false },
	{ "Authorization:\r\n", false },

	/* Both must be right, and other schemes are somebody else's. */
	{ "X-Auth-Token: s3cret-Token\r\nAuthorization: Bearer s3cret-Token\r\n", true },
	{ "X-Auth-Token: s3cret-Token\r\nAuthorization: Bearer wrong\r\n", false },
	{ "X-Auth-Token: wrong\r\nAuthorization: Bearer s3cret-Token\r\n", false },
	{ "X-Auth-Token:\r\nAuthorization: Bearer s3cret-Token\r\n", false },
	{ "X-Auth-Token: s3cret-Token\r\nAuthorization: Basic d3Jvbmc=\r\n", true },
	{ "X-Auth-Token: wrong\r\nAuthorization: Basic s3cret-Token\r\n", false },
};

static struct request *
request_with(const char *given)
{
	static const struct request_limits limits = {
		.max_head_bytes = 4096, .max_target_bytes = 1024, .max_body_bytes = 1024
	};
	struct request *request = request_new(&limits);
	char head[512];
	size_t used;
	int length = snprintf(
		head, sizeof head, "GET /recording/cel HTTP/1.1\r\nHost: a\r\n%s\r\n", given);
	enum request_progress progress = request_feed(request, head, (size_t)length, &used, &error);

	ck_assert_msg(progress == REQUEST_HEAD_COMPLETE, "%s: %s", given, error.message);
	return request;
}

static void
expect_token(const struct token *token, const char *name, unsigned scopes)
{
	ck_assert_str_eq(token->name, name);
	ck_assert_uint_eq(token->scopes, scopes);
}

/* The name of the token that is found, or "". */
static const char *
found(const struct token_set *set, const char *given)
{
	struct request *request = request_with(given);
	const struct token *token = token_set_find(set, request);

	request_free(request);
	return token == NULL ? "" : token->name;
}

static void
expect_found(const struct token_set *set, const char *given, const char *name, unsigned scopes)
{
	struct request *request = request_with(given);
	const struct token *token = token_set_find(set, request);

	ck_assert_msg(token != NULL, "%s", given);
	expect_token(token, name, scopes);
	request_free(request);
}

static void
write_file(const char *text)
{
	FILE *file = fopen(FILE_NAME, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fchmod(fileno(file), 0600), 0);
	ck_assert_int_ge(fputs(text, file), 0);
	fclose(file);
}

START_TEST(test_given)
{
	struct request *request = request_with(cases[_i].fields);
	struct token_set *set = token_set_new(TOKEN, "", &error);
	const struct token *token = token_set_find(set, request);

	ck_assert_msg((token != NULL) == cases[_i].is_given, "\"%s\"", cases[_i].fields);
	if (token != NULL)
		expect_token(token, "default", SCOPE_ALL);
	token_set_free(set);
	request_free(request);
}
END_TEST

/* A token of one byte has no prefix but the empty one. */
START_TEST(test_short_token)
{
	struct token_set *set = token_set_new("t", "", &error);

	ck_assert_str_eq(found(set, "X-Auth-Token: t\r\n"), "default");
	ck_assert_str_eq(found(set, "X-Auth-Token: tt\r\n"), "");
	ck_assert_str_eq(found(set, "X-Auth-Token: u\r\n"), "");
	ck_assert_str_eq(found(set, "X-Auth-Token:\r\n"), "");
	token_set_free(set);
}
END_TEST

/* SHA-256 of "alpha" and "beta", as sha256sum(1) has them. */
#define ALPHA "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8"
#define BETA  "f44e64e75f3948e9f73f8dfa94721c4ce8cbb4f265c4790c702b2d41cfbf2753"

/* Each token is found by itself, and two different right ones are not right together. */
START_TEST(test_named)
{
	struct token_set *set;

	write_file("# comment\n\n\ta records,audio sha256:" ALPHA "\n"
		   "a cel\tsha256:" BETA " # old");
	set = token_set_new(TOKEN, FILE_NAME, &error);
	ck_assert_msg(set != NULL, "%s", error.message);
	ck_assert_str_eq(found(set, "X-Auth-Token: " TOKEN "\r\n"), "default");
	ck_assert_str_eq(found(set, "X-Auth-Token: gamma\r\n"), "");
	ck_assert_str_eq(found(set, "X-Auth-Token: " ALPHA "\r\n"), "");
	ck_assert_str_eq(found(set, "X-Auth-Token: sha256:" ALPHA "\r\n"), "");
	expect_found(set, "X-Auth-Token: alpha\r\n", "a", SCOPE_RECORDS | SCOPE_AUDIO);
	expect_found(set, "Authorization: Bearer beta\r\n", "a", SCOPE_CEL);
	expect_found(set, "X-Auth-Token: beta\r\nAuthorization: Bearer beta\r\n", "a", SCOPE_CEL);
	ck_assert_str_eq(found(set, "X-Auth-Token: alpha\r\nAuthorization: Bearer beta\r\n"), "");
	ck_assert_str_eq(
		found(set, "X-Auth-Token: beta\r\nAuthorization: Bearer " TOKEN "\r\n"), "");
	token_set_free(set);
	set = token_set_new("", FILE_NAME, &error);
	ck_assert_ptr_nonnull(set);
	ck_assert_str_eq(found(set, "X-Auth-Token:\r\n"), "");
	ck_assert_str_eq(found(set, "X-Auth-Token: " TOKEN "\r\n"), "");
	ck_assert_str_eq(found(set, "X-Auth-Token: alpha\r\n"), "a");
	token_set_free(set);
	unlink(FILE_NAME);
}
END_TEST

/* The last of as many as a set may have, and one more. */
START_TEST(test_full)
{
	char text[TOKENS_MAX * 100 + 200];
	size_t length = 0;
	struct token_set *set;

	for (int i = 1; i < TOKENS_MAX; i++)
		length += (size_t)sprintf(text + length, "t%d cel sha256:%064x\n", i, i);
	sprintf(text + length, "last all sha256:" BETA "\n");
	write_file(text);
	set = token_set_new("", FILE_NAME, &error);
	ck_assert_msg(set != NULL, "%s", error.message);
	expect_found(set, "X-Auth-Token: beta\r\n", "last", SCOPE_ALL);
	token_set_free(set);
	ck_assert_ptr_null(token_set_new("t", FILE_NAME, &error));
	ck_assert_ptr_nonnull(strstr(error.message, "more than 256 tokens"));
	unlink(FILE_NAME);
}
END_TEST

/* Two lines with one token could disagree about its scopes. */
START_TEST(test_repeated)
{
	write_file("a cel sha256:" ALPHA "\nb cel sha256:" BETA "\n\nc audio sha256:" ALPHA "\n");
	ck_assert_ptr_null(token_set_new("", FILE_NAME, &error));
	ck_assert_ptr_nonnull(strstr(error.message, ":4: the token is that of line 1"));
	write_file("b cel sha256:" BETA "\na cel sha256:" ALPHA "\n");
	ck_assert_ptr_null(token_set_new("alpha", FILE_NAME, &error));
	ck_assert_ptr_nonnull(strstr(error.message, ":2: the token is auth.token"));
	unlink(FILE_NAME);
}
END_TEST

START_TEST(test_none)
{
	ck_assert_ptr_null(token_set_new("", "", &error));
	ck_assert_ptr_nonnull(strstr(error.message, "auth.token"));
	write_file("# nobody\n");
	ck_assert_ptr_null(token_set_new("", FILE_NAME, &error));
	ck_assert_ptr_nonnull(strstr(error.message, "auth.tokens_file"));
	unlink(FILE_NAME);
}
END_TEST

/* What is printed is a token of 256 bits and a line that lets it in. */
START_TEST(test_new)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	struct token_set *set;
	char *line;

	ck_assert(token_print_new(out, "crm", "history,cel", &error));
	fclose(out);
	line = strchr(text, '\n');
	ck_assert_ptr_nonnull(line);
	*line++ = '\0';
	ck_assert_uint_eq(strlen(text), 43);
	ck_assert_uint_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_"),
		43);
	ck_assert_int_eq(strncmp(line, "crm history,cel sha256:", 23), 0);
	write_file(line);
	set = token_set_new("", FILE_NAME, &error);
	ck_assert_msg(set != NULL, "%s", error.message);
	snprintf(fields, sizeof fields, "X-Auth-Token: %s\r\n", text);
	expect_found(set, fields, "crm", SCOPE_HISTORY | SCOPE_CEL);
	token_set_free(set);
	unlink(FILE_NAME);
	free(text);
}
END_TEST

START_TEST(test_new_refused)
{
	FILE *out = fopen("/dev/full", "w");

	ck_assert(!token_print_new(stdout, "two words", "cel", &error));
	ck_assert(!token_print_new(stdout, "", "cel", &error));
	ck_assert(!token_print_new(stdout, "default", "cel", &error));
	ck_assert(!token_print_new(stdout, "crm", "", &error));
	ck_assert(!token_print_new(stdout, "crm", "cel,", &error));
	ck_assert(!token_print_new(stdout, "crm", "cel,delete", &error));
	ck_assert_ptr_nonnull(strstr(error.message, "metrics"));
	ck_assert(!token_print_new(out, "crm", "cel", &error));
	ck_assert_int_eq(error.code, ERROR_INTERNAL);
	fclose(out);
}
END_TEST

static Suite *
token_suite(void)
{
	Suite *suite = suite_create("api/token");

	unit_add_loop(suite, "given", test_given, UNIT_COUNT(cases));
	unit_add(suite, "short token", test_short_token);
	unit_add(suite, "named", test_named);
	unit_add(suite, "full", test_full);
	unit_add(suite, "repeated", test_repeated);
	unit_add(suite, "none", test_none);
	unit_add(suite, "new", test_new);
	unit_add(suite, "new refused", test_new_refused);
	return suite;
}

UNIT_MAIN(token_suite)
