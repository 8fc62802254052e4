#include "http/connection_internal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/clients.h"
#include "http/forwarded.h"

/* Clients beyond their limit are in the log so often at most. */
#define REFUSAL_LOG_MS 1000

bool
connection_refuse_client(struct error *error)
{
	return error_set(error, ERROR_TOO_MANY_REQUESTS,
		"this client has as many connections as it may have");
}

bool
connection_enter_client(struct connection *connection, const char *forwarded_for)
{
	struct http_server *server = connection->server;
	const struct http_settings *settings = &server->settings;
	char name[FORWARDED_CLIENT_SIZE];
	struct in6_addr address;

	if (settings->max_connections_per_client == 0 || connection->client != NULL ||
		!forwarded_address(
			settings->trusted_proxies, &connection->peer.any, forwarded_for, &address))
		return true;
	connection->client = client_set_enter(
		server->clients, &address, settings->max_connections_per_client);
	if (connection->client != NULL)
		return true;
	server->refused++;
	connection->now_us = clock_now_us();
	if (connection->now_us / 1000 - server->refusal_logged_ms >= REFUSAL_LOG_MS) {
		server->refusal_logged_ms = connection->now_us / 1000;
		forwarded_client(settings->trusted_proxies, &connection->peer.any, forwarded_for,
			name, sizeof name);
		log_write(LOG_LEVEL_WARNING,
			"%s has server.max_connections_per_client: further ones are refused", name);
	}
	return false;
}

bool
connection_enter_request(struct connection *connection, struct error *error)
{
	char *forwarded_for;
	bool is_let_in;

	if (connection->server->settings.max_connections_per_client == 0 ||
		connection->client != NULL)
		return true;
	forwarded_for = request_field_joined(connection->request, "X-Forwarded-For");
	is_let_in = connection_enter_client(connection, forwarded_for);
	connection->is_lent = connection->client != NULL;
	free(forwarded_for);
	return is_let_in || connection_refuse_client(error);
}

void
connection_leave_client(struct connection *connection)
{
	client_set_leave(connection->server->clients, connection->client);
	connection->client = NULL;
	connection->is_lent = false;
}
