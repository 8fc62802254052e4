/* Connection strings of one and several hosts, and what is asked of each. */
#include "db/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct {
	const char *conninfo;
	const char *names[4];
	const char *wish; /* of the first round, with may_fall_back */
	unsigned rounds;
	bool wants_primary;
} cases[] = {
	{ "dbname=a", { "the default host" }, NULL, 1, false },
	{ "", { "the default host" }, NULL, 1, false },
	{ "host=a", { "a" }, NULL, 1, false },
	{ "host=a port=1", { "a:1" }, NULL, 1, false },
	{ "host=a target_session_attrs=read-write", { "a" }, "read-write", 1, false },
	{ "host=a,b", { "a", "b" }, "read-write", 2, true },
	{ "host=a,b port=1", { "a:1", "b:1" }, "read-write", 2, true },
	{ "host=a,b,/run port=1,2,3", { "a:1", "b:2", "/run:3" }, "read-write", 2, true },
	{ "hostaddr=10.0.0.1,10.0.0.2", { "10.0.0.1", "10.0.0.2" }, "read-write", 2, true },
	{ "host=a,b hostaddr=10.0.0.1,10.0.0.2", { "10.0.0.1", "10.0.0.2" }, "read-write", 2,
		true },
	{ "postgresql://a:1,b:2/db", { "a:1", "b:2" }, "read-write", 2, true },
	{ "host=a,b target_session_attrs=any", { "a", "b" }, "read-write", 2, true },
	{ "host=a,b target_session_attrs=primary", { "a", "b" }, "primary", 1, true },
	{ "host=a,b target_session_attrs=standby", { "a", "b" }, "standby", 1, false },
	{ "host=a,b target_session_attrs=prefer-standby", { "a", "b" }, "standby", 2, false },
};

START_TEST(test_hosts)
{
	struct db_hosts *hosts;
	struct db_target target;
	size_t count = 0;

	unsetenv("PGHOST");
	unsetenv("PGHOSTADDR");
	unsetenv("PGPORT");
	unsetenv("PGTARGETSESSIONATTRS");
	hosts = db_hosts_new(cases[_i].conninfo);
	while (cases[_i].names[count] != NULL)
		count++;
	ck_assert_uint_eq(db_hosts_count(hosts), count);
	for (size_t i = 0; i < count; i++)
		ck_assert_str_eq(db_hosts_name(hosts, i), cases[_i].names[i]);
	target = db_target_primary(hosts, true);
	ck_assert_pstr_eq(target.wishes[0], cases[_i].wish);
	ck_assert_uint_eq(target.rounds, cases[_i].rounds);
	ck_assert_int_eq(target.wants_primary, cases[_i].wants_primary);
	db_hosts_free(hosts);
}
END_TEST

START_TEST(test_environment)
{
	struct db_hosts *hosts;

	setenv("PGHOST", "a,b", 1);
	setenv("PGPORT", "1,2", 1);
	hosts = db_hosts_new("dbname=c");
	ck_assert_uint_eq(db_hosts_count(hosts), 2);
	ck_assert_str_eq(db_hosts_name(hosts, 1), "b:2");
	db_hosts_free(hosts);
	hosts = db_hosts_new("host=d port=3");
	ck_assert_uint_eq(db_hosts_count(hosts), 1);
	ck_assert_str_eq(db_hosts_name(hosts, 0), "d:3");
	db_hosts_free(hosts);
}
END_TEST

static const struct {
	const char *conninfo;
	const char *idle, *interval, *count;
} keepalive_cases[] = {
	{ "host=127.0.0.1 port=1", "60", "10", "3" },
	{ "host=127.0.0.1 port=1 keepalives_idle=7 keepalives_count=2", "7", "10", "2" },
};

static void
expect_option(PGconn *connection, const char *keyword, const char *value)
{
	PQconninfoOption *options = PQconninfo(connection);
	const PQconninfoOption *option = options;

	ck_assert_ptr_nonnull(options);
	while (option->keyword != NULL && strcmp(option->keyword, keyword) != 0)
		option++;
	ck_assert_pstr_eq(option->val, value);
	PQconninfoFree(options);
}

/* Ours unless the string has its own. */
START_TEST(test_keepalives)
{
	struct db_hosts *hosts = db_hosts_new(keepalive_cases[_i].conninfo);
	struct db_target target = db_target_one(hosts, 0);
	PGconn *connection = db_target_connect(&target, 0, 0);

	expect_option(connection, "keepalives_idle", keepalive_cases[_i].idle);
	expect_option(connection, "keepalives_interval", keepalive_cases[_i].interval);
	expect_option(connection, "keepalives_count", keepalive_cases[_i].count);
	PQfinish(connection);
	db_hosts_free(hosts);
}
END_TEST

static Suite *
hosts_suite(void)
{
	Suite *suite = suite_create("db/hosts");

	unit_add_loop(suite, "hosts", test_hosts, UNIT_COUNT(cases));
	unit_add(suite, "environment", test_environment);
	unit_add_loop(suite, "keepalives", test_keepalives, UNIT_COUNT(keepalive_cases));
	return suite;
}

UNIT_MAIN(hosts_suite)
