#include "victim.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/wait.h"
#include "talk.h"

#define START_TIMEOUT_MS 15000
#define STOP_TIMEOUT_MS	 10000
#define REST_CHECK_US	 200

/* Nothing changes for so long once all connections to the database are there. */
#define LEARN_MS 700

static struct {
	pid_t pid; /* 0: does not run */
	enum victim_end end;
	int port;
	int descriptors; /* open ones while it rests; 0: not known yet */
	struct fault_page *page;
} victim;

struct fault_page *
victim_page(void)
{
	return victim.page;
}

int
victim_port(void)
{
	return victim.port;
}

void
victim_open(void)
{
	int file = open(harness_path("faults.page"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *mapped;

	if (file < 0 || ftruncate(file, sizeof *victim.page) != 0)
		harness_fail("no page for faults");
	mapped = mmap(NULL, sizeof *victim.page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (mapped == MAP_FAILED)
		harness_fail("no page for faults");
	close(file);
	victim.page = mapped;
	victim.page->call = FAULT_CALLS;
	victim.port = daemon_free_port();
}

static const char *
configuration_file(void)
{
	return harness_path("victim.conf");
}

static const char *
log_file(void)
{
	return harness_path("victim.log");
}

/* Few connections, so that a lost one is missed; short times, so that nothing takes long. */
void
victim_configure(const struct victim_settings *settings)
{
	char *text = daemon_configuration("server.listen",
		scratch_format("127.0.0.1:%d", victim.port), "access_log.file",
		harness_path("victim.access.log"), "auth.tokens_file", harness_path("tokens"),
		"database.conninfo",
		scratch_format("%s application_name=%s",
			cluster_conninfo("recordingd", CLUSTER_DATABASE), settings->application),
		"database.connections", VICTIM_CONNECTIONS, "database.statement_timeout",
		settings->statement_timeout == NULL ? "6s" : settings->statement_timeout,
		"database.queue_timeout", "8s", "server.drain_timeout", "3s",
		"server.header_timeout", "3s", "server.body_timeout", "3s", "server.idle_timeout",
		"5s", "cel.cache_ttl", settings->cache_ttl, "audio.accel_prefix",
		settings->accel_prefix, NULL);
	FILE *file = fopen(configuration_file(), "w");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		harness_fail("the configuration cannot be written");
}

void
victim_launch(void)
{
	const char *const arguments[] = { harness_daemon(), "--config", configuration_file(),
		NULL };
	const char *const environment[] = { "PLAY_AUTH_TOKEN",
		scratch_format("LD_PRELOAD=%s", getenv("TEST_INJECT")),
		scratch_format("%s=%s", FAULT_PAGE_VARIABLE, harness_path("faults.page")),
		/* The sanitizer wants to be first; behind inject.c it does as well. */
		"ASAN_OPTIONS=detect_leaks=1:verify_asan_link_order=0", NULL };

	(void)unlink(log_file());
	victim.page->is_idle = false;
	victim.end = VICTIM_RUNS;
	victim.pid = process_start(&(struct process_options){ .arguments = arguments,
		.environment = environment,
		.error_file = log_file(),
		.directory = "/" });
}

char *
victim_log(void)
{
	return scratch_file(log_file());
}

bool
victim_has_report(void)
{
	const char *log = victim_log();

	return strstr(log, "Sanitizer") != NULL || strstr(log, "runtime error:") != NULL;
}

static enum victim_end
judge_end(int status)
{
	const char *log = victim_log();

	if (victim_has_report())
		return VICTIM_FAILED;
	if (status == EXIT_SUCCESS)
		return VICTIM_STOPPED;
	if (status == EXIT_FAILURE && strstr(log, "<2>out of memory\n") != NULL)
		return VICTIM_OUT_OF_MEMORY;
	if ((status == EXIT_FAILURE || status == 2) && strstr(log, "<3>") != NULL &&
		strstr(log, "listening on") == NULL)
		return VICTIM_DID_NOT_START;
	printf("recordingd ended with status %d\n", status);
	return VICTIM_FAILED;
}

enum victim_end
victim_end(long timeout_ms)
{
	int status = victim.pid == 0 ? -1 : process_wait(victim.pid, timeout_ms);

	if (status == -1)
		return victim.end;
	victim.pid = 0;
	victim.end = judge_end(status);
	return victim.end;
}

enum victim_end
victim_last_end(void)
{
	return victim.end;
}

static bool
is_healthy(void)
{
	static const struct talk_request health = {
		.text = "GET /recording/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		.answers = 1,
		.timeout_ms = 3000,
	};
	struct talk talk;
	bool is_good;

	talk_run(&health, victim.port, &talk);
	is_good = talk.end == TALK_COMPLETE && talk.answers[0].status == 200;
	talk_free(&talk);
	return is_good;
}

bool
victim_becomes_healthy(long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;

	while (!is_healthy()) {
		if (victim.pid == 0 || wait_now_ms() >= deadline_ms || kill(victim.pid, 0) != 0)
			return false;
		/* One that has ended is still there until it is waited for. */
		if (!victim.page->is_idle && victim_end(0) != VICTIM_RUNS)
			return false;
		wait_ms(3);
	}
	return true;
}

static int
count_descriptors(void)
{
	DIR *folder = opendir(scratch_format("/proc/%d/fd", (int)victim.pid));
	int count = 0;

	if (folder == NULL)
		return 0;
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

/* All connections to the database are there when nothing has changed for a while. */
static void
learn_descriptors(void)
{
	long since_ms = wait_now_ms();
	int last = 0;

	while (wait_now_ms() - since_ms < LEARN_MS) {
		int now = count_descriptors();

		if (now != last)
			since_ms = wait_now_ms();
		last = now;
		wait_ms(5);
	}
	victim.descriptors = last;
}

bool
victim_ensure(void)
{
	if (victim.pid != 0)
		return true;
	victim_launch();
	if (!victim_becomes_healthy(START_TIMEOUT_MS)) {
		printf("recordingd does not become healthy:\n%s\n", victim_log());
		return false;
	}
	if (victim.descriptors == 0)
		learn_descriptors();
	return victim_comes_to_rest(START_TIMEOUT_MS);
}

void
victim_signal(int number)
{
	kill(victim.pid, number);
}

bool
victim_stop(void)
{
	enum victim_end end;

	if (victim.pid == 0)
		return true;
	kill(victim.pid, SIGTERM);
	end = victim_end(STOP_TIMEOUT_MS);
	if (end == VICTIM_RUNS)
		victim_abandon();
	if (end != VICTIM_STOPPED)
		printf("recordingd did not end well:\n%s\n", victim_log());
	return end == VICTIM_STOPPED;
}

void
victim_abandon(void)
{
	if (victim.pid == 0)
		return;
	kill(victim.pid, SIGKILL);
	process_wait(victim.pid, STOP_TIMEOUT_MS);
	victim.pid = 0;
}

static void
pause_us(long duration_us)
{
	struct timespec duration = { 0, duration_us * 1000 };

	nanosleep(&duration, NULL);
}

bool
victim_comes_to_rest(long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;

	while (!victim.page->is_idle || count_descriptors() != victim.descriptors) {
		if (wait_now_ms() >= deadline_ms)
			return false;
		pause_us(REST_CHECK_US);
	}
	return true;
}

void
victim_finish_turn(unsigned long turns_before)
{
	long deadline_ms = wait_now_ms() + 20;

	while ((victim.page->turns == turns_before || !victim.page->is_idle) &&
		wait_now_ms() < deadline_ms)
		pause_us(REST_CHECK_US);
}

long
victim_cpu_ms(void)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (victim.pid == 0 || clock_getcpuclockid(victim.pid, &clock) != 0 ||
		clock_gettime(clock, &used) != 0)
		return 0;
	return used.tv_sec * 1000 + used.tv_nsec / 1000000;
}
