/*
 * For ./dev bench cel: from the commit of a channel event to the last of many waiting clients.
 *
 * wakeup --port N --connections N --rounds N --conninfo TEXT
 *   In each round every connection asks for rows that are not there yet (wait=60); then one is
 *   inserted. Prints the 50th and 99th percentile over the rounds of the time until the last client
 *   has its answer, and those over all clients, in milliseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 512
#define ROUNDS_MAX 1000

/* For the requests to arrive and be waiting. */
#define SETTLE_US 400000

static int port;
static int connections = 1000;
static int rounds = 20;
static const char *conninfo = "";

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "wakeup: %s: %s\n", what, strerror(errno));
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

static int
open_client(int epoll)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct epoll_event event = { .events = EPOLLIN };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	event.data.fd = client;
	if (client < 0 || connect(client, (struct sockaddr *)&address, sizeof address) != 0 ||
		fcntl(client, F_SETFL, O_NONBLOCK) != 0 ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event) != 0)
		fail("connect");
	return client;
}

static long
run_sql(PGconn *connection, const char *statement)
{
	PGresult *result = PQexec(connection, statement);
	long value = 0;

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		value = strtol(PQgetvalue(result, 0, 0), NULL, 10);
	else if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		fprintf(stderr, "wakeup: %s", PQerrorMessage(connection));
		exit(EXIT_FAILURE);
	}
	PQclear(result);
	return value;
}

/* Small answers come in one piece; each must hold the row. */
static void
take_answer(int client, long id)
{
	char buffer[4096];
	char wanted[64];
	ssize_t length = recv(client, buffer, sizeof buffer - 1, 0);

	if (length <= 0)
		fail("recv");
	buffer[length] = '\0';
	snprintf(wanted, sizeof wanted, "[{\"id\":\"%ld\"", id);
	if (strstr(buffer, wanted) == NULL) {
		fprintf(stderr, "wakeup: unexpected answer: %.300s\n", buffer);
		exit(EXIT_FAILURE);
	}
}

static void
ask_all(const int *clients, long from)
{
	char request[256];
	int length = snprintf(request, sizeof request,
		"GET /recording/cel?from=%ld&wait=60 HTTP/1.1\r\nHost: bench\r\n"
		"X-Auth-Token: bench\r\n\r\n",
		from);

	for (int i = 0; i < connections; i++) {
		if (send(clients[i], request, (size_t)length, MSG_NOSIGNAL) != length)
			fail("send");
	}
}

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static double
percentile_ms(int64_t *values, size_t count, double share)
{
	qsort(values, count, sizeof *values, compare);
	return (double)values[(size_t)((double)(count - 1) * share)] / 1000;
}

/* Fills latencies_us with one value per client; returns the last one. */
static int64_t
run_round(PGconn *connection, int epoll, const int *clients, int64_t *latencies_us)
{
	static const char insert[] =
		"INSERT INTO cel (eventtype, eventtime, userdeftype, cid_name, cid_num, cid_ani, "
		"cid_rdnis, cid_dnid, exten, context, channame, appname, appdata, amaflags, "
		"accountcode, peeraccount, uniqueid, linkedid, userfield, peer) VALUES ('ANSWER', "
		"now(), '', '', '', '', '', '', '', '', '', '', '', 3, '', '', '', '', '', '')";
	struct epoll_event events[EVENTS_MAX];
	long last = run_sql(connection, "SELECT max(id) FROM cel");
	int done = 0;
	int64_t start;

	ask_all(clients, last + 1);
	(void)usleep(SETTLE_US);
	(void)run_sql(connection, insert);
	start = now_us();
	while (done < connections) {
		int count = epoll_wait(epoll, events, EVENTS_MAX, 10000);

		if (count <= 0)
			fail("waiting for answers");
		for (int i = 0; i < count; i++) {
			take_answer(events[i].data.fd, last + 1);
			latencies_us[done++] = now_us() - start;
		}
	}
	return latencies_us[connections - 1];
}

static void
parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "connections", required_argument, NULL, 'c' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "conninfo", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'p':
			port = atoi(optarg);
			break;
		case 'c':
			connections = atoi(optarg);
			break;
		case 'r':
			rounds = atoi(optarg);
			break;
		case 'i':
			conninfo = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (port == 0 || connections < 1 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "wakeup: --port is needed\n");
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	static int64_t last_us[ROUNDS_MAX];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	PGconn *connection;
	int64_t *all_us;
	int *clients;
	size_t count;

	parse_options(argc, argv);
	connection = PQconnectdb(conninfo);
	if (epoll < 0 || PQstatus(connection) != CONNECTION_OK)
		fail("start");
	count = (size_t)connections * (size_t)rounds;
	clients = calloc((size_t)connections, sizeof *clients);
	all_us = calloc(count, sizeof *all_us);
	if (clients == NULL || all_us == NULL)
		fail("memory");
	for (int i = 0; i < connections; i++)
		clients[i] = open_client(epoll);
	for (int i = 0; i < rounds; i++)
		last_us[i] = run_round(
			connection, epoll, clients, all_us + (size_t)i * (size_t)connections);
	printf("%.1f %.1f %.1f %.1f\n", percentile_ms(last_us, (size_t)rounds, 0.5),
		percentile_ms(last_us, (size_t)rounds, 0.99), percentile_ms(all_us, count, 0.5),
		percentile_ms(all_us, count, 0.99));
	PQfinish(connection);
	free(clients);
	free(all_us);
	return EXIT_SUCCESS;
}
