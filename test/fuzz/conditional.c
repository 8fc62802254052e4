/*
 * The fields of a conditional request for a file: lines of If-Match, If-Unmodified-Since,
 * If-None-Match, If-Modified-Since, If-Range and Range, empty for none. RFC 9110, 13.2.2, weighed
 * once more as far as it can be told from the texts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/conditional.h"
#include "http/request.h"
#include "support/fuzz.h"

#define TAG "\"a-1\""

enum { MATCH, UNMODIFIED, NONE_MATCH, MODIFIED, IF_RANGE, RANGE, FIELDS };

static const char *const names[FIELDS] = { "If-Match", "If-Unmodified-Since", "If-None-Match",
	"If-Modified-Since", "If-Range", "Range" };

static const struct request_limits limits = {
	.max_head_bytes = 16384,
	.max_target_bytes = 256,
	.max_body_bytes = 0,
};

/* NULL when the lines make no request. */
static struct request *
build(char *const values[FIELDS])
{
	struct request *request = request_new(&limits);
	char *text = memory_zeroed(16384, 1);
	size_t used = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");
	size_t fed = 0;
	struct error error;
	enum request_progress progress;

	for (size_t i = 0; i < FIELDS; i++) {
		if (*values[i] != '\0' && strlen(values[i]) < 2000)
			used += (size_t)sprintf(text + used, "%s: %s\r\n", names[i], values[i]);
	}
	used += (size_t)sprintf(text + used, "\r\n");
	progress = request_feed(request, text, used, &fed, &error);
	free(text);
	if (progress == REQUEST_HEAD_COMPLETE && fed == used)
		return request;
	request_free(request);
	return NULL;
}

/* What the texts alone tell. */
static void
check(const struct request *request, enum condition condition)
{
	const char *match = request_field(request, names[MATCH]);
	const char *none_match = request_field(request, names[NONE_MATCH]);
	const char *if_range = request_field(request, names[IF_RANGE]);
	bool has_range = request_field(request, names[RANGE]) != NULL;

	if (match != NULL && strstr(match, TAG) == NULL && strchr(match, '*') == NULL)
		fuzz_require(condition == CONDITION_FAILED, "If-Match: %s", match);
	if (match == NULL && request_field(request, names[UNMODIFIED]) == NULL)
		fuzz_require(condition != CONDITION_FAILED, "nothing to fail");
	if (none_match != NULL && strcmp(none_match, "*") == 0)
		fuzz_require(condition == CONDITION_NOT_MODIFIED || condition == CONDITION_FAILED,
			"If-None-Match: *");
	if (none_match == NULL && request_field(request, names[MODIFIED]) == NULL)
		fuzz_require(condition != CONDITION_NOT_MODIFIED, "nothing to compare with");
	if (!has_range)
		fuzz_require(
			condition != CONDITION_SEND_PART && condition != CONDITION_UNSATISFIABLE,
			"no range");
	/* A tag that is not ours, or a weak one: all of it. */
	if (if_range != NULL && strchr(if_range, '"') != NULL && strcmp(if_range, TAG) != 0)
		fuzz_require(condition != CONDITION_SEND_PART, "If-Range: %s", if_range);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	const struct representation representation = {
		.tag = TAG, .modified = 784111777, .bytes = 100
	};
	char *values[FIELDS];
	struct request *request;
	uint64_t first = 1;
	uint64_t last = 0;
	enum condition condition;

	for (size_t i = 0; i < FIELDS; i++)
		values[i] = fuzz_line(&input);
	request = build(values);
	if (request != NULL) {
		condition = condition_of(request, &representation, &first, &last);
		fuzz_require(condition != CONDITION_SEND_PART ||
				     (first <= last && last < representation.bytes),
			"a part of the file");
		check(request, condition);
		request_free(request);
	}
	for (size_t i = 0; i < FIELDS; i++)
		free(values[i]);
	return 0;
}
