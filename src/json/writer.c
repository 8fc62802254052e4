#include "json/writer.h"

#include <endian.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* A block is one allocation and one iovec of the later writev(2). */
#define BLOCK_BYTES 16384

/* The longest escape is \u001f. */
#define ESCAPE_MAX 6

/* What stands behind the backslash; 'u': \u00xx; 0: the byte itself. RFC 8259, 7. */
static const char escapes[256] = {
	[0x00] = 'u',
	[0x01] = 'u',
	[0x02] = 'u',
	[0x03] = 'u',
	[0x04] = 'u',
	[0x05] = 'u',
	[0x06] = 'u',
	[0x07] = 'u',
	[0x08] = 'b',
	[0x09] = 't',
	[0x0a] = 'n',
	[0x0b] = 'u',
	[0x0c] = 'f',
	[0x0d] = 'r',
	[0x0e] = 'u',
	[0x0f] = 'u',
	[0x10] = 'u',
	[0x11] = 'u',
	[0x12] = 'u',
	[0x13] = 'u',
	[0x14] = 'u',
	[0x15] = 'u',
	[0x16] = 'u',
	[0x17] = 'u',
	[0x18] = 'u',
	[0x19] = 'u',
	[0x1a] = 'u',
	[0x1b] = 'u',
	[0x1c] = 'u',
	[0x1d] = 'u',
	[0x1e] = 'u',
	[0x1f] = 'u',
	['"'] = '"',
	['\\'] = '\\',
};

void
json_writer_open(struct json_writer *writer, struct evbuffer *out)
{
	*writer = (struct json_writer){ .out = out };
}

static void
give_block_back(struct json_writer *writer)
{
	struct evbuffer_iovec block;

	if (writer->start == NULL)
		return;
	block.iov_base = writer->start;
	block.iov_len = (size_t)(writer->next - writer->start);
	if (evbuffer_commit_space(writer->out, &block, 1) != 0)
		memory_exhausted();
	writer->start = NULL;
}

void
json_writer_close(struct json_writer *writer)
{
	give_block_back(writer);
	writer->next = NULL;
	writer->end = NULL;
}

void
json_writer_open_memory(struct json_writer *writer, size_t capacity)
{
	*writer = (struct json_writer){ .out = NULL };
	writer->start = memory_resized(NULL, capacity + 1, 1);
	writer->next = writer->start;
	writer->end = writer->start + capacity;
}

char *
json_writer_take_memory(struct json_writer *writer)
{
	char *memory = writer->start;

	*writer = (struct json_writer){ .out = NULL };
	return memory;
}

size_t
json_writer_length(const struct json_writer *writer)
{
	size_t length = (size_t)(writer->next - writer->start);

	return writer->out == NULL ? length : length + evbuffer_get_length(writer->out);
}

static void
grow_memory(struct json_writer *writer, size_t length)
{
	size_t used = (size_t)(writer->next - writer->start);
	size_t capacity = used + used / 2 + length;

	writer->start = memory_resized(writer->start, capacity, 1);
	writer->next = writer->start + used;
	writer->end = writer->start + capacity;
}

static void
take_block(struct json_writer *writer, size_t length)
{
	struct evbuffer_iovec block;

	if (writer->out == NULL) {
		grow_memory(writer, length);
		return;
	}
	give_block_back(writer);
	if (length < BLOCK_BYTES)
		length = BLOCK_BYTES;
	if (evbuffer_reserve_space(writer->out, (ev_ssize_t)length, &block, 1) != 1)
		memory_exhausted();
	writer->start = block.iov_base;
	writer->next = writer->start;
	writer->end = writer->start + block.iov_len;
}

char *
json_reserve(struct json_writer *writer, size_t length)
{
	if (writer->start == NULL || (size_t)(writer->end - writer->next) < length)
		take_block(writer, length);
	return writer->next;
}

/* A byte in each place of a 64 bit word. */
#define IN_EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/*
 * The top bit of each of eight bytes that is below 0x20, a quote or a backslash. Subtracting
 * borrows from the top bit of a byte that was smaller; bytes from 0x80 on are UTF-8 and need
 * nothing. A borrow may also run over from the byte below, so only the lowest of the bits is to be
 * trusted.
 */
static uint64_t
special_bytes(uint64_t bytes)
{
	uint64_t quote = bytes ^ IN_EACH_BYTE('"');
	uint64_t backslash = bytes ^ IN_EACH_BYTE('\\');
	uint64_t below = ((bytes - IN_EACH_BYTE(0x20)) & ~bytes) |
			 ((quote - IN_EACH_BYTE(1)) & ~quote) |
			 ((backslash - IN_EACH_BYTE(1)) & ~backslash);

	return below & IN_EACH_BYTE(0x80);
}

static char *
escape_byte(char *out, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	char escape = escapes[byte];

	if (escape == 0) {
		*out++ = (char)byte;
		return out;
	}
	*out++ = '\\';
	*out++ = escape;
	if (escape == 'u') {
		*out++ = '0';
		*out++ = '0';
		*out++ = digits[byte >> 4];
		*out++ = digits[byte & 15];
	}
	return out;
}

static char *
escape_bytes(char *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		out = escape_byte(out, (unsigned char)text[i]);
	return out;
}

char *
json_escape(char *out, const char *text, size_t length)
{
	uint64_t bytes;

	for (; length >= sizeof bytes; text += sizeof bytes, length -= sizeof bytes) {
		memcpy(&bytes, text, sizeof bytes);
		if (special_bytes(bytes) != 0) {
			out = escape_bytes(out, text, sizeof bytes);
			continue;
		}
		memcpy(out, &bytes, sizeof bytes);
		out += sizeof bytes;
	}
	return escape_bytes(out, text, length);
}

const char *
json_escape_until(char **out_end, const char *text, const char *end, char separator)
{
	char *out = *out_end;

	while (text < end) {
		uint64_t bytes;

		/* Eight at a time, up to the first that is special; what was copied behind it will
		 * be written over. */
		if (end - text >= (ptrdiff_t)sizeof bytes) {
			uint64_t special;
			size_t plain;

			memcpy(&bytes, text, sizeof bytes);
			memcpy(out, &bytes, sizeof bytes);
			special = special_bytes(le64toh(bytes));
			plain = special == 0 ? sizeof bytes : (size_t)__builtin_ctzll(special) / 8;
			text += plain;
			out += plain;
			if (special == 0)
				continue;
		}
		if (*text == separator)
			break;
		out = escape_byte(out, (unsigned char)*text++);
	}
	*out_end = out;
	return text;
}

void
json_raw_bytes(struct json_writer *writer, const char *text, size_t length)
{
	char *out = json_reserve(writer, length);

	memcpy(out, text, length);
	writer->next = out + length;
}

void
json_raw(struct json_writer *writer, const char *text)
{
	json_raw_bytes(writer, text, strlen(text));
}

void
json_text_bytes(struct json_writer *writer, const char *text, size_t length)
{
	/* Lengths are those of values PostgreSQL sent or a client posted: far from overflow. */
	char *out = json_reserve(writer, length * ESCAPE_MAX + 2);

	*out++ = '"';
	out = json_escape(out, text, length);
	*out++ = '"';
	writer->next = out;
}

void
json_text(struct json_writer *writer, const char *text)
{
	json_text_bytes(writer, text, strlen(text));
}

void
json_text_or_null(struct json_writer *writer, const char *text)
{
	if (text == NULL)
		json_raw(writer, "null");
	else
		json_text(writer, text);
}

void
json_number(struct json_writer *writer, int64_t number)
{
	char text[24];
	int length = snprintf(text, sizeof text, "%" PRId64, number);

	json_raw_bytes(writer, text, (size_t)length);
}
