/*
 * From a request to its endpoint: token, path, method, scope, content type, accepted formats, in
 * this order, then the parameters and the body.
 */
#include <stdlib.h>
#include <string.h>

#include "api/body.h"
#include "api/exchange.h"
#include "api/measures.h"
#include "api/parameters.h"
#include "api/request_log.h"
#include "api/token.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "http/forwarded.h"
#include "http/media_type.h"
#include "http/percent.h"
#include "http/request_id.h"

/* Segments a path may have; the longest route has six. */
#define SEGMENTS_MAX 16

/* Everything below this needs the token, but for open routes. */
#define PROTECTED_PREFIX "/recording/"

struct path {
	char *text; /* owned: the decoded segments, each with a NUL */
	const char *segments[SEGMENTS_MAX];
	size_t count;
	bool is_well_formed; /* its percent-escapes are */
	bool is_text;	     /* it can name something: valid UTF-8, no U+0000, not too deep */
};

/* Decodes each segment by itself, so that %2F never becomes a separator. */
static void
path_open(struct path *path, const char *raw)
{
	size_t decoded;
	char *out;

	*path = (struct path){ .is_well_formed = true, .is_text = true };
	path->text = memory_resized(NULL, strlen(raw) + 1, 1);
	out = path->text;
	while (*raw == '/') {
		size_t length = strcspn(++raw, "/");

		if (path->count == SEGMENTS_MAX) {
			path->is_text = false;
			return;
		}
		if (!percent_decode(raw, length, out, &decoded)) {
			path->is_well_formed = false;
			return;
		}
		if (!utf8_is_text(out, decoded))
			path->is_text = false;
		out[decoded] = '\0';
		path->segments[path->count++] = out;
		out += decoded + 1;
		raw += length;
	}
}

static void
path_close(struct path *path)
{
	free(path->text);
}

/* The pattern's segments against the path's; a segment in braces takes any that is not empty. */
static bool
route_matches(const struct route *route, const struct path *path,
	const char *captures[ROUTE_CAPTURES_MAX])
{
	const char *pattern = route->pattern;
	size_t captured = 0;
	size_t i = 0;

	for (; *pattern == '/'; i++) {
		size_t length = strcspn(++pattern, "/");

		if (i == path->count)
			return false;
		if (*pattern == '{') {
			if (*path->segments[i] == '\0')
				return false;
			captures[captured++] = path->segments[i];
		} else if (strlen(path->segments[i]) != length ||
			   memcmp(path->segments[i], pattern, length) != 0) {
			return false;
		}
		pattern += length;
	}
	return i == path->count;
}

static bool
method_matches(const struct route *route, enum request_method method)
{
	if (route->method == ROUTE_POST)
		return method == REQUEST_POST;
	return method == REQUEST_GET || method == REQUEST_HEAD;
}

static bool
needs_token(const struct api *api, const struct route *route)
{
	if (route->scope == SCOPE_METRICS && api->settings->metrics_are_open)
		return false;
	return route->scope != SCOPE_OPEN;
}

/*
 * The token is judged on the decoded path. Escapes that are none stay as they are for this: such a
 * path is refused later, but only for those who have the token.
 */
static bool
is_protected(const struct api *api, const char *raw)
{
	size_t length = strlen(raw);
	char *decoded = memory_resized(NULL, length + 1, 1);
	size_t out = 0;
	bool is_below;

	for (size_t i = 0; i < length; i++) {
		size_t one;

		if (raw[i] == '%' && length - i >= 3 &&
			percent_decode(raw + i, 3, decoded + out, &one)) {
			out += one;
			i += 2;
		} else {
			decoded[out++] = raw[i];
		}
	}
	is_below = out >= sizeof PROTECTED_PREFIX - 1 &&
		   memcmp(decoded, PROTECTED_PREFIX, sizeof PROTECTED_PREFIX - 1) == 0;
	for (size_t i = 0; i < route_count && is_below; i++) {
		if (!needs_token(api, &routes[i]) && strlen(routes[i].pattern) == out &&
			memcmp(decoded, routes[i].pattern, out) == 0)
			is_below = false;
	}
	free(decoded);
	return is_below;
}

/* False: the path needs a token, and the request has none that is right. */
static bool
check_token(const struct api *api, struct request *request, unsigned *scopes, struct error *error)
{
	const struct token *token;

	*scopes = SCOPE_OPEN;
	if (!is_protected(api, request_path(request)))
		return true;
	token = token_set_find(api->settings->tokens, request);
	if (token == NULL) {
		return error_set(error, ERROR_UNAUTHORIZED,
			"the token in X-Auth-Token or Authorization: Bearer is missing or wrong");
	}
	*scopes = token->scopes;
	/* A copy: a reload may replace the tokens while the request is under way. */
	strcpy(request_note(request)->token, token->name);
	return true;
}

static bool
check_scope(const struct api *api, const struct route *route, unsigned scopes, struct error *error)
{
	if (!needs_token(api, route) || (scopes & route->scope) != 0)
		return true;
	return error_set(error, ERROR_FORBIDDEN, "this needs a token with the scope \"%s\"",
		scope_name(route->scope));
}

static const struct route *
find_route(const struct path *path, enum request_method method,
	const char *captures[ROUTE_CAPTURES_MAX], struct error *error)
{
	const struct route *other = NULL;

	for (size_t i = 0; i < route_count && path->is_text; i++) {
		if (!route_matches(&routes[i], path, captures))
			continue;
		if (method_matches(&routes[i], method))
			return &routes[i];
		other = &routes[i];
	}
	if (other == NULL) {
		(void)error_set(error, ERROR_NOT_FOUND, "there is nothing at this path");
		return NULL;
	}
	(void)error_set(error, ERROR_METHOD_NOT_ALLOWED, "this path is for %s",
		other->method == ROUTE_POST ? "POST" : "GET and HEAD");
	error->allow = other->method == ROUTE_POST ? "POST" : "GET, HEAD";
	return NULL;
}

static bool
check_content_type(const struct request *request, struct error *error)
{
	const char *type = request_field(request, "Content-Type");

	if (type == NULL || !request_expects_body(request) || media_type_is_json(type))
		return true;
	return error_set(
		error, ERROR_UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json");
}

static bool
choose_format(const struct request *request, const struct endpoint *endpoint, enum format *format,
	struct error *error)
{
	char *accept;
	bool is_acceptable;

	*format = FORMAT_JSON;
	if (endpoint->has_own_format)
		return true;
	accept = request_field_joined(request, "Accept");
	is_acceptable = format_choose(accept, endpoint->formats, format, error);
	free(accept);
	return is_acceptable;
}

static bool
route_request(struct api *api, struct connection *connection, const struct path *path,
	unsigned scopes, struct error *error)
{
	struct request *request = connection_request(connection);
	const char *captures[ROUTE_CAPTURES_MAX] = { NULL };
	const struct route *route;
	struct exchange *exchange;
	enum format format;

	if (!path->is_well_formed) {
		return error_set(error, ERROR_BAD_REQUEST,
			"the path has a percent sign without two hexadecimal digits");
	}
	route = find_route(path, request_method(request), captures, error);
	if (route == NULL)
		return false;
	request_note(request)->route = (unsigned)(route - routes) + 1;
	if (!check_scope(api, route, scopes, error) || !check_content_type(request, error) ||
		!choose_format(request, route->endpoint, &format, error))
		return false;
	exchange = exchange_new(api, connection, route->endpoint);
	exchange->format = format;
	for (size_t i = 0; i < ROUTE_CAPTURES_MAX && captures[i] != NULL; i++)
		exchange->captures[i] = memory_text(captures[i], strlen(captures[i]));
	connection_set_context(connection, exchange);
	return true;
}

/* The id that a proxy gave. Anybody else's could be made to look like another request in the logs.
 */
static void
take_request_id(const struct api *api, struct connection *connection)
{
	struct request *request = connection_request(connection);
	const char *id = request_field(request, "X-Request-Id");

	if (id != NULL && request_id_is_well_formed(id) &&
		request_field_count(request, "X-Request-Id") == 1 &&
		proxy_list_trusts(api->settings->trusted_proxies, connection_peer(connection)))
		strcpy(request_note(request)->id, id);
}

static bool
on_head(struct connection *connection, void *context, struct error *error)
{
	struct api *api = context;
	struct request *request = connection_request(connection);
	struct path path;
	unsigned scopes;
	bool accepted;

	take_request_id(api, connection);
	if (!check_token(api, request, &scopes, error))
		return false;
	path_open(&path, request_path(request));
	accepted = route_request(api, connection, &path, scopes, error);
	path_close(&path);
	return accepted;
}

static void
on_request(struct connection *connection, void *context)
{
	struct exchange *exchange = connection_context(connection);
	const struct request *request = connection_request(connection);
	struct error error;
	const char *body;
	size_t length;

	(void)context;
	body = request_body(request, &length);
	if (!parameters_decode(exchange, request_query(request), &error) ||
		!body_decode(exchange, body, length, &error)) {
		exchange_refuse(exchange, &error);
		return;
	}
	exchange_start(exchange);
}

static void
on_gone(struct connection *connection, void *context)
{
	(void)context;
	exchange_free(connection_context(connection));
	connection_set_context(connection, NULL);
}

static void
on_drained(struct connection *connection, void *context)
{
	struct exchange *exchange = connection_context(connection);

	(void)context;
	exchange->endpoint->drained(exchange);
}

static void
on_answered(struct connection *connection, const struct http_answer *answer, void *context)
{
	const struct api *api = context;

	measures_count(api->measures, request_note(connection_request(connection)), answer);
	request_log_answer(api, connection, answer);
}

const struct http_handler api_http_handler = {
	.on_head = on_head,
	.on_request = on_request,
	.on_gone = on_gone,
	.on_drained = on_drained,
	.on_answered = on_answered,
};
