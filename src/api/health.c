/*
 * GET /recording/health, without a token
 *
 * {"status":"ok","version":"…"}, or 503 with "status":"degraded" and which parts are down. Where
 * standbys answer reads, also whether the primary is there and how many of them answer.
 */
#include "api/exchange.h"
#include "api/parts.h"

static void
write_database(struct json_writer *writer, const struct db_pool *pool)
{
	if (db_pool_readers(pool) == 0)
		return;
	json_raw(writer, ",\"database\":{\"primary\":");
	json_raw(writer, db_pool_is_up(pool) ? "true" : "false");
	json_raw(writer, ",\"standbys\":");
	json_number(writer, db_pool_readers(pool));
	json_raw(writer, ",\"answering\":");
	json_number(writer, db_pool_readers_up(pool));
	json_raw(writer, "}");
}

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
	write_database(writer, exchange->api->pool);
	json_raw(writer, "}");
	exchange->is_due = true;
	exchange_reply(exchange, status);
}

const struct endpoint endpoint_health = {
	.start = start,
};
