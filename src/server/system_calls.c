#include "server/system_calls.h"

#include "base/error.h"

#ifdef HAVE_SECCOMP

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#endif

/* clang-format off */
const char *const system_calls_allowed[] = {
	/* the loop, and the sockets of clients, of PostgreSQL and of whoever knows its address */
	"accept", "accept4", "bind", "connect", "epoll_ctl", "epoll_pwait", "epoll_pwait2",
	"epoll_wait", "getpeername", "getsockname", "getsockopt", "poll", "ppoll", "pselect6",
	"recv", "recvfrom", "recvmmsg", "recvmsg", "select", "send", "sendfile", "sendmmsg",
	"sendmsg", "sendto", "setsockopt", "shutdown", "timerfd_settime",

	/* files: recordings, logs, configuration, tokens, certificates, a memory file */
	"_llseek", "access", "close", "close_range", "dup", "dup2", "dup3", "faccessat",
	"faccessat2", "fadvise64", "fallocate", "fcntl", "fcntl64", "fdatasync", "flock", "fstat",
	"fstat64", "fstatat64", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents",
	"getdents64", "lseek", "lstat", "lstat64", "memfd_create", "newfstatat", "open", "openat",
	"openat2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read",
	"readlink", "readlinkat", "readv", "stat", "stat64", "statfs", "statx", "umask", "unlink",
	"unlinkat", "write", "writev",

	/* memory */
	"brk", "madvise", "mincore", "mremap", "munmap",

	/* the process itself: its end, signals, threads of libraries */
	"exit", "exit_group", "futex", "futex_time64", "get_robust_list", "membarrier",
	"restart_syscall", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
	"rt_sigreturn", "sched_getaffinity", "sched_yield", "set_robust_list", "set_tid_address",
	"sigaltstack", "sigreturn", "tgkill",

	/* what it is and what it may, the time, randomness */
	"clock_getres", "clock_gettime", "clock_gettime64", "clock_nanosleep", "getcpu", "getegid",
	"geteuid", "getgid", "getgroups", "getpgrp", "getpid", "getppid", "getrandom", "getresgid",
	"getresuid", "getrlimit", "getrusage", "getsid", "gettid", "gettimeofday", "getuid",
	"nanosleep", "sysinfo", "time", "times", "uname",
};

const char *const system_calls_fatal[] = {
	/* other programs, and other processes' memory */
	"execve", "execveat", "fork", "pidfd_getfd", "process_madvise", "process_vm_readv",
	"process_vm_writev", "ptrace", "vfork",

	/* the kernel and the system */
	"acct", "bpf", "chroot", "create_module", "delete_module", "finit_module", "init_module",
	"io_uring_setup", "ioperm", "iopl", "kexec_file_load", "kexec_load", "mount", "move_mount",
	"open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "quotactl", "reboot",
	"setdomainname", "sethostname", "setns", "settimeofday", "swapoff", "swapon", "umount",
	"umount2", "unshare", "userfaultfd", "vhangup",

	/* somebody else's rights */
	"setfsgid", "setfsuid", "setgid", "setgroups", "setregid", "setresgid", "setresuid",
	"setreuid", "setuid",
};
/* clang-format on */

const size_t system_calls_allowed_count = sizeof system_calls_allowed /
					  sizeof *system_calls_allowed;
const size_t system_calls_fatal_count = sizeof system_calls_fatal / sizeof *system_calls_fatal;

#ifdef HAVE_SECCOMP

/* A call that is allowed while the masked bits of one argument have this value. */
struct condition {
	const char *name;
	unsigned argument;
	scmp_datum_t mask;
	scmp_datum_t value;
};

/* These arguments are ints: what is above them in the register is not looked at. */
#define INT_BITS  UINT32_MAX
#define EVERY_BIT UINT64_MAX

static const struct condition conditions[] = {
	/* AF_NETLINK: getaddrinfo(3) asks which addresses this machine has. */
	{ "socket", 0, INT_BITS, AF_UNIX },
	{ "socket", 0, INT_BITS, AF_INET },
	{ "socket", 0, INT_BITS, AF_INET6 },
	{ "socket", 0, INT_BITS, AF_NETLINK },

	/* Nothing that types into a terminal. */
	{ "ioctl", 1, INT_BITS, FIONREAD },
	{ "ioctl", 1, INT_BITS, FIONBIO },
	{ "ioctl", 1, INT_BITS, TCGETS },
	{ "ioctl", 1, INT_BITS, SIOCGIFINDEX },
	{ "ioctl", 1, INT_BITS, SIOCGIFNAME },

	/* Memory that is written to is never executed: code of libraries comes from their files. */
	{ "mmap", 2, PROT_WRITE | PROT_EXEC, 0 },
	{ "mmap", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE },
	{ "mmap", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC },
	{ "mmap2", 2, PROT_WRITE | PROT_EXEC, 0 },
	{ "mmap2", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE },
	{ "mmap2", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC },
	{ "mprotect", 2, PROT_EXEC, 0 },

	/* Limits are looked at, not set. */
	{ "prlimit64", 2, EVERY_BIT, 0 },

	/* Threads of a library. clone3(2), whose flags no filter sees, is answered with ENOSYS. */
	{ "clone", 0, CLONE_THREAD, CLONE_THREAD },
};

static bool
fail(struct error *error, const char *what, int result)
{
	return error_set(error, ERROR_INTERNAL, "system calls are not restricted: %s: %s", what,
		strerror(-result));
}

/* A name that this version of libseccomp or this architecture does not know is left out. */
static bool
add(scmp_filter_ctx filter, uint32_t action, const char *name, struct error *error)
{
	int number = seccomp_syscall_resolve_name(name);
	int result = 0;

	if (number != __NR_SCMP_ERROR)
		result = seccomp_rule_add(filter, action, number, 0);
	return result == 0 || fail(error, name, result);
}

static bool
add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count,
	struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		if (!add(filter, action, names[i], error))
			return false;
	}
	return true;
}

static bool
add_conditions(scmp_filter_ctx filter, struct error *error)
{
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
		const struct condition *condition = &conditions[i];
		int number = seccomp_syscall_resolve_name(condition->name);
		int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
			SCMP_CMP(condition->argument, SCMP_CMP_MASKED_EQ, condition->mask,
				condition->value));

		if (result != 0)
			return fail(error, condition->name, result);
	}
	return true;
}

/*
 * Refused calls are written into the kernel's log. The filter is a tree instead of a list; and as
 * no code of strangers runs in this process, the processor is not slowed down against side
 * channels.
 */
static bool
set_attributes(scmp_filter_ctx filter, struct error *error)
{
	static const struct {
		enum scmp_filter_attr attribute;
		uint32_t value;
	} attributes[] = {
		{ SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS },
		{ SCMP_FLTATR_CTL_NNP, 1 },
		{ SCMP_FLTATR_CTL_LOG, 1 },
		{ SCMP_FLTATR_CTL_OPTIMIZE, 2 },
		{ SCMP_FLTATR_CTL_SSB, 1 },
	};

	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
		int result = seccomp_attr_set(filter, attributes[i].attribute, attributes[i].value);

		/* The kernel is older than the attribute: it can do without. */
		if (result != 0 && result != -EOPNOTSUPP)
			return fail(error, "seccomp_attr_set", result);
	}
	return true;
}

static bool
fill(scmp_filter_ctx filter, struct error *error)
{
	return set_attributes(filter, error) &&
	       add_all(filter, SCMP_ACT_ALLOW, system_calls_allowed, system_calls_allowed_count,
		       error) &&
	       add_all(filter, SCMP_ACT_KILL_PROCESS, system_calls_fatal, system_calls_fatal_count,
		       error) &&
	       add_conditions(filter, error);
}

bool
system_calls_restrict(struct error *error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	bool is_loaded;
	int result;

	if (filter == NULL)
		return fail(error, "seccomp_init", -ENOMEM);
	is_loaded = fill(filter, error);
	if (is_loaded) {
		result = seccomp_load(filter);
		is_loaded = result == 0 || fail(error, "seccomp_load", result);
	}
	seccomp_release(filter);
	return is_loaded;
}

#else

bool
system_calls_restrict(struct error *error)
{
	return error_set(error, ERROR_INTERNAL,
		"system calls are not restricted: recordingd was built without libseccomp");
}

#endif
