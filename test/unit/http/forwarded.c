/*
 * Who the client behind the proxies is: which peers are trusted, and how far X-Forwarded-For is
 * believed. 192.0.2.0/24, 198.51.100.0/24 and 2001:db8::/32 are RFC 5737's and 3849's examples.
 */
#include "http/forwarded.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/utf8.h"
#include "unit.h"

/* "unix", an IPv4 or an IPv6 address. */
static const struct sockaddr *
peer_of(const char *text)
{
	static struct sockaddr_storage storage;
	struct sockaddr_in *ip4 = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)&storage;

	memset(&storage, 0, sizeof storage);
	if (strcmp(text, "unix") == 0) {
		storage.ss_family = AF_UNIX;
	} else if (inet_pton(AF_INET, text, &ip4->sin_addr) == 1) {
		ip4->sin_family = AF_INET;
		ip4->sin_port = htons(4711);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &ip6->sin6_addr), 1);
		ip6->sin6_family = AF_INET6;
		ip6->sin6_port = htons(4711);
	}
	return (const struct sockaddr *)&storage;
}

static struct proxy_list *
list_of(const char *text)
{
	struct error error = { .code = ERROR_NONE };
	struct proxy_list *list = proxy_list_new(text, &error);

	ck_assert_msg(list != NULL, "%s: %s", text, error.message);
	return list;
}

static const struct {
	const char *list;
	const char *peer;
	bool is_trusted;
} trust_cases[] = {
	{ "", "127.0.0.1", false },
	{ "", "::1", false },
	{ "", "unix", false },
	{ "unix", "unix", true },
	{ "unix", "127.0.0.1", false },
	{ "unix", "::", false },
	{ "0.0.0.0/0", "unix", false },
	{ "::/0", "unix", false },

	{ "127.0.0.1", "127.0.0.1", true },
	{ "127.0.0.1", "127.0.0.2", false },
	{ "127.0.0.1", "::1", false },
	{ "::1", "::1", true },
	{ "::1", "127.0.0.1", false },
	{ "::1", "::2", false },
	{ "2001:DB8:0:0::1", "2001:db8::1", true },
	/* A dual-stack socket tells IPv4 peers in their mapped form. */
	{ "127.0.0.1", "::ffff:127.0.0.1", true },
	{ "::ffff:127.0.0.1", "127.0.0.1", true },
	{ "127.0.0.1", "::127.0.0.1", false },

	/* Networks: the first and last address of each, and their neighbours. */
	{ "10.0.0.0/8", "9.255.255.255", false },
	{ "10.0.0.0/8", "10.0.0.0", true },
	{ "10.0.0.0/8", "10.255.255.255", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "10.1.2.3/8", "10.200.0.1", true }, /* host bits do not count */
	{ "172.16.0.0/12", "172.15.255.255", false },
	{ "172.16.0.0/12", "172.16.0.0", true },
	{ "172.16.0.0/12", "172.31.255.255", true },
	{ "172.16.0.0/12", "172.32.0.0", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.8/31", "192.0.2.9", true },
	{ "192.0.2.8/31", "192.0.2.10", false },
	{ "192.0.2.8/32", "192.0.2.8", true },
	{ "192.0.2.8/32", "192.0.2.9", false },
	{ "0.0.0.0/0", "192.0.2.1", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "0.0.0.0/1", "127.255.255.255", true },
	{ "0.0.0.0/1", "128.0.0.0", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "192.0.2.1", true },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::", false },
	{ "2001:db8::/33", "2001:db8:7fff::", true },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "2001:db8::1/128", "2001:db8::1", true },
	{ "2001:db8::1/128", "2001:db8::", false },
	{ "::ffff:10.0.0.0/104", "10.9.9.9", true },
	{ "::ffff:10.0.0.0/104", "11.0.0.0", false },

	/* Several. */
	{ "127.0.0.1,::1,unix", "127.0.0.1", true },
	{ "127.0.0.1,::1,unix", "::1", true },
	{ "127.0.0.1,::1,unix", "unix", true },
	{ "127.0.0.1,::1,unix", "192.0.2.1", false },
	{ " 127.0.0.1 ,\t10.0.0.0/8\t", "10.0.0.1", true },
	{ "127.0.0.1,", "127.0.0.1", true },
};

START_TEST(test_trust)
{
	struct proxy_list *list = list_of(trust_cases[_i].list);

	ck_assert_int_eq(
		proxy_list_trusts(list, peer_of(trust_cases[_i].peer)), trust_cases[_i].is_trusted);
	proxy_list_free(list);
}
END_TEST

/* The list, and the entry that the error names. */
static const struct {
	const char *list;
	const char *entry;
} bad_cases[] = {
	{ "x", "x" },
	{ ",", "" },
	{ "127.0.0.1,,::1", "" },
	{ "127.0.0.1, ,::1", " " },
	{ "127.0.0.1,localhost", "localhost" },
	{ "UNIX", "UNIX" },
	{ "unix:/run/a", "unix:/run/a" },
	{ "unix/8", "unix/8" },
	{ "127.0.0", "127.0.0" },
	{ "127.0.0.1.1", "127.0.0.1.1" },
	{ "127.0.0.256", "127.0.0.256" },
	{ "127.0.0.1:80", "127.0.0.1:80" },
	{ "[::1]", "[::1]" },
	{ ":::", ":::" },
	{ "fe80::1%eth0", "fe80::1%eth0" },
	{ "10.0.0.0/", "10.0.0.0/" },
	{ "10.0.0.0/33", "10.0.0.0/33" },
	{ "10.0.0.0/-1", "10.0.0.0/-1" },
	{ "10.0.0.0/+8", "10.0.0.0/+8" },
	{ "10.0.0.0/8x", "10.0.0.0/8x" },
	{ "10.0.0.0/8/8", "10.0.0.0/8/8" },
	{ "10.0.0.0/0008", "10.0.0.0/0008" },
	{ "10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0" },
	{ "::/129", "::/129" },
	{ "::/4294967304", "::/4294967304" }, /* 2^32 + 8 */
	{ "/8", "/8" },
	/* Cut to 60 bytes, and never within a character. */
	{ "12345678901234567890123456789012345678901234567890123456789012345",
		"123456789012345678901234567890123456789012345678901234567890" },
	{ "1\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
		"1\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4" },
};

START_TEST(test_bad)
{
	struct error error = { .code = ERROR_NONE };
	char message[256];

	ck_assert_ptr_null(proxy_list_new(bad_cases[_i].list, &error));
	ck_assert_int_eq(error.code, ERROR_INVALID_PARAMETER);
	snprintf(message, sizeof message, "\"%s\" is not an address, a network or unix",
		bad_cases[_i].entry);
	ck_assert_str_eq(error.message, message);
	ck_assert(utf8_is_valid(error.message, strlen(error.message)));
}
END_TEST

static const struct {
	const char *peer;
	const char *forwarded_for;
	const char *client;
} client_cases[] = {
	/* The list is 127.0.0.1, ::1, unix, 10.0.0.0/8. */
	{ "192.0.2.1", NULL, "192.0.2.1" },
	{ "127.0.0.1", NULL, "127.0.0.1" },
	{ "2001:DB8:0::1", NULL, "2001:db8::1" },
	{ "::ffff:192.0.2.1", NULL, "192.0.2.1" },
	{ "unix", NULL, "unix" },

	/* Who is not trusted cannot say anything. */
	{ "192.0.2.1", "198.51.100.7", "192.0.2.1" },
	{ "192.0.2.1", "127.0.0.1", "192.0.2.1" },
	{ "::ffff:192.0.2.1", "198.51.100.7", "192.0.2.1" },

	{ "127.0.0.1", "198.51.100.7", "198.51.100.7" },
	{ "::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7" },
	{ "::1", "198.51.100.7", "198.51.100.7" },
	{ "unix", "198.51.100.7", "198.51.100.7" },
	{ "10.1.2.3", "2001:DB8::7", "2001:db8::7" },
	{ "127.0.0.1", "::ffff:198.51.100.7", "198.51.100.7" },

	/* From the right past those that are trusted; the rest could be made up. */
	{ "127.0.0.1", "198.51.100.7, 10.0.0.1", "198.51.100.7" },
	{ "127.0.0.1", "198.51.100.7,10.0.0.1,10.0.0.2", "198.51.100.7" },
	{ "127.0.0.1", "192.0.2.9, 198.51.100.7", "198.51.100.7" },
	{ "127.0.0.1", "10.0.0.9, 198.51.100.7, 10.0.0.1", "198.51.100.7" },
	{ "127.0.0.1", "rubbish, 198.51.100.7", "198.51.100.7" },
	{ "127.0.0.1", "\t198.51.100.7 \t,\t 10.0.0.1 ", "198.51.100.7" },

	/* All are trusted: the leftmost. */
	{ "127.0.0.1", "10.0.0.3, 10.0.0.2, 10.0.0.1", "10.0.0.3" },
	{ "127.0.0.1", "127.0.0.1", "127.0.0.1" },

	/* No address ends the walk at the last good one. */
	{ "127.0.0.1", "", "127.0.0.1" },
	{ "127.0.0.1", ",", "127.0.0.1" },
	{ "127.0.0.1", "rubbish", "127.0.0.1" },
	{ "127.0.0.1", "unknown", "127.0.0.1" },
	{ "127.0.0.1", "unix", "127.0.0.1" },
	{ "127.0.0.1", "198.51.100.7, rubbish", "127.0.0.1" },
	{ "127.0.0.1", "198.51.100.7, rubbish, 10.0.0.1", "10.0.0.1" },
	{ "127.0.0.1", "198.51.100.7,,10.0.0.1", "10.0.0.1" },
	{ "127.0.0.1", "198.51.100.7,", "127.0.0.1" },
	{ "127.0.0.1", "198.51.100.7 198.51.100.8", "127.0.0.1" },
	{ "127.0.0.1", "198.51.100.0/24", "127.0.0.1" },
	{ "127.0.0.1", "198.51.100.7.1", "127.0.0.1" },
	{ "127.0.0.1", "\"198.51.100.7\"", "127.0.0.1" },
	{ "127.0.0.1", "198.51.100.7\x01", "127.0.0.1" },
	{ "127.0.0.1",
		"00000000000000000000000000000000000000000000000000000000000000000000000000000001",
		"127.0.0.1" },

	/* With ports, as some proxies write them. */
	{ "127.0.0.1", "198.51.100.7:4711", "198.51.100.7" },
	{ "127.0.0.1", "[2001:db8::7]", "2001:db8::7" },
	{ "127.0.0.1", "[2001:db8::7]:4711", "2001:db8::7" },
	{ "127.0.0.1", "198.51.100.7:4711, 10.0.0.1:80", "198.51.100.7" },
	{ "127.0.0.1", "[2001:db8::7", "127.0.0.1" },
	{ "127.0.0.1", "[2001:db8::7]x", "127.0.0.1" },
	{ "127.0.0.1", "[]", "127.0.0.1" },
};

START_TEST(test_client)
{
	struct proxy_list *list = list_of("127.0.0.1,::1,unix,10.0.0.0/8");
	char client[FORWARDED_CLIENT_SIZE];

	forwarded_client(list, peer_of(client_cases[_i].peer), client_cases[_i].forwarded_for,
		client, sizeof client);
	ck_assert_str_eq(client, client_cases[_i].client);
	proxy_list_free(list);
}
END_TEST

/* The same address for counting, and none where the walk ends at one that is trusted. */
START_TEST(test_address)
{
	struct proxy_list *list = list_of("127.0.0.1,::1,unix,10.0.0.0/8");
	const char *expected = client_cases[_i].client;
	bool is_told_apart = strcmp(expected, "unix") != 0 &&
			     !proxy_list_trusts(list, peer_of(expected));
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];

	ck_assert_int_eq(forwarded_address(list, peer_of(client_cases[_i].peer),
				 client_cases[_i].forwarded_for, &address),
		is_told_apart);
	if (is_told_apart) {
		ck_assert_ptr_nonnull(inet_ntop(AF_INET6, &address, text, sizeof text));
		ck_assert_str_eq(
			IN6_IS_ADDR_V4MAPPED(&address) ? text + strlen("::ffff:") : text, expected);
	}
	proxy_list_free(list);
}
END_TEST

/* Unix peers are not told apart, trusted or not. */
START_TEST(test_unix_address)
{
	struct proxy_list *list = list_of("127.0.0.1");
	struct in6_addr address;

	ck_assert(!forwarded_address(list, peer_of("unix"), "198.51.100.7", &address));
	proxy_list_free(list);
}
END_TEST

/* Nobody is trusted: the peer, whatever is said. */
START_TEST(test_empty_list)
{
	struct proxy_list *list = list_of("");
	char client[FORWARDED_CLIENT_SIZE];

	forwarded_client(list, peer_of("127.0.0.1"), "198.51.100.7", client, sizeof client);
	ck_assert_str_eq(client, "127.0.0.1");
	proxy_list_free(list);
	proxy_list_free(NULL);
}
END_TEST

static Suite *
forwarded_suite(void)
{
	Suite *suite = suite_create("http/forwarded");

	unit_add_loop(suite, "trust", test_trust, UNIT_COUNT(trust_cases));
	unit_add_loop(suite, "bad", test_bad, UNIT_COUNT(bad_cases));
	unit_add_loop(suite, "client", test_client, UNIT_COUNT(client_cases));
	unit_add_loop(suite, "address", test_address, UNIT_COUNT(client_cases));
	unit_add(suite, "unix address", test_unix_address);
	unit_add(suite, "empty list", test_empty_list);
	return suite;
}

UNIT_MAIN(forwarded_suite)
