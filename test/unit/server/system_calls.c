/*
 * What a restricted process can and cannot do, each in a process of its own; and that SECURITY.md
 * lists what is allowed.
 */
#include "server/system_calls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#ifdef HAVE_SECCOMP

/* Check's own calls must work as well: the result of a test is written to a file. */
static void
restrict_here(void)
{
	struct error error;

	ck_assert_msg(system_calls_restrict(&error), "%s", error.message);
}

/*
 * The end of a test that has restricted itself. Check would ask timer_create(), which is refused
 * now, by which clock to tell the time: by another one than at the begin, so that the test would
 * last from 1970 on, and be an error at every other start of the machine, when that overflows.
 */
static void
leave(void)
{
	exit(EXIT_SUCCESS);
}

static const long fatal_calls[] = { SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv,
	SYS_process_vm_writev, SYS_bpf, SYS_mount, SYS_unshare, SYS_setuid, SYS_chroot,
	SYS_perf_event_open, SYS_finit_module, SYS_io_uring_setup };

/* Whatever its arguments are. */
START_TEST(test_fatal)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct error error;

		if (!system_calls_restrict(&error))
			_exit(2);
		(void)syscall(fatal_calls[_i], 0, 0, 0, 0, 0, 0);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "call %ld: %x",
		fatal_calls[_i], (unsigned)status);
}
END_TEST

/* By its usual way: what a shell code tries first. */
START_TEST(test_no_program)
{
	restrict_here();
	(void)execl("/bin/sh", "sh", "-c", "true", (char *)NULL);
	ck_abort_msg("not reached");
}
END_TEST

static void *
note(void *context)
{
	*(bool *)context = true;
	return NULL;
}

/* No child; but a thread, which a library may want. */
START_TEST(test_fork)
{
	bool has_run = false;
	pthread_t thread;

	restrict_here();
	errno = 0;
	ck_assert_int_eq(fork(), -1);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_int_eq(pthread_create(&thread, NULL, note, &has_run), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(has_run);
	leave();
}
END_TEST

START_TEST(test_sockets)
{
	static const int domains[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
	static const int strange[] = { AF_PACKET, AF_ALG, AF_BLUETOOTH, AF_VSOCK, AF_KEY };

	restrict_here();
	for (int i = 0; i < UNIT_COUNT(domains); i++) {
		int one = socket(domains[i], SOCK_DGRAM | SOCK_CLOEXEC, 0);

		/* A machine may be without IPv6. */
		ck_assert(one >= 0 || errno == EAFNOSUPPORT);
		if (one >= 0)
			close(one);
	}
	for (int i = 0; i < UNIT_COUNT(strange); i++) {
		ck_assert_int_eq(socket(strange[i], SOCK_RAW, 0), -1);
		ck_assert_int_eq(errno, ENOSYS);
	}
	leave();
}
END_TEST

/* libpq's, when a host of a connection string has a name. */
START_TEST(test_name_lookup)
{
	const struct addrinfo hints = { .ai_flags = AI_ADDRCONFIG, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int result;

	restrict_here();
	ck_assert_int_eq(getaddrinfo("localhost", "5432", &hints, &found), 0);
	freeaddrinfo(found);
	/* By way of DNS, whether there is one or not. */
	result = getaddrinfo("recordingd.invalid", "5432", &hints, &found);
	ck_assert_msg(result == EAI_NONAME || result == EAI_AGAIN || result == EAI_FAIL, "%s",
		gai_strerror(result));
	leave();
}
END_TEST

/* Written and executed: never both. */
START_TEST(test_memory)
{
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
	void *page;

	restrict_here();
	ck_assert_ptr_eq(mmap(NULL, bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		MAP_FAILED);
	ck_assert_int_eq(errno, ENOSYS);
	page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	ck_assert_int_eq(mprotect(page, bytes, PROT_READ | PROT_EXEC), -1);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_int_eq(mprotect(page, bytes, PROT_READ), 0);
	ck_assert_int_eq(munmap(page, bytes), 0);
	/* As the loader does it for a library. */
	page = mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	leave();
}
END_TEST

START_TEST(test_rest)
{
	struct rlimit limit;
	int byte = 'x';
	int pipes[2];

	ck_assert_int_eq(pipe(pipes), 0);
	restrict_here();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), -1);
	ck_assert_int_eq(ioctl(pipes[0], FIONREAD, &byte), 0);
	ck_assert_int_eq(ioctl(pipes[0], TIOCSTI, &byte), -1);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_int_eq(kill(getppid(), 0), -1);
	ck_assert_int_eq(errno, ENOSYS);
	/* A number that no kernel has yet. */
	ck_assert_int_eq(syscall(9999), -1);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_int_ge(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	leave();
}
END_TEST

#else

START_TEST(test_without)
{
	struct error error = { .code = ERROR_NONE };

	ck_assert(!system_calls_restrict(&error));
	ck_assert_ptr_nonnull(strstr(error.message, "without libseccomp"));
}
END_TEST

#endif

static const char *
read_page(void)
{
	static char text[1 << 16];
	FILE *file = fopen(SOURCE_ROOT "/SECURITY.md", "r");
	size_t length;

	ck_assert_msg(file != NULL, "no SECURITY.md");
	length = fread(text, 1, sizeof text - 1, file);
	ck_assert_uint_lt(length, sizeof text - 1);
	text[length] = '\0';
	fclose(file);
	return text;
}

/* The words of the indented block behind a line are these names, in this order. */
static void
expect_list(const char *title, const char *const *names, size_t count)
{
	const char *word = strstr(read_page(), title);

	ck_assert_msg(word != NULL, "SECURITY.md does not say \"%s\"", title);
	word += strlen(title);
	for (size_t i = 0; i < count; i++) {
		size_t length;

		word += strspn(word, " \n");
		length = strcspn(word, " \n");
		ck_assert_msg(length == strlen(names[i]) && memcmp(word, names[i], length) == 0,
			"SECURITY.md has %.*s where %s should be", (int)length, word, names[i]);
		word += length;
	}
	word += strspn(word, " ");
	ck_assert_msg(strncmp(word, "\n\n", 2) == 0, "SECURITY.md has more: %.40s", word);
}

START_TEST(test_page)
{
	expect_list("These are allowed:\n", system_calls_allowed, system_calls_allowed_count);
	expect_list("These end the process:\n", system_calls_fatal, system_calls_fatal_count);
}
END_TEST

/* A name in both lists, or twice in one, would be answered as libseccomp likes. */
START_TEST(test_lists)
{
	for (size_t i = 0; i < system_calls_allowed_count; i++) {
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(system_calls_allowed[i], system_calls_allowed[j]);
		for (size_t j = 0; j < system_calls_fatal_count; j++)
			ck_assert_str_ne(system_calls_allowed[i], system_calls_fatal[j]);
	}
}
END_TEST

#ifdef HAVE_SECCOMP

static void
add_restricted(Suite *suite, const char *name, const TTest *test)
{
	TCase *test_case = tcase_create(name);

	tcase_add_exit_test(test_case, test, EXIT_SUCCESS);
	suite_add_tcase(suite, test_case);
}

#endif

static Suite *
system_calls_suite(void)
{
	Suite *suite = suite_create("server/system_calls");
#ifdef HAVE_SECCOMP
	TCase *deadly = tcase_create("no program");

	tcase_add_test_raise_signal(deadly, test_no_program, SIGSYS);
	suite_add_tcase(suite, deadly);
	unit_add_loop(suite, "fatal", test_fatal, UNIT_COUNT(fatal_calls));
	add_restricted(suite, "fork", test_fork);
	add_restricted(suite, "sockets", test_sockets);
	add_restricted(suite, "name lookup", test_name_lookup);
	add_restricted(suite, "memory", test_memory);
	add_restricted(suite, "rest", test_rest);
#else
	unit_add(suite, "without", test_without);
#endif
	unit_add(suite, "page", test_page);
	unit_add(suite, "lists", test_lists);
	return suite;
}

UNIT_MAIN(system_calls_suite)
