#include "calls/customer.h"

#include <stdlib.h>
#include <string.h>

#include "db/template.h"
#include "statements.h"

/* So few calls are sorted sooner than they are met among all others. */
#define FOUND_MAX 1000

/* Rows of a list that are read in well under a millisecond. */
#define SHORT_MAX 300

/* Branches that together have every call that shows such a pair. */
#define SHOWN_MAX 3

/* Conditions ---------------------------------------------------------------------------------- */

/* What is asked of one pair; NULL: nothing. */
struct pair {
	const struct customer_filter *key;
	const struct customer_filter *value;
};

static bool
is_equality(const struct customer_filter *filter)
{
	return filter != NULL && filter->comparison == CUSTOMER_EQUALS;
}

/* The condition that begins here, and how many filters it takes. */
static size_t
pair_at(const struct customer_filters *filters, size_t place, struct pair *pair)
{
	const struct customer_filter *filter = &filters->items[place];

	*pair = (struct pair){ 0 };
	if (filter->field == CUSTOMER_VALUE) {
		pair->value = filter;
		return 1;
	}
	if (filter->field != CUSTOMER_KEY)
		return 1;
	pair->key = filter;
	if (place + 1 == filters->count || filter[1].field != CUSTOMER_VALUE)
		return 1;
	pair->value = filter + 1;
	return 2;
}

/* Whether the pairs of a key meet what is asked of keys, byte by byte. */
static bool
has_key(const struct pair *pair, const char *key)
{
	int order;

	if (pair->key == NULL)
		return true;
	order = strcmp(key, pair->key->value);
	switch (pair->key->comparison) {
	case CUSTOMER_BELOW:
		return order < 0;
	case CUSTOMER_ABOVE:
		return order > 0;
	case CUSTOMER_EQUALS:
	case CUSTOMER_OPERATORS:
		break;
	}
	return order == 0;
}

static bool
has_recordings(const struct pair *pair)
{
	return has_key(pair, "recording");
}

/* Whether it may be another key than that of recordings. */
static bool
has_other_keys(const struct pair *pair)
{
	return !is_equality(pair->key) || !has_recordings(pair);
}

/* The way ------------------------------------------------------------------------------------- */

/* The more, the fewer calls lead to it, as a rule. */
static int
promise_of(const struct pair *pair)
{
	return (is_equality(pair->value) ? 2 : 0) + (is_equality(pair->key) ? 1 : 0);
}

bool
customer_way_find(const struct customer_filters *filters, struct customer_way *way,
	struct search_conditions *sizes)
{
	int best = 0;
	struct pair pair;

	*way = (struct customer_way){ 0 };
	*sizes = (struct search_conditions){ 0 };
	for (size_t i = 0; i < filters->count; i += pair_at(filters, i, &pair)) {
		const struct customer_filter *filter = &filters->items[i];
		int promise;

		(void)pair_at(filters, i, &pair);
		promise = promise_of(&pair);
		if (filter->field == CUSTOMER_SRC_NUM && is_equality(filter) && !way->has_number) {
			way->has_number = true;
			way->number = i;
			sizes->caller = filter->value;
		} else if (promise > best) {
			best = promise;
			way->has_pair = true;
			way->pair = i;
		}
	}
	way->is_of_pairs = way->has_pair && !way->has_number;
	if (best < 3)
		return false;
	sizes->key = filters->items[way->pair].value;
	sizes->value = filters->items[way->pair + 1].value;
	return true;
}

void
customer_way_choose(struct customer_way *way, int64_t pairs, int64_t numbers)
{
	way->is_of_pairs = !way->has_number || pairs < numbers;
	way->is_short = (way->is_of_pairs ? pairs : numbers) < SHORT_MAX;
}

bool
customer_way_is_open(const struct customer_way *way)
{
	return !way->has_number && !way->is_of_pairs;
}

/* Filters ------------------------------------------------------------------------------------- */

static const char *const fragments[CUSTOMER_FIELDS][CUSTOMER_OPERATORS] = {
	[CUSTOMER_SRC_NUM] = { sql_customer_history_src_num_equals,
		sql_customer_history_src_num_below, sql_customer_history_src_num_above },
	[CUSTOMER_KEY] = { sql_customer_history_key_equals, sql_customer_history_key_below,
		sql_customer_history_key_above },
	[CUSTOMER_VALUE] = { sql_customer_history_value_equals, sql_customer_history_value_below,
		sql_customer_history_value_above },
};

static void
append_filter(struct statement_builder *builder, const struct customer_filter *filter)
{
	if (filter != NULL)
		statement_builder_append(
			builder, fragments[filter->field][filter->comparison], 1, filter->value);
}

static void
append_number(struct statement_builder *builder, const struct customer_filter *filter,
	const struct customer_way *way)
{
	if (way->is_of_pairs && is_equality(filter))
		statement_builder_append(
			builder, sql_customer_history_src_num_is, 1, filter->value);
	else
		append_filter(builder, filter);
}

static void
append_pair(struct statement_builder *builder, const struct pair *pair, const char *pair_end)
{
	statement_builder_append(builder, sql_customer_history_pair, 0);
	append_filter(builder, pair->key);
	append_filter(builder, pair->value);
	statement_builder_append(builder, pair_end, 0);
}

/*
 * Begins a statement: $1 to $3, which every part may name, then the filters behind them, which are
 * left in the builder as its text. Where pairs are walked, all but that one.
 */
static void
open_statement(struct statement_builder *builder, const struct customer_filters *filters,
	const struct customer_way *way, const char *pair_end, int64_t size)
{
	struct pair pair = { 0 };

	if (way->is_of_pairs)
		(void)pair_at(filters, way->pair, &pair);
	statement_builder_open(builder);
	statement_builder_append(builder, "", 2, pair.key == NULL ? "" : pair.key->value,
		pair.value == NULL ? "" : pair.value->value);
	statement_builder_append_number(builder, "", size);
	for (size_t i = 0; i < filters->count;) {
		bool is_walked = way->is_of_pairs && i == way->pair;
		const struct customer_filter *filter = &filters->items[i];

		i += pair_at(filters, i, &pair);
		if (filter->field == CUSTOMER_SRC_NUM)
			append_number(builder, filter, way);
		else if (!is_walked)
			append_pair(builder, &pair, pair_end);
	}
}

/* Pairs --------------------------------------------------------------------------------------- */

static const char *
value_condition(const struct pair *pair)
{
	static const char *const conditions[CUSTOMER_OPERATORS] = {
		[CUSTOMER_EQUALS] = sql_customer_history_pair_value_equals,
		[CUSTOMER_BELOW] = sql_customer_history_pair_value_below,
		[CUSTOMER_ABOVE] = sql_customer_history_pair_value_above,
	};

	return pair->value == NULL ? "" : conditions[pair->value->comparison];
}

/* The keys that are walked, one list after the other: the one asked for, or of all known ones. */
static char *
keys_text(const struct pair *pair)
{
	static const char *const conditions[CUSTOMER_OPERATORS] = {
		[CUSTOMER_EQUALS] = "",
		[CUSTOMER_BELOW] = sql_customer_history_known_below,
		[CUSTOMER_ABOVE] = sql_customer_history_known_above,
	};
	const struct template_slot slot = { "/*key*/",
		pair->key == NULL ? "" : conditions[pair->key->comparison] };

	return template_fill(is_equality(pair->key) ? sql_customer_history_key_given
						    : sql_customer_history_keys_known,
		&slot, 1);
}

static const char *
recordings_template(const struct pair *pair)
{
	return is_equality(pair->value) ? sql_customer_history_shown_recordings_equals
					: sql_customer_history_shown_recordings;
}

/* The calls that show such a pair, each once for each key. */
static char *
shown_text(const struct pair *pair)
{
	const char *parts[SHOWN_MAX] = { NULL };
	char *keys = keys_text(pair);
	const struct template_slot slots[] = {
		{ "/*keys*/", keys },
		{ "/*shown_of_key*/", is_equality(pair->value)
					      ? sql_customer_history_shown_of_key_equals
					      : sql_customer_history_shown_of_key },
		{ "/*value*/", value_condition(pair) },
	};
	char *joined;
	char *text;

	if (has_other_keys(pair))
		parts[0] = sql_customer_history_shown_of_keys;
	if (has_other_keys(pair) && has_recordings(pair))
		parts[1] = sql_customer_history_and_shown;
	if (has_recordings(pair))
		parts[2] = recordings_template(pair);
	joined = template_join(parts, SHOWN_MAX);
	text = template_fill(joined, slots, sizeof slots / sizeof *slots);
	free(joined);
	free(keys);
	return text;
}

/* Of several keys, a call may show several such pairs. */
static bool
is_of_one_key(const struct pair *pair)
{
	return is_equality(pair->key);
}

/* Statements ---------------------------------------------------------------------------------- */

static char *
total_of_pairs(const struct pair *pair, const char *filters)
{
	char *shown = shown_text(pair);
	const struct template_slot slots[] = {
		{ "/*distinct*/", is_of_one_key(pair) ? "" : "DISTINCT" },
		{ "/*shown*/", shown },
		{ "/*beside*/", *filters == '\0' ? "" : sql_customer_history_beside },
		{ "/*filters*/", filters },
	};
	char *text = template_fill(
		sql_customer_history_total_of_pairs, slots, sizeof slots / sizeof *slots);

	free(shown);
	return text;
}

char *
customer_total_statement(const struct customer_filters *filters, const struct customer_way *way,
	struct statement_builder *builder)
{
	const char *pair_end = customer_way_is_open(way) ? sql_customer_history_pair_end
							 : sql_customer_history_pair_walked_end;
	struct template_slot slot = { "/*filters*/", NULL };
	struct pair pair;

	open_statement(builder, filters, way, pair_end, 0);
	if (way->is_of_pairs) {
		(void)pair_at(filters, way->pair, &pair);
		return total_of_pairs(&pair, builder->text);
	}
	slot.text = builder->text;
	return template_fill(sql_customer_history_total_of_calls, &slot, 1);
}

/* With entries behind it. */
static char *
list_text(const char *template, const struct template_slot *slots, size_t count)
{
	const char *const parts[] = { template, sql_customer_history_entries };
	char *joined = template_join(parts, sizeof parts / sizeof *parts);
	char *text = template_fill(joined, slots, count);

	free(joined);
	return text;
}

static char *
list_of_calls(const struct customer_filters *filters, bool is_walked,
	const struct template_slot *most, const struct customer_way *way,
	struct statement_builder *builder, int64_t size)
{
	struct customer_way of_calls = *way;
	struct template_slot slots[2] = { *most, { "/*filters*/", NULL } };

	of_calls.is_of_pairs = false;
	open_statement(builder, filters, &of_calls,
		is_walked ? sql_customer_history_pair_walked_end : sql_customer_history_pair_end,
		size);
	slots[1].text = builder->text;
	return list_text(
		is_walked ? sql_customer_history_walked_calls : sql_customer_history_found_calls,
		slots, 2);
}

static char *
list_of_pairs(const struct pair *pair, bool is_walked, const struct template_slot *most,
	const char *filters, int64_t size)
{
	char *keys = keys_text(pair);
	char *shown = shown_text(pair);
	const struct template_slot slots[] = {
		{ "/*shown*/", shown },
		{ "/*call*/", sql_customer_history_call_of_pair },
		{ "/*keys*/", keys },
		{ "/*recordings*/",
			has_recordings(pair) ? sql_customer_history_walked_recordings : "" },
		{ "/*recordings_shown*/", recordings_template(pair) },
		{ "/*value*/", value_condition(pair) },
		{ "/*filters*/", filters },
		{ "/*depth*/", template_row_limit(size, "$3") },
		*most,
	};
	char *text = list_text(
		is_walked ? sql_customer_history_walked_pairs : sql_customer_history_found_pairs,
		slots, sizeof slots / sizeof *slots);

	free(keys);
	free(shown);
	return text;
}

char *
customer_list_statement(const struct customer_filters *filters, const struct customer_way *way,
	int64_t total, int64_t size, struct statement_builder *builder)
{
	const struct template_slot most = { "/*most*/", template_row_limit(size, "ALL") };
	bool is_walked = total > FOUND_MAX;
	struct pair pair = { 0 };

	if (way->is_of_pairs)
		(void)pair_at(filters, way->pair, &pair);
	/* Recordings are no list in the order of their calls, and so many that each call has one.
	 */
	if (!way->is_of_pairs || (is_walked && has_recordings(&pair) && !is_equality(pair.value)))
		return list_of_calls(
			filters, is_walked || way->has_number, &most, way, builder, size);
	open_statement(builder, filters, way, sql_customer_history_pair_walked_end, size);
	return list_of_pairs(&pair, is_walked, &most, builder->text, size);
}
