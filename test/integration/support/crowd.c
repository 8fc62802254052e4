#include "support/crowd.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/wait.h"

#define SEEN_BYTES 32

/* linux/in.h; the port is chosen at connect(2), so that one address has more than one port range.
 */
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

struct member {
	int fd; /* -1: ended */
	size_t length;
	char seen[SEEN_BYTES + 1]; /* the beginning of what came */
};

struct crowd {
	int room;
	int count;
	const char *from;
	int receive_bytes;
	struct member members[];
};

static int
open_one(const char *from, int receive_bytes)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)daemon_port()),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ck_assert_msg(fd >= 0, "no socket: %s", strerror(errno));
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	if (receive_bytes > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
	ck_assert_int_eq(inet_pton(AF_INET, from, &own.sin_addr), 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		ck_assert_msg(errno == EINPROGRESS, "connect: %s", strerror(errno));
	return fd;
}

static void
end(struct member *member)
{
	if (member->fd >= 0)
		close(member->fd);
	member->fd = -1;
}

void
crowd_close(struct crowd *crowd)
{
	for (int i = 0; i < crowd->count; i++)
		end(&crowd->members[i]);
}

static void
release(void *crowd)
{
	crowd_close(crowd);
	free(crowd);
}

struct crowd *
crowd_new(int count, const char *from, int receive_bytes)
{
	struct crowd *crowd = calloc(1, sizeof *crowd + (size_t)count * sizeof *crowd->members);

	if (crowd == NULL)
		harness_fail("out of memory");
	scratch_own(crowd, release);
	crowd->room = count;
	crowd->from = from;
	crowd->receive_bytes = receive_bytes;
	return crowd;
}

static void
send_text(const struct member *member, const char *text)
{
	if (member->fd >= 0)
		(void)send(member->fd, text, strlen(text), MSG_NOSIGNAL);
}

bool
crowd_grow(struct crowd *crowd, int count, const char *text)
{
	for (int i = 0; i < count && crowd->count < crowd->room; i++) {
		struct member *member = &crowd->members[crowd->count++];

		member->fd = open_one(crowd->from, crowd->receive_bytes);
		if (text != NULL)
			send_text(member, text);
	}
	return crowd->count < crowd->room;
}

int
crowd_size(const struct crowd *crowd)
{
	return crowd->count;
}

void
crowd_send(struct crowd *crowd, const char *text)
{
	for (int i = 0; i < crowd->count; i++)
		send_text(&crowd->members[i], text);
}

void
crowd_shut_down(struct crowd *crowd)
{
	for (int i = 0; i < crowd->count; i++) {
		if (crowd->members[i].fd >= 0)
			(void)shutdown(crowd->members[i].fd, SHUT_WR);
	}
}

static void
read_member(struct member *member)
{
	static char buffer[1 << 16];
	ssize_t got;

	while ((got = recv(member->fd, buffer, sizeof buffer, 0)) > 0) {
		size_t room = SEEN_BYTES - member->length;
		size_t kept = (size_t)got < room ? (size_t)got : room;

		memcpy(member->seen + member->length, buffer, kept);
		member->length += kept;
	}
	if (got == 0 || (errno != EAGAIN && errno != ENOTCONN))
		end(member);
}

int
crowd_read(struct crowd *crowd)
{
	int ended = 0;

	for (int i = 0; i < crowd->count; i++) {
		if (crowd->members[i].fd >= 0)
			read_member(&crowd->members[i]);
		ended += crowd->members[i].fd < 0;
	}
	return ended;
}

bool
crowd_await_end(struct crowd *crowd, long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;

	while (crowd_read(crowd) < crowd->count) {
		if (wait_now_ms() > deadline_ms)
			return false;
		wait_ms(20);
	}
	return true;
}

int
crowd_answered(const struct crowd *crowd, const char *text)
{
	int count = 0;

	for (int i = 0; i < crowd->count; i++)
		count += strncmp(crowd->members[i].seen, text, strlen(text)) == 0;
	return count;
}
