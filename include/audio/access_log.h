/*
 * The access log of audio: one JSON object on a line for each action, written before the first
 * byte of its answer leaves. If the line cannot be written, the action must not be performed.
 */
#ifndef RECORDINGD_AUDIO_ACCESS_LOG_H
#define RECORDINGD_AUDIO_ACCESS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct access_log;

struct access_log_entry {
	const char *client;
	const char *token; /* its name */
	const char *action;
	const char *file_id;
	unsigned status;
	uint64_t bytes; /* of the answer's body */
	const char *request_id;
	bool is_handed_over; /* the proxy sends the body: bytes are what it was told to send */
};

/* Opens the file for appending; when that fails it is tried again with every entry. */
struct access_log *access_log_new(const char *file);
void access_log_free(struct access_log *log);

/* Follows a rotation, or another file. */
void access_log_reopen(struct access_log *log, const char *file);

bool access_log_write(struct access_log *log, const struct access_log_entry *entry) MUST_CHECK;

/* Whether the next line can be written, as far as that can be told beforehand. */
bool access_log_is_writable(struct access_log *log);

#endif
