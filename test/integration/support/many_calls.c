#include "support/many_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fixture.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/sql.h"

#define FILE_BYTES     16
#define CONDITIONS_MAX 80

/* Before today's noon, when the calls end. */
#define AGO(interval)                                                                              \
	"to_char(current_date + interval '12 hours' - interval '" interval                         \
	"', 'YYYY-MM-DD HH24:MI:SS')"

const struct many_condition many_conditions[] = {
	{ MANY_AGENT, "'1500'", NULL },
	{ MANY_AGENT, "'1999'", NULL },
	{ MANY_AGENT, "'1888'", NULL },
	{ MANY_AGENT, "'dalton'", NULL }, /* some */
	{ MANY_AGENT, "'e'", NULL },	  /* more than are walked */
	{ MANY_AGENT, "'nobody'", NULL },
	{ MANY_QUEUE, "'3001'", NULL },
	{ MANY_QUEUE, "'SUPPORT'", NULL }, /* two */
	{ MANY_QUEUE, "'spring'", NULL },
	{ MANY_QUEUE, "'quiet'", NULL },
	{ MANY_QUEUE, "'closed_in_march'", NULL },
	{ MANY_QUEUE, "'nothing'", NULL },
	{ MANY_STATUS, "'answered'", NULL },
	{ MANY_STATUS, "'timeout'", NULL },
	{ MANY_STATUS, "'joinempty'", NULL },
	{ MANY_STATUS, "'leaveempty'", NULL },
	{ MANY_START, AGO("84 days"), NULL },
	{ MANY_START, AGO("40 days"), NULL },
	{ MANY_START, AGO("26 hours"), NULL },
	{ MANY_END, AGO("82 days"), NULL },
	{ MANY_END, AGO("38 days"), NULL },
	{ MANY_END, AGO("9 days"), NULL },
	{ MANY_CALLEE, "'3004'", NULL },
	{ MANY_CALLEE, "'041'", NULL },
	{ MANY_CALLEE, "'999'", NULL },
	{ MANY_CALLEE, "'300%'", NULL },
	{ MANY_CALLEE, "'%29'", NULL },
	{ MANY_CALLEE, "'0%7'", NULL },
	{ MANY_CALLEE, "'%3456%'", NULL },
	{ MANY_CALLER, "'0142000001'", NULL },
	{ MANY_CALLER, "'0142000333'", NULL },
	{ MANY_CALLER, "'1003'", NULL },
	{ MANY_CALLER, "'0143'", NULL },
	{ MANY_CALLER, "'0142%'", NULL },
	{ MANY_CALLER, "'%777'", NULL },
	{ MANY_CALLER, "'%9%9'", NULL },
	{ MANY_DIRECTION, "'incoming'", NULL },
	{ MANY_DIRECTION, "'outgoing'", NULL },
	{ MANY_DIRECTION, "'all'", NULL },
	{ MANY_KEY, "'color'", NULL },
	{ MANY_KEY, "'note'", NULL },
	{ MANY_KEY, "'campaign'", NULL },
	{ MANY_KEY, "'recording'", NULL },
	{ MANY_KEY, "'nothing'", NULL },
	{ MANY_KEY, "'color'", "green" },
	{ MANY_KEY, "'color'", "red" },
	{ MANY_KEY, "'campaign'", "spring" },
	{ MANY_KEY, "'note'", "" },
	{ MANY_KEY, "'ticket'", "T277" },
	{ MANY_KEY, "'recording'", "r7777" },
	{ MANY_KEY, "'recording'", "old7777" },
	{ MANY_KEY, "'color'", "black" },
	/* Begins that few numbers have. */
	{ MANY_CALLEE, "'0412%'", NULL },
	{ MANY_CALLEE, "'0439%9'", NULL },
	{ MANY_CALLER, "'0142000333%'", NULL },
	{ MANY_CALLER, "'0142%777'", NULL },
	{ MANY_CALLER, "'0999%'", NULL },
};
const int many_condition_count = HARNESS_COUNT(many_conditions);

_Static_assert(HARNESS_COUNT(many_conditions) <= CONDITIONS_MAX, "room for every condition");

/* The names of fields, which are those of the contract's functions, too. */
static const char *const names[] = { "agent", "queue", "queueCallStatus", "start", "end", "callee",
	"caller", "direction", "key" };

static struct {
	bool is_loaded;
	size_t count;
	char (*files)[FILE_BYTES];
	char *given[CONDITIONS_MAX];
	char *marks[CONDITIONS_MAX];
	/* A queue and a status speak of one passage, and are marked together. */
	char *queue_marks[CONDITIONS_MAX][CONDITIONS_MAX];
} known;

/* Loading ------------------------------------------------------------------------------------- */

static void
read_files(void)
{
	const char *list = sql_value(
		"SELECT string_agg(file, ' ' ORDER BY place) FROM contract.record");
	int length;

	known.files = calloc(strlen(list) + 1, FILE_BYTES);
	if (known.files == NULL)
		harness_fail("out of memory");
	while (sscanf(list, "%15s%n", known.files[known.count], &length) == 1) {
		known.count++;
		list += length;
	}
}

void
many_calls_load(void)
{
	if (known.is_loaded)
		return;
	sql_run_file(harness_source("test/integration/many_calls.sql"));
	fixture_indexes();
	sql_run_file(harness_source("test/integration/contract.sql"));
	read_files();
	for (int i = 0; i < many_condition_count; i++)
		known.given[i] = strdup(sql_value("SELECT %s", many_conditions[i].given));
	known.is_loaded = true;
}

/* What the contract says ---------------------------------------------------------------------- */

/* A call of one of the contract's functions. */
static char *
marks_of(const char *call)
{
	char *marks = strdup(sql_value(
		"SELECT string_agg(CASE WHEN wanted.id IS NULL THEN '0' ELSE '1' END, '' ORDER BY "
		"place) FROM contract.record LEFT JOIN (SELECT DISTINCT id FROM contract.%s AS id) "
		"AS wanted USING (id)",
		call));

	if (marks == NULL || strlen(marks) != known.count)
		harness_fail("%s does not tell of each record", call);
	return marks;
}

static const char *
condition_marks(int number)
{
	const struct many_condition *condition = &many_conditions[number];

	if (known.marks[number] != NULL)
		return known.marks[number];
	known.marks[number] = marks_of(
		condition->value != NULL ? scratch_format("key_with_value('%s', '%s')",
						   known.given[number], condition->value)
					 : scratch_format("\"%s\"('%s')", names[condition->field],
						   known.given[number]));
	return known.marks[number];
}

static const char *
queue_marks(int queue, int status)
{
	char **marks = &known.queue_marks[queue][status];

	if (*marks == NULL)
		*marks = marks_of(scratch_format(
			"queue_with_status('%s', '%s')", known.given[queue], known.given[status]));
	return *marks;
}

/* The first condition of a field, by its place in the search; -1 when there is none. */
static int
find_field(const struct many_search *search, enum many_field field)
{
	for (int i = 0; i < search->count; i++) {
		if (many_conditions[search->chosen[i]].field == field)
			return i;
	}
	return -1;
}

bool
many_search_is_possible(const struct many_search *search)
{
	for (int i = 0; i < search->count; i++) {
		if (find_field(search, many_conditions[search->chosen[i]].field) != i)
			return false;
	}
	return true;
}

static void
keep_those_of(char *marks, const char *others)
{
	for (size_t i = 0; i < known.count; i++) {
		if (others[i] == '0')
			marks[i] = '0';
	}
}

char *
many_search_marks(const struct many_search *search)
{
	char *marks = scratch_new(known.count + 1);
	int queue = find_field(search, MANY_QUEUE);
	int status = find_field(search, MANY_STATUS);

	memset(marks, '1', known.count);
	if (queue >= 0 && status >= 0)
		keep_those_of(marks, queue_marks(search->chosen[queue], search->chosen[status]));
	for (int i = 0; i < search->count; i++)
		keep_those_of(marks, condition_marks(search->chosen[i]));
	return marks;
}

char *
many_files(const char *marks, long skipped, long count)
{
	char *files = scratch_new(
		(size_t)(count < (long)known.count ? count : (long)known.count) * FILE_BYTES + 1);
	char *out = files;

	for (size_t i = 0; i < known.count && count > 0; i++) {
		if (marks[i] == '0' || skipped-- > 0)
			continue;
		out += sprintf(out, "%s%s", out == files ? "" : " ", known.files[i]);
		count--;
	}
	return files;
}

long
many_count(const char *marks)
{
	long count = 0;

	for (; *marks != '\0'; marks++)
		count += *marks == '1';
	return count;
}

/* Requests ------------------------------------------------------------------------------------ */

char *
many_search_body(const struct many_search *search)
{
	char *body = scratch_format("{");

	for (int i = 0; i < search->count; i++) {
		const struct many_condition *condition = &many_conditions[search->chosen[i]];

		body = scratch_format("%s%s'%s':'%s'", body, i == 0 ? "" : ",",
			names[condition->field], known.given[search->chosen[i]]);
		if (condition->value != NULL)
			body = scratch_format("%s,'value':'%s'", body, condition->value);
	}
	return scratch_format("%s}", body);
}
