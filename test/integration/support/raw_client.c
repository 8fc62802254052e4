#include "support/raw_client.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/wait.h"

#define BUFFER_BYTES (4 << 20)
#define TIMEOUT_MS   10000

struct raw_client {
	int fd;
	bool has_ended;
	bool was_reset;
	size_t length;
	char buffer[BUFFER_BYTES + 1];
};

void
raw_close(struct raw_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

static void
release(void *client)
{
	raw_close(client);
	free(client);
}

static struct raw_client *
open_socket(const struct sockaddr *address, socklen_t length, int receive_bytes, const char *from)
{
	struct raw_client *client = malloc(sizeof *client);

	if (client == NULL)
		harness_fail("out of memory");
	client->length = 0;
	client->has_ended = false;
	client->was_reset = false;
	client->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	scratch_own(client, release);
	if (receive_bytes > 0)
		setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
	if (from != NULL) {
		struct sockaddr_in own = { .sin_family = AF_INET };

		ck_assert_int_eq(inet_pton(AF_INET, from, &own.sin_addr), 1);
		ck_assert_int_eq(bind(client->fd, (struct sockaddr *)&own, sizeof own), 0);
	}
	ck_assert_msg(connect(client->fd, address, length) == 0, "connect: %s", strerror(errno));
	return client;
}

static struct raw_client *
open_port(int port, int receive_bytes, const char *from)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };

	return open_socket((struct sockaddr *)&address, sizeof address, receive_bytes, from);
}

struct raw_client *
raw_open(void)
{
	return open_port(daemon_port(), 0, NULL);
}

struct raw_client *
raw_open_from(const char *address)
{
	return open_port(daemon_port(), 0, address);
}

struct raw_client *
raw_open_slow(void)
{
	return open_port(daemon_port(), 4096, NULL);
}

struct raw_client *
raw_open_at(const char *where)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strncmp(where, "unix:", 5) != 0)
		return open_port(atoi(where), 0, NULL);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", where + 5);
	return open_socket((struct sockaddr *)&address, sizeof address, 0, NULL);
}

bool
raw_send_bytes(struct raw_client *client, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t sent = send(client->fd, bytes, count, MSG_NOSIGNAL);

		if (sent < 0)
			return false;
		bytes += sent;
		count -= (size_t)sent;
	}
	return true;
}

bool
raw_send(struct raw_client *client, const char *text)
{
	return raw_send_bytes(client, text, strlen(text));
}

/* Reads what there is; false after the end or when nothing came in time. */
static bool
read_more(struct raw_client *client, long deadline_ms)
{
	struct pollfd polled = { .fd = client->fd, .events = POLLIN };
	long left_ms = deadline_ms - wait_now_ms();
	ssize_t got;

	if (client->has_ended || client->length == BUFFER_BYTES)
		return false;
	if (poll(&polled, 1, left_ms < 0 ? 0 : (int)left_ms) <= 0)
		return false;
	got = recv(client->fd, client->buffer + client->length, BUFFER_BYTES - client->length, 0);
	if (got <= 0) {
		client->was_reset = got < 0;
		client->has_ended = true;
		return false;
	}
	client->length += (size_t)got;
	client->buffer[client->length] = '\0';
	return true;
}

static void
json_free(void *object)
{
	json_object_put(object);
}

static void
take(struct raw_client *client, size_t count)
{
	client->length -= count;
	memmove(client->buffer, client->buffer + count, client->length);
	client->buffer[client->length] = '\0';
}

static size_t
body_length(const struct reply *reply, bool is_head)
{
	const char *length = reply_field(reply, "Content-Length");

	if (is_head || reply->status / 100 == 1 || reply->status == 304 || length == NULL)
		return 0;
	return strtoul(length, NULL, 10);
}

static struct reply *
take_head(struct raw_client *client, long deadline_ms)
{
	struct reply *reply;
	char *end;

	client->buffer[client->length] = '\0';
	while ((end = strstr(client->buffer, "\r\n\r\n")) == NULL) {
		if (!read_more(client, deadline_ms))
			return NULL;
	}
	reply = scratch_new(sizeof *reply);
	reply->head = scratch_format("%.*s", (int)(end + 4 - client->buffer), client->buffer);
	ck_assert_msg(sscanf(reply->head, "HTTP/1.1 %ld", &reply->status) == 1,
		"no status line: %.200s", reply->head);
	take(client, strlen(reply->head));
	return reply;
}

static const struct reply *
take_reply(struct raw_client *client, long timeout_ms, bool is_head)
{
	long deadline_ms = wait_now_ms() + timeout_ms;
	struct reply *reply = take_head(client, deadline_ms);

	if (reply == NULL)
		return NULL;
	reply->body_bytes = body_length(reply, is_head);
	while (client->length < reply->body_bytes) {
		if (!read_more(client, deadline_ms))
			return NULL;
	}
	reply->body = scratch_new(reply->body_bytes + 1);
	memcpy(reply->body, client->buffer, reply->body_bytes);
	take(client, reply->body_bytes);
	if (reply->body_bytes > 0)
		reply->json = json_tokener_parse(reply->body);
	if (reply->json != NULL)
		scratch_own(reply->json, json_free);
	if (reply->status != 100)
		expect_general(reply, "raw request", is_head);
	return reply;
}

const struct reply *
raw_reply(struct raw_client *client, long timeout_ms)
{
	return take_reply(client, timeout_ms, false);
}

const struct reply *
raw_head_reply(struct raw_client *client, long timeout_ms)
{
	return take_reply(client, timeout_ms, true);
}

bool
raw_is_closed(struct raw_client *client, long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;

	if (client->length > 0)
		return false;
	while (!client->has_ended) {
		if (read_more(client, deadline_ms) || wait_now_ms() >= deadline_ms)
			break;
	}
	return client->has_ended && client->length == 0;
}

bool
raw_was_reset(const struct raw_client *client)
{
	return client->was_reset;
}

bool
raw_peek_until(
	struct raw_client *client, const char *text, char *seen, size_t size, long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;
	bool is_there = false;

	client->buffer[client->length] = '\0';
	while (!(is_there = strstr(client->buffer, text) != NULL)) {
		if (!read_more(client, deadline_ms))
			break;
	}
	snprintf(seen, size, "%s", client->buffer);
	return is_there;
}

size_t
raw_skip(struct raw_client *client, size_t count, long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;
	size_t skipped = 0;

	for (;;) {
		size_t piece = client->length < count - skipped ? client->length : count - skipped;

		take(client, piece);
		skipped += piece;
		if (skipped == count || !read_more(client, deadline_ms))
			return skipped;
	}
}

int
raw_descriptor(const struct raw_client *client)
{
	return client->fd;
}

void
raw_shut_down(struct raw_client *client)
{
	shutdown(client->fd, SHUT_WR);
}

void
raw_reset(struct raw_client *client)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	raw_close(client);
}

const struct reply *
raw_exchange(const char *text)
{
	struct raw_client *client = raw_open();
	const struct reply *reply;

	raw_send(client, text);
	reply = raw_reply(client, TIMEOUT_MS);
	ck_assert_msg(reply != NULL, "no reply to: %.300s", text);
	return reply;
}
