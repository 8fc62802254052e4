/* Behind a pooler each query brings along what session.sql sets: the same settings, all of them. */
#include <stdio.h>
#include <string.h>

#include "statements.h"
#include "unit.h"

/* Each pair of session.sql is "('name', value)"; NULL behind the last. */
static const char *
next_pair(const char *text, char *name, char *value)
{
	const char *found = strstr(text, "\t('");

	if (found == NULL)
		return NULL;
	ck_assert_int_eq(sscanf(found, "\t('%63[^']', %63[^)])", name, value), 2);
	return found + 1;
}

START_TEST(test_same_settings)
{
	const char *text = strstr(sql_session, "VALUES");
	char name[64], value[64], wanted[160];
	int count = 0;

	ck_assert_ptr_nonnull(text);
	while ((text = next_pair(text, name, value)) != NULL) {
		/* Of transactions to come, which behind a pooler are others': grants.sql sees to
		 * it.
		 */
		if (strcmp(name, "default_transaction_isolation") == 0)
			continue;
		snprintf(wanted, sizeof wanted, "set_config('%s', %s, true)", name, value);
		ck_assert_msg(strstr(sql_session_pooled, wanted) != NULL,
			"session_pooled.sql lacks %s", wanted);
		count++;
	}
	for (text = sql_session_pooled; (text = strstr(text, "set_config(")) != NULL; text++)
		count--;
	ck_assert_msg(count == 0, "session.sql has %d more settings", count);
}
END_TEST

static Suite *
session_suite(void)
{
	Suite *suite = suite_create("sql/session");
	TCase *session = tcase_create("session");

	tcase_add_test(session, test_same_settings);
	suite_add_tcase(suite, session);
	return suite;
}

UNIT_MAIN(session_suite)
