#include "server/config_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "server/config_texts.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* The first name of a factor is the one that is printed, so the largest factor stands first. */
static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };
static const struct unit size_units[] = {
	{ "GiB", UINT64_C(1) << 30 },
	{ "G", UINT64_C(1) << 30 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "M", UINT64_C(1) << 20 },
	{ "KiB", UINT64_C(1) << 10 },
	{ "K", UINT64_C(1) << 10 },
	{ "", 1 },
	{ "B", 1 },
	{ NULL, 0 },
};
static const struct unit duration_units[] = {
	{ "h", UINT64_C(60) * 60 * 1000 },
	{ "m", UINT64_C(60) * 1000 },
	{ "s", 1000 },
	{ "", 1000 },
	{ "ms", 1 },
	{ NULL, 0 },
};

static const struct unit *
units_of(enum config_type type)
{
	switch (type) {
	case CONFIG_SIZE:
		return size_units;
	case CONFIG_DURATION:
		return duration_units;
	case CONFIG_TEXT:
	case CONFIG_NUMBER:
	case CONFIG_CHOICE:
		break;
	}
	return no_units;
}

char **
config_text_field(struct config *config, const struct config_option *option)
{
	return (char **)(void *)((char *)config + option->offset);
}

uint64_t *
config_number_field(struct config *config, const struct config_option *option)
{
	return (uint64_t *)(void *)((char *)config + option->offset);
}

bool
config_number_parse(enum config_type type, const char *text, uint64_t *value)
{
	const struct unit *unit = units_of(type);
	uint64_t number = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0)
		return false;
	while (unit->name != NULL && strcmp(unit->name, text + digits) != 0)
		unit++;
	if (unit->name == NULL)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
			__builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number)) {
			number = UINT64_MAX;
			break;
		}
	}
	if (__builtin_mul_overflow(number, unit->factor, value))
		*value = UINT64_MAX;
	return true;
}

void
config_number_print(enum config_type type, uint64_t value, char text[static CONFIG_NUMBER_SIZE])
{
	const struct unit *unit = units_of(type);

	if (value == 0) {
		snprintf(text, CONFIG_NUMBER_SIZE, "0");
		return;
	}
	while (value % unit->factor != 0)
		unit++;
	snprintf(text, CONFIG_NUMBER_SIZE, "%" PRIu64 "%s", value / unit->factor, unit->name);
}

void
config_quote(const char *text, char quoted[static CONFIG_QUOTE_SIZE])
{
	size_t length = strnlen(text, CONFIG_QUOTE_SIZE);

	snprintf(quoted, CONFIG_QUOTE_SIZE, "%.*s", CONFIG_QUOTE_SIZE - 4, text);
	if (length >= CONFIG_QUOTE_SIZE - 3) {
		utf8_trim_partial(quoted);
		strcat(quoted, "...");
	}
	for (char *byte = quoted; *byte != '\0'; byte++) {
		if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
			*byte = '?';
	}
	if (utf8_is_valid(quoted, strlen(quoted)))
		return;
	/* One bad byte would make the whole line unreadable for the journal. */
	for (char *byte = quoted; *byte != '\0'; byte++) {
		if ((unsigned char)*byte >= 0x80)
			*byte = '?';
	}
}

static bool
number_set(uint64_t *field, const struct config_option *option, const char *text,
	char reason[static CONFIG_REASON_SIZE])
{
	static const char *const wanted[] = {
		[CONFIG_NUMBER] = "a decimal number",
		[CONFIG_SIZE] = "a size such as 512, 16KiB or 4MiB",
		[CONFIG_DURATION] = "a duration such as 500ms, 10s or 5m",
	};
	char quoted[CONFIG_QUOTE_SIZE];
	char minimum[CONFIG_NUMBER_SIZE];
	char maximum[CONFIG_NUMBER_SIZE];
	uint64_t value;

	config_quote(text, quoted);
	config_number_print(option->type, option->minimum, minimum);
	config_number_print(option->type, option->maximum, maximum);
	if (!config_number_parse(option->type, text, &value)) {
		snprintf(reason, CONFIG_REASON_SIZE, "\"%s\" is not %s (%s to %s)", quoted,
			wanted[option->type], minimum, maximum);
		return false;
	}
	if (value < option->minimum || value > option->maximum) {
		snprintf(reason, CONFIG_REASON_SIZE, "\"%s\" is out of range (%s to %s)", quoted,
			minimum, maximum);
		return false;
	}
	*field = value;
	return true;
}

static bool
choice_set(uint64_t *field, const struct config_option *option, const char *text,
	char reason[static CONFIG_REASON_SIZE])
{
	char quoted[CONFIG_QUOTE_SIZE];
	size_t used;

	for (uint64_t i = 0; option->choices[i] != NULL; i++) {
		if (strcmp(option->choices[i], text) == 0) {
			*field = i;
			return true;
		}
	}
	config_quote(text, quoted);
	used = (size_t)snprintf(reason, CONFIG_REASON_SIZE, "\"%s\" is none of ", quoted);
	for (size_t i = 0; option->choices[i] != NULL && used < CONFIG_REASON_SIZE; i++)
		used += (size_t)snprintf(reason + used, CONFIG_REASON_SIZE - used, "%s%s",
			i > 0 ? ", " : "", option->choices[i]);
	return false;
}

bool
config_value_set(struct config *config, const struct config_option *option, const char *text,
	char reason[static CONFIG_REASON_SIZE])
{
	char **field;
	char *copy;

	if (option->type == CONFIG_CHOICE)
		return choice_set(config_number_field(config, option), option, text, reason);
	if (option->type != CONFIG_TEXT)
		return number_set(config_number_field(config, option), option, text, reason);
	copy = memory_text(text, strlen(text));
	if (!config_text_check(option, copy, reason)) {
		free(copy);
		return false;
	}
	field = config_text_field(config, option);
	free(*field);
	*field = copy;
	return true;
}
