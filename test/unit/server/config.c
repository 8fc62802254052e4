/*
 * Loading the configuration: every rule for values, files and variables, the wording of errors,
 * and that the sample file says what config_options[] says.
 */
#include "server/config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/config_values.h"
#include "unit.h"

#define FILE_NAME "recordingd.conf" /* in a folder of its own, so that messages can be compared */
#define SECRET	  "hunter2secret"

static char folder[] = "/tmp/unit-config-XXXXXX";

/* One configuration per test: each runs in a process of its own. */
static struct config *config;
static struct error error;

static void
setup(void)
{
	/* Nothing of the caller's environment may reach the tests. */
	ck_assert_int_eq(clearenv(), 0);
	ck_assert_int_eq(setenv("PLAY_AUTH_TOKEN", "t", 1), 0);
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	config = config_new();
	error = (struct error){ .code = ERROR_NONE };
}

static void
teardown(void)
{
	config_free(config);
	config = NULL;
	unlink(FILE_NAME);
	unlink("tokens");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
write_bytes(const char *bytes, size_t length)
{
	FILE *file = fopen(FILE_NAME, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

static bool
load(const char *text)
{
	write_bytes(text, strlen(text));
	return config_load(config, FILE_NAME, true, &error);
}

/* Fails with the message, so that a broken case names its reason. */
static void
load_ok(const char *text)
{
	bool is_loaded = load(text);

	ck_assert_msg(is_loaded, "\"%s\": %s", text, error.message);
}

static const struct config_option *
find_option(const char *name)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *option = &config_options[i];
		size_t length = strlen(option->section);

		if (strncmp(name, option->section, length) == 0 && name[length] == '.' &&
			strcmp(name + length + 1, option->key) == 0)
			return option;
	}
	ck_abort_msg("%s is not an option", name);
}

/* The value of an option as text, in the unit of the field. */
static const char *
value_of(const char *name)
{
	static char text[32];
	const struct config_option *option = find_option(name);

	if (option->type == CONFIG_TEXT)
		return *config_text_field(config, option);
	snprintf(text, sizeof text, "%" PRIu64, *config_number_field(config, option));
	return text;
}

static const struct {
	const char *name;
	const char *value;
} default_cases[] = {
	{ "server.listen", "127.0.0.1:9400" },
	{ "server.max_connections", "10000" },
	{ "server.max_connections_per_client", "0" },
	{ "server.header_timeout", "10000" },
	{ "server.body_timeout", "30000" },
	{ "server.idle_timeout", "75000" },
	{ "server.drain_timeout", "30000" },
	{ "server.max_target", "8192" },
	{ "server.max_head", "16384" },
	{ "server.max_body", "65536" },
	{ "server.output_budget", "268435456" },
	{ "server.trusted_proxies", "127.0.0.1,::1,unix" },
	{ "server.seccomp", "1" },
	{ "auth.token", "t" },
	{ "auth.tokens_file", "" },
	{ "database.conninfo", "dbname=xivo_stats" },
	{ "database.read_conninfo", "" },
	{ "database.read_max_lag", "10000" },
	{ "database.connections", "8" },
	{ "database.search_connections", "0" },
	{ "database.statement_timeout", "10000" },
	{ "database.queue_timeout", "5000" },
	{ "audio.directory", "/var/spool/recordingd/audio" },
	{ "audio.extensions", "wav,ogg,opus,mp3,gsm" },
	{ "audio.accel_prefix", "" },
	{ "access_log.file", "/var/log/recordingd/access.log" },
	{ "log.level", "3" }, /* info */
	{ "log.requests", "0" },
	{ "log.slow_ms", "1000" },
	{ "metrics.open", "0" },
	{ "records.default_page_size", "10" },
	{ "records.max_page_size", "1000" },
	{ "history.default_size", "10" },
	{ "history.max_size", "1000" },
	{ "history.default_days", "7" },
	{ "cel.default_limit", "1000" },
	{ "cel.max_limit", "10000" },
	{ "cel.cache_size", "67108864" },
	{ "cel.max_staleness", "5" },
	{ "cel.cache_ttl", "10000" },
	{ "cel.gap_timeout", "10000" },
	{ "cel.settle_time", "5000" },
};

static void
check_defaults(void)
{
	for (int i = 0; i < UNIT_COUNT(default_cases); i++)
		ck_assert_str_eq(value_of(default_cases[i].name), default_cases[i].value);
	ck_assert_uint_eq(config_option_count, UNIT_COUNT(default_cases));
}

START_TEST(test_defaults)
{
	ck_assert(config_load(config, FILE_NAME, false, &error));
	check_defaults();
}
END_TEST

/* Files that load, and the value of one option afterwards. */
static const struct {
	const char *text;
	const char *name;
	const char *value;
} value_cases[] = {
	/* Sizes. */
	{ "[server]\nmax_body = 512\n", "server.max_body", "512" },
	{ "[server]\nmax_body = 512B\n", "server.max_body", "512" },
	{ "[server]\nmax_body = 1KiB\n", "server.max_body", "1024" },
	{ "[server]\nmax_body = 3K\n", "server.max_body", "3072" },
	{ "[server]\nmax_body = 4MiB\n", "server.max_body", "4194304" },
	{ "[server]\nmax_body = 64M\n", "server.max_body", "67108864" },
	{ "[server]\nmax_body = 1\n", "server.max_body", "1" },
	{ "[server]\nmax_body = 00000000000000000000000000064\n", "server.max_body", "64" },
	/* Durations. */
	{ "[database]\nqueue_timeout = 1ms\n", "database.queue_timeout", "1" },
	{ "[database]\nqueue_timeout = 2s\n", "database.queue_timeout", "2000" },
	{ "[database]\nqueue_timeout = 2\n", "database.queue_timeout", "2000" },
	{ "[database]\nqueue_timeout = 5m\n", "database.queue_timeout", "300000" },
	{ "[database]\nqueue_timeout = 1h\n", "database.queue_timeout", "3600000" },
	{ "[server]\nheader_timeout = 10ms\n", "server.header_timeout", "10" },
	/* Numbers. */
	{ "[history]\ndefault_days = 0\n", "history.default_days", "0" },
	{ "[history]\ndefault_days = 36500\n", "history.default_days", "36500" },
	{ "[server]\nmax_connections = 1000000\n", "server.max_connections", "1000000" },
	/* Texts. */
	{ "[database]\nconninfo =\n", "database.conninfo", "" },
	{ "[database]\nconninfo = host=/run dbname=a\n", "database.conninfo",
		"host=/run dbname=a" },
	{ "[database]\nconninfo = host=a\tport=1\n", "database.conninfo", "host=a\tport=1" },
	{ "[audio]\ndirectory = /srv/h\xc3\xb6ren\n", "audio.directory", "/srv/h\xc3\xb6ren" },
	{ "[auth]\ntoken = s3cret with=signs:\n", "auth.token", "s3cret with=signs:" },
	{ "[auth]\ntoken =\n", "auth.token", "t" },
	/* Lists. */
	{ "[audio]\nextensions = wav , OGG,\tmp3\n", "audio.extensions", "wav,OGG,mp3" },
	{ "[audio]\nextensions = abcdefghij123456\n", "audio.extensions", "abcdefghij123456" },
	{ "[server]\ntrusted_proxies =\n", "server.trusted_proxies", "" },
	{ "[server]\nlisten = [::1]:9400, unix:/run/a b\n", "server.listen",
		"[::1]:9400,unix:/run/a b" },
	/* The file. */
	{ "", "auth.token", "t" },
	{ "# nothing\n\n   ; nothing\n[server]\n", "auth.token", "t" },
	{ "\xEF\xBB\xBF[auth]\ntoken = bom\n", "auth.token", "bom" },
	{ "\xEF\xBB\xBF# comment\n[auth]\ntoken = bom\n", "auth.token", "bom" },
	{ "[auth]\r\ntoken = crlf\r\n", "auth.token", "crlf" },
	{ "[auth]\ntoken = last line", "auth.token", "last line" },
	{ "  [auth]\n  token = indented\n", "auth.token", "indented" },
	{ "[auth]\ntoken: colon\n", "auth.token", "colon" },
	{ "[auth]  ; comment\ntoken = a ; comment\n", "auth.token", "a" },
	{ "[auth] # comment\ntoken = a#b;c\n", "auth.token", "a#b;c" },
	{ "[auth]\n[cel]\n[auth]\ntoken = a\n", "auth.token", "a" },
	{ "[log]\nlevel = error\n", "log.level", "0" },
	{ "[log]\nlevel = debug\n", "log.level", "4" },
	{ "[log]\nrequests = on\n", "log.requests", "1" },
	{ "[log]\nrequests = off\n", "log.requests", "0" },
	/* Continued texts. */
	{ "[database]\nconninfo = host=a\n  port=1\n\tuser=b\n", "database.conninfo",
		"host=a port=1 user=b" },
	{ "[database]\nconninfo =\n  host=a\n", "database.conninfo", "host=a" },
	{ "[database]\nconninfo = host=a\n # comment\n\n  port=1 ; comment\n", "database.conninfo",
		"host=a port=1" },
	{ "[server]\nlisten = 127.0.0.1:1,\n  [::1]:1\n", "server.listen", "127.0.0.1:1,[::1]:1" },
};

START_TEST(test_value)
{
	load_ok(value_cases[_i].text);
	ck_assert_str_eq(value_of(value_cases[_i].name), value_cases[_i].value);
}
END_TEST

/* Files that do not load, and the whole message. */
static const struct {
	const char *text;
	const char *message;
} error_cases[] = {
	{ "[log]\nlevel = Info\n", "recordingd.conf:2: log.level: \"Info\" is none of "
				   "error, warning, notice, info, debug" },
	{ "[log]\nrequests =\n", "recordingd.conf:2: log.requests: \"\" is none of off, on" },
	{ "[log]\nrequests = 1\n", "recordingd.conf:2: log.requests: \"1\" is none of off, on" },
	/* Sizes. */
	{ "\n[server]\nmax_body = 64XB\n",
		"recordingd.conf:3: server.max_body: \"64XB\" is not a size such as 512, 16KiB or "
		"4MiB (1 to 64MiB)" },
	{ "[server]\nmax_target = 16 KiB\n",
		"recordingd.conf:2: server.max_target: \"16 KiB\" is not a size such as 512, 16KiB "
		"or 4MiB (64 to 1MiB)" },
	{ "[server]\nmax_body = KiB\n",
		"recordingd.conf:2: server.max_body: \"KiB\" is not a size such as 512, 16KiB or "
		"4MiB (1 to 64MiB)" },
	{ "[server]\nmax_body =\n",
		"recordingd.conf:2: server.max_body: \"\" is not a size such as 512, 16KiB or 4MiB "
		"(1 to 64MiB)" },
	{ "[server]\nmax_body = 0\n",
		"recordingd.conf:2: server.max_body: \"0\" is out of range (1 to 64MiB)" },
	{ "[server]\nmax_body = 65MiB\n",
		"recordingd.conf:2: server.max_body: \"65MiB\" is out of range (1 to 64MiB)" },
	{ "[server]\nmax_head = 17179869185GiB\n", /* 2^34 + 1: 1GiB after an overflow */
		"recordingd.conf:2: server.max_head: \"17179869185GiB\" is out of range (256 to "
		"1MiB)" },
	{ "[server]\nmax_head = 18446744073709552640\n", /* 2^64 + 1024 */
		"recordingd.conf:2: server.max_head: \"18446744073709552640\" is out of range (256 "
		"to 1MiB)" },
	/* Durations. */
	{ "[server]\nheader_timeout = 9ms\n",
		"recordingd.conf:2: server.header_timeout: \"9ms\" is out of range (10ms to 1h)" },
	{ "[server]\nheader_timeout = 0\n",
		"recordingd.conf:2: server.header_timeout: \"0\" is out of range (10ms to 1h)" },
	{ "[server]\nidle_timeout = 61m\n",
		"recordingd.conf:2: server.idle_timeout: \"61m\" is out of range (10ms to 1h)" },
	{ "[server]\nidle_timeout = 1.5s\n",
		"recordingd.conf:2: server.idle_timeout: \"1.5s\" is not a duration such as 500ms, "
		"10s or 5m (10ms to 1h)" },
	{ "[server]\nidle_timeout = 10S\n",
		"recordingd.conf:2: server.idle_timeout: \"10S\" is not a duration such as 500ms, "
		"10s or 5m (10ms to 1h)" },
	/* Numbers. */
	{ "[database]\nconnections = 0x10\n",
		"recordingd.conf:2: database.connections: \"0x10\" is not a decimal number (1 to "
		"500)" },
	{ "[database]\nconnections = -1\n",
		"recordingd.conf:2: database.connections: \"-1\" is not a decimal number (1 to "
		"500)" },
	{ "[database]\nconnections = +1\n",
		"recordingd.conf:2: database.connections: \"+1\" is not a decimal number (1 to "
		"500)" },
	{ "[database]\nconnections = 5K\n",
		"recordingd.conf:2: database.connections: \"5K\" is not a decimal number (1 to "
		"500)" },
	{ "[database]\nconnections = 501\n",
		"recordingd.conf:2: database.connections: \"501\" is out of range (1 to 500)" },
	{ "[database]\nconnections = a\033[2J\xff\n",
		"recordingd.conf:2: database.connections: \"a?[2J?\" is not a decimal number (1 to "
		"500)" },
	{ "[database]\nconnections = 1234567890123456789012345678901234567890123456789\n",
		"recordingd.conf:2: database.connections: "
		"\"12345678901234567890123456789012345678901234...\" is out of range (1 to 500)" },
	/* Texts and lists. */
	{ "[server]\nlisten =\n",
		"recordingd.conf:2: server.listen: no address is given: set some such as "
		"127.0.0.1:9400, [::1]:9400 or unix:/path" },
	{ "[server]\nlisten = a:1,,b:2\n",
		"recordingd.conf:2: server.listen: an entry of the list is empty" },
	{ "[server]\ntrusted_proxies = unix,\n",
		"recordingd.conf:2: server.trusted_proxies: an entry of the list is empty" },
	{ "[audio]\nextensions =\n",
		"recordingd.conf:2: audio.extensions: no extension is given: set some such as "
		"wav,ogg" },
	{ "[audio]\nextensions = wav,.ogg,mp3\n",
		"recordingd.conf:2: audio.extensions: \".ogg\" is not an extension (1 to 16 "
		"letters and digits, no dot)" },
	{ "[audio]\nextensions = abcdefghij1234567\n",
		"recordingd.conf:2: audio.extensions: \"abcdefghij1234567\" is not an extension (1 "
		"to 16 letters and digits, no dot)" },
	{ "[audio]\nextensions = wav ogg\n",
		"recordingd.conf:2: audio.extensions: \"wav ogg\" is not an extension (1 to 16 "
		"letters and digits, no dot)" },
	{ "[audio]\ndirectory =\n", "recordingd.conf:2: audio.directory: no path is given" },
	{ "[access_log]\nfile =\n", "recordingd.conf:2: access_log.file: no path is given" },
	{ "[audio]\ndirectory = /a\x01\n",
		"recordingd.conf:2: audio.directory: a control character is not allowed" },
	{ "[audio]\ndirectory = /a\xff\n",
		"recordingd.conf:2: audio.directory: the text is not UTF-8" },
	{ "[auth]\ntoken = " SECRET "\t" SECRET "\n",
		"recordingd.conf:2: auth.token: no request header can match a control character" },
	{ "[database]\nconninfo = user=" SECRET "\x01\n",
		"recordingd.conf:2: database.conninfo: a control character is not allowed" },
	{ "[database]\nconninfo = " SECRET "\xff\n",
		"recordingd.conf:2: database.conninfo: the text is not UTF-8" },
	/* Sections and keys. */
	{ "listen = 127.0.0.1:1\n",
		"recordingd.conf:1: the key \"listen\" stands in front of the first [section]" },
	{ "[sever]\n",
		"recordingd.conf:1: [sever] is not a section (server, auth, database, audio, "
		"access_log, log, metrics, records, history, cel)" },
	{ "[]\n", "recordingd.conf:1: [] is not a section (server, auth, database, audio, "
		  "access_log, log, metrics, records, history, cel)" },
	{ "[Cel]\n", "recordingd.conf:1: [Cel] is not a section (server, auth, database, audio, "
		     "access_log, log, metrics, records, history, cel)" },
	{ "[cel]\n\nmax_limits = 7\n",
		"recordingd.conf:3: cel.max_limits is not a key of the configuration ([cel] has "
		"default_limit, max_limit, cache_size, max_staleness, cache_ttl, gap_timeout, "
		"settle_time)" },
	{ "[auth]\ntokn = " SECRET "\n",
		"recordingd.conf:2: auth.tokn is not a key of the configuration ([auth] has "
		"token, tokens_file)" },
	{ "[auth]\ntoken =\n" SECRET "==\n",
		"recordingd.conf:3: auth.token: a value in the next line must be indented" },
	{ "[cel]\n= 7\n",
		"recordingd.conf:2: cel. is not a key of the configuration ([cel] has "
		"default_limit, max_limit, cache_size, max_staleness, cache_ttl, gap_timeout, "
		"settle_time)" },
	{ "[cel]\nmax_limit = 2000\n[auth]\n[cel]\nmax_limit = 3000\n",
		"recordingd.conf:5: cel.max_limit is given twice, first in line 2" },
	{ "[auth]\ntoken =\ntoken = a\n",
		"recordingd.conf:3: auth.token is given twice, first in line 2" },
	/* Syntax. */
	{ "[auth]\n" SECRET "\n",
		"recordingd.conf:2: neither a [section] nor \"key = value\" nor a comment" },
	{ "[auth]\nnonsense\ntokn = a\n",
		"recordingd.conf:2: neither a [section] nor \"key = value\" nor a comment" },
	{ "[auth\ntoken = a\n", "recordingd.conf:1: a section has no closing \"]\"" },
	{ "[auth] token = a\n",
		"recordingd.conf:1: only a comment may follow a [section] in its line" },
	/* Continued values. */
	{ "[cel]\nmax_limit = 20\n  00\n",
		"recordingd.conf:3: cel.max_limit: only a text may go on in an indented line; "
		"remove the blanks in front of a new key or section" },
	{ "[database]\n  conninfo = host=a\n  connections = 4\n",
		"recordingd.conf:3: database.conninfo: an indented line goes on with its value; "
		"remove the blanks in front of a new key or section" },
	{ "[auth]\ntoken = a\n [cel]\n",
		"recordingd.conf:3: auth.token: an indented line goes on with its value; remove "
		"the blanks in front of a new key or section" },
	/* The whole. */
	{ "[server]\nmax_target = 32KiB\n",
		"recordingd.conf:2: server.max_target (32KiB) is larger than server.max_head "
		"(16KiB)" },
	{ "[server]\n\nmax_head = 4000\n",
		"recordingd.conf:3: server.max_target (8KiB) is larger than server.max_head "
		"(4000)" },
	{ "[records]\nmax_page_size = 5\n",
		"recordingd.conf:2: records.default_page_size (10) is larger than "
		"records.max_page_size (5)" },
	{ "[history]\nmax_size = 5\ndefault_size = 6\n",
		"recordingd.conf:3: history.default_size (6) is larger than history.max_size "
		"(5)" },
	{ "[cel]\ndefault_limit = 10001\n",
		"recordingd.conf:2: cel.default_limit (10001) is larger than cel.max_limit "
		"(10000)" },
};

START_TEST(test_error)
{
	bool is_loaded = load(error_cases[_i].text);

	ck_assert_msg(!is_loaded, "\"%s\" is loaded", error_cases[_i].text);
	ck_assert_str_eq(error.message, error_cases[_i].message);
	ck_assert_ptr_null(strstr(error.message, SECRET));
}
END_TEST

/* A line of 198 bytes is whole, one byte more is an error; a comment may have any length. */
START_TEST(test_line_length)
{
	static const char head[] = "[audio]\ndirectory = ";
	char text[512] = "";
	size_t start = strlen(head);

	memcpy(text, head, start);
	memset(text + start, 'd', 198 - strlen("directory = "));
	load_ok(text);
	ck_assert_uint_eq(strlen(config->audio.directory), 198 - strlen("directory = "));
	strcat(text, "d");
	ck_assert(!load(text));
	ck_assert_str_eq(error.message,
		"recordingd.conf:2: the line is longer than 198 bytes; a text may go on in the "
		"next line, indented");
	memset(text, ';', 400);
	strcpy(text + 400, "\n[audio]\ndirectory = /a\n");
	load_ok(text);
	ck_assert_str_eq(config->audio.directory, "/a");
}
END_TEST

START_TEST(test_long_continued_text)
{
	char text[4096] = "[database]\nconninfo = options='a\n";

	for (int i = 0; i < 30; i++) {
		size_t length = strlen(text);

		text[length] = ' ';
		memset(text + length + 1, 'b', 100);
		strcpy(text + length + 101, "\n");
	}
	strcat(text, " '\n");
	load_ok(text);
	ck_assert_uint_eq(strlen(config->database.conninfo), 10 + 30 * 101 + 2);
}
END_TEST

START_TEST(test_nul_byte)
{
	static const char text[] = "[auth]\ntoken = a\0b\n";

	write_bytes(text, sizeof(text) - 1);
	ck_assert(!config_load(config, FILE_NAME, true, &error));
	ck_assert_str_eq(error.message, "recordingd.conf:2: the line holds a NUL byte");
}
END_TEST

START_TEST(test_unreadable)
{
	ck_assert(!config_load(config, FILE_NAME, true, &error));
	ck_assert_str_eq(
		error.message, "recordingd.conf: cannot be opened: No such file or directory");
	ck_assert(!config_load(config, "/", false, &error));
	ck_assert_str_eq(error.message, "/: cannot be read: Is a directory");
	ck_assert(!config_load(config, "/dev/null/x", false, &error));
	ck_assert_str_eq(error.message, "/dev/null/x: cannot be opened: Not a directory");
}
END_TEST

/* A token that was meant to be there: recordingd must not run without it. */
START_TEST(test_unreadable_credential)
{
	ck_assert_int_eq(unsetenv("PLAY_AUTH_TOKEN"), 0);
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	ck_assert_int_eq(mkdir("token", 0700), 0);
	ck_assert(!load(""));
	ck_assert_str_eq(error.message, "the credential \"token\" cannot be read: Is a directory");
	ck_assert_int_eq(rmdir("token"), 0);
}
END_TEST

/* The end of a long name is what tells two files apart, and the rest must have room. */
START_TEST(test_long_file_name)
{
	char name[200];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert(!config_load(config, name, true, &error));
	ck_assert_str_eq(error.message,
		"...nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: "
		"cannot be opened: No such file or directory");
}
END_TEST

/* Variables over a file that sets max_limit and max_body; NULL for the message: it loads. */
static const struct {
	const char *variable;
	const char *text;
	const char *message;
	const char *name;
	const char *value;
} variable_cases[] = {
	{ "RECORDINGD_CEL_MAX_LIMIT", "3000", NULL, "cel.max_limit", "3000" },
	{ "RECORDINGD_ACCESS_LOG_FILE", "/a", NULL, "access_log.file", "/a" },
	{ "RECORDINGD_RECORDS_DEFAULT_PAGE_SIZE", "11", NULL, "records.default_page_size", "11" },
	{ "RECORDINGD_DATABASE_CONNINFO", "user='a ;b'", NULL, "database.conninfo", "user='a ;b'" },
	{ "RECORDINGD_AUTH_TOKEN", "other", NULL, "auth.token", "other" },
	{ "RECORDINGD_AUTH_TOKEN", "", NULL, "auth.token", "t" },
	{ "RECORDINGD_UNKNOWN", "a", NULL, "cel.max_limit", "2000" },
	{ "RECORDINGD_cel_max_limit", "1", NULL, "cel.max_limit", "2000" },
	{ "RECORDINGD_SERVER_MAX_BODY", "64XB",
		"RECORDINGD_SERVER_MAX_BODY: server.max_body: \"64XB\" is not a size such as 512, "
		"16KiB or 4MiB (1 to 64MiB)",
		NULL, NULL },
	{ "RECORDINGD_SERVER_MAX_BODY", "",
		"RECORDINGD_SERVER_MAX_BODY: server.max_body: \"\" is not a size such as 512, "
		"16KiB or 4MiB (1 to 64MiB)",
		NULL, NULL },
	{ "RECORDINGD_SERVER_LISTEN", "",
		"RECORDINGD_SERVER_LISTEN: server.listen: no address is given: set some such as "
		"127.0.0.1:9400, [::1]:9400 or unix:/path",
		NULL, NULL },
	{ "RECORDINGD_CEL_DEFAULT_LIMIT", "2001",
		"RECORDINGD_CEL_DEFAULT_LIMIT: cel.default_limit (2001) is larger than "
		"cel.max_limit (2000)",
		NULL, NULL },
	{ "RECORDINGD_CEL_MAX_LIMIT", "999",
		"RECORDINGD_CEL_MAX_LIMIT: cel.default_limit (1000) is larger than cel.max_limit "
		"(999)",
		NULL, NULL },
	{ "RECORDINGD_AUTH_TOKEN", " " SECRET,
		"RECORDINGD_AUTH_TOKEN: auth.token: no request header can match a blank at the "
		"beginning or end",
		NULL, NULL },
	{ "PLAY_AUTH_TOKEN", SECRET " ",
		"PLAY_AUTH_TOKEN: auth.token: no request header can match a blank at the beginning "
		"or end",
		NULL, NULL },
	{ "PLAY_AUTH_TOKEN", SECRET "\n",
		"PLAY_AUTH_TOKEN: auth.token: no request header can match a control character",
		NULL, NULL },
	{ "PLAY_AUTH_TOKEN", "", "auth.token is empty: set it, PLAY_AUTH_TOKEN or auth.tokens_file",
		NULL, NULL },
	{ "PLAY_AUTH_TOKEN", NULL,
		"auth.token is empty: set it, PLAY_AUTH_TOKEN or auth.tokens_file", NULL, NULL },
};

START_TEST(test_variable)
{
	static const char text[] = "[cel]\nmax_limit = 2000\n[server]\nmax_body = 1KiB\n";

	if (variable_cases[_i].text == NULL)
		ck_assert_int_eq(unsetenv(variable_cases[_i].variable), 0);
	else
		ck_assert_int_eq(
			setenv(variable_cases[_i].variable, variable_cases[_i].text, 1), 0);
	if (variable_cases[_i].message == NULL) {
		load_ok(text);
		ck_assert_str_eq(value_of(variable_cases[_i].name), variable_cases[_i].value);
		return;
	}
	ck_assert(!load(text));
	ck_assert_str_eq(error.message, variable_cases[_i].message);
	ck_assert_ptr_null(strstr(error.message, SECRET));
}
END_TEST

/* A file of tokens with none in it. */
static void
write_tokens(const char *name)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fchmod(fileno(file), 0600), 0);
	fclose(file);
}

/* Each option has a variable of its own that reaches its own field. */
START_TEST(test_every_variable)
{
	const struct config_option *option = &config_options[_i];
	char variable[64];
	char text[CONFIG_NUMBER_SIZE] = "abc";

	snprintf(variable, sizeof variable, "RECORDINGD_%s_%s", option->section, option->key);
	for (char *byte = variable; *byte != '\0'; byte++)
		*byte = (char)toupper((unsigned char)*byte);
	if (option->type == CONFIG_CHOICE)
		strcpy(text,
			option->choices[strcmp(option->choices[1], option->default_value) != 0]);
	else if (option->type != CONFIG_TEXT)
		config_number_print(
			option->type, *config_number_field(config, option) + 4096, text);
	/* 4 KiB, 4096 ms and 4096 differ from every default; the bounds decide what is allowed. */
	if (option->type != CONFIG_TEXT && option->type != CONFIG_CHOICE && option->maximum < 4096)
		strcpy(text, "9");
	/* What caps others must not go below their defaults. */
	if (strncmp(option->key, "max_", 4) == 0)
		config_number_print(option->type, option->maximum, text);
	if (strncmp(option->key, "default_", 8) == 0)
		strcpy(text, "9");
	if (strcmp(option->key, "listen") == 0)
		strcpy(text, "[::]:1");
	if (strcmp(option->key, "trusted_proxies") == 0)
		strcpy(text, "unix");
	if (strstr(option->key, "conninfo") != NULL)
		strcpy(text, "host=a");
	if (strcmp(option->key, "tokens_file") == 0)
		write_tokens(strcpy(text, "tokens"));
	if (strcmp(option->key, "accel_prefix") == 0)
		strcpy(text, "/a/");
	if (strcmp(option->key, "max_target") == 0)
		strcpy(text, "4096");
	ck_assert_int_eq(setenv(variable, text, 1), 0);
	load_ok("");
	for (int i = 0; i < UNIT_COUNT(default_cases); i++) {
		bool is_changed = strcmp(value_of(default_cases[i].name), default_cases[i].value) !=
				  0;

		ck_assert_msg(is_changed == (find_option(default_cases[i].name) == option),
			"%s: %s", variable, default_cases[i].name);
	}
}
END_TEST

/* A bad value in the file is an error even where a variable overrides it. */
START_TEST(test_overridden_error)
{
	ck_assert_int_eq(setenv("RECORDINGD_CEL_MAX_LIMIT", "3000", 1), 0);
	ck_assert(!load("[cel]\nmax_limit = x\n"));
	ck_assert_str_eq(error.message,
		"recordingd.conf:2: cel.max_limit: \"x\" is not a decimal number (1 to 1000000)");
}
END_TEST

/* A misspelt variable is a line in the log. */
START_TEST(test_unknown_variable_is_logged)
{
	char text[256] = "";
	int saved = dup(STDERR_FILENO);
	FILE *log = tmpfile();

	ck_assert_ptr_nonnull(log);
	ck_assert_int_eq(setenv("RECORDINGD_SERVER_MAXBODY", SECRET, 1), 0);
	ck_assert_int_ge(dup2(fileno(log), STDERR_FILENO), 0);
	load_ok("");
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	close(saved);
	rewind(log);
	ck_assert_ptr_nonnull(fgets(text, sizeof text, log));
	ck_assert_str_eq(text,
		"RECORDINGD_SERVER_MAXBODY is ignored: no key of the configuration is called so\n");
	ck_assert_ptr_null(fgets(text, sizeof text, log));
	fclose(log);
}
END_TEST

static void
collect_changed(const struct config_option *option, void *context)
{
	strcat(context, option->section);
	strcat(context, ".");
	strcat(context, option->key);
	strcat(context, " ");
}

START_TEST(test_compare)
{
	struct config *other = config_new();
	char changed[200] = "";

	load_ok("");
	ck_assert(config_load(other, FILE_NAME, true, &error));
	config_compare_restart(config, other, collect_changed, changed);
	ck_assert_str_eq(changed, "");
	config_free(other);
	other = config_new();
	write_bytes("[server]\nlisten=[::]:1\nmax_connections=1\nmax_body=1\n", 52);
	ck_assert_int_eq(setenv("RECORDINGD_DATABASE_CONNECTIONS", "1", 1), 0);
	ck_assert_int_eq(setenv("RECORDINGD_DATABASE_QUEUE_TIMEOUT", "1s", 1), 0);
	ck_assert_int_eq(setenv("RECORDINGD_AUTH_TOKEN", "new", 1), 0);
	ck_assert(config_load(other, FILE_NAME, true, &error));
	config_compare_restart(config, other, collect_changed, changed);
	ck_assert_str_eq(changed, "server.listen database.connections ");
	config_free(other);
}
END_TEST

START_TEST(test_free)
{
	config_free(NULL);
	config_free(config_new());
	/* Loading twice into one configuration must not leak, and starts from the defaults. */
	load_ok("[cel]\nmax_limit = 2000\n[audio]\ndirectory = /a\n");
	load_ok("");
	check_defaults();
}
END_TEST

static char *
read_sample(void)
{
	static char text[16384];
	FILE *file = fopen(SOURCE_ROOT "/etc/recordingd.conf", "r");
	size_t length;

	ck_assert_msg(file != NULL, "no etc/recordingd.conf");
	length = fread(text, 1, sizeof(text) - 1, file);
	ck_assert_uint_lt(length, sizeof(text) - 1);
	text[length] = '\0';
	fclose(file);
	return text;
}

/* The sample shows every option in its section, commented out, with its default. */
START_TEST(test_sample_shows)
{
	const struct config_option *option = &config_options[_i];
	const char *sample = read_sample();
	char line[128];
	const char *start;
	const char *end;
	const char *found;

	snprintf(line, sizeof line, "\n[%s]\n", option->section);
	start = strstr(sample, line);
	ck_assert_msg(start != NULL, "[%s] is missing from the sample", option->section);
	end = strstr(start + 1, "\n[");
	snprintf(line, sizeof line, "\n#%s =%s%s\n", option->key,
		option->default_value[0] != '\0' ? " " : "", option->default_value);
	found = strstr(start, line);
	ck_assert_msg(found != NULL && (end == NULL || found < end),
		"%s.%s = %s is missing from the sample", option->section, option->key,
		option->default_value);
}
END_TEST

/* The sample loads as it is, and says the same when every "#key = " loses its "#". */
START_TEST(test_sample_loads)
{
	char *sample = read_sample();
	char *to;
	int keys = 0;

	load_ok(sample);
	check_defaults();
	to = sample;
	for (const char *from = sample; *from != '\0'; from++) {
		if (*from == '#' && (from == sample || from[-1] == '\n') &&
			islower((unsigned char)from[1]) != 0)
			keys++;
		else
			*to++ = *from;
	}
	*to = '\0';
	ck_assert_int_eq(keys, (int)config_option_count);
	load_ok(sample);
	check_defaults();
}
END_TEST

/* Help and defaults of the table itself. */
START_TEST(test_table)
{
	const struct config_option *option = &config_options[_i];
	char text[CONFIG_NUMBER_SIZE];
	uint64_t value;

	ck_assert_uint_gt(strlen(option->help), 0);
	ck_assert((option->choices != NULL) == (option->type == CONFIG_CHOICE));
	if (option->type == CONFIG_TEXT || option->type == CONFIG_CHOICE)
		return;
	ck_assert_uint_le(option->minimum, option->maximum);
	ck_assert_uint_lt(option->maximum, UINT64_MAX);
	ck_assert(config_number_parse(option->type, option->default_value, &value));
	config_number_print(option->type, value, text);
	ck_assert(config_number_parse(option->type, text, &value));
	ck_assert(value >= option->minimum && value <= option->maximum);
}
END_TEST

static const struct {
	enum config_type type;
	uint64_t value;
	const char *text;
} print_cases[] = {
	{ CONFIG_NUMBER, 0, "0" },
	{ CONFIG_NUMBER, 1024, "1024" },
	{ CONFIG_NUMBER, UINT64_MAX, "18446744073709551615" },
	{ CONFIG_SIZE, 0, "0" },
	{ CONFIG_SIZE, 1000, "1000" },
	{ CONFIG_SIZE, 1024, "1KiB" },
	{ CONFIG_SIZE, 1536 * 1024, "1536KiB" },
	{ CONFIG_SIZE, UINT64_C(3) << 20, "3MiB" },
	{ CONFIG_SIZE, UINT64_C(5) << 30, "5GiB" },
	{ CONFIG_DURATION, 0, "0" },
	{ CONFIG_DURATION, 1, "1ms" },
	{ CONFIG_DURATION, 1500, "1500ms" },
	{ CONFIG_DURATION, 75000, "75s" },
	{ CONFIG_DURATION, 120000, "2m" },
	{ CONFIG_DURATION, 7200000, "2h" },
};

START_TEST(test_print)
{
	char text[CONFIG_NUMBER_SIZE];
	uint64_t value;

	config_number_print(print_cases[_i].type, print_cases[_i].value, text);
	ck_assert_str_eq(text, print_cases[_i].text);
	ck_assert(config_number_parse(print_cases[_i].type, text, &value));
	ck_assert_uint_eq(value, print_cases[_i].value);
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
config_suite(void)
{
	Suite *suite = suite_create("server/config");

	add(suite, "table", test_table, (int)config_option_count);
	add(suite, "print", test_print, UNIT_COUNT(print_cases));
	add(suite, "defaults", test_defaults, 1);
	add(suite, "value", test_value, UNIT_COUNT(value_cases));
	add(suite, "error", test_error, UNIT_COUNT(error_cases));
	add(suite, "line length", test_line_length, 1);
	add(suite, "long continued text", test_long_continued_text, 1);
	add(suite, "NUL byte", test_nul_byte, 1);
	add(suite, "unreadable", test_unreadable, 1);
	add(suite, "unreadable credential", test_unreadable_credential, 1);
	add(suite, "long file name", test_long_file_name, 1);
	add(suite, "variable", test_variable, UNIT_COUNT(variable_cases));
	add(suite, "every variable", test_every_variable, (int)config_option_count);
	add(suite, "overridden error", test_overridden_error, 1);
	add(suite, "unknown variable", test_unknown_variable_is_logged, 1);
	add(suite, "compare", test_compare, 1);
	add(suite, "free", test_free, 1);
	add(suite, "sample shows", test_sample_shows, (int)config_option_count);
	add(suite, "sample loads", test_sample_loads, 1);
	return suite;
}

UNIT_MAIN(config_suite)
