/* POST /recording/call_data/{id}/attached_data. */
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

static char *
target(const char *id)
{
	return scratch_format("/recording/call_data/%s/attached_data", id);
}

/* ' in the body stands for ". */
static const struct reply *
attach(const char *id, const char *body)
{
	return http_post(target(id), body);
}

/* A call of its own for each test, without pairs. */
static char *
new_call(void)
{
	return sql_value(
		"INSERT INTO call_data (uniqueid, start_time) VALUES ('attached', '2024-09-01')"
		" RETURNING id");
}

/* The rows of a call in the order of their ids: "key=value key=value". */
static char *
rows_of(const char *id)
{
	return sql_list("SELECT key || '=' || value FROM attached_data WHERE id_call_data = %s"
			" ORDER BY id",
		id);
}

START_TEST(test_contract)
{
	const char *id = new_call();

	expect_json(attach(id, "[{'key':'color','value':'green'}]"), 201, "{'color':'green'}");
	ck_assert_str_eq(rows_of(id), "color=green");
	/* A repeated request changes nothing. */
	expect_json(attach(id, "[{'key':'color','value':'green'}]"), 201, "{'color':'green'}");
	ck_assert_str_eq(rows_of(id), "color=green");
	expect_json(attach(id, "[{'key':'size','value':'L'},{'value':'red','key':'color'}]"), 201,
		"{'color':'red','size':'L'}");
	ck_assert_str_eq(rows_of(id), "color=red size=L");
	/* Names are exact. */
	expect_json(attach(id, "[{'key':'Color','value':'1'},{'key':' color','value':'2'}]"), 201,
		"{'color':'red','size':'L','Color':'1',' color':'2'}");
}
END_TEST

/* Call 8 has old rows of its keys: the latest is shown, and changed. */
START_TEST(test_repeated_rows)
{
	expect_json(attach("8", "[{'key':'new','value':'1'}]"), 201,
		"{'recording':'rec-8','color':'blue','new':'1'}");
	expect_json(attach("8", "[{'key':'color','value':'pink'}]"), 201,
		"{'recording':'rec-8','color':'pink','new':'1'}");
	ck_assert_str_eq(json_text(http_post("/recording/records/callid_search"
					     "?callid=1700000008.8",
					   "{}"),
				 "records.0.attached_data.color"),
		"pink");
}
END_TEST

START_TEST(test_last_of_request)
{
	const char *id = new_call();

	expect_json(attach(id, "[{'key':'a','value':'1'},{'key':'b','value':'2'},"
			       "{'key':'a','value':'3'}]"),
		201, "{'a':'3','b':'2'}");
	expect_json(attach(id, "[{'key':'b','value':'4'},{'key':'b','value':''}]"), 201,
		"{'a':'3','b':''}");
	ck_assert_str_eq(
		sql_value("SELECT count(*) FROM attached_data WHERE id_call_data = %s", id), "2");
}
END_TEST

struct length_row {
	const char *key_character;
	size_t key_count;
	const char *value_character;
	size_t value_count;
	long status;
};

/* Characters, not bytes: U+00E9 has two, U+260E three, U+1F600 four (and two in a \u escape). */
static const struct length_row lengths[] = {
	{ "k", 0, "v", 1, 400 },
	{ "k", 1, "v", 0, 201 },
	{ "k", 128, "v", 256, 201 },
	{ "k", 129, "v", 1, 400 },
	{ "k", 1, "v", 257, 400 },
	{ "\xc3\xa9", 128, "\xc3\xa9", 256, 201 },
	{ "\xc3\xa9", 129, "v", 1, 400 },
	{ "k", 1, "\xc3\xa9", 257, 400 },
	{ "\xe2\x98\x8e", 128, "\xe2\x98\x8e", 256, 201 },
	{ "\xf0\x9f\x98\x80", 128, "\xf0\x9f\x98\x80", 256, 201 },
	{ "\xf0\x9f\x98\x80", 129, "v", 1, 400 },
	{ "k", 1, "\xf0\x9f\x98\x80", 257, 400 },
	{ "\\ud83d\\ude00", 128, "\\ud83d\\ude00", 256, 201 },
	{ "\\ud83d\\ude00", 129, "v", 1, 400 },
	{ "k", 1, "\\u00e9", 257, 400 },
};

START_TEST(test_length)
{
	const struct length_row *row = &lengths[_i];
	const char *id = new_call();
	const struct reply *reply = attach(
		id, scratch_format("[{'key':'%s','value':'%s'}]",
			    scratch_repeat(row->key_character, row->key_count),
			    scratch_repeat(row->value_character, row->value_count)));

	if (row->status == 400) {
		expect_error(reply, 400, "invalid_parameter", row->key_count == 1 ? "value" : "key",
			NULL);
		ck_assert_str_eq(rows_of(id), "");
		return;
	}
	expect_status(reply, 201);
	ck_assert_str_eq(sql_value("SELECT length(key) || '/' || length(value) FROM attached_data"
				   " WHERE id_call_data = %s",
				 id),
		scratch_format("%zu/%zu", row->key_count, row->value_count));
}
END_TEST

/* '{"key":"k0","value":"v"}' and so on, to the given count. */
static char *
many_pairs(int count)
{
	char *body = scratch_format("[");

	for (int i = 0; i < count; i++)
		body = scratch_format("%s%s{'key':'k%d','value':'v'}", body, i == 0 ? "" : ",", i);
	return scratch_format("%s]", body);
}

START_TEST(test_count)
{
	const char *id = new_call();

	expect_error(attach(id, many_pairs(0)), 400, "invalid_parameter", "1 to 100", NULL);
	expect_status(attach(id, many_pairs(1)), 201);
	expect_error(attach(id, many_pairs(101)), 400, "invalid_parameter", "1 to 100", NULL);
	ck_assert_str_eq(rows_of(id), "k0=v");
	expect_status(attach(id, many_pairs(100)), 201);
	ck_assert_int_eq(
		sql_number("SELECT count(*) FROM attached_data WHERE id_call_data = %s", id), 100);
	/* It is the request that has a bound, not the call. */
	expect_status(attach(id, "[{'key':'one more','value':'x'}]"), 201);
	ck_assert_int_eq(
		sql_number("SELECT count(*) FROM attached_data WHERE id_call_data = %s", id), 101);
}
END_TEST

/* The most and the longest pairs at once. */
START_TEST(test_largest)
{
	const char *id = new_call();
	char *body = scratch_format("[");

	for (int i = 0; i < 100; i++)
		body = scratch_format("%s%s{'key':'%03d%s','value':'%s'}", body, i == 0 ? "" : ",",
			i, scratch_repeat("k", 125), scratch_repeat("v", 256));
	expect_status(attach(id, scratch_format("%s]", body)), 201);
	ck_assert_int_eq(sql_number("SELECT sum(length(key) + length(value)) FROM attached_data"
				    " WHERE id_call_data = %s",
				 id),
		100 * 384);
}
END_TEST

struct refused_row {
	const char *body;
	const char *code;
	const char *word; /* in the message, or NULL */
};

/* Each behind a pair that is good: all or none. */
static const struct refused_row refused[] = {
	{ "{'key':'recording','value':'x'}", "invalid_parameter", "recording" },
	{ "{'key':'x'}", "invalid_parameter", "value" },
	{ "{'value':'x'}", "invalid_parameter", "key" },
	{ "{'key':null,'value':'x'}", "invalid_parameter", "key" },
	{ "{'key':'x','value':null}", "invalid_parameter", "value" },
	{ "{'key':1,'value':'x'}", "invalid_parameter", "key" },
	{ "{'key':'x','value':1}", "invalid_parameter", "value" },
	{ "{'key':'x','value':true}", "invalid_parameter", "value" },
	{ "{'key':'x','value':['y']}", "invalid_parameter", "value" },
	{ "{'key':'x','value':'y','more':1}", "unknown_field", "more" },
	{ "{'key':'x','key':'x','value':'y'}", "invalid_parameter", "key" },
	{ "{'key':'x\\u0000','value':'y'}", "invalid_parameter", "key" },
	{ "{'key':'x','value':'\\u0000'}", "invalid_parameter", "value" },
	{ "{'key':'x','value':'\\ud800'}", "invalid_json", NULL },
	{ "{'key':'x','value':'\xff'}", "invalid_json", NULL },
	{ "{}", "invalid_parameter", NULL },
	{ "null", "invalid_parameter", NULL },
	{ "1", "invalid_parameter", NULL },
	{ "'x'", "invalid_parameter", NULL },
	{ "['key','x']", "invalid_parameter", NULL },
	{ "", "invalid_json", NULL },
};

START_TEST(test_refused)
{
	const struct refused_row *row = &refused[_i];
	const char *id = new_call();

	expect_error(attach(id, scratch_format("[{'key':'good','value':'1'},%s]", row->body)), 400,
		row->code, row->word, NULL);
	ck_assert_str_eq(rows_of(id), "");
}
END_TEST

START_TEST(test_refused_bodies)
{
	static const char *const bodies[] = { "{}", "null", "'x'", "1", "true",
		"{'key':'a','value':'b'}", "[[]]" };
	const char *id = new_call();

	for (int i = 0; i < HARNESS_COUNT(bodies); i++)
		expect_error(attach(id, bodies[i]), 400, "invalid_parameter", NULL);
	/* A body is needed; which of the two codes says so, the contract leaves open. */
	expect_status(attach(id, ""), 400);
	expect_status(
		http_send(&(struct http_request){ .method = "POST", .target = target(id) }), 400);
	ck_assert_str_eq(rows_of(id), "");
}
END_TEST

static const char *const unknown_ids[] = { "999999", "0", "-1", "2147483647", "2147483648",
	"4294967297", "9223372036854775807", "9223372036854775808", "18446744073709551617",
	"99999999999999999999999999999999999999", "abc", "1a", "1.0", "1e0", "0x1", "%201", "1%20",
	"+1", "1%00", "%D9%A1", "%FF", "1%2F1", "1;drop", "1'", "NaN", "null", ".." };

/* No number, or the number of no call. */
START_TEST(test_unknown_id)
{
	long before = sql_number("SELECT count(*) FROM attached_data");
	const struct reply *reply = attach(unknown_ids[_i], "[{'key':'unknown','value':'x'}]");

	ck_assert_msg(
		reply->status == 404, "%s: %ld %s", unknown_ids[_i], reply->status, reply->body);
	expect_error(reply, 404, "not_found", NULL);
	ck_assert_int_eq(sql_number("SELECT count(*) FROM attached_data"), before);
}
END_TEST

/* Pairs of a call that is gone went with it. */
START_TEST(test_deleted_call)
{
	const char *id = new_call();

	expect_status(attach(id, "[{'key':'a','value':'b'}]"), 201);
	sql_runf("DELETE FROM call_data WHERE id = %s", id);
	expect_error(attach(id, "[{'key':'a','value':'b'}]"), 404, "not_found", NULL);
}
END_TEST

static void
release(void *json)
{
	json_object_put(json);
}

/* Text that JSON, SQL and PostgreSQL's array literals would read as something else. */
START_TEST(test_text)
{
	static const char *const texts[] = { "\\\"", "\\\\", "\\\\\\\"", "{}", "{a,b}", ",", "NULL",
		"null", " ", "  a  ", "'; DROP TABLE attached_data; --", "$1", "%s%n", "\\n\\t\\r",
		"\\u0001", "\\u007f", "\\u2028", "Zo\xc3\xab \xf0\x9f\x98\x80", "</script>",
		"__proto__", "\\/", "(", "\xef\xbb\xbf", "\xf4\x8f\xbf\xbf" };
	const char *id = new_call();

	for (int i = 0; i < HARNESS_COUNT(texts); i++) {
		const char *body = scratch_format(
			"[{\"key\":\"%s\",\"value\":\"%s\"}]", texts[i], texts[i]);
		const struct reply *reply = http_send(
			&(struct http_request){ .target = target(id), .body = body });
		struct json_object *sent = json_tokener_parse(body);
		const char *text;

		scratch_own(sent, release);
		text = json_object_get_string(
			json_object_object_get(json_object_array_get_idx(sent, 0), "key"));
		expect_status(reply, 201);
		ck_assert_str_eq(
			json_object_get_string(json_object_object_get(reply->json, text)), text);
		ck_assert_int_eq((int)json_object_object_length(reply->json), i + 1);
	}
	ck_assert_int_eq(sql_number("SELECT count(*) FROM attached_data"
				    " WHERE id_call_data = %s AND key = value",
				 id),
		HARNESS_COUNT(texts));
}
END_TEST

static bool
has_active_statements(void *count)
{
	return sql_active_statements() == *(long *)count;
}

static void
wait_for_statements(long count)
{
	ck_assert_msg(wait_until(has_active_statements, &count, 5000),
		"%ld statements run, not %ld", sql_active_statements(), count);
}

static struct http_pending *
begin_attach(const char *id, const char *body)
{
	return http_begin(&(struct http_request){
		.target = target(id), .body = scratch_quotes(body), .timeout_ms = 15000 });
}

/* Writers that all find the key missing: one row, and every reply holds the value of one. */
START_TEST(test_concurrent)
{
	const char *id = new_call();
	PGconn *session = sql_session();
	struct http_pending *writers[4];

	/* Nobody writes until all of them wait. */
	sql_session_run(session, "BEGIN; LOCK TABLE attached_data IN EXCLUSIVE MODE");
	for (int i = 0; i < HARNESS_COUNT(writers); i++)
		writers[i] = begin_attach(id, scratch_format("[{'key':'same','value':'%d'},"
							     "{'key':'own-%d','value':'x'}]",
						      i, i));
	wait_for_statements(HARNESS_COUNT(writers));
	sql_session_run(session, "COMMIT");
	for (int i = 0; i < HARNESS_COUNT(writers); i++) {
		const struct reply *reply = http_finish(writers[i]);

		expect_status(reply, 201);
		ck_assert_str_eq(json_text(reply, "same"), scratch_format("%d", i));
	}
	ck_assert_int_eq(sql_number("SELECT count(*) FROM attached_data WHERE id_call_data = %s"
				    " AND key = 'same'",
				 id),
		1);
	ck_assert_int_eq(
		sql_number("SELECT count(*) FROM attached_data WHERE id_call_data = %s", id),
		1 + HARNESS_COUNT(writers));
}
END_TEST

/* The same pairs in another order must not make two writers wait for each other. */
START_TEST(test_no_deadlock)
{
	const char *id = new_call();

	expect_status(attach(id, "[{'key':'a','value':'0'},{'key':'b','value':'0'}]"), 201);
	for (int round = 0; round < 10; round++) {
		struct http_pending *first = begin_attach(
			id, "[{'key':'a','value':'1'},{'key':'b','value':'1'}]");
		struct http_pending *second = begin_attach(
			id, "[{'key':'b','value':'2'},{'key':'a','value':'2'}]");

		expect_status(http_finish(first), 201);
		expect_status(http_finish(second), 201);
	}
	ck_assert_int_eq(
		sql_number("SELECT count(*) FROM attached_data WHERE id_call_data = %s", id), 2);
	ck_assert_int_eq(sql_number("SELECT count(DISTINCT value) FROM attached_data"
				    " WHERE id_call_data = %s",
				 id),
		1);
}
END_TEST

static char *
attach_text(const char *id, const char *body)
{
	return scratch_format("POST %s HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN
			      "\r\nContent-Length: %zu\r\n\r\n%s",
		target(id), strlen(body), scratch_quotes(body));
}

/* No reply before the commit, which the lock on the row holds up. */
START_TEST(test_waits_for_commit)
{
	const char *id = new_call();
	PGconn *session = sql_session();
	struct raw_client *client = raw_open();
	const struct reply *reply;

	expect_status(attach(id, "[{'key':'held','value':'old'}]"), 201);
	sql_session_run(session, scratch_format("BEGIN; UPDATE attached_data SET value = 'other'"
						" WHERE id_call_data = %s AND key = 'held'",
					 id));
	raw_send(client,
		attach_text(id, "[{'key':'free','value':'x'},{'key':'held','value':'new'}]"));
	wait_for_statements(1);
	ck_assert_ptr_null(raw_reply(client, 300));
	/* Nothing of it is seen before all of it is. */
	ck_assert_str_eq(rows_of(id), "held=old");
	sql_session_run(session, "COMMIT");
	reply = raw_reply(client, 5000);
	ck_assert_ptr_nonnull(reply);
	expect_json(reply, 201, "{'held':'new','free':'x'}");
	ck_assert_str_eq(rows_of(id), "held=new free=x");
}
END_TEST

/* What an earlier statement's failure kept from being prepared is not taken for prepared. */
START_TEST(test_after_timeout)
{
	const char *id = new_call();
	PGconn *session = sql_session();

	daemon_restart("database.statement_timeout", "500ms", "database.connections", "1", NULL);
	sql_session_run(
		session, scratch_format("BEGIN; SELECT pg_advisory_xact_lock(1919247204, %s)", id));
	expect_error(attach(id, "[{'key':'a','value':'1'}]"), 504, "timeout", NULL);
	sql_session_run(session, "COMMIT");
	expect_status(attach(id, "[{'key':'a','value':'2'}]"), 201);
	ck_assert_str_eq(rows_of(id), "a=2");
	/* At the first try: "prepared statement does not exist". */
	ck_assert_ptr_null(strstr(daemon_log(), "26000"));
}
END_TEST

/* Where transactions see what was there when they began: a writer that has waited sees more. */
START_TEST(test_isolation)
{
	const char *id = new_call();
	PGconn *session = sql_session();
	struct raw_client *clients[2];

	sql_run("ALTER ROLE recordingd SET default_transaction_isolation = 'repeatable read'");
	daemon_restart(NULL, NULL);
	sql_session_run(
		session, scratch_format("BEGIN; SELECT pg_advisory_xact_lock(1919247204, %s)", id));
	for (int i = 0; i < 2; i++) {
		clients[i] = raw_open();
		raw_send(clients[i], attach_text(id, "[{'key':'a','value':'1'}]"));
	}
	wait_for_statements(2);
	sql_session_run(session, "COMMIT");
	for (int i = 0; i < 2; i++) {
		const struct reply *reply = raw_reply(clients[i], 5000);

		ck_assert_ptr_nonnull(reply);
		expect_status(reply, 201);
	}
	sql_run("ALTER ROLE recordingd SET default_transaction_isolation = 'read committed'");
	ck_assert_str_eq(rows_of(id), "a=1");
}
END_TEST

/* A call that is being deleted is there until it is not: then there is no call with this id. */
START_TEST(test_call_deleted_meanwhile)
{
	const char *id = new_call();
	PGconn *session = sql_session();
	struct raw_client *client = raw_open();
	const struct reply *reply;

	sql_session_run(session, scratch_format("BEGIN; DELETE FROM call_data WHERE id = %s", id));
	raw_send(client, attach_text(id, "[{'key':'a','value':'1'}]"));
	wait_for_statements(1);
	ck_assert_ptr_null(raw_reply(client, 300));
	sql_session_run(session, "COMMIT");
	reply = raw_reply(client, 5000);
	ck_assert_ptr_nonnull(reply);
	expect_error(reply, 404, "not_found", NULL);
	ck_assert_str_eq(rows_of(id), "");
}
END_TEST

/* What the database refuses at the very end was not done, and is not called done. */
START_TEST(test_failing_commit)
{
	const char *id = new_call();
	const struct reply *reply;

	sql_run("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
		" $$BEGIN IF NEW.value = 'refuse' THEN RAISE EXCEPTION 'refused'; END IF;"
		" RETURN NEW; END$$;"
		"CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE ON attached_data"
		" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()");
	reply = attach(id, "[{'key':'a','value':'1'},{'key':'b','value':'refuse'}]");
	sql_run("DROP TRIGGER refuse ON attached_data; DROP FUNCTION refuse()");
	expect_error(reply, 500, "internal", NULL);
	ck_assert_str_eq(rows_of(id), "");
	expect_status(attach(id, "[{'key':'a','value':'refuse'}]"), 201);
}
END_TEST

/* Only attached_data is written, and only the call's own rows. */
START_TEST(test_nothing_else)
{
	static const char others[] = "SELECT md5(string_agg(id || '/' || id_call_data || '/' || "
				     "key || '/' || value, ',' "
				     "ORDER BY id)) FROM attached_data WHERE id_call_data <> 7";
	static const char calls[] =
		"SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM call_data AS c";
	char *others_before = sql_value("%s", others);
	char *calls_before = sql_value("%s", calls);

	expect_status(
		attach("7", "[{'key':'color','value':'black'},{'key':'x','value':'y'}]"), 201);
	ck_assert_str_eq(sql_value("%s", others), others_before);
	ck_assert_str_eq(sql_value("%s", calls), calls_before);
	ck_assert_str_eq(rows_of("7"), "color=black x=y");
}
END_TEST

static Suite *
attached_data_suite(void)
{
	Suite *suite = suite_create("attached_data");

	harness_add(suite, "contract", test_contract);
	harness_add(suite, "repeated rows", test_repeated_rows);
	harness_add(suite, "last of request", test_last_of_request);
	harness_add_loop(suite, "length", test_length, HARNESS_COUNT(lengths));
	harness_add(suite, "count", test_count);
	harness_add(suite, "largest", test_largest);
	harness_add_loop(suite, "refused", test_refused, HARNESS_COUNT(refused));
	harness_add(suite, "refused bodies", test_refused_bodies);
	harness_add_loop(suite, "unknown id", test_unknown_id, HARNESS_COUNT(unknown_ids));
	harness_add(suite, "deleted call", test_deleted_call);
	harness_add(suite, "text", test_text);
	harness_add(suite, "concurrent", test_concurrent);
	harness_add(suite, "no deadlock", test_no_deadlock);
	harness_add(suite, "waits for commit", test_waits_for_commit);
	harness_add(suite, "after timeout", test_after_timeout);
	harness_add(suite, "isolation", test_isolation);
	harness_add(suite, "call deleted meanwhile", test_call_deleted_meanwhile);
	harness_add(suite, "failing commit", test_failing_commit);
	harness_add(suite, "nothing else", test_nothing_else);
	return suite;
}

HARNESS_MAIN(attached_data_suite)
