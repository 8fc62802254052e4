#include "support/http_client.h"

#include <check.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/wait.h"

#define DEFAULT_TIMEOUT_MS 20000

struct http_pending {
	CURL *easy;
	CURLM *multi; /* NULL: performed at once */
	struct curl_slist *fields;
	bool is_head;
	char *target;
	FILE *head_stream;
	FILE *body_stream;
	char *head;
	size_t head_bytes;
	char *body;
	size_t body_bytes;
};

/* Kept, so that most requests of a test travel over one connection. */
static CURL *kept_easy;

static void
pending_free(void *object)
{
	struct http_pending *pending = object;

	if (pending->multi != NULL) {
		curl_multi_remove_handle(pending->multi, pending->easy);
		curl_easy_cleanup(pending->easy);
		curl_multi_cleanup(pending->multi);
	}
	curl_slist_free_all(pending->fields);
	fclose(pending->head_stream);
	fclose(pending->body_stream);
	free(pending->head);
	free(pending->body);
	free(pending);
}

static void
json_free(void *object)
{
	json_object_put(object);
}

void
http_forget_connection(void)
{
	if (kept_easy != NULL)
		curl_easy_cleanup(kept_easy);
	kept_easy = NULL;
}

static struct curl_slist *
request_fields(const struct http_request *request)
{
	struct curl_slist *fields = curl_slist_append(NULL, "Expect:");
	const char *type = request->content_type;

	if (!request->without_token)
		fields = curl_slist_append(fields, "X-Auth-Token: " DAEMON_TOKEN);
	if (request->body != NULL && (type == NULL || *type != '\0'))
		fields = curl_slist_append(
			fields, scratch_format("Content-Type: %s",
					type == NULL ? "application/json" : type));
	else
		fields = curl_slist_append(fields, "Content-Type:");
	for (size_t i = 0; request->fields != NULL && request->fields[i] != NULL; i++)
		fields = curl_slist_append(fields, request->fields[i]);
	return fields;
}

static void
set_method(CURL *easy, const struct http_request *request)
{
	const char *method = request->method;

	if (request->body != NULL) {
		size_t bytes = request->body_bytes == 0 ? strlen(request->body)
							: request->body_bytes;

		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes);
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body);
	}
	if (method == NULL)
		return;
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static struct http_pending *
prepare(CURL *easy, const struct http_request *request)
{
	struct http_pending *pending = calloc(1, sizeof *pending);

	if (pending == NULL || easy == NULL)
		harness_fail("out of memory");
	scratch_own(pending, pending_free);
	pending->easy = easy;
	pending->is_head = request->method != NULL && strcmp(request->method, "HEAD") == 0;
	pending->target = scratch_format("%s", request->target);
	pending->fields = request_fields(request);
	pending->head_stream = open_memstream(&pending->head, &pending->head_bytes);
	pending->body_stream = open_memstream(&pending->body, &pending->body_bytes);
	curl_easy_setopt(easy, CURLOPT_URL, request->url == NULL ? daemon_url() : request->url);
	if (request->authority != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, request->authority);
	if (request->from != NULL)
		curl_easy_setopt(easy, CURLOPT_INTERFACE, request->from);
	curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, request->target);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, pending->fields);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, pending->head_stream);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, pending->body_stream);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
		request->timeout_ms == 0 ? (long)DEFAULT_TIMEOUT_MS : request->timeout_ms);
	set_method(easy, request);
	return pending;
}

/* Case-insensitive; the first one. */
char *
reply_field(const struct reply *reply, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = reply->head; line != NULL && *line != '\0';) {
		const char *end = strstr(line, "\r\n");

		if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
			const char *value = line + length + 1;

			value += strspn(value, " \t");
			return scratch_format("%.*s", (int)(end - value), value);
		}
		line = end == NULL ? NULL : end + 2;
	}
	return NULL;
}

static const struct reply *
finished(struct http_pending *pending, CURLcode code)
{
	struct reply *reply = scratch_new(sizeof *reply);

	ck_assert_msg(code == CURLE_OK, "%.200s: no reply: %s", pending->target,
		curl_easy_strerror(code));
	fflush(pending->head_stream);
	fflush(pending->body_stream);
	curl_easy_getinfo(pending->easy, CURLINFO_RESPONSE_CODE, &reply->status);
	reply->head = pending->head;
	reply->body = pending->body;
	reply->body_bytes = pending->body_bytes;
	if (reply->body_bytes > 0 && strlen(reply->body) == reply->body_bytes) {
		reply->json = json_tokener_parse(reply->body);
		if (reply->json != NULL)
			scratch_own(reply->json, json_free);
	}
	expect_general(reply, pending->target, pending->is_head);
	return reply;
}

const struct reply *
http_send(const struct http_request *request)
{
	struct http_pending *pending;

	if (kept_easy == NULL)
		kept_easy = curl_easy_init();
	curl_easy_reset(kept_easy);
	pending = prepare(kept_easy, request);
	return finished(pending, curl_easy_perform(kept_easy));
}

const struct reply *
http_get(const char *target)
{
	return http_send(&(struct http_request){ .target = target });
}

const struct reply *
http_post(const char *target, const char *body)
{
	return http_send(&(struct http_request){ .target = target, .body = scratch_quotes(body) });
}

static size_t
ignore_cb(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes;
	(void)context;
	return size * count;
}

long
http_probe(void)
{
	CURL *easy = curl_easy_init();
	long status = 0;

	curl_easy_setopt(easy, CURLOPT_URL, daemon_url());
	curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, "/recording/health");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore_cb);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 5000L);
	if (curl_easy_perform(easy) == CURLE_OK)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(easy);
	return status;
}

/* Moves bytes until the request is out: nothing then depends on this process for a while. */
struct http_pending *
http_begin(const struct http_request *request)
{
	struct http_pending *pending = prepare(curl_easy_init(), request);
	long deadline_ms = wait_now_ms() + 150;
	int running;

	pending->multi = curl_multi_init();
	curl_multi_add_handle(pending->multi, pending->easy);
	do {
		curl_multi_perform(pending->multi, &running);
		if (running != 0)
			curl_multi_poll(pending->multi, NULL, 0, 20, NULL);
	} while (running != 0 && wait_now_ms() < deadline_ms);
	return pending;
}

const struct reply *
http_finish(struct http_pending *pending)
{
	int running;
	int left;
	CURLMsg *message;

	do {
		curl_multi_perform(pending->multi, &running);
		if (running != 0)
			curl_multi_poll(pending->multi, NULL, 0, 100, NULL);
	} while (running != 0);
	message = curl_multi_info_read(pending->multi, &left);
	ck_assert_msg(message != NULL, "%s: no reply", pending->target);
	return finished(pending, message->data.result);
}

void
http_leave(struct http_pending *pending)
{
	curl_multi_remove_handle(pending->multi, pending->easy);
	curl_easy_cleanup(pending->easy);
	curl_multi_cleanup(pending->multi);
	pending->multi = NULL;
}

const char *
http_await_text(struct http_pending *pending, const char *text, long timeout_ms)
{
	long deadline_ms = wait_now_ms() + timeout_ms;
	int running = 1;

	for (;;) {
		curl_multi_perform(pending->multi, &running);
		fflush(pending->body_stream);
		if (pending->body != NULL && strstr(pending->body, text) != NULL)
			return pending->body;
		if (running == 0 || wait_now_ms() >= deadline_ms)
			return NULL;
		curl_multi_poll(pending->multi, NULL, 0, 20, NULL);
	}
}
