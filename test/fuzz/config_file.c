/*
 * A configuration file: a byte that chooses how it begins, then its lines. What loads is within the
 * bounds of every option; what does not is told with its place, in one line of text that shows no
 * secret.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "server/config.h"
#include "server/config_values.h"
#include "support/fuzz.h"

/* Stands in front of the file's own lines, where it is a secret. */
#define SECRET "sEcReTsEcReT"

static const char *const beginnings[] = { "", "[auth]\ntoken = " SECRET, "[auth]\ntoken =\n" SECRET,
	"[database]\nconninfo = password=" SECRET, "[database]\nconninfo = " SECRET,
	"[database]\nread_conninfo = host=a password=" SECRET, "[database]\nconninfo =\n" SECRET };

static void
check_option(struct config *config, const struct config_option *option)
{
	char **text;
	uint64_t number;
	size_t choices = 0;

	if (option->type == CONFIG_TEXT) {
		text = config_text_field(config, option);
		fuzz_require(*text != NULL && utf8_is_text(*text, strlen(*text)), "%s.%s is text",
			option->section, option->key);
		return;
	}
	number = *config_number_field(config, option);
	if (option->type == CONFIG_CHOICE) {
		while (option->choices[choices] != NULL)
			choices++;
		fuzz_require(number < choices, "%s.%s is a choice", option->section, option->key);
		return;
	}
	fuzz_require(number >= option->minimum && number <= option->maximum, "%s.%s in its bounds",
		option->section, option->key);
}

static void
check_message(const struct error *error)
{
	const char *message = error->message;

	fuzz_require(*message != '\0' && utf8_is_valid(message, strlen(message)), "a message: %s",
		message);
	fuzz_require(strchr(message, '\n') == NULL, "one line: %s", message);
	fuzz_require(strstr(message, SECRET) == NULL, "no secret: %s", message);
}

static void
load(const char *beginning, const uint8_t *data, size_t size)
{
	struct config *config = config_new();
	struct error error = { 0 };
	size_t length = strlen(beginning);
	char *text = memory_zeroed(length + size + 1, 1);
	const char *file;

	memcpy(text, beginning, length);
	if (size > 0)
		memcpy(text + length, data, size);
	file = fuzz_file((const uint8_t *)text, length + size, NULL);
	if (config_load(config, file, true, &error)) {
		for (size_t i = 0; i < config_option_count; i++)
			check_option(config, &config_options[i]);
		fuzz_require(config->auth.tokens != NULL, "there is a token");
	} else {
		check_message(&error);
	}
	free(text);
	config_free(config);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_prepared;
	struct fuzz_input input = { .data = data, .size = size };
	size_t beginning = fuzz_byte(&input) % FUZZ_COUNT(beginnings);

	if (!is_prepared) {
		/* Nothing from outside. */
		(void)clearenv();
		(void)setenv("PLAY_AUTH_TOKEN", "fuzz", 1);
		fuzz_without_log();
		is_prepared = true;
	}
	/* The secret is looked for in messages: it may only come from the beginning. */
	if (input.size > 0 && memmem(input.data, input.size, "sEcReT", 6) != NULL)
		return 0;
	load(beginnings[beginning], input.data, input.size);
	return 0;
}
