#include "cel/log.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cel/log_internal.h"

static struct horizon_settings
horizon_settings_of(const struct cel_settings *settings)
{
	return (struct horizon_settings){
		.gap_timeout_us = settings->gap_timeout_us,
		.settle_time_us = settings->settle_time_us,
	};
}

struct cel_log *
cel_log_new(struct event_base *base, struct db_pool *pool, const struct cel_settings *settings)
{
	struct horizon_settings horizon = horizon_settings_of(settings);
	struct cel_store *store = cel_store_new(settings->cache_bytes);
	struct cel_log *log;

	if (store == NULL)
		return NULL;
	log = memory_zeroed(1, sizeof *log);
	log->base = base;
	log->pool = pool;
	log->store = store;
	log->settings = *settings;
	log->horizon = horizon_new(&horizon);
	log->timer = evtimer_new(base, cel_refresh_timer_cb, log);
	if (log->timer == NULL)
		memory_exhausted();
	TAILQ_INIT(&log->refresh.joined);
	TAILQ_INIT(&log->fetches);
	TAILQ_INIT(&log->watching);
	TAILQ_INIT(&log->failed);
	return log;
}

void
cel_log_free(struct cel_log *log)
{
	if (log == NULL)
		return;
	cel_refresh_abandon(log);
	cel_fetch_close_all(log);
	event_free(log->timer);
	horizon_free(log->horizon);
	cel_store_free(log->store);
	free(log);
}

void
cel_log_set_settings(struct cel_log *log, const struct cel_settings *settings)
{
	struct horizon_settings horizon = horizon_settings_of(settings);

	log->settings = *settings;
	horizon_set_settings(log->horizon, &horizon);
	cel_store_set_size(log->store, settings->cache_bytes);
}

void
cel_log_counters(const struct cel_log *log, struct cel_counters *counters)
{
	*counters = log->counters;
	counters->cache_bytes = cel_store_bytes(log->store);
	counters->waiting = log->watching_count;
	counters->horizon = horizon_id(log->horizon);
}

void
cel_log_end_waits(struct cel_log *log)
{
	struct cel_reader *reader;

	for (reader = TAILQ_FIRST(&log->watching); reader != NULL;
		reader = TAILQ_NEXT(reader, link))
		reader->wait_until_us = 0;
	log->waits_ended = true;
	log->wake.next_us = 0;
	event_active(log->timer, EV_TIMEOUT, 0);
}
