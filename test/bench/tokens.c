/*
 * How long recordingd takes to refuse a token, by how much of it is right: for ./dev bench tokens.
 *
 * Wrong tokens of the same length of which no byte is right, half of them, or all but the last, are
 * sent one after the other on one connection, each kind as often, in an order of chance. The time
 * of an answer is noisy, its mean over hundreds of thousands is not: Welch's t between a kind and
 * the first says whether their means differ. Beyond 4.5 they do, as dudect has it. Two more kinds
 * show that this sees what there is to be seen: the first once more, which must not differ, and one
 * that is 64 bytes longer, which takes one more round of SHA-256.
 *
 * tokens --port N --token TEXT --samples N
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KIND_NONE, KIND_NONE_AGAIN, KIND_HALF, KIND_ALL_BUT_ONE, KIND_LONGER, KIND_COUNT };

static const char *const names[KIND_COUNT] = { "no byte right", "no byte right, again",
	"half of the bytes right", "all bytes right but the last", "64 bytes longer" };

/* The slowest tenth is the machine's doing: interrupts, other processes. */
#define KEPT_PERCENT 90

/* Before the first sample that counts. */
#define WARM_SAMPLES 2000

#define REQUEST_MAX  1024
#define LONGER_BYTES 64

struct kind {
	char request[REQUEST_MAX];
	size_t length;
	uint32_t *samples_ns;
	size_t count;
	double mean;
	double variance;
};

static struct kind kinds[KIND_COUNT];

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "tokens: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		fail("clock");
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int
open_socket(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		fail("connect");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

/* right bytes of the token, others that differ in every bit that may, and some more behind. */
static void
prepare(struct kind *kind, const char *token, size_t right, size_t more, size_t samples)
{
	char wrong[REQUEST_MAX / 2];
	size_t length = strlen(token);
	int written;

	for (size_t i = 0; i < length; i++)
		wrong[i] = token[i];
	for (size_t i = right; i < length; i++)
		wrong[i] = token[i] == 'x' ? 'y' : 'x';
	memset(wrong + length, 'x', more);
	wrong[length + more] = '\0';
	written = snprintf(kind->request, sizeof kind->request,
		"GET /recording/cel HTTP/1.1\r\nHost: bench\r\nX-Auth-Token: %s\r\n\r\n", wrong);
	kind->length = (size_t)written;
	kind->samples_ns = calloc(samples, sizeof *kind->samples_ns);
	if (kind->samples_ns == NULL)
		fail("memory");
}

/* An answer of 401 comes in one piece. */
static uint32_t
ask(int fd, const struct kind *kind)
{
	char answer[2048];
	uint64_t begin = now_ns();
	ssize_t length;

	if (send(fd, kind->request, kind->length, MSG_NOSIGNAL) != (ssize_t)kind->length)
		fail("send");
	length = recv(fd, answer, sizeof answer - 1, 0);
	if (length <= 0)
		fail("recv");
	answer[length] = '\0';
	if (strncmp(answer, "HTTP/1.1 401 ", 13) != 0 || answer[length - 1] != '}') {
		fprintf(stderr, "tokens: not a whole 401: %.100s\n", answer);
		exit(EXIT_FAILURE);
	}
	return (uint32_t)(now_ns() - begin);
}

/* One of each kind, in an order of chance, until all have their samples. */
static void
measure(int fd, size_t samples)
{
	int order[KIND_COUNT];

	for (int i = 0; i < KIND_COUNT; i++)
		order[i] = i;
	for (int i = 0; i < WARM_SAMPLES; i++)
		(void)ask(fd, &kinds[i % KIND_COUNT]);
	for (size_t round = 0; round < samples; round++) {
		for (int i = KIND_COUNT - 1; i > 0; i--) {
			int other = (int)(random() % (i + 1));
			int kept = order[i];

			order[i] = order[other];
			order[other] = kept;
		}
		for (int i = 0; i < KIND_COUNT; i++) {
			struct kind *kind = &kinds[order[i]];

			kind->samples_ns[kind->count++] = ask(fd, kind);
		}
	}
}

static int
compare(const void *one, const void *other)
{
	uint32_t first = *(const uint32_t *)one;
	uint32_t second = *(const uint32_t *)other;

	return (first > second) - (first < second);
}

/* The same cut for all: each its own would hide what shows in the slow ones. */
static uint32_t
find_cut(size_t samples)
{
	uint32_t *all = calloc(samples * KIND_COUNT, sizeof *all);
	uint32_t cut;

	if (all == NULL)
		fail("memory");
	for (size_t i = 0; i < KIND_COUNT; i++)
		memcpy(all + i * samples, kinds[i].samples_ns, samples * sizeof *all);
	qsort(all, samples * KIND_COUNT, sizeof *all, compare);
	cut = all[samples * KIND_COUNT / 100 * KEPT_PERCENT];
	free(all);
	return cut;
}

static void
summarize(struct kind *kind, uint32_t cut)
{
	double sum = 0;
	double squares = 0;
	size_t kept = 0;

	qsort(kind->samples_ns, kind->count, sizeof *kind->samples_ns, compare);
	while (kept < kind->count && kind->samples_ns[kept] <= cut)
		sum += kind->samples_ns[kept++];
	kind->mean = sum / (double)kept;
	for (size_t i = 0; i < kept; i++) {
		double distance = kind->samples_ns[i] - kind->mean;

		squares += distance * distance;
	}
	kind->variance = squares / (double)(kept - 1) / (double)kept; /* of the mean */
}

static void
report(size_t samples)
{
	uint32_t cut = find_cut(samples);

	printf("%-30s %9s %9s %9s %9s %12s %8s\n", "", "p10", "p50", "p90", "mean", "difference",
		"t");
	for (int i = 0; i < KIND_COUNT; i++) {
		struct kind *kind = &kinds[i];
		double error;

		summarize(kind, cut);
		error = sqrt(kind->variance + kinds[KIND_NONE].variance);
		printf("%-30s %9u %9u %9u %9.0f", names[i], kind->samples_ns[samples / 10],
			kind->samples_ns[samples / 2], kind->samples_ns[samples / 10 * 9],
			kind->mean);
		if (i != KIND_NONE)
			printf(" %5.0f +- %3.0f %8.2f", kind->mean - kinds[KIND_NONE].mean, error,
				(kind->mean - kinds[KIND_NONE].mean) / error);
		putchar('\n');
	}
	printf("Nanoseconds; %zu answers of each kind, of which the slowest tenth is left out of "
	       "the means. The means differ when t is beyond 4.5.\n",
		samples);
}

int
main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "token", required_argument, NULL, 't' },
		{ "samples", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	const char *token = "";
	size_t samples = 0;
	size_t length;
	int port = 0;
	int option;
	int fd;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'p')
			port = atoi(optarg);
		else if (option == 't')
			token = optarg;
		else if (option == 's')
			samples = strtoul(optarg, NULL, 10);
		else
			exit(2);
	}
	length = strlen(token);
	if (port == 0 || length < 2 || length > REQUEST_MAX / 2 - LONGER_BYTES - 1 ||
		samples < 100) {
		fprintf(stderr, "tokens: --port, --token and --samples are needed\n");
		exit(2);
	}
	prepare(&kinds[KIND_NONE], token, 0, 0, samples);
	prepare(&kinds[KIND_NONE_AGAIN], token, 0, 0, samples);
	prepare(&kinds[KIND_HALF], token, length / 2, 0, samples);
	prepare(&kinds[KIND_ALL_BUT_ONE], token, length - 1, 0, samples);
	prepare(&kinds[KIND_LONGER], token, 0, LONGER_BYTES, samples);
	fd = open_socket(port);
	measure(fd, samples);
	report(samples);
	close(fd);
	for (int i = 0; i < KIND_COUNT; i++)
		free(kinds[i].samples_ns);
	return EXIT_SUCCESS;
}
