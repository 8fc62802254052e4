/*
 * A load generator for ./dev bench: many keep-alive connections, one request under way on each, one
 * thread. It reads every byte into a large buffer and checks each answer's status and length, and
 * does nothing else, so that little of the machine is taken from the servers it measures.
 *
 * load --port N --connections N --seconds S --request FILE
 *   FILE is one raw request. Prints: requests seconds requests/s p50_us p99_us bytes/s
 *   With --random N the word RANDOM in it becomes a number below N, another one each time.
 * load --port N --connections N --seconds S [--warm S] --requests FILE
 *   FILE has a line for each request: method, target and perhaps a body, separated by tabs. Each
 *   request sent is one of them, in the same order of chance in each run. Answers that end in the
 *   first S seconds are not counted; those under way at the end are waited for. 404 is an answer,
 *   5xx too, but these are counted: the line printed ends with how many, and the longest time in
 *   microseconds.
 * load --port N --connections N --count N [--every N] --mix FILE
 *   FILE has a line for each request: the status of its answer, method, target, header fields with
 *   " | " between them, and a body, separated by tabs. N requests are sent, each one of the lines
 *   by chance; another status ends the program. Prints how many answers there are, once --every of
 *   them, and in the end "all" with how many had each status.
 * load --port N --connections N --idle --request FILE
 *   Sends the request once on each connection, prints "idle", and keeps them open until its
 *   standard input ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX     4096
#define BUFFER_BYTES (1 << 16)
#define EVENTS_MAX   256
#define REQUEST_MAX  4096

/* Latencies are counted in buckets of a microsecond up to 20 seconds; longer ones in the last. */
#define LATENCY_BUCKETS 20000000

#define STATUS_MAX 600

struct request {
	char *bytes;
	size_t length;
	int status; /* of its answer; 0: not known */
};

struct client {
	int socket;
	char head[HEAD_MAX];
	size_t head_length;
	uint64_t body_left;
	bool in_body;
	int64_t sent_us;
	const struct request *request; /* of --requests or --mix */
};

struct options {
	int port;
	int connections;
	double seconds;
	long random; /* 0: none */
	double warm_seconds;
	bool is_idle;
	char request[REQUEST_MAX];
	size_t request_length;
	struct request *requests; /* of --requests or --mix */
	size_t request_count;
	uint64_t count; /* of --mix */
	uint64_t every;
};

static char buffer[BUFFER_BYTES];
static uint32_t latencies[LATENCY_BUCKETS + 1];
static uint64_t answers;
static uint64_t received_bytes;
static uint64_t refusals;
static uint64_t statuses[STATUS_MAX];
static bool may_refuse;
static int64_t counted_from_us;
static int64_t longest_us;

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int64_t
now_us(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		fail("clock");
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The request with a number of its own; the same numbers in each run. */
static size_t
randomize(const struct options *options, char *request)
{
	const char *word = strstr(options->request, "RANDOM");

	return (size_t)snprintf(request, REQUEST_MAX, "%.*s%ld%s", (int)(word - options->request),
		options->request, random() % options->random, word + strlen("RANDOM"));
}

static void
send_request(struct client *client, const struct options *options)
{
	char randomized[REQUEST_MAX];
	const char *request = options->request;
	size_t length = options->request_length;

	if (options->random > 0) {
		length = randomize(options, randomized);
		request = randomized;
	}
	if (options->request_count > 0) {
		const struct request *chosen =
			&options->requests[(size_t)random() % options->request_count];

		client->request = chosen;
		request = chosen->bytes;
		length = chosen->length;
	}
	client->head_length = 0;
	client->in_body = false;
	client->sent_us = now_us();
	/* A request is far smaller than an empty socket buffer. */
	if (send(client->socket, request, length, MSG_NOSIGNAL) != (ssize_t)length)
		fail("send");
}

static void
open_client(struct client *client, const struct options *options, int epoll)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)options->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
	int one = 1;

	client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->socket < 0 ||
		connect(client->socket, (struct sockaddr *)&address, sizeof address) != 0)
		fail("connect");
	(void)setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (fcntl(client->socket, F_SETFL, O_NONBLOCK) != 0 ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, client->socket, &event) != 0)
		fail("epoll");
	send_request(client, options);
}

static bool
is_expected(const char *head, const struct request *request)
{
	if (request != NULL && request->status != 0) {
		int status = atoi(head + strlen("HTTP/1.1 "));

		if (strncmp(head, "HTTP/1.1 ", 9) != 0 || status != request->status)
			return false;
		statuses[status]++;
		return true;
	}
	if (strncmp(head, "HTTP/1.1 20", 11) == 0)
		return true;
	if (!may_refuse)
		return false;
	if (strncmp(head, "HTTP/1.1 5", 10) == 0) {
		refusals++;
		return true;
	}
	return strncmp(head, "HTTP/1.1 404", 12) == 0;
}

/* The head is complete: it must say that all is well and how long the body is. */
static void
parse_head(struct client *client)
{
	const char *length;

	client->head[client->head_length] = '\0';
	if (!is_expected(client->head, client->request)) {
		fprintf(stderr, "load: unexpected answer: %.200s\n", client->head);
		if (client->request != NULL)
			fprintf(stderr, "to: %s\n", client->request->bytes);
		exit(EXIT_FAILURE);
	}
	length = strcasestr(client->head, "\r\nContent-Length:");
	if (length == NULL) {
		fprintf(stderr, "load: an answer without Content-Length\n");
		exit(EXIT_FAILURE);
	}
	client->body_left = strtoull(length + 17, NULL, 10);
	client->in_body = true;
}

/* Takes bytes up to the end of the head; returns how many. */
static size_t
take_head(struct client *client, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (client->head_length == HEAD_MAX - 1) {
			fprintf(stderr, "load: a head of more than %d bytes\n", HEAD_MAX);
			exit(EXIT_FAILURE);
		}
		client->head[client->head_length++] = bytes[i];
		if (bytes[i] == '\n' && client->head_length >= 4 &&
			memcmp(client->head + client->head_length - 4, "\r\n\r\n", 4) == 0) {
			parse_head(client);
			return i + 1;
		}
	}
	return length;
}

static void
count_answer(const struct client *client)
{
	int64_t now = now_us();
	int64_t latency = now - client->sent_us;

	if (now < counted_from_us)
		return;
	answers++;
	latencies[latency < LATENCY_BUCKETS ? latency : LATENCY_BUCKETS]++;
	if (latency > longest_us)
		longest_us = latency;
}

/* True when the answer is complete. */
static bool
take_bytes(struct client *client, size_t length)
{
	size_t used = 0;

	received_bytes += length;
	if (!client->in_body)
		used = take_head(client, buffer, length);
	if (!client->in_body)
		return false;
	if (length - used > client->body_left) {
		fprintf(stderr, "load: more bytes than announced\n");
		exit(EXIT_FAILURE);
	}
	client->body_left -= length - used;
	return client->body_left == 0;
}

/* Reads what is there. True when the answer is complete. */
static bool
read_client(struct client *client)
{
	ssize_t length = recv(client->socket, buffer, sizeof buffer, 0);

	if (length == 0) {
		fprintf(stderr, "load: the server closed a connection\n");
		exit(EXIT_FAILURE);
	}
	if (length < 0) {
		if (errno == EAGAIN)
			return false;
		fail("recv");
	}
	return take_bytes(client, (size_t)length);
}

static int64_t
percentile_us(double share)
{
	uint64_t wanted = (uint64_t)((double)answers * share);
	uint64_t seen = 0;

	for (int64_t i = 0; i <= LATENCY_BUCKETS; i++) {
		seen += latencies[i];
		if (seen > wanted)
			return i;
	}
	return LATENCY_BUCKETS;
}

/* Reads what has come. Returns how many clients have their answer and ask no more. */
static int
turn(const struct options *options, int epoll, bool goes_on)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(epoll, events, EVENTS_MAX, 100);
	int ended = 0;

	for (int i = 0; i < count; i++) {
		struct client *client = events[i].data.ptr;

		if (!read_client(client))
			continue;
		count_answer(client);
		if (goes_on)
			send_request(client, options);
		else
			ended++;
	}
	return ended;
}

/* The slowest answers are often those that are under way at the end. */
static void
wait_for_rest(const struct options *options, int epoll)
{
	int64_t end = now_us() + LATENCY_BUCKETS;
	int open = options->connections;

	while (open > 0 && now_us() < end)
		open -= turn(options, epoll, false);
	if (open > 0) {
		fprintf(stderr, "load: %d requests without an answer\n", open);
		exit(EXIT_FAILURE);
	}
}

static void
run(const struct options *options, int epoll)
{
	int64_t end;
	double elapsed;

	counted_from_us = now_us() + (int64_t)(options->warm_seconds * 1e6);
	end = counted_from_us + (int64_t)(options->seconds * 1e6);
	while (now_us() < end)
		(void)turn(options, epoll, true);
	if (options->request_count > 0)
		wait_for_rest(options, epoll);
	elapsed = (double)(now_us() - counted_from_us) / 1e6;
	printf("%llu %.3f %.1f %lld %lld %.0f", (unsigned long long)answers, elapsed,
		(double)answers / elapsed, (long long)percentile_us(0.5),
		(long long)percentile_us(0.99), (double)received_bytes / elapsed);
	if (options->request_count > 0)
		printf(" %llu %lld", (unsigned long long)refusals, (long long)longest_us);
	putchar('\n');
}

/* No time is measured: every answer counts, until all requests have theirs. */
static void
run_mix(const struct options *options, int epoll)
{
	uint64_t sent = (uint64_t)options->connections;
	struct epoll_event events[EVENTS_MAX];

	while (answers < options->count) {
		int count = epoll_wait(epoll, events, EVENTS_MAX, LATENCY_BUCKETS / 1000);

		if (count <= 0)
			fail("waiting for answers");
		for (int i = 0; i < count; i++) {
			if (!read_client(events[i].data.ptr))
				continue;
			if (++answers % options->every == 0) {
				printf("%llu\n", (unsigned long long)answers);
				fflush(stdout);
			}
			if (sent++ < options->count)
				send_request(events[i].data.ptr, options);
		}
	}
	fputs("all", stdout);
	for (int status = 0; status < STATUS_MAX; status++) {
		if (statuses[status] > 0)
			printf(" %d:%llu", status, (unsigned long long)statuses[status]);
	}
	putchar('\n');
}

/* One answer on each connection, then nothing until standard input ends. */
static void
idle(const struct options *options, int epoll)
{
	struct epoll_event events[EVENTS_MAX];
	char byte;

	while (answers < (uint64_t)options->connections) {
		int count = epoll_wait(epoll, events, EVENTS_MAX, 5000);

		if (count <= 0)
			fail("waiting for answers");
		for (int i = 0; i < count; i++) {
			if (read_client(events[i].data.ptr))
				answers++;
		}
	}
	puts("idle");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void
read_request(struct options *options, const char *file)
{
	FILE *stream = fopen(file, "rb");

	if (stream == NULL)
		fail(file);
	options->request_length = fread(options->request, 1, sizeof options->request, stream);
	if (options->request_length == 0 || options->request_length == sizeof options->request)
		fail("the request is empty or too long");
	fclose(stream);
}

static struct request *
new_request(struct options *options)
{
	options->requests = realloc(
		options->requests, (options->request_count + 1) * sizeof *options->requests);
	if (options->requests == NULL)
		fail("memory");
	return &options->requests[options->request_count++];
}

/* A line of --requests, without its newline, becomes a raw request. */
static void
read_line(struct options *options, char *line)
{
	struct request *request = new_request(options);
	char *target = strchr(line, '\t');
	char *body;
	int length;

	if (target == NULL)
		fail("a line without a tab");
	*target++ = '\0';
	body = strchr(target, '\t');
	if (body != NULL)
		*body++ = '\0';
	request->status = 0;
	length = asprintf(&request->bytes,
		"%s %s HTTP/1.1\r\nHost: bench\r\nX-Auth-Token: bench\r\n"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		line, target, body == NULL ? 0 : strlen(body), body == NULL ? "" : body);
	if (length < 0)
		fail("memory");
	request->length = (size_t)length;
}

/* Field by field, as each may be empty. */
static char *
next_cell(char **line)
{
	char *cell = strsep(line, "\t");

	if (cell == NULL)
		fail("a line with too few tabs");
	return cell;
}

/* "X-Auth-Token: bench | Range: bytes=0-9" as lines of a head. */
static char *
header_lines(char *fields)
{
	char *lines = malloc(strlen(fields) + 3);
	char *out = lines;

	if (lines == NULL)
		fail("memory");
	while (*fields != '\0') {
		if (strncmp(fields, " | ", 3) == 0) {
			out = stpcpy(out, "\r\n");
			fields += 3;
		} else {
			*out++ = *fields++;
		}
	}
	strcpy(out, out == lines ? "" : "\r\n");
	return lines;
}

/* The same for a line of --mix. */
static void
read_mix_line(struct options *options, char *line)
{
	struct request *request = new_request(options);
	const char *status = next_cell(&line);
	const char *method = next_cell(&line);
	const char *target = next_cell(&line);
	char *lines = header_lines(next_cell(&line));
	const char *body = next_cell(&line);
	int length;

	request->status = atoi(status);
	if (request->status < 200 || request->status >= STATUS_MAX)
		fail("a line without a status");
	length = asprintf(&request->bytes,
		"%s %s HTTP/1.1\r\nHost: bench\r\n%sContent-Length: %zu\r\n\r\n%s", method, target,
		lines, strlen(body), body);
	if (length < 0)
		fail("memory");
	request->length = (size_t)length;
	free(lines);
}

static void
read_requests(struct options *options, const char *file,
	void (*read)(struct options *options, char *line))
{
	FILE *stream = fopen(file, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	if (stream == NULL)
		fail(file);
	while ((length = getline(&line, &size, stream)) > 0) {
		line[length - 1] = '\0';
		read(options, line);
	}
	free(line);
	fclose(stream);
}

static void
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "connections", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 's' },
		{ "request", required_argument, NULL, 'r' },
		{ "requests", required_argument, NULL, 'f' },
		{ "warm", required_argument, NULL, 'w' },
		{ "random", required_argument, NULL, 'n' },
		{ "mix", required_argument, NULL, 'm' },
		{ "count", required_argument, NULL, 'o' },
		{ "every", required_argument, NULL, 'e' },
		{ "idle", no_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'p':
			options->port = atoi(optarg);
			break;
		case 'c':
			options->connections = atoi(optarg);
			break;
		case 's':
			options->seconds = atof(optarg);
			break;
		case 'r':
			read_request(options, optarg);
			break;
		case 'f':
			read_requests(options, optarg, read_line);
			may_refuse = true;
			break;
		case 'm':
			read_requests(options, optarg, read_mix_line);
			break;
		case 'o':
			options->count = strtoull(optarg, NULL, 10);
			break;
		case 'e':
			options->every = strtoull(optarg, NULL, 10);
			break;
		case 'w':
			options->warm_seconds = atof(optarg);
			break;
		case 'n':
			options->random = atol(optarg);
			break;
		case 'i':
			options->is_idle = true;
			break;
		default:
			exit(2);
		}
	}
	if (options->port == 0 || options->connections < 1 ||
		(options->request_length == 0) == (options->request_count == 0) ||
		(options->random > 0 && strstr(options->request, "RANDOM") == NULL)) {
		fprintf(stderr,
			"load: --port, --connections and --request, --requests or --mix are "
			"needed\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	static struct options options;
	struct client *clients;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	options.every = UINT64_MAX;
	parse_options(argc, argv, &options);
	clients = calloc((size_t)options.connections, sizeof *clients);
	if (epoll < 0 || clients == NULL)
		fail("start");
	for (int i = 0; i < options.connections; i++)
		open_client(&clients[i], &options, epoll);
	if (options.is_idle)
		idle(&options, epoll);
	else if (options.count > 0)
		run_mix(&options, epoll);
	else
		run(&options, epoll);
	free(clients);
	return EXIT_SUCCESS;
}
