/* Every configuration key, in the order of the sample file and the README. */
#include "server/config.h"

/* clang-format off */
#define TEXT(section, key, default_value, needs_restart, help)                                     \
	{ #section, #key, CONFIG_TEXT, offsetof(struct config, section.key),                       \
		default_value, 0, 0, needs_restart, help, NULL }
#define NUMBER(section, key, default_value, minimum, maximum, needs_restart, help)                 \
	{ #section, #key, CONFIG_NUMBER, offsetof(struct config, section.key),                     \
		default_value, minimum, maximum, needs_restart, help, NULL }
#define SIZE(section, key, default_value, minimum, maximum, needs_restart, help)                   \
	{ #section, #key, CONFIG_SIZE, offsetof(struct config, section.key##_bytes),               \
		default_value, minimum, maximum, needs_restart, help, NULL }
#define DURATION(section, key, default_value, minimum, maximum, needs_restart, help)               \
	{ #section, #key, CONFIG_DURATION, offsetof(struct config, section.key##_ms),              \
		default_value, minimum, maximum, needs_restart, help, NULL }
#define CHOICE(section, key, choices, default_value, needs_restart, help)                          \
	{ #section, #key, CONFIG_CHOICE, offsetof(struct config, section.key),                     \
		default_value, 0, 0, needs_restart, help, choices }
/* clang-format on */

#define MIB	 (UINT64_C(1) << 20)
#define TIB	 (UINT64_C(1) << 40)
#define ONE_HOUR (UINT64_C(60) * 60 * 1000)

/* What a reload does with a changed value. */
#define RELOADS	 false
#define RESTARTS true

const char *const config_switch[] = { "off", "on", NULL };
const char *const config_log_levels[] = { "error", "warning", "notice", "info", "debug", NULL };

/* clang-format off */
const struct config_option config_options[] = {
	TEXT(server, listen, "127.0.0.1:9400", RESTARTS,
		"addresses to listen on: host:port, [::1]:port, unix:/path"),
	NUMBER(server, max_connections, "10000", 1, 1000000, RELOADS,
		"clients at a time; further ones wait in the accept queue"),
	NUMBER(server, max_connections_per_client, "0", 0, 1000000, RELOADS,
		"connections of one address, behind a trusted proxy its requests; then 429; 0: any"),
	DURATION(server, header_timeout, "10s", 10, ONE_HOUR, RELOADS,
		"longest time for a request's head, then 408"),
	DURATION(server, body_timeout, "30s", 10, ONE_HOUR, RELOADS,
		"longest time for a request's body, then 408"),
	DURATION(server, idle_timeout, "75s", 10, ONE_HOUR, RELOADS,
		"longest silence between two requests, then the connection closes"),
	DURATION(server, drain_timeout, "30s", 0, ONE_HOUR, RELOADS,
		"longest time for requests in flight when recordingd is told to stop"),
	SIZE(server, max_target, "8KiB", 64, MIB, RELOADS,
		"longest request target, then 414"),
	SIZE(server, max_head, "16KiB", 256, MIB, RELOADS,
		"largest request head, then 431"),
	SIZE(server, max_body, "64KiB", 1, 64 * MIB, RELOADS,
		"largest request body, then 413"),
	SIZE(server, output_budget, "256MiB", 4096, TIB, RELOADS,
		"answers that wait for slow readers, all together; then 503"),
	TEXT(server, trusted_proxies, "127.0.0.1,::1,unix", RELOADS,
		"peers whose X-Forwarded-For names the client in the access log"),
	CHOICE(server, seccomp, config_switch, "on", RESTARTS,
		"whether system calls are restricted to those that recordingd makes"),

	TEXT(auth, token, "", RELOADS,
		"the shared token; when empty, PLAY_AUTH_TOKEN or the credential \"token\""),
	TEXT(auth, tokens_file, "", RELOADS,
		"named tokens: name, scopes and SHA-256, a line each"),

	TEXT(database, conninfo, "dbname=xivo_stats", RELOADS,
		"a libpq connection string or URI"),
	TEXT(database, read_conninfo, "", RELOADS,
		"the same for hot standbys, which then answer what only reads"),
	DURATION(database, read_max_lag, "10s", 1, ONE_HOUR, RELOADS,
		"a standby that is further behind is not asked"),
	NUMBER(database, connections, "8", 1, 500, RESTARTS,
		"size of the connection pool"),
	NUMBER(database, search_connections, "0", 0, 499, RESTARTS,
		"of them for searches and histories; 0: half"),
	DURATION(database, statement_timeout, "10s", 10, ONE_HOUR, RELOADS,
		"longest run of a statement, then 504"),
	DURATION(database, queue_timeout, "5s", 1, ONE_HOUR, RELOADS,
		"longest wait for a free connection, then 503"),

	TEXT(audio, directory, "/var/spool/recordingd/audio", RELOADS,
		"where the recordings are"),
	TEXT(audio, extensions, "wav,ogg,opus,mp3,gsm", RELOADS,
		"extensions of recordings, tried in this order after the file-id"),
	TEXT(audio, accel_prefix, "", RELOADS,
		"where nginx has the recordings: it sends them, told by X-Accel-Redirect"),

	TEXT(access_log, file, "/var/log/recordingd/access.log", RELOADS,
		"one line per recording that was looked at, heard or downloaded"),

	CHOICE(log, level, config_log_levels, "info", RELOADS,
		"the least urgent lines that are written to standard error"),
	CHOICE(log, requests, config_switch, "off", RELOADS,
		"a line for each request"),
	NUMBER(log, slow_ms, "1000", 0, ONE_HOUR, RELOADS,
		"requests that take so many milliseconds are logged in any case; 0: never"),

	CHOICE(metrics, open, config_switch, "off", RELOADS,
		"whether /recording/metrics needs no token"),

	NUMBER(records, default_page_size, "10", 1, 100000, RELOADS,
		"records per page when a search does not say"),
	NUMBER(records, max_page_size, "1000", 1, 100000, RELOADS,
		"most records per page"),

	NUMBER(history, default_size, "10", 1, 100000, RELOADS,
		"entries when a request does not say"),
	NUMBER(history, max_size, "1000", 1, 100000, RELOADS,
		"most entries"),
	NUMBER(history, default_days, "7", 0, 36500, RELOADS,
		"days an agent's history goes back when a request does not say"),

	NUMBER(cel, default_limit, "1000", 1, 1000000, RELOADS,
		"channel events when a request does not say"),
	NUMBER(cel, max_limit, "10000", 1, 1000000, RELOADS,
		"most channel events"),
	SIZE(cel, cache_size, "64MiB", 0, TIB, RELOADS,
		"memory for channel events that were read"),
	DURATION(cel, max_staleness, "5ms", 0, ONE_HOUR, RELOADS,
		"an answer holds every row committed this long before its request"),
	DURATION(cel, cache_ttl, "10s", 0, ONE_HOUR, RELOADS,
		"rows that were read longer ago are read again when asked for"),
	DURATION(cel, gap_timeout, "10s", 0, ONE_HOUR, RELOADS,
		"longest wait for a transaction that may still fill a gap in the ids"),
	DURATION(cel, settle_time, "5s", 0, ONE_HOUR, RELOADS,
		"on a standby, which does not see transactions: the wait for every gap"),
};
/* clang-format on */

const size_t config_option_count = sizeof(config_options) / sizeof(config_options[0]);
