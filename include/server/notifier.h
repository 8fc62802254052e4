/*
 * Word to the service manager: the protocol of sd_notify(3), datagrams to the socket that
 * NOTIFY_SOCKET names. Without it every function here does nothing.
 *
 * The protocol is spoken here and not by libsystemd, whose sd_notify() waits when the manager does
 * not read, which it does not while it reloads its units: nothing on the loop may wait. Here what
 * the socket does not take is tried again, the changes of state in their order. The library would
 * also load four for compression and encryption into a process that speaks with strangers.
 *
 * Order of calls: notifier_new(), notifier_ready(), then reloading and ready around each reload,
 * notifier_stopping(), notifier_free().
 */
#ifndef RECORDINGD_SERVER_NOTIFIER_H
#define RECORDINGD_SERVER_NOTIFIER_H

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct notifier;

#define NOTIFIER_STATUS_SIZE 256

/*
 * describe writes the status line of the service, one line of UTF-8; it is asked every second and
 * after each change of state, and the manager is told when the line has changed. When
 * WATCHDOG_USEC asks for signs of life, they come from the loop, twice in that time.
 */
struct notifier *notifier_new(struct event_base *base,
	void (*describe)(void *context, char status[static NOTIFIER_STATUS_SIZE]), void *context);
void notifier_free(struct notifier *notifier);

/* Serving, after the start or a reload. */
void notifier_ready(struct notifier *notifier);

void notifier_reloading(struct notifier *notifier);

/* The end has begun, and may take so long; the manager is asked for some more time than that. */
void notifier_stopping(struct notifier *notifier, int64_t longest_ms);

#endif
