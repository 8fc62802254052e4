#include "db/waiting.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

/* Beyond this a request gets its 503 at once: by queue_timeout it would not be served anyway. */
#define WAITING_MAX 10000

/* One for each lane and route. */
#define LISTS (DB_LANE_COUNT * DB_ROUTE_COUNT)

struct waiting_list {
	struct db_query_list queries;
	unsigned count;
	struct event *timer; /* pending while the list is not empty */
};

struct db_waiting {
	/* Borrowed. */
	struct db_pool *pool;
	void (*dispatch)(struct db_pool *pool);

	struct waiting_list lists[LISTS];
};

/* The next one to have waited too long: the first, or behind those that moved to the front. */
static struct db_query *
next_to_expire(const struct waiting_list *list)
{
	struct db_query *next = TAILQ_FIRST(&list->queries);
	struct db_query *query;

	for (query = next; query != NULL; query = TAILQ_NEXT(query, link)) {
		if (query->deadline_ms < next->deadline_ms)
			next = query;
		if (!query->moved)
			break;
	}
	return next;
}

static void
arm_timer(struct waiting_list *list)
{
	const struct db_query *oldest = next_to_expire(list);
	struct timeval delay;

	if (oldest == NULL) {
		(void)evtimer_del(list->timer);
		return;
	}
	delay = clock_timeval(oldest->deadline_ms - clock_now_ms());
	if (evtimer_add(list->timer, &delay) != 0)
		memory_exhausted();
}

static struct waiting_list *
list_of(struct db_waiting *waiting, const struct db_query *query)
{
	return &waiting->lists[query->lane * DB_ROUTE_COUNT + query->route];
}

void
db_waiting_take(struct db_waiting *waiting, struct db_query *query)
{
	struct waiting_list *list = list_of(waiting, query);

	TAILQ_REMOVE(&list->queries, query, link);
	list->count--;
	if (TAILQ_EMPTY(&list->queries))
		(void)evtimer_del(list->timer);
}

static void
end_query(struct db_waiting *waiting, struct db_query *query)
{
	db_waiting_take(waiting, query);
	query->outcome = DB_OUTCOME_UNAVAILABLE;
	db_query_finish(query);
}

/*
 * Ends what has waited too long: one after the other, as a hook may start queries, and abandon
 * those that still wait here.
 */
static void
end_expired(struct db_waiting *waiting, struct waiting_list *list, int64_t now_ms)
{
	struct db_query *query;

	while ((query = next_to_expire(list)) != NULL && query->deadline_ms <= now_ms)
		end_query(waiting, query);
}

static void
timer_cb(evutil_socket_t socket, short what, void *context)
{
	struct db_waiting *waiting = context;
	int64_t now_ms = clock_now_ms();

	(void)socket;
	(void)what;
	waiting->dispatch(waiting->pool);
	for (unsigned i = 0; i < LISTS; i++)
		end_expired(waiting, &waiting->lists[i], now_ms);
	for (unsigned i = 0; i < LISTS; i++)
		arm_timer(&waiting->lists[i]);
}

bool
db_waiting_add(struct db_waiting *waiting, struct db_query *query, int64_t timeout_ms)
{
	struct waiting_list *list = list_of(waiting, query);

	if (list->count >= WAITING_MAX)
		return false;
	query->deadline_ms = clock_now_ms() + timeout_ms;
	TAILQ_INSERT_TAIL(&list->queries, query, link);
	list->count++;
	if (list->count == 1)
		arm_timer(list);
	return true;
}

void
db_waiting_add_first(struct db_waiting *waiting, struct db_query *query, int64_t timeout_ms)
{
	struct waiting_list *list = list_of(waiting, query);

	query->deadline_ms = clock_now_ms() + timeout_ms;
	TAILQ_INSERT_HEAD(&list->queries, query, link);
	list->count++;
	/* Brings the loop to timer_cb(), which dispatches. */
	event_active(list->timer, EV_TIMEOUT, 0);
}

struct db_query *
db_waiting_first(const struct db_waiting *waiting, enum db_lane lane, enum db_route route)
{
	return TAILQ_FIRST(&waiting->lists[lane * DB_ROUTE_COUNT + route].queries);
}

unsigned
db_waiting_count(const struct db_waiting *waiting, enum db_lane lane)
{
	unsigned count = 0;

	for (enum db_route route = DB_ROUTE_WRITE; route < DB_ROUTE_COUNT; route++)
		count += waiting->lists[lane * DB_ROUTE_COUNT + route].count;
	return count;
}

void
db_waiting_end(struct db_waiting *waiting)
{
	for (unsigned i = 0; i < LISTS; i++) {
		struct db_query *query;

		while ((query = TAILQ_FIRST(&waiting->lists[i].queries)) != NULL)
			end_query(waiting, query);
	}
}

struct db_waiting *
db_waiting_new(
	struct event_base *base, void (*dispatch)(struct db_pool *pool), struct db_pool *pool)
{
	struct db_waiting *waiting = memory_zeroed(1, sizeof *waiting);

	waiting->pool = pool;
	waiting->dispatch = dispatch;
	for (unsigned i = 0; i < LISTS; i++) {
		struct waiting_list *list = &waiting->lists[i];

		TAILQ_INIT(&list->queries);
		list->timer = evtimer_new(base, timer_cb, waiting);
		if (list->timer == NULL)
			memory_exhausted();
	}
	return waiting;
}

void
db_waiting_free(struct db_waiting *waiting)
{
	for (unsigned i = 0; i < LISTS; i++)
		event_free(waiting->lists[i].timer);
	free(waiting);
}
