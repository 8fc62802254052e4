#include "http/conditional.h"

#include <stdlib.h>
#include <string.h>

#include "http/byte_range.h"
#include "http/entity_tag.h"
#include "http/http_date.h"
#include "http/request.h"

/* -1: the field is not there; else whether its list has the tag. */
static int
list_matches(const struct request *request, const char *name, const char *tag, bool weak)
{
	char *list = request_field_joined(request, name);
	bool matches;

	if (list == NULL)
		return -1;
	matches = entity_tag_list_matches(list, tag, weak);
	free(list);
	return matches;
}

/* -1: the field is not there, or no date, which counts as absent; else whether it is older. */
static int
is_modified_since(const struct request *request, const char *name, time_t modified)
{
	const char *value = request_field(request, name);
	time_t since;

	if (value == NULL || request_field_count(request, name) > 1 ||
		!http_date_parse(value, &since))
		return -1;
	return modified > since;
}

/* RFC 9110, 13.2.2: the order in which preconditions are weighed. */
static enum condition
precondition(const struct request *request, const struct representation *representation)
{
	int matches = list_matches(request, "If-Match", representation->tag, false);

	if (matches == 0)
		return CONDITION_FAILED;
	if (matches < 0 &&
		is_modified_since(request, "If-Unmodified-Since", representation->modified) == 1)
		return CONDITION_FAILED;
	matches = list_matches(request, "If-None-Match", representation->tag, true);
	if (matches == 1)
		return CONDITION_NOT_MODIFIED;
	if (matches < 0 &&
		is_modified_since(request, "If-Modified-Since", representation->modified) == 0)
		return CONDITION_NOT_MODIFIED;
	return CONDITION_SEND;
}

/* RFC 9110, 13.1.5: a strong tag or the exact date; anything else makes the range void. */
static bool
range_is_wanted(const struct request *request, const struct representation *representation)
{
	const char *value = request_field(request, "If-Range");
	time_t date;

	if (value == NULL)
		return true;
	if (request_field_count(request, "If-Range") > 1)
		return false;
	if (*value == '"')
		return strcmp(value, representation->tag) == 0;
	/* RFC 9110, 8.8.2.2: within a second of now the date may be that of two versions. */
	return http_date_parse(value, &date) && date == representation->modified &&
	       date < time(NULL) - 1;
}

enum condition
condition_of(const struct request *request, const struct representation *representation,
	uint64_t *first, uint64_t *last)
{
	enum condition condition = precondition(request, representation);
	char *range;
	enum byte_range_kind kind;

	/* RFC 9110, 14.2: ranges are for GET. */
	if (condition != CONDITION_SEND || request_method(request) != REQUEST_GET ||
		!range_is_wanted(request, representation))
		return condition;
	range = request_field_joined(request, "Range");
	kind = byte_range_parse(range, representation->bytes, first, last);
	free(range);
	switch (kind) {
	case BYTE_RANGE_PART:
		return CONDITION_SEND_PART;
	case BYTE_RANGE_UNSATISFIABLE:
		return CONDITION_UNSATISFIABLE;
	case BYTE_RANGE_WHOLE:
		break;
	}
	return CONDITION_SEND;
}
