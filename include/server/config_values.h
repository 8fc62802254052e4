/*
 * One value of the configuration: from text to a number and back, and the rules for texts. Knows
 * nothing of files or variables, so that it is told apart in one place what is wrong with a value
 * and where the value stands.
 */
#ifndef RECORDINGD_SERVER_CONFIG_VALUES_H
#define RECORDINGD_SERVER_CONFIG_VALUES_H

#include "server/config.h"

#define CONFIG_REASON_SIZE 160

/* The option's field in config, by its type: the text one for CONFIG_TEXT, else the number. */
char **config_text_field(struct config *config, const struct config_option *option);
uint64_t *config_number_field(struct config *config, const struct config_option *option);

/*
 * Sets the option's field. On false the field is as before, and reason says what is wrong and what
 * is allowed; it never quotes a text that may hold a secret.
 */
bool config_value_set(struct config *config, const struct config_option *option, const char *text,
	char reason[static CONFIG_REASON_SIZE]) MUST_CHECK;

/*
 * Reads a number with the units of type into *value, in bytes or milliseconds. False when text is
 * none; what does not fit becomes UINT64_MAX, which no option allows.
 */
bool config_number_parse(enum config_type type, const char *text, uint64_t *value) MUST_CHECK;

/* Writes value with the largest unit that leaves no rest: 65536 is 64KiB. */
#define CONFIG_NUMBER_SIZE 32
void config_number_print(
	enum config_type type, uint64_t value, char text[static CONFIG_NUMBER_SIZE]);

/*
 * Copies a stranger's text for a message between quotation marks: long ones are cut at a whole
 * character and end in "...", control characters become "?".
 */
#define CONFIG_QUOTE_SIZE 48
void config_quote(const char *text, char quoted[static CONFIG_QUOTE_SIZE]);

#endif
