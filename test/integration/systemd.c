/*
 * recordingd as a service: its word to the manager, the sockets that it is given, and its unit
 * files. Neighbours: shutdown.c has the end, reload.c what a reload changes.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/process.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/service_manager.h"
#include "support/sql.h"
#include "support/wait.h"

#define REQUEST                                                                                    \
	"GET /recording/cel?from=10&limit=1 HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN    \
	"\r\n\r\n"

#define START_MS 15000
#define WORD_MS	 10000

static char *
listen_on(int port)
{
	return scratch_format("127.0.0.1:%d", port);
}

static char *
configuration_for(int port)
{
	return daemon_configuration("server.listen", listen_on(port), NULL);
}

static struct raw_client *
open_client(int port)
{
	return raw_open_at(scratch_format("%d", port));
}

static void
expect_answer(struct raw_client *client)
{
	const struct reply *reply;

	ck_assert(raw_send(client, REQUEST));
	reply = raw_reply(client, 10000);
	ck_assert_ptr_nonnull(reply);
	expect_status(reply, 200);
}

static void
expect_word(struct service_manager *manager, const char *text)
{
	ck_assert_msg(service_manager_word(manager, text, WORD_MS) != NULL, "no %s", text);
}

static void
expect_clean_log(void)
{
	const char *log = scratch_file(harness_path(DAEMON_LOG));

	ck_assert_ptr_null(strstr(log, "Sanitizer"));
	ck_assert_ptr_null(strstr(log, "runtime error:"));
}

static void
expect_stop(pid_t pid)
{
	ck_assert_int_eq(service_manager_stop(pid), 0);
	expect_clean_log();
}

static bool
log_says(void *text)
{
	return strstr(scratch_file(harness_path(DAEMON_LOG)), text) != NULL;
}

/* Word to the manager ----------------------------------------------------------------------------
 */

/* Ready means listening: the first attempt to connect succeeds. Both kinds of addresses. */
START_TEST(test_ready)
{
	struct service_manager *manager = service_manager_new(_i == 1);
	int port = daemon_free_port();
	pid_t pid = service_manager_start(manager, configuration_for(port), NULL);

	ck_assert_ptr_nonnull(service_manager_word(manager, "READY=1", START_MS));
	open_client(port);
	expect_word(manager, "STATUS=1 connection, database up");
	kill(pid, SIGTERM);
	expect_word(manager, "STOPPING=1");
	ck_assert_int_eq(process_wait(pid, 10000), 0);
	expect_clean_log();
}
END_TEST

/* A configuration that is wrong, or an address that is taken, is not ready. */
START_TEST(test_not_ready)
{
	struct service_manager *manager = service_manager_new(false);
	char *wrong = daemon_configuration("server.max_body", "none", NULL);
	char *taken = configuration_for(daemon_port());

	ck_assert_int_eq(process_wait(service_manager_start(manager, wrong, NULL), START_MS), 2);
	ck_assert_int_eq(process_wait(service_manager_start(manager, taken, NULL), START_MS), 1);
	ck_assert_int_eq(service_manager_forget(manager), 0);
}
END_TEST

/* Without its database it serves what needs none, and says so. */
START_TEST(test_status)
{
	struct service_manager *manager = service_manager_new(false);
	int port = daemon_free_port();
	pid_t pid;
	struct raw_client *clients[3];

	cluster_stop();
	sql_reconnect();
	pid = service_manager_start(manager, configuration_for(port), NULL);
	ck_assert_ptr_nonnull(service_manager_word(manager, "READY=1", START_MS));
	expect_word(manager, "STATUS=0 connections, database down");
	cluster_ensure();
	expect_word(manager, "STATUS=0 connections, database up");
	for (int i = 0; i < HARNESS_COUNT(clients); i++)
		clients[i] = open_client(port);
	expect_word(manager, "STATUS=3 connections, database up");
	/* What has not changed is not said again. */
	service_manager_forget(manager);
	ck_assert_ptr_null(service_manager_word(manager, "STATUS=", 2500));
	for (int i = 0; i < HARNESS_COUNT(clients); i++)
		raw_close(clients[i]);
	expect_word(manager, "STATUS=0 connections, database up");
	expect_stop(pid);
}
END_TEST

static long long
monotonic_us(const char *word)
{
	const char *line = strstr(word, "\nMONOTONIC_USEC=");

	ck_assert_msg(line != NULL, "no time in: %s", word);
	return strtoll(line + strlen("\nMONOTONIC_USEC="), NULL, 10);
}

static void
configure(const char *text)
{
	FILE *file = fopen(harness_path("service-0.conf"), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

START_TEST(test_reload)
{
	struct service_manager *manager = service_manager_new(false);
	char *good = configuration_for(daemon_free_port());
	pid_t pid = service_manager_start(manager, good, NULL);
	long began_ms;
	long long told_us;
	const char *word;

	ck_assert_ptr_nonnull(service_manager_word(manager, "READY=1", START_MS));
	began_ms = wait_now_ms();
	kill(pid, SIGHUP);
	word = service_manager_word(manager, "RELOADING=1", WORD_MS);
	ck_assert_ptr_nonnull(word);
	told_us = monotonic_us(word);
	ck_assert_int_ge(told_us, (long long)began_ms * 1000);
	ck_assert_int_le(told_us, (long long)(wait_now_ms() + 1) * 1000);
	expect_word(manager, "READY=1");
	/* A bad file ends the reload too, or the manager would wait; the status says what holds. */
	configure(daemon_configuration("server.max_body", "none", NULL));
	kill(pid, SIGHUP);
	expect_word(manager, "RELOADING=1");
	expect_word(manager, "READY=1");
	expect_word(
		manager, "STATUS=0 connections, database up; the last reload failed, see the log");
	configure(good);
	kill(pid, SIGHUP);
	expect_word(manager, "RELOADING=1");
	word = service_manager_word(manager, "STATUS=", WORD_MS);
	ck_assert_ptr_nonnull(word);
	ck_assert_str_eq(word, "STATUS=0 connections, database up");
	expect_stop(pid);
}
END_TEST

/* The manager gets to know how long the end may take. */
START_TEST(test_stopping)
{
	struct service_manager *manager = service_manager_new(false);
	int port = daemon_free_port();
	pid_t pid = service_manager_start(manager,
		daemon_configuration(
			"server.listen", listen_on(port), "server.drain_timeout", "45s", NULL),
		NULL);
	PGconn *session = sql_session();
	struct raw_client *busy;
	const char *word;

	ck_assert_ptr_nonnull(service_manager_word(manager, "READY=1", START_MS));
	expect_word(manager, "STATUS=0 connections, database up");
	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	busy = open_client(port);
	raw_send(busy, REQUEST);
	ck_assert_ptr_null(raw_reply(busy, 300));
	kill(pid, SIGTERM);
	word = service_manager_word(manager, "STOPPING=1", WORD_MS);
	ck_assert_ptr_nonnull(word);
	word = strstr(word, "EXTEND_TIMEOUT_USEC=");
	ck_assert_ptr_nonnull(word);
	ck_assert_int_gt(strtoll(word + strlen("EXTEND_TIMEOUT_USEC="), NULL, 10), 45000000);
	expect_word(manager, "STATUS=stopping: 1 connection, database up");
	sql_session_run(session, "COMMIT");
	ck_assert_ptr_nonnull(raw_reply(busy, 5000));
	raw_close(busy);
	ck_assert_int_eq(process_wait(pid, 10000), 0);
}
END_TEST

/* Signs of life come twice in the manager's time, from the loop: a stopped one gives none. */
START_TEST(test_watchdog)
{
	static const char *const variables[] = { "WATCHDOG_USEC=1000000", NULL };
	struct service_manager *manager = service_manager_new(false);
	pid_t pid = service_manager_start(
		manager, configuration_for(daemon_free_port()), variables);
	long began_ms;

	ck_assert_ptr_nonnull(service_manager_word(manager, "READY=1", START_MS));
	began_ms = wait_now_ms();
	for (int i = 0; i < 3; i++)
		expect_word(manager, "WATCHDOG=1");
	/* Three periods of 500 ms. */
	ck_assert_int_ge(wait_now_ms() - began_ms, 1300);
	ck_assert_int_le(wait_now_ms() - began_ms, 2800);
	kill(pid, SIGSTOP);
	wait_ms(50);
	service_manager_forget(manager);
	ck_assert_ptr_null(service_manager_word(manager, "WATCHDOG=1", 1200));
	kill(pid, SIGCONT);
	expect_word(manager, "WATCHDOG=1");
	expect_stop(pid);
}
END_TEST

/* Not asked for, or asked of somebody else. */
START_TEST(test_no_watchdog)
{
	static const char *const variables[][3] = {
		{ NULL },
		{ "WATCHDOG_USEC=100000", "WATCHDOG_PID=1", NULL },
		{ "WATCHDOG_USEC=0", NULL },
	};

	for (int i = 0; i < HARNESS_COUNT(variables); i++) {
		struct service_manager *manager = service_manager_new(true);
		pid_t pid = service_manager_start(
			manager, configuration_for(daemon_free_port()), variables[i]);

		ck_assert_ptr_nonnull(service_manager_word(manager, "READY=1", START_MS));
		ck_assert_ptr_null(service_manager_word(manager, "WATCHDOG=1", 400));
		expect_stop(pid);
	}
}
END_TEST

/* How many datagrams wait at a socket before the sender does. */
static long
longest_queue(void)
{
	FILE *limit = fopen("/proc/sys/net/unix/max_dgram_qlen", "r");
	long count = 0;

	ck_assert_ptr_nonnull(limit);
	ck_assert_int_eq(fscanf(limit, "%ld", &count), 1);
	fclose(limit);
	return count;
}

/*
 * A manager that does not read for a while, as systemd while it loads its units: requests are
 * answered all the same, and it then learns of the reload in the right order.
 */
START_TEST(test_manager_is_busy)
{
	static const char *const variables[] = { "WATCHDOG_USEC=2000", NULL };
	struct service_manager *manager = service_manager_new(false);
	int port = daemon_free_port();
	pid_t pid = service_manager_start(manager, configuration_for(port), variables);
	struct raw_client *client;

	ck_assert_ptr_nonnull(service_manager_word(manager, "READY=1", START_MS));
	client = open_client(port);
	expect_answer(client);
	/* One sign of life per millisecond. */
	wait_ms(2 * longest_queue() + 500);
	expect_answer(client);
	kill(pid, SIGHUP);
	ck_assert(wait_until(log_says, (void *)(uintptr_t) ">reloaded", 5000));
	expect_answer(client);
	expect_word(manager, "RELOADING=1");
	expect_word(manager, "READY=1");
	expect_word(manager, "WATCHDOG=1");
	expect_stop(pid);
}
END_TEST

/* Somebody else's variables, a manager that has gone: no reason not to serve. */
START_TEST(test_no_manager)
{
	static const char *const addresses[] = { "NOTIFY_SOCKET=/nonexistent/notify",
		"NOTIFY_SOCKET=vsock:2:1", "NOTIFY_SOCKET=", "NOTIFY_SOCKET" };

	for (int i = 0; i < HARNESS_COUNT(addresses); i++) {
		const char *const variables[] = { addresses[i], "WATCHDOG_USEC=100000", NULL };
		struct service_manager *manager = service_manager_new(false);
		int port = service_manager_listen(manager, "http");
		pid_t pid = service_manager_start(manager, configuration_for(port), variables);

		expect_answer(open_client(port));
		expect_stop(pid);
	}
}
END_TEST

/* Passed sockets ---------------------------------------------------------------------------------
 */

static unsigned
descriptor_flags(pid_t pid, int descriptor)
{
	FILE *info = fopen(scratch_format("/proc/%d/fdinfo/%d", (int)pid, descriptor), "r");
	unsigned flags = 0;

	ck_assert_ptr_nonnull(info);
	ck_assert_int_eq(fscanf(info, "pos: %*u flags: %o", &flags), 1);
	fclose(info);
	return flags;
}

/*
 * Three are passed, of which server.listen names two; it names one more. All four are served, and
 * the file of the passed one stays.
 */
START_TEST(test_passed)
{
	struct service_manager *manager = service_manager_new(false);
	int named = service_manager_listen(manager, "named");
	int unnamed = service_manager_listen(manager, "unnamed");
	int own = daemon_free_port();
	const char *path = harness_path("passed.socket");
	const char *where = scratch_format("unix:%s", path);
	pid_t pid;

	service_manager_listen_unix(manager, path, "local");
	pid = service_manager_start(manager,
		daemon_configuration("server.listen",
			scratch_format("%s,%s,%s", listen_on(named), listen_on(own), where), NULL),
		NULL);
	ck_assert_ptr_nonnull(service_manager_word(manager, "READY=1", START_MS));
	expect_answer(open_client(named));
	expect_answer(open_client(unnamed));
	expect_answer(open_client(own));
	expect_answer(raw_open_at(where));
	for (int descriptor = 3; descriptor < 6; descriptor++) {
		unsigned flags = descriptor_flags(pid, descriptor);

		ck_assert_uint_ne(flags & O_NONBLOCK, 0);
		ck_assert_uint_ne(flags & O_CLOEXEC, 0);
	}
	ck_assert(
		log_says(scratch_format("listening on 127.0.0.1:%d, passed as \"named\"", named)));
	ck_assert(log_says(
		scratch_format("listening on 127.0.0.1:%d, passed as \"unnamed\"", unnamed)));
	ck_assert(log_says(scratch_format("listening on %s, passed as \"local\"", where)));
	expect_stop(pid);
	ck_assert_int_eq(access(path, F_OK), 0);
	unlink(path);
}
END_TEST

static int
connected_socket(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	close(ends[1]);
	return ends[0];
}

static int
unbound_datagrams(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* It listens, but for packets. */
static int
listening_for_packets(void)
{
	const sa_family_t family = AF_UNIX; /* the kernel chooses an abstract address */
	int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(listening, (const struct sockaddr *)&family, sizeof family), 0);
	ck_assert_int_eq(listen(listening, 1), 0);
	return listening;
}

static int
not_listening(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int
no_socket(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* What cannot be listened on is a mistake in the unit: said, not served without. */
START_TEST(test_wrong_descriptor)
{
	typedef int maker(void);
	static maker *const makers[] = { connected_socket, unbound_datagrams, listening_for_packets,
		not_listening, no_socket };
	struct service_manager *manager = service_manager_new(false);
	int port = service_manager_listen(manager, "good");
	const char *name = scratch_format("bad-%d", _i);
	pid_t pid;

	service_manager_pass(manager, makers[_i](), name);
	pid = service_manager_start(manager, configuration_for(port), NULL);
	ck_assert_int_eq(process_wait(pid, START_MS), 1);
	ck_assert_int_eq(service_manager_forget(manager), 0);
	ck_assert(log_says(scratch_format(
		"descriptor 4, passed as \"%s\", is not a listening stream socket", name)));
}
END_TEST

/* Variables that are meant for another process. */
START_TEST(test_not_for_us)
{
	static const char *const variables[] = { "LISTEN_PID=1", NULL };
	struct service_manager *manager = service_manager_new(false);
	int passed = service_manager_listen(manager, "http");
	int own = daemon_free_port();
	pid_t pid = service_manager_start(manager, configuration_for(own), variables);

	ck_assert_ptr_nonnull(service_manager_word(manager, "READY=1", START_MS));
	expect_answer(open_client(own));
	ck_assert(!log_says(scratch_format("127.0.0.1:%d", passed)));
	expect_stop(pid);
}
END_TEST

/* A number of descriptors that is none. */
START_TEST(test_wrong_number)
{
	static const char *const variables[] = { "LISTEN_FDS=many", NULL };
	struct service_manager *manager = service_manager_new(false);
	int port = service_manager_listen(manager, "http");

	ck_assert_int_eq(
		process_wait(service_manager_start(manager, configuration_for(port), variables),
			START_MS),
		1);
	ck_assert(log_says((void *)(uintptr_t) "LISTEN_FDS"));
}
END_TEST

/* Restart under load -----------------------------------------------------------------------------
 */

#define LOAD_THREADS 8
#define RESTARTS     4

struct load {
	pthread_t thread;
	int port;
	const volatile bool *is_over;
	unsigned answers;
	unsigned failures;
	long longest_ms;
	char failure[200]; /* the first */
};

/* One request on a connection of its own; the reason when it was not answered. */
static const char *
ask_once(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	const struct timeval patience = { .tv_sec = 20 };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char reply[64] = "";
	char rest[4096];
	const char *failure = NULL;
	ssize_t length = 0;

	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(client, (struct sockaddr *)&address, sizeof address) != 0)
		failure = "the connection was refused";
	else if (send(client, REQUEST, strlen(REQUEST), MSG_NOSIGNAL) < 0)
		failure = "the connection was closed before the request";
	else if ((length = recv(client, reply, sizeof reply - 1, 0)) < 0)
		failure = "the connection was reset or had no answer in time";
	else if (length == 0)
		failure = "the connection was closed without an answer";
	else if (strncmp(reply, "HTTP/1.1 200 ", strlen("HTTP/1.1 200 ")) != 0)
		failure = "another answer";
	if (failure == NULL) {
		shutdown(client, SHUT_WR);
		while (recv(client, rest, sizeof rest, 0) > 0)
			;
	}
	close(client);
	return failure;
}

static void *
ask_all_the_time(void *context)
{
	struct load *load = context;

	while (!*load->is_over) {
		long began_ms = wait_now_ms();
		const char *failure = ask_once(load->port);
		long took_ms = wait_now_ms() - began_ms;

		if (took_ms > load->longest_ms)
			load->longest_ms = took_ms;
		if (failure == NULL) {
			load->answers++;
			continue;
		}
		if (load->failures++ == 0)
			snprintf(load->failure, sizeof load->failure, "%s", failure);
	}
	return NULL;
}

static pid_t
start_ready(struct service_manager *manager, int port)
{
	pid_t pid = service_manager_start(manager, configuration_for(port), NULL);

	ck_assert_ptr_nonnull(service_manager_word(manager, "READY=1", START_MS));
	/* Its requests would else be 503 after database.queue_timeout on a busy machine. */
	expect_word(manager, "STATUS=");
	return pid;
}

/*
 * Clients go on connecting, each for one request, while recordingd is restarted: every one of them
 * gets its answer.
 */
START_TEST(test_restart_under_load)
{
	struct service_manager *manager = service_manager_new(false);
	int port = service_manager_listen(manager, "recordingd.socket");
	pid_t pid = start_ready(manager, port);
	static struct load loads[LOAD_THREADS];
	volatile bool is_over = false;
	unsigned answers = 0;
	long longest_ms = 0;

	for (int i = 0; i < LOAD_THREADS; i++) {
		loads[i] = (struct load){ .port = port, .is_over = &is_over };
		ck_assert_int_eq(
			pthread_create(&loads[i].thread, NULL, ask_all_the_time, &loads[i]), 0);
	}
	for (int i = 0; i < RESTARTS; i++) {
		wait_ms(300);
		ck_assert_int_eq(service_manager_stop(pid), 0);
		pid = start_ready(manager, port);
	}
	wait_ms(300);
	is_over = true;
	for (int i = 0; i < LOAD_THREADS; i++)
		pthread_join(loads[i].thread, NULL);
	for (int i = 0; i < LOAD_THREADS; i++) {
		ck_assert_msg(loads[i].failures == 0, "%u of %u: %s", loads[i].failures,
			loads[i].failures + loads[i].answers, loads[i].failure);
		answers += loads[i].answers;
		if (loads[i].longest_ms > longest_ms)
			longest_ms = loads[i].longest_ms;
	}
	ck_assert_uint_gt(answers, LOAD_THREADS * RESTARTS);
	printf("%u requests over %d restarts, the longest %ld ms\n", answers, RESTARTS, longest_ms);
	expect_stop(pid);
}
END_TEST

/* The token as a credential ----------------------------------------------------------------------
 */

static long
status_with(int port, const char *token)
{
	struct raw_client *client = open_client(port);
	const struct reply *reply;

	raw_send(client, scratch_format("GET /recording/cel?limit=1 HTTP/1.1\r\nHost: x\r\n"
					"X-Auth-Token: %s\r\n\r\n",
				 token));
	reply = raw_reply(client, 10000);
	ck_assert_ptr_nonnull(reply);
	return reply->status;
}

START_TEST(test_credential)
{
	const char *folder = harness_path("credentials");
	const char *const variables[] = { scratch_format("CREDENTIALS_DIRECTORY=%s", folder),
		NULL };
	struct service_manager *manager = service_manager_new(false);
	int port = service_manager_listen(manager, "http");
	FILE *file;
	pid_t pid;

	mkdir(folder, 0700);
	file = fopen(scratch_format("%s/token", folder), "w");
	ck_assert_ptr_nonnull(file);
	fputs("from-credential\n", file);
	fclose(file);
	pid = service_manager_start(manager,
		daemon_configuration("server.listen", listen_on(port), "auth.token", "", NULL),
		variables);
	ck_assert_int_eq(status_with(port, "from-credential"), 200);
	ck_assert_int_eq(status_with(port, DAEMON_TOKEN), 401);
	expect_stop(pid);
	/* What the file of the configuration says goes before. */
	pid = service_manager_start(manager, configuration_for(port), variables);
	ck_assert_int_eq(status_with(port, DAEMON_TOKEN), 200);
	ck_assert_int_eq(status_with(port, "from-credential"), 401);
	expect_stop(pid);
}
END_TEST

/* Unit files -------------------------------------------------------------------------------------
 */

static void
write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* The built units in a folder of their own, the service with the program that is under test. */
static char *
unit_folder(void)
{
	char *folder = harness_path("units");
	char *service = scratch_file(harness_build("systemd/recordingd.service"));
	char *start = strstr(service, "\nExecStart=");
	const char *rest;

	ck_assert_ptr_nonnull(start);
	rest = strchr(start + 1, '\n');
	mkdir(folder, 0755);
	write_text(scratch_format("%s/recordingd.service", folder),
		scratch_format("%.*s\nExecStart=%s%s", (int)(start - service), service,
			harness_daemon(), rest));
	write_text(scratch_format("%s/recordingd.socket", folder),
		scratch_file(harness_build("systemd/recordingd.socket")));
	return folder;
}

static char *
run_tool(const char *const *arguments, int *status)
{
	const char *output = harness_path("tool.out");

	unlink(output);
	*status = process_run(
		&(struct process_options){ .arguments = arguments, .output_file = output }, 60000);
	return scratch_file(output);
}

/* Nothing is unknown to this systemd, or it would be without effect. */
START_TEST(test_units_verify)
{
	char *folder = unit_folder();
	const char *const arguments[] = { "systemd-analyze", "verify", "--man=no",
		scratch_format("%s/recordingd.service", folder),
		scratch_format("%s/recordingd.socket", folder), NULL };
	int status;
	const char *output = run_tool(arguments, &status);

	ck_assert_msg(
		status == 0 && strstr(output, "recordingd") == NULL, "%d: %s", status, output);
}
END_TEST

START_TEST(test_sandbox)
{
	const char *const arguments[] = { "systemd-analyze", "security", "--offline=true",
		"--threshold=20", "--no-pager",
		scratch_format("%s/recordingd.service", unit_folder()), NULL };
	int status;
	const char *output = run_tool(arguments, &status);

	ck_assert_msg(status == 0, "%d: %s", status, output);
	ck_assert_ptr_nonnull(strstr(output, "Overall exposure level"));
}
END_TEST

static bool
is_owned(const char *path, mode_t mode, const char *group_line)
{
	struct stat status;
	char *end;
	/* "recordingd:x:999:" of the tree's own group file. */
	unsigned long group = strtoul(strchr(strchr(group_line, ':') + 1, ':') + 1, &end, 10);

	return stat(path, &status) == 0 && (status.st_mode & 07777) == mode && status.st_uid == 0 &&
	       status.st_gid == group;
}

/* User and folders, made in a tree of their own. */
START_TEST(test_user_and_folders)
{
	char *root = harness_path("root");
	char *root_option = scratch_format("--root=%s", root);
	const char *const users[] = { "systemd-sysusers", root_option,
		harness_source("systemd/recordingd.sysusers"), NULL };
	const char *const folders[] = { "systemd-tmpfiles", "--create", root_option,
		harness_source("systemd/recordingd.tmpfiles"), NULL };
	const char *output;
	const char *group;
	int status;

	if (geteuid() != 0)
		return;
	mkdir(root, 0755);
	mkdir(scratch_format("%s/etc", root), 0755);
	mkdir(scratch_format("%s/var", root), 0755);
	output = run_tool(users, &status);
	ck_assert_msg(status == 0, "%d: %s", status, output);
	output = run_tool(folders, &status);
	ck_assert_msg(status == 0, "%d: %s", status, output);
	group = strstr(scratch_file(scratch_format("%s/etc/group", root)), "recordingd:");
	ck_assert_ptr_nonnull(group);
	ck_assert(is_owned(scratch_format("%s/etc/recordingd", root), 0750, group));
	ck_assert(is_owned(scratch_format("%s/var/spool/recordingd/audio", root), 02750, group));
}
END_TEST

static Suite *
systemd_suite(void)
{
	Suite *suite = suite_create("systemd");

	harness_add_loop(suite, "ready", test_ready, 2);
	harness_add(suite, "not ready", test_not_ready);
	harness_add(suite, "status", test_status);
	harness_add(suite, "reload", test_reload);
	harness_add(suite, "stopping", test_stopping);
	harness_add(suite, "watchdog", test_watchdog);
	harness_add(suite, "no watchdog", test_no_watchdog);
	harness_add(suite, "busy manager", test_manager_is_busy);
	harness_add(suite, "no manager", test_no_manager);
	harness_add(suite, "passed", test_passed);
	harness_add_loop(suite, "wrong descriptor", test_wrong_descriptor, 5);
	harness_add(suite, "not for us", test_not_for_us);
	harness_add(suite, "wrong number", test_wrong_number);
	harness_add(suite, "restart under load", test_restart_under_load);
	harness_add(suite, "credential", test_credential);
	harness_add(suite, "units", test_units_verify);
	harness_add(suite, "sandbox", test_sandbox);
	harness_add(suite, "user and folders", test_user_and_folders);
	return suite;
}

HARNESS_MAIN(systemd_suite)
