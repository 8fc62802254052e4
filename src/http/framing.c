#include "http/framing.h"

#include <string.h>

#include "http/characters.h"

/* RFC 9112, 2.3: the name is case-sensitive, and only these two versions are spoken here. */
static const char version_prefix[] = "HTTP/1.";

void
framing_open(struct framing *framing, size_t max_head_bytes, size_t max_target_bytes)
{
	*framing = (struct framing){
		.stage = FRAMING_START,
		.max_head_bytes = max_head_bytes,
		.max_target_bytes = max_target_bytes,
	};
}

static bool
refuse(struct error *error, const char *what)
{
	return error_set(error, ERROR_BAD_REQUEST, "not a valid HTTP request: %s", what);
}

/* Moves on when the byte is the one that must stand here. */
static bool
require(struct framing *framing, unsigned char byte, char wanted, enum framing_stage next,
	const char *what, struct error *error)
{
	if (byte != (unsigned char)wanted)
		return refuse(error, what);
	framing->stage = next;
	return true;
}

static bool
take_start(struct framing *framing, unsigned char byte, struct error *error)
{
	/* RFC 9112, 2.2: an empty line before the request line should be ignored; one is. */
	if (byte == '\r' && !framing->had_empty_line) {
		framing->had_empty_line = true;
		framing->stage = FRAMING_START_LF;
		return true;
	}
	if (!character_is_token(byte))
		return refuse(error, "it must begin with a method");
	framing->method[0] = (char)byte;
	framing->method_bytes = 1;
	framing->stage = FRAMING_METHOD;
	return true;
}

static bool
take_method(struct framing *framing, unsigned char byte, struct error *error)
{
	if (byte == ' ') {
		framing->method[framing->method_bytes] = '\0';
		framing->stage = FRAMING_TARGET;
		return true;
	}
	if (!character_is_token(byte))
		return refuse(error, "a method is a token");
	if (framing->method_bytes == FRAMING_METHOD_MAX)
		return refuse(error, "the method is too long");
	framing->method[framing->method_bytes++] = (char)byte;
	return true;
}

static bool
take_target(struct framing *framing, unsigned char byte, struct error *error)
{
	if (byte == ' ') {
		if (framing->target_bytes == 0)
			return refuse(error, "a request target is missing");
		framing->stage = FRAMING_VERSION;
		return true;
	}
	if (!character_is_target(byte))
		return refuse(error, "a character that a request target cannot have");
	if (framing->target_bytes == framing->max_target_bytes) {
		return error_set(error, ERROR_URI_TOO_LONG, "a request target may have %zu bytes",
			framing->max_target_bytes);
	}
	framing->target_bytes++;
	return true;
}

static bool
take_version(struct framing *framing, unsigned char byte, struct error *error)
{
	if (framing->version_bytes < sizeof version_prefix - 1) {
		if (byte != (unsigned char)version_prefix[framing->version_bytes])
			return refuse(error, "the version must be HTTP/1.1 or HTTP/1.0");
		framing->version_bytes++;
		return true;
	}
	if (byte != '0' && byte != '1')
		return refuse(error, "the version must be HTTP/1.1 or HTTP/1.0");
	framing->is_http_1_0 = byte == '0';
	framing->stage = FRAMING_VERSION_CR;
	return true;
}

static bool
take_line(struct framing *framing, unsigned char byte, struct error *error)
{
	if (byte == '\r') {
		framing->stage = FRAMING_END_LF;
		return true;
	}
	if (!character_is_token(byte))
		return refuse(error, "a field line must begin with a name");
	if (framing->fields == FRAMING_FIELDS_MAX) {
		return error_set(error, ERROR_HEADERS_TOO_LARGE, "a request may have %d fields",
			FRAMING_FIELDS_MAX);
	}
	framing->fields++;
	framing->stage = FRAMING_NAME;
	return true;
}

/* Names and values of fields and trailers, which have the same grammar. */
static bool
take_name(
	struct framing *framing, unsigned char byte, enum framing_stage value, struct error *error)
{
	if (byte == ':') {
		framing->stage = value;
		return true;
	}
	return character_is_token(byte) || refuse(error, "a field name is a token and a colon");
}

static bool
take_value(struct framing *framing, unsigned char byte, enum framing_stage end, struct error *error)
{
	if (byte == '\r') {
		framing->stage = end;
		return true;
	}
	return character_is_field_value(byte) ||
	       refuse(error, "a character that a field value cannot have");
}

static bool
take_head(struct framing *framing, unsigned char byte, struct error *error)
{
	switch (framing->stage) {
	case FRAMING_START:
		return take_start(framing, byte, error);
	case FRAMING_START_LF:
		return require(framing, byte, '\n', FRAMING_START, "a CR without LF", error);
	case FRAMING_METHOD:
		return take_method(framing, byte, error);
	case FRAMING_TARGET:
		return take_target(framing, byte, error);
	case FRAMING_VERSION:
		return take_version(framing, byte, error);
	case FRAMING_VERSION_CR:
		return require(framing, byte, '\r', FRAMING_VERSION_LF,
			"the request line must end with CRLF", error);
	case FRAMING_VERSION_LF:
		return require(framing, byte, '\n', FRAMING_LINE, "a CR without LF", error);
	case FRAMING_LINE:
		return take_line(framing, byte, error);
	case FRAMING_NAME:
		return take_name(framing, byte, FRAMING_VALUE, error);
	case FRAMING_VALUE:
		return take_value(framing, byte, FRAMING_VALUE_LF, error);
	case FRAMING_VALUE_LF:
		return require(framing, byte, '\n', FRAMING_LINE, "a CR without LF", error);
	default: /* FRAMING_END_LF */
		return require(
			framing, byte, '\n', FRAMING_HEAD_COMPLETE, "a CR without LF", error);
	}
}

static bool
take_size(struct framing *framing, unsigned char byte, struct error *error)
{
	int value = character_hex_value(byte);

	if (value >= 0) {
		/* 16 digits fill a uint64_t; leading zeros count, they have no use. */
		if (framing->size_digits == 16)
			return refuse(error, "a chunk size is too long");
		framing->size_digits++;
		framing->remaining = framing->remaining << 4 | (uint64_t)value;
		framing->stage = FRAMING_SIZE;
		return true;
	}
	if (framing->stage == FRAMING_SIZE_FIRST)
		return refuse(error, "a chunk must begin with its size");
	return require(framing, byte, '\r', FRAMING_SIZE_LF,
		"a chunk size must end with CRLF or a semicolon", error);
}

static bool
take_extension(struct framing *framing, unsigned char byte, struct error *error)
{
	if (!character_is_field_value(byte))
		return refuse(error, "a character that a chunk extension cannot have");
	if (++framing->extension_bytes > FRAMING_EXTENSION_MAX ||
		++framing->extensions_bytes > FRAMING_EXTENSIONS_BODY_MAX)
		return refuse(error, "too many chunk extensions");
	return true;
}

static bool
take_trailer_line(struct framing *framing, unsigned char byte, struct error *error)
{
	if (byte == '\r') {
		framing->stage = FRAMING_TRAILER_END_LF;
		return true;
	}
	framing->stage = FRAMING_TRAILER_NAME;
	return character_is_token(byte) || refuse(error, "a trailer must begin with a name");
}

static bool
take_trailer(struct framing *framing, unsigned char byte, struct error *error)
{
	if (++framing->trailer_bytes > FRAMING_TRAILER_MAX)
		return refuse(error, "the trailers are too long");
	switch (framing->stage) {
	case FRAMING_TRAILER_LINE:
		return take_trailer_line(framing, byte, error);
	case FRAMING_TRAILER_NAME:
		return take_name(framing, byte, FRAMING_TRAILER_VALUE, error);
	case FRAMING_TRAILER_VALUE:
		return take_value(framing, byte, FRAMING_TRAILER_LF, error);
	case FRAMING_TRAILER_LF:
		return require(framing, byte, '\n', FRAMING_TRAILER_LINE, "a CR without LF", error);
	default: /* FRAMING_TRAILER_END_LF */
		return require(framing, byte, '\n', FRAMING_COMPLETE, "a CR without LF", error);
	}
}

static bool
take_chunk_line(struct framing *framing, unsigned char byte, struct error *error)
{
	switch (framing->stage) {
	case FRAMING_SIZE_FIRST:
	case FRAMING_SIZE:
		return take_size(framing, byte, error);
	case FRAMING_EXTENSION:
		return require(framing, byte, '\r', FRAMING_SIZE_LF, "", error);
	case FRAMING_SIZE_LF:
		return require(framing, byte, '\n',
			framing->remaining == 0 ? FRAMING_TRAILER_LINE : FRAMING_CHUNK,
			"a CR without LF", error);
	case FRAMING_CHUNK_CR:
		return require(framing, byte, '\r', FRAMING_CHUNK_LF,
			"a chunk is longer than its size", error);
	case FRAMING_CHUNK_LF:
		framing->size_digits = 0;
		return require(framing, byte, '\n', FRAMING_SIZE_FIRST, "a CR without LF", error);
	default:
		return take_trailer(framing, byte, error);
	}
}

/* Passes over body bytes; the stage changes when the body or chunk is complete. */
static size_t
take_data(struct framing *framing, size_t available)
{
	size_t taken = available;

	if (taken > framing->remaining)
		taken = (size_t)framing->remaining;
	framing->remaining -= taken;
	if (framing->remaining == 0)
		framing->stage = framing->stage == FRAMING_DATA ? FRAMING_COMPLETE
								: FRAMING_CHUNK_CR;
	return taken;
}

static bool
count_head_byte(struct framing *framing, struct error *error)
{
	/* Above it when a target alone was as long: that one has a limit of its own. */
	if (framing->head_bytes >= framing->max_head_bytes) {
		return error_set(error, ERROR_HEADERS_TOO_LARGE,
			"a request head may have %zu bytes", framing->max_head_bytes);
	}
	framing->head_bytes++;
	return true;
}

static enum framing_event
consume_head(
	struct framing *framing, const char *data, size_t length, size_t *used, struct error *error)
{
	size_t i = 0;

	while (i < length) {
		unsigned char byte = (unsigned char)data[i];
		bool was_method = framing->stage == FRAMING_METHOD;

		/* A target that is too long says so (414) before the head does (431). */
		if (framing->stage != FRAMING_TARGET && !count_head_byte(framing, error))
			return FRAMING_FAILED;
		if (framing->stage == FRAMING_TARGET)
			framing->head_bytes++;
		if (!take_head(framing, byte, error))
			return FRAMING_FAILED;
		if (was_method && framing->stage == FRAMING_TARGET) {
			*used = i + 1;
			return FRAMING_METHOD_DONE;
		}
		i++;
		if (framing->stage == FRAMING_HEAD_COMPLETE) {
			*used = i;
			return FRAMING_HEAD_DONE;
		}
	}
	*used = length;
	return FRAMING_MORE;
}

/*
 * A chunk extension, up to the CR. RFC 9112, 7.1.1: unknown extensions must be ignored; llhttp 8
 * refuses some that the grammar allows, so that it does not get to see them.
 */
static enum framing_event
consume_extension(
	struct framing *framing, const char *data, size_t length, size_t *used, struct error *error)
{
	size_t i = 0;

	if (framing->stage == FRAMING_SIZE)
		framing->extension_bytes = 0;
	framing->stage = FRAMING_EXTENSION;
	while (i < length && data[i] != '\r') {
		if (!take_extension(framing, (unsigned char)data[i++], error))
			return FRAMING_FAILED;
	}
	*used = i;
	return FRAMING_IGNORED;
}

static bool
is_in_extension(const struct framing *framing, char next)
{
	return (framing->stage == FRAMING_SIZE && next == ';') ||
	       (framing->stage == FRAMING_EXTENSION && next != '\r');
}

static enum framing_event
consume_body(
	struct framing *framing, const char *data, size_t length, size_t *used, struct error *error)
{
	size_t i = 0;

	if (length > 0 && is_in_extension(framing, *data))
		return consume_extension(framing, data, length, used, error);
	while (i < length && framing->stage != FRAMING_COMPLETE &&
		!is_in_extension(framing, data[i])) {
		if (framing->stage == FRAMING_DATA || framing->stage == FRAMING_CHUNK)
			i += take_data(framing, length - i);
		else if (!take_chunk_line(framing, (unsigned char)data[i++], error))
			return FRAMING_FAILED;
	}
	*used = i;
	return framing->stage == FRAMING_COMPLETE ? FRAMING_MESSAGE_DONE : FRAMING_MORE;
}

enum framing_event
framing_consume(
	struct framing *framing, const char *data, size_t length, size_t *used, struct error *error)
{
	*used = 0;
	if (framing->stage < FRAMING_HEAD_COMPLETE)
		return consume_head(framing, data, length, used, error);
	return consume_body(framing, data, length, used, error);
}

void
framing_expect_length(struct framing *framing, uint64_t length)
{
	framing->remaining = length;
	framing->stage = length == 0 ? FRAMING_COMPLETE : FRAMING_DATA;
}

void
framing_expect_chunks(struct framing *framing)
{
	framing->remaining = 0;
	framing->stage = FRAMING_SIZE_FIRST;
}
