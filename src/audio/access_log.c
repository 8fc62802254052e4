#include "audio/access_log.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "json/writer.h"

/* Recordings are evidence, and so is who heard them: not for every local user. */
#define FILE_MODE 0640

/* Space asked for, to see whether a full disk has room again: one block of most file systems. */
#define PROBE_BYTES 4096

struct access_log {
	char *file;	 /* owned */
	int descriptor;	 /* owned; -1 while it cannot be opened */
	bool has_failed; /* the last line could not be written */
	bool is_broken;	 /* the file ends in the middle of a line */
};

/*
 * A full disk or a stopped machine leaves a part of a line, which must not spoil the next. A file
 * that may not be read is taken as it is.
 */
static bool
ends_in_part_of_line(const struct access_log *log)
{
	struct stat status;
	char last = '\n';
	int reader;

	if (fstat(log->descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
		return false;
	reader = open(log->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (reader < 0)
		return false;
	if (pread(reader, &last, 1, status.st_size - 1) != 1)
		last = '\n';
	(void)close(reader);
	return last != '\n';
}

static bool
open_file(struct access_log *log)
{
	/* Not blocking: a FIFO without a reader is an error, not a reason to wait. */
	log->descriptor = open(log->file,
		O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, FILE_MODE);
	if (log->descriptor >= 0) {
		log->is_broken = ends_in_part_of_line(log);
		return true;
	}
	if (!log->has_failed)
		log_write(LOG_LEVEL_ERROR, "cannot open the access log %s: %s", log->file,
			strerror(errno));
	log->has_failed = true;
	return false;
}

static void
close_file(struct access_log *log)
{
	if (log->descriptor >= 0)
		(void)close(log->descriptor);
	log->descriptor = -1;
}

struct access_log *
access_log_new(const char *file)
{
	struct access_log *log = memory_zeroed(1, sizeof *log);

	log->descriptor = -1;
	access_log_reopen(log, file);
	return log;
}

void
access_log_free(struct access_log *log)
{
	if (log == NULL)
		return;
	close_file(log);
	free(log->file);
	free(log);
}

void
access_log_reopen(struct access_log *log, const char *file)
{
	char *copy = memory_text(file, strlen(file));

	close_file(log);
	free(log->file);
	log->file = copy;
	log->has_failed = false;
	(void)open_file(log);
}

/* A file that was removed without a signal would swallow lines that nobody can read. */
static bool
is_open(struct access_log *log)
{
	struct stat status;

	if (log->descriptor >= 0 && fstat(log->descriptor, &status) == 0 &&
		(!S_ISREG(status.st_mode) || status.st_nlink > 0))
		return true;
	close_file(log);
	return open_file(log);
}

/* "2026-01-31T08:30:00+01:00" (RFC 3339): strftime has the zone without its colon. */
static void
format_time(char *text, size_t size)
{
	time_t now = time(NULL);
	struct tm local;
	char zone[8];
	size_t length;

	if (localtime_r(&now, &local) == NULL)
		memset(&local, 0, sizeof local);
	length = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &local);
	(void)strftime(zone, sizeof zone, "%z", &local);
	snprintf(text + length, size - length, "%.3s:%.2s", zone, zone + 3);
}

static struct evbuffer *
format_line(const struct access_log *log, const struct access_log_entry *entry)
{
	struct evbuffer *line = evbuffer_new();
	struct json_writer writer;
	char now[40];

	if (line == NULL)
		memory_exhausted();
	format_time(now, sizeof now);
	json_writer_open(&writer, line);
	json_raw(&writer, log->is_broken ? "\n{\"time\":" : "{\"time\":");
	json_text(&writer, now);
	json_raw(&writer, ",\"client\":");
	json_text(&writer, entry->client);
	json_raw(&writer, ",\"token\":");
	json_text(&writer, entry->token);
	json_raw(&writer, ",\"action\":");
	json_text(&writer, entry->action);
	json_raw(&writer, ",\"file_id\":");
	json_text(&writer, entry->file_id);
	json_raw(&writer, ",\"status\":");
	json_number(&writer, entry->status);
	json_raw(&writer, ",\"bytes\":");
	json_number(&writer, (int64_t)entry->bytes);
	json_raw(&writer, ",\"request_id\":");
	json_text(&writer, entry->request_id);
	if (entry->is_handed_over)
		json_raw(&writer, ",\"sent_by\":\"proxy\"");
	json_raw(&writer, "}\n");
	json_writer_close(&writer);
	return line;
}

/* One write(2): with O_APPEND lines of several processes do not mix. */
static bool
write_line(struct access_log *log, struct evbuffer *line)
{
	size_t length = evbuffer_get_length(line);
	const unsigned char *bytes = evbuffer_pullup(line, -1);
	ssize_t written;

	if (bytes == NULL)
		memory_exhausted();
	do {
		errno = 0;
		written = write(log->descriptor, bytes, length);
	} while (written < 0 && errno == EINTR);
	if (written == (ssize_t)length) {
		log->is_broken = false;
		return true;
	}
	if (written > 0) {
		log->is_broken = true;
		errno = ENOSPC;
	}
	return false;
}

bool
access_log_write(struct access_log *log, const struct access_log_entry *entry)
{
	struct evbuffer *line;
	bool written;

	if (!is_open(log))
		return false;
	line = format_line(log, entry);
	written = write_line(log, line);
	evbuffer_free(line);
	if (!written && !log->has_failed)
		log_write(LOG_LEVEL_ERROR, "cannot write to the access log %s: %s", log->file,
			strerror(errno));
	if (written && log->has_failed)
		log_write(LOG_LEVEL_NOTICE, "the access log %s is written again", log->file);
	log->has_failed = !written;
	return written;
}

bool
access_log_is_writable(struct access_log *log)
{
	bool had_failed = log->has_failed;
	struct stat status;

	if (!is_open(log))
		return false;
	if (!had_failed)
		return true;
	/* After a failure only room for the next lines says that it is over. Where that cannot be
	 * asked for, as of a pipe or of some file systems, the next line will tell. */
	if (fstat(log->descriptor, &status) != 0 || (fallocate(log->descriptor, FALLOC_FL_KEEP_SIZE,
							     status.st_size, PROBE_BYTES) != 0 &&
							    errno != EOPNOTSUPP && errno != ESPIPE))
		return false;
	log->has_failed = false;
	return true;
}
