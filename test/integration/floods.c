/*
 * Floods: many clients that mean no good, and one beside them that asks as ever. It must get its
 * answers in time, the daemon must take no more memory than is stated here, and when the flood is
 * over nothing must be left of it: no connection, no descriptor, no memory.
 *
 * Here they are small, for seconds. FLOODS=full makes them as large as the comments say, and holds
 * the client's p99 against the limit: ./dev bench floods. How long a busy machine lets anybody wait
 * is not recordingd's doing, so in the small ones only a hundred times of that is too long.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/crowd.h"
#include "support/daemon.h"
#include "support/figures.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/neighbour.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define P99_LIMIT_US	   50000
#define P99_LIMIT_SMALL_US 5000000

/* What the allocator keeps of a flood, beside what main.c tells it to keep. */
#define KEPT_KIB 16384

/* Another address than that of the client beside, and not a trusted one. */
#define ENEMY "127.0.0.2"

#define TOKEN_FIELD "Host: x\r\nX-Auth-Token: " DAEMON_TOKEN "\r\n"
#define HEALTH	    "GET /recording/health HTTP/1.1\r\nHost: x\r\n\r\n"

/* How new connections come: as many, as often. */
#define SLICE	      50
#define SLICE_WAIT_MS 20

/* What is remembered of events, as in production. */
#define AS_IN_PRODUCTION "cel.cache_ttl", "10s", "cel.max_staleness", "5ms"

static bool is_full;

/* One flood, from its beginning to its row of the table. */
static struct {
	long resident_kib;
	long open_files;
	long peak_kib;
	struct neighbour *neighbour;
} now;

static int
sized(int full, int small)
{
	return is_full ? full : small;
}

static void
note_memory(void)
{
	long resident_kib = figures_resident_kib();

	if (resident_kib > now.peak_kib)
		now.peak_kib = resident_kib;
}

static void
begin(bool connects)
{
	http_forget_connection();
	/* From now on with the connection by which the test itself asks. */
	expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
	now.resident_kib = now.peak_kib = figures_resident_kib();
	now.open_files = figures_open_files();
	now.neighbour = neighbour_start(connects);
}

static bool
is_over(void *unused)
{
	(void)unused;
	return strstr(http_get("/recording/metrics")->body, "recordingd_http_connections 1\n") !=
		       NULL &&
	       figures_open_files() <= now.open_files;
}

/* The table for SECURITY.md, for those who ask for it. */
static void
print_row(const char *what, const struct neighbour_result *result, long after_kib)
{
	static bool has_title;

	if (!has_title)
		printf("%-52s %8s %8s %8s %8s %9s %9s\n", "flood", "answers", "p50 ms", "p99 ms",
			"max ms", "peak MiB", "after MiB");
	has_title = true;
	printf("%-52s %8ld %8.2f %8.2f %8.2f %9.1f %9.1f\n", what, result->answers,
		(double)result->p50_us / 1e3, (double)result->p99_us / 1e3,
		(double)result->slowest_us / 1e3, (double)(now.peak_kib - now.resident_kib) / 1024,
		(double)(after_kib - now.resident_kib) / 1024);
	fflush(stdout);
}

/* limit_kib: how much memory the flood may take. */
static void
finish(const char *what, long limit_kib)
{
	const struct neighbour_result *result;
	long after_kib;

	note_memory();
	result = neighbour_stop(now.neighbour);
	ck_assert_msg(wait_until(is_over, NULL, 20000), "%s: %ld files instead of %ld\n%s", what,
		figures_open_files(), now.open_files, http_get("/recording/metrics")->body);
	after_kib = figures_resident_kib();
	print_row(what, result, after_kib);
	ck_assert_msg(result->wrong[0] == '\0', "%s: %s", what, result->wrong);
	ck_assert_int_gt(result->answers, 0);
	ck_assert_int_lt(result->p99_us, is_full ? P99_LIMIT_US : P99_LIMIT_SMALL_US);
	if (figures_are_instrumented())
		return;
	ck_assert_msg(now.peak_kib - now.resident_kib < limit_kib, "%s: %ld KiB of %ld", what,
		now.peak_kib - now.resident_kib, limit_kib);
	ck_assert_msg(after_kib - now.resident_kib < KEPT_KIB, "%s: %ld KiB are not freed", what,
		after_kib - now.resident_kib);
}

/* Opens all of a crowd, some at a time. */
static void
gather(struct crowd *crowd, const char *text)
{
	while (crowd_grow(crowd, SLICE, text)) {
		(void)crowd_read(crowd);
		note_memory();
		wait_ms(SLICE_WAIT_MS);
	}
}

/* A byte now and then on each, until the daemon has had enough of all of them. */
static void
drip(struct crowd *crowd, const char *first, const char *drop, const char *answer)
{
	long deadline_ms;

	gather(crowd, first);
	deadline_ms = wait_now_ms() + 30000;
	while (crowd_read(crowd) < crowd_size(crowd)) {
		ck_assert_int_lt(wait_now_ms(), deadline_ms);
		crowd_send(crowd, drop);
		note_memory();
		wait_ms(300);
	}
	ck_assert_int_eq(crowd_answered(crowd, answer), crowd_size(crowd));
}

/* 5,000 heads that never end: 408. */
START_TEST(test_slow_heads)
{
	int count = sized(5000, 300);

	daemon_restart("server.header_timeout", "1500ms", AS_IN_PRODUCTION, NULL);
	begin(true);
	drip(crowd_new(count, ENEMY, 0), "GET /recording/cel HTTP/1.1\r\nHost: x\r\nX-A: ", "a",
		"HTTP/1.1 408 ");
	finish(scratch_format("%d slow heads", count), 4L * count + 4096);
}
END_TEST

/* 5,000 bodies of which a byte comes now and then: 408. */
START_TEST(test_slow_bodies)
{
	int count = sized(5000, 300);

	daemon_restart("server.body_timeout", "1500ms", AS_IN_PRODUCTION, NULL);
	begin(true);
	drip(crowd_new(count, ENEMY, 0),
		"POST /recording/records/search HTTP/1.1\r\n" TOKEN_FIELD
		"Content-Length: 60000\r\n\r\n{",
		" ", "HTTP/1.1 408 ");
	finish(scratch_format("%d slow bodies", count), 4L * count + 4096);
}
END_TEST

static void
insert_many_events(void)
{
	sql_run("INSERT INTO cel (id, eventtype, eventtime, userdeftype, cid_name, cid_num,"
		" cid_ani, cid_rdnis, cid_dnid, exten, context, channame, appname, appdata,"
		" amaflags, accountcode, peeraccount, uniqueid, linkedid, userfield, peer)"
		" SELECT 50000 + n, 'CHAN_START', now(), '', repeat('n', 80), '', '', '', '', '',"
		" '', repeat('c', 80), '', '', 0, '', '', '', '', '', ''"
		" FROM generate_series(1, 10000) n ON CONFLICT DO NOTHING");
}

/* The test's own, and one or two of the client beside. */
static bool
are_gone(void *unused)
{
	const char *series = strstr(
		http_get("/recording/metrics")->body, "\nrecordingd_http_connections ");

	(void)unused;
	note_memory();
	return strtol(series + strlen("\nrecordingd_http_connections "), NULL, 10) <= 3;
}

/* Whoever reads nothing is let go when nothing has moved for idle_timeout. */
static void
stop_reading(struct crowd *crowd, int slice, long slice_wait_ms, const char *request)
{
	begin(true);
	while (crowd_grow(crowd, slice, request)) {
		note_memory();
		wait_ms(slice_wait_ms);
	}
	ck_assert(wait_until(are_gone, NULL, 30000));
	ck_assert(crowd_await_end(crowd, 30000));
	ck_assert_int_eq(
		crowd_answered(crowd, "HTTP/1.1 200 ") + crowd_answered(crowd, "HTTP/1.1 503 "),
		crowd_size(crowd));
}

/* 5,000 answers of 700 KB, which come from the cache's memory file. */
START_TEST(test_slow_readers)
{
	int count = sized(5000, 200);

	insert_many_events();
	daemon_restart("server.idle_timeout", "1500ms", AS_IN_PRODUCTION, NULL);
	stop_reading(crowd_new(count, ENEMY, 4096), SLICE / 2, SLICE_WAIT_MS,
		"GET /recording/cel?from=50001&limit=1000 HTTP/1.1\r\n" TOKEN_FIELD "\r\n");
	finish(scratch_format("%d slow readers of 700 KB of events", count), 8L * count + 16384);
}
END_TEST

/* 100 answers of 4 MB in memory, one every 100 ms: as many as the budget has room for, and 503 for
 * the others. */
START_TEST(test_slow_readers_of_much)
{
	struct crowd *crowd = crowd_new(sized(100, 20), ENEMY, 4096);

	insert_many_events();
	daemon_restart("server.idle_timeout", "1500ms", "server.output_budget", "32MiB",
		AS_IN_PRODUCTION, NULL);
	stop_reading(crowd, 1, 100,
		"GET /recording/cel?from=50001&limit=10000 HTTP/1.1\r\n" TOKEN_FIELD
		"Accept: text/csv\r\n\r\n");
	ck_assert_int_gt(crowd_answered(crowd, "HTTP/1.1 503 "), 0);
	finish(scratch_format("%d slow readers of 4 MB of CSV, budget 32 MiB", crowd_size(crowd)),
		(32L << 10) + 24576);
}
END_TEST

/* 5,000 recordings: from the disk, so without memory. */
START_TEST(test_slow_listeners)
{
	int count = sized(5000, 200);

	fixture_wav("slow.wav", 8000, 1, 2000000);
	daemon_restart("server.idle_timeout", "1500ms", AS_IN_PRODUCTION, NULL);
	stop_reading(crowd_new(count, ENEMY, 4096), SLICE / 2, SLICE_WAIT_MS,
		"GET /recording/records/slow/audio/listen HTTP/1.1\r\n" TOKEN_FIELD "\r\n");
	finish(scratch_format("%d slow readers of 4 MB of audio", count), 8L * count + 8192);
}
END_TEST

/* 5,000 connections where 1,000 are allowed: who is in is served, and so are others afterwards. */
START_TEST(test_too_many_connections)
{
	int allowed = sized(1000, 100);
	struct crowd *crowd = crowd_new(5 * allowed, ENEMY, 0);

	daemon_restart(
		"server.max_connections", scratch_format("%d", allowed), AS_IN_PRODUCTION, NULL);
	begin(false);
	gather(crowd, NULL);
	for (int i = 0; i < 20; i++) {
		note_memory();
		wait_ms(sized(100, 20));
	}
	crowd_close(crowd);
	finish(scratch_format("%d connections, %d allowed", 5 * allowed, allowed),
		2L * allowed + 4096);
	http_forget_connection();
	expect_status(http_get("/recording/health"), 200);
}
END_TEST

/* 50,000 connections of one address, of which 100 are let in: new ones of others are, too. */
START_TEST(test_one_address)
{
	int rounds = sized(500, 10);
	struct crowd *inside = crowd_new(100, ENEMY, 0);
	long refused = 0;

	daemon_restart("server.max_connections", "1000", "server.max_connections_per_client", "100",
		AS_IN_PRODUCTION, NULL);
	begin(true);
	gather(inside, HEALTH);
	for (int i = 0; i < rounds; i++) {
		struct crowd *crowd = crowd_new(100, ENEMY, 0);

		(void)crowd_grow(crowd, 100, HEALTH);
		ck_assert(crowd_await_end(crowd, 10000));
		refused += crowd_answered(crowd, "HTTP/1.1 429 ");
		note_memory();
	}
	ck_assert_int_eq(refused, rounds * 100L);
	ck_assert_int_eq(crowd_read(inside), 0);
	crowd_close(inside);
	finish(scratch_format("%d connections of one address, 100 allowed", rounds * 100), 8192);
}
END_TEST

/* 256 descriptors, and 2,000 clients: all but some wait, and nothing is lost. */
START_TEST(test_no_descriptors)
{
	struct rlimit limit;
	struct rlimit low;
	struct crowd *crowd = crowd_new(sized(2000, 500), ENEMY, 0);

	fixture_audio("rec-1.wav", "x", 1);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = (struct rlimit){ .rlim_cur = 256, .rlim_max = limit.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	daemon_restart(AS_IN_PRODUCTION, NULL);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	begin(false);
	gather(crowd, HEALTH);
	ck_assert(daemon_logs("cannot accept connections: Too many open files"));
	ck_assert_int_le(figures_open_files(), 256);
	wait_ms(sized(2000, 300));
	crowd_close(crowd);
	finish(scratch_format("%d clients, RLIMIT_NOFILE 256", crowd_size(crowd)), 8192);
	expect_status(http_get("/recording/records/rec-1/audio/listen"), 200);
	http_forget_connection();
	expect_status(http_get("/recording/health"), 200);
}
END_TEST

/* Requests one behind the other on one connection, all of which have the same answer. */
struct pipeline {
	struct raw_client *client;
	int fd;		      /* its */
	const char *requests; /* a block of them, sent again and again */
	size_t block_bytes;
	size_t bytes_to_send;
	size_t sent;
	size_t expected; /* bytes of answers */
	size_t received;
};

#define BLOCK_REQUESTS 200

static void
open_pipeline(struct pipeline *pipeline, const char *request, long requests, size_t answer_bytes)
{
	struct raw_client *client = raw_open();

	*pipeline = (struct pipeline){
		.client = client,
		.fd = raw_descriptor(client),
		.requests = scratch_repeat(request, BLOCK_REQUESTS),
		.block_bytes = strlen(request) * BLOCK_REQUESTS,
		.bytes_to_send = strlen(request) * (size_t)requests,
		.expected = answer_bytes * (size_t)requests,
	};
	ck_assert_int_eq(fcntl(pipeline->fd, F_SETFL, O_NONBLOCK), 0);
}

/* The length of the answer: those to the same request differ in nothing that changes it. */
static size_t
answer_bytes(const char *request, long status)
{
	struct raw_client *client = raw_open();
	const struct reply *reply;

	ck_assert(raw_send(client, request));
	reply = raw_reply(client, 5000);
	ck_assert_ptr_nonnull(reply);
	ck_assert_int_eq(reply->status, status);
	raw_close(client);
	return strlen(reply->head) + reply->body_bytes;
}

static void
send_some(struct pipeline *pipeline)
{
	while (pipeline->sent < pipeline->bytes_to_send) {
		size_t offset = pipeline->sent % pipeline->block_bytes;
		size_t left = pipeline->bytes_to_send - pipeline->sent;
		size_t length = pipeline->block_bytes - offset;
		ssize_t sent = send(pipeline->fd, pipeline->requests + offset,
			length < left ? length : left, MSG_NOSIGNAL);

		if (sent < 0)
			return;
		pipeline->sent += (size_t)sent;
	}
}

static void
receive_some(struct pipeline *pipeline)
{
	static char buffer[1 << 16];
	ssize_t got;

	while ((got = recv(pipeline->fd, buffer, sizeof buffer, 0)) > 0)
		pipeline->received += (size_t)got;
	ck_assert_msg(got < 0 && errno == EAGAIN, "after %zu of %zu bytes: %s", pipeline->received,
		pipeline->expected, got == 0 ? "closed" : strerror(errno));
}

static void
await_event(const struct pipeline *pipelines, int count)
{
	struct pollfd polled[16] = { { .fd = -1 } };

	for (int i = 0; i < count; i++) {
		bool is_done = pipelines[i].sent == pipelines[i].bytes_to_send;

		polled[i] = (struct pollfd){ .fd = pipelines[i].fd,
			.events = (short)(POLLIN | (is_done ? 0 : POLLOUT)) };
	}
	ck_assert_int_gt(poll(polled, (nfds_t)count, 30000), 0);
}

/* Sends without reading for stall_ms, then reads; each request has its answer, and nothing else. */
static void
run_pipelines(int count, long requests, const char *request, long status, long stall_ms)
{
	struct pipeline pipelines[16];
	size_t length = answer_bytes(request, status);
	long read_from_ms;
	bool is_done = false;

	for (int i = 0; i < count; i++)
		open_pipeline(&pipelines[i], request, requests, length);
	read_from_ms = wait_now_ms() + stall_ms;
	while (wait_now_ms() < read_from_ms) {
		for (int i = 0; i < count; i++)
			send_some(&pipelines[i]);
		note_memory();
		wait_ms(10);
	}
	while (!is_done) {
		await_event(pipelines, count);
		is_done = true;
		for (int i = 0; i < count; i++) {
			send_some(&pipelines[i]);
			receive_some(&pipelines[i]);
			is_done = is_done && pipelines[i].received >= pipelines[i].expected;
		}
		note_memory();
	}
	for (int i = 0; i < count; i++) {
		ck_assert_uint_eq(pipelines[i].received, pipelines[i].expected);
		raw_close(pipelines[i].client);
	}
}

/* 1,000,000 wrong tokens over eight connections. */
START_TEST(test_wrong_tokens)
{
	int each = sized(125000, 5000);

	daemon_restart(AS_IN_PRODUCTION, NULL);
	begin(true);
	run_pipelines(8, each,
		"GET /recording/cel HTTP/1.1\r\nHost: x\r\nX-Auth-Token: wr0ng\r\n\r\n", 401, 0);
	finish(scratch_format("%d wrong tokens", 8 * each), 8192);
}
END_TEST

/* 100,000 requests, all sent before any answer is read, on four connections. */
START_TEST(test_pipelines)
{
	int each = sized(100000, 4000);

	daemon_restart(AS_IN_PRODUCTION, NULL);
	begin(true);
	run_pipelines(4, each, HEALTH, 200, sized(2000, 300));
	finish(scratch_format("4 pipelines of %d requests", each), 8192);
}
END_TEST

/* 10,000 clients that have stopped sending and do not go: before, in and behind their request. */
START_TEST(test_half_closed)
{
	static const char *const beginnings[] = { NULL,
		"GET /recording/cel HTTP/1.1\r\nHost:", HEALTH,
		"GET /recording/cel?from=2147483647&wait=60 HTTP/1.1\r\n" TOKEN_FIELD "\r\n" };
	int each = sized(2500, 100);
	struct crowd *crowds[HARNESS_COUNT(beginnings)];

	sql_run("DELETE FROM cel WHERE id = 2147483647");
	daemon_restart("server.max_connections", "12000", AS_IN_PRODUCTION, NULL);
	begin(true);
	for (int i = 0; i < HARNESS_COUNT(beginnings); i++) {
		crowds[i] = crowd_new(each, ENEMY, 0);
		while (crowd_grow(crowds[i], SLICE, beginnings[i])) {
			note_memory();
			wait_ms(SLICE_WAIT_MS);
		}
		crowd_shut_down(crowds[i]);
	}
	for (int i = 0; i < HARNESS_COUNT(beginnings); i++)
		ck_assert(crowd_await_end(crowds[i], 20000));
	ck_assert_int_eq(crowd_answered(crowds[2], "HTTP/1.1 200 "), each);
	finish(scratch_format("%d half-closed sockets", each * HARNESS_COUNT(beginnings)),
		4L * each * HARNESS_COUNT(beginnings) + 4096);
}
END_TEST

static void
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (is_full && limit.rlim_cur < 12000)
		harness_fail("RLIMIT_NOFILE must be 12000 or more: ulimit -Hn");
}

static Suite *
floods_suite(void)
{
	Suite *suite = suite_create("floods");

	is_full = getenv("FLOODS") != NULL && strcmp(getenv("FLOODS"), "full") == 0;
	raise_limit();
	harness_add(suite, "slow heads", test_slow_heads);
	harness_add(suite, "slow bodies", test_slow_bodies);
	harness_add(suite, "slow readers", test_slow_readers);
	harness_add(suite, "slow readers of much", test_slow_readers_of_much);
	harness_add(suite, "slow listeners", test_slow_listeners);
	harness_add(suite, "too many connections", test_too_many_connections);
	harness_add(suite, "one address", test_one_address);
	harness_add(suite, "no descriptors", test_no_descriptors);
	harness_add(suite, "wrong tokens", test_wrong_tokens);
	harness_add(suite, "pipelines", test_pipelines);
	harness_add(suite, "half-closed", test_half_closed);
	return suite;
}

HARNESS_MAIN(floods_suite)
