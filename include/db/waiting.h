/*
 * The queries that wait for a connection, and for how long: inside src/db only.
 *
 * There is a list for each lane and route: in front those that were sent already and lost their
 * connection, behind them the others, the oldest first. A query is owned by its list until it is
 * taken out; when its time is over it ends as DB_OUTCOME_UNAVAILABLE, from the loop. Its hook may
 * add queries, and take out any of those that still wait.
 */
#ifndef RECORDINGD_DB_WAITING_H
#define RECORDINGD_DB_WAITING_H

#include "db/query.h"

struct db_waiting;

/* dispatch: called from the loop before anybody's time is over; it sends what can be sent. */
struct db_waiting *db_waiting_new(
	struct event_base *base, void (*dispatch)(struct db_pool *pool), struct db_pool *pool);

/* After db_waiting_end(). */
void db_waiting_free(struct db_waiting *waiting);

/* Behind the others. False: too many wait already, and the query is still the caller's. */
bool db_waiting_add(
	struct db_waiting *waiting, struct db_query *query, int64_t timeout_ms) MUST_CHECK;

/* In front of the others, however many there are; dispatch is called at the next turn. */
void db_waiting_add_first(struct db_waiting *waiting, struct db_query *query, int64_t timeout_ms);

/* The query is the caller's now. */
void db_waiting_take(struct db_waiting *waiting, struct db_query *query);

/* The next one to be sent; NULL: nobody waits there. */
struct db_query *db_waiting_first(
	const struct db_waiting *waiting, enum db_lane lane, enum db_route route);

unsigned db_waiting_count(const struct db_waiting *waiting, enum db_lane lane);

/* Ends all as unavailable. */
void db_waiting_end(struct db_waiting *waiting);

#endif
