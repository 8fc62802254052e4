#include "http/connection_internal.h"

#include <netinet/tcp.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

/*
 * Bytes that the kernel takes before it can send them. What is on its way to a client that reads
 * does not count, so nobody is slower for it.
 */
#define UNSENT_BYTES (128 << 10)

static void
write_cb(evutil_socket_t socket, short what, void *context)
{
	struct connection *connection = context;

	(void)socket;
	(void)what;
	switch (connection->state) {
	case CONNECTION_BODY:
	case CONNECTION_WRITING:
	case CONNECTION_STREAMING:
		connection_on_room(connection);
		break;
	default:
		connection_process(connection);
		break;
	}
}

static void
on_timeout(struct connection *connection)
{
	struct error error;

	switch (connection->state) {
	case CONNECTION_HEAD:
		(void)error_set(&error, ERROR_REQUEST_TIMEOUT,
			"the request's head took longer than %lld ms",
			(long long)connection_timeout_ms(connection, CONNECTION_HEAD));
		connection_refuse(connection, &error);
		break;
	case CONNECTION_BODY:
		(void)error_set(&error, ERROR_REQUEST_TIMEOUT,
			"the request's body took longer than %lld ms",
			(long long)connection->server->settings.body_timeout_ms);
		connection_refuse(connection, &error);
		break;
	case CONNECTION_HANDLING:
		connection_check_peer(connection);
		break;
	case CONNECTION_IDLE:
	case CONNECTION_WRITING:
	case CONNECTION_STREAMING:
	case CONNECTION_LINGERING:
	case CONNECTION_CLOSED:
		connection_close(connection, "too long without progress");
		break;
	}
}

static void
timer_cb(evutil_socket_t socket, short what, void *context)
{
	struct connection *connection = context;
	int64_t left_ms = connection->deadline_ms - clock_now_ms();

	(void)socket;
	(void)what;
	connection->timer_ms = 0;
	if (connection->deadline_ms == 0)
		return;
	if (left_ms > 0)
		connection_set_deadline(connection, left_ms);
	else
		on_timeout(connection);
}

/*
 * Small answers leave at once; and of an answer that the client does not read the kernel takes
 * UNSENT_BYTES instead of up to tcp_wmem, 4 MiB for each. A socket that is no TCP has neither
 * option.
 */
static void
set_options(int socket)
{
	int one = 1;
	int unsent = UNSENT_BYTES;

	(void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

/*
 * A client that has too many connections gets an answer to whatever it is about to ask, but no
 * time: what it has sent already is read, as closing over unread bytes would reset the answer.
 */
static void
turn_away(struct connection *connection)
{
	struct error error;

	(void)recv(connection->socket, connection->server->read_buffer, SERVER_READ_BYTES, 0);
	connection->is_refused = true;
	connection->keeps_alive = false;
	connection->started_us = connection->now_us;
	connection->request = request_new(&connection->server->settings.limits);
	(void)connection_refuse_client(&error);
	connection_respond_error(connection, &error);
}

void
connection_open(
	struct http_server *server, int socket, const struct sockaddr *peer, socklen_t peer_length)
{
	struct connection *connection = memory_zeroed(1, sizeof *connection);

	connection->server = server;
	connection->socket = socket;
	connection->keeps_alive = true;
	if (peer_length <= sizeof connection->peer)
		memcpy(&connection->peer, peer, peer_length);
	else
		connection->peer.any.sa_family = peer->sa_family;
	if (event_assign(&connection->read_event, server->base, socket, EV_READ | EV_PERSIST,
		    connection_read_cb, connection) != 0 ||
		event_assign(&connection->write_event, server->base, socket, EV_WRITE, write_cb,
			connection) != 0 ||
		evtimer_assign(&connection->timer, server->base, timer_cb, connection) != 0)
		memory_exhausted();
	if (peer->sa_family != AF_UNIX)
		set_options(socket);
	TAILQ_INSERT_TAIL(&server->connections, connection, link);
	server->connection_count++;
	if (server->connection_count > server->connection_peak)
		server->connection_peak = server->connection_count;
	server->accepted++;
	listeners_update(server);
	connection_set_state(connection, CONNECTION_IDLE);
	if (connection_enter_client(connection, NULL))
		connection_start_reading(connection);
	else
		turn_away(connection);
}

static void
drain(struct connection *connection)
{
	switch (connection->state) {
	case CONNECTION_IDLE:
	case CONNECTION_HEAD:
		connection_set_deadline(
			connection, connection_timeout_ms(connection, connection->state));
		break;
	case CONNECTION_STREAMING:
		connection_abandon_context(connection);
		connection_end_stream(connection);
		break;
	default:
		break;
	}
}

void
connections_drain(struct http_server *server)
{
	struct connection *connection;
	struct connection *next;

	for (connection = TAILQ_FIRST(&server->connections); connection != NULL;
		connection = next) {
		next = TAILQ_NEXT(connection, link);
		drain(connection);
	}
}
