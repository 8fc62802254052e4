/* What is kept of the channel event log: how fresh it is, how large, and that nobody sees it. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "support/cel_rows.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define TOKEN_FIELD "Host: x\r\nX-Auth-Token: " DAEMON_TOKEN "\r\n"

#define ROUNDS	2000
#define CLIENTS 20

/* With sanitizers everything takes longer: as many rounds as there is time for, but these. */
#define ROUNDS_MIN 100
#ifdef __SANITIZE_ADDRESS__
#define ROUNDS_MS 7000
#else
#define ROUNDS_MS 600000
#endif

/* Freshness --------------------------------------------------------------------------------- */

static const struct {
	const char *staleness;
	long wait_ms;
} freshness[] = { { "0", 0 }, { "5ms", 5 } };

/* Every client asks for the row that was committed a moment ago, and must get it. */
static void
expect_row(struct raw_client **clients, long row_id)
{
	const char *id = scratch_format("[{\"id\":\"%ld\"", row_id);
	const char *request = scratch_format(
		"GET /recording/cel?from=%ld HTTP/1.1\r\n" TOKEN_FIELD "\r\n", row_id);

	for (int i = 0; i < CLIENTS; i++)
		raw_send(clients[i], request);
	for (int i = 0; i < CLIENTS; i++) {
		const struct reply *reply = raw_reply(clients[i], 10000);

		ck_assert_ptr_nonnull(reply);
		ck_assert_msg(reply->status == 200 && strncmp(reply->body, id, strlen(id)) == 0,
			"client %d, row %ld: %ld %.100s", i, row_id, reply->status, reply->body);
	}
}

/* After a commit, and the time that answers may be behind it, the row is in every answer. */
START_TEST(test_fresh)
{
	long last = cel_rows_clear_end();
	struct raw_client *clients[CLIENTS];
	long begin_ms;
	PGconn *writer;

	daemon_restart("cel.cache_ttl", "10s", "cel.max_staleness", freshness[_i].staleness, NULL);
	writer = sql_session();
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = raw_open();
	begin_ms = wait_now_ms();
	for (int round = 1; round <= ROUNDS; round++) {
		if (round > ROUNDS_MIN && wait_now_ms() - begin_ms > ROUNDS_MS)
			break;
		sql_session_run(writer, CEL_INSERT);
		wait_ms(freshness[_i].wait_ms);
		expect_row(clients, last + round);
	}
}
END_TEST

/* Sameness ---------------------------------------------------------------------------------- */

static const char *const targets[] = {
	"/recording/cel",
	"/recording/cel?from=10&limit=1",
	"/recording/cel?from=11&limit=2",
	"/recording/cel?from=0&limit=10000",
	"/recording/cel?from=2147483647",
	"/recording/cel?from=60100&limit=5000",
	"/recording/cel?from=62222&limit=700",
	"/recording/cel?from=61999&limit=1",
};

static const char *
body_of(const char *target)
{
	const struct reply *reply = http_get(target);

	expect_status(reply, 200);
	return reply->body;
}

/* From the database, from memory, in pieces of several blocks: the same bytes. */
START_TEST(test_same_bytes)
{
	const char *uncached[HARNESS_COUNT(targets)];
	const char *kept[HARNESS_COUNT(targets)];

	sql_run("DELETE FROM cel WHERE id BETWEEN 60001 AND 66000");
	sql_run("INSERT INTO cel (id, eventtype, eventtime, userdeftype, cid_name, cid_num,"
		" cid_ani, cid_rdnis, cid_dnid, exten, context, channame, appname, appdata,"
		" amaflags, accountcode, peeraccount, uniqueid, linkedid, userfield, peer)"
		" SELECT 60000 + n, 'HANGUP', '2026-01-31 11:24:41', repeat('u', n % 999),"
		" E'\\\"\\\\\\t\\u20ac', '', '', '', '', '', '', '', '', '', n, '', '', '', '', '',"
		" '' FROM generate_series(1, 6000) n WHERE n % 17 <> 0");
	daemon_restart("cel.cache_size", "0", "cel.cache_ttl", "0", NULL);
	for (int i = 0; i < HARNESS_COUNT(targets); i++)
		uncached[i] = body_of(targets[i]);
	daemon_restart("cel.cache_ttl", "10s", "cel.max_staleness", "5ms", NULL);
	/* In this order ranges are read in pieces, and joined from them. */
	for (int i = HARNESS_COUNT(targets) - 1; i >= 0; i--)
		ck_assert_msg(strcmp(body_of(targets[i]), uncached[i]) == 0, "%s", targets[i]);
	for (int i = 0; i < HARNESS_COUNT(targets); i++) {
		kept[i] = body_of(targets[i]);
		ck_assert_msg(strcmp(kept[i], uncached[i]) == 0, "%s, from memory", targets[i]);
	}
}
END_TEST

/* A collector that walks the log in pages of every size gets each row once. */
START_TEST(test_walks)
{
	static const int limits[] = { 1, 3, 64, 65, 700, 10000 };
	long total = sql_number("SELECT count(*) FROM cel WHERE id >= 60000");

	daemon_restart("cel.cache_size", "1MiB", "cel.cache_ttl", "10s", NULL);
	for (int i = 0; i < HARNESS_COUNT(limits); i++) {
		long from = 60000, count = 0, rows_wanted = limits[i] < 64 ? 200 : total;

		while (count < rows_wanted) {
			const struct reply *reply = http_get(scratch_format(
				"/recording/cel?from=%ld&limit=%d", from, limits[i]));
			size_t length;

			expect_status(reply, 200);
			length = json_object_array_length(reply->json);
			ck_assert_uint_gt(length, 0);
			count += (long)length;
			from = 1 + atol(json_text(reply, scratch_format("%zu.id", length - 1)));
		}
		ck_assert_int_eq(
			sql_number("SELECT count(*) FROM cel WHERE id >= 60000 AND id < %ld", from),
			count);
	}
}
END_TEST

static bool
has_call_log_id(void *unused)
{
	(void)unused;
	return strstr(body_of("/recording/cel?from=10&limit=1"), "\"call_log_id\":\"4711\"") !=
	       NULL;
}

/* What changes in a row shows within cache_ttl, and not before the row is read again. */
START_TEST(test_ttl)
{
	long begin_ms;

	daemon_restart("cel.cache_ttl", "1s", "cel.max_staleness", "5ms", NULL);
	body_of("/recording/cel?from=10&limit=1");
	sql_run("UPDATE cel SET call_log_id = 4711 WHERE id = 10");
	begin_ms = wait_now_ms();
	ck_assert(!has_call_log_id(NULL));
	ck_assert(wait_until(has_call_log_id, NULL, 3000));
	ck_assert_int_lt(wait_now_ms() - begin_ms, 1800);
}
END_TEST

/* Another table ----------------------------------------------------------------------------- */

/* Truncated, its ids begin anew: nobody gets a row of the old one. */
START_TEST(test_truncate)
{
	long last = cel_rows_clear_end();
	struct raw_client *waiting;
	const struct reply *reply;

	daemon_restart("cel.cache_ttl", "10s", "cel.max_staleness", "5ms", NULL);
	waiting = raw_open();
	body_of("/recording/cel?from=0");
	sql_run("CREATE TABLE saved AS SELECT * FROM cel");
	raw_send(waiting,
		scratch_format("GET /recording/cel?from=%ld&wait=60 HTTP/1.1\r\n" TOKEN_FIELD
			       "\r\n",
			last + 1));
	ck_assert_ptr_null(raw_reply(waiting, 100));
	sql_run("TRUNCATE cel RESTART IDENTITY");
	ck_assert(daemon_logs("starting anew"));
	ck_assert_str_eq(body_of("/recording/cel?from=0"), "[]");
	cel_rows_insert(3, "NEW");
	wait_ms(10);
	reply = http_get("/recording/cel?from=0");
	ck_assert_str_eq(json_column(reply, "", "id"), "1 2 3");
	ck_assert_str_eq(json_column(reply, "", "eventtype"), "NEW NEW NEW");
	/* The waiting client's rows come when ids have got there. */
	sql_runf("SELECT setval('cel_id_seq', %ld)", last);
	cel_rows_insert(1, "THERE");
	reply = raw_reply(waiting, 5000);
	ck_assert_ptr_nonnull(reply);
	ck_assert_str_eq(json_column(reply, "", "eventtype"), "THERE");
	sql_run("TRUNCATE cel; INSERT INTO cel SELECT * FROM saved; DROP TABLE saved");
}
END_TEST

static bool
is_reading(void *pid)
{
	*(long *)pid = sql_number("SELECT pid FROM pg_stat_activity WHERE usename = 'recordingd'"
				  " AND state = 'active'");
	return *(long *)pid != 0;
}

/* A range is being read when the highest id goes down: its answer is whole all the same. */
START_TEST(test_anew_while_reading)
{
	long last = cel_rows_clear_end();
	PGconn *lock = sql_session();
	PGconn *writer = sql_session();
	struct http_pending *pending;
	long pid;

	daemon_restart("cel.cache_ttl", "0", NULL);
	body_of(scratch_format("/recording/cel?from=%ld", last));
	sql_session_run(lock, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	pending = http_begin(&(struct http_request){ .target = "/recording/cel?from=10&limit=2" });
	ck_assert(wait_until(is_reading, &pid, 5000));
	ck_assert_int_eq(kill((pid_t)pid, SIGSTOP), 0);
	sql_session_run(lock, "COMMIT");
	/* As long as it goes on, nobody knows what is settled. */
	sql_session_run(writer, "BEGIN; " CEL_INSERT);
	sql_runf("DELETE FROM cel WHERE id = %ld", last);
	body_of(scratch_format("/recording/cel?from=%ld", last));
	ck_assert(daemon_logs("starting anew"));
	ck_assert_int_eq(kill((pid_t)pid, SIGCONT), 0);
	ck_assert_str_eq(json_column(http_finish(pending), "", "id"), "10 11");
	sql_session_run(writer, "ROLLBACK");
}
END_TEST

/* Bounds ------------------------------------------------------------------------------------ */

static long
counter(const char *name)
{
	const char *line = NULL, *next;

	daemon_signal(SIGUSR1);
	ck_assert(daemon_logs("channel events: hits="));
	wait_ms(50);
	for (next = daemon_log(); (next = strstr(next, "channel events: hits=")) != NULL; next++)
		line = next;
	ck_assert_ptr_nonnull(line);
	line = strstr(line, name);
	ck_assert_ptr_nonnull(line);
	return atol(line + strlen(name) + 1);
}

START_TEST(test_size)
{
	daemon_restart("cel.cache_size", "1MiB", "cel.cache_ttl", "10s", NULL);
	srand(1);
	for (int i = 0; i < 300; i++) {
		long from = 60000 + rand() % 6000;
		long limit = 1 + rand() % 900;
		const struct reply *reply = http_get(
			scratch_format("/recording/cel?from=%ld&limit=%ld", from, limit));

		expect_status(reply, 200);
		ck_assert_str_eq(json_column(reply, "", "id"),
			sql_list("SELECT id FROM cel WHERE id >= %ld ORDER BY id LIMIT %ld", from,
				limit));
	}
	ck_assert_int_le(counter("cache_bytes"), 1 << 20);
	ck_assert_int_gt(counter("cache_bytes"), 1 << 18);
}
END_TEST

START_TEST(test_counters)
{
	daemon_restart("cel.cache_ttl", "10s", "cel.max_staleness", "1h", NULL);
	ck_assert_int_eq(counter("hits"), 0);
	body_of("/recording/cel?from=60000&limit=100");
	ck_assert_int_eq(counter("misses"), 1);
	ck_assert_int_eq(counter("refreshes"), 1);
	ck_assert_int_eq(counter("hits"), 0);
	body_of("/recording/cel?from=60000&limit=100");
	body_of("/recording/cel?from=60050&limit=10");
	ck_assert_int_eq(counter("hits"), 2);
	ck_assert_int_eq(counter("misses"), 1);
	ck_assert_int_eq(counter("refreshes"), 1);
	ck_assert_int_eq(counter("waiting"), 0);
}
END_TEST

/* Many who ask for the same while it is being read share one query. */
START_TEST(test_joined)
{
	PGconn *lock = sql_session();
	struct http_pending *pending[10];

	daemon_restart("cel.cache_ttl", "10s", "cel.max_staleness", "5ms", NULL);
	body_of("/recording/cel?from=2147483647");
	sql_session_run(lock, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	for (int i = 0; i < HARNESS_COUNT(pending); i++)
		pending[i] = http_begin(&(struct http_request){
			.target = scratch_format("/recording/cel?from=%d&limit=100", 60000 + i) });
	ck_assert_int_eq(sql_active_statements(), 1);
	sql_session_run(lock, "COMMIT");
	for (int i = 0; i < HARNESS_COUNT(pending); i++)
		expect_status(http_finish(pending[i]), 200);
	ck_assert_int_ge(counter("joined"), HARNESS_COUNT(pending) - 1);
}
END_TEST

/* Clients that ask and leave again cost no more looks at the table than those that stay. */
START_TEST(test_leaving)
{
	struct raw_client *clients[200];
	PGconn *lock = sql_session();
	long begin_ms, duration_ms, looks;

	daemon_restart("cel.cache_ttl", "10s", "cel.max_staleness", "5ms", NULL);
	body_of("/recording/cel?from=2147483647");
	for (int i = 0; i < HARNESS_COUNT(clients); i++)
		clients[i] = raw_open();
	looks = counter("refreshes");
	/* No look comes to its end: each would have to be given up, and the next begun. */
	sql_session_run(lock, "BEGIN; LOCK TABLE cel IN ACCESS EXCLUSIVE MODE");
	begin_ms = wait_now_ms();
	for (int i = 0; i < HARNESS_COUNT(clients); i++) {
		raw_send(clients[i],
			"GET /recording/cel?from=2147483647 HTTP/1.1\r\n" TOKEN_FIELD "\r\n");
		wait_ms(1);
		raw_reset(clients[i]);
	}
	duration_ms = wait_now_ms() - begin_ms;
	sql_session_run(lock, "COMMIT");
	looks = counter("refreshes") - looks;
	ck_assert_msg(looks <= duration_ms / 5 + 2, "%ld looks in %ld ms", looks, duration_ms);
	expect_status(http_get("/recording/cel?from=2147483647"), 200);
}
END_TEST

/* Answers that nobody reads are held up to the budget; then there is a 503, and others go on. */
START_TEST(test_output_budget)
{
	struct raw_client *slow[24];
	static char seen[1 << 20];
	const struct reply *reply;
	bool refused = false;
	size_t page_bytes = http_get("/recording/cel?from=60000&limit=10000")->body_bytes;

	ck_assert_uint_gt(page_bytes, 4000000);
	daemon_restart("server.output_budget", "16MiB", "cel.cache_ttl", "10s", NULL);
	for (int i = 0; i < HARNESS_COUNT(slow); i++) {
		slow[i] = raw_open_slow();
		raw_send(slow[i],
			"GET /recording/cel?from=60000&limit=10000 HTTP/1.1\r\n" TOKEN_FIELD
			"\r\n");
	}
	for (int i = 0; i < 50 && !refused; i++) {
		reply = http_get("/recording/cel?from=60000&limit=10000");
		refused = reply->status == 503;
		wait_ms(20);
	}
	ck_assert_msg(refused, "the budget holds nobody back");
	expect_error(reply, 503, "unavailable", NULL);
	/* What is small, or was done, is answered all the same. */
	expect_status(http_get("/recording/health"), 200);
	expect_status(http_get("/recording/metrics"), 200);
	expect_status(http_get("/recording/cel?from=10&limit=1"), 200);
	expect_status(http_post("/recording/call_data/7/attached_data",
			      scratch_format("[{'key':'budget','value':'%0200d'}]", 1)),
		201);
	/* Whoever was answered gets all of it, at any pace. */
	raw_send(slow[0], "GET /recording/health HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_uint_eq(raw_skip(slow[0], page_bytes, 30000), page_bytes);
	ck_assert(raw_peek_until(slow[0], "{\"status\":\"ok\"", seen, sizeof seen, 5000));
	for (int i = 0; i < HARNESS_COUNT(slow); i++)
		raw_close(slow[i]);
	wait_ms(100);
	expect_status(http_get("/recording/cel?from=60000&limit=10000"), 200);
}
END_TEST

/* The same when nobody was waiting, and rows of the old table were at hand. */
START_TEST(test_truncate_unwatched)
{
	long last = cel_rows_clear_end();
	struct raw_client *stream;
	static char seen[1 << 20];
	const struct reply *reply;

	sql_run("CREATE TABLE saved AS SELECT * FROM cel");
	sql_run("TRUNCATE cel RESTART IDENTITY");
	cel_rows_insert(300, "OLD");
	daemon_restart("cel.cache_ttl", "10s", "cel.max_staleness", "5ms", NULL);
	body_of("/recording/cel?from=0");
	body_of("/recording/cel?from=0");
	stream = raw_open();
	raw_send(stream, "GET /recording/cel/stream?from=299 HTTP/1.1\r\n" TOKEN_FIELD "\r\n");
	ck_assert(raw_peek_until(stream, "\nid: 300\n", seen, sizeof seen, 5000));
	ck_assert_int_eq(kill(daemon_pid(), SIGSTOP), 0);
	sql_run("TRUNCATE cel RESTART IDENTITY");
	cel_rows_insert(200, "NEW");
	/* An answer may be as old as max_staleness. */
	wait_ms(20);
	ck_assert_int_eq(kill(daemon_pid(), SIGCONT), 0);
	reply = http_get("/recording/cel?from=150");
	ck_assert_uint_eq(json_object_array_length(reply->json), 51);
	ck_assert_ptr_null(strstr(reply->body, "OLD"));
	/* Whoever follows the log goes on with what comes now. */
	cel_rows_insert(1, "NEWEST");
	ck_assert(raw_peek_until(stream, "\nid: 201\n", seen, sizeof seen, 5000));
	ck_assert_ptr_null(strstr(strstr(seen, "\nid: 300\n") + 1, "OLD\"\n"));
	sql_run("TRUNCATE cel; INSERT INTO cel SELECT * FROM saved; DROP TABLE saved");
	sql_runf("SELECT setval('cel_id_seq', %ld)", last);
}
END_TEST

static Suite *
cel_cache_suite(void)
{
	Suite *suite = suite_create("cel_cache");

	harness_add_loop(suite, "fresh", test_fresh, HARNESS_COUNT(freshness));
	harness_add(suite, "same bytes", test_same_bytes);
	harness_add(suite, "walks", test_walks);
	harness_add(suite, "size", test_size);
	harness_add(suite, "counters", test_counters);
	harness_add(suite, "joined", test_joined);
	harness_add(suite, "leaving", test_leaving);
	harness_add(suite, "output budget", test_output_budget);
	harness_add(suite, "ttl", test_ttl);
	harness_add(suite, "truncate", test_truncate);
	harness_add(suite, "truncate unwatched", test_truncate_unwatched);
	harness_add(suite, "anew while reading", test_anew_while_reading);
	return suite;
}

HARNESS_MAIN(cel_cache_suite)
