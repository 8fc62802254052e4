/*
 * What systemd does for a service, in small: a notify socket, listening sockets that it keeps open
 * and passes to each daemon that it starts. Everything is closed at the end of the test.
 *
 * Daemons that are started here are the test's own: they have nothing to do with daemon.h's but the
 * log file and the form of the configuration.
 */
#ifndef RECORDINGD_TEST_SERVICE_MANAGER_H
#define RECORDINGD_TEST_SERVICE_MANAGER_H

#include <stdbool.h>
#include <sys/types.h>

struct service_manager;

/* Its notify socket is a file, or has an abstract address. */
struct service_manager *service_manager_new(bool is_abstract);

/* Opens a listening socket to be passed, and what to call it; the port of 127.0.0.1. */
int service_manager_listen(struct service_manager *manager, const char *name);
void service_manager_listen_unix(
	struct service_manager *manager, const char *path, const char *name);

/* A descriptor of any kind to be passed; the manager closes it. */
void service_manager_pass(struct service_manager *manager, int descriptor, const char *name);

/*
 * Starts a daemon with a configuration text, and variables in the form of process.h behind those of
 * the protocol; NULL: none.
 */
pid_t service_manager_start(
	struct service_manager *manager, const char *configuration, const char *const *variables);

/*
 * Reads words until one has a line that begins with text: that datagram; NULL when none comes in
 * time. What was read before it is forgotten.
 */
char *service_manager_word(struct service_manager *manager, const char *text, long timeout_ms);

/* Forgets what has come. The number of datagrams. */
int service_manager_forget(struct service_manager *manager);

/* Tells the daemon to end and waits for it: its exit status. */
int service_manager_stop(pid_t pid);

#endif
