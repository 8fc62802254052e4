/* What each text of the configuration may hold. */
#ifndef RECORDINGD_SERVER_CONFIG_TEXTS_H
#define RECORDINGD_SERVER_CONFIG_TEXTS_H

#include "server/config_values.h"

/*
 * Checks a text and brings lists into their one form, comma separated without blanks, in place. An
 * empty auth.token passes: only the end of loading knows whether another source fills it.
 */
bool config_text_check(const struct config_option *option, char *text,
	char reason[static CONFIG_REASON_SIZE]) MUST_CHECK;

#endif
