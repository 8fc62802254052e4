#include "http/entity_tag.h"

#include <stddef.h>
#include <string.h>

/* The length of the quoted tag text begins with, or 0 (etagc: no quote, no control, no blank). */
static size_t
tag_length(const char *text)
{
	size_t length = 1;

	if (*text != '"')
		return 0;
	while ((unsigned char)text[length] > 0x20 && text[length] != '"' && text[length] != 0x7f)
		length++;
	return text[length] == '"' ? length + 1 : 0;
}

bool
entity_tag_list_matches(const char *list, const char *tag, bool weak_comparison)
{
	bool matches = false;

	if (strcmp(list, "*") == 0)
		return true;
	for (;;) {
		bool is_weak = false;
		size_t length;

		list += strspn(list, ", \t");
		if (*list == '\0')
			return matches;
		if (strncmp(list, "W/", 2) == 0) {
			is_weak = true;
			list += 2;
		}
		length = tag_length(list);
		if (length == 0)
			return false;
		if ((!is_weak || weak_comparison) && strlen(tag) == length &&
			memcmp(list, tag, length) == 0)
			matches = true;
		list += length;
		list += strspn(list, " \t");
		if (*list != ',' && *list != '\0')
			return false;
	}
}
