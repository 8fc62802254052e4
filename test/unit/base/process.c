/* The figures of this process, against what it does itself. */
#include "base/process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "old_kernel.h"
#include "unit.h"

START_TEST(test_files)
{
	struct process_figures before;
	struct process_figures after;
	struct rlimit limit;
	int descriptors[10];

	process_read_figures(&before);
	for (int i = 0; i < UNIT_COUNT(descriptors); i++)
		ck_assert_int_ge(descriptors[i] = open("/dev/null", O_RDONLY), 0);
	process_read_figures(&after);
	ck_assert_uint_eq(after.open_files, before.open_files + 10);
	for (int i = 0; i < UNIT_COUNT(descriptors); i++)
		close(descriptors[i]);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(after.max_files, limit.rlim_cur);
}
END_TEST

#ifdef SYS_newfstatat /* 32-bit systems have another one */
/* Linux before 6.2 does not say how many there are. It would answer 0; not to answer is the same.
 */
START_TEST(test_files_one_by_one)
{
	struct process_figures told;
	struct process_figures counted;

	process_read_figures(&told);
	old_kernel_forgets(SYS_newfstatat, 3, 0);
	process_read_figures(&counted);
	ck_assert_uint_gt(told.open_files, 0);
	ck_assert_uint_eq(counted.open_files, told.open_files);
}
END_TEST
#endif

START_TEST(test_memory)
{
	const size_t bytes = 16 << 20;
	struct process_figures before;
	struct process_figures after;
	char *memory;

	process_read_figures(&before);
	ck_assert_uint_gt(before.resident_bytes, 0);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ck_assert(memory != MAP_FAILED);
	process_read_figures(&after);
	ck_assert_uint_ge(after.resident_bytes, before.resident_bytes + bytes / 2);
	ck_assert_uint_ge(after.virtual_bytes, before.virtual_bytes + bytes);
	munmap(memory, bytes);
}
END_TEST

START_TEST(test_time)
{
	struct process_figures figures;
	double begin;

	process_read_figures(&figures);
	begin = figures.cpu_seconds;
	do
		process_read_figures(&figures);
	while (figures.cpu_seconds < begin + 0.01);
	ck_assert(figures.cpu_seconds < begin + 10);
}
END_TEST

static Suite *
process_suite(void)
{
	Suite *suite = suite_create("base/process");

	unit_add(suite, "files", test_files);
#ifdef SYS_newfstatat
	unit_add(suite, "files one by one", test_files_one_by_one);
#endif
	unit_add(suite, "memory", test_memory);
	unit_add(suite, "time", test_time);
	return suite;
}

UNIT_MAIN(process_suite)
