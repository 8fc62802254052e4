/*
 * What the test of faults and the daemon under it have in common: a page of memory in a file that
 * both map, by which the test says which call is to fail, and hears what was called.
 *
 * The daemon is the one that ships. inject.c, loaded before its libraries, stands between it and
 * the C library and libpq, counts the calls of each kind, and lets one of them fail.
 *
 * Order of use: the test fills in call, error, at and is_lasting, zeroes counts and struck, and
 * sets is_armed (or arms_at_main, before the daemon is started); later it clears is_armed.
 */
#ifndef RECORDINGD_TEST_INJECT_H
#define RECORDINGD_TEST_INJECT_H

#include <stdatomic.h>
#include <stdbool.h>

/* The file, which is as large as the page. */
#define FAULT_PAGE_VARIABLE "TEST_FAULT_PAGE"

/* In the environment: the daemon logs where the call that fails comes from. */
#define FAULT_TRACE_VARIABLE "TEST_FAULT_TRACE"

/* Instead of an errno: the call does its work, but only for one byte. */
#define FAULT_SHORT 0

/* The same, but later: meanwhile others do theirs. */
#define FAULT_LATE    (-2)
#define FAULT_LATE_MS 300

/*
 * Of the calls of libpq that return 0: what follows finds no room in the socket, as PQflush() says
 * twice, for itself and for PQpipelineSync(), which calls it. What has come is taken all the same.
 */
#define FAULT_NO_ROOM (-1)

/* Of PQgetResult(): NULL, where there was a result; else there is one that says "out of memory". */
#define FAULT_NO_RESULT 0

enum fault_call {
	FAULT_ALLOCATION, /* malloc, calloc, realloc and their like, wherever it comes from */

	FAULT_ACCEPT,
	FAULT_ACCESS,
	FAULT_BIND,
	FAULT_CLOSE,
	FAULT_CONNECT,
	FAULT_EPOLL_CREATE,
	FAULT_EPOLL_CTL,
	FAULT_EPOLL_WAIT,
	FAULT_EVENTFD,
	FAULT_FALLOCATE,
	FAULT_FCNTL,
	FAULT_FOPEN,
	FAULT_FSTAT,
	FAULT_GETRANDOM,
	FAULT_GETSOCKNAME,
	FAULT_GETSOCKOPT,
	FAULT_LISTEN,
	FAULT_MEMFD_CREATE,
	FAULT_MMAP,
	FAULT_OPEN,
	FAULT_OPENAT2, /* by syscall(2) */
	FAULT_OPENDIR,
	FAULT_PIPE,
	FAULT_POLL,
	FAULT_PREAD,
	FAULT_PWRITE,
	FAULT_READ,
	FAULT_RECV,
	FAULT_SEND,
	FAULT_SENDFILE,
	FAULT_SETSOCKOPT,
	FAULT_SHUTDOWN,
	FAULT_SOCKET,
	FAULT_SOCKETPAIR,
	FAULT_STAT,
	FAULT_WRITE,
	FAULT_WRITEV,

	FAULT_PQCONNECTPOLL,
	FAULT_PQCONNECTSTART,
	FAULT_PQCONNINFOPARSE,
	FAULT_PQCONSUMEINPUT,
	FAULT_PQENTERPIPELINEMODE,
	FAULT_PQFLUSH,
	FAULT_PQGETRESULT,
	FAULT_PQPIPELINESYNC,
	FAULT_PQSENDPREPARE,
	FAULT_PQSENDQUERYPARAMS,
	FAULT_PQSENDQUERYPREPARED,
	FAULT_PQSETNONBLOCKING,

	FAULT_CALLS,
};

struct fault_page {
	/* The test's: which call fails, and how. */
	_Atomic int call;	   /* an enum fault_call; FAULT_CALLS: none */
	_Atomic int error;	   /* errno; FAULT_SHORT */
	_Atomic unsigned long at;  /* the first to fail, counted from 1 */
	_Atomic bool is_lasting;   /* … and all after it */
	_Atomic bool is_armed;	   /* calls are counted */
	_Atomic bool arms_at_main; /* is_armed becomes true when main() begins */

	/* The daemon's. */
	_Atomic unsigned long counts[FAULT_CALLS];
	_Atomic unsigned long struck; /* calls that failed */
	_Atomic unsigned long turns;  /* of the loop: returns of epoll_wait(), armed or not */
	_Atomic bool is_idle;	      /* it waits in epoll_wait() */
};

#endif
