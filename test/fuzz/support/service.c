#include "support/service.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/api.h"
#include "api/measures.h"
#include "api/token.h"
#include "audio/access_log.h"
#include "base/memory.h"
#include "calls/search_sizes.h"
#include "cel/log.h"
#include "db/pool.h"
#include "http/connection.h"
#include "http/forwarded.h"
#include "support/clock.h"
#include "support/fuzz.h"

/* Of more pieces they are larger: each takes a few turns. */
#define PIECES_MAX 150

/* The longest wait for the next answer, or for the end of an idle connection. */
#define REST_MS	   76000
#define REST_TURNS 200

/* Beyond every timeout there is, in steps that each of them notices. */
static const int64_t patience_ms[] = { 10, 600, 2500, 11000, 31000, 61000, 80000, 100 };

struct service {
	const struct service_plan *plan;
	struct event_base *base;
	struct db_pool *pool;
	struct cel_log *cel_log;
	struct access_log *access_log;
	struct search_sizes *search_sizes;
	struct measures *measures;
	struct api_settings settings;
	struct api api;
	struct http_server *server;
	int client;    /* -1 once it has left */
	int companion; /* -1: there is none */
	bool server_ended;
	bool is_draining;

	/* What the layer above is asked, and what it says. */
	size_t heads;
	size_t requests;
	size_t claim_count;
	struct answer_claim claims[SERVICE_ANSWERS_MAX * 32];

	char *received;
	size_t received_length;
	size_t received_size;
};

/* Made once: they are the same for each. */
static struct token_set *tokens;
static struct proxy_list *proxies;

static struct service *current;

static void
prepare(void)
{
	struct error error;

	if (tokens != NULL)
		return;
	fuzz_without_log();
	tokens = token_set_new(SERVICE_TOKEN, "", &error);
	proxies = proxy_list_new("127.0.0.1,::1,unix", &error);
	fuzz_require(tokens != NULL && proxies != NULL, "%s", error.message);
	fuzz_folder_add("call.wav", "RIFF\x24\x01\x01\x01WAVEfmt \x10");
	fuzz_folder_add("a.ogg", "OggS and so on, some forty bytes long or more");
	fuzz_folder_add("b.mp3", "");
}

/* Between the server and the API: counts, and hands on --------------------------------------------
 */

/* The companion's answers are nobody's concern; its address tells it. */
static bool
is_watched(const struct connection *connection)
{
	return connection_peer(connection)->sa_family != AF_INET6;
}

static bool
on_head(struct connection *connection, void *context, struct error *error)
{
	if (is_watched(connection))
		current->heads++;
	return api_http_handler.on_head(connection, context, error);
}

static void
on_request(struct connection *connection, void *context)
{
	if (is_watched(connection))
		current->requests++;
	api_http_handler.on_request(connection, context);
}

static void
on_gone(struct connection *connection, void *context)
{
	api_http_handler.on_gone(connection, context);
}

static void
on_drained(struct connection *connection, void *context)
{
	api_http_handler.on_drained(connection, context);
}

static void
on_answered(struct connection *connection, const struct http_answer *answer, void *context)
{
	api_http_handler.on_answered(connection, answer, context);
	if (!is_watched(connection))
		return;
	fuzz_require(current->claim_count < FUZZ_COUNT(current->claims), "not so many answers");
	current->claims[current->claim_count++] = (struct answer_claim){
		.status = answer->status,
		.body_bytes = answer->bytes,
		.is_head = request_method(connection_request(connection)) == REQUEST_HEAD,
	};
}

static const struct http_handler handler = {
	.on_head = on_head,
	.on_request = on_request,
	.on_gone = on_gone,
	.on_drained = on_drained,
	.on_answered = on_answered,
};

/* Building and taking down ----------------------------------------------------------------------
 */

static void
open_settings(struct service *service)
{
	service->settings = (struct api_settings){
		.tokens = tokens,
		.log_slow_us = 1000000,
		.audio_directory = fuzz_folder(),
		.audio_extensions = "wav,ogg,opus,mp3,gsm",
		.audio_accel_prefix = service->plan->hands_over ? "/audio/" : "",
		.trusted_proxies = proxies,
		.records_default_page_size = 10,
		.records_max_page_size = 1000,
		.history_default_size = 10,
		.history_max_size = 1000,
		.history_default_days = 7,
		.cel_default_limit = 1000,
		.cel_max_limit = 10000,
	};
}

static void
open_database(struct service *service)
{
	const struct db_settings settings = {
		.conninfo = "host=/nowhere",
		.read_conninfo = service->plan->has_readers ? "host=" DATABASE_STANDBY ",/other"
							    : "",
		.connections = 2,
		.statement_timeout_ms = 10000,
		.queue_timeout_ms = 5000,
		.read_max_lag_ms = 10000,
	};
	const struct cel_settings cel = {
		.cache_bytes = service->plan->has_small_limits ? 4096 : 1 << 20,
		.max_staleness_us = 5000,
		.cache_ttl_us = 10000000,
		.gap_timeout_us = 30000000,
		.settle_time_us = 2000000,
	};

	database_reset(&service->plan->database);
	service->pool = db_pool_new(service->base, &settings);
	service->cel_log = cel_log_new(service->base, service->pool, &cel);
	fuzz_require(service->cel_log != NULL, "a memory file");
}

static void
open_server(struct service *service)
{
	bool is_small = service->plan->has_small_limits;
	const struct http_settings settings = {
		.max_connections = 10,
		.header_timeout_ms = 10000,
		.body_timeout_ms = 30000,
		.idle_timeout_ms = 75000,
		.output_budget_bytes = is_small ? 2000 : 256 << 20,
		.limits = {
			.max_head_bytes = is_small ? 300 : 16 << 10,
			.max_target_bytes = is_small ? 100 : 8 << 10,
			.max_body_bytes = is_small ? 50 : 64 << 10,
		},
	};

	service->api = (struct api){
		.pool = service->pool,
		.access_log = service->access_log,
		.cel_log = service->cel_log,
		.search_sizes = service->search_sizes,
		.measures = service->measures,
		.settings = &service->settings,
	};
	service->server = http_server_new(service->base, &settings, &handler, &service->api);
}

static void
open_client(struct service *service)
{
	static const struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(
			service->plan->peer == SERVICE_PROXY ? INADDR_LOOPBACK : 0xc0000207),
	};
	int ends[2];

	fuzz_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
		"a socketpair");
	service->client = ends[0];
	if (service->plan->peer == SERVICE_UNIX)
		connection_open(service->server, ends[1], (const struct sockaddr *)&local,
			sizeof local.sun_family);
	else
		connection_open(service->server, ends[1], (const struct sockaddr *)&address,
			sizeof address);
}

/* Sends everything at once, and reads what there is. */
static void
open_companion(struct service *service, const char *bytes, size_t length)
{
	static const struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
	int ends[2];

	fuzz_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
		"a socketpair");
	service->companion = ends[0];
	connection_open(
		service->server, ends[1], (const struct sockaddr *)&address, sizeof address);
	(void)!send(service->companion, bytes, length, MSG_NOSIGNAL);
}

static void
service_open(struct service *service, const struct service_plan *plan)
{
	prepare();
	fuzz_clock_reset();
	service->plan = plan;
	service->base = event_base_new();
	fuzz_require(service->base != NULL, "an event base");
	open_settings(service);
	open_database(service);
	service->access_log = access_log_new(plan->log_is_full ? "/dev/full" : "/dev/null");
	service->search_sizes = search_sizes_new();
	service->measures = measures_new();
	open_server(service);
	db_pool_start(service->pool);
}

static void
service_close(struct service *service)
{
	http_server_free(service->server);
	access_log_free(service->access_log);
	search_sizes_free(service->search_sizes);
	measures_free(service->measures);
	cel_log_free(service->cel_log);
	db_pool_free(service->pool);
	event_base_free(service->base);
}

/* The loop --------------------------------------------------------------------------------------
 */

/* Takes what the server has sent. True: there was something. */
static bool
receive(struct service *service)
{
	ssize_t length;

	if (service->companion >= 0) {
		char dropped[4096];

		while (recv(service->companion, dropped, sizeof dropped, 0) > 0)
			continue;
	}
	if (service->client < 0 || service->server_ended)
		return false;
	if (service->received_size - service->received_length < 65536) {
		service->received_size += 65536 + service->received_size;
		service->received = memory_resized(service->received, service->received_size, 1);
	}
	length = recv(service->client, service->received + service->received_length,
		service->received_size - service->received_length, 0);
	if (length > 0)
		service->received_length += (size_t)length;
	else if (length == 0 || errno != EAGAIN)
		service->server_ended = true;
	return length > 0;
}

/* Turns until nothing is left to do at this time. */
static void
settle(struct service *service, bool reads)
{
	unsigned quiet = 0;

	(void)fuzz_loop_was_busy();
	while (quiet < 2) {
		bool moved;

		(void)event_base_loop(service->base, EVLOOP_NONBLOCK);
		moved = fuzz_loop_was_busy();
		moved |= reads && receive(service);
		if (!moved)
			moved = database_arrive();
		quiet = moved ? 0 : quiet + 1;
	}
}

static void
pass_time(struct service *service, int64_t duration_ms)
{
	fuzz_clock_advance_ms(duration_ms);
	settle(service, true);
}

/* Sends as much as the server takes; what it does not take any more is lost. */
static void
send_piece(struct service *service, const char *bytes, size_t length)
{
	for (unsigned i = 0; i < 100 && length > 0 && !service->server_ended; i++) {
		ssize_t sent = send(service->client, bytes, length, MSG_NOSIGNAL);

		if (sent > 0) {
			bytes += sent;
			length -= (size_t)sent;
		} else if (errno != EAGAIN) {
			return;
		}
		settle(service, !service->plan->reads_late);
	}
}

static void
drain(struct service *service)
{
	service->is_draining = true;
	http_server_drain(service->server, NULL, NULL);
	cel_log_end_waits(service->cel_log);
}

static void
send_all(struct service *service, const char *bytes, size_t length)
{
	const struct service_plan *plan = service->plan;
	size_t piece = plan->piece == 0 ? length : plan->piece;

	if (piece < length / PIECES_MAX)
		piece = length / PIECES_MAX;
	for (size_t sent = 0; sent < length; sent += piece) {
		size_t left = length - sent;

		if (plan->drains && !service->is_draining && sent >= length / 2)
			drain(service);
		send_piece(service, bytes + sent, left < piece ? left : piece);
		if (plan->pause_ms > 0)
			pass_time(service, plan->pause_ms);
	}
}

static void
leave(struct service *service)
{
	if (service->client >= 0)
		(void)close(service->client);
	service->client = -1;
	if (service->companion >= 0)
		(void)close(service->companion);
	service->companion = -1;
}

static bool
holds(const char *bytes, size_t length, const char *text)
{
	return memmem(bytes, length, text, strlen(text)) != NULL;
}

/* A stream has no end that the client could wait for; its path may be escaped. */
static bool
may_last(const char *bytes, size_t length)
{
	return holds(bytes, length, "stream") || holds(bytes, length, "%");
}

static void
talk(struct service *service, const char *bytes, size_t length)
{
	const struct service_plan *plan = service->plan;
	bool is_endless = may_last(bytes, length);

	settle(service, true);
	if (plan->has_company)
		open_companion(service, bytes, length);
	open_client(service);
	send_all(service, bytes, length);
	if (plan->leaves)
		leave(service);
	if (plan->half_closes && !plan->leaves)
		(void)shutdown(service->client, SHUT_WR);
	settle(service, true);
	for (size_t i = 0; i < FUZZ_COUNT(patience_ms); i++)
		pass_time(service, patience_ms[i]);
	/* One answer after the other may have taken its time; then comes the idle timeout. */
	for (unsigned i = 0; i < REST_TURNS && !service->server_ended && !is_endless; i++)
		pass_time(service, REST_MS);
}

/* What must hold ----------------------------------------------------------------------------------
 */

/* Heads end with an empty line; the last thing sent may be none, and has its answer, too. */
static size_t
most_requests(const char *bytes, size_t length)
{
	size_t count = 1;
	const char *end = bytes + length;

	while ((bytes = memmem(bytes, (size_t)(end - bytes), "\r\n\r\n", 4)) != NULL) {
		count++;
		bytes += 2;
	}
	return count;
}

static bool
is_health(const struct answer *answer)
{
	return answer->body_length >= 11 && memcmp(answer->body, "{\"status\":\"", 11) == 0;
}

static void
check_without_token(const struct service_result *result)
{
	fuzz_require(result->statements == 0, "no statement without a token");
	for (size_t i = 0; i < result->count && i < SERVICE_ANSWERS_MAX; i++) {
		const struct answer *answer = &result->answers[i];
		/* HEAD has no body to tell it by. */
		bool is_open = is_health(answer) || answer->body_length == 0;

		fuzz_require(
			answer->status >= 400 || is_open, "%u without a token", answer->status);
	}
}

/* The last may be that the client has gone. */
static size_t
claims_sent(const struct service *service)
{
	size_t count = service->claim_count;

	return count > 0 && service->claims[count - 1].status == 0 ? count - 1 : count;
}

static void
check(struct service *service, const char *bytes, size_t length, struct service_result *result)
{
	const struct service_plan *plan = service->plan;
	bool may_be_cut = plan->leaves || may_last(bytes, length) || plan->reads_late;
	struct http_counters counters;

	result->statements = database_statements();
	result->count = answers_read(service->received, service->received_length, service->claims,
		service->claim_count, may_be_cut, result->answers, SERVICE_ANSWERS_MAX);
	fuzz_require(service->claim_count <= most_requests(bytes, length),
		"%zu answers to at most %zu requests", service->claim_count,
		most_requests(bytes, length));
	fuzz_require(
		service->requests <= service->claim_count && service->heads <= service->claim_count,
		"each request has its answer: %zu heads, %zu requests, %zu answers", service->heads,
		service->requests, service->claim_count);
	if (!holds(bytes, length, SERVICE_TOKEN))
		check_without_token(result);
	if (!may_be_cut)
		fuzz_require(service->server_ended && result->count == claims_sent(service),
			"every answer arrives, and then the end: %zu of %zu", result->count,
			claims_sent(service));
	leave(service);
	settle(service, false);
	http_server_counters(service->server, &counters);
	fuzz_require(counters.connections == 0 && counters.output_bytes == 0, "nobody is left");
}

static void
check_rest(const struct service *service)
{
	struct db_counters database;
	struct cel_counters cel;

	db_pool_counters(service->pool, &database);
	cel_log_counters(service->cel_log, &cel);
	fuzz_require(database.waiting[DB_LANE_SHORT] == 0 && database.waiting[DB_LANE_LONG] == 0,
		"no query waits for nobody");
	fuzz_require(cel.waiting == 0, "no reader waits for nobody");
}

void
service_exchange(const struct service_plan *plan, const char *bytes, size_t length,
	struct service_result *result)
{
	static struct service service;

	free(service.received);
	memset(&service, 0, sizeof service);
	service.client = -1;
	service.companion = -1;
	current = &service;
	service_open(&service, plan);
	talk(&service, bytes, length);
	check(&service, bytes, length, result);
	check_rest(&service);
	service_close(&service);
}

void
service_plan_read(struct service_plan *plan, struct fuzz_input *input)
{
	static const int64_t pauses_ms[] = { 0, 0, 0, 1, 100, 5000, 12000, 40000 };
	uint8_t bytes[SERVICE_PLAN_BYTES];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = fuzz_byte(input);
	*plan = (struct service_plan){
		.piece = bytes[0],
		.pause_ms = pauses_ms[bytes[2] % 8],
		.reads_late = (bytes[1] & 1) != 0,
		.half_closes = (bytes[1] & 2) != 0,
		.leaves = (bytes[1] & 4) != 0,
		.drains = (bytes[1] & 8) != 0,
		.has_small_limits = (bytes[1] & 16) != 0,
		.hands_over = (bytes[1] & 32) != 0,
		.has_readers = (bytes[4] & 32) != 0,
		.has_company = (bytes[4] & 64) != 0,
		.log_is_full = (bytes[4] & 128) != 0,
		.peer = (bytes[1] >> 6) % SERVICE_PEERS,
		.database = {
			.mood = bytes[3] % DATABASE_MOODS,
			.nth = bytes[3] / DATABASE_MOODS % 8,
			.is_pooled = (bytes[4] & 1) != 0,
			.is_standby = (bytes[4] & 2) != 0,
			.grows = (bytes[4] & 4) != 0,
			.is_emptied = (bytes[4] & 8) != 0,
			.lags = (bytes[4] & 16) != 0,
			.rows = bytes[5] % 16,
			.seed = (uint32_t)bytes[6] << 8 | bytes[7],
		},
	};
}
