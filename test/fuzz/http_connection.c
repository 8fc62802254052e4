/*
 * A client's bytes, in pieces and with pauses, through the whole service to its answers: eight
 * bytes of plan (support/service.h), then what is sent.
 */
#include "support/fuzz.h"
#include "support/service.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	struct service_result result;
	struct service_plan plan;

	service_plan_read(&plan, &input);
	service_exchange(&plan, (const char *)input.data, input.size, &result);
	return 0;
}
