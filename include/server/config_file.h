/*
 * The configuration file: which option is given in which line with which text. What a text means
 * is not looked at here.
 */
#ifndef RECORDINGD_SERVER_CONFIG_FILE_H
#define RECORDINGD_SERVER_CONFIG_FILE_H

#include "server/config.h"

#define CONFIG_PLACE_SIZE 96

/* Where an option got its value; one per row of config_options[]. */
struct config_setting {
	char *text;		       /* owned; NULL: not given, so the default holds */
	char place[CONFIG_PLACE_SIZE]; /* "FILE:LINE" or the environment variable; "" as text */
	unsigned line;
};

/*
 * Fills the settings that file gives. An absent file gives none unless it must_exist. On false,
 * error->message names file and line; the settings are then half filled.
 */
bool config_file_read(const char *file, bool must_exist, struct config_setting *settings,
	struct error *error) MUST_CHECK;

#endif
