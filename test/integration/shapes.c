/* More kinds of searches than recordingd and PostgreSQL keep plans for: what is not asked for goes.
 */
#include <stdio.h>
#include <string.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"

/* A search is made of any of these: far more than there is room for. */
static const char *const conditions[] = { "'agent':'a'", "'queue':'s'", "'start':'2000-01-01'",
	"'end':'2100-01-01'", "'callee':'3%'", "'caller':'%3'", "'direction':'incoming'",
	"'queueCallStatus':'answered'", "'key':'color'" };

#define SEARCHES 400

static char *
body_of(int search)
{
	char *body = scratch_format("{");

	for (int i = 0; i < HARNESS_COUNT(conditions); i++) {
		if ((search >> i & 1) != 0)
			body = scratch_format(
				"%s%s%s", body, body[1] == '\0' ? "" : ",", conditions[i]);
	}
	return scratch_format("%s}", body);
}

/* In PostgreSQL's log, how often it was told to forget one. */
static long
count_forgotten(void)
{
	const char *at = scratch_file(harness_path(CLUSTER_LOG));
	long count = 0;

	while ((at = strstr(at, "DEALLOCATE shape_")) != NULL) {
		at++;
		count++;
	}
	return count;
}

/* The second time each is planned anew; in between there is one that is asked for all the time. */
START_TEST(test_many)
{
	const char *answers[SEARCHES];
	long forgotten;

	sql_run("ALTER ROLE recordingd SET log_statement = 'all'");
	daemon_restart("database.connections", "2", NULL);
	for (int search = 0; search < SEARCHES; search++) {
		const struct reply *reply = http_post("/recording/records/search", body_of(search));

		expect_status(reply, 200);
		answers[search] = scratch_format("%s", reply->body);
	}
	for (int search = 0; search < SEARCHES; search++) {
		ck_assert_str_eq(http_post("/recording/records/search", body_of(search))->body,
			answers[search]);
		ck_assert_str_eq(
			http_post("/recording/records/search", body_of(7))->body, answers[7]);
	}
	forgotten = count_forgotten();
	ck_assert_int_ge(forgotten, SEARCHES);
	ck_assert_int_le(forgotten, 2 * SEARCHES);
	/* What is asked for all the time stays. */
	for (int i = 0; i < 100; i++)
		expect_status(http_post("/recording/records/search", body_of(7)), 200);
	ck_assert_int_eq(count_forgotten(), forgotten);
	ck_assert(!daemon_logs("database connection"));
	sql_run("ALTER ROLE recordingd RESET log_statement");
}
END_TEST

/* Has the session that attaches the key forget its shapes behind recordingd's back. */
#define FORGETFUL                                                                                  \
	"CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$"                          \
	" DECLARE shape text; BEGIN"                                                               \
	" FOR shape IN SELECT name FROM pg_prepared_statements WHERE name LIKE 'shape%' LOOP"      \
	" EXECUTE 'DEALLOCATE ' || shape; END LOOP; RETURN NEW; END $$;"                           \
	"CREATE TRIGGER forget BEFORE INSERT ON attached_data FOR EACH ROW"                        \
	" WHEN (NEW.key = 'forget') EXECUTE FUNCTION forget()"

/* What PostgreSQL is told to forget it does not know: the search is answered all the same. */
START_TEST(test_refused_room)
{
	sql_run(FORGETFUL);
	daemon_restart("database.connections", "1", NULL);
	for (int search = 0; search < SEARCHES; search++)
		expect_status(http_post("/recording/records/search", body_of(search)), 200);
	expect_status(
		http_post("/recording/call_data/5/attached_data", "[{'key':'forget','value':''}]"),
		201);
	for (int search = SEARCHES; search < SEARCHES + 20; search++)
		expect_status(http_post("/recording/records/search", body_of(search)), 200);
	/* That is what was tested. */
	ck_assert_ptr_nonnull(
		strstr(scratch_file(harness_path(CLUSTER_LOG)), "STATEMENT:  DEALLOCATE shape_"));
	sql_run("DROP TRIGGER forget ON attached_data; DROP FUNCTION forget();"
		"DELETE FROM attached_data WHERE key = 'forget'");
}
END_TEST

static Suite *
shapes_suite(void)
{
	Suite *suite = suite_create("shapes");

	harness_add(suite, "many", test_many);
	harness_add(suite, "refused room", test_refused_room);
	return suite;
}

HARNESS_MAIN(shapes_suite)
