/* GET /recording/health. */
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/wait.h"

START_TEST(test_ok)
{
	const struct reply *reply = http_send(
		&(struct http_request){ .target = "/recording/health", .without_token = true });

	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, "status"), "ok");
	ck_assert_int_gt((int)strlen(json_text(reply, "version")), 0);
	ck_assert_int_eq(json_object_object_length(reply->json), 2);
	ck_assert_str_eq(reply_field(reply, "Content-Type"), "application/json");
}
END_TEST

struct down_row {
	const char *key; /* and a value that nothing is at */
	const char *down;
};

static const struct down_row downs[] = {
	{ "database.conninfo", "['database']" },
	{ "audio.directory", "['audio directory']" },
	{ "access_log.file", "['access log']" },
};

static const char *
nothing_for(const char *key)
{
	return strcmp(key, "database.conninfo") == 0 ? "host=/nowhere" : harness_path("no/where");
}

static const struct reply *
ask(void)
{
	return http_send(
		&(struct http_request){ .target = "/recording/health", .without_token = true });
}

/* The database needs a moment to be up. */
static bool
is_down(void *down)
{
	return strcmp(json_object_to_json_string_ext(
			      json_at(ask()->json, "down"), JSON_C_TO_STRING_PLAIN),
		       down) == 0;
}

static void
expect_degraded(const char *down)
{
	char *quoted = scratch_quotes(down);
	const struct reply *reply;

	ck_assert_msg(wait_until(is_down, quoted, 5000), "%s", ask()->body);
	reply = ask();
	expect_json(reply, 503,
		scratch_format("{'status':'degraded','version':'%s','down':%s}",
			json_text(reply, "version"), down));
}

START_TEST(test_down)
{
	daemon_restart_degraded(downs[_i].key, nothing_for(downs[_i].key), NULL);
	expect_degraded(downs[_i].down);
}
END_TEST

START_TEST(test_all_down)
{
	daemon_restart_degraded(downs[0].key, nothing_for(downs[0].key), downs[1].key,
		nothing_for(downs[1].key), downs[2].key, nothing_for(downs[2].key), NULL);
	expect_degraded("['database','audio directory','access log']");
}
END_TEST

static Suite *
health_suite(void)
{
	Suite *suite = suite_create("health");

	harness_add(suite, "ok", test_ok);
	harness_add_loop(suite, "down", test_down, HARNESS_COUNT(downs));
	harness_add(suite, "all down", test_all_down);
	return suite;
}

HARNESS_MAIN(health_suite)
