#include "server/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/measures.h"
#include "audio/access_log.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "calls/search_sizes.h"
#include "cel/log.h"
#include "db/pool.h"
#include "http/forwarded.h"
#include "http/server.h"
#include "server/activation.h"
#include "server/config.h"
#include "server/notifier.h"
#include "server/system_calls.h"

static const int handled_signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };

#define SIGNALS (sizeof handled_signals / sizeof *handled_signals)

/* What of the configuration the endpoints see, and what was made for them. */
struct api_view {
	struct api_settings settings; /* strings are borrowed from config */
	struct proxy_list *proxies;
};

struct daemon {
	const struct config_source *source; /* borrowed */

	/* Owned, in the order in which they are made. */
	struct config *config;
	struct config *first_config; /* at start: what only a restart changes is still from there */
	struct event_base *base;
	struct event *signals[SIGNALS];
	struct event *drain_timer;
	struct db_pool *pool;
	struct cel_log *cel_log;
	struct access_log *access_log;
	struct search_sizes *search_sizes;
	struct measures *measures;
	struct api_view view;
	struct api api;
	struct http_server *server;
	struct notifier *notifier;

	bool is_draining;
	bool has_old_config; /* the last reload failed */
};

static struct http_settings
http_settings_of(const struct config *config, const struct api_view *view)
{
	return (struct http_settings){
		.max_connections = config->server.max_connections,
		.max_connections_per_client = config->server.max_connections_per_client,
		.trusted_proxies = view->proxies,
		.header_timeout_ms = (int64_t)config->server.header_timeout_ms,
		.body_timeout_ms = (int64_t)config->server.body_timeout_ms,
		.idle_timeout_ms = (int64_t)config->server.idle_timeout_ms,
		.output_budget_bytes = config->server.output_budget_bytes,
		.limits = {
			.max_head_bytes = config->server.max_head_bytes,
			.max_target_bytes = config->server.max_target_bytes,
			.max_body_bytes = config->server.max_body_bytes,
		},
	};
}

static struct cel_settings
cel_settings_of(const struct config *config)
{
	return (struct cel_settings){
		.cache_bytes = config->cel.cache_size_bytes,
		.max_staleness_us = (int64_t)config->cel.max_staleness_ms * 1000,
		.cache_ttl_us = (int64_t)config->cel.cache_ttl_ms * 1000,
		.gap_timeout_us = (int64_t)config->cel.gap_timeout_ms * 1000,
		.settle_time_us = (int64_t)config->cel.settle_time_ms * 1000,
	};
}

static struct db_settings
db_settings_of(const struct config *config)
{
	return (struct db_settings){
		.conninfo = config->database.conninfo,
		.read_conninfo = config->database.read_conninfo,
		.connections = (unsigned)config->database.connections,
		.search_connections = (unsigned)config->database.search_connections,
		.statement_timeout_ms = (int64_t)config->database.statement_timeout_ms,
		.queue_timeout_ms = (int64_t)config->database.queue_timeout_ms,
		.read_max_lag_ms = (int64_t)config->database.read_max_lag_ms,
	};
}

static bool
view_open(struct api_view *view, const struct config *config, struct error *error)
{
	view->proxies = proxy_list_new(config->server.trusted_proxies, error);
	if (view->proxies == NULL)
		return false;
	view->settings = (struct api_settings){
		.tokens = config->auth.tokens,
		.metrics_are_open = config->metrics.open != 0,
		.logs_requests = config->log.requests != 0,
		.log_slow_us = (int64_t)config->log.slow_ms * 1000,
		.audio_directory = config->audio.directory,
		.audio_extensions = config->audio.extensions,
		.audio_accel_prefix = config->audio.accel_prefix,
		.trusted_proxies = view->proxies,
		.records_default_page_size = (int64_t)config->records.default_page_size,
		.records_max_page_size = (int64_t)config->records.max_page_size,
		.history_default_size = (int64_t)config->history.default_size,
		.history_max_size = (int64_t)config->history.max_size,
		.history_default_days = (int64_t)config->history.default_days,
		.cel_default_limit = (int64_t)config->cel.default_limit,
		.cel_max_limit = (int64_t)config->cel.max_limit,
	};
	return true;
}

static void
set_log_level(const struct config *config)
{
	log_set_level((enum log_level)(LOG_LEVEL_ERROR + config->log.level));
}

static void
view_close(struct api_view *view)
{
	proxy_list_free(view->proxies);
	view->proxies = NULL;
}

static void
log_needs_restart(const struct config_option *option, void *context)
{
	(void)context;
	log_write(LOG_LEVEL_WARNING, "reload: %s.%s takes effect at the next start",
		option->section, option->key);
}

/* Everything that can fail has been done: from here on the new configuration holds. */
static void
use_config(struct daemon *daemon, struct config *loaded, const struct api_view *view)
{
	struct http_settings http_settings = http_settings_of(loaded, view);
	struct cel_settings cel_settings = cel_settings_of(loaded);
	struct db_settings db_settings = db_settings_of(loaded);

	config_compare_restart(daemon->first_config, loaded, log_needs_restart, NULL);
	http_server_set_settings(daemon->server, &http_settings);
	view_close(&daemon->view);
	daemon->view = *view;
	cel_log_set_settings(daemon->cel_log, &cel_settings);
	if (!db_pool_set_settings(daemon->pool, &db_settings))
		log_write(LOG_LEVEL_WARNING, "reload: database.read_conninfo takes effect at the "
					     "next start, as it has another number of hosts");
	set_log_level(loaded);
	if (daemon->config != daemon->first_config)
		config_free(daemon->config);
	daemon->config = loaded;
}

/* A configuration that cannot be loaded changes nothing. */
static void
reload(struct daemon *daemon)
{
	struct config *loaded = config_new();
	struct api_view view;
	struct error error;

	notifier_reloading(daemon->notifier);
	daemon->has_old_config = !config_load(loaded, daemon->source->file,
					 daemon->source->must_exist, &error) ||
				 !view_open(&view, loaded, &error);
	if (daemon->has_old_config) {
		log_write(LOG_LEVEL_ERROR, "reload: keeping the old configuration: %s",
			error.message);
		config_free(loaded);
	} else {
		use_config(daemon, loaded, &view);
		log_write(LOG_LEVEL_NOTICE, "reloaded");
	}
	access_log_reopen(daemon->access_log, daemon->config->access_log.file);
	notifier_ready(daemon->notifier);
}

/* The status line of the service. */
static void
describe(void *context, char status[static NOTIFIER_STATUS_SIZE])
{
	const struct daemon *daemon = context;
	struct http_counters http;

	http_server_counters(daemon->server, &http);
	snprintf(status, NOTIFIER_STATUS_SIZE, "%s%" PRIu64 " connection%s, database %s%s",
		daemon->is_draining ? "stopping: " : "", http.connections,
		http.connections == 1 ? "" : "s", db_pool_is_up(daemon->pool) ? "up" : "down",
		daemon->has_old_config ? "; the last reload failed, see the log" : "");
}

static void
on_idle(void *context)
{
	struct daemon *daemon = context;

	(void)event_base_loopbreak(daemon->base);
}

static void
drain_timer_cb(evutil_socket_t socket, short what, void *context)
{
	struct daemon *daemon = context;

	(void)socket;
	(void)what;
	log_write(LOG_LEVEL_WARNING, "requests in flight took too long: stopping without them");
	(void)event_base_loopbreak(daemon->base);
}

/* Requests in flight are answered; a second signal ends the wait. */
static void
drain(struct daemon *daemon)
{
	int64_t limit_ms = (int64_t)daemon->config->server.drain_timeout_ms;
	struct timeval limit = clock_timeval(limit_ms);

	if (daemon->is_draining) {
		(void)event_base_loopbreak(daemon->base);
		return;
	}
	daemon->is_draining = true;
	log_write(LOG_LEVEL_NOTICE, "stopping");
	if (evtimer_add(daemon->drain_timer, &limit) != 0)
		memory_exhausted();
	http_server_drain(daemon->server, on_idle, daemon);
	/* After that: their answers are the last on their connections. */
	cel_log_end_waits(daemon->cel_log);
	notifier_stopping(daemon->notifier, limit_ms);
}

static void
log_counters(const struct daemon *daemon)
{
	struct cel_counters cel;

	cel_log_counters(daemon->cel_log, &cel);
	log_write(LOG_LEVEL_NOTICE,
		"channel events: hits=%" PRIu64 " misses=%" PRIu64 " joined=%" PRIu64
		" refreshes=%" PRIu64 " held_rows=%" PRIu64 " skipped_gaps=%" PRIu64
		" resets=%" PRIu64 " cache_bytes=%zu waiting=%" PRIu64 " settled=%" PRId64,
		cel.hits, cel.misses, cel.joined, cel.refreshes, cel.held_rows, cel.skipped_gaps,
		cel.resets, cel.cache_bytes, cel.waiting, cel.horizon);
}

static void
signal_cb(evutil_socket_t number, short what, void *context)
{
	struct daemon *daemon = context;

	(void)what;
	switch (number) {
	case SIGHUP:
		if (!daemon->is_draining)
			reload(daemon);
		break;
	case SIGUSR1:
		access_log_reopen(daemon->access_log, daemon->config->access_log.file);
		log_counters(daemon);
		break;
	default:
		drain(daemon);
		break;
	}
}

static bool
adopt(int descriptor, const char *name, void *context, struct error *error)
{
	struct daemon *daemon = context;

	return http_server_adopt(daemon->server, descriptor, name, error);
}

/* Listens on what the service manager has passed, and on each address of the list. */
static bool
listen_on_all(struct daemon *daemon, struct error *error)
{
	char *list = memory_text(
		daemon->config->server.listen, strlen(daemon->config->server.listen));
	char *rest = list;
	char *address;
	bool listens = activation_take_sockets(adopt, daemon, error);

	while (listens && (address = strsep(&rest, ",")) != NULL)
		listens = http_server_listen(daemon->server, address, error);
	free(list);
	return listens;
}

static void
watch_signals(struct daemon *daemon)
{
	for (size_t i = 0; i < SIGNALS; i++) {
		daemon->signals[i] = evsignal_new(
			daemon->base, handled_signals[i], signal_cb, daemon);
		if (daemon->signals[i] == NULL || event_add(daemon->signals[i], NULL) != 0)
			memory_exhausted();
	}
	/* A client that goes while it is written to is an error of that write, nothing else. */
	(void)signal(SIGPIPE, SIG_IGN);
}

static void
open_database(struct daemon *daemon)
{
	const struct db_settings settings = db_settings_of(daemon->config);

	daemon->pool = db_pool_new(daemon->base, &settings);
}

static bool
open_cel_log(struct daemon *daemon, struct error *error)
{
	const struct cel_settings settings = cel_settings_of(daemon->config);

	daemon->cel_log = cel_log_new(daemon->base, daemon->pool, &settings);
	if (daemon->cel_log != NULL)
		return true;
	return error_set(
		error, ERROR_INTERNAL, "no memory file for channel events: %s", strerror(errno));
}

/*
 * epoll or nothing: when that cannot be had, libevent would fall back to poll(2) or select(2)
 * without a word, which is no way to watch ten thousand clients.
 */
static struct event_base *
new_base(struct error *error)
{
	struct event_config *event_config = event_config_new();
	struct event_base *base;

	if (event_config == NULL || event_config_avoid_method(event_config, "poll") != 0 ||
		event_config_avoid_method(event_config, "select") != 0)
		memory_exhausted();
	errno = 0;
	base = event_base_new_with_config(event_config);
	if (base == NULL)
		(void)error_set(error, ERROR_INTERNAL, "no event loop: %s",
			strerror(errno == 0 ? ENOMEM : errno));
	event_config_free(event_config);
	return base;
}

struct daemon *
daemon_new(struct config *config, const struct config_source *source, struct error *error)
{
	struct daemon *daemon = memory_zeroed(1, sizeof *daemon);
	struct http_settings settings;

	set_log_level(config);
	daemon->config = config;
	daemon->first_config = config;
	daemon->source = source;
	daemon->base = new_base(error);
	if (daemon->base == NULL) {
		daemon_free(daemon);
		return NULL;
	}
	daemon->drain_timer = evtimer_new(daemon->base, drain_timer_cb, daemon);
	if (daemon->drain_timer == NULL)
		memory_exhausted();
	watch_signals(daemon);
	if (!view_open(&daemon->view, config, error)) {
		daemon_free(daemon);
		return NULL;
	}
	open_database(daemon);
	if (!open_cel_log(daemon, error)) {
		daemon_free(daemon);
		return NULL;
	}
	daemon->access_log = access_log_new(config->access_log.file);
	daemon->search_sizes = search_sizes_new();
	daemon->measures = measures_new();
	daemon->api = (struct api){
		.pool = daemon->pool,
		.access_log = daemon->access_log,
		.cel_log = daemon->cel_log,
		.search_sizes = daemon->search_sizes,
		.measures = daemon->measures,
		.settings = &daemon->view.settings,
	};
	settings = http_settings_of(config, &daemon->view);
	daemon->server = http_server_new(daemon->base, &settings, &api_http_handler, &daemon->api);
	if (!listen_on_all(daemon, error)) {
		daemon_free(daemon);
		return NULL;
	}
	db_pool_start(daemon->pool);
	daemon->notifier = notifier_new(daemon->base, describe, daemon);
	return daemon;
}

/* One more would end the process before it has put away its things: that it stops is known. */
static void
block_signals(void)
{
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaddset(&blocked, handled_signals[i]);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
}

void
daemon_free(struct daemon *daemon)
{
	if (daemon == NULL)
		return;
	block_signals();
	notifier_free(daemon->notifier);
	/* Connections give their requests up before the pool goes that serves them. */
	http_server_free(daemon->server);
	access_log_free(daemon->access_log);
	search_sizes_free(daemon->search_sizes);
	measures_free(daemon->measures);
	cel_log_free(daemon->cel_log);
	db_pool_free(daemon->pool);
	view_close(&daemon->view);
	for (size_t i = 0; i < SIGNALS; i++) {
		if (daemon->signals[i] != NULL)
			event_free(daemon->signals[i]);
	}
	if (daemon->drain_timer != NULL)
		event_free(daemon->drain_timer);
	if (daemon->base != NULL)
		event_base_free(daemon->base);
	if (daemon->config != daemon->first_config)
		config_free(daemon->config);
	config_free(daemon->first_config);
	free(daemon);
}

/* Everything is open now. Serving goes before: a kernel without the means is no reason to stop. */
static void
restrict_system_calls(const struct daemon *daemon)
{
	struct error error;

	if (daemon->config->server.seccomp != 0 && !system_calls_restrict(&error))
		log_write(LOG_LEVEL_NOTICE, "%s", error.message);
}

bool
daemon_run(struct daemon *daemon)
{
	restrict_system_calls(daemon);
	notifier_ready(daemon->notifier);
	if (event_base_dispatch(daemon->base) < 0) {
		log_write(LOG_LEVEL_CRITICAL, "the event loop failed");
		return false;
	}
	log_write(LOG_LEVEL_NOTICE, "stopped");
	return true;
}
