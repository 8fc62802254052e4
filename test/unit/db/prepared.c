/* What a connection has prepared, and what makes room there. */
#include "db/prepared.h"

#include "unit.h"

static const struct db_statement fixed = { .name = "fixed" };
static const struct db_statement other = { .name = "other" };

static struct db_statement
shape(uint64_t number)
{
	return (struct db_statement){ .name = "a shape's", .shape = number };
}

static void
add_shapes(struct db_prepared *prepared, uint64_t first, uint64_t last)
{
	for (uint64_t number = first; number <= last; number++) {
		struct db_statement statement = shape(number);

		ck_assert(db_prepared_add(prepared, &statement));
	}
}

static bool
has_shape(struct db_prepared *prepared, uint64_t number)
{
	struct db_statement statement = shape(number);

	return db_prepared_use(prepared, &statement);
}

START_TEST(test_use)
{
	struct db_prepared prepared = { 0 };
	/* A name at another address is another statement's. */
	const char name[] = "fixed";
	const struct db_statement same_text = { .name = name };

	ck_assert(!db_prepared_use(&prepared, &fixed));
	ck_assert(db_prepared_add(&prepared, &fixed));
	add_shapes(&prepared, 7, 8);
	ck_assert(db_prepared_use(&prepared, &fixed));
	ck_assert(!db_prepared_use(&prepared, &other));
	ck_assert(!db_prepared_use(&prepared, &same_text));
	ck_assert(has_shape(&prepared, 7));
	ck_assert(!has_shape(&prepared, 9));
	ck_assert_uint_eq(prepared.count, 3);
}
END_TEST

START_TEST(test_forget)
{
	struct db_prepared prepared = { 0 };
	struct db_statement seven = shape(7);

	ck_assert(db_prepared_add(&prepared, &fixed));
	add_shapes(&prepared, 7, 8);
	db_prepared_forget(&prepared, &other);
	ck_assert_uint_eq(prepared.count, 3);
	db_prepared_forget(&prepared, &seven);
	ck_assert(!has_shape(&prepared, 7));
	ck_assert(has_shape(&prepared, 8));
	db_prepared_forget(&prepared, &fixed);
	ck_assert(!db_prepared_use(&prepared, &fixed));
	ck_assert_uint_eq(prepared.count, 1);
}
END_TEST

/* Of shapes the one that was not used for longest; fixed statements stay. */
START_TEST(test_room)
{
	struct db_prepared prepared = { 0 };
	uint64_t number = 0;

	ck_assert(db_prepared_add(&prepared, &fixed));
	add_shapes(&prepared, 1, DB_PREPARED_MAX - 2);
	ck_assert(!db_prepared_make_room(&prepared, 1, &number));
	ck_assert(db_prepared_add(&prepared, &other));
	ck_assert_uint_eq(prepared.count, DB_PREPARED_MAX);
	ck_assert(!db_prepared_add(&prepared, &fixed));
	ck_assert(!db_prepared_make_room(&prepared, 0, &number));
	ck_assert(has_shape(&prepared, 1));
	ck_assert(db_prepared_make_room(&prepared, 2, &number));
	ck_assert_uint_eq(number, 2);
	ck_assert(db_prepared_make_room(&prepared, 2, &number));
	ck_assert_uint_eq(number, 3);
	ck_assert(!db_prepared_make_room(&prepared, 2, &number));
	ck_assert(!has_shape(&prepared, 2));
	ck_assert(has_shape(&prepared, 1));
	ck_assert(db_prepared_use(&prepared, &fixed));
	ck_assert(db_prepared_use(&prepared, &other));
}
END_TEST

/* Without a shape nobody leaves. */
START_TEST(test_no_room)
{
	struct db_prepared prepared = { 0 };
	uint64_t number = 0;

	for (int i = 0; i < DB_PREPARED_MAX; i++)
		ck_assert(db_prepared_add(&prepared, &fixed));
	ck_assert(!db_prepared_make_room(&prepared, 1, &number));
	ck_assert_uint_eq(prepared.count, DB_PREPARED_MAX);
}
END_TEST

static Suite *
prepared_suite(void)
{
	Suite *suite = suite_create("db/prepared");

	unit_add(suite, "use", test_use);
	unit_add(suite, "forget", test_forget);
	unit_add(suite, "room", test_room);
	unit_add(suite, "no room", test_no_room);
	return suite;
}

UNIT_MAIN(prepared_suite)
