/* What PostgreSQL says of a silent connection's session, and what follows. */
#include <event2/event.h>

#include "base/clock.h"
#include "db/connection_internal.h"
#include "unit.h"

/* What is said of it, one after the other, in milliseconds after the query was sent. */
struct look {
	int asked;
	bool is_at_work;
	int heard; /* something came, before the answer to the question; 0: nothing */
};

static const struct {
	struct look looks[4];
	bool is_suspect, is_lost;
} cases[] = {
	{ { { 250, true, 0 } }, false, false },
	{ { { 250, false, 0 } }, true, false },
	{ { { 250, false, 0 }, { 449, false, 0 } }, true, false },
	{ { { 250, false, 0 }, { 450, false, 0 } }, true, true },
	{ { { 250, false, 0 }, { 300, false, 0 }, { 500, false, 0 } }, true, true },
	/* It came late, or was late to begin. */
	{ { { 250, false, 0 }, { 500, true, 0 } }, false, false },
	{ { { 250, false, 0 }, { 500, true, 0 }, { 750, false, 0 } }, true, false },
	{ { { 250, false, 0 }, { 500, true, 0 }, { 750, false, 0 }, { 1000, false, 0 } }, true,
		true },
	/* An answer was on its way when PostgreSQL was asked. */
	{ { { 250, false, 260 } }, false, false },
	{ { { 250, false, 0 }, { 500, false, 500 } }, false, false },
	/* Something has come since: it counts anew. */
	{ { { 250, false, 0 }, { 700, false, 0 }, { 1000, false, 1000 } }, false, false },
	{ { { 250, false, 260 }, { 700, false, 0 } }, true, false },
	{ { { 250, false, 260 }, { 700, false, 0 }, { 950, false, 0 } }, true, true },
};

static void
nothing_cb(evutil_socket_t socket, short what, void *context)
{
	(void)socket;
	(void)what;
	(void)context;
}

/* Of a connection with a query under way that was sent at this moment; nothing else is there. */
static void
set_up(struct db_connection *connection, struct event_base *base, struct db_query *query,
	int64_t sent_ms)
{
	*connection = (struct db_connection){
		.base = base,
		.state = DB_CONNECTION_READY,
		.heard_ms = sent_ms,
		.write_event = event_new(base, -1, 0, nothing_cb, NULL),
	};
	ck_assert_ptr_nonnull(connection->write_event);
	TAILQ_INIT(&connection->sent);
	TAILQ_INSERT_TAIL(&connection->sent, query, link);
}

START_TEST(test_looks)
{
	struct event_base *base = event_base_new();
	int64_t sent_ms = clock_now_ms();
	struct db_query query = { 0 };
	struct db_connection connection;

	set_up(&connection, base, &query, sent_ms);
	for (int i = 0; i < 4 && cases[_i].looks[i].asked != 0; i++) {
		const struct look *look = &cases[_i].looks[i];

		connection.asked_about_ms = sent_ms + look->asked;
		if (look->heard != 0)
			connection.heard_ms = sent_ms + look->heard;
		db_connection_note_work(&connection, look->is_at_work);
	}
	ck_assert_int_eq(db_connection_is_suspect(&connection), cases[_i].is_suspect);
	ck_assert_int_eq(db_connection_is_lost(&connection), cases[_i].is_lost);
	event_free(connection.write_event);
	event_base_free(base);
}
END_TEST

/* Nothing is noted of a connection that was not asked about, such as one that was made anew. */
START_TEST(test_not_asked)
{
	struct event_base *base = event_base_new();
	struct db_query query = { 0 };
	struct db_connection connection;

	set_up(&connection, base, &query, clock_now_ms());
	db_connection_note_work(&connection, false);
	ck_assert(!db_connection_is_suspect(&connection));
	ck_assert_int_eq(connection.idle_ms, 0);
	event_free(connection.write_event);
	event_base_free(base);
}
END_TEST

/* Silence is with a query under way, all of it sent, in a session that is known. */
START_TEST(test_silence)
{
	struct event_base *base = event_base_new();
	struct db_query query = { 0 };
	struct db_connection connection;

	set_up(&connection, base, &query, clock_now_ms() - 1000);
	ck_assert(db_connection_is_silent(&connection));
	ck_assert_int_ge(db_connection_silence_ms(&connection), 1000);
	connection.is_pooled = true;
	ck_assert(!db_connection_is_silent(&connection));
	ck_assert_int_eq(db_connection_silence_due_ms(&connection), INT64_MAX);
	connection.is_pooled = false;
	connection.state = DB_CONNECTION_SETTING_UP;
	ck_assert(!db_connection_is_silent(&connection));
	connection.state = DB_CONNECTION_HELD;
	ck_assert(db_connection_is_silent(&connection));
	connection.heard_ms = clock_now_ms();
	ck_assert(!db_connection_is_silent(&connection));
	connection.heard_ms -= 1000;
	TAILQ_REMOVE(&connection.sent, &query, link);
	ck_assert(!db_connection_is_silent(&connection));
	ck_assert_int_eq(db_connection_silence_ms(&connection), 0);
	event_free(connection.write_event);
	event_base_free(base);
}
END_TEST

static Suite *
connection_silence_suite(void)
{
	Suite *suite = suite_create("db/connection_silence");

	unit_add_loop(suite, "looks", test_looks, UNIT_COUNT(cases));
	unit_add(suite, "not asked", test_not_asked);
	unit_add(suite, "silence", test_silence);
	return suite;
}

UNIT_MAIN(connection_silence_suite)
