/*
 * Which client is behind the proxies: X-Forwarded-For, as far as it can be trusted.
 */
#ifndef RECORDINGD_HTTP_FORWARDED_H
#define RECORDINGD_HTTP_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct in6_addr;
struct proxy_list;
struct sockaddr;

/* Room for any address as text. */
#define FORWARDED_CLIENT_SIZE 64

/*
 * A comma separated list of addresses, networks (10.0.0.0/8) and "unix"; it may be empty. NULL:
 * error names the entry that is none of these.
 */
struct proxy_list *proxy_list_new(const char *text, struct error *error);
void proxy_list_free(struct proxy_list *list);

bool proxy_list_trusts(const struct proxy_list *list, const struct sockaddr *peer);

/*
 * Writes the client's address. forwarded_for is all X-Forwarded-For values joined by commas, or
 * NULL. It counts only when the peer is trusted, and is read from the right past trusted addresses:
 * the first that is not trusted is the client, as what stands left of it could be made up. An entry
 * that is no address ends the walk at the last good one. When all are trusted it is the leftmost.
 */
void forwarded_client(const struct proxy_list *list, const struct sockaddr *peer,
	const char *forwarded_for, char *client, size_t size);

/*
 * The same as an address, IPv4 in its mapped form. False when it is a trusted one, which speaks for
 * others, or none: such clients are not told apart.
 */
bool forwarded_address(const struct proxy_list *list, const struct sockaddr *peer,
	const char *forwarded_for, struct in6_addr *client);

#endif
