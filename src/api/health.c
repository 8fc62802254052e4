/*
 * GET /recording/health, without a token
 *
 * {"status":"ok","version":"…"}, or 503 with "status":"degraded" and which parts are down.
 */
#include "api/exchange.h"
#include "api/parts.h"

static void
start(struct exchange *exchange)
{
	struct json_writer *writer = &exchange->writer;
	bool is_up[PART_COUNT];
	unsigned status = 200;

	parts_look(exchange->api, is_up);
	for (enum part part = 0; part < PART_COUNT; part++)
		status = is_up[part] ? status : 503;
	json_raw(writer, "{\"status\":");
	json_text(writer, status == 200 ? "ok" : "degraded");
	json_raw(writer, ",\"version\":");
	json_text(writer, RECORDINGD_VERSION);
	if (status != 200) {
		const char *separator = ",\"down\":[";

		for (enum part part = 0; part < PART_COUNT; part++) {
			if (is_up[part])
				continue;
			json_raw(writer, separator);
			json_text(writer, part_names[part]);
			separator = ",";
		}
		json_raw(writer, "]");
	}
	json_raw(writer, "}");
	exchange_reply(exchange, status);
}

const struct endpoint endpoint_health = {
	.start = start,
};
