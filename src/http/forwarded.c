#include "http/forwarded.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "base/utf8.h"

/* An entry of a list, which is UTF-8, is quoted in an error up to here. */
#define QUOTED_BYTES 60

/* Every address as IPv6, IPv4 in its mapped form: one way to compare, one way to mask. */
struct address {
	struct in6_addr ip;
	bool is_unix;
};

struct network {
	struct address address;
	unsigned bits; /* of the IPv6 form that count */
};

struct proxy_list {
	size_t count;
	struct network *networks; /* owned */
};

static struct in6_addr
map_ip4(struct in_addr ip4)
{
	struct in6_addr ip = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	memcpy(&ip.s6_addr[12], &ip4, sizeof ip4);
	return ip;
}

static bool
parse_ip(const char *text, struct in6_addr *ip)
{
	struct in_addr ip4;

	if (inet_pton(AF_INET, text, &ip4) == 1) {
		*ip = map_ip4(ip4);
		return true;
	}
	return inet_pton(AF_INET6, text, ip) == 1;
}

/* Blanks around, and a copy that ends with a NUL. False when it cannot be an address. */
static bool
copy_trimmed(const char *text, size_t length, char *copy, size_t size)
{
	while (length > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		length--;
	}
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	if (length == 0 || length >= size)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return true;
}

static bool
parse_bits(const char *text, unsigned most, unsigned *bits)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0')
		return false;
	*bits = (unsigned)strtoul(text, NULL, 10);
	return *bits <= most;
}

static bool
parse_network(const char *text, size_t length, struct network *network)
{
	char copy[FORWARDED_CLIENT_SIZE];
	char *slash;
	bool is_ip4;

	*network = (struct network){ .bits = 128 };
	if (!copy_trimmed(text, length, copy, sizeof copy))
		return false;
	if (strcmp(copy, "unix") == 0) {
		network->address.is_unix = true;
		return true;
	}
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash = '\0';
	if (!parse_ip(copy, &network->address.ip))
		return false;
	is_ip4 = strchr(copy, ':') == NULL;
	if (slash == NULL)
		return true;
	if (!parse_bits(slash + 1, is_ip4 ? 32 : 128, &network->bits))
		return false;
	network->bits += is_ip4 ? 96 : 0;
	return true;
}

struct proxy_list *
proxy_list_new(const char *text, struct error *error)
{
	struct proxy_list *list = memory_zeroed(1, sizeof *list);

	while (*text != '\0') {
		size_t length = strcspn(text, ",");

		list->networks = memory_resized(
			list->networks, list->count + 1, sizeof *list->networks);
		if (!parse_network(text, length, &list->networks[list->count])) {
			(void)error_set(error, ERROR_INVALID_PARAMETER,
				"\"%.*s\" is not an address, a network or unix",
				(int)utf8_prefix(
					text, length < QUOTED_BYTES ? length : QUOTED_BYTES),
				text);
			proxy_list_free(list);
			return NULL;
		}
		list->count++;
		text += length;
		text += *text == ',';
	}
	return list;
}

void
proxy_list_free(struct proxy_list *list)
{
	if (list == NULL)
		return;
	free(list->networks);
	free(list);
}

static bool
network_has(const struct network *network, const struct address *address)
{
	unsigned whole = network->bits / 8;
	unsigned rest = network->bits % 8;
	unsigned mask = 0xffU << (8 - rest) & 0xffU;

	if (network->address.is_unix || address->is_unix)
		return network->address.is_unix == address->is_unix;
	if (memcmp(&network->address.ip, &address->ip, whole) != 0)
		return false;
	return rest == 0 ||
	       ((network->address.ip.s6_addr[whole] ^ address->ip.s6_addr[whole]) & mask) == 0;
}

static bool
list_has(const struct proxy_list *list, const struct address *address)
{
	for (size_t i = 0; i < list->count; i++) {
		if (network_has(&list->networks[i], address))
			return true;
	}
	return false;
}

static struct address
address_of(const struct sockaddr *peer)
{
	struct address address = { .is_unix = false };

	if (peer->sa_family == AF_INET)
		address.ip = map_ip4(((const struct sockaddr_in *)(const void *)peer)->sin_addr);
	else if (peer->sa_family == AF_INET6)
		address.ip = ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
	else
		address.is_unix = true;
	return address;
}

bool
proxy_list_trusts(const struct proxy_list *list, const struct sockaddr *peer)
{
	struct address address = address_of(peer);

	return list_has(list, &address);
}

static void
format(const struct address *address, char *text, size_t size)
{
	const struct in6_addr *ip = &address->ip;
	const char *written;

	if (address->is_unix) {
		snprintf(text, size, "unix");
		return;
	}
	if (IN6_IS_ADDR_V4MAPPED(ip))
		written = inet_ntop(AF_INET, &ip->s6_addr[12], text, (socklen_t)size);
	else
		written = inet_ntop(AF_INET6, ip, text, (socklen_t)size);
	if (written == NULL)
		*text = '\0';
}

/* An address as proxies write it: plain, in brackets, and either with a port behind it. */
static bool
parse_entry(const char *text, size_t length, struct address *address)
{
	char copy[FORWARDED_CLIENT_SIZE];
	char *start = copy;
	char *end;

	address->is_unix = false;
	if (!copy_trimmed(text, length, copy, sizeof copy))
		return false;
	if (*copy == '[') {
		end = strchr(copy, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		*end = '\0';
		start++;
	} else {
		end = strchr(copy, ':');
		if (end != NULL && strchr(end + 1, ':') == NULL)
			*end = '\0';
	}
	return parse_ip(start, &address->ip);
}

static struct address
client_of(const struct proxy_list *list, const struct sockaddr *peer, const char *forwarded_for)
{
	struct address address = address_of(peer);
	size_t end = forwarded_for == NULL ? 0 : strlen(forwarded_for);

	while (end > 0 && list_has(list, &address)) {
		struct address next;
		size_t start = end;

		while (start > 0 && forwarded_for[start - 1] != ',')
			start--;
		if (!parse_entry(forwarded_for + start, end - start, &next))
			break;
		address = next;
		end = start > 0 ? start - 1 : 0;
	}
	return address;
}

void
forwarded_client(const struct proxy_list *list, const struct sockaddr *peer,
	const char *forwarded_for, char *client, size_t size)
{
	struct address address = client_of(list, peer, forwarded_for);

	format(&address, client, size);
}

bool
forwarded_address(const struct proxy_list *list, const struct sockaddr *peer,
	const char *forwarded_for, struct in6_addr *client)
{
	struct address address = client_of(list, peer, forwarded_for);

	*client = address.ip;
	return !address.is_unix && !list_has(list, &address);
}
