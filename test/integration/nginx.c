/*
 * recordingd behind nginx with etc/nginx/recordingd.conf: the same answers as without it, in time;
 * wrong tokens slowed down; one of two daemons restarted, and no client sees it; audio that nginx
 * sends itself.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/cel_rows.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/nginx.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/wait.h"

#define RECORD	    "/recording/records/ten/audio/"
#define WRONG_TOKEN "X-Auth-Token: wrong"

static void
put_ten(void)
{
	fixture_audio("ten.gsm", "0123456789", 10);
}

/* Before one daemon, with the other one missing. */
static void
start_before_one(void)
{
	nginx_start(daemon_port(), daemon_free_port());
}

/* Answers ------------------------------------------------------------------------------------ */

static const char *const range_middle[] = { "Range: bytes=2-4", NULL };
static const char *const range_end[] = { "Range: bytes=-3", NULL };
static const char *const range_behind[] = { "Range: bytes=10-", NULL };
static const char *const range_several[] = { "Range: bytes=0-0,2-2", NULL };
static const char *const range_void[] = { "Range: bytes=0-0", "If-Range: \"other\"", NULL };
static const char *const any_tag[] = { "If-None-Match: *", NULL };
static const char *const other_tag[] = { "If-Match: \"other\"", NULL };
static const char *const lines[] = { "Accept: application/x-ndjson", NULL };
static const char *const wrong_token[] = { WRONG_TOKEN, NULL };
static const char *const bearer[] = { "Authorization: Bearer " DAEMON_TOKEN, NULL };

static const struct http_request requests[] = {
	{ .target = "/recording/health" },
	{ .target = "/recording/health", .without_token = true },
	{ .target = "/recording/records/search?page=1&pageSize=5", .body = "{}" },
	{ .target = "/recording/records/search", .body = "{\"agent\":\"dalton\"}" },
	{ .target = "/recording/records/search", .body = "", .method = "POST" },
	{ .target = "/recording/records/callid_search?callid=1700000001.1", .method = "POST" },
	{ .target = RECORD "result" },
	{ .target = RECORD "listen" },
	{ .target = RECORD "download" },
	{ .target = RECORD "listen", .method = "HEAD" },
	{ .target = RECORD "listen", .fields = range_middle },
	{ .target = RECORD "download", .fields = range_end },
	{ .target = RECORD "listen", .fields = range_behind },
	{ .target = RECORD "listen", .fields = range_several },
	{ .target = RECORD "listen", .fields = range_void },
	{ .target = RECORD "listen", .fields = any_tag },
	{ .target = RECORD "listen", .fields = other_tag },
	{ .target = "/recording/records/a+b%20%2525%C3%AB/audio/download" },
	{ .target = "/recording/records/..%2Ften/audio/listen" },
	{ .target = "/recording/records/missing/audio/listen" },
	{ .target = RECORD "play" },
	{ .target = "/recording/call_data/1/attached_data",
		.body = "[{\"key\":\"color\",\"value\":\"green\"}]" },
	{ .target = "/recording/call_data/999999/attached_data",
		.body = "[{\"key\":\"color\",\"value\":\"green\"}]" },
	{ .target = "/recording/history?size=10", .body = "{\"interface\":\"SIP/az9kf7\"}" },
	{ .target = "/recording/history?days=36500", .body = "{\"interface\":\"SIP/az9kf7\"}" },
	{ .target = "/recording/history/agent?size=10&days=36500",
		.body = "{\"agentNum\":\"1573\"}" },
	{ .target = "/recording/history/customer", .body = "{\"size\":3}" },
	{ .target = "/recording/last_agent?callerNo=%2B33612&since=36500" },
	{ .target = "/recording/last_agent?callerNo=nobody" },
	{ .target = "/recording/cel?from=10&limit=3" },
	{ .target = "/recording/cel?from=10&limit=3", .fields = lines },
	{ .target = "/recording/cel?from=10&limit=3&wait=1" },
	{ .target = "/recording/cel?from=10", .without_token = true, .fields = bearer },
	{ .target = "/recording/cel?from=10", .without_token = true, .fields = wrong_token },
	{ .target = "/recording/history", .body = "{}", .without_token = true },
	{ .target = "/recording/cel", .method = "HEAD", .without_token = true },
	{ .target = "/recording/cel?from=x" },
	{ .target = "/recording/cel", .method = "DELETE" },
	{ .target = "/recording/nothing" },
	{ .target = "/recording/history", .body = "{'interface':" },
	{ .target = "/recording/history", .body = "a=b", .content_type = "text/plain" },
};

/* A field that both must have, or neither, with the same value. */
static void
expect_same_field(const char *target, const struct reply *direct, const struct reply *through,
	const char *name)
{
	const char *wanted = reply_field(direct, name);
	const char *got = reply_field(through, name);

	ck_assert_msg((wanted == NULL && got == NULL) ||
			      (wanted != NULL && got != NULL && strcmp(wanted, got) == 0),
		"%.100s: %s is \"%s\" through nginx, not \"%s\"", target, name,
		got == NULL ? "" : got, wanted == NULL ? "" : wanted);
}

static void
expect_same(const struct http_request *request)
{
	static const char *const fields[] = { "Content-Type", "Content-Length", "ETag",
		"Last-Modified", "Accept-Ranges", "Content-Range", "Content-Disposition",
		"WWW-Authenticate", "Allow", "Retry-After" };
	const struct reply *direct = http_send(request);
	const struct reply *through = nginx_send(request);

	ck_assert_msg(direct->status == through->status &&
			      direct->body_bytes == through->body_bytes &&
			      memcmp(direct->body, through->body, direct->body_bytes) == 0,
		"%.100s: %ld %s through nginx, not %ld %s", request->target, through->status,
		through->body, direct->status, direct->body);
	for (int i = 0; i < HARNESS_COUNT(fields); i++)
		expect_same_field(request->target, direct, through, fields[i]);
}

START_TEST(test_same_answers)
{
	put_ten();
	fixture_audio("a+b %25\xc3\xab.wav", "name", 4);
	start_before_one();
	for (int i = 0; i < HARNESS_COUNT(requests); i++)
		expect_same(&requests[i]);
	nginx_stop();
}
END_TEST

/* What is too long for recordingd is refused by recordingd, and not by nginx in HTML. */
START_TEST(test_same_limits)
{
	const char *const long_field[] = { scratch_format("X-Long: %s", scratch_repeat("x", 20000)),
		NULL };

	start_before_one();
	expect_same(&(struct http_request){
		.target = scratch_format("/recording/cel?x=%s", scratch_repeat("x", 9000)) });
	expect_same(&(struct http_request){ .target = "/recording/cel", .fields = long_field });
	expect_same(&(struct http_request){ .target = "/recording/history",
		.body = scratch_format("{\"interface\":\"%s\"}", scratch_repeat("x", 100000)) });
	nginx_stop();
}
END_TEST

/* Figures of one of two daemons, nobody knows which, are for nobody. */
START_TEST(test_no_metrics)
{
	daemon_restart("metrics.open", "on", NULL);
	start_before_one();
	expect_error(nginx_send(&(struct http_request){ .target = "/recording/metrics" }), 404,
		"not_found", NULL);
	nginx_stop();
}
END_TEST

START_TEST(test_large_audio)
{
	put_ten();
	fixture_wav("large.wav", 8000, 2, 1000000);
	start_before_one();
	expect_same(&(struct http_request){ .target = "/recording/records/large/audio/listen" });
	nginx_stop();
}
END_TEST

/* A 503 of recordingd's stays its own. */
START_TEST(test_degraded)
{
	put_ten();
	daemon_restart_degraded("access_log.file", harness_path("audio"), NULL);
	start_before_one();
	expect_same(&(struct http_request){ .target = RECORD "listen" });
	expect_same(&(struct http_request){ .target = "/recording/health" });
	nginx_stop();
}
END_TEST

START_TEST(test_nobody_there)
{
	const struct reply *reply;

	nginx_start(daemon_free_port(), daemon_free_port());
	reply = nginx_send(&(struct http_request){ .target = "/recording/health" });
	expect_error(reply, 503, "unavailable", "reached", NULL);
	reply = nginx_send(&(struct http_request){ .target = "/recording/history", .body = "{}" });
	expect_error(reply, 503, "unavailable", "reached", NULL);
	nginx_stop();
}
END_TEST

START_TEST(test_compressed_lines)
{
	const char *const compressed[] = { lines[0], "Accept-Encoding: gzip", NULL };
	const char *const arguments[] = { "sh", "-c", "gzip -dc \"$0\"", harness_path("lines.gz"),
		NULL };
	const char *target = "/recording/cel?from=10&limit=1000";
	const struct reply *plain = http_send(
		&(struct http_request){ .target = target, .fields = lines });
	const struct reply *through;
	FILE *file = fopen(harness_path("lines.gz"), "wb");

	start_before_one();
	through = nginx_send(&(struct http_request){ .target = target, .fields = compressed });
	expect_status(through, 200);
	ck_assert_str_eq(reply_field(through, "Content-Encoding"), "gzip");
	ck_assert_str_eq(reply_field(through, "Content-Type"), "application/x-ndjson");
	ck_assert_uint_lt(through->body_bytes, plain->body_bytes / 2);
	fwrite(through->body, 1, through->body_bytes, file);
	fclose(file);
	unlink(harness_path("lines"));
	ck_assert_int_eq(process_run(&(struct process_options){ .arguments = arguments,
					     .output_file = harness_path("lines") },
				 10000),
		0);
	ck_assert_str_eq(scratch_file(harness_path("lines")), plain->body);
	nginx_stop();
}
END_TEST

/* Waiting ------------------------------------------------------------------------------------ */

START_TEST(test_stream)
{
	const char *const fields[] = { "Accept: text/event-stream", "Accept-Encoding: gzip", NULL };
	struct http_request request;
	struct http_pending *stream;
	long last = cel_rows_clear_end();

	daemon_restart(NULL, NULL);
	start_before_one();
	request = nginx_request(&(struct http_request){
		.target = scratch_format("/recording/cel/stream?from=%ld", last + 1),
		.fields = fields });
	stream = http_begin(&request);
	for (long id = last + 1; id <= last + 3; id++) {
		char *mark = scratch_format("id: %ld\n", id);
		char *next = scratch_format("id: %ld\n", id + 1);
		const char *seen;

		ck_assert_int_eq(cel_rows_insert(1, "STREAMED"), id);
		seen = http_await_text(stream, mark, 5000);
		ck_assert_msg(seen != NULL, "event %ld does not come before the next one", id);
		ck_assert_ptr_null(strstr(seen, next));
	}
	http_leave(stream);
	nginx_stop();
}
END_TEST

START_TEST(test_wait)
{
	struct http_request request;
	struct http_pending *poll;
	long last = cel_rows_clear_end();
	const struct reply *reply;

	daemon_restart(NULL, NULL);
	start_before_one();
	request = nginx_request(&(struct http_request){
		.target = scratch_format("/recording/cel?from=%ld&wait=1", last + 1) });
	expect_json(http_send(&request), 200, "[]");
	request.target = scratch_format("/recording/cel?from=%ld&wait=15", last + 1);
	poll = http_begin(&request);
	cel_rows_insert(1, "WAITED");
	reply = http_finish(poll);
	expect_status(reply, 200);
	ck_assert_str_eq(json_column(reply, "", "id"), scratch_format("%ld", last + 1));
	nginx_stop();
}
END_TEST

/* Who asks ----------------------------------------------------------------------------------- */

static void
release(void *json)
{
	json_object_put(json);
}

static struct json_object *
last_access(void)
{
	const char *log = scratch_file(harness_path("access.log"));
	const char *line = log;
	struct reply *reply = scratch_new(sizeof *reply);

	for (const char *next = log; (next = strchr(next, '\n')) != NULL && next[1] != '\0';)
		line = ++next;
	reply->json = json_tokener_parse(line);
	ck_assert_msg(reply->json != NULL, "no line in the access log: %s", log);
	scratch_own(reply->json, release);
	return reply->json;
}

static const char *
last_access_text(const char *name)
{
	struct json_object *value = json_at(last_access(), name);

	return value == NULL ? "" : json_object_get_string(value);
}

/* nginx adds the address it sees; what a client makes up stands left of it. */
START_TEST(test_client_address)
{
	static const char *const made_up[] = { "X-Forwarded-For: 192.0.2.9", NULL };

	put_ten();
	start_before_one();
	expect_status(nginx_send(&(struct http_request){
			      .target = RECORD "listen", .fields = made_up, .from = "127.0.0.2" }),
		200);
	ck_assert_str_eq(last_access_text("client"), "127.0.0.2");
	nginx_stop();
}
END_TEST

/* Five at once, five more, and then no more than one a second; who has the token never waits. */
START_TEST(test_wrong_tokens)
{
	const struct http_request wrong = {
		.target = "/recording/cel?limit=1", .without_token = true, .fields = wrong_token
	};
	struct http_pending *waiting[25];
	struct http_request through;
	int turned_away = 0;
	long begin_ms;

	start_before_one();
	through = nginx_request(&wrong);
	begin_ms = wait_now_ms();
	for (int i = 0; i < 11; i++)
		expect_error(nginx_send(&wrong), 401, "unauthorized", NULL);
	if (wait_now_ms() - begin_ms < 900) {
		expect_error(nginx_send(&wrong), 401, "unauthorized", NULL);
		ck_assert_int_ge(wait_now_ms() - begin_ms, 900);
	}
	for (int i = 0; i < HARNESS_COUNT(waiting); i++)
		waiting[i] = http_begin(&through);
	begin_ms = wait_now_ms();
	expect_status(
		nginx_send(&(struct http_request){ .target = "/recording/cel?limit=1" }), 200);
	ck_assert_int_lt(wait_now_ms() - begin_ms, 900);
	for (int i = HARNESS_COUNT(waiting) - 5; i < HARNESS_COUNT(waiting); i++) {
		const char *body = http_await_text(waiting[i], "too_many_requests", 10);

		turned_away += body != NULL;
	}
	ck_assert_int_ge(turned_away, 4);
	/* Another client is not made to wait. */
	through.from = "127.0.0.2";
	expect_error(http_send(&through), 401, "unauthorized", NULL);
	nginx_stop();
}
END_TEST

/* For each of them recordingd is asked once. */
START_TEST(test_wrong_token_once)
{
	const char *log;
	int asked = 0;

	daemon_restart("log.requests", "on", NULL);
	start_before_one();
	for (int i = 0; i < 2; i++)
		expect_error(nginx_send(&(struct http_request){ .target = "/recording/wrong-token",
				     .body = i == 0 ? NULL : "{}",
				     .without_token = true,
				     .fields = wrong_token }),
			401, "unauthorized", NULL);
	expect_status(nginx_send(&(struct http_request){ .target = "/recording/health" }), 200);
	ck_assert(daemon_logs("path=/recording/health"));
	log = daemon_log();
	while ((log = strstr(log, "path=/recording/wrong-token")) != NULL) {
		log++;
		asked++;
	}
	ck_assert_int_eq(asked, 2);
	nginx_stop();
}
END_TEST

/* A daemon of the test's own ------------------------------------------------------------------- */

/* Notes requests, and answers each with a 200 or by closing the connection. */
struct listener {
	int socket;
	int port;
	bool answers;
	pthread_t thread;
	atomic_bool stopping;
	atomic_int connections;
	atomic_int gets;
	atomic_int posts;
	char heads[4][4096]; /* of the first requests; read after listener_stop() */
};

static bool
read_request(int client, char *head, size_t size)
{
	size_t length = 0;

	head[0] = '\0';
	while (strstr(head, "\r\n\r\n") == NULL && length + 1 < size) {
		ssize_t got = recv(client, head + length, size - 1 - length, 0);

		if (got <= 0)
			return false;
		length += (size_t)got;
		head[length] = '\0';
	}
	return true;
}

static void
serve(struct listener *listener, int client)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\n{}";
	char head[4096];

	while (!atomic_load(&listener->stopping) && read_request(client, head, sizeof head)) {
		int number = atomic_load(&listener->gets) + atomic_load(&listener->posts);

		if (number < HARNESS_COUNT(listener->heads))
			memcpy(listener->heads[number], head, sizeof head);
		atomic_fetch_add(
			strncmp(head, "GET ", 4) == 0 ? &listener->gets : &listener->posts, 1);
		if (!listener->answers || send(client, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
			break;
	}
	close(client);
}

static void *
listen_on(void *context)
{
	struct listener *listener = context;
	int client;

	while ((client = accept(listener->socket, NULL, NULL)) >= 0) {
		struct timeval limit = { .tv_sec = 5 };

		atomic_fetch_add(&listener->connections, 1);
		setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		serve(listener, client);
	}
	return NULL;
}

static void
listener_start(struct listener *listener, bool answers)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof address;

	listener->answers = answers;
	listener->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener->socket, (struct sockaddr *)&address, length) != 0 ||
		listen(listener->socket, 16) != 0 ||
		getsockname(listener->socket, (struct sockaddr *)&address, &length) != 0 ||
		pthread_create(&listener->thread, NULL, listen_on, listener) != 0)
		harness_fail("no listener");
	listener->port = ntohs(address.sin_port);
}

static void
listener_stop(struct listener *listener)
{
	atomic_store(&listener->stopping, true);
	shutdown(listener->socket, SHUT_RDWR);
	pthread_join(listener->thread, NULL);
	close(listener->socket);
}

/* What reaches recordingd: one connection for all, the client's token, a request id. */
START_TEST(test_request_upstream)
{
	static const char *const fields[] = { "X-Request-Id: made-up", NULL };
	static struct listener upstream;
	const char *id;

	listener_start(&upstream, true);
	nginx_start(upstream.port, upstream.port);
	for (int i = 0; i < 3; i++)
		expect_status(nginx_send(&(struct http_request){
				      .target = "/recording/a%20b?c=%25", .fields = fields }),
			200);
	nginx_stop();
	listener_stop(&upstream);
	ck_assert_int_eq(atomic_load(&upstream.connections), 1);
	ck_assert_int_eq(
		strncmp(upstream.heads[0], "GET /recording/a%20b?c=%25 HTTP/1.1\r\n", 37), 0);
	ck_assert_ptr_nonnull(strstr(upstream.heads[0], "X-Auth-Token: " DAEMON_TOKEN "\r\n"));
	ck_assert_ptr_nonnull(strstr(upstream.heads[0], "X-Forwarded-For: 127.0.0.1\r\n"));
	ck_assert_ptr_null(strstr(upstream.heads[0], "\r\nConnection: "));
	ck_assert_ptr_null(strstr(upstream.heads[0], "made-up"));
	id = strstr(upstream.heads[0], "X-Request-Id: ");
	ck_assert_ptr_nonnull(id);
	ck_assert_uint_eq(strspn(id + 14, "0123456789abcdef"), 32);
	ck_assert_ptr_nonnull(strstr(nginx_access_log(), scratch_format(" %.32s\n", id + 14)));
}
END_TEST

/* The daemon may have done what a POST asks for before it fails. */
START_TEST(test_nothing_twice)
{
	static struct listener upstream;

	listener_start(&upstream, false);
	nginx_start(upstream.port, upstream.port);
	expect_error(nginx_send(&(struct http_request){ .target = "/recording/cel" }), 503,
		"unavailable", NULL);
	ck_assert_int_eq(atomic_load(&upstream.gets), 2);
	nginx_stop();
	/* Anew, as this one has found both of them failing. */
	nginx_start(upstream.port, upstream.port);
	expect_error(nginx_send(&(struct http_request){
			     .target = "/recording/call_data/1/attached_data", .body = "[]" }),
		503, "unavailable", NULL);
	ck_assert_int_eq(atomic_load(&upstream.posts), 1);
	nginx_stop();
	listener_stop(&upstream);
}
END_TEST

/* A restart ------------------------------------------------------------------------------------ */

static struct {
	pid_t pid;
	int port;
} twin;

static bool
twin_listens(void *unused)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)twin.port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers = connect(probe, (struct sockaddr *)&address, sizeof address) == 0;

	(void)unused;
	close(probe);
	return answers;
}

/* The second daemon, on a port that it keeps. */
static void
start_twin(void)
{
	const char *const arguments[] = { harness_daemon(), "--config", harness_path("twin.conf"),
		NULL };
	FILE *file = fopen(harness_path("twin.conf"), "w");

	fputs(daemon_configuration(
		      "server.listen", scratch_format("127.0.0.1:%d", twin.port), NULL),
		file);
	fclose(file);
	twin.pid = process_start(&(struct process_options){
		.arguments = arguments, .error_file = harness_path("twin.log"), .directory = "/" });
	ck_assert_msg(wait_until(twin_listens, NULL, 15000),
		"the second daemon does not listen: %s", scratch_file(harness_path("twin.log")));
}

static void
stop_twin(void)
{
	const char *log;

	kill(twin.pid, SIGTERM);
	ck_assert_int_eq(process_wait(twin.pid, 15000), 0);
	log = scratch_file(harness_path("twin.log"));
	ck_assert_msg(strstr(log, "Sanitizer") == NULL && strstr(log, "runtime error:") == NULL,
		"%s", log);
}

/* One client that asks the same thing again and again. */
struct client {
	const char *url, *authority;
	const char *target;
	const char *body;
	long wanted;
	pthread_t thread;
	atomic_bool stopping;
	long answers;
	char failure[512];
};

static size_t
keep_start_cb(char *bytes, size_t size, size_t count, void *context)
{
	struct client *client = context;
	size_t length = strlen(client->failure);

	snprintf(client->failure + length, sizeof client->failure - length, "%.*s",
		(int)(size * count), bytes);
	return size * count;
}

static void *
ask(void *context)
{
	struct client *client = context;
	struct curl_slist *fields = curl_slist_append(NULL, "X-Auth-Token: " DAEMON_TOKEN);
	CURL *easy = curl_easy_init();
	char *url;

	fields = curl_slist_append(fields, "Content-Type: application/json");
	if (asprintf(&url, "%s%s", client->url, client->target) < 0)
		abort();
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CAINFO, client->authority);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_start_cb);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, client);
	if (client->body != NULL)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, client->body);
	while (!atomic_load(&client->stopping)) {
		CURLcode code;
		long status = 0;

		client->failure[0] = '\0';
		code = curl_easy_perform(easy);
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (code != CURLE_OK)
			snprintf(client->failure, sizeof client->failure, "%s",
				curl_easy_strerror(code));
		if (code != CURLE_OK || status != client->wanted)
			break;
		client->failure[0] = '\0';
		client->answers++;
	}
	curl_easy_cleanup(easy);
	curl_slist_free_all(fields);
	free(url);
	return NULL;
}

/* Until nginx has found that it is back, and gives it requests. */
static void
await_twin_work(void)
{
	const char *upstream = scratch_format(" 127.0.0.1:%d ", twin.port);
	long deadline_ms = wait_now_ms() + 15000;

	ck_assert_int_eq(truncate(harness_path("nginx/access.log"), 0), 0);
	while (strstr(nginx_access_log(), upstream) == NULL) {
		ck_assert_msg(wait_now_ms() < deadline_ms, "the second daemon gets no requests");
		wait_ms(50);
	}
}

/* Reads, writes, waiting and audio, of several clients each. */
START_TEST(test_restart)
{
	static const struct client kinds[] = {
		{ .target = "/recording/cel?from=10&limit=20", .wanted = 200 },
		{ .target = "/recording/records/search", .body = "{}", .wanted = 200 },
		{ .target = "/recording/call_data/1/attached_data",
			.body = "[{\"key\":\"color\",\"value\":\"blue\"}]",
			.wanted = 201 },
		{ .target = "/recording/cel?from=2000000000&wait=1", .wanted = 200 },
		{ .target = RECORD "listen", .wanted = 200 },
		{ .target = "/recording/history",
			.body = "{\"interface\":\"SIP/az9kf7\"}",
			.wanted = 200 },
	};
	static struct client clients[2 * HARNESS_COUNT(kinds)];
	long answers = 0;

	put_ten();
	twin.port = daemon_free_port();
	start_twin();
	nginx_start(daemon_port(), twin.port);
	for (int i = 0; i < HARNESS_COUNT(clients); i++) {
		clients[i] = kinds[i % HARNESS_COUNT(kinds)];
		clients[i].url = nginx_url();
		clients[i].authority = nginx_authority();
		ck_assert_int_eq(pthread_create(&clients[i].thread, NULL, ask, &clients[i]), 0);
	}
	for (int i = 0; i < 3; i++) {
		await_twin_work();
		stop_twin();
		start_twin();
	}
	await_twin_work();
	for (int i = 0; i < HARNESS_COUNT(clients); i++)
		atomic_store(&clients[i].stopping, true);
	for (int i = 0; i < HARNESS_COUNT(clients); i++) {
		pthread_join(clients[i].thread, NULL);
		answers += clients[i].answers;
	}
	stop_twin();
	for (int i = 0; i < HARNESS_COUNT(clients); i++)
		ck_assert_msg(clients[i].failure[0] == '\0', "%s, answer %ld: %s\n%.4000s",
			clients[i].target, clients[i].answers, clients[i].failure,
			scratch_file(harness_path("nginx/error.log")));
	ck_assert_int_gt(answers, 100);
	nginx_stop();
}
END_TEST

/* Audio by nginx ------------------------------------------------------------------------------- */

static void
start_handing_over(void)
{
	put_ten();
	daemon_restart("audio.accel_prefix", "/recordings/", NULL);
	start_before_one();
}

static const struct reply *
listen_with(const char *method, const char *field)
{
	const char *const fields[] = { field, NULL };

	return nginx_send(&(struct http_request){
		.target = RECORD "listen", .method = method, .fields = fields });
}

static void
expect_last_access(int status, int bytes)
{
	ck_assert_int_eq(atoi(last_access_text("status")), status);
	ck_assert_int_eq(atoi(last_access_text("bytes")), bytes);
	ck_assert_str_eq(last_access_text("sent_by"), "proxy");
	ck_assert_int_eq(truncate(harness_path("access.log"), 0), 0);
}

static void
expect_no_access(void)
{
	ck_assert_str_eq(scratch_file(harness_path("access.log")), "");
}

START_TEST(test_handed_over)
{
	const struct reply *reply;
	const char *tag;

	start_handing_over();
	reply = nginx_send(&(struct http_request){ .target = RECORD "download" });
	expect_status(reply, 200);
	ck_assert_str_eq(reply->body, "0123456789");
	ck_assert_str_eq(reply_field(reply, "Content-Type"), "audio/gsm");
	ck_assert_str_eq(
		reply_field(reply, "Content-Disposition"), "attachment; filename=\"ten.gsm\"");
	ck_assert_str_eq(reply_field(reply, "Accept-Ranges"), "bytes");
	ck_assert_ptr_null(reply_field(reply, "X-Accel-Redirect"));
	expect_last_access(200, 10);

	reply = listen_with(NULL, "Range: bytes=2-4");
	expect_status(reply, 206);
	ck_assert_str_eq(reply->body, "234");
	ck_assert_str_eq(last_access_text("request_id"), reply_field(reply, "X-Request-Id"));
	ck_assert_str_eq(reply_field(reply, "Content-Range"), "bytes 2-4/10");
	ck_assert_str_eq(reply_field(reply, "Content-Disposition"), "inline");
	expect_last_access(206, 3);

	reply = listen_with(NULL, "Range: bytes=0-0,2-2");
	expect_status(reply, 200);
	ck_assert_uint_eq(reply->body_bytes, 10);
	expect_last_access(200, 10);

	/* The tag that the client has got, from nginx or from recordingd. */
	tag = reply_field(reply, "ETag");
	reply = listen_with(NULL, scratch_format("If-None-Match: %s", tag));
	expect_status(reply, 304);
	ck_assert_str_eq(reply_field(reply, "ETag"), tag);
	expect_no_access();
	expect_error(listen_with(NULL, "If-Match: \"other\""), 412, "precondition_failed", NULL);
	expect_no_access();
	expect_status(listen_with(NULL, scratch_format("If-Match: %s", tag)), 200);
	expect_last_access(200, 10);

	expect_error(listen_with(NULL, "Range: bytes=10-"), 416, "range_not_satisfiable", NULL);
	expect_no_access();
	reply = listen_with("HEAD", NULL);
	expect_status(reply, 200);
	ck_assert_str_eq(reply_field(reply, "Content-Length"), "10");
	expect_no_access();
	nginx_stop();
}
END_TEST

static const struct {
	const char *name;
	const char *file_id; /* percent-encoded */
} names[] = {
	{ "a+b c.wav", "a+b%20c" },
	{ "50%.wav", "50%25" },
	{ "%2e.wav", "%252e" },
	{ "Zo\xc3\xab.wav", "Zo%C3%AB" },
	{ "what?#.wav", "what%3F%23" },
	{ "two\r\nX-Evil: 1.wav", "two%0D%0AX-Evil:%201" },
	{ ".hidden.wav", ".hidden" },
};

START_TEST(test_handed_over_name)
{
	const struct reply *reply;

	fixture_audio(names[_i].name, names[_i].name, strlen(names[_i].name));
	start_handing_over();
	reply = nginx_send(&(struct http_request){
		.target = scratch_format(
			"/recording/records/%s/audio/download", names[_i].file_id) });
	expect_status(reply, 200);
	ck_assert_str_eq(reply->body, names[_i].name);
	ck_assert_ptr_null(reply_field(reply, "X-Evil"));
	nginx_stop();
}
END_TEST

/* The answer is nginx's own page: no JSON, so no reply as the contract knows it. */
static void
expect_hidden(const char *target)
{
	struct client client = {
		.url = nginx_url(), .authority = nginx_authority(), .target = target
	};

	ask(&client);
	ck_assert_msg(strstr(client.failure, "404 Not Found") != NULL, "%s", client.failure);
}

/* recordingd says only to its proxy where the file is, and nginx hands it to nobody by itself. */
START_TEST(test_handed_over_to_nobody_else)
{
	const struct reply *reply;

	start_handing_over();
	reply = http_get(RECORD "listen");
	expect_status(reply, 200);
	ck_assert_str_eq(reply_field(reply, "X-Accel-Redirect"), "/recordings/ten.gsm");
	ck_assert_uint_eq(reply->body_bytes, 0);
	expect_error(nginx_send(&(struct http_request){
			     .target = RECORD "listen", .without_token = true }),
		401, "unauthorized", NULL);
	expect_hidden("/recordings/ten.gsm");
	nginx_stop();
	daemon_restart(
		"audio.accel_prefix", "/recordings/", "server.trusted_proxies", "unix", NULL);
	reply = http_get(RECORD "listen");
	ck_assert_ptr_null(reply_field(reply, "X-Accel-Redirect"));
	ck_assert_str_eq(reply->body, "0123456789");
}
END_TEST

static Suite *
nginx_suite(void)
{
	Suite *suite = suite_create("nginx");

	harness_add(suite, "same answers", test_same_answers);
	harness_add(suite, "same limits", test_same_limits);
	harness_add(suite, "no metrics", test_no_metrics);
	harness_add(suite, "large audio", test_large_audio);
	harness_add(suite, "degraded", test_degraded);
	harness_add(suite, "nobody there", test_nobody_there);
	harness_add(suite, "compressed lines", test_compressed_lines);
	harness_add(suite, "stream", test_stream);
	harness_add(suite, "wait", test_wait);
	harness_add(suite, "client address", test_client_address);
	harness_add(suite, "wrong tokens", test_wrong_tokens);
	harness_add(suite, "wrong token once", test_wrong_token_once);
	harness_add(suite, "request upstream", test_request_upstream);
	harness_add(suite, "nothing twice", test_nothing_twice);
	harness_add(suite, "restart", test_restart);
	harness_add(suite, "handed over", test_handed_over);
	harness_add_loop(suite, "handed over name", test_handed_over_name, HARNESS_COUNT(names));
	harness_add(suite, "handed over to nobody else", test_handed_over_to_nobody_else);
	return suite;
}

HARNESS_MAIN(nginx_suite)
