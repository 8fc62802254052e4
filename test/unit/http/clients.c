/* Who is one client, how many connections it may have, and that nothing is left of those who go. */
#include "http/clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "unit.h"

#define MANY 2000

static struct client_set *set;

static void
setup(void)
{
	set = client_set_new();
}

static void
teardown(void)
{
	ck_assert_uint_eq(client_set_count(set), 0);
	client_set_free(set);
	client_set_free(NULL);
}

static struct client *
enter(const char *text, uint64_t limit)
{
	struct in6_addr address;

	ck_assert_int_eq(inet_pton(AF_INET6, text, &address), 1);
	return client_set_enter(set, &address, limit);
}

static const struct {
	const char *one;
	const char *other;
	bool is_same;
} pair_cases[] = {
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", true },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
	{ "::ffff:192.0.2.1", "::ffff:193.0.2.1", false },
	{ "2001:db8::1", "2001:db8::1", true },
	/* a network of 64 bits */
	{ "2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true },
	{ "2001:db8:0:1::1", "2001:db8:0:1:8000::", true },
	{ "2001:db8:0:1::1", "2001:db8:0:2::1", false },
	{ "2001:db8::1", "2001:db8:8000::1", false },
	/* not the network of all IPv4 addresses */
	{ "::1", "::ffff:0.0.0.1", false },
	{ "::", "::ffff:0.0.0.0", false },
};

START_TEST(test_pair)
{
	struct client *one = enter(pair_cases[_i].one, 1);
	struct client *other = enter(pair_cases[_i].other, 1);

	ck_assert_ptr_nonnull(one);
	ck_assert_int_eq(other == NULL, pair_cases[_i].is_same);
	client_set_leave(set, one);
	client_set_leave(set, other);
}
END_TEST

START_TEST(test_limit)
{
	struct client *client = enter("::ffff:192.0.2.1", 3);

	ck_assert_ptr_eq(enter("::ffff:192.0.2.1", 3), client);
	ck_assert_ptr_eq(enter("::ffff:192.0.2.1", 3), client);
	ck_assert_ptr_null(enter("::ffff:192.0.2.1", 3));
	ck_assert_uint_eq(client_set_count(set), 1);
	/* One goes, one comes. */
	client_set_leave(set, client);
	ck_assert_ptr_eq(enter("::ffff:192.0.2.1", 3), client);
	ck_assert_ptr_null(enter("::ffff:192.0.2.1", 3));
	/* Another limit holds at once, for who is there, too. */
	ck_assert_ptr_eq(enter("::ffff:192.0.2.1", 4), client);
	ck_assert_ptr_null(enter("::ffff:192.0.2.1", 2));
	for (int i = 0; i < 4; i++)
		client_set_leave(set, client);
	client_set_leave(set, NULL);
}
END_TEST

/* Each in its place, in whatever order they go. */
START_TEST(test_many)
{
	static struct client *clients[MANY][2];
	char text[64];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			snprintf(text, sizeof text, "2001:db8:0:%x::%d", i, round);
			clients[i][round] = enter(text, 2);
			ck_assert_ptr_nonnull(clients[i][round]);
		}
	}
	ck_assert_uint_eq(client_set_count(set), MANY);
	for (int i = 0; i < MANY; i++) {
		int other = i * 7 % MANY;

		ck_assert_ptr_eq(clients[other][0], clients[other][1]);
		client_set_leave(set, clients[other][0]);
		ck_assert_uint_eq(client_set_count(set), MANY);
	}
	for (int i = MANY - 1; i >= 0; i--) {
		client_set_leave(set, clients[i][1]);
		ck_assert_uint_eq(client_set_count(set), (size_t)i);
	}
}
END_TEST

static void
add(Suite *suite, const char *name, const TTest *test, int count)
{
	TCase *test_case = tcase_create(name);

	tcase_add_checked_fixture(test_case, setup, teardown);
	tcase_add_loop_test(test_case, test, 0, count);
	suite_add_tcase(suite, test_case);
}

static Suite *
clients_suite(void)
{
	Suite *suite = suite_create("http/clients");

	add(suite, "pair", test_pair, UNIT_COUNT(pair_cases));
	add(suite, "limit", test_limit, 1);
	add(suite, "many", test_many, 1);
	return suite;
}

UNIT_MAIN(clients_suite)
