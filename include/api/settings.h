/* What the configuration decides for the endpoints. Strings are borrowed from the configuration. */
#ifndef RECORDINGD_API_SETTINGS_H
#define RECORDINGD_API_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct proxy_list;
struct token_set;

struct api_settings {
	const struct token_set *tokens;
	bool metrics_are_open; /* they need no token */
	bool logs_requests;    /* all of them */
	int64_t log_slow_us;   /* slower ones are logged in any case; 0: they are not */
	const char *audio_directory;
	const char *audio_extensions;	/* comma separated, in the order in which they are tried */
	const char *audio_accel_prefix; /* "": recordingd sends audio itself */
	const struct proxy_list *trusted_proxies;
	int64_t records_default_page_size;
	int64_t records_max_page_size;
	int64_t history_default_size;
	int64_t history_max_size;
	int64_t history_default_days;
	int64_t cel_default_limit;
	int64_t cel_max_limit;
};

#endif
