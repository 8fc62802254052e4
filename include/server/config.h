/*
 * The configuration: an INI file, overridden key by key by RECORDINGD_<SECTION>_<KEY>.
 *
 * Every key is one row of config_options[]: the loader, the error messages, the reload report and
 * the tests that compare the sample file and the README with the program all walk that table.
 *
 * Order of calls: config_new(), config_load(), read the fields, config_free(). A configuration is
 * never changed after loading; a reload loads a second one and swaps.
 */
#ifndef RECORDINGD_SERVER_CONFIG_H
#define RECORDINGD_SERVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define CONFIG_DEFAULT_FILE "/etc/recordingd/recordingd.conf"

struct token_set;

/* Every string is owned by the configuration and never NULL after config_load(). */
struct config {
	struct {
		char *listen; /* comma separated addresses */
		uint64_t max_connections;
		uint64_t max_connections_per_client;
		uint64_t header_timeout_ms;
		uint64_t body_timeout_ms;
		uint64_t idle_timeout_ms;
		uint64_t drain_timeout_ms;
		uint64_t max_target_bytes;
		uint64_t max_head_bytes;
		uint64_t max_body_bytes;
		uint64_t output_budget_bytes;
		char *trusted_proxies; /* comma separated addresses, networks, "unix" */
		uint64_t seccomp;      /* of config_switch[] */
	} server;
	struct {
		char *token;
		char *tokens_file;
		struct token_set *tokens; /* owned: of both, made by config_load() */
	} auth;
	struct {
		char *conninfo;
		char *read_conninfo; /* "": none */
		uint64_t connections;
		uint64_t search_connections;
		uint64_t statement_timeout_ms;
		uint64_t queue_timeout_ms;
		uint64_t read_max_lag_ms;
	} database;
	struct {
		char *directory;
		char *extensions;
		char *accel_prefix; /* "": recordingd sends audio itself */
	} audio;
	struct {
		char *file;
	} access_log;
	struct {
		uint64_t level;	   /* of config_log_levels[] */
		uint64_t requests; /* of config_switch[] */
		uint64_t slow_ms;
	} log;
	struct {
		uint64_t open; /* of config_switch[] */
	} metrics;
	struct {
		uint64_t default_page_size;
		uint64_t max_page_size;
	} records;
	struct {
		uint64_t default_size;
		uint64_t max_size;
		uint64_t default_days;
	} history;
	struct {
		uint64_t default_limit;
		uint64_t max_limit;
		uint64_t cache_size_bytes;
		uint64_t max_staleness_ms;
		uint64_t cache_ttl_ms;
		uint64_t gap_timeout_ms;
		uint64_t settle_time_ms;
	} cel;
};

enum config_type {
	CONFIG_TEXT,	 /* char *, may be empty */
	CONFIG_NUMBER,	 /* a decimal number */
	CONFIG_SIZE,	 /* bytes: 512, 16KiB, 4MiB, 1GiB */
	CONFIG_DURATION, /* milliseconds: 500ms, 10s, 5m, 2h */
	CONFIG_CHOICE,	 /* a word; its number among choices */
};

struct config_option {
	const char *section;
	const char *key;
	enum config_type type;
	size_t offset; /* of the field in struct config */
	const char *default_value;
	uint64_t minimum; /* in the unit of the field; unused for texts and choices */
	uint64_t maximum;
	bool needs_restart; /* a reload cannot change it, and says so */
	const char *help;
	const char *const *choices; /* CONFIG_CHOICE, ends with NULL */
};

/* off, on: 0 and 1. */
extern const char *const config_switch[];

/* From error to debug, in the order of enum log_level. */
extern const char *const config_log_levels[];

extern const struct config_option config_options[];
extern const size_t config_option_count;

struct config *config_new(void);
void config_free(struct config *config);

/*
 * Reads file (must_exist: its absence is an error), then the environment, then checks the whole.
 * On false, error->message is for the operator: it names file, line, section and key, or the
 * environment variable; the configuration may then only be freed.
 */
bool config_load(
	struct config *config, const char *file, bool must_exist, struct error *error) MUST_CHECK;

/*
 * Calls changed for every option that needs a restart and differs between the two; for the log
 * line of a reload.
 */
void config_compare_restart(const struct config *running, const struct config *loaded,
	void (*changed)(const struct config_option *option, void *context), void *context);

#endif
