#include "http/server.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/clients.h"
#include "http/connection.h"
#include "http/server_internal.h"

/* What so many connections, or so many bytes of answers, have taken may be kept for the next ones.
 */
#define KEPT_CONNECTIONS  1000
#define KEPT_OUTPUT_BYTES (16 << 20)

/*
 * How long what the allocator keeps for the next large answer may grow. It is as much as all
 * answers that ever were under way at once have taken, which happens by chance and would stay for
 * good.
 */
#define TRIM_INTERVAL_MS 5000

/*
 * What many clients, or slow readers, have taken lies between what is still in use, so the
 * allocator would keep it: once they are gone it goes back to the system.
 */
static void
give_memory_back(struct http_server *server)
{
	bool have_left = server->connection_peak >= KEPT_CONNECTIONS &&
			 server->connection_count < server->connection_peak / 4;
	bool have_read = server->output_peak >= KEPT_OUTPUT_BYTES && server->output_bytes == 0;

	if (!have_left && !have_read)
		return;
	server->connection_peak = server->connection_count;
	server->output_peak = server->output_bytes;
	(void)malloc_trim(0);
}

static void
trim_cb(evutil_socket_t socket, short what, void *context)
{
	(void)socket;
	(void)what;
	(void)context;
	(void)malloc_trim(0);
}

void
server_trim_later(struct http_server *server)
{
	struct timeval delay = clock_timeval(TRIM_INTERVAL_MS);

	/* Without a timer it stays for now. */
	if (!evtimer_pending(server->trim, NULL))
		(void)evtimer_add(server->trim, &delay);
}

static void
reaper_cb(evutil_socket_t socket, short what, void *context)
{
	struct http_server *server = context;

	(void)socket;
	(void)what;
	connections_reap(server);
	give_memory_back(server);
	if (server->is_draining && TAILQ_EMPTY(&server->connections) && server->on_idle != NULL)
		server->on_idle(server->on_idle_context);
}

static void
accept_pause_cb(evutil_socket_t socket, short what, void *context)
{
	(void)socket;
	(void)what;
	listeners_update(context);
}

struct http_server *
http_server_new(struct event_base *base, const struct http_settings *settings,
	const struct http_handler *handler, void *context)
{
	struct http_server *server = memory_zeroed(1, sizeof *server);

	server->base = base;
	server->handler = handler;
	server->handler_context = context;
	server->settings = *settings;
	server->clients = client_set_new();
	TAILQ_INIT(&server->connections);
	TAILQ_INIT(&server->closed);
	SLIST_INIT(&server->listeners);
	server->reaper = event_new(base, -1, 0, reaper_cb, server);
	server->accept_pause = evtimer_new(base, accept_pause_cb, server);
	server->trim = evtimer_new(base, trim_cb, NULL);
	if (server->reaper == NULL || server->accept_pause == NULL || server->trim == NULL)
		memory_exhausted();
	return server;
}

void
http_server_free(struct http_server *server)
{
	struct connection *connection;

	if (server == NULL)
		return;
	listeners_free(server);
	while ((connection = TAILQ_FIRST(&server->connections)) != NULL)
		connection_close(connection, "the server ends");
	connections_reap(server);
	client_set_free(server->clients);
	event_free(server->reaper);
	event_free(server->accept_pause);
	event_free(server->trim);
	free(server);
}

void
http_server_set_settings(struct http_server *server, const struct http_settings *settings)
{
	server->settings = *settings;
	listeners_update(server);
}

void
http_server_counters(const struct http_server *server, struct http_counters *counters)
{
	*counters = (struct http_counters){
		.connections = server->connection_count,
		.max_connections = server->settings.max_connections,
		.accepted = server->accepted,
		.refused = server->refused,
		.sent_bytes = server->sent_bytes,
		.output_bytes = server->output_bytes,
		.output_budget_bytes = server->settings.output_budget_bytes,
	};
}

bool
http_server_is_full(const struct http_server *server, size_t bytes)
{
	return server->output_bytes + bytes > server->settings.output_budget_bytes;
}

void
http_server_drain(struct http_server *server, void (*on_idle)(void *context), void *context)
{
	server->is_draining = true;
	server->on_idle = on_idle;
	server->on_idle_context = context;
	listeners_stop(server);
	connections_drain(server);
	event_active(server->reaper, EV_TIMEOUT, 0);
}
