/* In the order of the README. */
#include "api/routes.h"

const struct route routes[] = {
	{ ROUTE_POST, "/recording/records/search", &endpoint_records_search, ROUTE_TOKEN },
	{ ROUTE_POST, "/recording/records/callid_search", &endpoint_records_callid_search,
		ROUTE_TOKEN },
	{ ROUTE_GET, "/recording/records/{file-id}/audio/{action}", &endpoint_audio, ROUTE_TOKEN },
	{ ROUTE_POST, "/recording/call_data/{id}/attached_data", &endpoint_attached_data,
		ROUTE_TOKEN },
	{ ROUTE_POST, "/recording/history", &endpoint_history, ROUTE_TOKEN },
	{ ROUTE_POST, "/recording/history/agent", &endpoint_history_agent, ROUTE_TOKEN },
	{ ROUTE_POST, "/recording/history/customer", &endpoint_history_customer, ROUTE_TOKEN },
	{ ROUTE_GET, "/recording/last_agent", &endpoint_last_agent, ROUTE_TOKEN },
	{ ROUTE_GET, "/recording/cel", &endpoint_cel, ROUTE_TOKEN },
	{ ROUTE_GET, "/recording/cel/stream", &endpoint_cel_stream, ROUTE_TOKEN },
	{ ROUTE_GET, "/recording/health", &endpoint_health, ROUTE_OPEN },
};

const size_t route_count = sizeof routes / sizeof *routes;
