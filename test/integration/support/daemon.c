#include "support/daemon.h"

#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/harness.h"
#include "support/http_client.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/wait.h"

#define START_TIMEOUT_MS 15000
#define STOP_TIMEOUT_MS	 15000
#define SETTINGS_MAX	 40
#define SETTING_BYTES	 512

struct setting {
	char key[64]; /* section.key */
	char value[SETTING_BYTES];
};

static struct {
	pid_t pid;
	int port;
	bool is_default;
	bool ended_badly;
	long log_start; /* length of the log at the last start */
} daemon_now;

int
daemon_free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&address, length) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		harness_fail("no free port");
	close(fd);
	return ntohs(address.sin_port);
}

static void
set(struct setting *settings, const char *key, const char *value)
{
	size_t i = 0;

	while (i < SETTINGS_MAX && settings[i].key[0] != '\0' && strcmp(settings[i].key, key) != 0)
		i++;
	if (i == SETTINGS_MAX)
		harness_fail("more than %d settings", SETTINGS_MAX);
	snprintf(settings[i].key, sizeof settings[i].key, "%s", key);
	if (*value == '+' && settings[i].value[0] != '\0')
		value = scratch_format("%s,%s", settings[i].value, value + 1);
	snprintf(settings[i].value, sizeof settings[i].value, "%s", value);
}

static void
set_defaults(struct setting *settings)
{
	set(settings, "server.listen", scratch_format("127.0.0.1:%d", daemon_now.port));
	set(settings, "auth.token", DAEMON_TOKEN);
	set(settings, "database.conninfo",
		scratch_format("%s password=" DAEMON_PASSWORD,
			cluster_conninfo("recordingd", CLUSTER_DATABASE)));
	set(settings, "audio.directory", harness_path("audio"));
	set(settings, "access_log.file", harness_path("access.log"));
	/* Tests change rows that were read: nothing is remembered unless a test is about that. */
	set(settings, "cel.cache_ttl", "0");
	set(settings, "cel.max_staleness", "0");
}

static char *
configuration_text(const struct setting *settings)
{
	static const char *const sections[] = { "server", "auth", "database", "audio", "access_log",
		"log", "metrics", "records", "history", "cel" };
	char *text = scratch_format("%s", "");

	for (size_t section = 0; section < sizeof sections / sizeof sections[0]; section++) {
		size_t length = strlen(sections[section]);

		text = scratch_format("%s[%s]\n", text, sections[section]);
		for (size_t i = 0; i < SETTINGS_MAX; i++) {
			if (strncmp(settings[i].key, sections[section], length) == 0 &&
				settings[i].key[length] == '.')
				text = scratch_format("%s%s = %s\n", text,
					settings[i].key + length + 1, settings[i].value);
		}
	}
	return text;
}

static char *
configuration(const char *key, va_list arguments)
{
	struct setting settings[SETTINGS_MAX] = { 0 };

	set_defaults(settings);
	for (; key != NULL; key = va_arg(arguments, const char *))
		set(settings, key, va_arg(arguments, const char *));
	return configuration_text(settings);
}

char *
daemon_configuration(const char *key, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, key);
	text = configuration(key, arguments);
	va_end(arguments);
	return text;
}

static void
write_configuration(const char *text)
{
	FILE *file = fopen(harness_path("recordingd.conf"), "w");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		harness_fail("the configuration cannot be written");
}

void
daemon_configure(const char *key, ...)
{
	va_list arguments;

	va_start(arguments, key);
	write_configuration(configuration(key, arguments));
	va_end(arguments);
	daemon_now.is_default = false;
}

char *
daemon_log(void)
{
	char *log = scratch_file(harness_path(DAEMON_LOG));

	return (long)strlen(log) >= daemon_now.log_start ? log + daemon_now.log_start : log;
}

static bool
log_holds(void *text)
{
	return strstr(daemon_log(), text) != NULL;
}

bool
daemon_logs(const char *text)
{
	return wait_until(log_holds, (void *)(uintptr_t)text, 2000);
}

static bool
has_sanitizer_report(void)
{
	const char *log = daemon_log();

	return strstr(log, "Sanitizer") != NULL || strstr(log, "runtime error:") != NULL;
}

int
daemon_wait(long timeout_ms)
{
	int status = process_wait(daemon_now.pid, timeout_ms);

	if (status == -1)
		return -1;
	daemon_now.pid = 0;
	daemon_now.is_default = false;
	if (has_sanitizer_report()) {
		printf("a sanitizer has reported something:\n%s\n", daemon_log());
		daemon_now.ended_badly = true;
	}
	return status;
}

/* False when the daemon did not end as it should. */
static bool
stop(void)
{
	int status;

	if (daemon_now.pid == 0)
		return true;
	kill(daemon_now.pid, SIGTERM);
	status = daemon_wait(STOP_TIMEOUT_MS);
	if (status == -1)
		daemon_abandon();
	if (status == 0)
		return true;
	printf("recordingd ended with %d instead of 0 on SIGTERM\n%s\n", status, daemon_log());
	daemon_now.ended_badly = true;
	return false;
}

void
daemon_kill(void)
{
	kill(daemon_now.pid, SIGKILL);
	(void)daemon_wait(STOP_TIMEOUT_MS);
}

void
daemon_abandon(void)
{
	if (daemon_now.pid == 0)
		return;
	daemon_kill();
}

/* Whatever a program's tests have made it log, of all starts. */
static bool
keeps_secrets(const char *file)
{
	static const char *const secrets[] = { DAEMON_TOKEN, DAEMON_PASSWORD };
	const char *text;

	if (access(harness_path(file), F_OK) != 0)
		return true;
	text = scratch_file(harness_path(file));
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		const char *found = strstr(text, secrets[i]);

		if (found == NULL)
			continue;
		printf("\"%s\" is in %s:\n%.*s\n", secrets[i], file, 300,
			found - text < 100 ? text : found - 100);
		return false;
	}
	return true;
}

bool
daemon_finish(void)
{
	stop();
	return keeps_secrets(DAEMON_LOG) && keeps_secrets("access.log") && !daemon_now.ended_badly;
}

static bool
is_healthy(void *any)
{
	long status;

	if (process_wait(daemon_now.pid, 0) != -1)
		harness_fail("recordingd ended at its start: %s", daemon_log());
	status = http_probe();
	return status == 200 || (any != NULL && status != 0);
}

/* With the configuration that is there. */
static void
start_process(bool may_be_degraded)
{
	const char *const arguments[] = { harness_daemon(), "--config",
		harness_path("recordingd.conf"), NULL };
	/* The sanitizer wants to be first; behind the library of fake_clock.c it does as well. */
	const char *const environment[] = { "PLAY_AUTH_TOKEN",
		"ASAN_OPTIONS=detect_leaks=1:verify_asan_link_order=0", NULL };
	static char any;

	daemon_now.is_default = false;
	daemon_now.log_start = (long)strlen(scratch_file(harness_path(DAEMON_LOG)));
	daemon_now.pid = process_start(&(struct process_options){ .arguments = arguments,
		.environment = environment,
		.error_file = harness_path(DAEMON_LOG),
		.directory = "/" });
	if (!wait_until(is_healthy, may_be_degraded ? &any : NULL, START_TIMEOUT_MS))
		harness_fail("recordingd does not become healthy: %s", daemon_log());
}

static void
start(const char *text, bool may_be_degraded)
{
	write_configuration(text);
	start_process(may_be_degraded);
}

void
daemon_start_again(void)
{
	start_process(true);
}

void
daemon_restart(const char *key, ...)
{
	va_list arguments;

	ck_assert_msg(stop(), "recordingd did not end well before its restart");
	daemon_now.port = daemon_free_port();
	va_start(arguments, key);
	start(configuration(key, arguments), false);
	va_end(arguments);
}

void
daemon_restart_degraded(const char *key, ...)
{
	va_list arguments;

	ck_assert_msg(stop(), "recordingd did not end well before its restart");
	daemon_now.port = daemon_free_port();
	va_start(arguments, key);
	start(configuration(key, arguments), true);
	va_end(arguments);
}

void
daemon_ensure_default(void)
{
	if (daemon_now.pid != 0 && daemon_now.is_default && !has_sanitizer_report() &&
		process_wait(daemon_now.pid, 0) == -1 && http_probe() == 200)
		return;
	if (daemon_now.pid != 0)
		daemon_now.is_default = false;
	daemon_restart(NULL, NULL);
	daemon_now.is_default = true;
}

void
daemon_signal(int number)
{
	kill(daemon_now.pid, number);
}

bool
daemon_is_running(void)
{
	return daemon_now.pid != 0 && kill(daemon_now.pid, 0) == 0;
}

pid_t
daemon_pid(void)
{
	return daemon_now.pid;
}

int
daemon_port(void)
{
	return daemon_now.port;
}

char *
daemon_url(void)
{
	return scratch_format("http://127.0.0.1:%d", daemon_now.port);
}
