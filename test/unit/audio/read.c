/* A piece of a file: whole, not there, or not to be known. */
#include "audio/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audio/ogg.h"
#include "audio/wav.h"
#include "unit.h"

/* A file with ten bytes, opened again in another mode. */
static int
file_of_ten(int flags)
{
	char path[] = "/tmp/audio-read-XXXXXX";
	int made = mkstemp(path);
	int fd = open(path, flags);

	ck_assert_int_ge(made, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(made, "0123456789", 10), 10);
	close(made);
	unlink(path);
	return fd;
}

START_TEST(test_whole)
{
	int fd = file_of_ten(O_RDONLY);
	char bytes[4] = "";

	errno = EIO;
	ck_assert(audio_read(fd, 6, bytes, 4));
	ck_assert_int_eq(errno, 0);
	ck_assert_int_eq(memcmp(bytes, "6789", 4), 0);
	close(fd);
}
END_TEST

START_TEST(test_not_there)
{
	int fd = file_of_ten(O_RDONLY);
	char bytes[4];

	errno = EIO;
	ck_assert(!audio_read(fd, 7, bytes, 4));
	ck_assert_int_eq(errno, 0);
	close(fd);
}
END_TEST

/* No header is one thing, one that nobody can read another. */
START_TEST(test_unreadable)
{
	int fd = file_of_ten(O_WRONLY);
	struct wav_info info;
	uint32_t rate, channels;
	char bytes[4];

	ck_assert(!audio_read(fd, 0, bytes, 4));
	ck_assert_int_eq(errno, EBADF);
	ck_assert(!wav_parse(fd, 1000, &info));
	ck_assert_int_eq(errno, EBADF);
	ck_assert(!ogg_parse(fd, 1000, &rate, &channels));
	ck_assert_int_eq(errno, EBADF);
	/* Too short to hold one. */
	ck_assert(!wav_parse(fd, 10, &info));
	ck_assert_int_eq(errno, 0);
	ck_assert(!ogg_parse(fd, 10, &rate, &channels));
	ck_assert_int_eq(errno, 0);
	close(fd);
}
END_TEST

static Suite *
read_suite(void)
{
	Suite *suite = suite_create("audio/read");

	unit_add(suite, "whole", test_whole);
	unit_add(suite, "not_there", test_not_there);
	unit_add(suite, "unreadable", test_unreadable);
	return suite;
}

UNIT_MAIN(read_suite)
