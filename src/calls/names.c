#include "calls/names.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/log.h"
#include "base/memory.h"
#include "statements.h"

const struct db_statement names_agents_statement = {
	.name = "agents",
	.text = sql_agents,
	.lane = DB_LANE_SHORT,
};

const struct db_statement names_queues_statement = {
	.name = "queues",
	.text = sql_queues,
	.lane = DB_LANE_SHORT,
};

/* In the order of agents.sql and queues.sql. */
enum { AGENT_NUMBER, AGENT_NAME };
enum { QUEUE_REF, QUEUE_NUMBER, QUEUE_NAME };

/* Unicode's case tables of the C library; the process's own locale may be anything. */
static locale_t
unicode_locale(void)
{
	static locale_t locale;

	if (locale == (locale_t)0)
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (locale == (locale_t)0) {
		log_write(LOG_LEVEL_WARNING,
			"no C.UTF-8 locale: names are compared in upper and lower case as ASCII");
		locale = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
	}
	return locale;
}

static char
ascii_lower_case(char character)
{
	return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

char *
name_lower_case(const char *name)
{
	size_t length = strlen(name);
	/* A lower case character may take more bytes than its upper case: MB_LEN_MAX at most. */
	char *lower = memory_resized(NULL, length * 4 + 1, 1);
	char *out = lower;
	mbstate_t reading = { 0 };
	mbstate_t writing = { 0 };
	locale_t before = uselocale(unicode_locale());

	while (*name != '\0') {
		wchar_t character;
		size_t read;
		size_t written;

		/* Most characters: all agents are looked through for each search by one. */
		if ((unsigned char)*name < 0x80) {
			*out++ = ascii_lower_case(*name++);
			continue;
		}
		read = mbrtowc(&character, name, strlen(name), &reading);
		if (read == (size_t)-1 || read == (size_t)-2) {
			*out++ = *name++;
			reading = (mbstate_t){ 0 };
			continue;
		}
		written = wcrtomb(out, (wchar_t)towlower((wint_t)character), &writing);
		if (written == (size_t)-1) {
			memcpy(out, name, read);
			written = read;
			writing = (mbstate_t){ 0 };
		}
		out += written;
		name += read;
	}
	*out = '\0';
	(void)uselocale(before);
	return lower;
}

bool
name_contains(const char *name, const char *lower_case_part)
{
	char *lower = name_lower_case(name);
	bool contains = strstr(lower, lower_case_part) != NULL;

	free(lower);
	return contains;
}

void
name_set_open(struct name_set *set, const char *given)
{
	*set = (struct name_set){ .wanted = name_lower_case(given), .given = given };
}

void
name_set_close(struct name_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->found[i]);
	free(set->found);
	free(set->wanted);
	*set = (struct name_set){ 0 };
}

static void
add(struct name_set *set, const char *text)
{
	if (set->count == set->size) {
		set->size = set->size == 0 ? 8 : set->size * 2;
		set->found = memory_resized(set->found, set->size, sizeof *set->found);
	}
	set->found[set->count++] = memory_text(text, strlen(text));
}

void
name_set_agent_row(struct name_set *set, const PGresult *result, int row)
{
	const char *number = PQgetvalue(result, row, AGENT_NUMBER);

	if (strcmp(number, set->given) == 0)
		set->is_configured = true;
	if (strcmp(number, set->given) == 0 ||
		name_contains(PQgetvalue(result, row, AGENT_NAME), set->wanted))
		add(set, number);
}

void
name_set_queue_row(struct name_set *set, const PGresult *result, int row)
{
	const char *reference = PQgetvalue(result, row, QUEUE_REF);

	if (strcmp(reference, set->given) == 0)
		set->is_configured = true;
	if (strcmp(PQgetvalue(result, row, QUEUE_NUMBER), set->given) == 0 ||
		name_contains(PQgetvalue(result, row, QUEUE_NAME), set->wanted))
		add(set, reference);
}

size_t
name_set_count(const struct name_set *set)
{
	return set->count + (set->is_configured ? 0 : 1);
}

char *
name_set_literal(const struct name_set *set)
{
	const char **texts = memory_zeroed(set->count + 1, sizeof *texts);
	size_t count = set->count;
	char *literal;

	for (size_t i = 0; i < count; i++)
		texts[i] = set->found[i];
	if (!set->is_configured)
		texts[count++] = set->given;
	literal = db_array_literal(texts, count);
	free(texts);
	return literal;
}
