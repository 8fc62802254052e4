/*
 * The library that is loaded before all others (LD_PRELOAD) into the daemon under test: see
 * inject.h. Each function has the name of the one it stands for, and goes on to that.
 *
 * What the C library calls inside itself cannot be caught: fopen() fails as a whole.
 */
#include "inject.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct fault_page *page; /* NULL: nothing is counted */
static bool is_filtering;	/* libseccomp makes its filter */

/* The next function of this name behind this library; real: what the wrapper calls. */
#define FIND(name)                                                                                 \
	static __typeof__(&name) real;                                                             \
	if (real == NULL)                                                                          \
	real = (__typeof__(&name))(uintptr_t)find(#name)

static void *
find(const char *name)
{
	static bool is_finding;
	void *found;

	/* dlsym() may want memory, for which it must not be asked again; it does without. */
	if (is_finding)
		return NULL;
	is_finding = true;
	found = dlsym(RTLD_NEXT, name);
	is_finding = false;
	return found;
}

__attribute__((constructor)) static void
attach(void)
{
	const char *file = getenv(FAULT_PAGE_VARIABLE);
	int descriptor = file == NULL ? -1 : open(file, O_RDWR | O_CLOEXEC);
	void *mapped;

	if (descriptor < 0)
		return;
	mapped = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
	close(descriptor);
	if (mapped != MAP_FAILED)
		page = mapped;
}

/* Where the call comes from, into the daemon's log, for who wants to know. */
static void
trace(void)
{
	void *frames[40];
	int count;

	if (getenv(FAULT_TRACE_VARIABLE) == NULL)
		return;
	page->is_armed = false;
	count = backtrace(frames, 40);
	backtrace_symbols_fd(frames, count, STDERR_FILENO);
	page->is_armed = true;
}

/* Counts a call; true when it is the one that is to fail, with errno set. */
static bool
strikes(enum fault_call call)
{
	unsigned long number;

	if (page == NULL || !page->is_armed || is_filtering)
		return false;
	number = ++page->counts[call];
	if (page->call != (int)call || number < page->at)
		return false;
	if (number > page->at && !page->is_lasting)
		return false;
	page->struck++;
	trace();
	errno = page->error;
	return true;
}

static void
be_late(void)
{
	struct timespec duration = { 0, FAULT_LATE_MS * 1000000L };

	nanosleep(&duration, NULL);
}

/* The same for what may do a part of its work: true when it fails, else *length may be shorter. */
static bool
strikes_length(enum fault_call call, size_t *length)
{
	if (!strikes(call))
		return false;
	if (page->error == FAULT_LATE)
		be_late();
	else if (page->error != FAULT_SHORT)
		return true;
	if (*length > 1)
		*length = 1;
	return false;
}

/* What sanitizers and the measuring of coverage do at the end is their own affair. */
void
exit(int status)
{
	FIND(exit);
	if (page != NULL)
		page->is_armed = false;
	real(status);
	__builtin_unreachable();
}

static int (*daemon_main)(int, char **, char **);

static int
armed_main(int argc, char **argv, char **environment)
{
	if (page != NULL && page->arms_at_main)
		page->is_armed = true;
	exit(daemon_main(argc, argv, environment));
}

int __libc_start_main(int (*main_function)(int, char **, char **), int argc, char **argv,
	void (*init)(void), void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

int
__libc_start_main(int (*main_function)(int, char **, char **), int argc, char **argv,
	void (*init)(void), void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	FIND(__libc_start_main);
	daemon_main = main_function;
	return real(armed_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* memory ------------------------------------------------------------------------------------- */

void *
malloc(size_t size)
{
	FIND(malloc);
	return real == NULL || strikes(FAULT_ALLOCATION) ? NULL : real(size);
}

void *
calloc(size_t count, size_t size)
{
	FIND(calloc);
	return real == NULL || strikes(FAULT_ALLOCATION) ? NULL : real(count, size);
}

void *
realloc(void *memory, size_t size)
{
	FIND(realloc);
	return real == NULL || strikes(FAULT_ALLOCATION) ? NULL : real(memory, size);
}

/* Of the C library it would call realloc(), but not of the address sanitizer. */
void *
reallocarray(void *memory, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(memory, bytes);
}

void *
mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
{
	FIND(mmap);
	return strikes(FAULT_MMAP) ? MAP_FAILED
				   : real(address, length, protection, flags, descriptor, offset);
}

void *
mmap64(void *address, size_t length, int protection, int flags, int descriptor, off64_t offset)
{
	return mmap(address, length, protection, flags, descriptor, offset);
}

/* files -------------------------------------------------------------------------------------- */

static int
open_mode(int flags, va_list arguments)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, int) : 0;
}

int
open(const char *path, int flags, ...)
{
	va_list arguments;
	int mode;

	FIND(open);
	va_start(arguments, flags);
	mode = open_mode(flags, arguments);
	va_end(arguments);
	return strikes(FAULT_OPEN) ? -1 : real(path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list arguments;
	int mode;

	va_start(arguments, flags);
	mode = open_mode(flags, arguments);
	va_end(arguments);
	return open(path, flags, mode);
}

/* The only ones that recordingd makes by number. */
long
syscall(long number, ...)
{
	va_list arguments;
	long given[6];

	FIND(syscall);
	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		given[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_openat2 && strikes(FAULT_OPENAT2))
		return -1;
	return real(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}

FILE *
fopen(const char *path, const char *mode)
{
	FIND(fopen);
	return strikes(FAULT_FOPEN) ? NULL : real(path, mode);
}

FILE *
fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

DIR *
opendir(const char *path)
{
	FIND(opendir);
	return strikes(FAULT_OPENDIR) ? NULL : real(path);
}

int
fstat(int descriptor, struct stat *status)
{
	FIND(fstat);
	return strikes(FAULT_FSTAT) ? -1 : real(descriptor, status);
}

int
fstat64(int descriptor, struct stat64 *status)
{
	FIND(fstat64);
	return strikes(FAULT_FSTAT) ? -1 : real(descriptor, status);
}

int
stat(const char *restrict path, struct stat *restrict status)
{
	FIND(stat);
	return strikes(FAULT_STAT) ? -1 : real(path, status);
}

int
stat64(const char *restrict path, struct stat64 *restrict status)
{
	FIND(stat64);
	return strikes(FAULT_STAT) ? -1 : real(path, status);
}

int
access(const char *path, int mode)
{
	FIND(access);
	return strikes(FAULT_ACCESS) ? -1 : real(path, mode);
}

/* It closes in any case, as close(2) does. */
int
close(int descriptor)
{
	bool fails;

	FIND(close);
	fails = strikes(FAULT_CLOSE);
	if (!fails)
		return real(descriptor);
	(void)real(descriptor);
	errno = page->error;
	return -1;
}

/* Through one libevent's handler of signals tells the loop; what is in memory does not fail. */
static bool
is_pipe(int descriptor)
{
	return lseek(descriptor, 0, SEEK_CUR) < 0;
}

ssize_t
read(int descriptor, void *bytes, size_t length)
{
	FIND(read);
	if (!is_pipe(descriptor) && strikes_length(FAULT_READ, &length))
		return -1;
	return real(descriptor, bytes, length);
}

ssize_t
write(int descriptor, const void *bytes, size_t length)
{
	FIND(write);
	if (!is_pipe(descriptor) && strikes_length(FAULT_WRITE, &length))
		return -1;
	return real(descriptor, bytes, length);
}

ssize_t
pread64(int descriptor, void *bytes, size_t length, off64_t offset)
{
	FIND(pread64);
	return strikes_length(FAULT_PREAD, &length) ? -1 : real(descriptor, bytes, length, offset);
}

ssize_t
pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset)
{
	FIND(pwrite64);
	return strikes_length(FAULT_PWRITE, &length) ? -1 : real(descriptor, bytes, length, offset);
}

int
fallocate64(int descriptor, int mode, off64_t offset, off64_t length)
{
	FIND(fallocate64);
	return strikes(FAULT_FALLOCATE) ? -1 : real(descriptor, mode, offset, length);
}

int
memfd_create(const char *name, unsigned flags)
{
	FIND(memfd_create);
	return strikes(FAULT_MEMFD_CREATE) ? -1 : real(name, flags);
}

ssize_t
getrandom(void *bytes, size_t length, unsigned flags)
{
	FIND(getrandom);
	return strikes_length(FAULT_GETRANDOM, &length) ? -1 : real(bytes, length, flags);
}

static int
control(__typeof__(&fcntl) real, int descriptor, int command, va_list arguments)
{
	void *argument = va_arg(arguments, void *);

	return strikes(FAULT_FCNTL) ? -1 : real(descriptor, command, argument);
}

int
fcntl(int descriptor, int command, ...)
{
	va_list arguments;
	int result;

	FIND(fcntl);
	va_start(arguments, command);
	result = control(real, descriptor, command, arguments);
	va_end(arguments);
	return result;
}

int
fcntl64(int descriptor, int command, ...)
{
	va_list arguments;
	int result;

	FIND(fcntl64);
	va_start(arguments, command);
	result = control(real, descriptor, command, arguments);
	va_end(arguments);
	return result;
}

int
pipe2(int ends[2], int flags)
{
	FIND(pipe2);
	return strikes(FAULT_PIPE) ? -1 : real(ends, flags);
}

/* sockets ------------------------------------------------------------------------------------ */

int
socket(int family, int type, int protocol)
{
	FIND(socket);
	return strikes(FAULT_SOCKET) ? -1 : real(family, type, protocol);
}

int
socketpair(int family, int type, int protocol, int ends[2])
{
	FIND(socketpair);
	return strikes(FAULT_SOCKETPAIR) ? -1 : real(family, type, protocol, ends);
}

int
bind(int descriptor, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	FIND(bind);
	return strikes(FAULT_BIND) ? -1 : real(descriptor, address, length);
}

int
listen(int descriptor, int backlog)
{
	FIND(listen);
	return strikes(FAULT_LISTEN) ? -1 : real(descriptor, backlog);
}

int
connect(int descriptor, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	FIND(connect);
	return strikes(FAULT_CONNECT) ? -1 : real(descriptor, address, length);
}

int
accept4(int descriptor, __SOCKADDR_ARG peer, socklen_t *restrict length, int flags)
{
	FIND(accept4);
	return strikes(FAULT_ACCEPT) ? -1 : real(descriptor, peer, length, flags);
}

int
shutdown(int descriptor, int how)
{
	FIND(shutdown);
	return strikes(FAULT_SHUTDOWN) ? -1 : real(descriptor, how);
}

int
getsockname(int descriptor, __SOCKADDR_ARG address, socklen_t *restrict length)
{
	FIND(getsockname);
	return strikes(FAULT_GETSOCKNAME) ? -1 : real(descriptor, address, length);
}

int
getsockopt(int descriptor, int level, int option, void *restrict value, socklen_t *restrict length)
{
	FIND(getsockopt);
	return strikes(FAULT_GETSOCKOPT) ? -1 : real(descriptor, level, option, value, length);
}

int
setsockopt(int descriptor, int level, int option, const void *value, socklen_t length)
{
	FIND(setsockopt);
	return strikes(FAULT_SETSOCKOPT) ? -1 : real(descriptor, level, option, value, length);
}

ssize_t
recv(int descriptor, void *bytes, size_t length, int flags)
{
	FIND(recv);
	return strikes_length(FAULT_RECV, &length) ? -1 : real(descriptor, bytes, length, flags);
}

/* Whoever gets EPIPE reads the end next, as the other side is no more. */
static void
end_connection(int descriptor)
{
	FIND(shutdown);
	if (page->error == EPIPE)
		(void)real(descriptor, SHUT_RDWR);
	errno = page->error;
}

ssize_t
send(int descriptor, const void *bytes, size_t length, int flags)
{
	FIND(send);
	if (!strikes_length(FAULT_SEND, &length))
		return real(descriptor, bytes, length, flags);
	end_connection(descriptor);
	return -1;
}

ssize_t
sendto(int descriptor, const void *bytes, size_t length, int flags, __CONST_SOCKADDR_ARG to,
	socklen_t to_length)
{
	FIND(sendto);
	return strikes(FAULT_SEND) ? -1 : real(descriptor, bytes, length, flags, to, to_length);
}

ssize_t
writev(int descriptor, const struct iovec *pieces, int count)
{
	struct iovec first = count > 0 ? pieces[0] : (struct iovec){ 0 };

	FIND(writev);
	if (!strikes(FAULT_WRITEV))
		return real(descriptor, pieces, count);
	if (page->error != FAULT_SHORT)
		return -1;
	first.iov_len = first.iov_len > 1 ? 1 : first.iov_len;
	return real(descriptor, &first, 1);
}

ssize_t
sendfile(int to, int from, off_t *offset, size_t length)
{
	FIND(sendfile);
	return strikes_length(FAULT_SENDFILE, &length) ? -1 : real(to, from, offset, length);
}

/* the loop ----------------------------------------------------------------------------------- */

int
epoll_create1(int flags)
{
	FIND(epoll_create1);
	return strikes(FAULT_EPOLL_CREATE) ? -1 : real(flags);
}

/* Only what is added needs memory; to change or to forget cannot fail. */
int
epoll_ctl(int poller, int operation, int descriptor, struct epoll_event *event)
{
	FIND(epoll_ctl);
	return operation == EPOLL_CTL_ADD && strikes(FAULT_EPOLL_CTL)
		       ? -1
		       : real(poller, operation, descriptor, event);
}

int
epoll_wait(int poller, struct epoll_event *events, int size, int timeout_ms)
{
	bool fails = strikes(FAULT_EPOLL_WAIT);
	int result;

	FIND(epoll_wait);
	if (page != NULL)
		page->is_idle = timeout_ms != 0;
	result = fails ? -1 : real(poller, events, size, timeout_ms);
	if (page != NULL) {
		page->is_idle = false;
		page->turns++;
	}
	if (fails)
		errno = page->error;
	return result;
}

int
eventfd(unsigned value, int flags)
{
	FIND(eventfd);
	return strikes(FAULT_EVENTFD) ? -1 : real(value, flags);
}

int
poll(struct pollfd *polled, nfds_t count, int timeout_ms)
{
	FIND(poll);
	return strikes(FAULT_POLL) ? -1 : real(polled, count, timeout_ms);
}

/* libseccomp --------------------------------------------------------------------------------- */

void *seccomp_init(uint32_t action);
void seccomp_release(void *filter);

/*
 * While it makes a filter, at the start, libseccomp 2.5 crashes or goes round and round when memory
 * is out; nobody can do anything about that from here.
 */
void *
seccomp_init(uint32_t action)
{
	FIND(seccomp_init);
	is_filtering = true;
	return real(action);
}

void
seccomp_release(void *filter)
{
	FIND(seccomp_release);
	real(filter);
	is_filtering = false;
}

/* libpq -------------------------------------------------------------------------------------- */

PGconn *
PQconnectStartParams(const char *const *keywords, const char *const *values, int expand_dbname)
{
	FIND(PQconnectStartParams);
	return strikes(FAULT_PQCONNECTSTART) ? NULL : real(keywords, values, expand_dbname);
}

PostgresPollingStatusType
PQconnectPoll(PGconn *connection)
{
	FIND(PQconnectPoll);
	return strikes(FAULT_PQCONNECTPOLL) ? PGRES_POLLING_FAILED : real(connection);
}

PQconninfoOption *
PQconninfoParse(const char *conninfo, char **message)
{
	FIND(PQconninfoParse);
	if (!strikes(FAULT_PQCONNINFOPARSE))
		return real(conninfo, message);
	/* Out of memory, it has no message either. */
	if (message != NULL)
		*message = NULL;
	return NULL;
}

int
PQconsumeInput(PGconn *connection)
{
	FIND(PQconsumeInput);
	if (!strikes(FAULT_PQCONSUMEINPUT))
		return real(connection);
	if (page->error == FAULT_NO_ROOM)
		(void)real(connection);
	return 0;
}

int
PQenterPipelineMode(PGconn *connection)
{
	FIND(PQenterPipelineMode);
	return strikes(FAULT_PQENTERPIPELINEMODE) ? 0 : real(connection);
}

/* Of FAULT_NO_ROOM: the second half. */
static bool
has_no_room(void)
{
	if (page == NULL || !page->is_armed || page->error != FAULT_NO_ROOM || page->struck == 0 ||
		page->struck > 2)
		return false;
	page->struck++;
	return true;
}

int
PQflush(PGconn *connection)
{
	int more;

	FIND(PQflush);
	if (strikes(FAULT_PQFLUSH))
		return -1;
	more = real(connection);
	return more == 0 && has_no_room() ? 1 : more;
}

static PGresult *
fatal_result(PGconn *connection)
{
	FIND(PQmakeEmptyPGresult);
	return real(connection, PGRES_FATAL_ERROR);
}

static void
clear_result(PGresult *result)
{
	FIND(PQclear);
	real(result);
}

/* Without memory for a result, libpq gives one without anything instead of it. */
PGresult *
PQgetResult(PGconn *connection)
{
	PGresult *result;

	FIND(PQgetResult);
	if (!strikes(FAULT_PQGETRESULT))
		return real(connection);
	if (page->error == FAULT_NO_RESULT)
		return NULL;
	result = real(connection);
	if (result == NULL)
		return NULL;
	clear_result(result);
	return fatal_result(connection);
}

int
PQpipelineSync(PGconn *connection)
{
	FIND(PQpipelineSync);
	return strikes(FAULT_PQPIPELINESYNC) ? 0 : real(connection);
}

int
PQsendPrepare(
	PGconn *connection, const char *name, const char *query, int parameters, const Oid *types)
{
	FIND(PQsendPrepare);
	return strikes(FAULT_PQSENDPREPARE) ? 0 : real(connection, name, query, parameters, types);
}

int
PQsendQueryParams(PGconn *connection, const char *query, int parameters, const Oid *types,
	const char *const *values, const int *lengths, const int *formats, int result_format)
{
	FIND(PQsendQueryParams);
	return strikes(FAULT_PQSENDQUERYPARAMS) ? 0
						: real(connection, query, parameters, types, values,
							  lengths, formats, result_format);
}

int
PQsendQueryPrepared(PGconn *connection, const char *name, int parameters, const char *const *values,
	const int *lengths, const int *formats, int result_format)
{
	FIND(PQsendQueryPrepared);
	return strikes(FAULT_PQSENDQUERYPREPARED) ? 0
						  : real(connection, name, parameters, values,
							    lengths, formats, result_format);
}

int
PQsetnonblocking(PGconn *connection, int is_nonblocking)
{
	FIND(PQsetnonblocking);
	return strikes(FAULT_PQSETNONBLOCKING) ? -1 : real(connection, is_nonblocking);
}
