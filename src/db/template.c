#include "db/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static size_t
count_places(const char *text, const char *place)
{
	size_t count = 0;

	while ((text = strstr(text, place)) != NULL) {
		count++;
		text += strlen(place);
	}
	return count;
}

static char *
fill_slot(const char *text, const struct template_slot *slot)
{
	size_t place_length = strlen(slot->place);
	size_t slot_length = strlen(slot->text);
	size_t size = strlen(text) + count_places(text, slot->place) * slot_length + 1;
	char *filled = memory_resized(NULL, size, 1);
	char *out = filled;
	const char *found;

	while ((found = strstr(text, slot->place)) != NULL) {
		out = mempcpy(out, text, (size_t)(found - text));
		out = mempcpy(out, slot->text, slot_length);
		text = found + place_length;
	}
	memcpy(out, text, strlen(text) + 1);
	return filled;
}

char *
template_fill(const char *template, const struct template_slot *slots, size_t count)
{
	char *text = memory_text(template, strlen(template));

	for (size_t i = 0; i < count; i++) {
		char *filled = fill_slot(text, &slots[i]);

		free(text);
		text = filled;
	}
	return text;
}

char *
template_join(const char *const *texts, size_t count)
{
	size_t size = 1;
	char *joined;
	char *out;

	for (size_t i = 0; i < count; i++)
		size += texts[i] == NULL ? 0 : strlen(texts[i]);
	joined = memory_resized(NULL, size, 1);
	out = joined;
	for (size_t i = 0; i < count; i++) {
		if (texts[i] != NULL)
			out = mempcpy(out, texts[i], strlen(texts[i]));
	}
	*out = '\0';
	return joined;
}

void
template_add(struct template_parts *parts, const char *text)
{
	/* A statement without one of its conditions would answer too much. */
	if (parts->count == TEMPLATE_PARTS_MAX)
		abort();
	parts->texts[parts->count++] = text;
}

char *
template_parts_join(const struct template_parts *parts)
{
	return template_join(parts->texts, parts->count);
}

const char *
template_row_limit(int64_t rows, const char *other)
{
	/* One more than the usual sizes of pages. */
	static const struct {
		int64_t rows;
		const char *text;
	} steps[] = { { 11, "11" }, { 26, "26" }, { 51, "51" }, { 101, "101" }, { 201, "201" },
		{ 1001, "1001" } };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		if (rows <= steps[i].rows)
			return steps[i].text;
	}
	return other;
}
