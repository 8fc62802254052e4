/* Files of tokens: what a line may be, which line is wrong, and whose file is read at all. */
#include "api/token_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/token.h"
#include "unit.h"

#define HEX  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"
#define GOOD "crm audio sha256:" HEX "\n"

static struct error error;
static char file_name[128];
static char names[256]; /* of the tokens that were read */

static void
setup(void)
{
	snprintf(file_name, sizeof file_name, "/tmp/recordingd-tokens-%d", (int)getpid());
	names[0] = '\0';
}

static void
teardown(void)
{
	(void)unlink(file_name);
}

static void
write_bytes(const char *text, size_t length)
{
	FILE *file = fopen(file_name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fchmod(fileno(file), 0600), 0);
	ck_assert_uint_eq(fwrite(text, 1, length, file), length);
	fclose(file);
}

static bool
collect(const struct token *token, void *context, struct error *refusal)
{
	(void)context;
	for (int i = 0; i < TOKEN_DIGEST_BYTES - 1; i++)
		ck_assert_int_eq(token->digest[i], i);
	ck_assert_int_eq(token->digest[TOKEN_DIGEST_BYTES - 1], 0xff);
	snprintf(names + strlen(names), sizeof names - strlen(names), "%s:%u:%u ", token->name,
		token->line, token->scopes);
	if (strcmp(token->name, "unwanted") == 0)
		return error_set(refusal, ERROR_INVALID_PARAMETER, "nobody wants it");
	return true;
}

static bool
read_file(void)
{
	return token_file_read(file_name, collect, NULL, &error);
}

static const struct {
	const char *text;
	const char *names;
} good[] = {
	{ "", "" },
	{ "\n\n", "" },
	{ "# comment\n \t# comment\n#", "" },
	{ GOOD, "crm:1:2 " },
	{ "\n#\n" GOOD "\n" GOOD, "crm:3:2 crm:5:2 " },
	{ "crm audio sha256:" HEX, "crm:1:2 " },
	{ " \tcrm\t\taudio,cel  sha256:" HEX " \t", "crm:1:10 " },
	{ "crm audio sha256:" HEX "\r\nb all sha256:" HEX "\r\n", "crm:1:2 b:2:63 " },
	{ "crm audio sha256:" HEX " # until May # 2026\n", "crm:1:2 " },
	{ "crm audio sha256:000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1EFF",
		"crm:1:2 " },
	{ "a-name.of_32-Characters-01234567 cel sha256:" HEX,
		"a-name.of_32-Characters-01234567:1:8 " },
};

START_TEST(test_good)
{
	write_bytes(good[_i].text, strlen(good[_i].text));
	ck_assert_msg(read_file(), "%s", error.message);
	ck_assert_str_eq(names, good[_i].names);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *words;
} bad[] = {
	{ "crm\n", 1, "a line has" },
	{ GOOD "crm audio\n", 2, "a line has" },
	{ "#\n\n" GOOD "crm audio sha256:" HEX " cel", 4, "a line has" },
	{ "crm audio sha256:" HEX " a b c d e f", 1, "a line has" },
	{ "crm audio#cel", 1, "a line has" },
	{ "c/m audio sha256:" HEX, 1, "a name has" },
	{ "default audio sha256:" HEX, 1, "a name has" },
	{ "a-name.of_33-characters-012345678 audio sha256:" HEX, 1, "a name has" },
	{ "\xC3\xA4 audio sha256:" HEX, 1, "a name has" },
	{ "crm Audio sha256:" HEX, 1, "records, audio, history, cel, write, metrics, all" },
	{ "crm audio,s3cret sha256:" HEX, 1, "scopes are" },
	{ "crm audio, sha256:" HEX, 1, "scopes are" },
	{ "crm audio sha512:" HEX, 1, "64 hexadecimal digits" },
	{ "crm audio " HEX, 1, "64 hexadecimal digits" },
	{ "crm audio s3cret", 1, "64 hexadecimal digits" },
	{ "crm audio sha256:" HEX "0", 1, "64 hexadecimal digits" },
	{ "crm audio sha256:g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff", 1,
		"64 hexadecimal digits" },
	/* What is a digit once the bit of lower case is set. */
	{ "crm audio sha256:\x10"
	  "00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff",
		1, "64 hexadecimal digits" },
	{ "crm audio sha256:00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff", 1,
		"64 hexadecimal digits" },
	{ GOOD "unwanted audio sha256:" HEX, 2, "nobody wants it" },
};

/* The message names the line, and nothing of it: a token may stand where it should not. */
START_TEST(test_bad)
{
	char place[192];

	write_bytes(bad[_i].text, strlen(bad[_i].text));
	ck_assert(!read_file());
	snprintf(place, sizeof place, "auth.tokens_file: %s:%u: ", file_name, bad[_i].line);
	ck_assert_msg(strncmp(error.message, place, strlen(place)) == 0, "%s", error.message);
	ck_assert_msg(strstr(error.message, bad[_i].words) != NULL, "%s", error.message);
	ck_assert_msg(strstr(error.message, "s3cret") == NULL, "%s", error.message);
}
END_TEST

static void
expect_refusal(const char *words)
{
	char place[192];

	ck_assert(!read_file());
	snprintf(place, sizeof place, "auth.tokens_file: %s: ", file_name);
	ck_assert_msg(strncmp(error.message, place, strlen(place)) == 0, "%s", error.message);
	ck_assert_msg(strstr(error.message, words) != NULL, "%s", error.message);
	ck_assert_str_eq(names, "");
}

START_TEST(test_bytes)
{
	write_bytes(GOOD "\0", sizeof GOOD);
	expect_refusal("NUL");
}
END_TEST

/* Every right of others is one too many. */
START_TEST(test_rights)
{
	static const mode_t wrong[] = { 0601, 0602, 0604, 0607, 0644, 0666 };

	write_bytes(GOOD, strlen(GOOD));
	for (int i = 0; i < UNIT_COUNT(wrong); i++) {
		ck_assert_int_eq(chmod(file_name, wrong[i]), 0);
		expect_refusal("others");
	}
	ck_assert_int_eq(chmod(file_name, 0640), 0);
	ck_assert_msg(read_file(), "%s", error.message);
	ck_assert_int_eq(chmod(file_name, 0400), 0);
	ck_assert_msg(read_file(), "%s", error.message);
}
END_TEST

/* Only root can give a file away. */
START_TEST(test_owner)
{
	if (geteuid() != 0)
		return;
	write_bytes(GOOD, strlen(GOOD));
	ck_assert_int_eq(chown(file_name, 65534, (gid_t)-1), 0);
	expect_refusal("owner");
	/* To that user it is a file of its own, and one of root's is read, too. */
	ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_msg(read_file(), "%s", error.message);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chown(file_name, 0, 65534), 0);
	ck_assert_int_eq(chmod(file_name, 0640), 0);
	ck_assert_int_eq(setegid(65534), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_msg(read_file(), "%s", error.message);
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(test_no_file)
{
	expect_refusal("No such file");
	strcpy(file_name, "/dev/null");
	expect_refusal("regular");
	strcpy(file_name, "/tmp");
	expect_refusal("regular");
}
END_TEST

/* Of a long name a message shows the end, in whole characters. */
START_TEST(test_long_name)
{
	strcpy(file_name, "x");
	for (int i = 0; i < 25; i++)
		strcat(file_name, "\xf0\x9f\x98\x80");
	strcat(file_name, "yz");
	ck_assert(!read_file());
	ck_assert_msg(strncmp(error.message, "auth.tokens_file: ...\xf0\x9f\x98\x80", 25) == 0,
		"%s", error.message);
}
END_TEST

START_TEST(test_large)
{
	write_bytes("", 0);
	ck_assert_int_eq(truncate(file_name, 256 * 1024 + 1), 0);
	expect_refusal("256 KiB");
}
END_TEST

static void
add(Suite *suite, const char *name, const TTest *test, int count)
{
	TCase *test_case = tcase_create(name);

	tcase_add_checked_fixture(test_case, setup, teardown);
	tcase_add_loop_test(test_case, test, 0, count);
	suite_add_tcase(suite, test_case);
}

static Suite *
token_file_suite(void)
{
	Suite *suite = suite_create("api/token_file");

	add(suite, "good", test_good, UNIT_COUNT(good));
	add(suite, "bad", test_bad, UNIT_COUNT(bad));
	add(suite, "bytes", test_bytes, 1);
	add(suite, "rights", test_rights, 1);
	add(suite, "owner", test_owner, 1);
	add(suite, "no file", test_no_file, 1);
	add(suite, "long name", test_long_name, 1);
	add(suite, "large", test_large, 1);
	return suite;
}

UNIT_MAIN(token_file_suite)
