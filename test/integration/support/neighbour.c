#include "support/neighbour.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/wait.h"

#define SAMPLES_MAX 200000
#define PAUSE_MS    2
#define ANSWER_MAX  16384

/* Longer than any answer may take. */
#define PATIENCE_S 20

static const char *const requests[] = {
	"GET /recording/cel?from=10&limit=1 HTTP/1.1\r\nHost: x\r\nX-Auth-Token: " DAEMON_TOKEN
	"\r\n\r\n",
	"GET /recording/last_agent?callerNo=0612345678&since=36500 HTTP/1.1\r\nHost: x\r\n"
	"X-Auth-Token: " DAEMON_TOKEN "\r\n\r\n",
};

struct neighbour {
	pthread_t thread;
	atomic_bool stopping;
	bool connects;
	int port;

	/* Of the thread until it is joined. */
	int kept;
	long *samples_us;
	struct neighbour_result result;
};

static long
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int
open_connection(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Whether all of an answer is there. */
static bool
is_complete(const char *answer, size_t length)
{
	const char *end = strstr(answer, "\r\n\r\n");
	const char *field = strstr(answer, "Content-Length: ");

	return end != NULL && field != NULL &&
	       length >= (size_t)(end + 4 - answer) + strtoul(field + 16, NULL, 10);
}

static bool
exchange(int fd, const char *request, char *answer)
{
	size_t length = 0;

	if (fd < 0 || send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
		return snprintf(answer, ANSWER_MAX, "closed") < 0;
	do {
		ssize_t got = recv(fd, answer + length, ANSWER_MAX - 1 - length, 0);

		if (got <= 0) {
			snprintf(answer, ANSWER_MAX, "no answer: %s",
				got == 0 || errno == ECONNRESET ? "closed" : strerror(errno));
			return false;
		}
		length += (size_t)got;
		answer[length] = '\0';
	} while (!is_complete(answer, length));
	return strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
}

static void
ask(struct neighbour *neighbour, long number)
{
	static _Thread_local char answer[ANSWER_MAX];
	bool is_new = neighbour->connects && number % 4 == 3;
	long begin_us = now_us();
	const char *request = requests[number % HARNESS_COUNT(requests)];
	int fd = is_new ? open_connection(neighbour->port) : neighbour->kept;
	bool is_right = exchange(fd, request, answer);

	/* A kept connection may end between two requests, when this machine let nobody run. */
	if (!is_right && !is_new && strstr(answer, "closed") != NULL) {
		close(neighbour->kept);
		neighbour->kept = open_connection(neighbour->port);
		is_right = exchange(neighbour->kept, request, answer);
	}
	if (!is_right && neighbour->result.wrong[0] == '\0')
		snprintf(neighbour->result.wrong, sizeof neighbour->result.wrong, "%s%.200s",
			is_new ? "new connection: " : "", answer);
	neighbour->samples_us[neighbour->result.answers++] = now_us() - begin_us;
	if (is_new && fd >= 0)
		close(fd);
}

static void *
run(void *context)
{
	struct neighbour *neighbour = context;

	while (!atomic_load(&neighbour->stopping) && neighbour->result.answers < SAMPLES_MAX) {
		ask(neighbour, neighbour->result.answers);
		wait_ms(PAUSE_MS);
	}
	return NULL;
}

static void
release(void *context)
{
	struct neighbour *neighbour = context;

	free(neighbour->samples_us);
	free(neighbour);
}

struct neighbour *
neighbour_start(bool connects)
{
	struct neighbour *neighbour = calloc(1, sizeof *neighbour);

	if (neighbour == NULL)
		harness_fail("out of memory");
	scratch_own(neighbour, release);
	neighbour->connects = connects;
	neighbour->port = daemon_port();
	neighbour->kept = open_connection(neighbour->port);
	neighbour->samples_us = calloc(SAMPLES_MAX, sizeof *neighbour->samples_us);
	if (neighbour->samples_us == NULL ||
		pthread_create(&neighbour->thread, NULL, run, neighbour) != 0)
		harness_fail("no thread");
	return neighbour;
}

static int
compare(const void *one, const void *other)
{
	long first = *(const long *)one;
	long second = *(const long *)other;

	return (first > second) - (first < second);
}

const struct neighbour_result *
neighbour_stop(struct neighbour *neighbour)
{
	struct neighbour_result *result = &neighbour->result;
	long *samples = neighbour->samples_us;

	atomic_store(&neighbour->stopping, true);
	pthread_join(neighbour->thread, NULL);
	close(neighbour->kept);
	qsort(samples, (size_t)result->answers, sizeof *samples, compare);
	if (result->answers > 0) {
		result->p50_us = samples[result->answers / 2];
		result->p99_us = samples[result->answers * 99 / 100];
		result->slowest_us = samples[result->answers - 1];
	}
	return result;
}
