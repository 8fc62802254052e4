/*
 * Streaming standbys beside the test cluster, at most STANDBYS_MAX: each a copy of it with a socket
 * of its own, and a hot standby until it is promoted. They end with the program.
 */
#ifndef RECORDINGD_TEST_STANDBY_H
#define RECORDINGD_TEST_STANDBY_H

#include <stdbool.h>

#define STANDBYS_MAX 4

struct standby;

/*
 * Copies the cluster, starts the copy and waits until it can be asked. The name is also the one by
 * which synchronous_standby_names knows it. From now on commits in the test database are flushed at
 * once, as only what is flushed is sent. Failure ends the program, here and below.
 */
struct standby *standby_create(const char *name);

/* Again after a stop. */
void standby_start(struct standby *standby);

/* Ends it, dropping its clients; nothing when it does not run. */
void standby_stop(struct standby *standby);

/* Stops its processes as they are: its clients see nothing but silence. Ends with false. */
void standby_freeze(struct standby *standby, bool is_frozen);

/* Makes it a primary; returns when it takes writes. */
void standby_promote(struct standby *standby);

/* From now on it follows this one instead of the cluster. */
void standby_follow(struct standby *standby, const struct standby *primary);

/* Waits until it shows all that the cluster has committed. */
void standby_await(struct standby *standby);

/* Holds the replay where it is, or lets it go on. */
void standby_pause_replay(struct standby *standby, bool is_paused);

/* The folder of its socket, as a host for libpq. */
char *standby_host(const struct standby *standby);
char *standby_conninfo(const struct standby *standby, const char *user, const char *database);

/* One value, asked as the superuser; lives until the test ends. */
char *standby_value(struct standby *standby, const char *statement);

void standbys_stop(void);

#endif
