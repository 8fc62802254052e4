/*
 * Loading, each source overriding those before: defaults, file, environment. The token has two more
 * for when all of these are silent: PLAY_AUTH_TOKEN, then a credential. Then the whole is checked.
 */
#include "server/config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/token.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/config_file.h"
#include "server/config_values.h"
#include "server/credential.h"

#define VARIABLE_PREFIX	 "RECORDINGD_"
#define TOKEN_VARIABLE	 "PLAY_AUTH_TOKEN"
#define TOKEN_CREDENTIAL "token"

/* Pairs of numbers of which the first may not exceed the second. */
static const struct {
	size_t smaller;
	size_t larger;
} ordered_pairs[] = {
	{ offsetof(struct config, server.max_target_bytes),
		offsetof(struct config, server.max_head_bytes) },
	{ offsetof(struct config, records.default_page_size),
		offsetof(struct config, records.max_page_size) },
	{ offsetof(struct config, history.default_size),
		offsetof(struct config, history.max_size) },
	{ offsetof(struct config, cel.default_limit), offsetof(struct config, cel.max_limit) },
};

struct config *
config_new(void)
{
	return memory_zeroed(1, sizeof(struct config));
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config_option_count; i++) {
		if (config_options[i].type == CONFIG_TEXT)
			free(*config_text_field(config, &config_options[i]));
	}
	token_set_free(config->auth.tokens);
	free(config);
}

/* The row of config_options[] that fills the field at offset. */
static size_t
option_at(size_t offset)
{
	size_t i = 0;

	while (config_options[i].offset != offset)
		i++;
	return i;
}

static void
setting_replace(struct config_setting *setting, const char *text, const char *place)
{
	free(setting->text);
	setting->text = memory_text(text, strlen(text));
	snprintf(setting->place, sizeof setting->place, "%s", place);
}

static void
settings_free(struct config_setting *settings)
{
	for (size_t i = 0; i < config_option_count; i++)
		free(settings[i].text);
	free(settings);
}

/* Sets every field from its setting, else from its default. */
static bool
apply(struct config *config, const struct config_setting *settings, struct error *error)
{
	char reason[CONFIG_REASON_SIZE];

	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *option = &config_options[i];
		const struct config_setting *setting = &settings[i];
		bool is_given = setting->text != NULL;

		if (!config_value_set(config, option,
			    is_given ? setting->text : option->default_value, reason))
			return error_set(error, ERROR_INVALID_PARAMETER, "%s: %s.%s: %s",
				is_given ? setting->place : "default", option->section, option->key,
				reason);
	}
	return true;
}

static void
print_variable(const struct config_option *option, char variable[static CONFIG_PLACE_SIZE])
{
	snprintf(
		variable, CONFIG_PLACE_SIZE, VARIABLE_PREFIX "%s_%s", option->section, option->key);
	for (; *variable != '\0'; variable++)
		*variable = (char)toupper((unsigned char)*variable);
}

/* A misspelt variable does nothing: say so, but a foreign one must not stop the server. */
static void
warn_of_unknown_variables(void)
{
	char known[CONFIG_PLACE_SIZE];

	for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
		size_t length = strcspn(*entry, "=");
		bool is_known = strncmp(*entry, VARIABLE_PREFIX, strlen(VARIABLE_PREFIX)) != 0;

		for (size_t i = 0; !is_known && i < config_option_count; i++) {
			print_variable(&config_options[i], known);
			is_known = strlen(known) == length && memcmp(known, *entry, length) == 0;
		}
		if (!is_known)
			log_write(LOG_LEVEL_WARNING,
				"%.*s is ignored: no key of the configuration is called so",
				(int)(length < 200 ? length : 200), *entry);
	}
}

/* Lets the environment override the file. */
static void
read_environment(struct config_setting *settings)
{
	struct config_setting *token = &settings[option_at(offsetof(struct config, auth.token))];
	const char *default_token = getenv(TOKEN_VARIABLE);

	for (size_t i = 0; i < config_option_count; i++) {
		char variable[CONFIG_PLACE_SIZE];
		const char *text;

		print_variable(&config_options[i], variable);
		text = getenv(variable);
		/* The token is the first one that is not empty. */
		if (text != NULL && (&settings[i] != token || text[0] != '\0'))
			setting_replace(&settings[i], text, variable);
	}
	if (default_token != NULL && (token->text == NULL || token->text[0] == '\0'))
		setting_replace(token, default_token, TOKEN_VARIABLE);
}

/* The token is the only secret that would otherwise be in the environment. */
static bool
read_credential(struct config_setting *settings, struct error *error)
{
	struct config_setting *token = &settings[option_at(offsetof(struct config, auth.token))];
	char *text;

	if (token->text != NULL && token->text[0] != '\0')
		return true;
	if (!credential_read(TOKEN_CREDENTIAL, &text, error))
		return false;
	if (text != NULL)
		setting_replace(token, text, "the credential \"" TOKEN_CREDENTIAL "\"");
	free(text);
	return true;
}

static bool
check_pair(struct config *config, const struct config_setting *settings, size_t smaller,
	size_t larger, struct error *error)
{
	const struct config_option *first = &config_options[smaller];
	const struct config_option *second = &config_options[larger];
	uint64_t first_value = *config_number_field(config, first);
	uint64_t second_value = *config_number_field(config, second);
	const char *place = settings[settings[smaller].text != NULL ? smaller : larger].place;
	char first_text[CONFIG_NUMBER_SIZE];
	char second_text[CONFIG_NUMBER_SIZE];

	if (first_value <= second_value)
		return true;
	config_number_print(first->type, first_value, first_text);
	config_number_print(second->type, second_value, second_text);
	return error_set(error, ERROR_INVALID_PARAMETER, "%s: %s.%s (%s) is larger than %s.%s (%s)",
		place, first->section, first->key, first_text, second->section, second->key,
		second_text);
}

/* What no value shows alone; the tokens are read here. */
static bool
check_whole(struct config *config, const struct config_setting *settings, struct error *error)
{
	for (size_t i = 0; i < sizeof(ordered_pairs) / sizeof(ordered_pairs[0]); i++) {
		if (!check_pair(config, settings, option_at(ordered_pairs[i].smaller),
			    option_at(ordered_pairs[i].larger), error))
			return false;
	}
	token_set_free(config->auth.tokens);
	config->auth.tokens = token_set_new(config->auth.token, config->auth.tokens_file, error);
	return config->auth.tokens != NULL;
}

bool
config_load(struct config *config, const char *file, bool must_exist, struct error *error)
{
	struct config_setting *settings = memory_zeroed(config_option_count, sizeof(*settings));
	/* Applied twice: a bad value in the file is an error even where a variable overrides it. */
	bool is_loaded = config_file_read(file, must_exist, settings, error) &&
			 apply(config, settings, error);

	if (is_loaded) {
		read_environment(settings);
		warn_of_unknown_variables();
		is_loaded = read_credential(settings, error) && apply(config, settings, error) &&
			    check_whole(config, settings, error);
	}
	settings_free(settings);
	return is_loaded;
}

static bool
option_differs(
	const struct config_option *option, const struct config *one, const struct config *other)
{
	const char *one_field = (const char *)one + option->offset;
	const char *other_field = (const char *)other + option->offset;
	const char *one_text;
	const char *other_text;

	if (option->type != CONFIG_TEXT)
		return memcmp(one_field, other_field, sizeof(uint64_t)) != 0;
	memcpy(&one_text, one_field, sizeof one_text);
	memcpy(&other_text, other_field, sizeof other_text);
	return strcmp(one_text, other_text) != 0;
}

void
config_compare_restart(const struct config *running, const struct config *loaded,
	void (*changed)(const struct config_option *option, void *context), void *context)
{
	for (size_t i = 0; i < config_option_count; i++) {
		if (config_options[i].needs_restart &&
			option_differs(&config_options[i], running, loaded))
			changed(&config_options[i], context);
	}
}
