/*
 * The moments that no test of the daemon can hit: what is in the socket when a drain begins, but
 * was not read yet, and what happens in one turn of the loop.
 */
#include "http/server.h"

#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/connection.h"
#include "unit.h"

#define REQUEST "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

static struct event_base *base;
static struct http_server *server;
static char folder[] = "/tmp/unit-server-XXXXXX";
static char path[64];
static bool is_idle;
static struct http_answer last_answer;

static bool
on_head(struct connection *connection, void *context, struct error *error)
{
	(void)connection;
	(void)context;
	(void)error;
	return true;
}

static void
on_request(struct connection *connection, void *context)
{
	struct response response;

	(void)context;
	response_open(&response, 200, NULL);
	connection_respond(connection, &response);
}

static void
on_answered(struct connection *connection, const struct http_answer *answer, void *context)
{
	(void)connection;
	(void)context;
	last_answer = *answer;
}

static const struct http_handler handler = {
	.on_head = on_head,
	.on_request = on_request,
	.on_answered = on_answered,
};

static void
on_idle(void *context)
{
	(void)context;
	is_idle = true;
}

static void
setup(void)
{
	const struct http_settings settings = {
		.max_connections = 10,
		.header_timeout_ms = 60000,
		.body_timeout_ms = 60000,
		.idle_timeout_ms = 60000,
		.output_budget_bytes = 1 << 20,
		.limits = { .max_head_bytes = 4096, .max_target_bytes = 1024, .max_body_bytes = 1 },
	};
	struct error error;
	char address[80];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/socket", folder);
	snprintf(address, sizeof address, "unix:%s", path);
	base = event_base_new();
	server = http_server_new(base, &settings, &handler, NULL);
	ck_assert(http_server_listen(server, address, &error));
}

static void
teardown(void)
{
	http_server_free(server);
	event_base_free(base);
	ck_assert_int_eq(rmdir(folder), 0);
}

static int
open_client(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&address, sizeof address), 0);
	return client;
}

static void
ask(int client)
{
	ck_assert_int_eq(send(client, REQUEST, strlen(REQUEST), MSG_NOSIGNAL), strlen(REQUEST));
}

static uint64_t
connection_count(void)
{
	struct http_counters counters;

	http_server_counters(server, &counters);
	return counters.connections;
}

/* Whatever is due now. */
static void
run_loop(void)
{
	for (int i = 0; i < 10; i++)
		ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

static void
expect_answer(int client, const char *field)
{
	char reply[1024] = "";

	ck_assert_int_gt(recv(client, reply, sizeof reply - 1, 0), 0);
	ck_assert_msg(strncmp(reply, "HTTP/1.1 200 ", 13) == 0, "%s", reply);
	ck_assert_msg(strstr(reply, field) != NULL, "%s", reply);
}

static void
expect_end(int client)
{
	char byte;

	ck_assert_int_eq(recv(client, &byte, 1, 0), 0);
	close(client);
}

/*
 * All have had an answer. One has sent its next request when the drain begins, one sends it just
 * then, as a proxy that keeps connections does; neither must come to nothing. One sends none.
 */
START_TEST(test_next_request)
{
	int silent = open_client();
	int asking = open_client();
	int late = open_client();

	ask(silent);
	ask(asking);
	ask(late);
	run_loop();
	expect_answer(silent, "Content-Length");
	expect_answer(asking, "Content-Length");
	expect_answer(late, "Content-Length");
	ask(asking);
	http_server_drain(server, on_idle, NULL);
	ask(late);
	run_loop();
	expect_answer(asking, "Connection: close\r\n");
	expect_end(asking);
	expect_answer(late, "Connection: close\r\n");
	expect_end(late);
	while (!is_idle)
		ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
	expect_end(silent);
}
END_TEST

/* Connected, but not yet accepted. */
START_TEST(test_queued_client)
{
	int client = open_client();

	ask(client);
	http_server_drain(server, on_idle, NULL);
	run_loop();
	expect_answer(client, "Connection: close\r\n");
	expect_end(client);
	run_loop();
	ck_assert(is_idle);
}
END_TEST

/* Accepted, and its first request comes behind the drain. */
START_TEST(test_first_request)
{
	int client = open_client();

	run_loop();
	ck_assert_uint_eq(connection_count(), 1);
	http_server_drain(server, on_idle, NULL);
	run_loop();
	ck_assert(!is_idle);
	ask(client);
	run_loop();
	expect_answer(client, "Connection: close\r\n");
	expect_end(client);
	run_loop();
	ck_assert(is_idle);
	ck_assert_uint_eq(connection_count(), 0);
}
END_TEST

/* Answers that have come by now. */
static int
count_answers(int client)
{
	static char replies[1 << 16];
	ssize_t length = recv(client, replies, sizeof replies - 1, 0);
	int count = 0;

	replies[length < 0 ? 0 : length] = '\0';
	for (const char *reply = replies; (reply = strstr(reply, "HTTP/1.1 200 ")) != NULL; reply++)
		count++;
	return count;
}

/* Whoever asks a lot at once waits for others: in one turn of the loop only some are answered. */
START_TEST(test_pipeline_takes_turns)
{
	enum { REQUESTS = 100 };
	int greedy = open_client();
	int modest = open_client();
	int answers;

	run_loop();
	ck_assert_uint_eq(connection_count(), 2);
	for (int i = 0; i < REQUESTS; i++)
		ask(greedy);
	ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
	answers = count_answers(greedy);
	ck_assert_int_gt(answers, 0);
	ck_assert_int_lt(answers, REQUESTS / 2);
	/* What comes now is answered in the next turn, and not after the rest. */
	ask(modest);
	ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
	ck_assert_int_eq(count_answers(modest), 1);
	answers += count_answers(greedy);
	ck_assert_int_lt(answers, REQUESTS);
	run_loop();
	ck_assert_int_eq(answers + count_answers(greedy), REQUESTS);
	close(greedy);
	close(modest);
}
END_TEST

/* A socket of IPv6 that was passed on: its address is not opened once more, which would fail. */
START_TEST(test_passed_ipv6)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t length = sizeof address;
	int passed = socket(AF_INET6, SOCK_STREAM, 0);
	struct error error;
	char text[64];

	if (passed < 0 || bind(passed, (struct sockaddr *)&address, length) != 0)
		return; /* a machine without IPv6 */
	ck_assert_int_eq(listen(passed, 1), 0);
	ck_assert_int_eq(getsockname(passed, (struct sockaddr *)&address, &length), 0);
	ck_assert(http_server_adopt(server, passed, "http", &error));
	snprintf(text, sizeof text, "[::1]:%u", ntohs(address.sin6_port));
	ck_assert_msg(http_server_listen(server, text, &error), "%s", error.message);
	/* Another address at the same port is another one. */
	snprintf(text, sizeof text, "[::2]:%u", ntohs(address.sin6_port));
	ck_assert(!http_server_listen(server, text, &error));
}
END_TEST

/* A socket with a file that nobody listens on. */
static int
bind_socket(const char *file)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int bound = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", file);
	ck_assert_int_eq(bind(bound, (struct sockaddr *)&address, sizeof address), 0);
	return bound;
}

/*
 * What a wrong path in the configuration names is not taken away, though nobody answers there
 * either; a socket that was left behind is.
 */
START_TEST(test_only_sockets_are_replaced)
{
	char other[80];
	char address[96];
	struct stat status;
	struct error error;

	snprintf(other, sizeof other, "%s/other", folder);
	snprintf(address, sizeof address, "unix:%s", other);
	close(open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	ck_assert(!http_server_listen(server, address, &error));
	ck_assert_ptr_nonnull(strstr(error.message, "in use"));
	ck_assert_int_eq(stat(other, &status), 0);
	ck_assert(S_ISREG(status.st_mode));
	ck_assert_int_eq(unlink(other), 0);
	close(bind_socket(other));
	ck_assert(http_server_listen(server, address, &error));
}
END_TEST

static const struct {
	const char *address;
	bool is_valid;
} addresses[] = {
	{ "127.0.0.1:65535", true },
	{ "localhost:9400", true },
	{ "[::1]:9400", true },
	{ "127.0.0.1:65536", false },
	/* 9400 behind 32 bits */
	{ "127.0.0.1:4294976696", false },
	{ "localhost:4294976696", false },
	{ "[::1]:4294976696", false },
	{ "127.0.0.1:18446744073709561016", false },
};

START_TEST(test_port)
{
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct error error;

		ck_assert_msg(http_listen_address_check(addresses[i].address, &error) ==
				      addresses[i].is_valid,
			"%s", addresses[i].address);
	}
}
END_TEST

/* Refused before a request begins: that took no longer than since its bytes came. */
START_TEST(test_time_of_line_ends)
{
	static const char *const texts[] = { "\n", "\r\n\r\n" };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int client = open_client();
		int64_t sent_us;

		if (i > 0) {
			ask(client);
			run_loop();
			expect_answer(client, "Content-Length");
			usleep(20000);
		}
		sent_us = clock_now_us();
		ck_assert_int_gt(send(client, texts[i], strlen(texts[i]), MSG_NOSIGNAL), 0);
		run_loop();
		ck_assert_uint_eq(last_answer.status, 400);
		ck_assert_int_ge(last_answer.duration_us, 0);
		ck_assert_int_le(last_answer.duration_us, clock_now_us() - sent_us);
		close(client);
	}
}
END_TEST

static void
add(Suite *suite, const char *name, const TTest *test)
{
	TCase *test_case = tcase_create(name);

	tcase_add_checked_fixture(test_case, setup, teardown);
	tcase_add_test(test_case, test);
	suite_add_tcase(suite, test_case);
}

static Suite *
server_suite(void)
{
	Suite *suite = suite_create("http/server");

	add(suite, "next request", test_next_request);
	add(suite, "queued client", test_queued_client);
	add(suite, "first request", test_first_request);
	add(suite, "pipeline takes turns", test_pipeline_takes_turns);
	add(suite, "passed IPv6", test_passed_ipv6);
	add(suite, "only sockets are replaced", test_only_sockets_are_replaced);
	add(suite, "port", test_port);
	add(suite, "time of line ends", test_time_of_line_ends);
	return suite;
}

UNIT_MAIN(server_suite)
