/*
 * One request, fed whole and in pieces: both must come to the same request, or to the same error.
 * What is accepted is well-formed by a reckoning of its own. A byte that says how it is cut, then
 * the request.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/characters.h"
#include "http/request.h"
#include "support/fuzz.h"

static const struct request_limits limits = {
	.max_head_bytes = 1024,
	.max_target_bytes = 256,
	.max_body_bytes = 512,
};

struct outcome {
	struct request *request;
	enum request_progress progress;
	struct error error;
	size_t used;
	bool had_head;
};

/* Feeds as a connection does, from a copy of each piece that is no byte longer. */
static void
feed(struct outcome *outcome, const char *text, size_t length, size_t piece)
{
	*outcome = (struct outcome){ .request = request_new(&limits) };
	while (outcome->used < length && (outcome->progress == REQUEST_INCOMPLETE ||
						 outcome->progress == REQUEST_HEAD_COMPLETE)) {
		size_t left = length - outcome->used;
		size_t given = left < piece ? left : piece;
		char *copy = malloc(given);
		size_t used = 0;

		fuzz_require(copy != NULL, "memory");
		memcpy(copy, text + outcome->used, given);
		outcome->progress = request_feed(
			outcome->request, copy, given, &used, &outcome->error);
		free(copy);
		fuzz_require(used <= given, "no more bytes than there are");
		fuzz_require(used > 0 || outcome->progress != REQUEST_INCOMPLETE, "progress");
		outcome->used += used;
		if (outcome->progress != REQUEST_HEAD_COMPLETE)
			continue;
		fuzz_require(!outcome->had_head, "one head");
		outcome->had_head = true;
		if (!request_expects_body(outcome->request))
			return;
		if (request_body_is_too_large(outcome->request))
			request_discard_body(outcome->request);
	}
}

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		fuzz_require(
			(unsigned char)*text >= 0x20 || *text == '\t', "no control characters");
}

static void
check_head(const struct request *request)
{
	static const char *const names[] = { "Host", "Content-Length", "Transfer-Encoding", "Range",
		"X-Auth-Token", "Authorization", "Accept" };
	const char *path = request_path(request);

	fuzz_require(*path == '/' || strcmp(path, "*") == 0, "a path: %s", path);
	for (; *path != '\0'; path++)
		fuzz_require(character_is_target((unsigned char)*path) && *path != '?', "a path");
	for (size_t i = 0; i < FUZZ_COUNT(names); i++) {
		const char *value = request_field(request, names[i]);
		unsigned count = request_field_count(request, names[i]);
		char *joined = request_field_joined(request, names[i]);

		fuzz_require((value != NULL) == (count > 0) && (joined != NULL) == (count > 0),
			"it is there or not");
		if (joined != NULL)
			check_text(joined);
		free(joined);
	}
	fuzz_require(request_is_http_1_0(request) || request_field_count(request, "Host") == 1,
		"HTTP/1.1 has one Host");
	fuzz_require(request_field_count(request, "Content-Length") == 0 ||
			     request_field_count(request, "Transfer-Encoding") == 0,
		"one way to tell the length");
}

static void
compare_texts(const char *one, const char *other)
{
	fuzz_require((one == NULL) == (other == NULL), "a text is there, or not");
	fuzz_require(one == NULL || strcmp(one, other) == 0, "%s is %s", one, other);
}

static void
compare(const struct outcome *whole, const struct outcome *pieces)
{
	const char *body;
	const char *other_body;
	size_t length;
	size_t other_length;

	fuzz_require(whole->progress == pieces->progress, "the same progress");
	/* Of several errors the one that is met first: that depends on how the bytes come. */
	if (whole->progress == REQUEST_INVALID)
		return;
	fuzz_require(whole->used == pieces->used, "as many bytes");
	fuzz_require(whole->had_head == pieces->had_head, "the same head");
	if (!whole->had_head)
		return;
	compare_texts(request_path(whole->request), request_path(pieces->request));
	compare_texts(request_query(whole->request), request_query(pieces->request));
	compare_texts(
		request_field(whole->request, "Host"), request_field(pieces->request, "Host"));
	fuzz_require(
		request_method(whole->request) == request_method(pieces->request) &&
			request_keeps_alive(whole->request) == request_keeps_alive(pieces->request),
		"the same request");
	if (whole->progress != REQUEST_COMPLETE)
		return;
	body = request_body(whole->request, &length);
	other_body = request_body(pieces->request, &other_length);
	fuzz_require(
		length == other_length && memcmp(body, other_body, length) == 0, "the same body");
	fuzz_require(length <= limits.max_body_bytes && body[length] == '\0', "a bounded body");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	size_t piece = 1 + (size_t)fuzz_byte(&input) % 32;
	struct outcome whole;
	struct outcome pieces;

	feed(&whole, (const char *)input.data, input.size, input.size + 1);
	feed(&pieces, (const char *)input.data, input.size, piece);
	compare(&whole, &pieces);
	if (whole.had_head)
		check_head(whole.request);
	request_free(whole.request);
	request_free(pieces.request);
	return 0;
}
