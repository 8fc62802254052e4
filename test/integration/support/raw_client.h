/*
 * Requests over a plain socket, for what libcurl would not send: broken, slow or pipelined ones.
 * Sockets are closed at the end of the test.
 */
#ifndef RECORDINGD_TEST_RAW_CLIENT_H
#define RECORDINGD_TEST_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "support/http_client.h"

struct raw_client;

struct raw_client *raw_open(void);

/* To another address: "unix:/path" or a port of 127.0.0.1. */
struct raw_client *raw_open_at(const char *address);

/* From an address of 127.0.0.0/8. */
struct raw_client *raw_open_from(const char *address);

/* With a receive buffer as small as the kernel allows. */
struct raw_client *raw_open_slow(void);

/* False when the peer has closed. */
bool raw_send(struct raw_client *client, const char *text);
bool raw_send_bytes(struct raw_client *client, const char *bytes, size_t count);

/* The next reply, by its Content-Length; NULL when none has come within timeout_ms. */
const struct reply *raw_reply(struct raw_client *client, long timeout_ms);

/* The same for a reply to HEAD. */
const struct reply *raw_head_reply(struct raw_client *client, long timeout_ms);

/* True once the peer closes, with nothing more to read. */
bool raw_is_closed(struct raw_client *client, long timeout_ms);

/* Whether the peer has ended the connection by a reset, which may cost a client the last answer. */
bool raw_was_reset(const struct raw_client *client);

/*
 * Waits until text is among what has come and was not taken by another call, and copies all of that
 * to seen, which has size bytes. False when it is not within timeout_ms.
 */
bool raw_peek_until(
	struct raw_client *client, const char *text, char *seen, size_t size, long timeout_ms);

/* Reads up to count bytes and forgets them; how many came within timeout_ms. */
size_t raw_skip(struct raw_client *client, size_t count, long timeout_ms);

/* Nothing more will be sent; replies can still come. */
void raw_shut_down(struct raw_client *client);

/* With a reset instead of an orderly end. */
void raw_reset(struct raw_client *client);

void raw_close(struct raw_client *client);

/* The socket, which stays the client's. */
int raw_descriptor(const struct raw_client *client);

/* Sends text on a connection of its own and reads one reply. */
const struct reply *raw_exchange(const char *text);

#endif
