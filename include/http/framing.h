/*
 * The grammar of RFC 9112 byte by byte, stricter than llhttp 8 is.
 *
 * llhttp parses the request; this machine runs in front of it over the same bytes and refuses what
 * llhttp lets through or leaves to its caller, because whatever a proxy and recordingd read
 * differently is a hole: bare CR or LF, folded lines, empty names, blanks before a colon, control
 * characters, foreign versions, chunk sizes that overflow, endless chunk extensions and trailers.
 * It also says where the head and the message end, so that llhttp never sees a byte of the next
 * one.
 *
 * It holds no memory. Order of calls: framing_open(), framing_consume() until
 * FRAMING_HEAD_DONE, framing_expect_length() or framing_expect_chunks(), framing_consume() until
 * FRAMING_MESSAGE_DONE.
 */
#ifndef RECORDINGD_HTTP_FRAMING_H
#define RECORDINGD_HTTP_FRAMING_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Longest method; RFC 9110 defines none above 7, extensions reach 16. */
#define FRAMING_METHOD_MAX 32

/* What may stand behind a chunk's size, with its semicolons, in one chunk and in all of a body
 * (CVE-2024-22019). */
#define FRAMING_EXTENSION_MAX	    256
#define FRAMING_EXTENSIONS_BODY_MAX 1024

/* All trailer lines of a body; they are checked and ignored. */
#define FRAMING_TRAILER_MAX 1024

/* Fields of a head; nginx and clients stay far below. */
#define FRAMING_FIELDS_MAX 100

enum framing_stage {
	FRAMING_START, /* before the request line; one empty line is let through */
	FRAMING_START_LF,
	FRAMING_METHOD,
	FRAMING_TARGET,
	FRAMING_VERSION,
	FRAMING_VERSION_CR,
	FRAMING_VERSION_LF,
	FRAMING_LINE, /* at the start of a field line or of the empty line */
	FRAMING_NAME,
	FRAMING_VALUE,
	FRAMING_VALUE_LF,
	FRAMING_END_LF,
	FRAMING_HEAD_COMPLETE, /* waiting for framing_expect_*() */
	FRAMING_DATA,	       /* a body of known length */
	FRAMING_SIZE_FIRST,
	FRAMING_SIZE,
	FRAMING_EXTENSION,
	FRAMING_SIZE_LF,
	FRAMING_CHUNK,
	FRAMING_CHUNK_CR,
	FRAMING_CHUNK_LF,
	FRAMING_TRAILER_LINE,
	FRAMING_TRAILER_NAME,
	FRAMING_TRAILER_VALUE,
	FRAMING_TRAILER_LF,
	FRAMING_TRAILER_END_LF,
	FRAMING_COMPLETE,
};

enum framing_event {
	FRAMING_MORE,	     /* all bytes taken, more are needed */
	FRAMING_METHOD_DONE, /* the method and the blank behind it are taken */
	FRAMING_HEAD_DONE,
	FRAMING_MESSAGE_DONE,
	FRAMING_IGNORED, /* the bytes taken are of a chunk extension: nobody need see them */
	FRAMING_FAILED,	 /* error says why; the connection must close */
};

struct framing {
	enum framing_stage stage;
	size_t max_head_bytes;
	size_t max_target_bytes;
	size_t head_bytes;
	size_t target_bytes;
	unsigned fields;
	unsigned method_bytes;
	unsigned version_bytes;
	unsigned size_digits;
	unsigned extension_bytes;
	unsigned extensions_bytes;
	unsigned trailer_bytes;
	uint64_t remaining; /* of the body or chunk */
	bool had_empty_line;
	bool is_http_1_0;
	char method[FRAMING_METHOD_MAX + 1];
};

void framing_open(struct framing *framing, size_t max_head_bytes, size_t max_target_bytes);

/* Takes bytes up to the next event; used says how many. */
enum framing_event framing_consume(struct framing *framing, const char *data, size_t length,
	size_t *used, struct error *error) MUST_CHECK;

/* After FRAMING_HEAD_DONE: a body of so many bytes follows (0: none). */
void framing_expect_length(struct framing *framing, uint64_t length);

/* After FRAMING_HEAD_DONE: a chunked body follows. */
void framing_expect_chunks(struct framing *framing);

#endif
