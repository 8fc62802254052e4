/*
 * The running daemon: the loop and everything on it, from a loaded configuration to a clean end.
 *
 * Order of calls: daemon_new(), daemon_run(), daemon_free().
 */
#ifndef RECORDINGD_SERVER_DAEMON_H
#define RECORDINGD_SERVER_DAEMON_H

#include "base/error.h"

struct config;
struct daemon;

/* Where the configuration came from, for reloads. Borrowed for the daemon's life. */
struct config_source {
	const char *file;
	bool must_exist;
};

/*
 * Takes over the configuration, also when it fails; opens the listeners and starts connecting to
 * the database. NULL: error says why.
 */
struct daemon *daemon_new(
	struct config *config, const struct config_source *source, struct error *error);
void daemon_free(struct daemon *daemon);

/* Runs until SIGTERM or SIGINT has been served. False when the loop failed. */
bool daemon_run(struct daemon *daemon);

#endif
