/*
 * The horizon: up to which id the channel event log is settled.
 *
 * Several Asterisk servers insert at once. Each takes its id when it inserts and shows its row when
 * it commits, so a lower id can appear after a higher one was read. A row is given out only when no
 * lower id can still appear: when it is at or below the horizon.
 *
 * Ids that follow the horizon without a hole move it at once. Where ids are missing, only
 * transactions that hold RowExclusiveLock on cel can still fill them: an INSERT takes that lock
 * before its ids and keeps it to its end. So the highest id that was seen is noted together with
 * the transactions that held the lock afterwards; once they have all ended, what is missing up to
 * that id never comes. Those that began later do not count.
 *
 * This is the reckoning alone: it asks nobody and has no clock. Order of calls for each look at the
 * database: horizon_begin(), horizon_server(), horizon_writer() for each lock holder, horizon_end()
 * with the highest id that was visible before the holders were read.
 */
#ifndef RECORDINGD_CEL_HORIZON_H
#define RECORDINGD_CEL_HORIZON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct horizon;

/* A virtual transaction id such as "12/3456", or "-1/3456" for a prepared one. */
#define HORIZON_WRITER_SIZE 32

/* When a server started: it tells one server from another, and from itself before a restart. */
#define HORIZON_SERVER_SIZE 32

struct horizon_settings {
	int64_t gap_timeout_us; /* a writer that is known for longer is no longer waited for */
	int64_t settle_time_us; /* on a standby, which does not see writers */
};

struct horizon *horizon_new(const struct horizon_settings *settings);
void horizon_free(struct horizon *horizon);
void horizon_set_settings(struct horizon *horizon, const struct horizon_settings *settings);

/* Whether anything is known; before, horizon_id() is 0. */
bool horizon_is_known(const struct horizon *horizon);

/* Every id up to this one is settled. */
int64_t horizon_id(const struct horizon *horizon);

/* Rows up to id follow the horizon without a hole. */
void horizon_extend(struct horizon *horizon, int64_t id);

/* A look at the writers begins. */
void horizon_begin(struct horizon *horizon);

/*
 * Whose writers they are. A server that has restarted, or another one, gives the same names to
 * other transactions: those that were known are forgotten, and what was noted with them is noted
 * anew.
 */
void horizon_server(struct horizon *horizon, const char *name);

void horizon_writer(struct horizon *horizon, const char *name, int64_t now_us);

/*
 * It ends: highest is the highest id that was visible before the first horizon_writer(), 0 without
 * rows. The horizon moves as far as it can. Returns true when it moved past a writer that is still
 * there but is no longer waited for; its name is then in writer.
 */
bool horizon_end(struct horizon *horizon, int64_t highest, bool is_standby, int64_t now_us,
	char writer[HORIZON_WRITER_SIZE]);

/* The table is another one: nothing is known. */
void horizon_reset(struct horizon *horizon);

/* Whether a look at the writers could move it: something above is noted. */
bool horizon_is_waiting(const struct horizon *horizon);

#endif
