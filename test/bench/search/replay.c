/*
 * Sends each request of a file once, one after the other, and writes into PostgreSQL's log which
 * request comes next, so that the statements found there can be counted for each.
 *
 * replay --port N --conninfo X --requests FILE
 *   FILE has a line for each request: its case, method, target and perhaps a body, separated by
 *   tabs. Before the one on line L the statement SELECT 'bench request L' is run. Prints for each:
 *   L, status, how many rows the answer has, separated by tabs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_MAX (64 << 20)

struct request {
	char *method;
	char *target;
	char *body;
};

static char answer[ANSWER_MAX + 1];

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int
open_socket(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0)
		fail("connect");
	return server;
}

static void
split_line(char *line, struct request *request)
{
	char *save = NULL;

	(void)strtok_r(line, "\t\n", &save);
	request->method = strtok_r(NULL, "\t\n", &save);
	request->target = strtok_r(NULL, "\t\n", &save);
	request->body = strtok_r(NULL, "\t\n", &save);
	if (request->target == NULL)
		fail("a line without a target");
	if (request->body == NULL)
		request->body = save; /* at the end of the line: "" */
}

static void
send_request(int server, const struct request *request)
{
	size_t body_length = strlen(request->body);
	char *raw;
	int length = asprintf(&raw,
		"%s %s HTTP/1.1\r\nHost: bench\r\nX-Auth-Token: bench\r\n"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		request->method, request->target, body_length, request->body);

	if (length < 0)
		fail("memory");
	if (send(server, raw, (size_t)length, MSG_NOSIGNAL) != length)
		fail("send");
	free(raw);
}

/* The whole answer: its head says how long the rest is. */
static void
read_answer(int server)
{
	size_t length = 0;
	size_t wanted = ANSWER_MAX;

	while (length < wanted) {
		ssize_t got = recv(server, answer + length, ANSWER_MAX - length, 0);
		const char *end;
		const char *field;

		if (got <= 0)
			fail("the answer ends early");
		length += (size_t)got;
		answer[length] = '\0';
		end = strstr(answer, "\r\n\r\n");
		if (wanted != ANSWER_MAX || end == NULL)
			continue;
		field = strcasestr(answer, "\r\nContent-Length:");
		if (field == NULL || field > end)
			fail("no Content-Length");
		wanted = (size_t)(end + 4 - answer) + strtoull(field + 17, NULL, 10);
	}
}

/* Each record and each entry has one start, a channel event one eventtime. */
static unsigned
count_rows(void)
{
	static const char *const marks[] = { "\"start\":", "\"eventtime\":", "\"agentNumber\":" };
	unsigned rows = 0;

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		for (const char *at = strstr(answer, marks[i]); at != NULL;
			at = strstr(at + 1, marks[i]))
			rows++;
	}
	return rows;
}

static void
write_mark(PGconn *pg, unsigned number)
{
	char statement[64];
	PGresult *result;

	snprintf(statement, sizeof statement, "SELECT 'bench request %u'", number);
	result = PQexec(pg, statement);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		fail(PQerrorMessage(pg));
	PQclear(result);
}

static void
replay(int server, PGconn *pg, FILE *stream)
{
	char *line = NULL;
	size_t size = 0;
	struct request request;

	for (unsigned number = 1; getline(&line, &size, stream) > 0; number++) {
		split_line(line, &request);
		write_mark(pg, number);
		send_request(server, &request);
		read_answer(server);
		printf("%u\t%.3s\t%u\n", number, answer + strlen("HTTP/1.1 "), count_rows());
	}
	free(line);
}

int
main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "conninfo", required_argument, NULL, 'c' },
		{ "requests", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int port = 0;
	PGconn *pg = NULL;
	FILE *stream = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'p')
			port = atoi(optarg);
		else if (option == 'c')
			pg = PQconnectdb(optarg);
		else if (option == 'r')
			stream = fopen(optarg, "r");
		else
			exit(2);
	}
	if (port == 0 || pg == NULL || stream == NULL) {
		fprintf(stderr, "replay: --port, --conninfo and --requests are needed\n");
		exit(2);
	}
	if (PQstatus(pg) != CONNECTION_OK)
		fail(PQerrorMessage(pg));
	replay(open_socket(port), pg, stream);
	fclose(stream);
	PQfinish(pg);
	return EXIT_SUCCESS;
}
