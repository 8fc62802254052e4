/* Statements that are kept under a name of their own, as long as there is room for them. */
#include "db/shapes.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static const struct db_statement *
find_number(struct db_shapes *shapes, int number)
{
	char text[64];

	snprintf(text, sizeof text, "SELECT %d AS number", number);
	return db_shapes_find(shapes, text, DB_LANE_LONG);
}

START_TEST(test_same_text)
{
	struct db_shapes *shapes = db_shapes_new();
	char text[] = "SELECT 1";
	const struct db_statement *first = db_shapes_find(shapes, text, DB_LANE_LONG);

	ck_assert_ptr_nonnull(first);
	ck_assert_str_eq(first->text, "SELECT 1");
	ck_assert_ptr_nonnull(first->name);
	ck_assert_int_eq(first->lane, DB_LANE_LONG);
	ck_assert(!first->writes);
	/* It is a copy. */
	text[7] = '2';
	ck_assert_str_eq(first->text, "SELECT 1");
	ck_assert_ptr_eq(db_shapes_find(shapes, "SELECT 1", DB_LANE_LONG), first);
	db_shapes_free(shapes);
}
END_TEST

START_TEST(test_other_text)
{
	struct db_shapes *shapes = db_shapes_new();
	const struct db_statement *first = db_shapes_find(shapes, "SELECT 1", DB_LANE_LONG);
	const struct db_statement *others[] = {
		db_shapes_find(shapes, "SELECT 1", DB_LANE_SHORT),
		db_shapes_find(shapes, "SELECT 1 ", DB_LANE_LONG),
		db_shapes_find(shapes, "SELECT", DB_LANE_LONG),
		db_shapes_find(shapes, "", DB_LANE_LONG),
	};

	for (int i = 0; i < UNIT_COUNT(others); i++) {
		ck_assert_ptr_nonnull(others[i]);
		ck_assert_str_ne(others[i]->name, first->name);
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(others[i]->name, others[j]->name);
	}
	ck_assert_int_eq(others[0]->lane, DB_LANE_SHORT);
	db_shapes_free(shapes);
}
END_TEST

static void
fill(struct db_shapes *shapes, const struct db_statement *kept[DB_SHAPES_MAX])
{
	for (int i = 0; i < DB_SHAPES_MAX; i++) {
		kept[i] = find_number(shapes, i);
		ck_assert_ptr_nonnull(kept[i]);
	}
}

/* Room is made by the one that was not asked for for longest; the others stay where they are. */
START_TEST(test_full)
{
	struct db_shapes *shapes = db_shapes_new();
	const struct db_statement *kept[DB_SHAPES_MAX];
	const struct db_statement *statement;
	char first_name[DB_SHAPE_NAME_SIZE];

	fill(shapes, kept);
	snprintf(first_name, sizeof first_name, "%s", kept[1]->name);
	ck_assert_ptr_eq(find_number(shapes, 0), kept[0]);
	statement = find_number(shapes, DB_SHAPES_MAX);
	ck_assert_ptr_eq(statement, kept[1]);
	ck_assert_str_eq(statement->text, "SELECT 128 AS number");
	ck_assert_str_ne(statement->name, first_name);
	ck_assert_uint_gt(statement->shape, DB_SHAPES_MAX);
	for (int i = 0; i < DB_SHAPES_MAX; i++) {
		if (i != 1)
			ck_assert_ptr_eq(find_number(shapes, i), kept[i]);
	}
	/* The one that went is new again, in place of another. */
	ck_assert_ptr_eq(find_number(shapes, 1), statement);
	ck_assert_str_eq(statement->text, "SELECT 1 AS number");
	db_shapes_free(shapes);
}
END_TEST

/* What queries borrow stays, however long ago it was asked for. */
START_TEST(test_in_use)
{
	struct db_shapes *shapes = db_shapes_new();
	const struct db_statement *kept[DB_SHAPES_MAX];

	fill(shapes, kept);
	for (int i = 0; i < DB_SHAPES_MAX; i++)
		++*kept[i]->users;
	ck_assert_ptr_null(find_number(shapes, DB_SHAPES_MAX));
	ck_assert_ptr_eq(find_number(shapes, 5), kept[5]);
	--*kept[7]->users;
	ck_assert_ptr_eq(find_number(shapes, DB_SHAPES_MAX), kept[7]);
	ck_assert_uint_eq(*kept[7]->users, 0);
	db_shapes_free(shapes);
}
END_TEST

START_TEST(test_name)
{
	struct db_shapes *shapes = db_shapes_new();
	const struct db_statement *statement = find_number(shapes, 1);
	char name[DB_SHAPE_NAME_SIZE];

	db_shape_name(statement->shape, name);
	ck_assert_str_eq(name, statement->name);
	db_shape_name(UINT64_MAX, name);
	ck_assert_str_eq(name, "shape_18446744073709551615");
	db_shapes_free(shapes);
}
END_TEST

START_TEST(test_free_nothing)
{
	db_shapes_free(NULL);
	db_shapes_free(db_shapes_new());
}
END_TEST

static Suite *
shapes_suite(void)
{
	Suite *suite = suite_create("db/shapes");

	unit_add(suite, "same text", test_same_text);
	unit_add(suite, "other text", test_other_text);
	unit_add(suite, "full", test_full);
	unit_add(suite, "in use", test_in_use);
	unit_add(suite, "name", test_name);
	unit_add(suite, "free nothing", test_free_nothing);
	return suite;
}

UNIT_MAIN(shapes_suite)
