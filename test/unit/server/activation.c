/* What the service manager's variables say of passed sockets, and for whom they are. */
#include "server/activation.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* What take was called with: "3=name " for each. */
static char seen[256];

static bool
take(int descriptor, const char *name, void *context, struct error *error)
{
	size_t length = strlen(seen);

	snprintf(seen + length, sizeof seen - length, "%d=%s ", descriptor, name);
	if (strcmp(name, "refused") == 0)
		return error_set(error, ERROR_INTERNAL, "refused by %s", (const char *)context);
	return true;
}

static bool
take_all(const char *count, const char *names, struct error *error)
{
	char self[16];

	snprintf(self, sizeof self, "%d", (int)getpid());
	ck_assert_int_eq(setenv("LISTEN_PID", self, 1), 0);
	ck_assert_int_eq(setenv("LISTEN_FDS", count, 1), 0);
	ck_assert_int_eq(
		names == NULL ? unsetenv("LISTEN_FDNAMES") : setenv("LISTEN_FDNAMES", names, 1), 0);
	return activation_take_sockets(take, "the test", error);
}

static const struct {
	const char *count;
	const char *names; /* NULL: no variable */
	const char *seen;
} taken_cases[] = {
	{ "0", NULL, "" },
	{ "1", "http", "3=http " },
	{ "2", "http:local", "3=http 4=local " },
	/* sd_listen_fds_with_names(3): without a name it is unknown. */
	{ "2", NULL, "3=unknown 4=unknown " },
	{ "2", "", "3=unknown 4=unknown " },
	{ "3", "http", "3=http 4=unknown 5=unknown " },
	{ "3", "http::local", "3=http 4=unknown 5=local " },
	{ "1", "http:local", "3=http " },
};

START_TEST(test_taken)
{
	struct error error;

	ck_assert(take_all(taken_cases[_i].count, taken_cases[_i].names, &error));
	ck_assert_str_eq(seen, taken_cases[_i].seen);
}
END_TEST

START_TEST(test_refused)
{
	struct error error;

	ck_assert(!take_all("3", "http:refused:local", &error));
	ck_assert_str_eq(error.message, "refused by the test");
	ck_assert_str_eq(seen, "3=http 4=refused ");
}
END_TEST

static const char *const no_counts[] = { "", "-1", "x", "1x", " 1", "1001",
	"99999999999999999999" };

START_TEST(test_no_count)
{
	struct error error;

	ck_assert(!take_all(no_counts[_i], NULL, &error));
	ck_assert_str_eq(error.message, "LISTEN_FDS is not a number up to 1000");
	ck_assert_str_eq(seen, "");
}
END_TEST

static const char *const others[] = { NULL, "", "1", "x", "0" };

START_TEST(test_for_others)
{
	struct error error;

	ck_assert_int_eq(setenv("LISTEN_FDS", "1", 1), 0);
	ck_assert_int_eq(
		others[_i] == NULL ? unsetenv("LISTEN_PID") : setenv("LISTEN_PID", others[_i], 1),
		0);
	ck_assert(activation_take_sockets(take, NULL, &error));
	ck_assert_str_eq(seen, "");
}
END_TEST

static Suite *
activation_suite(void)
{
	Suite *suite = suite_create("server/activation");

	unit_add_loop(suite, "taken", test_taken, UNIT_COUNT(taken_cases));
	unit_add(suite, "refused", test_refused);
	unit_add_loop(suite, "no count", test_no_count, UNIT_COUNT(no_counts));
	unit_add_loop(suite, "for others", test_for_others, UNIT_COUNT(others));
	return suite;
}

UNIT_MAIN(activation_suite)
