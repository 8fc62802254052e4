/*
 * GET /recording/health, without a token
 *
 * {"status":"ok","version":"…"}, or 503 with "status":"degraded" and which parts are down.
 */
#include "api/exchange.h"
#include "audio/access_log.h"
#include "audio/file.h"

static void
start(struct exchange *exchange)
{
	const struct api *api = exchange->api;
	struct json_writer *writer = &exchange->writer;
	const struct {
		const char *name;
		bool is_up;
	} parts[] = {
		{ "database", db_pool_is_up(api->pool) },
		{ "audio directory", audio_directory_is_there(api->settings->audio_directory) },
		{ "access log", access_log_is_writable(api->access_log) },
	};
	unsigned down = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		down += !parts[i].is_up;
	json_raw(writer, "{\"status\":");
	json_text(writer, down == 0 ? "ok" : "degraded");
	json_raw(writer, ",\"version\":");
	json_text(writer, RECORDINGD_VERSION);
	if (down > 0)
		json_raw(writer, ",\"down\":[");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (parts[i].is_up)
			continue;
		json_text(writer, parts[i].name);
		json_raw(writer, --down == 0 ? "]" : ",");
	}
	json_raw(writer, "}");
	exchange_reply(exchange, parts[0].is_up && parts[1].is_up && parts[2].is_up ? 200 : 503);
}

const struct endpoint endpoint_health = {
	.start = start,
};
