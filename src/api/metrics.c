/*
 * GET /recording/metrics
 *
 * Counters and gauges in Prometheus' text format 0.0.4, for the scope "metrics", or for everybody
 * with metrics.open.
 *
 * Single figures are rows of a table over a snapshot of all counters; only those with labels that
 * are known at run time are written by functions.
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "api/exchange.h"
#include "api/measures.h"
#include "api/parts.h"
#include "base/memory.h"
#include "base/process.h"
#include "cel/log.h"

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct snapshot {
	struct http_counters http;
	struct db_counters db;
	struct cel_counters cel;
	struct process_figures process;
	double started_at;
	uint64_t abandoned;
};

enum figure_type { FIGURE_UNSIGNED, FIGURE_SIGNED, FIGURE_SIZE, FIGURE_DOUBLE };

struct figure {
	const char *name; /* that of the row before: one more of its series */
	const char *kind; /* counter, gauge */
	const char *labels;
	enum figure_type type;
	size_t offset; /* in struct snapshot */
	const char *help;
};

#define AT(field) offsetof(struct snapshot, field)

/* clang-format off */
static const struct figure figures[] = {
	{ "recordingd_http_connections", "gauge", "", FIGURE_UNSIGNED, AT(http.connections),
		"Clients that are connected." },
	{ "recordingd_http_connections_max", "gauge", "", FIGURE_UNSIGNED, AT(http.max_connections),
		"Clients that may be connected at a time (server.max_connections)." },
	{ "recordingd_http_connections_accepted_total", "counter", "", FIGURE_UNSIGNED, AT(http.accepted),
		"Connections that were accepted." },
	{ "recordingd_http_client_limit_total", "counter", "", FIGURE_UNSIGNED, AT(http.refused),
		"Connections and requests refused by server.max_connections_per_client." },
	{ "recordingd_http_sent_bytes_total", "counter", "", FIGURE_UNSIGNED, AT(http.sent_bytes),
		"Bytes of answers that sockets have taken, heads and audio included." },
	{ "recordingd_http_output_waiting_bytes", "gauge", "", FIGURE_UNSIGNED, AT(http.output_bytes),
		"Bytes of answers that wait for slow readers, audio aside." },
	{ "recordingd_http_output_budget_bytes", "gauge", "", FIGURE_UNSIGNED, AT(http.output_budget_bytes),
		"Bytes that may wait for slow readers (server.output_budget)." },
	{ "recordingd_http_requests_abandoned_total", "counter", "", FIGURE_UNSIGNED, AT(abandoned),
		"Requests whose client went before there was an answer." },

	{ "recordingd_database_connections_max", "gauge", "", FIGURE_UNSIGNED, AT(db.connections),
		"Size of the pool (database.connections, for each server)." },
	{ "recordingd_database_connections_open", "gauge", "", FIGURE_UNSIGNED, AT(db.open),
		"Connections of the pool that can take statements." },
	{ "recordingd_database_connections_busy", "gauge", "", FIGURE_UNSIGNED, AT(db.busy),
		"Connections of the pool with statements under way." },
	{ "recordingd_database_connections_lost_total", "counter", "", FIGURE_UNSIGNED, AT(db.lost),
		"Times that a connection was lost, or could not be made, and was tried again." },
	{ "recordingd_database_statements_waiting", "gauge", "lane=\"short\"", FIGURE_UNSIGNED,
		AT(db.waiting[DB_LANE_SHORT]),
		"Statements that wait for a connection." },
	{ "recordingd_database_statements_waiting", "gauge", "lane=\"long\"", FIGURE_UNSIGNED,
		AT(db.waiting[DB_LANE_LONG]), NULL },

	{ "recordingd_cel_hits_total", "counter", "", FIGURE_UNSIGNED, AT(cel.hits),
		"Answers with channel events from memory." },
	{ "recordingd_cel_misses_total", "counter", "", FIGURE_UNSIGNED, AT(cel.misses),
		"Ranges of channel events that were read from the database." },
	{ "recordingd_cel_joined_total", "counter", "", FIGURE_UNSIGNED, AT(cel.joined),
		"Requests for channel events that shared the query of another one." },
	{ "recordingd_cel_refreshes_total", "counter", "", FIGURE_UNSIGNED, AT(cel.refreshes),
		"Looks at the end of the channel event log." },
	{ "recordingd_cel_held_rows_total", "counter", "", FIGURE_UNSIGNED, AT(cel.held_rows),
		"Channel events seen above a gap, counted at each look." },
	{ "recordingd_cel_skipped_gaps_total", "counter", "", FIGURE_UNSIGNED, AT(cel.skipped_gaps),
		"Times that a transaction was no longer waited for." },
	{ "recordingd_cel_resets_total", "counter", "", FIGURE_UNSIGNED, AT(cel.resets),
		"Times that the highest id of the channel event log went down." },
	{ "recordingd_cel_cache_bytes", "gauge", "", FIGURE_SIZE, AT(cel.cache_bytes),
		"Memory that channel events take." },
	{ "recordingd_cel_waiting_clients", "gauge", "", FIGURE_UNSIGNED, AT(cel.waiting),
		"Polls and streams that wait for channel events." },
	{ "recordingd_cel_settled_id", "gauge", "", FIGURE_SIGNED, AT(cel.horizon),
		"Id up to which all channel events are settled." },

	{ "process_cpu_seconds_total", "counter", "", FIGURE_DOUBLE, AT(process.cpu_seconds),
		"User and system time." },
	{ "process_resident_memory_bytes", "gauge", "", FIGURE_UNSIGNED, AT(process.resident_bytes),
		"Resident memory, shared memory of the channel event cache included." },
	{ "process_virtual_memory_bytes", "gauge", "", FIGURE_UNSIGNED, AT(process.virtual_bytes),
		"Virtual memory." },
	{ "process_open_fds", "gauge", "", FIGURE_UNSIGNED, AT(process.open_files),
		"Open file descriptors." },
	{ "process_max_fds", "gauge", "", FIGURE_UNSIGNED, AT(process.max_files),
		"File descriptors that may be open (LimitNOFILE)." },
	{ "process_start_time_seconds", "gauge", "", FIGURE_DOUBLE, AT(started_at),
		"Start of the process, in seconds since 1970." },
};
/* clang-format on */

static void
take(const struct exchange *exchange, struct snapshot *snapshot)
{
	const struct api *api = exchange->api;

	http_server_counters(connection_server(exchange->connection), &snapshot->http);
	db_pool_counters(api->pool, &snapshot->db);
	cel_log_counters(api->cel_log, &snapshot->cel);
	process_read_figures(&snapshot->process);
	snapshot->started_at = (double)api->measures->started_at;
	snapshot->abandoned = api->measures->abandoned;
}

static void PRINTF_LIKE(2, 3) print(struct evbuffer *out, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = evbuffer_add_vprintf(out, format, arguments);
	va_end(arguments);
	if (length < 0)
		memory_exhausted();
}

static void
print_title(struct evbuffer *out, const char *name, const char *kind, const char *help)
{
	print(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void
print_figure(struct evbuffer *out, const struct figure *figure, const struct snapshot *snapshot)
{
	const char *value = (const char *)snapshot + figure->offset;

	if (figure->help != NULL)
		print_title(out, figure->name, figure->kind, figure->help);
	if (*figure->labels != '\0')
		print(out, "%s{%s} ", figure->name, figure->labels);
	else
		print(out, "%s ", figure->name);
	switch (figure->type) {
	case FIGURE_UNSIGNED:
		print(out, "%" PRIu64 "\n", *(const uint64_t *)(const void *)value);
		break;
	case FIGURE_SIGNED:
		print(out, "%" PRId64 "\n", *(const int64_t *)(const void *)value);
		break;
	case FIGURE_SIZE:
		print(out, "%zu\n", *(const size_t *)(const void *)value);
		break;
	case FIGURE_DOUBLE:
		print(out, "%.3f\n", *(const double *)(const void *)value);
		break;
	}
}

/* One series; labels are those beside "le". */
static void
print_histogram(struct evbuffer *out, const char *name, const char *labels,
	const struct histogram *histogram)
{
	uint64_t below = 0;

	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		below += histogram->counts[i];
		print(out, "%s_bucket{%s,le=\"%g\"} %" PRIu64 "\n", name, labels,
			(double)histogram_bounds_us[i] / 1e6, below);
	}
	below += histogram->counts[HISTOGRAM_BOUNDS];
	print(out, "%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", name, labels, below);
	print(out, "%s_sum{%s} %.6f\n", name, labels, (double)histogram->sum_us / 1e6);
	print(out, "%s_count{%s} %" PRIu64 "\n", name, labels, below);
}

/* Pairs that never occurred are left out, but for success: rate() needs a beginning. */
static void
print_requests(struct evbuffer *out, const struct measures *measures)
{
	static const char name[] = "recordingd_http_request_duration_seconds";
	const char *route;

	print_title(out, name, "histogram",
		"Requests by route and status, from their first byte until the answer can leave.");
	for (size_t row = 0; (route = measures_route(row)) != NULL; row++) {
		for (size_t i = 0; i < RESPONSE_STATUSES; i++) {
			const struct histogram *histogram = &measures->requests[row][i];
			char labels[160];

			if (i != 0 && histogram_count(histogram) == 0)
				continue;
			snprintf(labels, sizeof labels, "route=\"%s\",status=\"%u\"", route,
				response_status_at(i));
			print_histogram(out, name, labels, histogram);
		}
	}
}

static void
print_statements(struct evbuffer *out, const struct db_counters *counters)
{
	static const char name[] = "recordingd_database_statement_duration_seconds";

	print_title(out, name, "histogram",
		"Queries by lane, from their sending to their last result.");
	print_histogram(out, name, "lane=\"short\"", &counters->statements[DB_LANE_SHORT]);
	print_histogram(out, name, "lane=\"long\"", &counters->statements[DB_LANE_LONG]);
}

static void
print_audio(struct evbuffer *out, const struct measures *measures)
{
	print_title(out, "recordingd_audio_actions_total", "counter",
		"Actions performed on recordings, as in the access log.");
	for (size_t i = 0; i < AUDIO_ACTION_COUNT; i++)
		print(out, "recordingd_audio_actions_total{action=\"%s\"} %" PRIu64 "\n",
			audio_action_names[i], measures->audio_actions[i]);
	print_title(out, "recordingd_audio_bytes_total", "counter",
		"Bytes of the answers to these actions, as in the access log.");
	for (size_t i = 0; i < AUDIO_ACTION_COUNT; i++)
		print(out, "recordingd_audio_bytes_total{action=\"%s\"} %" PRIu64 "\n",
			audio_action_names[i], measures->audio_bytes[i]);
}

static void
print_parts(struct evbuffer *out, const struct api *api)
{
	bool is_up[PART_COUNT];

	parts_look(api, is_up);
	print_title(out, "recordingd_part_up", "gauge", "Whether a part of health is up.");
	for (enum part part = 0; part < PART_COUNT; part++)
		print(out, "recordingd_part_up{part=\"%s\"} %d\n", part_names[part], is_up[part]);
}

static void
print_build(struct evbuffer *out)
{
	print_title(out, "recordingd_build_info", "gauge", "Versions; the value is always 1.");
	print(out, "recordingd_build_info{version=\"%s\",libpq=\"%d\",libevent=\"%s\"} 1\n",
		RECORDINGD_VERSION, PQlibVersion(), event_get_version());
}

static void
start(struct exchange *exchange)
{
	const struct api *api = exchange->api;
	struct evbuffer *out = exchange->response.body;
	struct snapshot snapshot;

	/* This is no JSON. */
	json_writer_close(&exchange->writer);
	exchange->response.content_type = CONTENT_TYPE;
	take(exchange, &snapshot);
	print_build(out);
	print_parts(out, api);
	print_requests(out, api->measures);
	print_statements(out, &snapshot.db);
	print_audio(out, api->measures);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		print_figure(out, &figures[i], &snapshot);
	exchange->is_due = true;
	exchange_reply(exchange, 200);
}

const struct endpoint endpoint_metrics = {
	.has_own_format = true,
	.start = start,
};
