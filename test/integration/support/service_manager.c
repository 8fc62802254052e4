#include "support/service_manager.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/wait.h"

#define DAEMONS_MAX	16
#define WORD_BYTES	1024
#define STOP_TIMEOUT_MS 15000

struct service_manager {
	int notify_socket;
	char notify_address[108]; /* as in the environment */
	int passed[PROCESS_DESCRIPTORS_MAX];
	int passed_count;
	char names[256];
	pid_t daemons[DAEMONS_MAX];
	int daemon_count;
};

static void
release(void *context)
{
	struct service_manager *manager = context;

	for (int i = 0; i < manager->daemon_count; i++) {
		if (process_wait(manager->daemons[i], 0) == -1) {
			kill(manager->daemons[i], SIGKILL);
			process_wait(manager->daemons[i], STOP_TIMEOUT_MS);
		}
	}
	for (int i = 0; i < manager->passed_count; i++)
		close(manager->passed[i]);
	close(manager->notify_socket);
	if (manager->notify_address[0] == '/')
		unlink(manager->notify_address);
	free(manager);
}

struct service_manager *
service_manager_new(bool is_abstract)
{
	struct service_manager *manager = calloc(1, sizeof *manager);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length;
	static int count;

	if (manager == NULL)
		harness_fail("out of memory");
	snprintf(manager->notify_address, sizeof manager->notify_address, "%s%s",
		is_abstract ? "@" : "", harness_path(scratch_format("notify-%d", ++count)));
	length = strlen(manager->notify_address);
	memcpy(address.sun_path, manager->notify_address, length);
	if (is_abstract)
		address.sun_path[0] = '\0';
	manager->notify_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	scratch_own(manager, release);
	ck_assert_int_eq(bind(manager->notify_socket, (struct sockaddr *)&address,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
		0);
	return manager;
}

void
service_manager_pass(struct service_manager *manager, int descriptor, const char *name)
{
	size_t length = strlen(manager->names);

	ck_assert_int_lt(manager->passed_count, PROCESS_DESCRIPTORS_MAX);
	manager->passed[manager->passed_count++] = descriptor;
	snprintf(manager->names + length, sizeof manager->names - length, "%s%s",
		length > 0 ? ":" : "", name);
}

int
service_manager_listen(struct service_manager *manager, const char *name)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof address;
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(listening, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(listening, 1024), 0);
	ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&address, &length), 0);
	service_manager_pass(manager, listening, name);
	return ntohs(address.sin_port);
}

void
service_manager_listen_unix(struct service_manager *manager, const char *path, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(listening, 64), 0);
	service_manager_pass(manager, listening, name);
}

pid_t
service_manager_start(
	struct service_manager *manager, const char *configuration, const char *const *variables)
{
	const char *file = harness_path(scratch_format("service-%d.conf", manager->daemon_count));
	const char *const arguments[] = { harness_daemon(), "--config", file, NULL };
	const char *environment[16] = { "PLAY_AUTH_TOKEN", "WATCHDOG_USEC", "WATCHDOG_PID" };
	int count = 3;
	FILE *out = fopen(file, "w");

	if (out == NULL || fputs(configuration, out) < 0 || fclose(out) != 0)
		harness_fail("the configuration cannot be written");
	environment[count++] = scratch_format("NOTIFY_SOCKET=%s", manager->notify_address);
	if (manager->passed_count > 0)
		environment[count++] = scratch_format("LISTEN_FDNAMES=%s", manager->names);
	for (int i = 0; variables != NULL && variables[i] != NULL; i++)
		environment[count++] = variables[i];
	ck_assert_int_lt(manager->daemon_count, DAEMONS_MAX);
	return manager->daemons[manager->daemon_count++] = process_start(
		       &(struct process_options){ .arguments = arguments,
			       .environment = environment,
			       .error_file = harness_path(DAEMON_LOG),
			       .descriptors = manager->passed,
			       .descriptor_count = manager->passed_count,
			       .directory = "/" });
}

static bool
read_word(struct service_manager *manager, char word[static WORD_BYTES], long timeout_ms)
{
	struct pollfd polled = { .fd = manager->notify_socket, .events = POLLIN };
	ssize_t length;

	if (poll(&polled, 1, timeout_ms < 0 ? 0 : (int)timeout_ms) <= 0)
		return false;
	length = recv(manager->notify_socket, word, WORD_BYTES - 1, 0);
	if (length < 0)
		return false;
	word[length] = '\0';
	return true;
}

static bool
has_line(const char *word, const char *beginning)
{
	while (strncmp(word, beginning, strlen(beginning)) != 0) {
		word = strchr(word, '\n');
		if (word == NULL)
			return false;
		word++;
	}
	return true;
}

char *
service_manager_word(struct service_manager *manager, const char *text, long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;
	char word[WORD_BYTES];

	while (read_word(manager, word, deadline_ms - wait_now_ms())) {
		if (has_line(word, text))
			return scratch_format("%s", word);
	}
	return NULL;
}

int
service_manager_forget(struct service_manager *manager)
{
	char word[WORD_BYTES];
	int count = 0;

	while (read_word(manager, word, 0))
		count++;
	return count;
}

int
service_manager_stop(pid_t pid)
{
	kill(pid, SIGTERM);
	return process_wait(pid, STOP_TIMEOUT_MS);
}
