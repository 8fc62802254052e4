#include "support/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/wait.h"

static const struct passwd *
postgres_entry(void)
{
	const struct passwd *entry = getpwnam("postgres");

	if (entry == NULL) {
		fputs("the tests run as root and need a user \"postgres\"\n", stderr);
		exit(EXIT_FAILURE);
	}
	return entry;
}

uid_t
process_postgres_user(void)
{
	return geteuid() == 0 ? postgres_entry()->pw_uid : geteuid();
}

gid_t
process_postgres_group(void)
{
	return geteuid() == 0 ? postgres_entry()->pw_gid : getegid();
}

static void
redirect(const char *file, int descriptor)
{
	int opened = open(file == NULL ? "/dev/null" : file, O_WRONLY | O_CREAT | O_APPEND, 0666);

	if (opened < 0 || dup2(opened, descriptor) < 0)
		_exit(126);
	if (opened != descriptor)
		close(opened);
}

static void
set_environment(const char *const *environment)
{
	for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
		const char *equals = strchr(environment[i], '=');

		if (equals == NULL)
			unsetenv(environment[i]);
		else
			putenv((char *)(uintptr_t)environment[i]);
	}
}

/* As systemd does it; all others are closed. */
static void
pass_descriptors(const struct process_options *options)
{
	int passed[PROCESS_DESCRIPTORS_MAX];
	char number[24];

	/* Above all that they may have to become. */
	for (int i = 0; i < options->descriptor_count; i++)
		passed[i] = fcntl(options->descriptors[i], F_DUPFD, 512);
	for (int i = 0; i < options->descriptor_count; i++) {
		if (dup2(passed[i], 3 + i) < 0)
			_exit(126);
	}
	for (int descriptor = 3 + options->descriptor_count; descriptor < 1024; descriptor++)
		close(descriptor);
	if (options->descriptor_count == 0)
		return;
	snprintf(number, sizeof number, "%d", options->descriptor_count);
	setenv("LISTEN_FDS", number, 1);
	snprintf(number, sizeof number, "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
}

static _Noreturn void
become(const struct process_options *options, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);
	const char *error_file = options->error_file == NULL ? options->output_file
							     : options->error_file;

	dup2(null, STDIN_FILENO);
	redirect(options->output_file, STDOUT_FILENO);
	redirect(error_file, STDERR_FILENO);
	pass_descriptors(options);
	signal(SIGPIPE, SIG_DFL);
	if (options->as_postgres && geteuid() == 0) {
		uid_t user = process_postgres_user();
		gid_t group = process_postgres_group();

		if (setgroups(0, NULL) != 0 || setgid(group) != 0 || setuid(user) != 0)
			_exit(126);
	}
	/* Only now: a change of the user clears it. */
	prctl(PR_SET_PDEATHSIG, options->death_signal == 0 ? SIGKILL : options->death_signal);
	if (getppid() != parent)
		_exit(126);
	if (options->directory != NULL && chdir(options->directory) != 0)
		_exit(126);
	set_environment(options->environment);
	execvp(options->arguments[0], (char *const *)(uintptr_t)options->arguments);
	_exit(127);
}

pid_t
process_start(const struct process_options *options)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0)
		become(options, parent);
	if (pid < 0) {
		perror("fork");
		exit(EXIT_FAILURE);
	}
	return pid;
}

int
process_wait(pid_t pid, long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;
	int status;
	pid_t ended;

	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		if (wait_now_ms() >= deadline_ms)
			return -1;
		wait_ms(5);
	}
	if (ended < 0)
		return 255;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int
process_run(const struct process_options *options, long timeout_ms)
{
	pid_t pid = process_start(options);
	int status = process_wait(pid, timeout_ms);

	if (status == -1) {
		kill(pid, SIGKILL);
		process_wait(pid, 5000);
	}
	return status;
}
