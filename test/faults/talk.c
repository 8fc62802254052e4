#include "talk.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/harness.h"
#include "support/wait.h"

/* What has come and is not part of an answer yet. */
struct incoming {
	int fd;
	char *bytes;
	size_t length;
	size_t size;
	bool has_ended;
};

static void *
checked(void *memory)
{
	if (memory == NULL)
		harness_fail("out of memory");
	return memory;
}

static int
open_connection(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool
send_bytes(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);

		if (sent < 0)
			return false;
		text += sent;
		length -= (size_t)sent;
	}
	return true;
}

static void
receive(struct incoming *incoming)
{
	ssize_t got;

	if (incoming->size - incoming->length < 65536) {
		incoming->size += 262144;
		incoming->bytes = checked(realloc(incoming->bytes, incoming->size + 1));
	}
	got = recv(incoming->fd, incoming->bytes + incoming->length,
		incoming->size - incoming->length, 0);
	if (got <= 0)
		incoming->has_ended = true;
	else
		incoming->length += (size_t)got;
	incoming->bytes[incoming->length] = '\0';
}

/* The end of a chunked body, or NULL as long as it is not there. */
static const char *
end_of_chunks(const char *body, const char *end)
{
	while (body < end) {
		char *rest;
		size_t size = strtoul(body, &rest, 16);

		if (end - rest < 2 || (size_t)(end - rest) < size + 4)
			return NULL;
		body = rest + 2 + size + 2;
		if (size == 0)
			return body;
	}
	return NULL;
}

static const char *
field(const char *head, const char *body, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line != NULL && line + 2 < body;
		line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, length) == 0)
			return line + 2 + length;
	}
	return NULL;
}

/* The end of the answer that incoming begins with; NULL as long as it is not complete. */
static const char *
end_of_answer(const struct talk_request *request, const struct incoming *incoming)
{
	const char *end = incoming->bytes + incoming->length;
	const char *head = incoming->bytes;
	const char *body = strstr(head, "\r\n\r\n");
	const char *value;
	int status = 0;

	if (body == NULL || sscanf(head, "HTTP/1.1 %d", &status) != 1)
		return NULL;
	body += 4;
	if (status / 100 == 1 || status == 304 || request->is_head)
		return body;
	if ((value = field(head, body, "Content-Length: ")) != NULL) {
		size_t length = strtoul(value, NULL, 10);

		return (size_t)(end - body) < length ? NULL : body + length;
	}
	if (request->until != NULL) {
		const char *found = memmem(
			body, (size_t)(end - body), request->until, strlen(request->until));

		return found == NULL ? NULL : found + strlen(request->until);
	}
	return end_of_chunks(body, end);
}

/* A stream says so when it has nothing to say. */
static void
cut_comments(char *text)
{
	static const char comment[] = "3\r\n:\n\n\r\n";
	char *at;

	while ((at = strstr(text, comment)) != NULL)
		memmove(at, at + strlen(comment), strlen(at + strlen(comment)) + 1);
}

static void
cut_line(char *text, const char *name)
{
	char *line = strstr(text, name);
	char *end = line == NULL ? NULL : strstr(line + 2, "\r\n");

	if (end != NULL)
		memmove(line, end, strlen(end) + 1);
}

static void
add_answer(struct talk *talk, struct incoming *incoming, const char *end)
{
	size_t length = (size_t)(end - incoming->bytes);
	struct talk_answer *answer = &talk->answers[talk->count];

	answer->text = checked(calloc(1, length + 1));
	for (size_t i = 0; i < length; i++)
		answer->text[i] = incoming->bytes[i] == '\0' ? '0' : incoming->bytes[i];
	answer->status = atoi(answer->text + strlen("HTTP/1.1 "));
	cut_line(answer->text, "\r\nDate:");
	cut_line(answer->text, "\r\nX-Request-Id:");
	cut_comments(answer->text);
	answer->body = strstr(answer->text, "\r\n\r\n") + 4;
	memmove(incoming->bytes, end, incoming->length - length + 1);
	incoming->length -= length;
	if (answer->status / 100 == 1)
		free(answer->text);
	else
		talk->count++;
}

static bool
wait_for_bytes(int fd, long timeout_ms)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	return poll(&polled, 1, timeout_ms < 0 ? 0 : (int)timeout_ms) > 0;
}

/* An answer may come before all is sent. */
static void
send_request(const struct talk_request *request, struct incoming *incoming)
{
	const char *text = request->text;

	if (request->awaits_word) {
		const char *body = strstr(text, "\r\n\r\n") + 4;

		(void)send_bytes(incoming->fd, text, (size_t)(body - text));
		text = body;
		do {
			if (!wait_for_bytes(incoming->fd, request->timeout_ms))
				break;
			receive(incoming);
		} while (!incoming->has_ended && strstr(incoming->bytes, "\r\n\r\n") == NULL);
	}
	(void)send_bytes(incoming->fd, text, strlen(text));
}

static void
read_answers(const struct talk_request *request, struct incoming *incoming, struct talk *talk)
{
	long deadline_ms = wait_now_ms() + request->timeout_ms;
	bool may_be_silent = request->on_silence == NULL;

	receive(incoming);
	while (talk->count < request->answers) {
		const char *end = end_of_answer(request, incoming);

		if (end != NULL) {
			add_answer(talk, incoming, end);
			continue;
		}
		if (incoming->has_ended) {
			talk->end = TALK_CLOSED;
			return;
		}
		if (!may_be_silent && !wait_for_bytes(incoming->fd, request->silence_ms)) {
			request->on_silence(request->context);
			may_be_silent = true;
		}
		if (!wait_for_bytes(incoming->fd, deadline_ms - wait_now_ms())) {
			talk->end = TALK_STUCK;
			return;
		}
		receive(incoming);
	}
}

void
talk_run(const struct talk_request *request, int port, struct talk *talk)
{
	struct incoming incoming = { .fd = open_connection(port) };

	*talk = (struct talk){ .end = TALK_CLOSED };
	if (incoming.fd < 0)
		return;
	send_request(request, &incoming);
	if (request->act != NULL)
		request->act(request->context);
	talk->end = TALK_COMPLETE;
	if (request->on_silence != NULL && !wait_for_bytes(incoming.fd, request->silence_ms))
		request->on_silence(request->context);
	if (wait_for_bytes(incoming.fd, request->timeout_ms))
		read_answers(request, &incoming, talk);
	else
		talk->end = request->answers == 0 ? TALK_COMPLETE : TALK_STUCK;
	close(incoming.fd);
	free(incoming.bytes);
}

void
talk_free(struct talk *talk)
{
	for (int i = 0; i < talk->count; i++)
		free(talk->answers[i].text);
	talk->count = 0;
}

void
talk_hide(struct talk *talk, long number)
{
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%ld", number);

	for (int i = 0; i < talk->count; i++) {
		char *at = talk->answers[i].text;

		while ((at = strstr(at, digits)) != NULL) {
			memcpy(at, "{n}", 3);
			memmove(at + 3, at + length, strlen(at + length) + 1);
		}
		talk->answers[i].body = strstr(talk->answers[i].text, "\r\n\r\n") + 4;
	}
}
