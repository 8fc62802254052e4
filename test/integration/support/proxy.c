#include "support/proxy.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/harness.h"

/* How soon a new mode holds. */
#define TICK_MS 2

/* A connection that is cut lives for so many bytes more. */
#define CUT_BYTES 6000

struct link;

/* One end of a connection. */
struct side {
	struct link *link;
	struct side *other;
	struct bufferevent *socket;
	struct event *timer; /* pending while what was read is delayed */
	long left;	     /* until it is cut; -1: it is not */
};

struct link {
	struct side client, server;
	bool is_forgotten;
	bool is_starting; /* not passed on, but told that PostgreSQL is starting */
	bool is_ending;	  /* when what is on its way has left */
	TAILQ_ENTRY(link) entry;
};

static TAILQ_HEAD(link_list, link) links = TAILQ_HEAD_INITIALIZER(links);
static struct event_base *base;
static struct sockaddr_un server_address = { .sun_family = AF_UNIX };
static atomic_int wanted_mode;
static enum proxy_mode mode;
static atomic_long arrivals;
static atomic_long cuts;
static unsigned seed = 1;

static void
reset_on_close(struct bufferevent *socket)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(bufferevent_getfd(socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static void
free_link(struct link *link)
{
	TAILQ_REMOVE(&links, link, entry);
	bufferevent_free(link->client.socket);
	bufferevent_free(link->server.socket);
	event_free(link->client.timer);
	event_free(link->server.timer);
	free(link);
}

/* As a router does that has lost the connection, with a reset; or with an end that looks orderly.
 */
static void
cut_link(struct link *link)
{
	if (rand_r(&seed) % 2 == 0)
		reset_on_close(link->client.socket);
	free_link(link);
	atomic_fetch_add(&cuts, 1);
}

/* Passes on what a side has read; with what is left it may end. */
static void
pass_on(struct side *side)
{
	struct evbuffer *input = bufferevent_get_input(side->socket);
	struct evbuffer *output = bufferevent_get_output(side->other->socket);
	long count = (long)evbuffer_get_length(input);

	if (side->left < 0 || count < side->left) {
		side->left -= side->left < 0 ? 0 : count;
		evbuffer_add_buffer(output, input);
		return;
	}
	evbuffer_remove_buffer(input, output, (size_t)side->left);
	/* Straight away: a reset would take back what is only waiting. */
	evbuffer_write(output, bufferevent_getfd(side->other->socket));
	cut_link(side->link);
}

static void
timer_cb(evutil_socket_t socket, short what, void *context)
{
	struct side *side = context;

	(void)socket;
	(void)what;
	if (mode != PROXY_HOLD)
		bufferevent_enable(side->socket, EV_READ);
	pass_on(side);
}

/* PostgreSQL's manual, 55.7, ErrorResponse, as the answer to a startup message. */
static void
tell_starting(struct link *link)
{
	static const char fields[] =
		"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0";
	struct evbuffer *output = bufferevent_get_output(link->client.socket);
	uint32_t length = htonl(sizeof length + sizeof fields);

	evbuffer_drain(bufferevent_get_input(link->client.socket), SIZE_MAX);
	evbuffer_add(output, "E", 1);
	evbuffer_add(output, &length, sizeof length);
	evbuffer_add(output, fields, sizeof fields);
	link->is_ending = true;
}

static void
read_cb(struct bufferevent *socket, void *context)
{
	struct side *side = context;
	struct timeval delay = { .tv_usec = PROXY_DELAY_MS * 1000 };

	if (side->link->is_starting) {
		tell_starting(side->link);
		return;
	}
	if (side->link->is_forgotten) {
		evbuffer_drain(bufferevent_get_input(socket), SIZE_MAX);
		return;
	}
	if (mode == PROXY_HOLD)
		return;
	if (mode != PROXY_DELAY) {
		pass_on(side);
		return;
	}
	bufferevent_disable(socket, EV_READ);
	event_add(side->timer, &delay);
}

static void
drained_cb(struct bufferevent *socket, void *context)
{
	struct side *side = context;

	/* Called later than it was drained; more may have been added. */
	if (side->link->is_ending && evbuffer_get_length(bufferevent_get_output(socket)) == 0)
		free_link(side->link);
}

/* The end of one side is that of the other, behind what was sent before. */
static void
event_cb(struct bufferevent *socket, short what, void *context)
{
	struct side *side = context;
	struct link *link = side->link;

	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
		return;
	/* PostgreSQL's farewell is lost, too. */
	if (link->is_forgotten && side == &link->server) {
		bufferevent_disable(socket, EV_READ);
		return;
	}
	evbuffer_add_buffer(
		bufferevent_get_output(side->other->socket), bufferevent_get_input(socket));
	if (link->is_ending || (what & BEV_EVENT_ERROR) != 0 ||
		evbuffer_get_length(bufferevent_get_output(side->other->socket)) == 0) {
		free_link(link);
		return;
	}
	bufferevent_disable(socket, EV_READ);
	link->is_ending = true;
}

static void
set_up_side(struct side *side, struct link *link, struct side *other, int descriptor)
{
	side->link = link;
	side->other = other;
	side->left = -1;
	side->timer = evtimer_new(base, timer_cb, side);
	side->socket = bufferevent_socket_new(
		base, descriptor, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (side->socket == NULL || side->timer == NULL)
		harness_fail("out of memory");
	bufferevent_setcb(side->socket, read_cb, drained_cb, event_cb, side);
}

/* Cut in either direction, after many bytes or few. */
static void
plan_cut(struct link *link)
{
	struct side *side = rand_r(&seed) % 4 == 0 ? &link->client : &link->server;

	side->left = 1 + rand_r(&seed) % (rand_r(&seed) % 2 == 0 ? 300 : CUT_BYTES);
}

/* False: it is passed on. */
static bool
is_start_of(struct link *link)
{
	static bool is_one_held;

	if (mode == PROXY_STARTING)
		is_one_held = false;
	else if (mode == PROXY_STARTING_FOR_ONE && !is_one_held)
		is_one_held = true;
	else
		return false;
	link->is_starting = true;
	bufferevent_enable(
		link->client.socket, mode == PROXY_STARTING ? EV_READ | EV_WRITE : EV_WRITE);
	return true;
}

static void
accept_cb(evutil_socket_t listener, short what, void *context)
{
	int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct link *link;

	(void)what;
	(void)context;
	if (descriptor < 0)
		return;
	link = calloc(1, sizeof *link);
	if (link == NULL)
		harness_fail("out of memory");
	TAILQ_INSERT_TAIL(&links, link, entry);
	set_up_side(&link->client, link, &link->server, descriptor);
	set_up_side(&link->server, link, &link->client, -1);
	atomic_fetch_add(&arrivals, 1);
	if (is_start_of(link))
		return;
	if (mode == PROXY_REFUSE ||
		bufferevent_socket_connect(link->server.socket, (struct sockaddr *)&server_address,
			sizeof server_address) != 0) {
		cut_link(link);
		return;
	}
	bufferevent_enable(link->client.socket, mode == PROXY_HOLD ? EV_WRITE : EV_READ | EV_WRITE);
	bufferevent_enable(link->server.socket, mode == PROXY_HOLD ? EV_WRITE : EV_READ | EV_WRITE);
	if (mode == PROXY_CUT)
		plan_cut(link);
}

static void
hold_side(struct side *side, bool is_held)
{
	if (is_held) {
		bufferevent_disable(side->socket, EV_READ);
		return;
	}
	if (side->link->is_ending || evtimer_pending(side->timer, NULL))
		return;
	evbuffer_add_buffer(
		bufferevent_get_output(side->other->socket), bufferevent_get_input(side->socket));
	bufferevent_enable(side->socket, EV_READ);
}

static void
hold_link(struct link *link, bool is_held)
{
	hold_side(&link->client, is_held);
	hold_side(&link->server, is_held);
}

static void
change_link(struct link *link, enum proxy_mode old)
{
	if (old == PROXY_CUT)
		link->client.left = link->server.left = -1;
	if (old == PROXY_HOLD)
		hold_link(link, false);
	if (mode == PROXY_HOLD)
		hold_link(link, true);
	if (mode == PROXY_STARTING && link->is_starting)
		bufferevent_enable(link->client.socket, EV_READ);
	if (mode == PROXY_FORGET)
		link->is_forgotten = true;
	if (mode == PROXY_CUT)
		plan_cut(link);
	if (mode == PROXY_REFUSE)
		cut_link(link);
}

static void
tick_cb(evutil_socket_t socket, short what, void *context)
{
	enum proxy_mode old = mode;
	struct link *next;

	(void)socket;
	(void)what;
	(void)context;
	mode = (enum proxy_mode)atomic_load(&wanted_mode);
	if (mode == old)
		return;
	for (struct link *link = TAILQ_FIRST(&links); link != NULL; link = next) {
		next = TAILQ_NEXT(link, entry);
		change_link(link, old);
	}
}

static void *
run(void *unused)
{
	event_base_dispatch(base);
	return unused;
}

static int
listen_anywhere(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (bind(listener, (struct sockaddr *)&address, length) != 0 ||
		getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
		listen(listener, 128) != 0)
		harness_fail("no port for the proxy");
	*port = ntohs(address.sin_port);
	return listener;
}

int
proxy_start(const char *socket_path)
{
	struct timeval interval = { .tv_usec = TICK_MS * 1000 };
	pthread_t thread;
	int port;
	int listener = listen_anywhere(&port);

	snprintf(server_address.sun_path, sizeof server_address.sun_path, "%s", socket_path);
	base = event_base_new();
	event_add(event_new(base, listener, EV_READ | EV_PERSIST, accept_cb, NULL), NULL);
	event_add(event_new(base, -1, EV_PERSIST, tick_cb, NULL), &interval);
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		harness_fail("no thread");
	return port;
}

void
proxy_set_mode(enum proxy_mode new_mode)
{
	atomic_store(&wanted_mode, (int)new_mode);
}

long
proxy_arrivals(void)
{
	return atomic_load(&arrivals);
}

long
proxy_cuts(void)
{
	return atomic_load(&cuts);
}
