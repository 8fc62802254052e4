/* The database role: etc/grants.sql gives it what the contract says, and that is enough. */
#include <stdlib.h>
#include <string.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"

/* As an operator does it: a role that has nothing, then the file. */
static void
grant_by_file(void)
{
	sql_run("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM recordingd;"
		"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM recordingd");
	sql_run_file(harness_source("etc/grants.sql"));
}

START_TEST(test_rights)
{
	grant_by_file();
	ck_assert_str_eq(
		sql_list("SELECT table_name || ':' || string_agg(privilege_type, ',' ORDER BY"
			 " privilege_type) FROM information_schema.table_privileges"
			 " WHERE grantee = 'recordingd' GROUP BY table_name ORDER BY table_name"),
		"agentfeatures:SELECT attached_data:DELETE,INSERT,SELECT,UPDATE call_data:SELECT "
		"call_element:SELECT call_on_queue:SELECT cel:SELECT linefeatures:SELECT "
		"queuefeatures:SELECT user_line:SELECT userfeatures:SELECT");
	ck_assert_str_eq(sql_list("SELECT object_name || ':' || privilege_type"
				  " FROM information_schema.usage_privileges"
				  " WHERE grantee = 'recordingd' AND object_type = 'SEQUENCE'"),
		"attached_data_id_seq:USAGE");
	/* Nor has it more by way of PUBLIC or of being somebody special. */
	ck_assert_str_eq(sql_list("SELECT relname FROM pg_class WHERE relnamespace ="
				  " 'public'::regnamespace AND relkind IN ('r', 'S') AND"
				  " (has_table_privilege('recordingd', oid, 'TRUNCATE')"
				  " OR has_table_privilege('recordingd', oid, 'TRIGGER'))"),
		"");
	ck_assert_str_eq(sql_value("SELECT has_table_privilege('recordingd', 'call_data',"
				   " 'UPDATE')::text || rolsuper::text || rolcreatedb::text"
				   " FROM pg_roles WHERE rolname = 'recordingd'"),
		"falsefalsefalse");
}
END_TEST

struct request_row {
	const char *target;
	const char *body; /* NULL: GET */
	long status;
};

static const struct request_row requests[] = {
	{ "/recording/records/search", "{}", 200 },
	{ "/recording/records/search?page=2&pageSize=3",
		"{'agent':'dalton','queue':'one','start':'2020-01-01','end':'2030-01-01',"
		"'callee':'3%','caller':'06%','direction':'incoming',"
		"'queueCallStatus':'answered','key':'color','value':'green'}",
		200 },
	{ "/recording/records/callid_search?callid=1700000001.1", "{}", 200 },
	{ "/recording/records/rec-1/audio/result", NULL, 200 },
	{ "/recording/records/rec-1/audio/listen", NULL, 200 },
	{ "/recording/records/rec-1/audio/download", NULL, 200 },
	{ "/recording/call_data/1/attached_data", "[{'key':'new','value':'1'}]", 201 },
	{ "/recording/call_data/1/attached_data",
		"[{'key':'new','value':'2'},{'key':'color','value':'red'},"
		"{'key':'other','value':''}]",
		201 },
	{ "/recording/call_data/999999/attached_data", "[{'key':'new','value':'1'}]", 404 },
	{ "/recording/history?size=10", "{'interface':'SIP/az9kf7'}", 200 },
	{ "/recording/history?days=36500", "{'interface':'SIP/az9kf7'}", 200 },
	{ "/recording/history/agent?days=36500", "{'agentNum':'1004'}", 200 },
	{ "/recording/history/customer", "{}", 200 },
	{ "/recording/history/customer",
		"{'filters':[{'field':'src_num','operator':'=','value':'0655000002'},"
		"{'field':'key','operator':'=','value':'vip'},"
		"{'field':'value','operator':'>','value':'a'}]}",
		200 },
	{ "/recording/last_agent?callerNo=0612345678&since=36500", NULL, 200 },
	{ "/recording/cel?from=10", NULL, 200 },
	{ "/recording/health", NULL, 200 },
};

static void
expect_requests(void)
{
	fixture_audio("rec-1.wav", "x", 1);
	for (int i = 0; i < HARNESS_COUNT(requests); i++) {
		const struct request_row *row = &requests[i];
		const struct reply *reply = row->body == NULL ? http_get(row->target)
							      : http_post(row->target, row->body);

		ck_assert_msg(reply->status == row->status, "%s: %ld instead of %ld: %s",
			row->target, reply->status, row->status, reply->body);
	}
	ck_assert_ptr_null(strstr(daemon_log(), "permission denied"));
	ck_assert_ptr_null(strstr(daemon_log(), "ERROR"));
}

/* Every request works with these rights, for sessions that are there and new ones. */
START_TEST(test_enough)
{
	grant_by_file();
	expect_requests();
	daemon_restart(NULL, NULL);
	expect_requests();
}
END_TEST

/* Reading needs no session that may write. */
START_TEST(test_reading)
{
	grant_by_file();
	daemon_restart("database.conninfo",
		scratch_format("%s options='-c default_transaction_read_only=on'",
			cluster_conninfo("recordingd", CLUSTER_DATABASE)),
		NULL);
	for (int i = 0; i < HARNESS_COUNT(requests); i++) {
		const struct request_row *row = &requests[i];

		if (strstr(row->target, "attached_data") != NULL)
			continue;
		expect_status(row->body == NULL ? http_get(row->target)
						: http_post(row->target, row->body),
			row->status);
	}
}
END_TEST

/* A right that is missing is recordingd's trouble, not the client's: no word of the database. */
START_TEST(test_missing)
{
	const struct reply *reply;

	grant_by_file();
	sql_run("REVOKE INSERT ON attached_data FROM recordingd; REVOKE SELECT ON cel FROM "
		"recordingd");
	reply = http_get("/recording/cel?from=10");
	expect_error(reply, 500, "internal", NULL);
	ck_assert_ptr_null(strstr(reply->body, "cel"));
	ck_assert(daemon_logs("permission denied"));
	reply = http_post("/recording/call_data/2/attached_data", "[{'key':'a','value':'b'}]");
	expect_error(reply, 500, "internal", NULL);
	ck_assert_ptr_null(strstr(reply->body, "permission"));
	expect_status(http_post("/recording/records/search", "{}"), 200);
	grant_by_file();
	expect_status(http_get("/recording/cel?from=10"), 200);
}
END_TEST

static Suite *
permissions_suite(void)
{
	Suite *suite = suite_create("permissions");

	harness_add(suite, "rights", test_rights);
	harness_add(suite, "enough", test_enough);
	harness_add(suite, "reading", test_reading);
	harness_add(suite, "missing", test_missing);
	return suite;
}

HARNESS_MAIN(permissions_suite)
