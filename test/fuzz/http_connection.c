/*
 * A client's bytes, in pieces and with pauses, through the whole service to its answers: eight
 * bytes of plan (support/service.h), then what is sent. However it is cut, it is answered alike.
 */
#include "support/fuzz.h"
#include "support/service.h"

/* Whether the answers are a matter of the bytes alone. */
static bool
is_plain(const struct service_plan *plan)
{
	return plan->pause_ms == 0 && !plan->leaves && !plan->half_closes && !plan->drains &&
	       !plan->has_small_limits && !plan->has_company && !plan->database.grows &&
	       !plan->database.is_emptied && plan->database.mood == DATABASE_WELL;
}

/*
 * Sent at once, it has the same answers, up to the first error: of several that a request may have,
 * which is met first depends on what has come.
 */
static void
compare_with_whole(struct service_plan plan, const struct fuzz_input *input, size_t count,
	const unsigned *statuses)
{
	struct service_result whole;

	plan.piece = 0;
	service_exchange(&plan, (const char *)input->data, input->size, &whole);
	for (size_t i = 0; i < count && i < whole.count && i < SERVICE_ANSWERS_MAX; i++) {
		unsigned status = whole.answers[i].status;

		if (statuses[i] >= 400 && status >= 400)
			return;
		fuzz_require(statuses[i] == status, "answer %zu is %u in pieces, %u at once", i + 1,
			statuses[i], status);
	}
	fuzz_require(
		count == whole.count, "%zu answers in pieces, %zu at once", count, whole.count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	struct service_result result;
	struct service_plan plan;
	unsigned statuses[SERVICE_ANSWERS_MAX];

	service_plan_read(&plan, &input);
	service_exchange(&plan, (const char *)input.data, input.size, &result);
	for (size_t i = 0; i < result.count && i < SERVICE_ANSWERS_MAX; i++)
		statuses[i] = result.answers[i].status;
	if (plan.piece != 0 && is_plain(&plan))
		compare_with_whole(plan, &input, result.count, statuses);
	return 0;
}
