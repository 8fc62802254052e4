/*
 * The book of a run: requests and errors by kind, answers that were wrong, what was broken when,
 * and how long it took until all was well again. For all threads.
 *
 * An error is excused by a trouble that was there at some time since its request began. Errors of
 * the database are documented at any time, and counted apart when nothing excuses them; all others
 * without an excuse are wrong.
 */
#ifndef RECORDINGD_TEST_CHAOS_LEDGER_H
#define RECORDINGD_TEST_CHAOS_LEDGER_H

#include <stdbool.h>

enum ledger_request {
	LEDGER_SEARCH_PAIR,
	LEDGER_SEARCH_GROUP,
	LEDGER_SEARCH_CALLER,
	LEDGER_CALLID,
	LEDGER_HISTORY,
	LEDGER_HISTORY_AGENT,
	LEDGER_HISTORY_CUSTOMER,
	LEDGER_LAST_AGENT,
	LEDGER_EVENTS,
	LEDGER_AUDIO_PART,
	LEDGER_AUDIO_WHOLE,
	LEDGER_AUDIO_RESULT,
	LEDGER_HEALTH,
	LEDGER_WRITE,
	LEDGER_READ_BACK,
	LEDGER_POLL,
	LEDGER_WAIT,
	LEDGER_LINES,
	LEDGER_STREAM,
	LEDGER_REQUESTS,
};

enum ledger_error {
	LEDGER_UNAVAILABLE, /* 503 with Retry-After */
	LEDGER_TIMEOUT,	    /* 504 */
	LEDGER_NO_AUDIO,    /* 404 */
	LEDGER_DEGRADED,    /* 503 of health */
	LEDGER_LOST,	    /* the connection ended before the answer, or could not be made */
	LEDGER_ERRORS,
};

/* What a fault breaks. */
enum ledger_trouble {
	LEDGER_DATABASE,
	LEDGER_AUDIO,
	LEDGER_ACCESS_LOG,
	LEDGER_DAEMON,
	LEDGER_TROUBLES,
};

void ledger_trouble_begins(enum ledger_trouble trouble);

/* Recovery is measured from here on. */
void ledger_trouble_ends(enum ledger_trouble trouble);

/* Whether that trouble was there at some time since then. */
bool ledger_excuses(enum ledger_trouble trouble, long since_ms);

/* An answer as it should be, to a request that began then. */
void ledger_good(enum ledger_request request, long began_ms);

/* A documented error. */
void ledger_error(enum ledger_request request, enum ledger_error error, long began_ms);

/* Something that must never happen. The first of them are kept as text. */
void ledger_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * How long it took from the end of the last trouble until each kind of request had a good answer
 * and no error came any more; -1 while that is not so.
 */
long ledger_recovery_ms(void);

/* What was the last to be well again, of kinds of requests. */
const char *ledger_last_request(void);

/* Whether each kind of request had a good answer since the last trouble, with errors or without. */
bool ledger_is_answered(void);

/* The kinds of requests that had no good answer since the last trouble; for the test's own report.
 */
void ledger_print_missing(void);

long ledger_wrong_count(void);

/* Empty while nothing was wrong. Only once nobody notes anything more. */
const char *ledger_first_wrong(void);
long ledger_request_count(void);
long ledger_unexcused_count(void);

/* Requests and errors by kind, and what was wrong. */
void ledger_print(void);

#endif
