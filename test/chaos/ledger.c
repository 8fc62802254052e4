#include "ledger.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/wait.h"

/* Of the texts of what was wrong. */
#define WRONG_MAX   10
#define WRONG_BYTES 600

/* After the last error it is not over yet. */
#define QUIET_MS 300

/* So long after a trouble an error may still be its consequence. */
#define AFTERMATH_MS 5000

static const char *const request_names[] = {
	[LEDGER_SEARCH_PAIR] = "search by a pair",
	[LEDGER_SEARCH_GROUP] = "search, 40 records",
	[LEDGER_SEARCH_CALLER] = "search by caller",
	[LEDGER_CALLID] = "callid search",
	[LEDGER_HISTORY] = "history",
	[LEDGER_HISTORY_AGENT] = "history of an agent",
	[LEDGER_HISTORY_CUSTOMER] = "history of a customer",
	[LEDGER_LAST_AGENT] = "last agent",
	[LEDGER_EVENTS] = "range of events",
	[LEDGER_AUDIO_PART] = "part of audio",
	[LEDGER_AUDIO_WHOLE] = "audio",
	[LEDGER_AUDIO_RESULT] = "result",
	[LEDGER_HEALTH] = "health",
	[LEDGER_WRITE] = "attached data",
	[LEDGER_READ_BACK] = "read back",
	[LEDGER_POLL] = "events, poll",
	[LEDGER_WAIT] = "events, wait",
	[LEDGER_LINES] = "events, wait, lines",
	[LEDGER_STREAM] = "events, stream",
};

static const char *const error_names[] = {
	[LEDGER_UNAVAILABLE] = "503",
	[LEDGER_TIMEOUT] = "504",
	[LEDGER_NO_AUDIO] = "404",
	[LEDGER_DEGRADED] = "degraded",
	[LEDGER_LOST] = "lost",
};

static struct {
	pthread_mutex_t lock;
	long good[LEDGER_REQUESTS];
	long errors[LEDGER_REQUESTS][LEDGER_ERRORS];
	long unexcused;
	long wrong;
	char wrong_texts[WRONG_MAX][WRONG_BYTES];

	bool is_on[LEDGER_TROUBLES];
	long ended_ms[LEDGER_TROUBLES];
	long over_ms; /* when the last trouble ended */
	long last_error_ms;
	enum ledger_request last_error;
	long first_good_ms[LEDGER_REQUESTS]; /* of requests that began after it; 0: none */
} ledger = { .lock = PTHREAD_MUTEX_INITIALIZER };

void
ledger_trouble_begins(enum ledger_trouble trouble)
{
	pthread_mutex_lock(&ledger.lock);
	ledger.is_on[trouble] = true;
	pthread_mutex_unlock(&ledger.lock);
}

void
ledger_trouble_ends(enum ledger_trouble trouble)
{
	pthread_mutex_lock(&ledger.lock);
	ledger.over_ms = wait_now_ms();
	ledger.is_on[trouble] = false;
	ledger.ended_ms[trouble] = ledger.over_ms;
	ledger.last_error_ms = 0;
	memset(ledger.first_good_ms, 0, sizeof ledger.first_good_ms);
	pthread_mutex_unlock(&ledger.lock);
}

static bool
excuses(enum ledger_trouble trouble, long since_ms)
{
	return ledger.is_on[trouble] ||
	       (ledger.ended_ms[trouble] != 0 && ledger.ended_ms[trouble] >= since_ms);
}

bool
ledger_excuses(enum ledger_trouble trouble, long since_ms)
{
	bool is_excused;

	pthread_mutex_lock(&ledger.lock);
	is_excused = excuses(trouble, since_ms);
	pthread_mutex_unlock(&ledger.lock);
	return is_excused;
}

void
ledger_good(enum ledger_request request, long began_ms)
{
	pthread_mutex_lock(&ledger.lock);
	ledger.good[request]++;
	if (ledger.first_good_ms[request] == 0 && began_ms >= ledger.over_ms)
		ledger.first_good_ms[request] = wait_now_ms();
	pthread_mutex_unlock(&ledger.lock);
}

static bool
has_any_excuse(long since_ms)
{
	for (enum ledger_trouble trouble = 0; trouble < LEDGER_TROUBLES; trouble++) {
		if (excuses(trouble, since_ms))
			return true;
	}
	return false;
}

void
ledger_error(enum ledger_request request, enum ledger_error error, long began_ms)
{
	pthread_mutex_lock(&ledger.lock);
	ledger.errors[request][error]++;
	ledger.last_error_ms = wait_now_ms();
	ledger.last_error = request;
	ledger.unexcused += !has_any_excuse(began_ms - AFTERMATH_MS);
	pthread_mutex_unlock(&ledger.lock);
}

void
ledger_wrong(const char *format, ...)
{
	va_list arguments;

	pthread_mutex_lock(&ledger.lock);
	if (ledger.wrong < WRONG_MAX) {
		va_start(arguments, format);
		vsnprintf(ledger.wrong_texts[ledger.wrong], WRONG_BYTES, format, arguments);
		va_end(arguments);
		printf("WRONG: %s\n", ledger.wrong_texts[ledger.wrong]);
	}
	ledger.wrong++;
	pthread_mutex_unlock(&ledger.lock);
}

bool
ledger_is_answered(void)
{
	bool is_answered = true;

	pthread_mutex_lock(&ledger.lock);
	for (enum ledger_request request = 0; request < LEDGER_REQUESTS; request++)
		is_answered = is_answered && ledger.first_good_ms[request] != 0;
	pthread_mutex_unlock(&ledger.lock);
	return is_answered;
}

static long
later(long one_ms, long other_ms)
{
	return one_ms > other_ms ? one_ms : other_ms;
}

long
ledger_recovery_ms(void)
{
	long well_ms = 0;
	bool is_well = true;

	pthread_mutex_lock(&ledger.lock);
	for (enum ledger_request request = 0; request < LEDGER_REQUESTS; request++) {
		is_well = is_well && ledger.first_good_ms[request] != 0;
		well_ms = later(well_ms, ledger.first_good_ms[request]);
	}
	well_ms = later(well_ms, ledger.last_error_ms);
	if (wait_now_ms() - ledger.last_error_ms < QUIET_MS)
		is_well = false;
	well_ms -= ledger.over_ms;
	pthread_mutex_unlock(&ledger.lock);
	return is_well ? well_ms : -1;
}

const char *
ledger_last_request(void)
{
	enum ledger_request last;
	long well_ms;

	pthread_mutex_lock(&ledger.lock);
	last = ledger.last_error;
	well_ms = ledger.last_error_ms;
	for (enum ledger_request request = 0; request < LEDGER_REQUESTS; request++) {
		if (ledger.first_good_ms[request] > well_ms) {
			well_ms = ledger.first_good_ms[request];
			last = request;
		}
	}
	pthread_mutex_unlock(&ledger.lock);
	return request_names[last];
}

void
ledger_print_missing(void)
{
	pthread_mutex_lock(&ledger.lock);
	for (enum ledger_request request = 0; request < LEDGER_REQUESTS; request++) {
		if (ledger.first_good_ms[request] == 0)
			printf("no good answer yet: %s\n", request_names[request]);
	}
	if (ledger.last_error_ms != 0)
		printf("the last error came %ld ms ago\n", wait_now_ms() - ledger.last_error_ms);
	pthread_mutex_unlock(&ledger.lock);
}

long
ledger_wrong_count(void)
{
	long count;

	pthread_mutex_lock(&ledger.lock);
	count = ledger.wrong;
	pthread_mutex_unlock(&ledger.lock);
	return count;
}

const char *
ledger_first_wrong(void)
{
	return ledger.wrong_texts[0];
}

static long
count_requests(void)
{
	long count = 0;

	for (enum ledger_request request = 0; request < LEDGER_REQUESTS; request++) {
		count += ledger.good[request];
		for (enum ledger_error error = 0; error < LEDGER_ERRORS; error++)
			count += ledger.errors[request][error];
	}
	return count;
}

long
ledger_request_count(void)
{
	long count;

	pthread_mutex_lock(&ledger.lock);
	count = count_requests();
	pthread_mutex_unlock(&ledger.lock);
	return count;
}

long
ledger_unexcused_count(void)
{
	long count;

	pthread_mutex_lock(&ledger.lock);
	count = ledger.unexcused;
	pthread_mutex_unlock(&ledger.lock);
	return count;
}

static void
print_numbers(const char *name, long good, const long *errors)
{
	printf("%-24s %9ld", name, good);
	for (enum ledger_error error = 0; error < LEDGER_ERRORS; error++)
		printf(" %8ld", errors[error]);
	putchar('\n');
}

void
ledger_print(void)
{
	long all_good = 0;
	long all_errors[LEDGER_ERRORS] = { 0 };

	pthread_mutex_lock(&ledger.lock);
	printf("%-24s %9s", "requests", "good");
	for (enum ledger_error error = 0; error < LEDGER_ERRORS; error++)
		printf(" %8s", error_names[error]);
	putchar('\n');
	for (enum ledger_request request = 0; request < LEDGER_REQUESTS; request++) {
		print_numbers(request_names[request], ledger.good[request], ledger.errors[request]);
		all_good += ledger.good[request];
		for (enum ledger_error error = 0; error < LEDGER_ERRORS; error++)
			all_errors[error] += ledger.errors[request][error];
	}
	print_numbers("all", all_good, all_errors);
	printf("errors that no fault of the last %d s explains: %ld; wrong: %ld\n",
		AFTERMATH_MS / 1000, ledger.unexcused, ledger.wrong);
	pthread_mutex_unlock(&ledger.lock);
}
