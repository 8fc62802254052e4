/*
 * One value of the configuration: numbers with their units up to the largest, what a refusal leaves
 * behind, and strangers' texts in messages. server/config tests the same values within files.
 */
#include "server/config_values.h"

#include <string.h>

#include "base/utf8.h"
#include "unit.h"

#define NO_NUMBER 77 /* *value stays as it was */

static const struct {
	enum config_type type;
	const char *text;
	bool is_number;
	uint64_t value;
} parse_cases[] = {
	{ CONFIG_NUMBER, "0", true, 0 },
	{ CONFIG_NUMBER, "10", true, 10 },
	{ CONFIG_NUMBER, "0010", true, 10 },
	{ CONFIG_NUMBER, "18446744073709551614", true, UINT64_MAX - 1 },
	/* What does not fit is the largest, and never wraps. */
	{ CONFIG_NUMBER, "18446744073709551616", true, UINT64_MAX },
	{ CONFIG_NUMBER, "18446744073709551617", true, UINT64_MAX },
	{ CONFIG_NUMBER, "99999999999999999999999999999999999999", true, UINT64_MAX },
	{ CONFIG_NUMBER, "", false, 0 },
	{ CONFIG_NUMBER, " 1", false, 0 },
	{ CONFIG_NUMBER, "1 ", false, 0 },
	{ CONFIG_NUMBER, "+1", false, 0 },
	{ CONFIG_NUMBER, "-1", false, 0 },
	{ CONFIG_NUMBER, "1.0", false, 0 },
	{ CONFIG_NUMBER, "1e3", false, 0 },
	{ CONFIG_NUMBER, "0x1", false, 0 },
	{ CONFIG_NUMBER, "1K", false, 0 },
	{ CONFIG_NUMBER, "1s", false, 0 },
	{ CONFIG_NUMBER, "one", false, 0 },
	{ CONFIG_NUMBER, "\xd9\xa1", false, 0 },

	{ CONFIG_SIZE, "1", true, 1 },
	{ CONFIG_SIZE, "1B", true, 1 },
	{ CONFIG_SIZE, "1K", true, 1024 },
	{ CONFIG_SIZE, "1KiB", true, 1024 },
	{ CONFIG_SIZE, "1M", true, 1048576 },
	{ CONFIG_SIZE, "1MiB", true, 1048576 },
	{ CONFIG_SIZE, "1G", true, 1073741824 },
	{ CONFIG_SIZE, "1GiB", true, 1073741824 },
	{ CONFIG_SIZE, "0GiB", true, 0 },
	{ CONFIG_SIZE, "17179869183GiB", true, UINT64_C(18446744072635809792) },
	{ CONFIG_SIZE, "17179869184GiB", true, UINT64_MAX }, /* 2^64 */
	{ CONFIG_SIZE, "17179869185GiB", true, UINT64_MAX },
	{ CONFIG_SIZE, "18446744073709551617B", true, UINT64_MAX },
	{ CONFIG_SIZE, "KiB", false, 0 },
	{ CONFIG_SIZE, "1k", false, 0 },
	{ CONFIG_SIZE, "1KB", false, 0 },
	{ CONFIG_SIZE, "1kib", false, 0 },
	{ CONFIG_SIZE, "1 KiB", false, 0 },
	{ CONFIG_SIZE, "1KiBx", false, 0 },
	{ CONFIG_SIZE, "1Ki", false, 0 },
	{ CONFIG_SIZE, "1T", false, 0 },
	{ CONFIG_SIZE, "1.5M", false, 0 },

	{ CONFIG_DURATION, "1ms", true, 1 },
	{ CONFIG_DURATION, "1", true, 1000 },
	{ CONFIG_DURATION, "1s", true, 1000 },
	{ CONFIG_DURATION, "1m", true, 60000 },
	{ CONFIG_DURATION, "1h", true, 3600000 },
	{ CONFIG_DURATION, "0", true, 0 },
	{ CONFIG_DURATION, "5124095576030h", true, UINT64_C(18446744073708000000) },
	{ CONFIG_DURATION, "5124095576031h", true, UINT64_MAX },
	{ CONFIG_DURATION, "1d", false, 0 },
	{ CONFIG_DURATION, "1S", false, 0 },
	{ CONFIG_DURATION, "1us", false, 0 },
	{ CONFIG_DURATION, "1 s", false, 0 },
	{ CONFIG_DURATION, "1m30s", false, 0 },
	{ CONFIG_DURATION, "s", false, 0 },
};

START_TEST(test_parse)
{
	uint64_t value = NO_NUMBER;
	bool is_number = config_number_parse(parse_cases[_i].type, parse_cases[_i].text, &value);

	ck_assert_msg(is_number == parse_cases[_i].is_number, "%s", parse_cases[_i].text);
	ck_assert_uint_eq(value, is_number ? parse_cases[_i].value : NO_NUMBER);
}
END_TEST

#define LONG_44 "12345678901234567890123456789012345678901234"
#define AE	"\xc3\xa4"
#define TEN_AE	AE AE AE AE AE AE AE AE AE AE

static const struct {
	const char *text;
	const char *quoted;
} quote_cases[] = {
	{ "", "" },
	{ "abc", "abc" },
	{ "J" AE "rv \xf0\x9f\x98\x80", "J" AE "rv \xf0\x9f\x98\x80" },
	/* 44 bytes are whole, more are 44 and three points. */
	{ LONG_44, LONG_44 },
	{ LONG_44 "5", LONG_44 "..." },
	{ LONG_44 LONG_44 LONG_44, LONG_44 "..." },
	/* Cut at a whole character. */
	{ TEN_AE TEN_AE AE AE, TEN_AE TEN_AE AE AE },
	{ TEN_AE TEN_AE AE AE AE, TEN_AE TEN_AE AE AE "..." },
	{ "x" TEN_AE TEN_AE AE AE, "x" TEN_AE TEN_AE AE "..." },
	/* Controls cannot reach the terminal, nor bytes that are no UTF-8 the journal. */
	{ "a\x01\x1f\x7f\n\tb", "a?????b" },
	{ "\033[2J", "?[2J" },
	{ "a\xff", "a?" },
	{ AE "\xff", "???" },
	{ "\xc3", "?" },
	{ "\xed\xa0\x80", "???" },
};

START_TEST(test_quote)
{
	char quoted[CONFIG_QUOTE_SIZE];

	config_quote(quote_cases[_i].text, quoted);
	ck_assert_str_eq(quoted, quote_cases[_i].quoted);
	ck_assert(utf8_is_valid(quoted, strlen(quoted)));
}
END_TEST

static const struct config_option *
option_of(const char *section, const char *key)
{
	for (size_t i = 0; i < config_option_count; i++) {
		if (strcmp(config_options[i].section, section) == 0 &&
			strcmp(config_options[i].key, key) == 0)
			return &config_options[i];
	}
	ck_abort_msg("%s.%s is not an option", section, key);
}

/* The field changes when the value is taken, and stays as it was when it is refused. */
START_TEST(test_set)
{
	const struct config_option *body = option_of("server", "max_body");
	const struct config_option *extensions = option_of("audio", "extensions");
	struct config *config = config_new();
	char reason[CONFIG_REASON_SIZE] = "";

	ck_assert_ptr_eq(config_number_field(config, body), &config->server.max_body_bytes);
	ck_assert_ptr_eq(config_text_field(config, extensions), &config->audio.extensions);
	ck_assert(config_value_set(config, body, "2KiB", reason));
	ck_assert_uint_eq(config->server.max_body_bytes, 2048);
	ck_assert(!config_value_set(config, body, "65MiB", reason));
	ck_assert_str_eq(reason, "\"65MiB\" is out of range (1 to 64MiB)");
	ck_assert(!config_value_set(config, body, "2 KiB", reason));
	ck_assert_str_eq(reason, "\"2 KiB\" is not a size such as 512, 16KiB or 4MiB (1 to 64MiB)");
	ck_assert_uint_eq(config->server.max_body_bytes, 2048);
	ck_assert(config_value_set(config, extensions, "ogg, mp3", reason));
	ck_assert_str_eq(config->audio.extensions, "ogg,mp3");
	ck_assert(!config_value_set(config, extensions, "o.gg", reason));
	ck_assert_str_eq(config->audio.extensions, "ogg,mp3");
	ck_assert(config_value_set(config, extensions, "wav", reason));
	ck_assert_str_eq(config->audio.extensions, "wav");
	config_free(config);
}
END_TEST

/* The bounds of every number belong to what is allowed, and their neighbours do not. */
START_TEST(test_bounds)
{
	const struct config_option *option = &config_options[_i];
	struct config *config = config_new();
	char reason[CONFIG_REASON_SIZE];
	char text[CONFIG_NUMBER_SIZE];

	if (option->type == CONFIG_TEXT || option->type == CONFIG_CHOICE) {
		config_free(config);
		return;
	}
	config_number_print(option->type, option->minimum, text);
	ck_assert(config_value_set(config, option, text, reason));
	ck_assert_uint_eq(*config_number_field(config, option), option->minimum);
	config_number_print(option->type, option->maximum, text);
	ck_assert(config_value_set(config, option, text, reason));
	config_number_print(option->type, option->maximum + 1, text);
	ck_assert(!config_value_set(config, option, text, reason));
	if (option->minimum > 0) {
		config_number_print(option->type, option->minimum - 1, text);
		ck_assert(!config_value_set(config, option, text, reason));
	}
	ck_assert_uint_eq(*config_number_field(config, option), option->maximum);
	config_free(config);
}
END_TEST

/* Each word of a choice stands for its number; none but these, and not in capitals. */
START_TEST(test_choice)
{
	const struct config_option *level = option_of("log", "level");
	struct config *config = config_new();
	char reason[CONFIG_REASON_SIZE] = "";

	ck_assert(config_value_set(config, level, "error", reason));
	ck_assert_uint_eq(config->log.level, 0);
	ck_assert(config_value_set(config, level, "debug", reason));
	ck_assert_uint_eq(config->log.level, 4);
	ck_assert(!config_value_set(config, level, "DEBUG\n", reason));
	ck_assert_str_eq(reason, "\"DEBUG?\" is none of error, warning, notice, info, debug");
	ck_assert(!config_value_set(config, level, "", reason));
	ck_assert(!config_value_set(config, level, "infos", reason));
	ck_assert_uint_eq(config->log.level, 4);
	config_free(config);
}
END_TEST

static Suite *
config_values_suite(void)
{
	Suite *suite = suite_create("server/config_values");

	unit_add_loop(suite, "parse", test_parse, UNIT_COUNT(parse_cases));
	unit_add_loop(suite, "quote", test_quote, UNIT_COUNT(quote_cases));
	unit_add(suite, "set", test_set);
	unit_add(suite, "choice", test_choice);
	unit_add_loop(suite, "bounds", test_bounds, (int)config_option_count);
	return suite;
}

UNIT_MAIN(config_values_suite)
