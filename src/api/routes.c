/* In the order of the README. */
#include "api/routes.h"

const struct route routes[] = {
	{ ROUTE_POST, "/recording/records/search", &endpoint_records_search, SCOPE_RECORDS },
	{ ROUTE_POST, "/recording/records/callid_search", &endpoint_records_callid_search,
		SCOPE_RECORDS },
	{ ROUTE_GET, "/recording/records/{file-id}/audio/{action}", &endpoint_audio, SCOPE_AUDIO },
	{ ROUTE_POST, "/recording/call_data/{id}/attached_data", &endpoint_attached_data,
		SCOPE_WRITE },
	{ ROUTE_POST, "/recording/history", &endpoint_history, SCOPE_HISTORY },
	{ ROUTE_POST, "/recording/history/agent", &endpoint_history_agent, SCOPE_HISTORY },
	{ ROUTE_POST, "/recording/history/customer", &endpoint_history_customer, SCOPE_HISTORY },
	{ ROUTE_GET, "/recording/last_agent", &endpoint_last_agent, SCOPE_HISTORY },
	{ ROUTE_GET, "/recording/cel", &endpoint_cel, SCOPE_CEL },
	{ ROUTE_GET, "/recording/cel/stream", &endpoint_cel_stream, SCOPE_CEL },
	{ ROUTE_GET, "/recording/metrics", &endpoint_metrics, SCOPE_METRICS },
	{ ROUTE_GET, "/recording/health", &endpoint_health, SCOPE_OPEN },
};

const size_t route_count = sizeof routes / sizeof *routes;
