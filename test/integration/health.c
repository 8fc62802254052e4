/* GET /recording/health. */
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"

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

static Suite *
health_suite(void)
{
	Suite *suite = suite_create("health");

	harness_add(suite, "ok", test_ok);
	return suite;
}

HARNESS_MAIN(health_suite)
