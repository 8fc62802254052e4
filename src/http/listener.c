#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/connection.h"
#include "http/server_internal.h"

/* Of a port: 65535. More of them could overflow into one that is valid. */
#define PORT_DIGITS_MAX 5

/* How long accepting rests when the process has run out of descriptors or memory. */
#define ACCEPT_PAUSE_MS 100

/* A unix socket is open to every local user, like PostgreSQL's: the token is what protects. */
#define SOCKET_FILE_MODE 0666

struct listen_address {
	struct sockaddr_storage storage;
	socklen_t length;
};

struct listener {
	SLIST_ENTRY(listener) link;
	struct http_server *server;	 /* borrowed */
	struct evconnlistener *accepter; /* owned, with its socket */
	char *socket_file;		 /* owned; removed at the end; NULL: none, or not ours */
	struct listen_address adopted;	 /* where somebody else listens; else of no family */
};

static bool
parse_unix(const char *path, struct listen_address *address, struct error *error)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	size_t length = strlen(path);

	if (*path != '/' || length >= sizeof local.sun_path) {
		return error_set(error, ERROR_INTERNAL,
			"unix: needs an absolute path of at most %zu bytes",
			sizeof local.sun_path - 1);
	}
	memcpy(local.sun_path, path, length + 1);
	memcpy(&address->storage, &local, sizeof local);
	address->length = sizeof local;
	return true;
}

/* One colon, or the address in brackets: else a part of an IPv6 address would pass for the port. */
static bool
has_port(const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t digits = colon == NULL ? 0 : strspn(colon + 1, "0123456789");

	if (colon == NULL || colon == text || digits == 0 || digits > PORT_DIGITS_MAX ||
		colon[1 + digits] != '\0')
		return false;
	return *text == '[' ? colon[-1] == ']' : strchr(text, ':') == colon;
}

static bool
parse_address(const char *text, struct listen_address *address, struct error *error)
{
	char numeric[128];
	int length = (int)sizeof address->storage;

	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, address, error);
	/* The only name that needs no resolver. */
	if (strncmp(text, "localhost:", 10) == 0)
		snprintf(numeric, sizeof numeric, "127.0.0.1:%s", text + 10);
	else
		snprintf(numeric, sizeof numeric, "%s", text);
	if (!has_port(numeric) || evutil_parse_sockaddr_port(numeric,
					  (struct sockaddr *)&address->storage, &length) != 0) {
		return error_set(error, ERROR_INTERNAL,
			"\"%s\" is not host:port (numeric or localhost), [v6]:port or "
			"unix:/path",
			text);
	}
	address->length = (socklen_t)length;
	return true;
}

/* Connecting to a file of another kind is refused like to a stale socket. */
static bool
is_socket(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

/* A socket file is stale when nobody answers on it, and in use when somebody does. */
static bool
remove_stale_socket(const struct listen_address *address)
{
	const struct sockaddr_un *local = (const struct sockaddr_un *)&address->storage;
	int probe;
	bool is_stale;

	if (!is_socket(local->sun_path))
		return false;
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return false;
	is_stale = connect(probe, (const struct sockaddr *)local, address->length) != 0 &&
		   errno == ECONNREFUSED;
	(void)close(probe);
	return is_stale && unlink(local->sun_path) == 0;
}

/* Binds and listens; -1 with errno. */
static int
listening_socket(const struct listen_address *address)
{
	const struct sockaddr *name = (const struct sockaddr *)&address->storage;
	int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int one = 1;
	int saved;
	int listening = socket(name->sa_family, type, 0);

	if (listening < 0)
		return -1;
	if (name->sa_family != AF_UNIX)
		(void)setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (name->sa_family == AF_INET6)
		(void)setsockopt(listening, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(listening, name, address->length) == 0 && listen(listening, SOMAXCONN) == 0)
		return listening;
	saved = errno;
	(void)close(listening);
	errno = saved;
	return -1;
}

static int
open_socket(const struct listen_address *address)
{
	int listening = listening_socket(address);

	if (listening < 0 && errno == EADDRINUSE && address->storage.ss_family == AF_UNIX &&
		remove_stale_socket(address))
		listening = listening_socket(address);
	return listening;
}

static void
accept_cb(struct evconnlistener *accepter, evutil_socket_t socket, struct sockaddr *peer,
	int peer_length, void *context)
{
	struct listener *listener = context;

	(void)accepter;
	connection_open(listener->server, socket, peer, (socklen_t)peer_length);
}

/* Accepting rests a while, then listeners_update() tries again. */
static void
pause_accepting(struct http_server *server)
{
	struct timeval pause = clock_timeval(ACCEPT_PAUSE_MS);

	if (evtimer_pending(server->accept_pause, NULL) == 0)
		log_write(LOG_LEVEL_WARNING, "cannot accept connections: %s", strerror(errno));
	if (evtimer_add(server->accept_pause, &pause) != 0)
		memory_exhausted();
}

/* EMFILE and the like leave the client in the queue, and the socket readable. */
static void
accept_error_cb(struct evconnlistener *accepter, void *context)
{
	struct listener *listener = context;

	(void)accepter;
	pause_accepting(listener->server);
	listeners_update(listener->server);
}

/* "127.0.0.1:9400", "[::1]:9400" or "unix:/path"; for the log. */
#define ADDRESS_TEXT_SIZE 128

static void
print_address(const struct listen_address *address, char text[static ADDRESS_TEXT_SIZE])
{
	const struct sockaddr *name = (const struct sockaddr *)&address->storage;
	const struct sockaddr_in *ip4 = (const struct sockaddr_in *)&address->storage;
	const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)&address->storage;
	const struct sockaddr_un *local = (const struct sockaddr_un *)&address->storage;
	char host[INET6_ADDRSTRLEN] = "";

	switch (name->sa_family) {
	case AF_INET:
		(void)evutil_inet_ntop(AF_INET, &ip4->sin_addr, host, sizeof host);
		snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(ip4->sin_port));
		break;
	case AF_INET6:
		(void)evutil_inet_ntop(AF_INET6, &ip6->sin6_addr, host, sizeof host);
		snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(ip6->sin6_port));
		break;
	default:
		snprintf(text, ADDRESS_TEXT_SIZE, "unix:%.*s", (int)sizeof local->sun_path,
			local->sun_path);
		break;
	}
}

static unsigned
port_of(const struct listen_address *address)
{
	if (address->storage.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
	if (address->storage.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port);
	return 0;
}

static bool
is_same_address(const struct listen_address *one, const struct listen_address *other)
{
	const struct sockaddr_in *one_ip4 = (const struct sockaddr_in *)&one->storage;
	const struct sockaddr_in *other_ip4 = (const struct sockaddr_in *)&other->storage;
	const struct sockaddr_in6 *one_ip6 = (const struct sockaddr_in6 *)&one->storage;
	const struct sockaddr_in6 *other_ip6 = (const struct sockaddr_in6 *)&other->storage;

	if (one->storage.ss_family != other->storage.ss_family || port_of(one) != port_of(other))
		return false;
	switch (one->storage.ss_family) {
	case AF_INET:
		return one_ip4->sin_addr.s_addr == other_ip4->sin_addr.s_addr;
	case AF_INET6:
		return one_ip6->sin6_scope_id == other_ip6->sin6_scope_id &&
		       memcmp(&one_ip6->sin6_addr, &other_ip6->sin6_addr,
			       sizeof one_ip6->sin6_addr) == 0;
	default:
		return strcmp(((const struct sockaddr_un *)&one->storage)->sun_path,
			       ((const struct sockaddr_un *)&other->storage)->sun_path) == 0;
	}
}

/* What the system chose, for the log: with port 0 nobody would know otherwise. */
static void
log_listening(const char *text, int socket)
{
	struct listen_address bound = { .length = sizeof bound.storage };
	unsigned port = 0;

	if (getsockname(socket, (struct sockaddr *)&bound.storage, &bound.length) == 0)
		port = port_of(&bound);
	if (port != 0)
		log_write(LOG_LEVEL_NOTICE, "listening on %s (port %u)", text, port);
	else
		log_write(LOG_LEVEL_NOTICE, "listening on %s", text);
}

bool
http_listen_address_check(const char *text, struct error *error)
{
	struct listen_address address = { 0 };

	return parse_address(text, &address, error);
}

/* Takes over the socket. */
static struct listener *
add_listener(struct http_server *server, int socket)
{
	struct listener *listener = memory_zeroed(1, sizeof *listener);

	listener->server = server;
	/* Disabled: when libevent cannot watch the socket, only evconnlistener_enable() tells. */
	listener->accepter = evconnlistener_new(server->base, accept_cb, listener,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, socket);
	if (listener->accepter == NULL)
		memory_exhausted();
	evconnlistener_set_error_cb(listener->accepter, accept_error_cb);
	SLIST_INSERT_HEAD(&server->listeners, listener, link);
	listeners_update(server);
	return listener;
}

static bool
option_is(int socket, int option, int wanted)
{
	int value = 0;
	socklen_t length = sizeof value;

	return getsockopt(socket, SOL_SOCKET, option, &value, &length) == 0 && value == wanted;
}

/* Whether it is a socket that clients of a known kind can connect to, and where. */
static bool
is_listening(int socket, struct listen_address *address)
{
	/* One byte stays zero behind a path of the full length. */
	address->length = sizeof address->storage - 1;
	if (!option_is(socket, SO_TYPE, SOCK_STREAM) || !option_is(socket, SO_ACCEPTCONN, 1) ||
		getsockname(socket, (struct sockaddr *)&address->storage, &address->length) != 0)
		return false;
	return address->storage.ss_family == AF_INET || address->storage.ss_family == AF_INET6 ||
	       address->storage.ss_family == AF_UNIX;
}

static bool
set_flags(int socket)
{
	int flags = fcntl(socket, F_GETFL);

	return flags >= 0 && fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(socket, F_SETFD, FD_CLOEXEC) == 0;
}

bool
http_server_adopt(struct http_server *server, int socket, const char *name, struct error *error)
{
	struct listen_address address = { 0 };
	char text[ADDRESS_TEXT_SIZE];

	if (!is_listening(socket, &address) || !set_flags(socket)) {
		return error_set(error, ERROR_INTERNAL,
			"descriptor %d, passed as \"%s\", is not a listening stream socket", socket,
			name);
	}
	add_listener(server, socket)->adopted = address;
	print_address(&address, text);
	log_write(LOG_LEVEL_NOTICE, "listening on %s, passed as \"%s\"", text, name);
	return true;
}

static bool
is_adopted(const struct http_server *server, const struct listen_address *address)
{
	const struct listener *listener;

	SLIST_FOREACH (listener, &server->listeners, link) {
		if (is_same_address(&listener->adopted, address))
			return true;
	}
	return false;
}

bool
http_server_listen(struct http_server *server, const char *text, struct error *error)
{
	struct listen_address address = { 0 };
	struct listener *listener;
	int socket;

	if (!parse_address(text, &address, error))
		return false;
	if (is_adopted(server, &address))
		return true;
	socket = open_socket(&address);
	if (socket < 0) {
		return error_set(
			error, ERROR_INTERNAL, "cannot listen on %s: %s", text, strerror(errno));
	}
	listener = add_listener(server, socket);
	if (address.storage.ss_family == AF_UNIX) {
		listener->socket_file = memory_text(text + 5, strlen(text + 5));
		(void)chmod(listener->socket_file, SOCKET_FILE_MODE);
	}
	log_listening(text, socket);
	return true;
}

void
listeners_update(struct http_server *server)
{
	bool accepts = server->connection_count < server->settings.max_connections &&
		       evtimer_pending(server->accept_pause, NULL) == 0;
	struct listener *listener;

	SLIST_FOREACH (listener, &server->listeners, link) {
		if (!accepts)
			(void)evconnlistener_disable(listener->accepter);
		else if (evconnlistener_enable(listener->accepter) != 0)
			pause_accepting(server);
	}
}

/*
 * Whoever is in the queue is connected already, and would be reset with the socket. On a passed
 * socket the next process takes them.
 */
static void
accept_rest(const struct listener *listener)
{
	struct http_server *server = listener->server;
	evutil_socket_t listening = evconnlistener_get_fd(listener->accepter);

	while (server->connection_count < server->settings.max_connections) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof peer;
		int accepted = accept4(
			listening, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (accepted < 0)
			break;
		connection_open(server, accepted, (const struct sockaddr *)&peer, length);
	}
}

void
listeners_stop(struct http_server *server)
{
	const struct listener *listener = SLIST_FIRST(&server->listeners);

	for (; listener != NULL; listener = SLIST_NEXT(listener, link)) {
		if (listener->adopted.length == 0)
			accept_rest(listener);
	}
	listeners_free(server);
}

void
listeners_free(struct http_server *server)
{
	struct listener *listener;

	while ((listener = SLIST_FIRST(&server->listeners)) != NULL) {
		SLIST_REMOVE_HEAD(&server->listeners, link);
		evconnlistener_free(listener->accepter);
		if (listener->socket_file != NULL)
			(void)unlink(listener->socket_file);
		free(listener->socket_file);
		free(listener);
	}
}
