/*
 * The network forgets connections to the database without a word, or is slow, or the database is:
 * what is lost is noticed long before its statement's time is over, and what is only slow is not
 * taken for lost. A proxy between recordingd and PostgreSQL is the network.
 */
#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/http_client.h"
#include "support/json_assert.h"
#include "support/proxy.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

/* statement_timeout, 10 s as a rule, would come after this. */
#define NOTICED_MS 4000

/* Where nothing is lost any more; with a machine's other work. */
#define SWIFT_MS 1000

#define CALLID "/recording/records/callid_search?callid=none"

#define CALLID_REQUEST                                                                             \
	"POST " CALLID " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nX-Auth-Token: " DAEMON_TOKEN  \
	"\r\n\r\n"

/* Of both lanes, and of control. */
#define CONNECTIONS 9

/* Connections of this test: the proxy is that of all. */
static struct {
	int port;
	long before;
} network;

static long
arrivals(void)
{
	return proxy_arrivals() - network.before;
}

static bool
are_all_there(void *count)
{
	return arrivals() >= *(long *)count;
}

/* connections: of both lanes. */
static void
start_with(long connections)
{
	long count = connections + 1;

	if (network.port == 0)
		network.port = proxy_start(harness_path("socket/.s.PGSQL.5432"));
	network.before = proxy_arrivals();
	daemon_restart("database.conninfo",
		scratch_format("host=127.0.0.1 port=%d user=recordingd dbname=" CLUSTER_DATABASE
			       " sslmode=disable gssencmode=disable",
			network.port),
		"database.connections", scratch_format("%ld", connections), NULL);
	ck_assert(wait_until(are_all_there, &count, 5000));
	wait_ms(200);
	ck_assert_int_eq(arrivals(), count);
}

static void
start_behind_proxy(void)
{
	start_with(CONNECTIONS - 1);
}

static void
forget_connections(void)
{
	proxy_set_mode(PROXY_FORGET);
	wait_ms(100);
	proxy_set_mode(PROXY_PASS);
	wait_ms(100);
}

/* In milliseconds. */
static long
search_duration(void)
{
	long begin_ms = wait_now_ms();

	expect_status(http_post("/recording/records/search", "{}"), 200);
	return wait_now_ms() - begin_ms;
}

static long
callid_duration(void)
{
	long begin_ms = wait_now_ms();

	expect_status(http_post(CALLID, ""), 200);
	return wait_now_ms() - begin_ms;
}

/* The first request pays; all connections, which nobody has used since, are good behind it. */
START_TEST(test_forgotten)
{
	start_behind_proxy();
	ck_assert_int_lt(search_duration(), SWIFT_MS);
	forget_connections();
	ck_assert_int_lt(search_duration(), NOTICED_MS);
	for (int i = 0; i < CONNECTIONS; i++) {
		ck_assert_int_lt(search_duration(), SWIFT_MS);
		ck_assert_int_lt(callid_duration(), SWIFT_MS);
	}
	ck_assert_int_ge(arrivals(), 2 * CONNECTIONS);
	ck_assert(daemon_logs("lost on the way"));
}
END_TEST

/* Statements that were under way on several, of both lanes, move where they are answered. */
START_TEST(test_forgotten_under_way)
{
	PGconn *session = sql_session();
	struct http_pending *pending[6];

	start_behind_proxy();
	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	for (int i = 0; i < HARNESS_COUNT(pending); i++)
		pending[i] = http_begin(&(struct http_request){
			.target = i % 2 == 0 ? "/recording/records/search" : CALLID,
			.body = "{}" });
	wait_ms(500);
	forget_connections();
	sql_session_run(session, "COMMIT");
	for (int i = 0; i < HARNESS_COUNT(pending); i++) {
		long begin_ms = wait_now_ms();

		expect_status(http_finish(pending[i]), 200);
		ck_assert_int_lt(wait_now_ms() - begin_ms, NOTICED_MS);
	}
}
END_TEST

/* It may have come through: it is not sent again, and its client hears soon that nobody knows. */
START_TEST(test_forgotten_write)
{
	long begin_ms;

	start_behind_proxy();
	forget_connections();
	begin_ms = wait_now_ms();
	expect_error(
		http_post("/recording/call_data/7/attached_data", "[{'key':'lost','value':'x'}]"),
		503, "unavailable", NULL);
	ck_assert_int_lt(wait_now_ms() - begin_ms, NOTICED_MS);
	ck_assert_int_eq(sql_number("SELECT count(*) FROM attached_data WHERE key = 'lost'"), 0);
	expect_status(
		http_post("/recording/call_data/7/attached_data", "[{'key':'lost','value':'x'}]"),
		201);
}
END_TEST

/* What a client that has left wanted cannot be cancelled there; others need not wait for that. */
START_TEST(test_forgotten_and_left)
{
	struct http_pending *pending;

	start_with(1);
	ck_assert_int_lt(search_duration(), SWIFT_MS);
	forget_connections();
	pending = http_begin(
		&(struct http_request){ .target = "/recording/records/search", .body = "{}" });
	http_leave(pending);
	wait_ms(50);
	ck_assert_int_lt(search_duration(), NOTICED_MS);
	ck_assert(daemon_logs("lost on the way"));
}
END_TEST

/* Nothing more is sent behind a short statement that waits for a lock, while others are free. */
START_TEST(test_behind_long_statement)
{
	PGconn *session = sql_session();
	struct raw_client *clients[20];
	struct http_pending *pending;

	daemon_restart("database.connections", "4", "cel.cache_ttl", "0", NULL);
	sql_session_run(session, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	pending = http_begin(&(struct http_request){ .target = "/recording/cel?from=10&limit=3" });
	wait_ms(400);
	for (int i = 0; i < HARNESS_COUNT(clients); i++)
		clients[i] = raw_open();
	for (int i = 0; i < HARNESS_COUNT(clients); i++)
		ck_assert(raw_send(clients[i], CALLID_REQUEST));
	for (int i = 0; i < HARNESS_COUNT(clients); i++) {
		const struct reply *reply = raw_reply(clients[i], NOTICED_MS);

		ck_assert_ptr_nonnull(reply);
		expect_status(reply, 200);
	}
	sql_session_run(session, "COMMIT");
	expect_status(http_finish(pending), 200);
}
END_TEST

/* A statement that waits for a lock is at work, for as long as it takes. */
START_TEST(test_long_statement)
{
	PGconn *session = sql_session();
	struct http_pending *pending[2];

	start_behind_proxy();
	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	pending[0] = http_begin(
		&(struct http_request){ .target = "/recording/records/search", .body = "{}" });
	pending[1] = http_begin(&(struct http_request){ .target = CALLID, .body = "{}" });
	wait_ms(3000);
	sql_session_run(session, "COMMIT");
	expect_status(http_finish(pending[0]), 200);
	expect_status(http_finish(pending[1]), 200);
	ck_assert_int_eq(arrivals(), CONNECTIONS);
	ck_assert(!daemon_logs("lost on the way"));
}
END_TEST

/* Everything takes a quarter of a second; nothing is made anew for it. */
START_TEST(test_slow_network)
{
	PGconn *session = sql_session();
	struct http_pending *pending;

	start_behind_proxy();
	proxy_set_mode(PROXY_DELAY);
	wait_ms(100);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_ge(search_duration(), PROXY_DELAY_MS);
		ck_assert_int_ge(callid_duration(), PROXY_DELAY_MS);
	}
	/* Nor where PostgreSQL has to be asked, and its answer takes as long. */
	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	pending = http_begin(
		&(struct http_request){ .target = "/recording/records/search", .body = "{}" });
	wait_ms(1500);
	sql_session_run(session, "COMMIT");
	expect_status(http_finish(pending), 200);
	/* Once a busy machine may have been late; were this too slow it would be so each time. */
	ck_assert_int_le(arrivals(), CONNECTIONS + 1);
	proxy_set_mode(PROXY_PASS);
}
END_TEST

static Suite *
silence_suite(void)
{
	Suite *suite = suite_create("silence");

	harness_add(suite, "forgotten", test_forgotten);
	harness_add(suite, "forgotten under way", test_forgotten_under_way);
	harness_add(suite, "forgotten write", test_forgotten_write);
	harness_add(suite, "forgotten and left", test_forgotten_and_left);
	harness_add(suite, "long statement", test_long_statement);
	harness_add(suite, "behind a long statement", test_behind_long_statement);
	harness_add(suite, "slow network", test_slow_network);
	return suite;
}

HARNESS_MAIN(silence_suite)
