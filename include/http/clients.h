/*
 * How many connections each client has, so that one does not take them all
 * (server.max_connections_per_client).
 *
 * A client is an IPv4 address, or an IPv6 network of 64 bits: whoever has one address of such a
 * network has all of them. One that has no connection takes no memory.
 */
#ifndef RECORDINGD_HTTP_CLIENTS_H
#define RECORDINGD_HTTP_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct client_set;
struct in6_addr;

struct client_set *client_set_new(void);

/* Every client must have left. NULL is allowed. */
void client_set_free(struct client_set *set);

/*
 * Counts a connection of the client at an address, IPv4 in its mapped form. NULL: it has as many as
 * the limit allows. Who got a client gives it back with client_set_leave().
 */
struct client *client_set_enter(
	struct client_set *set, const struct in6_addr *address, uint64_t limit);

/* NULL is allowed: a connection that was not counted. */
void client_set_leave(struct client_set *set, struct client *client);

/* Clients that have a connection. */
size_t client_set_count(const struct client_set *set);

#endif
