#include "clients.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/wait.h"

#define CLIENTS_MAX 1000

/* Nothing of recordingd's may take so long, whatever happens behind it. */
#define STUCK_MS 45000

/*
 * Who waited long for an answer asks again the later, as a person would: so a slow machine has less
 * to do, not more.
 */
#define PATIENCE	10
#define PATIENCE_MAX_MS 3000

/* One client in so many goes on asking: behind a fault somebody must notice that all is well. */
#define IMPATIENT_SHARE 10

/* Of a connection that was lost, until it is made anew. */
#define RECONNECT_MS 50

enum stage {
	STAGE_ALL,    /* everybody asks */
	STAGE_FOLLOW, /* only those that follow the log */
	STAGE_END,
};

struct client {
	int number;
	unsigned seed;
	const struct client_work *work;
	void *state;
	struct wire *wire;
	struct event *timer; /* the next request, or the end of patience */
	bool is_asking;
	unsigned turn;
	char request_id[32];
	long began_ms;
	struct client_request request;
};

static struct client clients[CLIENTS_MAX];
static int client_count;
static struct event_base *base;
static struct event *ticker;
static pthread_t thread;
static atomic_int stage;
static atomic_int asking; /* without those that follow */

unsigned
client_random(struct client *client)
{
	return (unsigned)rand_r(&client->seed);
}

const char *
client_request_id(const struct client *client)
{
	return client->request_id;
}

void
client_wrong(const struct client *client, const struct wire_answer *answer, const char *what)
{
	size_t shown = answer->body_bytes < 150 ? answer->body_bytes : 150;

	ledger_wrong("%s: %s %s: %d, %zu bytes: %.150s … %s", what, client->request.target,
		client->request.body, answer->status, answer->body_bytes, answer->body,
		answer->body + answer->body_bytes - shown);
}

static void
arm(struct client *client, long delay_ms)
{
	struct timeval delay = { delay_ms / 1000, delay_ms % 1000 * 1000 };

	event_add(client->timer, &delay);
}

static bool
may_ask(const struct client *client)
{
	int now = atomic_load(&stage);

	return now == STAGE_ALL || (now == STAGE_FOLLOW && client->work->is_followed);
}

static void
send_request(struct client *client)
{
	struct client_request *request = &client->request;
	char text[1400];
	int length;

	memset(request, 0, sizeof *request);
	client->work->ask(client, client->state, request);
	snprintf(client->request_id, sizeof client->request_id, "%d.%u", client->number,
		++client->turn);
	length = snprintf(text, sizeof text,
		"%s %s HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN
		"\r\nX-Request-Id: %s\r\nContent-Length: %zu\r\n%s%s\r\n%s",
		request->is_post ? "POST" : "GET", request->target, client->request_id,
		strlen(request->body),
		request->body[0] == '\0' ? "" : "Content-Type: application/json\r\n",
		request->fields, request->body);
	client->is_asking = true;
	if (!client->work->is_followed)
		atomic_fetch_add(&asking, 1);
	client->began_ms = wait_now_ms();
	arm(client, STUCK_MS);
	wire_send(client->wire, text, (size_t)length, request->has_no_end);
}

static void
end_request(struct client *client, long pause_ms)
{
	client->is_asking = false;
	if (!client->work->is_followed)
		atomic_fetch_sub(&asking, 1);
	arm(client, pause_ms);
}

static void
timer_cb(evutil_socket_t socket, short what, void *context)
{
	struct client *client = context;

	(void)socket;
	(void)what;
	if (client->is_asking && !client->request.has_no_end) {
		char where[256];

		wire_describe(client->wire, where, sizeof where);
		ledger_wrong("no answer within %d s to %s: %s %s (%s)", STUCK_MS / 1000,
			client->request_id, client->request.target, client->request.body, where);
		wire_drop(client->wire);
		end_request(client, 0);
		return;
	}
	if (!client->is_asking && may_ask(client))
		send_request(client);
}

/* An error of the documented shape: {"error":"<code>","message":"…"}. */
static bool
has_code(const struct wire_answer *answer, const char *code)
{
	char beginning[64];
	int length = snprintf(
		beginning, sizeof beginning, "{\"error\":\"%s\",\"message\":\"", code);

	return strncmp(answer->body, beginning, (size_t)length) == 0 &&
	       answer->body[answer->body_bytes - 1] == '}';
}

static bool
is_audio(enum ledger_request kind)
{
	return kind == LEDGER_AUDIO_PART || kind == LEDGER_AUDIO_WHOLE ||
	       kind == LEDGER_AUDIO_RESULT;
}

/* Bytes of audio need no database: only what they need excuses them. */
static bool
may_be_unavailable(const struct client *client)
{
	enum ledger_request kind = client->request.kind;

	return (kind != LEDGER_AUDIO_PART && kind != LEDGER_AUDIO_WHOLE) ||
	       ledger_excuses(LEDGER_AUDIO, client->began_ms) ||
	       ledger_excuses(LEDGER_ACCESS_LOG, client->began_ms);
}

/* True when it is one of the errors that may be; what is then told in error. */
static bool
is_documented(
	const struct client *client, const struct wire_answer *answer, enum ledger_error *error)
{
	enum ledger_request kind = client->request.kind;

	switch (answer->status) {
	case 503:
		*error = kind == LEDGER_HEALTH ? LEDGER_DEGRADED : LEDGER_UNAVAILABLE;
		if (kind == LEDGER_HEALTH)
			return strstr(answer->body, "\"status\":\"degraded\"") != NULL;
		return answer->retry_after > 0 && has_code(answer, "unavailable") &&
		       may_be_unavailable(client);
	case 504:
		*error = LEDGER_TIMEOUT;
		return has_code(answer, "timeout") && kind != LEDGER_AUDIO_PART &&
		       kind != LEDGER_AUDIO_WHOLE && kind != LEDGER_HEALTH;
	case 404:
		*error = LEDGER_NO_AUDIO;
		return has_code(answer, "not_found") && is_audio(kind) &&
		       ledger_excuses(LEDGER_AUDIO, client->began_ms);
	default:
		return false;
	}
}

static bool
is_good(int status)
{
	return status == 200 || status == 201 || status == 206;
}

static long
random_pause(struct client *client)
{
	return client->work->pause_ms == 0 ? 0 : client_random(client) % client->work->pause_ms;
}

static long
pause_after_answer(struct client *client)
{
	long patience_ms = (wait_now_ms() - client->began_ms) * PATIENCE;

	if (client->work->is_followed || client->number % IMPATIENT_SHARE == 0)
		return random_pause(client);
	return random_pause(client) +
	       (patience_ms > PATIENCE_MAX_MS ? PATIENCE_MAX_MS : patience_ms);
}

static void
on_answer(const struct wire_answer *answer, void *context)
{
	struct client *client = context;
	enum ledger_error error;

	if (strcmp(answer->request_id, client->request_id) != 0)
		ledger_wrong(
			"the answer to %s is that to %s", client->request_id, answer->request_id);
	if (is_good(answer->status) && !client->request.has_no_end) {
		client->work->check(client, client->state, &client->request, answer);
		ledger_good(client->request.kind, client->began_ms);
		end_request(client, pause_after_answer(client));
		return;
	}
	/* A stream only ends with its connection, or is refused. */
	if (is_documented(client, answer, &error))
		ledger_error(client->request.kind, error, client->began_ms);
	else
		client_wrong(client, answer, "no documented error");
	end_request(client, random_pause(client));
}

static size_t
on_part(const struct wire_answer *answer, void *context)
{
	struct client *client = context;

	return client->work->take(client, client->state, answer);
}

static void
on_lost(void *context)
{
	struct client *client = context;

	if (!ledger_excuses(LEDGER_DAEMON, client->began_ms))
		ledger_wrong(
			"the connection was lost without a reason: %s", client->request.target);
	ledger_error(client->request.kind, LEDGER_LOST, client->began_ms);
	end_request(client, RECONNECT_MS + random_pause(client));
}

static void
on_nonsense(const char *what, void *context)
{
	struct client *client = context;

	ledger_wrong("%s: %s", what, client->request.target);
	if (client->is_asking)
		end_request(client, RECONNECT_MS);
}

static const struct wire_hooks hooks = {
	.on_answer = on_answer,
	.on_part = on_part,
	.on_lost = on_lost,
	.on_nonsense = on_nonsense,
};

void
clients_add(const struct client_work *work, void *state)
{
	struct client *client = &clients[client_count];

	if (client_count == CLIENTS_MAX)
		harness_fail("more than %d clients", CLIENTS_MAX);
	client->number = client_count++;
	client->seed = (unsigned)client->number + 1;
	client->work = work;
	client->state = state;
}

static void
wake_followers(void)
{
	for (int i = 0; i < client_count; i++) {
		if (!clients[i].is_asking && may_ask(&clients[i]) &&
			!evtimer_pending(clients[i].timer, NULL))
			arm(&clients[i], 0);
	}
}

static void
tick_cb(evutil_socket_t socket, short what, void *unused)
{
	(void)socket;
	(void)what;
	(void)unused;
	if (atomic_load(&stage) == STAGE_END)
		event_base_loopbreak(base);
	else
		wake_followers();
}

static void *
run(void *unused)
{
	event_base_dispatch(base);
	for (int i = 0; i < client_count; i++) {
		wire_free(clients[i].wire);
		event_free(clients[i].timer);
	}
	event_free(ticker);
	event_base_free(base);
	return unused;
}

void
clients_start(int port)
{
	struct timeval interval = { .tv_usec = 20000 };

	base = event_base_new();
	ticker = event_new(base, -1, EV_PERSIST, tick_cb, NULL);
	event_add(ticker, &interval);
	for (int i = 0; i < client_count; i++) {
		struct client *client = &clients[i];

		client->wire = wire_new(base, port, &hooks, client);
		client->timer = evtimer_new(base, timer_cb, client);
		/* Not all at once. */
		arm(client, client_random(client) % 500);
	}
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		harness_fail("no thread");
}

static bool
are_others_done(void *unused)
{
	(void)unused;
	return atomic_load(&asking) == 0;
}

void
clients_rest(void)
{
	atomic_store(&stage, STAGE_FOLLOW);
	if (!wait_until(are_others_done, NULL, STUCK_MS + 5000))
		ledger_wrong("%d requests never end", atomic_load(&asking));
}

void
clients_stop(void)
{
	atomic_store(&stage, STAGE_END);
	pthread_join(thread, NULL);
}
