#include <errno.h>
#include <event2/listener.h>
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

/* How long accepting rests when the process has run out of descriptors or memory. */
#define ACCEPT_PAUSE_MS 100

/* A unix socket is open to every local user, like PostgreSQL's: the token is what protects. */
#define SOCKET_FILE_MODE 0666

struct listener {
	SLIST_ENTRY(listener) link;
	struct http_server *server;	 /* borrowed */
	struct evconnlistener *accepter; /* owned, with its socket */
	char *socket_file;		 /* owned; removed at the end; NULL for TCP */
};

struct listen_address {
	struct sockaddr_storage storage;
	socklen_t length;
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

	if (colon == NULL || colon == text || colon[1] == '\0' ||
		colon[1 + strspn(colon + 1, "0123456789")] != '\0')
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

/* A socket file is stale when nobody answers on it, and in use when somebody does. */
static bool
remove_stale_socket(const struct listen_address *address)
{
	const struct sockaddr_un *local = (const struct sockaddr_un *)&address->storage;
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_stale;

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

/* EMFILE and the like leave the client in the queue, and the socket readable: rest a while. */
static void
accept_error_cb(struct evconnlistener *accepter, void *context)
{
	struct listener *listener = context;
	struct http_server *server = listener->server;
	struct timeval pause = clock_timeval(ACCEPT_PAUSE_MS);

	(void)accepter;
	if (evtimer_pending(server->accept_pause, NULL) == 0)
		log_write(LOG_LEVEL_WARNING, "cannot accept connections: %s", strerror(errno));
	if (evtimer_add(server->accept_pause, &pause) != 0)
		memory_exhausted();
	listeners_update(server);
}

/* What the system chose, for the log: with port 0 nobody would know otherwise. */
static void
log_listening(const char *text, int socket)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t length = sizeof bound;
	unsigned port = 0;

	if (getsockname(socket, (struct sockaddr *)&bound, &length) == 0) {
		if (bound.ss_family == AF_INET)
			port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
		else if (bound.ss_family == AF_INET6)
			port = ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
	}
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

bool
http_server_listen(struct http_server *server, const char *text, struct error *error)
{
	struct listen_address address = { 0 };
	struct listener *listener;
	int socket;

	if (!parse_address(text, &address, error))
		return false;
	socket = open_socket(&address);
	if (socket < 0) {
		return error_set(
			error, ERROR_INTERNAL, "cannot listen on %s: %s", text, strerror(errno));
	}
	listener = memory_zeroed(1, sizeof *listener);
	listener->server = server;
	listener->accepter = evconnlistener_new(server->base, accept_cb, listener,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, socket);
	if (listener->accepter == NULL)
		memory_exhausted();
	evconnlistener_set_error_cb(listener->accepter, accept_error_cb);
	if (address.storage.ss_family == AF_UNIX) {
		listener->socket_file = memory_text(text + 5, strlen(text + 5));
		(void)chmod(listener->socket_file, SOCKET_FILE_MODE);
	}
	SLIST_INSERT_HEAD(&server->listeners, listener, link);
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
		if (accepts)
			(void)evconnlistener_enable(listener->accepter);
		else
			(void)evconnlistener_disable(listener->accepter);
	}
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
