/* There is room for every route and every status, and each request is counted in its own place. */
#include "api/measures.h"

#include "api/routes.h"
#include "unit.h"

START_TEST(test_routes)
{
	size_t row = 0;

	ck_assert_uint_le(MEASURES_FIRST_ROUTE + route_count, MEASURES_ROUTES_MAX);
	while (measures_route(row) != NULL)
		row++;
	ck_assert_uint_eq(row, MEASURES_FIRST_ROUTE + route_count);
	ck_assert_str_eq(measures_route(MEASURES_FIRST_ROUTE), routes[0].pattern);
}
END_TEST

START_TEST(test_statuses)
{
	ck_assert_uint_eq(response_status_index(200), 0);
	for (size_t i = 0; i < RESPONSE_STATUSES; i++)
		ck_assert_uint_eq(response_status_index(response_status_at(i)), i);
	for (enum error_code code = 0; code < ERROR_CODE_COUNT; code++) {
		unsigned status = response_error_status(code);

		ck_assert_uint_eq(response_status_at(response_status_index(status)), status);
	}
	ck_assert_uint_eq(response_status_index(299), RESPONSE_STATUSES - 1);
}
END_TEST

static uint64_t
count(const struct measures *measures, size_t row, unsigned status)
{
	return histogram_count(&measures->requests[row][response_status_index(status)]);
}

START_TEST(test_count)
{
	struct measures *measures = measures_new();
	struct request_note note = { .route = 0 };
	struct http_answer answer = { .status = 404, .duration_us = 10 };

	measures_count(measures, &note, &answer);
	ck_assert_uint_eq(count(measures, MEASURES_NO_ROUTE, 404), 1);
	note.route = (unsigned)route_count;
	answer.status = 503;
	measures_count(measures, &note, &answer);
	ck_assert_uint_eq(count(measures, MEASURES_FIRST_ROUTE + route_count - 1, 503), 1);
	note.patience_us = 1;
	measures_count(measures, &note, &answer);
	ck_assert_uint_eq(count(measures, MEASURES_WAITED, 503), 1);
	ck_assert_uint_eq(count(measures, MEASURES_FIRST_ROUTE + route_count - 1, 503), 1);
	answer.status = 0;
	measures_count(measures, &note, &answer);
	ck_assert_uint_eq(measures->abandoned, 1);
	measures_free(measures);
}
END_TEST

static Suite *
measures_suite(void)
{
	Suite *suite = suite_create("api/measures");

	unit_add(suite, "routes", test_routes);
	unit_add(suite, "statuses", test_statuses);
	unit_add(suite, "count", test_count);
	return suite;
}

UNIT_MAIN(measures_suite)
