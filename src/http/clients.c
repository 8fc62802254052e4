#include "http/clients.h"

#include <netinet/in.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The network of an IPv6 client, and the rest of the address. */
#define NETWORK_BYTES 8

struct client {
	struct in6_addr address; /* of IPv6 its network alone */
	uint64_t connections;	 /* never 0 in the set */
};

/* A balanced tree: addresses are chosen by others, who could make a hash table's chains long. */
struct client_set {
	void *root; /* of tsearch(3); owns the clients */
	size_t count;
};

static int
compare(const void *one, const void *other)
{
	return memcmp(&((const struct client *)one)->address,
		&((const struct client *)other)->address, sizeof(struct in6_addr));
}

struct client_set *
client_set_new(void)
{
	return memory_zeroed(1, sizeof(struct client_set));
}

void
client_set_free(struct client_set *set)
{
	free(set);
}

static struct client *
add(struct client_set *set, const struct client *key)
{
	struct client *client = memory_zeroed(1, sizeof *client);

	*client = *key;
	if (tsearch(client, &set->root, compare) == NULL)
		memory_exhausted();
	set->count++;
	return client;
}

struct client *
client_set_enter(struct client_set *set, const struct in6_addr *address, uint64_t limit)
{
	struct client key = { .address = *address };
	struct client **place;
	struct client *client;

	if (!IN6_IS_ADDR_V4MAPPED(address))
		memset(key.address.s6_addr + NETWORK_BYTES, 0, sizeof key.address - NETWORK_BYTES);
	place = tfind(&key, &set->root, compare);
	client = place == NULL ? NULL : *place;
	if (client != NULL && client->connections >= limit)
		return NULL;
	if (client == NULL)
		client = add(set, &key);
	client->connections++;
	return client;
}

void
client_set_leave(struct client_set *set, struct client *client)
{
	if (client == NULL || --client->connections > 0)
		return;
	(void)tdelete(client, &set->root, compare);
	set->count--;
	free(client);
}

size_t
client_set_count(const struct client_set *set)
{
	return set->count;
}
