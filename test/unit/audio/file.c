/*
 * File-ids against a real folder: what is found, with which extension, and that no name leads out
 * of the audio directory or stops the loop.
 */
#include "audio/file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "old_kernel.h"
#include "unit.h"

#define ALL "wav,ogg,opus,mp3,gsm"

/* Of each test; the audio directory is "audio" in it, and beside it stand others' files. */
static char folder[] = "/tmp/unit-file-XXXXXX";
static char directory[sizeof(folder) + 8];

static struct audio_file file;
static struct error error;

static void
write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	ck_assert_int_eq(fclose(out), 0);
}

static void
setup(void)
{
	FILE *log = freopen("/dev/null", "w", stderr);
	char target[sizeof(folder) + 32];

	ck_assert_ptr_nonnull(log);
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	snprintf(directory, sizeof directory, "%s/audio", folder);
	ck_assert_int_eq(mkdir("audio", 0700), 0);
	ck_assert_int_eq(mkdir("audio/deep", 0700), 0);
	ck_assert_int_eq(mkdir("audio-not", 0700), 0);
	write_file("secret.wav", "secret");
	write_file("audio-not/secret.wav", "secret");
	write_file("audio/a.wav", "a.wav");
	write_file("audio/a.ogg", "a.ogg");
	write_file("audio/b.ogg", "b.ogg");
	write_file("audio/c.opus", "c.opus");
	write_file("audio/d.mp3", "d.mp3");
	write_file("audio/e.gsm", "e.gsm");
	write_file("audio/f.flac", "f.flac");
	write_file("audio/g.WAV", "g.WAV");
	write_file("audio/empty.wav", "");
	write_file("audio/.wav", "hidden");
	write_file("audio/bare", "bare");
	write_file("audio/a b;c'd\"e%2e&\xc3\xa4.wav", "odd");
	write_file("audio/xivocc_gateway-1420717200.10.wav", "dots");
	write_file("audio/deep/h.wav", "deep h.wav");

	/* Links that stay inside, and links that leave. */
	ck_assert_int_eq(symlink("a.wav", "audio/inside.wav"), 0);
	ck_assert_int_eq(symlink("deep/h.wav", "audio/deeper.wav"), 0);
	ck_assert_int_eq(symlink("inside.wav", "audio/twice.wav"), 0);
	ck_assert_int_eq(symlink("deep/../a.wav", "audio/around.wav"), 0);
	snprintf(target, sizeof target, "%s/audio/a.wav", folder);
	ck_assert_int_eq(symlink(target, "audio/absolute.wav"), 0);
	ck_assert_int_eq(symlink("absolute.wav", "audio/to-absolute.wav"), 0);
	ck_assert_int_eq(symlink("../secret.wav", "audio/leaves.wav"), 0);
	ck_assert_int_eq(symlink("leaves.wav", "audio/leaves-later.wav"), 0);
	snprintf(target, sizeof target, "%s/secret.wav", folder);
	ck_assert_int_eq(symlink(target, "audio/leaves-absolute.wav"), 0);
	/* The folder's name with more behind it is another folder. */
	snprintf(target, sizeof target, "%s/audio-not/secret.wav", folder);
	ck_assert_int_eq(symlink(target, "audio/leaves-beside.wav"), 0);
	ck_assert_int_eq(symlink("/etc/passwd", "audio/passwd.wav"), 0);
	ck_assert_int_eq(symlink("/proc/self/environ", "audio/environ.wav"), 0);
	ck_assert_int_eq(symlink("/dev/zero", "audio/zero.wav"), 0);
	ck_assert_int_eq(symlink("nowhere.wav", "audio/dangling.wav"), 0);
	ck_assert_int_eq(symlink("loop.wav", "audio/loop.wav"), 0);
	ck_assert_int_eq(symlink("../audio-not", "audio/door"), 0);
	ck_assert_int_eq(symlink("door/secret.wav", "audio/through.wav"), 0);
	/* Leaves with its first extension, is there with the next. */
	ck_assert_int_eq(symlink("../secret.wav", "audio/i.wav"), 0);
	write_file("audio/i.ogg", "i.ogg");

	/* What is no regular file. */
	ck_assert_int_eq(mkdir("audio/folder.wav", 0700), 0);
	write_file("audio/folder.ogg", "folder.ogg");
	ck_assert_int_eq(mkdir("audio/only-folder.wav", 0700), 0);
	ck_assert_int_eq(mkfifo("audio/fifo.wav", 0600), 0);
	ck_assert_int_eq(symlink("fifo.wav", "audio/to-fifo.wav"), 0);
	ck_assert_int_eq(symlink("deep", "audio/to-folder.wav"), 0);
}

/* Linux before 5.6 has no openat2(2); its last argument is a size. */
static void
setup_old_kernel(void)
{
	setup();
	old_kernel_forgets(SYS_openat2, 3, sizeof(struct open_how));
}

static void
teardown(void)
{
	char command[sizeof(folder) + 16];

	audio_file_close(&file);
	ck_assert_int_eq(chdir("/"), 0);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void
check_bytes(const char *expected)
{
	char text[64] = "";

	ck_assert_int_ge(file.descriptor, 0);
	ck_assert_int_eq(read(file.descriptor, text, sizeof(text) - 1), (ssize_t)strlen(expected));
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(file.bytes, strlen(expected));
}

static const struct {
	const char *extensions;
	const char *file_id;
	const char *name;
	const char *content_type;
	const char *bytes;
} found_cases[] = {
	{ ALL, "a", "a.wav", "audio/wav", "a.wav" },
	{ "ogg,wav", "a", "a.ogg", "audio/ogg", "a.ogg" },
	{ "gsm,mp3,ogg", "a", "a.ogg", "audio/ogg", "a.ogg" },
	{ "wav", "a", "a.wav", "audio/wav", "a.wav" },
	{ ALL, "b", "b.ogg", "audio/ogg", "b.ogg" },
	{ ALL, "c", "c.opus", "audio/ogg", "c.opus" },
	{ ALL, "d", "d.mp3", "audio/mpeg", "d.mp3" },
	{ ALL, "e", "e.gsm", "audio/gsm", "e.gsm" },
	{ "flac", "f", "f.flac", "application/octet-stream", "f.flac" },
	{ "WAV", "g", "g.WAV", "audio/wav", "g.WAV" },
	{ ALL, "empty", "empty.wav", "audio/wav", "" },
	{ ALL, "xivocc_gateway-1420717200.10", "xivocc_gateway-1420717200.10.wav", "audio/wav",
		"dots" },
	{ ALL, "a b;c'd\"e%2e&\xc3\xa4", "a b;c'd\"e%2e&\xc3\xa4.wav", "audio/wav", "odd" },

	{ ALL, "inside", "inside.wav", "audio/wav", "a.wav" },
	{ ALL, "deeper", "deeper.wav", "audio/wav", "deep h.wav" },
	{ ALL, "twice", "twice.wav", "audio/wav", "a.wav" },
	{ ALL, "around", "around.wav", "audio/wav", "a.wav" },
	{ ALL, "absolute", "absolute.wav", "audio/wav", "a.wav" },
	{ ALL, "to-absolute", "to-absolute.wav", "audio/wav", "a.wav" },

	/* What does not count with one extension does not hide the next. */
	{ ALL, "folder", "folder.ogg", "audio/ogg", "folder.ogg" },
	{ ALL, "i", "i.ogg", "audio/ogg", "i.ogg" },
};

START_TEST(test_found)
{
	bool is_found = audio_file_open(
		&file, directory, found_cases[_i].extensions, found_cases[_i].file_id, &error);

	ck_assert_msg(is_found, "%s: %s", found_cases[_i].file_id, error.message);
	ck_assert_str_eq(file.name, found_cases[_i].name);
	ck_assert_str_eq(file.content_type, found_cases[_i].content_type);
	ck_assert_str_eq(file.extension, strrchr(found_cases[_i].name, '.') + 1);
	check_bytes(found_cases[_i].bytes);
}
END_TEST

static const struct {
	const char *extensions;
	const char *file_id;
} none_cases[] = {
	{ ALL, "nothing" },
	{ ALL, "" },
	{ ALL, "." },
	{ ALL, ".." },
	{ ALL, "A" },
	{ ALL, "a.wav" },
	{ ALL, "bare" },
	{ ALL, "f" },
	{ ALL, "g" },
	{ "gsm", "a" },
	{ "mp3,gsm", "b" },

	/* Separators, and ways up. */
	{ ALL, "/" },
	{ ALL, "/a" },
	{ ALL, "./a" },
	{ ALL, "a/" },
	{ ALL, "deep/h" },
	{ ALL, "deep\\h" },
	{ ALL, "\\a" },
	{ ALL, "../audio/a" },
	{ ALL, "../secret" },
	{ ALL, "..\\secret" },
	{ ALL, "deep/../a" },
	{ ALL, "/etc/passwd" },
	{ ALL, "../../../../../../etc/passwd" },
	{ "wav", "a..b" },

	{ ALL, "leaves" },
	{ ALL, "leaves-later" },
	{ ALL, "leaves-absolute" },
	{ ALL, "leaves-beside" },
	{ ALL, "passwd" },
	{ ALL, "environ" },
	{ ALL, "zero" },
	{ ALL, "dangling" },
	{ ALL, "loop" },
	{ ALL, "door/secret" },
	{ ALL, "through" },

	{ ALL, "only-folder" },
	{ ALL, "to-folder" },
	{ ALL, "fifo" }, /* a blocking open would end this test by its time */
	{ ALL, "to-fifo" },
};

START_TEST(test_none)
{
	bool is_found = audio_file_open(
		&file, directory, none_cases[_i].extensions, none_cases[_i].file_id, &error);

	ck_assert_msg(!is_found, "\"%s\" is found", none_cases[_i].file_id);
	ck_assert_int_eq(file.descriptor, -1);
	ck_assert_int_eq(error.code, ERROR_NOT_FOUND);
	/* A message never shows paths. */
	ck_assert_ptr_null(strstr(error.message, folder));
	audio_file_close(&file);
}
END_TEST

/* A name may have NAME_MAX bytes with its extension; longer ids are not found, however long. */
START_TEST(test_long_ids)
{
	char path[300] = "audio/";
	static char file_id[100000];

	memset(file_id, 'x', 255 - strlen(".wav"));
	strcat(path, file_id);
	strcat(path, ".wav");
	write_file(path, "longest");
	ck_assert(audio_file_open(&file, directory, "opus,wav", file_id, &error));
	ck_assert_str_eq(file.name, path + strlen("audio/"));
	check_bytes("longest");
	audio_file_close(&file);
	for (size_t length = 252; length < sizeof file_id; length = length * 3 / 2) {
		memset(file_id, 'x', length);
		ck_assert(!audio_file_open(&file, directory, ALL, file_id, &error));
		ck_assert_int_eq(error.code, ERROR_NOT_FOUND);
	}
}
END_TEST

/* Where the audio directory itself is missing, nothing is known about any file-id. */
START_TEST(test_no_directory)
{
	static const char *const directories[] = { "nowhere", "secret.wav", "secret.wav/audio",
		"audio/fifo.wav", "" };

	for (int i = 0; i < UNIT_COUNT(directories); i++) {
		ck_assert(!audio_file_open(&file, directories[i], ALL, "a", &error));
		ck_assert_int_eq(error.code, ERROR_UNAVAILABLE);
		ck_assert_int_eq(file.descriptor, -1);
		ck_assert(!audio_directory_is_there(directories[i]));
	}
	ck_assert(audio_directory_is_there(directory));
	ck_assert(audio_directory_is_there("audio"));
}
END_TEST

/* The directory may itself be reached by a link, from anywhere, or be the root. */
START_TEST(test_directory_names)
{
	static const char *const directories[] = { "audio", "audio/", "./audio/../audio", "link" };

	ck_assert_int_eq(symlink("audio", "link"), 0);
	for (int i = 0; i < UNIT_COUNT(directories); i++) {
		ck_assert(audio_file_open(&file, directories[i], ALL, "absolute", &error));
		check_bytes("a.wav");
		audio_file_close(&file);
		ck_assert(!audio_file_open(&file, directories[i], ALL, "leaves-absolute", &error));
		ck_assert_int_eq(error.code, ERROR_NOT_FOUND);
	}
	ck_assert(!audio_file_open(&file, "/", ALL, "a", &error));
	ck_assert_int_eq(error.code, ERROR_NOT_FOUND);
}
END_TEST

/* No descriptors left: for the directory, then for the file in it. */
START_TEST(test_no_descriptors)
{
	int next = dup(STDIN_FILENO);
	struct rlimit before;
	struct rlimit limit;

	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (int left = 0; left < 2; left++) {
		bool is_found;

		limit = before;
		limit.rlim_cur = (rlim_t)(next + left);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
		is_found = audio_file_open(&file, directory, ALL, "a", &error);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		ck_assert(!is_found);
		ck_assert_int_eq(error.code, ERROR_UNAVAILABLE);
	}
	/* Nothing is left open. */
	ck_assert(!audio_file_open(&file, directory, ALL, "nothing", &error));
	ck_assert(!audio_file_open(&file, directory, ALL, "leaves-absolute", &error));
	ck_assert(audio_file_open(&file, directory, ALL, "absolute", &error));
	audio_file_close(&file);
	audio_file_close(&file);
	ck_assert_int_eq(dup(STDIN_FILENO), next);
}
END_TEST

static void
tag_of(const char *file_id, char tag[static AUDIO_TAG_SIZE])
{
	ck_assert(audio_file_open(&file, directory, ALL, file_id, &error));
	strcpy(tag, file.tag);
	audio_file_close(&file);
}

/* RFC 9110, 8.8.3: strong, quoted, and another one whenever the bytes may be others. */
START_TEST(test_tag)
{
	static const struct timespec times[2] = { { 1000000000, 5 }, { 1000000000, 5 } };
	static const struct timespec later[2] = { { 1000000000, 6 }, { 1000000000, 6 } };
	char first[AUDIO_TAG_SIZE];
	char tag[AUDIO_TAG_SIZE];

	ck_assert_int_eq(utimensat(AT_FDCWD, "audio/a.wav", times, 0), 0);
	ck_assert(audio_file_open(&file, directory, ALL, "a", &error));
	ck_assert_int_eq(file.modified, 1000000000);
	audio_file_close(&file);
	tag_of("a", first);
	ck_assert_uint_gt(strlen(first), 2);
	ck_assert_int_eq(first[0], '"');
	ck_assert_ptr_eq(strchr(first + 1, '"'), first + strlen(first) - 1);
	tag_of("a", tag);
	ck_assert_str_eq(tag, first);

	/* The same moment and size in another file, one nanosecond later, one byte more. */
	write_file("audio/other.wav", "b.wav");
	ck_assert_int_eq(utimensat(AT_FDCWD, "audio/other.wav", times, 0), 0);
	tag_of("other", tag);
	ck_assert_str_ne(tag, first);
	ck_assert_int_eq(utimensat(AT_FDCWD, "audio/a.wav", later, 0), 0);
	tag_of("a", tag);
	ck_assert_str_ne(tag, first);
	write_file("audio/a.wav", "a.wav.");
	ck_assert_int_eq(utimensat(AT_FDCWD, "audio/a.wav", times, 0), 0);
	tag_of("a", tag);
	ck_assert_str_ne(tag, first);
}
END_TEST

static void
add_with(Suite *suite, const char *name, SFun begin, const TTest *test, int count)
{
	TCase *test_case = tcase_create(name);

	tcase_add_checked_fixture(test_case, begin, teardown);
	tcase_add_loop_test(test_case, test, 0, count);
	suite_add_tcase(suite, test_case);
}

static void
add(Suite *suite, const char *name, const TTest *test, int count)
{
	add_with(suite, name, setup, test, count);
}

/* What is found and what is not is the same, whoever resolves the names. */
static void
add_old_kernel(Suite *suite, const char *name, const TTest *test, int count)
{
	add_with(suite, name, setup_old_kernel, test, count);
}

static Suite *
file_suite(void)
{
	Suite *suite = suite_create("audio/file");

	file.descriptor = -1;
	add(suite, "found", test_found, UNIT_COUNT(found_cases));
	add(suite, "none", test_none, UNIT_COUNT(none_cases));
	add(suite, "long ids", test_long_ids, 1);
	add(suite, "no directory", test_no_directory, 1);
	add(suite, "directory names", test_directory_names, 1);
	add(suite, "no descriptors", test_no_descriptors, 1);
	add(suite, "tag", test_tag, 1);
	add_old_kernel(suite, "found by an old kernel", test_found, UNIT_COUNT(found_cases));
	add_old_kernel(suite, "not by an old kernel", test_none, UNIT_COUNT(none_cases));
	add_old_kernel(suite, "directory names, old kernel", test_directory_names, 1);
	return suite;
}

UNIT_MAIN(file_suite)
