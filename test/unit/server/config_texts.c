/* What each text of the configuration may hold, the form lists are brought into, and the reasons.
 */
#include "server/config_texts.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "unit.h"

#define SECRET "hunter2secret"

#define SIXTY_BYTES "/abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghi"
#define NO_PREFIX                                                                                  \
	"a path such as /recordings/ is needed: letters, digits and -._~ between slashes, up to "  \
	"64 bytes"

static const struct config_option *
option_of(const char *name)
{
	for (size_t i = 0; i < config_option_count; i++) {
		char own[64];

		snprintf(
			own, sizeof own, "%s.%s", config_options[i].section, config_options[i].key);
		if (strcmp(own, name) == 0)
			return &config_options[i];
	}
	ck_abort_msg("%s is not an option", name);
}

static const struct {
	const char *option;
	const char *text;
	const char *normalised;
} good_cases[] = {
	{ "server.listen", "127.0.0.1:9400", "127.0.0.1:9400" },
	{ "server.listen", "localhost:1", "localhost:1" },
	{ "server.listen", "[::1]:65535,unix:/run/a", "[::1]:65535,unix:/run/a" },
	{ "server.listen", "  127.0.0.1:1 \t,  [::]:2\t", "127.0.0.1:1,[::]:2" },
	{ "server.trusted_proxies", "", "" },
	{ "server.trusted_proxies", " \t ", "" },
	{ "server.trusted_proxies", "unix", "unix" },
	{ "server.trusted_proxies", "10.0.0.0/8 , ::1 , unix", "10.0.0.0/8,::1,unix" },
	{ "auth.token", "", "" },
	{ "auth.token", "a b", "a b" },
	{ "auth.token", "~!@#$%^&*()\"'", "~!@#$%^&*()\"'" },
	{ "auth.token", "h\xc3\xb6ren", "h\xc3\xb6ren" },
	{ "database.conninfo", "", "" },
	{ "database.conninfo", "host=/run dbname=a", "host=/run dbname=a" },
	{ "database.conninfo", "host=a\tport=1", "host=a\tport=1" },
	{ "database.conninfo", "password='a b\\'c'", "password='a b\\'c'" },
	{ "database.conninfo", "postgresql://u:p@h:5432/d?sslmode=require",
		"postgresql://u:p@h:5432/d?sslmode=require" },
	{ "audio.directory", "/srv/h\xc3\xb6ren", "/srv/h\xc3\xb6ren" },
	{ "audio.directory", " a ", " a " },
	{ "access_log.file", "a.log", "a.log" },
	{ "audio.extensions", "wav", "wav" },
	{ "audio.extensions", "WAV , mp3,\tG729 ", "WAV,mp3,G729" },
	{ "audio.extensions", "abcdefghij123456", "abcdefghij123456" },
	{ "audio.accel_prefix", "", "" },
	{ "audio.accel_prefix", "/", "/" },
	{ "audio.accel_prefix", "/a/B-9_~.x/", "/a/B-9_~.x/" },
	{ "audio.accel_prefix", SIXTY_BYTES "abc/", SIXTY_BYTES "abc/" },
};

START_TEST(test_good)
{
	char reason[CONFIG_REASON_SIZE] = "";
	char text[128];

	strcpy(text, good_cases[_i].text);
	ck_assert_msg(config_text_check(option_of(good_cases[_i].option), text, reason), "%s: %s",
		good_cases[_i].text, reason);
	ck_assert_str_eq(text, good_cases[_i].normalised);
}
END_TEST

#define NO_ADDRESS	"no address is given: set some such as 127.0.0.1:9400, [::1]:9400 or unix:/path"
#define IS_NO_ADDRESS	"\" is not host:port (numeric or localhost), [v6]:port or unix:/path"
#define IS_NO_PROXY	"\" is not an address, a network or unix"
#define IS_NO_EXTENSION "\" is not an extension (1 to 16 letters and digits, no dot)"
#define EMPTY_ENTRY	"an entry of the list is empty"
#define CONTROL		"a control character is not allowed"
#define NO_UTF8		"the text is not UTF-8"

static const struct {
	const char *option;
	const char *text;
	const char *reason;
} bad_cases[] = {
	{ "server.listen", "", NO_ADDRESS },
	{ "server.listen", " ", NO_ADDRESS },
	{ "server.listen", ",", EMPTY_ENTRY },
	{ "server.listen", "127.0.0.1:1,", EMPTY_ENTRY },
	{ "server.listen", ",127.0.0.1:1", EMPTY_ENTRY },
	{ "server.listen", "127.0.0.1:1, ,127.0.0.1:2", EMPTY_ENTRY },
	{ "server.listen", "127.0.0.1", "\"127.0.0.1" IS_NO_ADDRESS },
	{ "server.listen", "127.0.0.1:0x1", "\"127.0.0.1:0x1" IS_NO_ADDRESS },
	{ "server.listen", "127.0.0.1:65536", "\"127.0.0.1:65536" IS_NO_ADDRESS },
	{ "server.listen", "example.org:80", "\"example.org:80" IS_NO_ADDRESS },
	{ "server.listen", "127.0.0.1:1,b,c", "\"b" IS_NO_ADDRESS },
	{ "server.listen", "unix:", "\"unix:" IS_NO_ADDRESS },
	{ "server.trusted_proxies", "unix,,::1", EMPTY_ENTRY },
	{ "server.trusted_proxies", "unix, a ,::1", "\"a" IS_NO_PROXY },
	{ "server.trusted_proxies", "10.0.0.0/33", "\"10.0.0.0/33" IS_NO_PROXY },
	{ "auth.token", " " SECRET, "no request header can match a blank at the beginning or end" },
	{ "auth.token", SECRET " ", "no request header can match a blank at the beginning or end" },
	{ "auth.token", SECRET "\t", "no request header can match a control character" },
	{ "auth.token", SECRET "\x7f", "no request header can match a control character" },
	{ "auth.token", SECRET "\xff", NO_UTF8 },
	{ "database.conninfo", SECRET, "libpq does not take it for a connection string or URI" },
	{ "database.conninfo", "password=" SECRET " nonsense=1",
		"libpq does not take it for a connection string or URI" },
	{ "database.conninfo", "password='" SECRET,
		"libpq does not take it for a connection string or URI" },
	{ "database.conninfo", "password=" SECRET "\x01", CONTROL },
	{ "database.conninfo", "password=" SECRET "\xc3", NO_UTF8 },
	{ "audio.directory", "", "no path is given" },
	{ "audio.directory", "/a\nb", CONTROL },
	{ "audio.directory", "/a\xff", NO_UTF8 },
	{ "access_log.file", "", "no path is given" },
	{ "access_log.file", "/a\x7f", CONTROL },
	{ "audio.accel_prefix", "a/", NO_PREFIX },
	{ "audio.accel_prefix", "/a", NO_PREFIX },
	{ "audio.accel_prefix", "//", NO_PREFIX },
	{ "audio.accel_prefix", "/a//b/", NO_PREFIX },
	{ "audio.accel_prefix", "/../", NO_PREFIX },
	{ "audio.accel_prefix", "/a/./", NO_PREFIX },
	{ "audio.accel_prefix", "/a b/", NO_PREFIX },
	{ "audio.accel_prefix", "/%41/", NO_PREFIX },
	{ "audio.accel_prefix", "/a?/", NO_PREFIX },
	{ "audio.accel_prefix", "/a\r\nb/", NO_PREFIX },
	{ "audio.accel_prefix", SIXTY_BYTES "abcd/", NO_PREFIX },
	{ "audio.extensions", "", "no extension is given: set some such as wav,ogg" },
	{ "audio.extensions", "wav,,ogg", EMPTY_ENTRY },
	{ "audio.extensions", ".wav", "\".wav" IS_NO_EXTENSION },
	{ "audio.extensions", "wav,tar.gz,ogg", "\"tar.gz" IS_NO_EXTENSION },
	{ "audio.extensions", "a/b", "\"a/b" IS_NO_EXTENSION },
	{ "audio.extensions", "wav ogg", "\"wav ogg" IS_NO_EXTENSION },
	{ "audio.extensions", "\xc3\xa4", "\"\xc3\xa4" IS_NO_EXTENSION },
	{ "audio.extensions", "abcdefghij1234567", "\"abcdefghij1234567" IS_NO_EXTENSION },
	{ "audio.extensions", "a\033[2J", "\"a?[2J" IS_NO_EXTENSION },
};

START_TEST(test_bad)
{
	char reason[CONFIG_REASON_SIZE] = "";
	char text[128];

	strcpy(text, bad_cases[_i].text);
	ck_assert_msg(!config_text_check(option_of(bad_cases[_i].option), text, reason), "%s",
		bad_cases[_i].text);
	ck_assert_str_eq(reason, bad_cases[_i].reason);
	ck_assert_ptr_null(strstr(reason, SECRET));
}
END_TEST

/* The longest entries are quoted in part; the reason stays one that a log can show. */
static const char *const list_options[] = { "server.listen", "server.trusted_proxies",
	"audio.extensions" };

START_TEST(test_long_entry)
{
	for (size_t before = 0; before < 4; before++) {
		char reason[CONFIG_REASON_SIZE] = "";
		char text[512] = "xxxx";

		text[before] = '\0';
		for (int i = 0; i < 100; i++)
			strcat(text, "\xe2\x82\xac");
		ck_assert(!config_text_check(option_of(list_options[_i]), text, reason));
		ck_assert_uint_lt(strlen(reason), CONFIG_REASON_SIZE);
		ck_assert_msg(utf8_is_valid(reason, strlen(reason)), "%s", reason);
	}
}
END_TEST

static Suite *
config_texts_suite(void)
{
	Suite *suite = suite_create("server/config_texts");

	unit_add_loop(suite, "good", test_good, UNIT_COUNT(good_cases));
	unit_add_loop(suite, "bad", test_bad, UNIT_COUNT(bad_cases));
	unit_add_loop(suite, "long entry", test_long_entry, UNIT_COUNT(list_options));
	return suite;
}

UNIT_MAIN(config_texts_suite)
