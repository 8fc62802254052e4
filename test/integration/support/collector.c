#include "support/collector.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/wait.h"

#define BUFFER_BYTES (2 << 20)

struct collector {
	enum collector_kind kind;
	bool restarts;
	int port;
	unsigned seed;
	pthread_t thread;

	/* Of the thread until it is joined. */
	int fd;
	char *buffer;
	size_t length;
	long next;
	long *ids;
	size_t count, room;
	char failure[256];

	atomic_long newest;
	atomic_bool stopping;
};

static void
note_failure(struct collector *collector, const char *what)
{
	if (collector->failure[0] == '\0')
		snprintf(collector->failure, sizeof collector->failure, "%s (next id %ld)", what,
			collector->next);
}

static void
take_id(struct collector *collector, long id)
{
	if (collector->count == collector->room) {
		collector->room = collector->room == 0 ? 1024 : collector->room * 2;
		collector->ids = realloc(collector->ids, collector->room * sizeof(long));
		if (collector->ids == NULL)
			abort();
	}
	collector->ids[collector->count++] = id;
	collector->next = id + 1;
	atomic_store(&collector->newest, id);
}

static bool
open_connection(struct collector *collector)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)collector->port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	struct timeval limit = { .tv_usec = 200000 };

	collector->length = 0;
	collector->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(collector->fd, (struct sockaddr *)&address, sizeof address) != 0) {
		close(collector->fd);
		collector->fd = -1;
		return false;
	}
	setsockopt(collector->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	return true;
}

static void
close_connection(struct collector *collector)
{
	if (collector->fd >= 0)
		close(collector->fd);
	collector->fd = -1;
}

static bool
send_request(struct collector *collector)
{
	static const char *const queries[] = {
		[COLLECTOR_PLAIN] = "?limit=700&from=",
		[COLLECTOR_WAIT] = "?wait=1&from=",
		[COLLECTOR_LINES] = "?wait=1&limit=50&from=",
		[COLLECTOR_STREAM] = "/stream?from=",
	};
	char request[512];
	int length = snprintf(request, sizeof request,
		"GET /recording/cel%s%ld HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN
		"\r\n%s\r\n",
		queries[collector->kind], collector->next,
		collector->kind == COLLECTOR_LINES ? "Accept: application/x-ndjson\r\n" : "");

	return send(collector->fd, request, (size_t)length, MSG_NOSIGNAL) == length;
}

/* 1: bytes came, 0: none in time, -1: the end. */
static int
receive(struct collector *collector)
{
	ssize_t got = recv(collector->fd, collector->buffer + collector->length,
		BUFFER_BYTES - collector->length, 0);

	if (got > 0) {
		collector->length += (size_t)got;
		collector->buffer[collector->length] = '\0';
		return 1;
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/*
 * Takes the ids that stand behind a mark; quotes inside values are escaped, so it is unique. Not
 * strstr(): under AddressSanitizer each call measures all of the rest, for every id anew.
 */
static void
take_ids(struct collector *collector, const char *text, const char *end, const char *mark)
{
	size_t length = strlen(mark);

	while ((text = memmem(text, (size_t)(end - text), mark, length)) != NULL) {
		text += length;
		take_id(collector, strtol(text, NULL, 10));
	}
}

/* The whole reply, or NULL when the connection ends or the collector stops. */
static char *
receive_reply(struct collector *collector)
{
	char *body = NULL;
	size_t wanted = 0;

	collector->length = 0;
	collector->buffer[0] = '\0';
	while (body == NULL || collector->length < wanted) {
		int got = receive(collector);

		if (got < 0 || (got == 0 && atomic_load(&collector->stopping)))
			return NULL;
		if (body == NULL && (body = strstr(collector->buffer, "\r\n\r\n")) != NULL) {
			const char *field = strcasestr(collector->buffer, "Content-Length:");

			body += 4;
			wanted = (size_t)(body - collector->buffer) +
				 (field == NULL ? 0 : strtoul(field + 15, NULL, 10));
		}
	}
	return body;
}

/* One request and its reply. False when the connection is no longer good. */
static bool
poll_once(struct collector *collector)
{
	size_t before = collector->count;
	char *body;

	if (!send_request(collector))
		return false;
	body = receive_reply(collector);
	if (body == NULL)
		return false;
	if (strncmp(collector->buffer, "HTTP/1.1 200 ", 13) != 0) {
		collector->buffer[100] = '\0';
		note_failure(collector, collector->buffer);
		return false;
	}
	take_ids(collector, body, collector->buffer + collector->length, "{\"id\":\"");
	if (collector->kind == COLLECTOR_PLAIN && collector->count == before)
		wait_ms(rand_r(&collector->seed) % 15);
	return !collector->restarts || rand_r(&collector->seed) % 20 != 0;
}

/* Complete events; what is left of the last one stays. */
static void
take_events(struct collector *collector)
{
	char *end = NULL;
	char *next = collector->buffer;
	const char *last = collector->buffer + collector->length;

	while ((next = memmem(next, (size_t)(last - next), "\n\n", 2)) != NULL) {
		next += 2;
		end = next;
	}
	if (end == NULL)
		return;
	end[-1] = '\0';
	take_ids(collector, collector->buffer, end, "\nid: ");
	/* The line feed before the next event stays with it. */
	collector->length -= (size_t)(end - collector->buffer);
	memmove(collector->buffer + 1, end, collector->length + 1);
	collector->buffer[0] = '\n';
	collector->length++;
}

static void
follow_stream(struct collector *collector)
{
	unsigned reads = 0, reads_max = 20 + (unsigned)rand_r(&collector->seed) % 200;

	if (!send_request(collector))
		return;
	while (!atomic_load(&collector->stopping)) {
		if (receive(collector) < 0)
			return;
		take_events(collector);
		if (collector->restarts && ++reads == reads_max)
			return;
	}
}

static void *
run(void *context)
{
	struct collector *collector = context;

	while (!atomic_load(&collector->stopping) && collector->failure[0] == '\0') {
		if (!open_connection(collector)) {
			wait_ms(20);
			continue;
		}
		if (collector->kind == COLLECTOR_STREAM) {
			follow_stream(collector);
		} else {
			while (!atomic_load(&collector->stopping) && poll_once(collector))
				;
		}
		close_connection(collector);
	}
	return NULL;
}

struct collector *
collector_start(enum collector_kind kind, long first, bool restarts)
{
	static unsigned seeds;
	struct collector *collector = calloc(1, sizeof *collector);

	if (collector == NULL || (collector->buffer = malloc(BUFFER_BYTES + 1)) == NULL)
		harness_fail("out of memory");
	collector->kind = kind;
	collector->restarts = restarts;
	collector->next = first;
	collector->port = daemon_port();
	collector->seed = ++seeds;
	collector->fd = -1;
	if (pthread_create(&collector->thread, NULL, run, collector) != 0)
		harness_fail("no thread");
	return collector;
}

bool
collector_await(struct collector *collector, long last, long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;

	while (atomic_load(&collector->newest) < last && wait_now_ms() < deadline_ms)
		wait_ms(5);
	return atomic_load(&collector->newest) >= last;
}

void
collectors_stop(struct collector **collectors, int count)
{
	for (int i = 0; i < count; i++)
		atomic_store(&collectors[i]->stopping, true);
	for (int i = 0; i < count; i++)
		pthread_join(collectors[i]->thread, NULL);
}

const long *
collector_ids(const struct collector *collector, size_t *count)
{
	*count = collector->count;
	return collector->ids;
}

const char *
collector_failure(const struct collector *collector)
{
	return collector->failure;
}

void
collector_expect(const struct collector *collector, int number, long first, PGconn *session)
{
	PGresult *result = PQexec(
		session, scratch_format("SELECT id FROM cel WHERE id >= %ld ORDER BY id", first));
	size_t wanted_count = (size_t)PQntuples(result);

	ck_assert_msg(
		collector->failure[0] == '\0', "collector %d: %s", number, collector->failure);
	for (size_t i = 0; i < collector->count && i < wanted_count; i++) {
		long wanted = atol(PQgetvalue(result, (int)i, 0));

		ck_assert_msg(collector->ids[i] == wanted,
			"collector %d (kind %d): row %zu has id %ld instead of %ld", number,
			collector->kind, i, collector->ids[i], wanted);
	}
	ck_assert_msg(collector->count == wanted_count, "collector %d: %zu rows instead of %zu",
		number, collector->count, wanted_count);
	PQclear(result);
}

void
collector_free(struct collector *collector)
{
	free(collector->ids);
	free(collector->buffer);
	free(collector);
}
