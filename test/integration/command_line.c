/* The command line and the configuration: what recordingd says and how it ends. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/process.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define RUN_TIMEOUT_MS 15000
#define VARIABLES_MAX  8

struct run {
	int status; /* -1: it would go on */
	const char *output;
	const char *errors;
};

/* What the environment of the next runs holds, behind PLAY_AUTH_TOKEN being unset. */
static const char *variables[VARIABLES_MAX] = { "PLAY_AUTH_TOKEN" };

static void
set_variables(const char *first, ...)
{
	size_t count = 1;
	va_list arguments;

	va_start(arguments, first);
	for (const char *variable = first; variable != NULL;
		variable = va_arg(arguments, const char *))
		variables[count++] = variable;
	va_end(arguments);
	variables[count] = NULL;
}

/* Runs recordingd with up to three arguments. */
static struct run
run(const char *first, const char *second, const char *third)
{
	const char *const arguments[] = { harness_daemon(), first, second, third, NULL };
	const struct process_options options = {
		.arguments = arguments,
		.environment = variables,
		.output_file = harness_path("run.out"),
		.error_file = harness_path("run.err"),
		.directory = "/",
	};
	struct run result;

	unlink(options.output_file);
	unlink(options.error_file);
	result.status = process_run(&options, RUN_TIMEOUT_MS);
	result.output = scratch_file(options.output_file);
	result.errors = scratch_file(options.error_file);
	ck_assert_msg(strstr(result.errors, "Sanitizer") == NULL &&
			      strstr(result.errors, "runtime error:") == NULL,
		"%s", result.errors);
	return result;
}

static const char *
write_file(const char *name, const char *text)
{
	const char *path = harness_path(name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	return path;
}

static struct run
run_with(const char *text, const char *option)
{
	return run("--config", write_file("run.conf", text), option);
}

/* Not inlined: gcc 12 takes strstr(text, "") for a check of text, and warns of its printing. */
static __attribute__((noinline)) bool
is_said(const char *text, const char *word)
{
	return word == NULL || strstr(text, word) != NULL;
}

static void
expect_run(const struct run *result, int status, const char *text, const char *word)
{
	ck_assert_msg(result->status == status, "exit status %d instead of %d: %s%s",
		result->status, status, result->output, result->errors);
	ck_assert_msg(is_said(text, word), "\"%s\" is not said: %s%s", word == NULL ? "" : word,
		result->output, result->errors);
}

/* One line each, with the journal's priority. */
static void
expect_log_lines(const char *log)
{
	while (*log != '\0') {
		ck_assert_msg(log[0] == '<' && log[1] >= '0' && log[1] <= '7' && log[2] == '>' &&
				      log[3] != '\n',
			"no priority: %s", log);
		log += strcspn(log, "\n");
		ck_assert_int_eq(*log, '\n');
		log++;
	}
}

START_TEST(test_version)
{
	const char *version = json_text(http_get("/recording/health"), "version");
	struct run result = run("--version", NULL, NULL);

	expect_run(&result, 0, result.output, version);
	ck_assert_str_eq(result.errors, "");
}
END_TEST

START_TEST(test_help)
{
	static const char *const options[] = { "--config", "--check", "--new-token", "--scope",
		"--version", "--help" };
	struct run result = run("--help", NULL, NULL);

	for (int i = 0; i < HARNESS_COUNT(options); i++)
		expect_run(&result, 0, result.output, options[i]);
	ck_assert_str_eq(result.errors, "");
}
END_TEST

START_TEST(test_wrong_usage)
{
	struct run result = run("--bogus", NULL, NULL);

	expect_run(&result, 2, result.errors, "bogus");
	result = run("-x", NULL, NULL);
	expect_run(&result, 2, result.errors, "x");
	result = run("stray", NULL, NULL);
	expect_run(&result, 2, result.errors, "stray");
	result = run("--config", NULL, NULL);
	expect_run(&result, 2, result.errors, "config");
	result = run("--check=yes", NULL, NULL);
	expect_run(&result, 2, result.errors, "check");
	ck_assert_str_eq(result.output, "");
}
END_TEST

START_TEST(test_missing_file)
{
	struct run result = run("--config", harness_path("nowhere.conf"), NULL);

	expect_run(&result, 2, result.errors, "nowhere.conf");
	result = run("--config", harness_path("nowhere.conf"), "--check");
	expect_run(&result, 2, result.errors, "nowhere.conf");
	result = run("--config", harness_directory(), NULL);
	expect_run(&result, 2, result.errors, harness_directory());
	expect_log_lines(result.errors);
}
END_TEST

struct bad_row {
	const char *text;
	int line;
	const char *word; /* the section or key that is wrong */
};

static const struct bad_row bad[] = {
	{ "[auth]\ntoken = x\n[bogus]\n", 3, "bogus" },
	{ "[auth]\ntoken = x\nbogus = 1\n", 3, "bogus" },
	{ "[auth]\ntoken = x\n\n# comment\n[server]\nlimit = 1\n", 6, "limit" },
	{ "[Auth]\ntoken = x\n", 1, "Auth" },
	{ "[auth]\nToken = x\n", 2, "Token" },
	{ "listen = 127.0.0.1:1\n", 1, "listen" },
	{ "[server]\nlisten = nonsense\n", 2, "server.listen" },
	{ "[server]\nlisten = 127.0.0.1\n", 2, "server.listen" },
	{ "[server]\nlisten = 127.0.0.1:65536\n", 2, "server.listen" },
	{ "[server]\nlisten = 127.0.0.1:1,unix:relative\n", 2, "server.listen" },
	{ "[server]\nlisten = example.org:80\n", 2, "server.listen" },
	{ "[server]\nlisten = ::1:80\n", 2, "server.listen" },
	{ "[server]\nlisten = [::1]\n", 2, "server.listen" },
	{ "[server]\nlisten = [::1]80\n", 2, "server.listen" },
	{ "[server]\nlisten = 127.0.0.1:\n", 2, "server.listen" },
	{ "[server]\nlisten = 127.0.0.1:80x\n", 2, "server.listen" },
	{ "[server]\nmax_connections = 0\n", 2, "server.max_connections" },
	{ "[server]\nmax_connections = -1\n", 2, "server.max_connections" },
	{ "[server]\nmax_connections = many\n", 2, "server.max_connections" },
	{ "[server]\nheader_timeout = 10 parsecs\n", 2, "server.header_timeout" },
	{ "[server]\nbody_timeout = \n", 2, "server.body_timeout" },
	{ "[server]\nidle_timeout = 1.5s\n", 2, "server.idle_timeout" },
	{ "[server]\nmax_target = 8kB\n", 2, "server.max_target" },
	{ "[server]\nmax_head = 99999999999999999999\n", 2, "server.max_head" },
	{ "[server]\nmax_body = 0x10\n", 2, "server.max_body" },
	{ "[server]\ntrusted_proxies = localhost\n", 2, "server.trusted_proxies" },
	{ "[server]\ntrusted_proxies = 127.0.0.1,10.0.0.0/33\n", 2, "server.trusted_proxies" },
	{ "[database]\nconninfo = hots=/tmp\n", 2, "database.conninfo" },
	{ "[database]\nconninfo = dbname='x\n", 2, "database.conninfo" },
	{ "[database]\nconninfo = postgresql://h/db?bogus=1\n", 2, "database.conninfo" },
	{ "[database]\nconnections = 0\n", 2, "database.connections" },
	{ "[database]\nstatement_timeout = soon\n", 2, "database.statement_timeout" },
	{ "[database]\nqueue_timeout = -5s\n", 2, "database.queue_timeout" },
	{ "[audio]\nextensions = wav,../x\n", 2, "audio.extensions" },
	{ "[audio]\ndirectory =\n", 2, "audio.directory" },
	{ "[access_log]\nfile =\n", 2, "access_log.file" },
	{ "[records]\ndefault_page_size = 0\n", 2, "records.default_page_size" },
	{ "[records]\n\nmax_page_size = ten\n", 3, "records.max_page_size" },
	{ "[history]\ndefault_size = 1e3\n", 2, "history.default_size" },
	{ "[history]\nmax_size = 0\n", 2, "history.max_size" },
	{ "[history]\ndefault_days = 36501\n", 2, "history.default_days" },
	{ "[cel]\ndefault_limit = 0\n", 2, "cel.default_limit" },
	{ "[cel]\nmax_limit = \xff\n", 2, "cel.max_limit" },
	{ "[cel\n", 1, "section" },
	{ "[cel]\nno equals sign\n", 2, "" },
};

START_TEST(test_bad_file)
{
	struct run result;

	set_variables("PLAY_AUTH_TOKEN=x", NULL);
	result = run_with(bad[_i].text, NULL);
	expect_run(&result, 2, result.errors, bad[_i].word);
	expect_run(&result, 2, result.errors, scratch_format("run.conf:%d", bad[_i].line));
	expect_log_lines(result.errors);
	result = run_with(bad[_i].text, "--check");
	expect_run(&result, 2, result.errors, bad[_i].word);
	ck_assert_str_eq(result.output, "");
}
END_TEST

/* A secret is not what a message quotes. */
START_TEST(test_secrets)
{
	struct run result;

	set_variables("PLAY_AUTH_TOKEN=x", NULL);
	result = run_with("[database]\nconninfo = host=/tmp password=hush bogus=1\n", NULL);
	expect_run(&result, 2, result.errors, "database.conninfo");
	ck_assert_ptr_null(strstr(result.errors, "hush"));
	result = run_with("[database]\nconninfo = password=hush hush2\n", NULL);
	expect_run(&result, 2, result.errors, "database.conninfo");
	ck_assert_ptr_null(strstr(result.errors, "hush"));
}
END_TEST

START_TEST(test_token)
{
	struct run result;

	set_variables(NULL, NULL);
	result = run_with("", NULL);
	expect_run(&result, 2, result.errors, "token");
	result = run_with("[auth]\ntoken =\n", NULL);
	expect_run(&result, 2, result.errors, "token");
	set_variables("PLAY_AUTH_TOKEN=", "RECORDINGD_AUTH_TOKEN=", NULL);
	result = run_with("[auth]\ntoken =\n", NULL);
	expect_run(&result, 2, result.errors, "token");
	/* What is empty is no token: the file's counts. */
	result = run_with("[auth]\ntoken = x\n", NULL);
	ck_assert_int_eq(result.status, -1);
}
END_TEST

/* Check ------------------------------------------------------------------------------------------
 */

/* One statement at a time: CONCURRENTLY wants no transaction around it. */
static void
create_indexes(void)
{
	char *statement = scratch_file(harness_source("etc/indexes.sql"));
	char *end;

	while ((end = strstr(statement, ";\n")) != NULL) {
		*end = '\0';
		sql_run(statement);
		statement = end + 2;
	}
}

static struct run
check(const char *conninfo)
{
	set_variables("PLAY_AUTH_TOKEN=x", NULL);
	return run_with(scratch_format("[database]\nconninfo = %s\nqueue_timeout = 2s\n"
				       "[access_log]\nfile = %s\n",
				conninfo, harness_path("unused.log")),
		"--check");
}

static struct run
check_own(void)
{
	return check(cluster_conninfo("recordingd", CLUSTER_DATABASE));
}

START_TEST(test_check)
{
	struct run result;

	create_indexes();
	result = check_own();
	expect_run(&result, 0, result.output, "");
	/* Nothing is written: not even a transaction that may. */
	result = check(scratch_format("%s options='-c default_transaction_read_only=on'",
		cluster_conninfo("recordingd", CLUSTER_DATABASE)));
	expect_run(&result, 0, result.output, "");
	ck_assert_int_ne(access(harness_path("unused.log"), F_OK), 0);
	/* Beside one that serves, with the same file. */
	result = run("--config", harness_path("recordingd.conf"), "--check");
	expect_run(&result, 0, result.output, "");
	expect_status(http_get("/recording/cel?limit=1"), 200);
}
END_TEST

static const char *const tables[] = { "call_data", "attached_data", "call_on_queue", "call_element",
	"cel", "agentfeatures", "queuefeatures", "userfeatures", "linefeatures", "user_line" };

START_TEST(test_check_table)
{
	struct run result;

	create_indexes();
	sql_runf("ALTER TABLE %s RENAME TO elsewhere", tables[_i]);
	result = check_own();
	sql_runf("ALTER TABLE elsewhere RENAME TO %s", tables[_i]);
	expect_run(&result, 1, result.output, tables[_i]);
	result = check_own();
	expect_run(&result, 0, result.output, NULL);
}
END_TEST

static const char *const columns[] = { "call_data.uniqueid", "call_data.src_interface",
	"call_data.call_direction", "call_data.end_time", "attached_data.value",
	"attached_data.id_call_data", "call_on_queue.agent_num", "call_on_queue.hangup_time",
	"call_element.interface", "call_element.agent", "call_element.start_time", "cel.extra",
	"cel.call_log_id", "cel.eventtime", "agentfeatures.firstname", "queuefeatures.displayname",
	"userfeatures.lastname", "linefeatures.protocol", "user_line.main_user" };

START_TEST(test_check_column)
{
	const char *column = strchr(columns[_i], '.') + 1;
	const char *table = scratch_format("%.*s", (int)(column - 1 - columns[_i]), columns[_i]);
	struct run result;

	create_indexes();
	sql_runf("ALTER TABLE %s RENAME COLUMN %s TO elsewhere", table, column);
	result = check_own();
	sql_runf("ALTER TABLE %s RENAME COLUMN elsewhere TO %s", table, column);
	expect_run(&result, 1, result.output, columns[_i]);
}
END_TEST

struct index_row {
	const char *name; /* as etc/indexes.sql calls it */
	const char *table;
	const char *column;
};

static const struct index_row indexes[] = {
	{ "recordingd_call_data_start", "call_data", "start_time" },
	{ "recordingd_call_data_uniqueid", "call_data", "uniqueid" },
	{ "recordingd_call_data_caller", "call_data", "src_num text_pattern_ops, start_time" },
	{ "recordingd_call_data_answer", "call_data", "src_num, answer_time" },
	{ "recordingd_call_data_callee", "call_data", "dst_num text_pattern_ops, start_time" },
	{ "recordingd_call_data_direction", "call_data", "call_direction" },
	{ "recordingd_call_data_src_interface", "call_data", "src_interface" },
	{ "recordingd_call_data_src_agent", "call_data", "src_agent" },
	{ "recordingd_call_data_dst_agent", "call_data", "dst_agent" },
	{ "recordingd_call_data_long", "call_data", "where end_time - start_time > '01:00:00'" },
	{ "recordingd_call_data_endless", "call_data",
		"where end_time - start_time <= '1 day' IS NOT TRUE" },
	{ "recordingd_call_data_src_num_part", "call_data", "using gin (src_num)" },
	{ "recordingd_call_data_dst_num_part", "call_data", "using gin (dst_num)" },
	{ "recordingd_attached_data_call", "attached_data", "id_call_data" },
	{ "recordingd_attached_data_recording", "attached_data", "value" },
	{ "recordingd_attached_data_pair", "attached_data", "key, value, id_call_data" },
	{ "recordingd_attached_data_latest", "attached_data", "(key, id_call_data, id, value)" },
	{ "recordingd_call_on_queue_callid", "call_on_queue", "callid" },
	{ "recordingd_call_on_queue_queue", "call_on_queue", "(queue_ref, queue_time)" },
	{ "recordingd_call_on_queue_queue_status", "call_on_queue", "(queue_ref, status, " },
	{ "recordingd_call_on_queue_agent", "call_on_queue", "agent_num" },
	{ "recordingd_call_on_queue_status", "call_on_queue", "status" },
	{ "recordingd_call_element_call", "call_element", "call_data_id" },
	{ "recordingd_call_element_interface", "call_element", "interface" },
	{ "recordingd_call_element_agent", "call_element", "agent" },
};

START_TEST(test_check_index)
{
	const struct index_row *row = &indexes[_i];
	struct run result;

	create_indexes();
	sql_runf("DROP INDEX %s", row->name);
	result = check_own();
	expect_run(&result, 1, result.output, row->table);
	expect_run(&result, 1, result.output, row->column);
	create_indexes();
}
END_TEST

/*
 * The file holds what the check wants, no more: each index is one row above. Those of earlier
 * versions that others replace are gone.
 */
START_TEST(test_index_table)
{
	sql_run("CREATE INDEX recordingd_call_data_src_num ON call_data (src_num);"
		"CREATE INDEX recordingd_call_data_dst_num ON call_data (dst_num);"
		"CREATE INDEX recordingd_call_data_very_long ON call_data (start_time);"
		"CREATE INDEX recordingd_attached_data_key ON attached_data (key)");
	create_indexes();
	ck_assert_int_eq(
		sql_number("SELECT count(*) FROM pg_class WHERE relname LIKE 'recordingd\\_%%'"),
		HARNESS_COUNT(indexes));
}
END_TEST

/* An index of another name does as well; one that failed to build does not. */
START_TEST(test_check_other_index)
{
	struct run result;

	create_indexes();
	sql_run("ALTER INDEX recordingd_call_data_uniqueid RENAME TO xivo_own");
	result = check_own();
	expect_run(&result, 0, result.output, NULL);
	sql_run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'xivo_own'::regclass");
	result = check_own();
	expect_run(&result, 1, result.output, "uniqueid");
	sql_run("DROP INDEX xivo_own");
}
END_TEST

/* What cannot serve in the place of an index, though it has its columns. */
static const struct {
	const char *name;
	const char *other;
} useless[] = {
	{ "recordingd_call_data_start",
		"ON call_data (start_time DESC, id DESC) WHERE end_time IS NOT NULL" },
	{ "recordingd_call_data_start", "ON call_data (start_time DESC, id)" },
	{ "recordingd_call_data_start", "ON call_data (start_time, id DESC)" },
	{ "recordingd_call_data_start", "ON call_data (start_time DESC) INCLUDE (id)" },
	{ "recordingd_call_data_uniqueid", "ON call_data USING hash (uniqueid)" },
	{ "recordingd_call_data_uniqueid", "ON call_data (uniqueid) WHERE src_num IS NOT NULL" },
	{ "recordingd_call_data_caller", "ON call_data (src_num, start_time DESC, id DESC)" },
	{ "recordingd_call_data_src_num_part",
		"ON call_data USING gin (to_tsvector('simple', src_num))" },
};

START_TEST(test_check_useless_index)
{
	struct run result;

	create_indexes();
	sql_runf("DROP INDEX %s; CREATE INDEX useless %s", useless[_i].name, useless[_i].other);
	result = check_own();
	sql_run("DROP INDEX useless");
	create_indexes();
	expect_run(&result, 1, result.output, "call_data");
}
END_TEST

/* What can. */
static const struct {
	const char *name;
	const char *other;
} useful[] = {
	{ "recordingd_call_data_start", "ON call_data (start_time, id)" },
	{ "recordingd_call_data_start", "ON call_data (start_time DESC, id DESC, src_num)" },
	{ "recordingd_call_data_caller",
		"ON call_data (src_num varchar_pattern_ops DESC, start_time DESC, id DESC) "
		"WHERE src_num IS NOT NULL" },
	{ "recordingd_call_data_uniqueid", "ON call_data (uniqueid text_pattern_ops)" },
};

START_TEST(test_check_useful_index)
{
	struct run result;

	create_indexes();
	sql_runf("DROP INDEX %s; CREATE INDEX useful %s", useful[_i].name, useful[_i].other);
	result = check_own();
	sql_run("DROP INDEX useful");
	create_indexes();
	expect_run(&result, 0, result.output, NULL);
}
END_TEST

START_TEST(test_check_privilege)
{
	struct run result;

	create_indexes();
	sql_run("REVOKE SELECT ON cel FROM recordingd");
	result = check_own();
	sql_run("GRANT SELECT ON cel TO recordingd");
	expect_run(&result, 1, result.output, "cel");
	sql_run("REVOKE INSERT ON attached_data FROM recordingd");
	result = check_own();
	sql_run("GRANT INSERT ON attached_data TO recordingd");
	expect_run(&result, 1, result.output, "attached_data");
}
END_TEST

START_TEST(test_check_without_database)
{
	struct run result = check("host=/nowhere");

	expect_run(&result, 1, result.output, "database");
	result = check(cluster_conninfo("recordingd", "no_such_database"));
	expect_run(&result, 1, result.output, "database");
	result = check(cluster_conninfo("no_such_role", CLUSTER_DATABASE));
	expect_run(&result, 1, result.output, "database");
}
END_TEST

/* Environment ------------------------------------------------------------------------------------
 */

static const char *const keys[] = { "SERVER_MAX_CONNECTIONS", "SERVER_HEADER_TIMEOUT",
	"SERVER_BODY_TIMEOUT", "SERVER_IDLE_TIMEOUT", "SERVER_MAX_TARGET", "SERVER_MAX_HEAD",
	"SERVER_MAX_BODY", "DATABASE_CONNECTIONS", "DATABASE_STATEMENT_TIMEOUT",
	"DATABASE_QUEUE_TIMEOUT", "RECORDS_DEFAULT_PAGE_SIZE", "RECORDS_MAX_PAGE_SIZE",
	"HISTORY_DEFAULT_SIZE", "HISTORY_MAX_SIZE", "HISTORY_DEFAULT_DAYS", "CEL_DEFAULT_LIMIT",
	"CEL_MAX_LIMIT", "SERVER_LISTEN", "SERVER_TRUSTED_PROXIES", "DATABASE_CONNINFO",
	"AUDIO_DIRECTORY", "AUDIO_EXTENSIONS", "ACCESS_LOG_FILE" };

/* Every key can be overridden; a value that no key takes shows that it is. */
START_TEST(test_variable)
{
	const char *name = scratch_format("RECORDINGD_%s", keys[_i]);
	struct run result;

	set_variables("PLAY_AUTH_TOKEN=x", scratch_format("%s=bad\x01value", name), NULL);
	result = run_with("", "--check");
	expect_run(&result, 2, result.errors, name);
}
END_TEST

START_TEST(test_variable_overrides)
{
	struct run result;

	create_indexes();
	set_variables("PLAY_AUTH_TOKEN=x",
		scratch_format("RECORDINGD_DATABASE_CONNINFO=%s",
			cluster_conninfo("recordingd", CLUSTER_DATABASE)),
		NULL);
	result = run_with("[database]\nconninfo = host=/nowhere\n", "--check");
	expect_run(&result, 0, result.output, NULL);
	/* The other way round it does not get there. */
	set_variables("PLAY_AUTH_TOKEN=x", "RECORDINGD_DATABASE_CONNINFO=host=/nowhere",
		"RECORDINGD_DATABASE_QUEUE_TIMEOUT=500ms", NULL);
	result = run_with(scratch_format("[database]\nconninfo = %s\n",
				  cluster_conninfo("recordingd", CLUSTER_DATABASE)),
		"--check");
	expect_run(&result, 1, result.output, NULL);
	/* libpq's own variables fill what the connection string leaves open. */
	set_variables("PLAY_AUTH_TOKEN=x", scratch_format("PGHOST=%s", harness_path("socket")),
		"PGUSER=recordingd", NULL);
	result = run_with("", "--check");
	expect_run(&result, 0, result.output, NULL);
}
END_TEST

/* A misspelt variable does nothing, and is named; it is no error. */
START_TEST(test_unknown_variable)
{
	struct run result;

	create_indexes();
	set_variables("PLAY_AUTH_TOKEN=x", "RECORDINGD_SERVER_LISTN=127.0.0.1:1",
		scratch_format("RECORDINGD_DATABASE_CONNINFO=%s",
			cluster_conninfo("recordingd", CLUSTER_DATABASE)),
		NULL);
	result = run_with("", "--check");
	expect_run(&result, 0, result.errors, "RECORDINGD_SERVER_LISTN");
	ck_assert_ptr_null(strstr(result.errors, "RECORDINGD_DATABASE_CONNINFO"));
	expect_log_lines(result.errors);
}
END_TEST

/* The default file may be absent. */
START_TEST(test_without_file)
{
	struct run result;

	if (access("/etc/recordingd", F_OK) == 0)
		return;
	create_indexes();
	set_variables("PLAY_AUTH_TOKEN=x",
		scratch_format("RECORDINGD_DATABASE_CONNINFO=%s",
			cluster_conninfo("recordingd", CLUSTER_DATABASE)),
		NULL);
	result = run("--check", NULL, NULL);
	expect_run(&result, 0, result.output, NULL);
}
END_TEST

static bool
answers(void *client)
{
	const char *request = "GET /recording/cel?limit=1 HTTP/1.1\r\nHost: x\r\n"
			      "X-Auth-Token: from-play\r\n\r\n";
	const struct reply *reply;

	raw_send(client, request);
	reply = raw_reply(client, 2000);
	return reply != NULL && reply->status == 200;
}

static bool
logs_listening(void *unused)
{
	(void)unused;
	return strstr(scratch_file(harness_path("second.err")), "listening") != NULL;
}

static bool
exists(void *path)
{
	return access(path, F_OK) == 0;
}

/* Token and address from the environment, over those of the file. */
START_TEST(test_serves_by_variables)
{
	const char *address = scratch_format("unix:%s", harness_path("second.socket"));
	const char *const arguments[] = { harness_daemon(), "--config",
		write_file("second.conf", daemon_configuration("auth.token", "", NULL)), NULL };
	const char *const environment[] = { "PLAY_AUTH_TOKEN=from-play",
		scratch_format("RECORDINGD_SERVER_LISTEN=%s", address), NULL };
	pid_t pid = process_start(&(struct process_options){ .arguments = arguments,
		.environment = environment,
		.error_file = harness_path("second.err") });

	ck_assert(wait_until(logs_listening, NULL, 5000));
	ck_assert(answers(raw_open_at(address)));
	kill(pid, SIGTERM);
	ck_assert_int_eq(process_wait(pid, 10000), 0);
	expect_log_lines(scratch_file(harness_path("second.err")));
	ck_assert_int_ne(access(harness_path("second.socket"), F_OK), 0);
}
END_TEST

/* What it opens first must not become its standard error, which the log is written to. */
START_TEST(test_without_descriptors)
{
	const char *address = scratch_format("unix:%s", harness_path("second.socket"));
	const char *const arguments[] = { "/bin/sh", "-c", "exec \"$0\" \"$@\" <&- >&- 2>&-",
		harness_daemon(), "--config",
		write_file("second.conf", daemon_configuration("server.listen", address, NULL)),
		NULL };
	pid_t pid;

	/* Valgrind's own log would take the first. */
	if (harness_is_wrapped())
		return;
	pid = process_start(&(struct process_options){ .arguments = arguments });
	ck_assert(wait_until(exists, harness_path("second.socket"), 5000));
	for (int i = 0; i <= STDERR_FILENO; i++) {
		char target[64] = "";

		ck_assert_int_gt(readlink(scratch_format("/proc/%d/fd/%d", (int)pid, i), target,
					 sizeof target - 1),
			0);
		ck_assert_str_eq(target, "/dev/null");
	}
	kill(pid, SIGTERM);
	ck_assert_int_eq(process_wait(pid, 10000), 0);
}
END_TEST

/* Listening --------------------------------------------------------------------------------------
 */

START_TEST(test_address_in_use)
{
	const char *address = scratch_format("unix:%s", harness_path("first.socket"));
	struct run result;

	daemon_restart("server.listen", scratch_format("+%s", address), NULL);
	set_variables(NULL, NULL);
	result = run_with(daemon_configuration(NULL, NULL), NULL);
	expect_run(&result, 1, result.errors, scratch_format("127.0.0.1:%d", daemon_port()));
	expect_log_lines(result.errors);
	/* A socket that somebody serves is not taken away. */
	result = run_with(daemon_configuration("server.listen", address, NULL), NULL);
	expect_run(&result, 1, result.errors, harness_path("first.socket"));
	raw_send(raw_open_at(address), "");
	expect_status(http_get("/recording/cel?limit=1"), 200);
	/* One that was left behind is. */
	daemon_abandon();
	ck_assert_int_eq(access(harness_path("first.socket"), F_OK), 0);
	daemon_restart("server.listen", scratch_format("+%s", address), NULL);
	raw_send(raw_open_at(address), "");
}
END_TEST

START_TEST(test_listens_on_all)
{
	const char *address = scratch_format("unix:%s", harness_path("all.socket"));
	int port = daemon_free_port();
	static const char request[] = "GET /recording/health HTTP/1.1\r\nHost: x\r\n\r\n";
	struct raw_client *clients[2];

	daemon_restart("server.listen",
		scratch_format("+localhost:%d, %s, [::1]:%d", port, address, port), NULL);
	clients[0] = raw_open_at(address);
	clients[1] = raw_open_at(scratch_format("%d", port));
	for (int i = 0; i < HARNESS_COUNT(clients); i++) {
		raw_send(clients[i], request);
		expect_status(raw_reply(clients[i], 5000), 200);
	}
	expect_status(http_get("/recording/cel?limit=1"), 200);
	expect_log_lines(daemon_log());
}
END_TEST

static Suite *
command_line_suite(void)
{
	Suite *suite = suite_create("command_line");

	harness_add(suite, "version", test_version);
	harness_add(suite, "help", test_help);
	harness_add(suite, "wrong usage", test_wrong_usage);
	harness_add(suite, "missing file", test_missing_file);
	harness_add_loop(suite, "bad file", test_bad_file, HARNESS_COUNT(bad));
	harness_add(suite, "secrets", test_secrets);
	harness_add(suite, "token", test_token);
	harness_add(suite, "check", test_check);
	harness_add_loop(suite, "check table", test_check_table, HARNESS_COUNT(tables));
	harness_add_loop(suite, "check column", test_check_column, HARNESS_COUNT(columns));
	harness_add_loop(suite, "check index", test_check_index, HARNESS_COUNT(indexes));
	harness_add(suite, "index table", test_index_table);
	harness_add(suite, "check other index", test_check_other_index);
	harness_add_loop(
		suite, "check useless index", test_check_useless_index, HARNESS_COUNT(useless));
	harness_add_loop(
		suite, "check useful index", test_check_useful_index, HARNESS_COUNT(useful));
	harness_add(suite, "check privilege", test_check_privilege);
	harness_add(suite, "check without database", test_check_without_database);
	harness_add_loop(suite, "variable", test_variable, HARNESS_COUNT(keys));
	harness_add(suite, "variable overrides", test_variable_overrides);
	harness_add(suite, "unknown variable", test_unknown_variable);
	harness_add(suite, "without file", test_without_file);
	harness_add(suite, "serves by variables", test_serves_by_variables);
	harness_add(suite, "without descriptors", test_without_descriptors);
	harness_add(suite, "address in use", test_address_in_use);
	harness_add(suite, "listens on all", test_listens_on_all);
	return suite;
}

HARNESS_MAIN(command_line_suite)
