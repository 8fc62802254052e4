/*
 * A body for each endpoint that takes one, by the whole service. A byte that chooses the endpoint,
 * the plan of the database (support/service.h), then the body.
 *
 * What is no JSON for json-c, or no UTF-8, is nothing for recordingd either, and then nothing is
 * asked of the database.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "support/fuzz.h"
#include "support/service.h"

static const char *const targets[] = {
	"/recording/records/search",
	"/recording/records/search?pageSize=2",
	"/recording/call_data/5/attached_data",
	"/recording/history?size=3",
	"/recording/history?days=7",
	"/recording/history/agent",
	"/recording/history/customer",
	"/recording/records/callid_search?callid=1.2",
};

static bool
is_json(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *json;
	bool is_whole;

	fuzz_require(tokener != NULL, "memory for a parser");
	/* With a NUL behind it, so that a number at the end is complete. */
	json = json_tokener_parse_ex(tokener, text, (int)length + 1);
	is_whole = json_tokener_get_error(tokener) == json_tokener_success &&
		   json_tokener_get_parse_end(tokener) >= length;
	json_object_put(json);
	json_tokener_free(tokener);
	return is_whole && utf8_is_text(text, length);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = { "application/json", "text/csv" };
	struct fuzz_input input = { .data = data, .size = size };
	uint8_t choice = fuzz_byte(&input);
	struct service_result result;
	struct service_plan plan;
	unsigned status;
	char *request;
	char *body;
	int head;

	service_plan_read(&plan, &input);
	plan = (struct service_plan){ .database = plan.database };
	if (input.size > 8192)
		input.size = 8192;
	request = memory_zeroed(input.size + 512, 1);
	head = snprintf(request, 512,
		"POST %s HTTP/1.1\r\nHost: a\r\nX-Auth-Token: " SERVICE_TOKEN
		"\r\nAccept: %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
		targets[choice % FUZZ_COUNT(targets)],
		formats[choice / FUZZ_COUNT(targets) % FUZZ_COUNT(formats)], input.size);
	body = request + head;
	if (input.size > 0)
		memcpy(body, input.data, input.size);
	service_exchange(&plan, request, (size_t)head + input.size, &result);
	fuzz_require(result.count == 1 && result.answers[0].is_complete, "one answer");
	status = result.answers[0].status;
	if (input.size > 0 && !is_json(body, input.size))
		fuzz_require((status == 400 || status == 406) && result.statements == 0,
			"%u for no JSON", status);
	if (status == 400 || status == 406)
		fuzz_require(result.statements == 0, "nothing done");
	fuzz_require(status < 400 || plan.database.mood != DATABASE_WELL || status == 400 ||
			     status == 404 || status == 406,
		"%u where the database is well", status);
	free(request);
	return 0;
}
