#include "support/load.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define BODY_BYTES (1 << 16)

/* Between two requests: load, but not all that the machine has. */
#define PAUSE_MS 5

struct load {
	enum load_kind kind;
	long call;
	pthread_t thread;
	atomic_bool stopping;
	char *url;

	/* Of the thread until it is joined. */
	CURL *curl;
	struct curl_slist *fields;
	char body[BODY_BYTES];
	size_t length;
	char *first; /* the body that all others must be like */
	struct load_result result;
};

static atomic_long machine_pause_ms;
static pthread_t ticker;

static void *
tick(void *unused)
{
	long before_ms = wait_now_ms();

	(void)unused;
	for (;;) {
		long now_ms;

		wait_ms(PAUSE_MS);
		now_ms = wait_now_ms();
		if (now_ms - before_ms > atomic_load(&machine_pause_ms))
			atomic_store(&machine_pause_ms, now_ms - before_ms);
		before_ms = now_ms;
	}
	return NULL;
}

long
load_machine_pause_ms(void)
{
	return atomic_load(&machine_pause_ms);
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct load *load = context;
	size_t length = size * count;

	if (load->length + length >= BODY_BYTES)
		return 0;
	memcpy(load->body + load->length, bytes, length);
	load->length += length;
	load->body[load->length] = '\0';
	return length;
}

/* The status; 0 without an answer. */
static long
ask(struct load *load, const char *path, const char *request)
{
	char url[256];
	long status = 0;

	snprintf(url, sizeof url, "%s%s", load->url, path);
	load->length = 0;
	load->body[0] = '\0';
	curl_easy_setopt(load->curl, CURLOPT_URL, url);
	if (request == NULL)
		curl_easy_setopt(load->curl, CURLOPT_HTTPGET, 1L);
	else
		curl_easy_setopt(load->curl, CURLOPT_COPYPOSTFIELDS, request);
	if (curl_easy_perform(load->curl) == CURLE_OK)
		curl_easy_getinfo(load->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static void
note_wrong(struct load *load, const char *what, long status)
{
	if (load->result.wrong[0] == '\0')
		snprintf(load->result.wrong, sizeof load->result.wrong, "%s: %ld %.300s", what,
			status, load->body);
}

static void
note_answer(long *longest_ms, long *last_ms)
{
	long now_ms = wait_now_ms();

	if (now_ms - *last_ms > *longest_ms)
		*longest_ms = now_ms - *last_ms;
	*last_ms = now_ms;
}

/* Whether a reply is one to look at. Other failures than 503 are wrong. */
static bool
is_answer(struct load *load, long wanted, long status)
{
	if (status == wanted)
		return true;
	if (status == 503)
		load->result.refusals++;
	else
		note_wrong(load, "status", status);
	return false;
}

static bool
write_number(struct load *load)
{
	char path[128];
	char request[128];

	snprintf(path, sizeof path, "/recording/call_data/%ld/attached_data", load->call);
	snprintf(request, sizeof request, "[{\"key\":\"n\",\"value\":\"%ld\"}]",
		++load->result.attempted);
	if (!is_answer(load, 201, ask(load, path, request)))
		return false;
	load->result.acknowledged = load->result.attempted;
	return true;
}

/* Shows the number that was last acknowledged, or one that was sent after it. */
static bool
read_number(struct load *load)
{
	char path[128];
	const char *found;
	long number;

	snprintf(path, sizeof path, "/recording/records/callid_search?callid=load-%ld", load->call);
	if (!is_answer(load, 200, ask(load, path, "")))
		return false;
	found = strstr(load->body, "\"n\":\"");
	number = found == NULL ? 0 : atol(found + 5);
	if (number < load->result.acknowledged || number > load->result.attempted) {
		char what[96];

		snprintf(what, sizeof what, "%ld instead of %ld to %ld", number,
			load->result.acknowledged, load->result.attempted);
		note_wrong(load, what, 200);
	}
	return true;
}

static void
write_and_read(struct load *load)
{
	long write_ms = wait_now_ms();
	long read_ms = write_ms;

	while (!atomic_load(&load->stopping)) {
		if (write_number(load)) {
			note_answer(&load->result.pause_ms, &write_ms);
			load->result.answers++;
		}
		/* Twice, as the next standby may know less. */
		for (int i = 0; i < 2; i++) {
			if (read_number(load))
				note_answer(&load->result.read_pause_ms, &read_ms);
		}
		wait_ms(PAUSE_MS);
	}
	note_answer(&load->result.pause_ms, &write_ms);
	note_answer(&load->result.read_pause_ms, &read_ms);
}

static void
read_the_same(struct load *load, const char *path, const char *request)
{
	long last_ms = wait_now_ms();

	while (!atomic_load(&load->stopping)) {
		if (is_answer(load, 200, ask(load, path, request))) {
			note_answer(&load->result.pause_ms, &last_ms);
			load->result.answers++;
			if (load->first == NULL)
				load->first = strdup(load->body);
			else if (strcmp(load->first, load->body) != 0)
				note_wrong(load, "another answer", 200);
		}
		wait_ms(PAUSE_MS);
	}
	note_answer(&load->result.pause_ms, &last_ms);
}

static void *
run(void *context)
{
	struct load *load = context;

	switch (load->kind) {
	case LOAD_WRITES:
		write_and_read(load);
		break;
	case LOAD_SEARCHES:
		read_the_same(load, "/recording/records/search", "{\"end\":\"2024-03-01\"}");
		break;
	case LOAD_EVENTS:
		read_the_same(load, "/recording/cel?from=10&limit=3", NULL);
		break;
	}
	return NULL;
}

static void
free_load(void *object)
{
	struct load *load = object;

	curl_easy_cleanup(load->curl);
	curl_slist_free_all(load->fields);
	free(load->first);
}

long
load_new_call(void)
{
	long id = sql_number("INSERT INTO call_data (uniqueid, start_time)"
			     " VALUES ('load', '2024-09-01') RETURNING id");

	sql_runf("UPDATE call_data SET uniqueid = 'load-%ld' WHERE id = %ld", id, id);
	sql_runf("INSERT INTO attached_data (id_call_data, key, value)"
		 " VALUES (%ld, 'recording', 'load-%ld')",
		id, id);
	return id;
}

struct load *
load_start(enum load_kind kind, long call)
{
	struct load *load = scratch_new(sizeof *load);

	if (ticker == 0 && pthread_create(&ticker, NULL, tick, NULL) != 0)
		harness_fail("no thread");
	load->kind = kind;
	load->call = call;
	load->url = daemon_url();
	load->curl = curl_easy_init();
	load->fields = curl_slist_append(NULL, "X-Auth-Token: " DAEMON_TOKEN);
	load->fields = curl_slist_append(load->fields, "Content-Type: application/json");
	scratch_own(load, free_load);
	curl_easy_setopt(load->curl, CURLOPT_HTTPHEADER, load->fields);
	curl_easy_setopt(load->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(load->curl, CURLOPT_WRITEDATA, load);
	curl_easy_setopt(load->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(load->curl, CURLOPT_TIMEOUT_MS, 30000L);
	if (pthread_create(&load->thread, NULL, run, load) != 0)
		harness_fail("no thread");
	return load;
}

void
load_stop(struct load *load)
{
	atomic_store(&load->stopping, true);
	pthread_join(load->thread, NULL);
}

const struct load_result *
load_result(const struct load *load)
{
	return &load->result;
}
