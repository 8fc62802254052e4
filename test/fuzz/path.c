/*
 * A path, by the whole service, with the token and without it. A byte of method, then the path.
 *
 * What the token guards is reckoned here once more: everything whose decoded path begins with
 * /recording/, but for /recording/health.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/characters.h"
#include "support/fuzz.h"
#include "support/service.h"

static int
hexadecimal(char digit)
{
	if (!isxdigit((unsigned char)digit))
		return -1;
	return isdigit((unsigned char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* Escapes that are none stay. */
static size_t
decode(const char *text, size_t length, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '%' && i + 2 < length && hexadecimal(text[i + 1]) >= 0 &&
			hexadecimal(text[i + 2]) >= 0) {
			out[used++] = (char)(hexadecimal(text[i + 1]) * 16 +
					     hexadecimal(text[i + 2]));
			i += 2;
		} else {
			out[used++] = text[i];
		}
	}
	return used;
}

static bool
is_guarded(const char *path, size_t length)
{
	static const char prefix[] = "/recording/";
	static const char open[] = "/recording/health";
	char *decoded = memory_zeroed(length + 1, 1);
	size_t used = decode(path, length, decoded);
	bool is_below = used >= strlen(prefix) && memcmp(decoded, prefix, strlen(prefix)) == 0;
	bool is_open = used == strlen(open) && memcmp(decoded, open, used) == 0;

	free(decoded);
	return is_below && !is_open;
}

/* The part of a target before its query; false when this is none. */
static bool
is_path(const char *text, size_t *length)
{
	*length = strcspn(text, "?");
	if (*text != '/')
		return false;
	for (; *text != '\0'; text++) {
		/* Brackets are for hosts: such a path is no HTTP, with the token or without it. */
		if (!character_is_target((unsigned char)*text) || *text == '[' || *text == ']')
			return false;
	}
	return true;
}

static unsigned
ask(const char *method, const char *path, const char *fields, struct service_result *result)
{
	const struct service_plan plan = { .database = { .rows = 2, .seed = 7 } };
	size_t size = strlen(path) + 256;
	char *request = memory_zeroed(size, 1);

	snprintf(request, size, "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", method,
		path, fields);
	service_exchange(&plan, request, strlen(request), result);
	free(request);
	fuzz_require(result->count == 1, "one answer");
	return result->answers[0].status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT" };
	struct fuzz_input input = { .data = data, .size = size };
	const char *method = methods[fuzz_byte(&input) % FUZZ_COUNT(methods)];
	struct service_result result;
	char value[256];
	size_t length;
	unsigned status;
	char *path;

	if (input.size > 4000)
		input.size = 4000;
	path = fuzz_rest(&input);
	if (!is_path(path, &length)) {
		free(path);
		return 0;
	}
	status = ask(method, path, "", &result);
	fuzz_require(
		!is_guarded(path, length) || status == 401, "%u for %s %s", status, method, path);
	fuzz_require(
		is_guarded(path, length) || status != 401, "%u for %s %s", status, method, path);
	status = ask(method, path, "X-Auth-Token: " SERVICE_TOKEN "\r\n", &result);
	fuzz_require(status != 401 && status != 403, "the token opens everything: %s", path);
	if (status == 200 &&
		answer_field(&result.answers[0], "Content-Disposition", value, sizeof value))
		fuzz_require(strstr(path, "/audio/") != NULL || strchr(path, '%') != NULL,
			"audio is where it is");
	free(path);
	return 0;
}
