/*
 * The access log: lines that any JSON reader understands whatever the client sent, rotation, and
 * every way in which a line cannot be written.
 */
#include "audio/access_log.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#define LOG_FILE "access.log"

/* Each test runs in a folder and a process of its own. */
static char folder[] = "/tmp/unit-access-log-XXXXXX";

static const struct access_log_entry plain = {
	.client = "192.0.2.7",
	.token = "default",
	.request_id = "4f2a",
	.action = "listen",
	.file_id = "xivocc_gateway-1420717200.10",
	.status = 200,
	.bytes = 96044,
};

static void
setup(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_ptr_nonnull(freopen("errors", "w", stderr));
}

static void
teardown(void)
{
	char command[sizeof(folder) + 16];

	ck_assert_int_eq(chdir("/"), 0);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* What a file holds behind offset, until the next call. */
static char *
content_behind(const char *file, long offset)
{
	static char text[65536];
	FILE *in = fopen(file, "r");
	size_t length;

	ck_assert_msg(in != NULL, "%s is missing", file);
	ck_assert_int_eq(fseek(in, offset, SEEK_SET), 0);
	length = fread(text, 1, sizeof(text) - 1, in);
	text[length] = '\0';
	fclose(in);
	return text;
}

static int
lines_of(const char *file)
{
	int lines = 0;

	for (const char *at = content_behind(file, 0); *at != '\0'; at++)
		lines += *at == '\n';
	return lines;
}

/* One line, to the letter of RFC 8259, with exactly the members of the entry in their order. */
static void
check_line(const char *line, const struct access_log_entry *entry)
{
	static const char *const members[] = { "time", "client", "token", "action", "file_id",
		"status", "bytes", "request_id" };
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *values[UNIT_COUNT(members)];
	struct json_object *object;
	int count = 0;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, line, (int)strlen(line) + 1);
	ck_assert_msg(object != NULL, "not JSON: %s", line);
	ck_assert(json_object_is_type(object, json_type_object));
	json_object_object_foreach (object, name, value) {
		ck_assert_int_lt(count, UNIT_COUNT(members));
		ck_assert_str_eq(name, members[count]);
		values[count++] = value;
	}
	ck_assert_int_eq(count, UNIT_COUNT(members));
	ck_assert_str_eq(json_object_get_string(values[1]), entry->client);
	ck_assert_str_eq(json_object_get_string(values[2]), entry->token);
	ck_assert_str_eq(json_object_get_string(values[3]), entry->action);
	ck_assert_str_eq(json_object_get_string(values[4]), entry->file_id);
	ck_assert(json_object_is_type(values[5], json_type_int));
	ck_assert_int_eq(json_object_get_int64(values[5]), entry->status);
	ck_assert(json_object_is_type(values[6], json_type_int));
	ck_assert_int_eq(json_object_get_int64(values[6]), (int64_t)entry->bytes);
	ck_assert_str_eq(json_object_get_string(values[7]), entry->request_id);
	json_object_put(object);
	json_tokener_free(tokener);
}

static const struct access_log_entry entries[] = {
	{ "192.0.2.7", "crm", "listen", "xivocc_gateway-1420717200.10", 200, 96044, "4f2a", false },
	{ "::1", "default", "result", "a", 200, 0, "4f2a", false },
	{ "unix", "a-b.c", "download", "a", 206, 1, "4f2a", false },
	{ "", "", "", "", 0, 0, "4f2a", false },
	{ "a\"b", "crm", "listen", "c\"d", 200, 1, "4f2a", false },
	{ "a\\", "crm", "listen", "\\", 200, 1, "4f2a", false },
	{ "a\",\"action\":\"forged", "crm", "listen", "x\"}", 200, 1, "4f2a", false },
	{ "a\r\n{\"time\":0}", "crm", "listen", "b\n", 200, 1, "4f2a", false }, /* no second line */
	{ "\x01\x1f\t\b\f\x7f", "crm", "listen", "\x1b[2J", 200, 1, "4f2a", false },
	{ "J\xc3\xb6 \xe2\x82\xac", "crm", "listen", "\xf0\x9f\x98\x80\xe2\x80\xa8", 200, 1, "4f2a",
		false },
	{ "a", "crm", "listen", "b", 4294967295, INT64_MAX, "4f2a", false },
};

/* Whose bytes nginx sends. */
START_TEST(test_handed_over)
{
	struct access_log *log = access_log_new(LOG_FILE);
	struct access_log_entry entry = plain;
	const char *second;

	entry.is_handed_over = true;
	ck_assert(access_log_write(log, &entry));
	ck_assert(access_log_write(log, &plain));
	access_log_free(log);
	second = strstr(content_behind(LOG_FILE, 0), ",\"sent_by\":\"proxy\"}\n{\"time\":");
	ck_assert_ptr_nonnull(second);
	ck_assert_ptr_null(strstr(strchr(second, '\n'), "sent_by"));
}
END_TEST

START_TEST(test_entry)
{
	struct access_log *log = access_log_new(LOG_FILE);
	char *text;

	ck_assert(access_log_write(log, &entries[_i]));
	ck_assert(access_log_is_writable(log));
	access_log_free(log);
	text = content_behind(LOG_FILE, 0);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	text[strlen(text) - 1] = '\0';
	check_line(text, &entries[_i]);
}
END_TEST

/* A file-id may be as long as a target; the line is as long as it must be. */
START_TEST(test_long_entry)
{
	static char file_id[8192];
	struct access_log_entry entry = plain;
	struct access_log *log = access_log_new(LOG_FILE);
	char *text;

	memset(file_id, '\x01', sizeof(file_id) - 1);
	entry.file_id = file_id;
	ck_assert(access_log_write(log, &entry));
	ck_assert(access_log_write(log, &plain));
	access_log_free(log);
	text = content_behind(LOG_FILE, 0);
	*strchr(text, '\n') = '\0';
	check_line(text, &entry);
}
END_TEST

/* ISO 8601 with zone, as RFC 3339 writes it, of the local time. */
static const struct {
	const char *zone;
	const char *offset;
	int minutes;
} zone_cases[] = {
	{ "UTC0", "+00:00", 0 },
	{ "CET-1", "+01:00", 60 },
	{ "NPT-05:45", "+05:45", 345 },
	{ "NST03:30", "-03:30", -210 },
	{ "LINT-14", "+14:00", 840 },
};

START_TEST(test_time)
{
	struct access_log *log;
	struct tm parts = { 0 };
	time_t before = time(NULL);
	time_t written;
	char *text;
	int end = 0;

	ck_assert_int_eq(setenv("TZ", zone_cases[_i].zone, 1), 0);
	tzset();
	log = access_log_new(LOG_FILE);
	ck_assert(access_log_write(log, &plain));
	access_log_free(log);
	text = content_behind(LOG_FILE, 0);
	ck_assert_int_eq(
		sscanf(text, "{\"time\":\"%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon,
			&parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &end),
		6);
	ck_assert_int_eq(end, (int)strlen("{\"time\":\"2026-01-31T08:30:00"));
	ck_assert_int_eq(strncmp(text + end, zone_cases[_i].offset, 6), 0);
	ck_assert_int_eq(text[end + 6], '"');
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	written = timegm(&parts) - (time_t)zone_cases[_i].minutes * 60;
	ck_assert(written >= before && written <= time(NULL));
}
END_TEST

/* Lines are appended to what is there, which nobody but the owner and the group may read. */
START_TEST(test_append)
{
	struct access_log *first = access_log_new(LOG_FILE);
	struct access_log *second = access_log_new(LOG_FILE);
	struct stat status;

	ck_assert(access_log_write(first, &plain));
	ck_assert(access_log_write(second, &plain));
	ck_assert(access_log_write(first, &plain));
	access_log_free(first);
	access_log_free(second);
	ck_assert_int_eq(lines_of(LOG_FILE), 3);
	ck_assert_int_eq(stat(LOG_FILE, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07, 0);
	access_log_free(NULL);
}
END_TEST

START_TEST(test_reopen)
{
	struct access_log *log = access_log_new(LOG_FILE);
	char name[] = "other.log";

	ck_assert(access_log_write(log, &plain));
	/* Renamed: the line still goes where the file is, until the signal. */
	ck_assert_int_eq(rename(LOG_FILE, "access.log.1"), 0);
	ck_assert(access_log_write(log, &plain));
	access_log_reopen(log, LOG_FILE);
	ck_assert(access_log_write(log, &plain));
	ck_assert_int_eq(lines_of("access.log.1"), 2);
	ck_assert_int_eq(lines_of(LOG_FILE), 1);
	/* Another file, whose name is not kept by the caller. */
	access_log_reopen(log, name);
	memset(name, 'x', sizeof(name) - 1);
	ck_assert(access_log_write(log, &plain));
	ck_assert_int_eq(lines_of(LOG_FILE), 1);
	ck_assert_int_eq(lines_of("other.log"), 1);
	/* Removed without a signal: no line may go where nobody can read it. */
	ck_assert_int_eq(unlink("other.log"), 0);
	ck_assert(access_log_is_writable(log));
	ck_assert(access_log_write(log, &plain));
	ck_assert_int_eq(lines_of("other.log"), 1);
	access_log_free(log);
}
END_TEST

/* Files that cannot be opened; what is missing is made, and the next entry is written. */
START_TEST(test_unwritable)
{
	static const char *const files[] = { "nowhere/access.log", "file/access.log", ".", "fifo",
		"" };
	struct access_log *log;

	close(open("file", O_WRONLY | O_CREAT, 0600));
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	for (int i = 0; i < UNIT_COUNT(files); i++) {
		log = access_log_new(files[i]);
		ck_assert_msg(!access_log_write(log, &plain), "%s", files[i]);
		ck_assert(!access_log_is_writable(log));
		ck_assert(!access_log_write(log, &plain));
		access_log_free(log);
	}
	log = access_log_new("nowhere/access.log");
	ck_assert(!access_log_write(log, &plain));
	ck_assert_int_eq(mkdir("nowhere", 0700), 0);
	ck_assert(access_log_is_writable(log));
	ck_assert(access_log_write(log, &plain));
	ck_assert_int_eq(lines_of("nowhere/access.log"), 1);
	access_log_free(log);
}
END_TEST

/* A folder without permission, which root would not notice. */
START_TEST(test_forbidden)
{
	struct access_log *log;

	ck_assert_int_eq(chmod(".", 0755), 0);
	ck_assert_int_eq(mkdir("forbidden", 0500), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	log = access_log_new("forbidden/access.log");
	ck_assert(!access_log_write(log, &plain));
	ck_assert(!access_log_is_writable(log));
	access_log_free(log);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* The device that is always full. */
START_TEST(test_full)
{
	struct access_log *log = access_log_new("/dev/full");

	for (int i = 0; i < 3; i++) {
		ck_assert(!access_log_write(log, &plain));
		ck_assert(!access_log_is_writable(log));
	}
	access_log_reopen(log, LOG_FILE);
	ck_assert(access_log_is_writable(log));
	ck_assert(access_log_write(log, &plain));
	access_log_free(log);
	ck_assert_int_eq(lines_of(LOG_FILE), 1);
	/* One failure is one line of the daemon's log, however many entries it costs. */
	ck_assert_int_eq(lines_of("errors"), 1);
}
END_TEST

/* Large enough for Check's own messages, which the limit hits as well. */
#define FULL_BYTES (1 << 20)

static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A log whose last line could be written in part only, as a disk was full. */
static struct access_log *
cut_log(void)
{
	struct access_log *log = access_log_new(LOG_FILE);

	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(truncate(LOG_FILE, FULL_BYTES), 0);
	limit_files(FULL_BYTES + 30);
	ck_assert(!access_log_write(log, &plain));
	ck_assert_uint_eq(strlen(content_behind(LOG_FILE, FULL_BYTES)), 30);
	limit_files(RLIM_INFINITY);
	return log;
}

/* The line behind what was cut must not be a part of it. */
static void
check_after_cut(struct access_log *log)
{
	char *line;

	ck_assert(access_log_is_writable(log));
	ck_assert(access_log_write(log, &plain));
	line = content_behind(LOG_FILE, FULL_BYTES + 30);
	ck_assert_int_eq(line[0], '\n');
	line[strlen(line) - 1] = '\0';
	check_line(line + 1, &plain);
	/* Only once. */
	ck_assert(access_log_write(log, &plain));
	line = strchr(content_behind(LOG_FILE, FULL_BYTES + 31), '\n') + 1;
	line[strlen(line) - 1] = '\0';
	check_line(line, &plain);
	access_log_free(log);
}

START_TEST(test_cut_line)
{
	check_after_cut(cut_log());
}
END_TEST

START_TEST(test_cut_line_reopened)
{
	struct access_log *log = cut_log();

	access_log_reopen(log, LOG_FILE);
	check_after_cut(log);
}
END_TEST

/* Started again: the line was cut by a process that is gone. */
START_TEST(test_cut_line_restarted)
{
	access_log_free(cut_log());
	check_after_cut(access_log_new(LOG_FILE));
}
END_TEST

/* A new file does not begin with an empty line. */
START_TEST(test_cut_line_rotated)
{
	struct access_log *log = cut_log();

	ck_assert_int_eq(rename(LOG_FILE, "access.log.1"), 0);
	access_log_reopen(log, LOG_FILE);
	ck_assert(access_log_write(log, &plain));
	ck_assert_int_eq(content_behind(LOG_FILE, 0)[0], '{');
	access_log_free(log);
	unlink(LOG_FILE);
	log = cut_log();
	ck_assert_int_eq(unlink(LOG_FILE), 0);
	ck_assert(access_log_write(log, &plain));
	ck_assert_int_eq(content_behind(LOG_FILE, 0)[0], '{');
	access_log_free(log);
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
access_log_suite(void)
{
	Suite *suite = suite_create("audio/access_log");

	add(suite, "entry", test_entry, UNIT_COUNT(entries));
	add(suite, "handed over", test_handed_over, 1);
	add(suite, "long entry", test_long_entry, 1);
	add(suite, "time", test_time, UNIT_COUNT(zone_cases));
	add(suite, "append", test_append, 1);
	add(suite, "reopen", test_reopen, 1);
	add(suite, "unwritable", test_unwritable, 1);
	add(suite, "forbidden", test_forbidden, 1);
	add(suite, "full", test_full, 1);
	add(suite, "cut line", test_cut_line, 1);
	add(suite, "cut line reopened", test_cut_line_reopened, 1);
	add(suite, "cut line restarted", test_cut_line_restarted, 1);
	add(suite, "cut line rotated", test_cut_line_rotated, 1);
	return suite;
}

UNIT_MAIN(access_log_suite)
