#include "server/notifier.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

/* How often the status is looked at. */
#define STATUS_MS 1000

/* Pause before what the socket did not take is sent again. */
#define RETRY_MS 100

/* Closing what is left takes a moment, behind the time that requests have. */
#define STOP_SLACK_MS 10000

/*
 * Changes of state that wait for the socket. Of more than that the oldest are of no interest: what
 * counts is the last one.
 */
#define CHANGES_MAX 8

#define CHANGE_SIZE 96

struct notifier {
	void (*describe)(void *context, char status[static NOTIFIER_STATUS_SIZE]);
	void *context; /* borrowed */

	/* Owned. */
	int socket; /* -1: nobody wants to know */
	struct event *retry_timer;
	struct event *status_timer;
	struct event *watchdog_timer; /* NULL: no watchdog */

	struct sockaddr_un address;
	socklen_t address_length;

	/* What the socket has not taken yet. */
	char changes[CHANGES_MAX][CHANGE_SIZE];
	unsigned change_count;
	bool owes_status;
	bool owes_sign_of_life;

	char status[NOTIFIER_STATUS_SIZE]; /* that was told last */
	bool has_failed;		   /* for the log: once is enough */
};

/* A path, or "@" and a name in the abstract namespace. */
static bool
parse_address(struct notifier *notifier, const char *text)
{
	size_t length = strlen(text);

	if ((*text != '/' && *text != '@') || length < 2 ||
		length >= sizeof notifier->address.sun_path)
		return false;
	notifier->address.sun_family = AF_UNIX;
	memcpy(notifier->address.sun_path, text, length);
	if (*text == '@')
		notifier->address.sun_path[0] = '\0';
	notifier->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length +
					       (*text == '/'));
	return true;
}

/*
 * False: the socket is full, try again later. Whatever else goes wrong will go wrong again, and
 * recordingd serves without its manager too.
 */
static bool
send_text(struct notifier *notifier, const char *text)
{
	if (sendto(notifier->socket, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		    (const struct sockaddr *)&notifier->address, notifier->address_length) >= 0) {
		notifier->has_failed = false;
		return true;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == EINTR)
		return false;
	if (!notifier->has_failed)
		log_write(
			LOG_LEVEL_WARNING, "cannot reach the service manager: %s", strerror(errno));
	notifier->has_failed = true;
	return true;
}

static bool
send_changes(struct notifier *notifier)
{
	unsigned sent = 0;

	while (sent < notifier->change_count && send_text(notifier, notifier->changes[sent]))
		sent++;
	notifier->change_count -= sent;
	memmove(notifier->changes, notifier->changes[sent],
		(size_t)notifier->change_count * CHANGE_SIZE);
	return notifier->change_count == 0;
}

static bool
send_status(struct notifier *notifier)
{
	char text[sizeof "STATUS=" + NOTIFIER_STATUS_SIZE];

	snprintf(text, sizeof text, "STATUS=%s", notifier->status);
	return send_text(notifier, text);
}

/* Sends what is owed, as far as the socket takes it. */
static void
flush(struct notifier *notifier)
{
	struct timeval pause = clock_timeval(RETRY_MS);
	bool takes_more = notifier->socket >= 0 && send_changes(notifier);

	if (takes_more && notifier->owes_sign_of_life) {
		takes_more = send_text(notifier, "WATCHDOG=1");
		notifier->owes_sign_of_life = !takes_more;
	}
	if (takes_more && notifier->owes_status) {
		takes_more = send_status(notifier);
		notifier->owes_status = !takes_more;
	}
	if (notifier->socket >= 0 && !takes_more && evtimer_add(notifier->retry_timer, &pause) != 0)
		memory_exhausted();
}

static void
retry_cb(evutil_socket_t socket, short what, void *context)
{
	(void)socket;
	(void)what;
	flush(context);
}

static void
update_status(struct notifier *notifier)
{
	char status[NOTIFIER_STATUS_SIZE];

	notifier->describe(notifier->context, status);
	if (strcmp(status, notifier->status) == 0)
		return;
	memcpy(notifier->status, status, sizeof status);
	notifier->owes_status = true;
}

static void
status_cb(evutil_socket_t socket, short what, void *context)
{
	(void)socket;
	(void)what;
	update_status(context);
	flush(context);
}

static void
watchdog_cb(evutil_socket_t socket, short what, void *context)
{
	struct notifier *notifier = context;

	(void)socket;
	(void)what;
	notifier->owes_sign_of_life = true;
	flush(notifier);
}

static void
tell_change(struct notifier *notifier, const char *text)
{
	if (notifier->socket < 0)
		return;
	if (notifier->change_count == CHANGES_MAX) {
		notifier->change_count--;
		memmove(notifier->changes, notifier->changes[1],
			(size_t)notifier->change_count * CHANGE_SIZE);
	}
	snprintf(notifier->changes[notifier->change_count++], CHANGE_SIZE, "%s", text);
	update_status(notifier);
	flush(notifier);
}

void
notifier_ready(struct notifier *notifier)
{
	tell_change(notifier, "READY=1");
}

void
notifier_reloading(struct notifier *notifier)
{
	char text[CHANGE_SIZE];

	/* The manager tells by the time that this is not a word of an earlier reload. */
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_now_us());
	tell_change(notifier, text);
}

void
notifier_stopping(struct notifier *notifier, int64_t longest_ms)
{
	char text[CHANGE_SIZE];

	snprintf(text, sizeof text, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRId64,
		(longest_ms + STOP_SLACK_MS) * 1000);
	tell_change(notifier, text);
}

static struct event *
new_timer(struct event_base *base, event_callback_fn callback, struct notifier *notifier,
	int64_t every_ms)
{
	struct timeval period = clock_timeval(every_ms);
	struct event *timer = event_new(
		base, -1, every_ms > 0 ? EV_PERSIST : 0, callback, notifier);

	if (timer == NULL || (every_ms > 0 && event_add(timer, &period) != 0))
		memory_exhausted();
	return timer;
}

/* Half the time after which the manager takes the process for stuck; 0: it does not watch. */
static int64_t
watchdog_period_ms(void)
{
	const char *time = getenv("WATCHDOG_USEC");
	const char *process = getenv("WATCHDOG_PID");
	long long time_us;

	if (time == NULL || (process != NULL && strtol(process, NULL, 10) != getpid()))
		return 0;
	time_us = strtoll(time, NULL, 10);
	if (time_us <= 0)
		return 0;
	return time_us < 2000 ? 1 : time_us / 2000;
}

static void
open_socket(struct notifier *notifier)
{
	const char *address = getenv("NOTIFY_SOCKET");

	notifier->socket = -1;
	if (address == NULL || *address == '\0')
		return;
	if (!parse_address(notifier, address)) {
		log_write(LOG_LEVEL_WARNING,
			"NOTIFY_SOCKET is neither a path nor an abstract address: the service "
			"manager is told nothing");
		return;
	}
	notifier->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notifier->socket < 0)
		log_write(LOG_LEVEL_WARNING, "no socket for the service manager: %s",
			strerror(errno));
}

struct notifier *
notifier_new(struct event_base *base,
	void (*describe)(void *context, char status[static NOTIFIER_STATUS_SIZE]), void *context)
{
	struct notifier *notifier = memory_zeroed(1, sizeof *notifier);
	int64_t watchdog_ms = watchdog_period_ms();

	notifier->describe = describe;
	notifier->context = context;
	open_socket(notifier);
	if (notifier->socket < 0)
		return notifier;
	notifier->retry_timer = new_timer(base, retry_cb, notifier, 0);
	notifier->status_timer = new_timer(base, status_cb, notifier, STATUS_MS);
	if (watchdog_ms > 0)
		notifier->watchdog_timer = new_timer(base, watchdog_cb, notifier, watchdog_ms);
	return notifier;
}

void
notifier_free(struct notifier *notifier)
{
	if (notifier == NULL)
		return;
	if (notifier->socket >= 0) {
		(void)close(notifier->socket);
		event_free(notifier->retry_timer);
		event_free(notifier->status_timer);
	}
	if (notifier->watchdog_timer != NULL)
		event_free(notifier->watchdog_timer);
	free(notifier);
}
